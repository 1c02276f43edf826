//! What a picture from a stranger may cost, checked against its header before anything is allocated for it.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::detect::SourceFormat;
use super::errors::too_large;
use super::picture::Size;
use crate::error::{Error, Result};

/// What a picture may cost. Whatever is over a limit is [`crate::Error::Media`] of the kind `TooLarge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Pictures of an animation that is kept. Default: 256.
    pub max_frames: u32,
    /// Pixels of an animation that is kept, over all of its pictures. Default: 200 million.
    pub max_frame_pixels: u64,
    /// Scans of a progressive JPEG. Default: 100; encoders write 1 to 12.
    pub max_scans: u32,
    /// Bytes of an ICC profile. Default: 1 MiB.
    pub max_profile_bytes: u64,
    /// Bytes of metadata that is kept. Default: 1 MiB.
    pub max_metadata_bytes: u64,
    /// What is worked on in a child process, which a decoder that loops or eats memory ends alone. Default: PDF. The
    /// program that is started has to be known: [`crate::be_media_child`].
    pub isolation: Isolation,
    /// Bytes of memory that the child may take for a file. Default: 512 MiB. Limited on Linux alone.
    pub max_child_memory: u64,
    /// Time of a processor that the child may take for a file. Default: 2 s. Rounded up by up to a second, and limited on
    /// Unix alone.
    pub max_child_cpu: Duration,
    /// Time by the clock that the child may take for a file. Default: 10 s, since it may have to wait for a processor.
    pub max_child_wall: Duration,
}

/// What is worked on in a child process of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Isolation {
    /// PDF, which has no limits of its own for memory and time.
    #[default]
    Pdf,
    /// Every file.
    Everything,
    /// None: for whoever is in such a process already.
    Nothing,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            max_input_bytes: 25 << 20,
            max_pixels: 100_000_000,
            max_side: 16_384,
            max_output_side: 4_096,
            max_allocation: 256 << 20,
            max_frames: 256,
            max_frame_pixels: 200_000_000,
            max_scans: 100,
            max_profile_bytes: 1 << 20,
            max_metadata_bytes: 1 << 20,
            isolation: Isolation::default(),
            max_child_memory: 512 << 20,
            max_child_cpu: Duration::from_secs(2),
            max_child_wall: Duration::from_secs(10),
        }
    }
}

impl Isolation {
    /// The name, as in `pdf`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Everything => "everything",
            Self::Nothing => "nothing",
        }
    }
}

impl FromStr for Isolation {
    type Err = Error;

    /// Reads `pdf`, `everything` or `nothing`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "pdf" => Ok(Self::Pdf),
            "everything" => Ok(Self::Everything),
            "nothing" => Ok(Self::Nothing),
            _ => Err(Error::invalid("isolation", format!("expected pdf, everything or nothing, got {text:?}"))),
        }
    }
}

impl MediaLimits {
    /// Whether the file itself may be looked at.
    pub(super) fn input(&self, bytes: &[u8]) -> Result<()> {
        self.input_size(bytes.len() as u64)
    }

    /// Whether a file of so many bytes may be read.
    pub(super) fn input_size(&self, bytes: u64) -> Result<()> {
        within(None, "bytes", self.max_input_bytes, bytes)
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

    /// Whether an animation of so many pictures of this size may be kept.
    pub(super) fn frames(&self, format: SourceFormat, frames: u32, size: Size) -> Result<()> {
        within(Some(format), "pictures of an animation", self.max_frames.into(), frames.into())?;
        let pixels = size.pixels().saturating_mul(frames.into());
        within(Some(format), "pixels over all pictures of an animation", self.max_frame_pixels, pixels)
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
