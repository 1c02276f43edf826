//! The three ways to say no.
//!
//! Everything here is decided from markers alone, before the first allocation that a stranger's numbers would size.

use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large, unsupported};
use crate::error::Error;

/// Why a picture was not decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// A JPEG that this decoder does not take; the general one may.
    #[error("a JPEG with {0} is not for the fast path")]
    Unsupported(&'static str),
    /// Not a JPEG, or so broken that there is nothing to show.
    #[error("broken JPEG: {0}")]
    Corrupt(&'static str),
    /// Over one of the limits.
    #[error("{what}: at most {limit}, got {actual}")]
    TooLarge {
        /// The limit, with its unit.
        what: &'static str,
        /// What is allowed.
        limit: u64,
        /// What came.
        actual: u64,
    },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooLarge { what, limit, actual } => too_large(Some(SourceFormat::Jpeg), what, limit, actual),
            Refusal::Corrupt(reason) => corrupt(SourceFormat::Jpeg, reason),
            Refusal::Unsupported(what) => unsupported(SourceFormat::Jpeg, format!("{what} is not taken")),
        }
    }
}

/// `actual`, unless it is over `limit`.
pub(super) fn within(what: &'static str, limit: u64, actual: u64) -> Result<u64, Refusal> {
    if actual <= limit { Ok(actual) } else { Err(Refusal::TooLarge { what, limit, actual }) }
}
