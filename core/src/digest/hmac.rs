//! HMAC-SHA256 (RFC 2104): signing with a secret, and checking what was signed with it.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};

use super::Sha256;

/// Signs and checks with one secret; `Debug` hides it.
#[derive(Clone)]
pub(crate) struct Signer(Hmac<sha2::Sha256>);

impl Signer {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    /// The signature of `bytes`, to be sent or stored. Not to be compared: see [`Signer::fits`].
    pub(crate) fn sign(&self, bytes: &[u8]) -> Sha256 {
        Sha256(self.0.clone().chain_update(bytes).finalize().into_bytes().into())
    }

    /// Whether `signature` is the one of `bytes`, in a time that does not tell how much of it is right.
    pub(crate) fn fits(&self, bytes: &[u8], signature: &[u8]) -> bool {
        self.0.clone().chain_update(bytes).verify_slice(signature).is_ok()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signatures_are_those_of_rfc_4231() {
        for (secret, bytes, expected) in [
            (&[0x0b; 20][..], &b"Hi There"[..], "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            let signer = Signer::new(secret);
            let signature = signer.sign(bytes);
            assert_eq!(signature.to_string(), expected);
            assert!(signer.fits(bytes, signature.as_bytes()));
        }
    }

    #[test]
    fn another_secret_other_bytes_and_half_a_signature_do_not_fit() {
        let signer = Signer::new(b"secret");
        let signature = signer.sign(b"bytes");
        assert!(!Signer::new(b"Secret").fits(b"bytes", signature.as_bytes()));
        assert!(!signer.fits(b"Bytes", signature.as_bytes()));
        assert!(!signer.fits(b"bytes", &signature.as_bytes()[..16]));
        assert!(!format!("{signer:?}").contains("secret"));
    }
}
