//! What a picture from a stranger may cost, checked against its header before anything is allocated for it.

use super::detect::SourceFormat;
use super::errors::too_large;
use super::picture::Size;
use crate::error::Result;

/// What a picture may cost. Whatever is over a limit is [`crate::Error::Media`] of the kind `TooLarge`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaLimits {
    /// Bytes of the file. Default: 25 MiB.
    pub max_input_bytes: u64,
    /// Width times height. Default: 100 million; phones make 50 million and more.
    pub max_pixels: u64,
    /// Width or height of what comes in, in pixels. Default: 16 384.
    pub max_side: u32,
    /// Width or height of what goes out, in pixels. Default: 4 096.
    pub max_output_side: u32,
    /// Bytes that are held for the decoded picture. Default: 256 MiB. This decides for formats that cannot be reduced
    /// while they are decoded: 64 million pixels with alpha, 85 million without.
    pub max_allocation: u64,
    /// Scans of a progressive JPEG. Default: 100; encoders write 1 to 12.
    pub max_scans: u32,
    /// Bytes of an ICC profile. Default: 1 MiB.
    pub max_profile_bytes: u64,
    /// Bytes of metadata that is kept. Default: 1 MiB.
    pub max_metadata_bytes: u64,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            max_input_bytes: 25 << 20,
            max_pixels: 100_000_000,
            max_side: 16_384,
            max_output_side: 4_096,
            max_allocation: 256 << 20,
            max_scans: 100,
            max_profile_bytes: 1 << 20,
            max_metadata_bytes: 1 << 20,
        }
    }
}

impl MediaLimits {
    /// Whether the file itself may be looked at.
    pub(super) fn input(&self, bytes: &[u8]) -> Result<()> {
        within(None, "bytes", self.max_input_bytes, bytes.len() as u64)
    }

    /// Whether a picture of this size may be decoded.
    pub(super) fn picture(&self, format: SourceFormat, size: Size) -> Result<()> {
        within(Some(format), "px a side", self.max_side.into(), size.width.max(size.height).into())?;
        within(Some(format), "pixels", self.max_pixels, size.pixels())
    }

    /// Whether decoding may hold `bytes`.
    pub(super) fn allocation(&self, format: SourceFormat, bytes: u64) -> Result<()> {
        within(Some(format), "bytes of memory", self.max_allocation, bytes)
    }

    pub(super) fn scans(&self, format: SourceFormat, scans: u64) -> Result<()> {
        within(Some(format), "scans", self.max_scans.into(), scans)
    }

    pub(super) fn profile(&self, format: SourceFormat, bytes: usize) -> Result<()> {
        within(Some(format), "bytes of ICC profile", self.max_profile_bytes, bytes as u64)
    }

    pub(super) fn metadata(&self, format: SourceFormat, bytes: usize) -> Result<()> {
        within(Some(format), "bytes of metadata", self.max_metadata_bytes, bytes as u64)
    }

    /// Whether a result of this size may be made.
    pub(super) fn output(&self, format: SourceFormat, size: Size) -> Result<()> {
        let side = size.width.max(size.height);
        within(Some(format), "px a side of the result", self.max_output_side.into(), side.into())
    }
}

/// `Ok` while `actual` is not over `limit`.
pub(super) fn within(format: Option<SourceFormat>, what: &str, limit: u64, actual: u64) -> Result<()> {
    if actual <= limit { Ok(()) } else { Err(too_large(format, what, limit, actual)) }
}
