//! What the platform's webhooks carry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digest::Signer;

/// The value of `X-Hub-Signature-256` for a webhook with this body: `sha256=` and the base64 of its HMAC-SHA256.
///
/// ```
/// let signature = porteur::simulator::webhook_signature("a secret", br#"{"event":"webchat:attachment"}"#);
/// assert!(signature.starts_with("sha256="));
/// ```
pub fn webhook_signature(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", STANDARD.encode(Signer::new(secret.as_bytes()).sign(body).as_bytes()))
}
