//! A digest as a value: 32 bytes inside, 64 hex digits outside.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// A SHA-256 digest: 32 bytes, shown and read as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub(super) [u8; 32]);

impl Sha256 {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = Error;

    /// Reads 64 hex digits of either case.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("sha256", format!("expected 64 hex digits, got {text:?}"));
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(wrong()) };
        let digit = |character: u8| char::from(character).to_digit(16);
        let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    #[test]
    fn a_digest_is_read_as_it_is_shown() {
        let digest = sha256(b"abc");
        assert_eq!(digest.to_string().parse::<Sha256>().unwrap(), digest);
        assert_eq!(digest.to_string().to_uppercase().parse::<Sha256>().unwrap(), digest);
        assert_eq!(format!("{digest:?}"), digest.to_string());
        for wrong in ["", "ab", &"+1".repeat(32), &"ab".repeat(33), &"a".repeat(63), &"é".repeat(32)] {
            let error = wrong.parse::<Sha256>().unwrap_err();
            assert!(error.to_string().starts_with("invalid sha256: expected 64 hex digits, got "), "{error}");
        }
    }
}
