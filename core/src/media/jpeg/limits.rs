//! What a picture may cost, and the three ways to say no.
//!
//! Everything here is decided from markers alone, before the first allocation that a stranger's numbers would size.

use super::super::limits::MediaLimits;

/// What a picture may cost. The defaults are those of the media rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of the file. Default: 25 MiB.
    pub(crate) bytes: u64,
    /// Width times height. Default: 100 million; phones make 50 million and more.
    pub(crate) pixels: u64,
    /// Width or height, in pixels. Default: 16 384.
    pub(crate) side: u32,
    /// Scans of a file. Default: 100; encoders write 1 to 12.
    pub(crate) scans: u64,
    /// Bytes held for planes and coefficients together. Default: 256 MiB.
    pub(crate) allocation: u64,
    /// Coefficients that progressive scans may visit between them. Default: 2^30. A picture of 100 million pixels with
    /// the scans that libjpeg writes visits 0.4 of that. Scans of nearly no bytes that visit all of it take half a
    /// second; a hundred of them could ask for ten times as much.
    pub(crate) visits: u64,
    /// Bytes of an ICC profile. Default: 1 MiB.
    pub(crate) profile: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 25 << 20,
            pixels: 100_000_000,
            side: 16_384,
            scans: 100,
            allocation: 256 << 20,
            visits: 1 << 30,
            profile: 1 << 20,
        }
    }
}

impl From<&MediaLimits> for Limits {
    fn from(limits: &MediaLimits) -> Self {
        Self {
            bytes: limits.max_input_bytes,
            pixels: limits.max_pixels,
            side: limits.max_side,
            scans: limits.max_scans.into(),
            allocation: limits.max_allocation,
            profile: limits.max_profile_bytes,
            ..Self::default()
        }
    }
}

/// Why a picture was not decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// A JPEG that this decoder does not take; the general one may.
    #[error("a JPEG with {0} is not for the fast path")]
    Unsupported(&'static str),
    /// Not a JPEG, or so broken that there is nothing to show.
    #[error("broken JPEG: {0}")]
    Corrupt(&'static str),
    /// Over one of the [`Limits`].
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

/// `actual`, unless it is over `limit`.
pub(super) fn within(what: &'static str, limit: u64, actual: u64) -> Result<u64, Refusal> {
    if actual <= limit { Ok(actual) } else { Err(Refusal::TooLarge { what, limit, actual }) }
}
