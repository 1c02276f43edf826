//! The ways to say no, built where the facts are known.

use super::detect::SourceFormat;
use crate::error::{Error, MediaErrorKind};

/// The bytes begin like a `format` and are none, or are damaged beyond use.
pub(super) fn corrupt(format: SourceFormat, reason: impl Into<String>) -> Error {
    refusal(MediaErrorKind::Corrupt, Some(format), reason)
}

/// A kind of picture that is well formed and that we do not take.
pub(super) fn unsupported(format: SourceFormat, reason: impl Into<String>) -> Error {
    refusal(MediaErrorKind::Unsupported, Some(format), reason)
}

/// A PDF where a picture is expected.
pub(super) fn no_picture() -> Error {
    unsupported(SourceFormat::Pdf, "expected a picture; `preview` makes one of a page")
}

/// Locked with a password.
pub(super) fn encrypted(format: SourceFormat, reason: impl Into<String>) -> Error {
    refusal(MediaErrorKind::Encrypted, Some(format), reason)
}

/// Over one of the limits; `what` says which, with its unit.
pub(super) fn too_large(format: Option<SourceFormat>, what: &str, limit: u64, actual: u64) -> Error {
    refusal(MediaErrorKind::TooLarge, format, format!("expected at most {limit} {what}, got {actual}"))
}

/// Its child process came to the end of what it may take.
pub(super) fn exhausted(format: SourceFormat, limit: &str) -> Error {
    let reason = format!("expected at most {limit} in its child process, which wanted more");
    refusal(MediaErrorKind::TooLarge, Some(format), reason)
}

/// The resizer refused; its callers give it nothing that it would.
pub(super) fn not_scaled(error: impl std::fmt::Display) -> Error {
    refusal(MediaErrorKind::Unsupported, None, format!("it could not be scaled: {error}"))
}

fn refusal(kind: MediaErrorKind, format: Option<SourceFormat>, reason: impl Into<String>) -> Error {
    Error::Media { kind, format: format.map(SourceFormat::name), reason: reason.into() }
}
