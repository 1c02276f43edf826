//! What a file says about its picture before any of it is decoded.

mod gif;
mod jpeg;
mod png;
mod webp;

use super::detect::{SourceFormat, detect};
use super::errors::{corrupt, no_picture};
use super::exif;
use super::limits::MediaLimits;
use super::orientation::Orientation;
use super::picture::Size;
use crate::error::Result;

pub(super) use self::webp::{lossless as lossless_webp, lossy as lossy_webp};

/// The facts of a file, read from its header and the heads of its blocks.
#[derive(Debug, Clone)]
pub(super) struct Header<'a> {
    pub(super) format: SourceFormat,
    /// As it is stored, before it is turned upright.
    pub(super) stored: Size,
    pub(super) orientation: Orientation,
    /// Pictures in it; 1 unless it is animated.
    pub(super) frames: u32,
    pub(super) has_alpha: bool,
    pub(super) has_icc: bool,
    /// The TIFF block of its EXIF data.
    pub(super) exif: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// Reads the header of `bytes` and holds it against `limits`.
    pub(super) fn read(bytes: &'a [u8], limits: &MediaLimits) -> Result<Self> {
        limits.input(bytes)?;
        let format = detect(bytes)?;
        let facts = match format {
            SourceFormat::Jpeg => jpeg::facts(bytes, limits)?,
            SourceFormat::Png => png::facts(bytes)?,
            SourceFormat::Gif => gif::facts(bytes)?,
            SourceFormat::WebP => webp::facts(bytes)?,
            SourceFormat::Pdf => return Err(no_picture()),
        };
        if facts.size.pixels() == 0 {
            return Err(corrupt(format, format!("a picture of {} x {} px", facts.size.width, facts.size.height)));
        }
        limits.picture(format, facts.size)?;
        Ok(Self {
            format,
            stored: facts.size,
            orientation: facts.exif.and_then(exif::orientation).unwrap_or(Orientation::UPRIGHT),
            frames: facts.frames,
            has_alpha: facts.has_alpha,
            has_icc: facts.has_icc,
            exif: facts.exif,
        })
    }

    /// Of a page that was drawn in this size.
    pub(super) fn of_page(drawn: Size) -> Self {
        Self {
            format: SourceFormat::Pdf,
            stored: drawn,
            orientation: Orientation::UPRIGHT,
            frames: 1,
            has_alpha: false,
            has_icc: false,
            exif: None,
        }
    }

    /// The size on the screen.
    pub(super) fn upright(&self) -> Size {
        self.orientation.turned(self.stored)
    }
}

/// What each format's reader finds.
#[derive(Debug, Default)]
struct Facts<'a> {
    size: Size,
    frames: u32,
    has_alpha: bool,
    has_icc: bool,
    exif: Option<&'a [u8]>,
}

fn big_endian(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

fn little_endian(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}
