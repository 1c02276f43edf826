//! Whether a delivery was signed by whom we gave the secret to: `X-Hub-Signature-256: sha256=` and the base64 of the
//! HMAC-SHA256 of the raw body. Source: docs/platform.md, "Previews".

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digest::Signer;
use crate::error::{Error, Result};

/// The header that carries a signature.
pub(crate) const SIGNATURE_HEADER: &str = "X-Hub-Signature-256";

/// The secrets that count: one, or the old and the new one while they are changed. `Debug` hides them.
#[derive(Clone)]
pub(crate) struct Secrets(Vec<Signer>);

impl Secrets {
    /// One secret, or two. `field` is what an error calls the setting.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for none, for an empty one, and for more than two.
    pub(crate) fn new<'a>(field: &str, secrets: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let secrets: Vec<&str> = secrets.into_iter().collect();
        if secrets.iter().any(|secret| secret.is_empty()) {
            return Err(Error::invalid(field, "expected secrets, got an empty one"));
        }
        if !(1..=MOST).contains(&secrets.len()) {
            return Err(Error::invalid(field, format!("expected 1 to {MOST} secrets, got {}", secrets.len())));
        }
        Ok(Self(secrets.into_iter().map(|secret| Signer::new(secret.as_bytes())).collect()))
    }

    /// Holds the signature of a delivery against its body, as it came and before anything reads it. A receiver that got the
    /// header twice has none to show: nobody knows which one another reader took.
    ///
    /// # Errors
    /// [`Error::WebhookRejected`] with status 401 for a signature that is missing, malformed or wrong.
    pub(crate) fn verify(&self, raw_body: &[u8], header: Option<&str>) -> Result<()> {
        let Some(header) = header else { return rejected("expected one, got none") };
        let signature = header.strip_prefix("sha256=").and_then(|digits| STANDARD.decode(digits).ok());
        let Some(signature) = signature.filter(|signature| signature.len() == BYTES) else {
            return rejected("expected sha256= and the base64 of 32 bytes");
        };
        // All of them, so that the time does not tell which one it was.
        let fits = self.0.iter().fold(false, |fits, signer| signer.fits(raw_body, &signature) | fits);
        if fits { Ok(()) } else { rejected("it does not fit the body and the secret") }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

fn rejected(reason: &str) -> Result<()> {
    Err(Error::WebhookRejected { field: None, reason: format!("{SIGNATURE_HEADER}: {reason}"), status: 401 })
}

/// Two are enough for changing one.
const MOST: usize = 2;
/// Of an HMAC-SHA256.
const BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    fn signed(secret: &str, body: &[u8]) -> String {
        format!("sha256={}", STANDARD.encode(Signer::new(secret.as_bytes()).sign(body).as_bytes()))
    }

    /// What happens to a delivery on its way; each is another delivery.
    fn mutated(random: &mut fastrand::Rng, body: &[u8], header: &str, other: &[u8]) -> (Vec<u8>, Option<String>) {
        let (mut body, mut header) = (body.to_vec(), header.to_owned());
        match random.u8(..10) {
            0 | 1 => {
                let at = random.usize(..body.len());
                body[at] ^= 1 << random.u8(..8);
            }
            2 => body.truncate(random.usize(..body.len())),
            3 => body.push(random.u8(..)),
            4 => body.insert(0, b' '),
            5 => {
                let at = random.usize(.."sha256=".len() + 43);
                let mut letters = header.into_bytes();
                letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
                header = String::from_utf8(letters).unwrap();
            }
            6 => header.truncate(random.usize(..header.len())),
            7 => header = signed(&format!("guess-{}", random.u32(..)), &body),
            8 => body = other.to_vec(),
            _ => match random.u8(..8) {
                0 => return (body, None),
                1 => header = header.replace("sha256=", "sha1="),
                2 => header = header.replace("sha256=", "SHA256="),
                3 => header = header.replace('=', ""),
                4 => header.push('='),
                5 => header = format!("{header},{header}"),
                6 => header = format!(" {header}"),
                // The same 32 bytes in another alphabet, or in hex as others sign.
                _ => header = format!("sha256={}", Signer::new(b"old").sign(&body)),
            },
        }
        (body, Some(header))
    }

    #[test]
    fn ten_thousand_deliveries_of_both_secrets_are_taken_and_as_many_mutated_ones_are_not() {
        let secrets = Secrets::new("secret", ["old", "new"]).unwrap();
        let mut random = fastrand::Rng::with_seed(5);
        let (mut refused, mut taken, mut rejections) = (0, 0, 0);
        let mut before = b"{}".to_vec();
        for number in 0..10_000 {
            let size = random.usize(8..600);
            let body: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(size).collect();
            let header = signed(if number % 2 == 0 { "old" } else { "new" }, &body);
            refused += usize::from(secrets.verify(&body, Some(&header)).is_err());
            let (changed, changed_header) = mutated(&mut random, &body, &header, &before);
            assert!(changed != body || changed_header.as_deref() != Some(header.as_str()), "nothing was changed");
            match secrets.verify(&changed, changed_header.as_deref()) {
                Ok(()) => taken += 1,
                Err(error) => rejections += usize::from(error.facts().status == Some(401)),
            }
            before = body;
        }
        println!("deliveries: 10000 valid, {refused} refused; 10000 mutated, {taken} accepted");
        assert_eq!((refused, taken, rejections), (0, 0, 10_000));
    }

    #[test]
    fn an_old_secret_that_was_taken_away_counts_no_more() {
        let header = signed("old", b"body");
        assert!(Secrets::new("secret", ["new", "old"]).unwrap().verify(b"body", Some(&header)).is_ok());
        assert!(Secrets::new("secret", ["new"]).unwrap().verify(b"body", Some(&header)).is_err());
    }

    #[test]
    fn secrets_are_one_or_two_and_never_shown() {
        for wrong in [&[][..], &[""], &["a", ""], &["a", "b", "c"]] {
            let error = Secrets::new("webhook_secrets", wrong.iter().copied()).unwrap_err();
            assert_eq!(error.facts().details["field"], "webhook_secrets", "{wrong:?}");
        }
        let secrets = Secrets::new("secret", ["hush", "quiet"]).unwrap();
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
        let error = secrets.verify(b"", Some("sha256=hush")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "webhook rejected: X-Hub-Signature-256: expected sha256= and the base64 of 32 bytes"
        );
    }

    #[test]
    fn the_signatures_are_those_of_the_vectors() {
        #[derive(Deserialize)]
        struct Vectors {
            signatures: Vec<Case>,
        }
        #[derive(Deserialize)]
        struct Case {
            name: String,
            secrets: String,
            body: String,
            header: Option<String>,
            good: bool,
        }
        let vectors: Vectors =
            serde_json::from_str(include_str!("../../../tests/vectors/webhooks.json")).expect("the vector is JSON");
        for case in vectors.signatures {
            let verdict = Secrets::new("secrets", case.secrets.split(',').map(str::trim))
                .and_then(|secrets| secrets.verify(case.body.as_bytes(), case.header.as_deref()));
            assert_eq!(verdict.is_ok(), case.good, "{}: {verdict:?}", case.name);
        }
    }
}
