//! What comes out.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::detect::SourceFormat;
use super::header::Header;
use super::value::Format;

/// What a file is, as far as its header tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageInfo {
    /// What it is by its first bytes.
    pub format: SourceFormat,
    /// Pixels from left to right on the screen, so after it was turned as `orientation` says. Of a PDF, points of its
    /// first page.
    pub width: u32,
    /// Pixels from top to bottom on the screen. Of a PDF, points of its first page.
    pub height: u32,
    /// How the stored pixels must be turned to stand upright: the values of EXIF, where 1 is not at all.
    pub orientation: u8,
    /// Pictures in it: more than 1 in an animation.
    pub frames: u32,
    /// Whether it can be transparent.
    pub has_alpha: bool,
    /// Whether it carries an ICC profile.
    pub has_icc: bool,
    /// Pages of a PDF; none for pictures.
    pub pdf_pages: Option<u32>,
}

/// A picture as it was wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transformed {
    /// The encoded picture.
    pub bytes: Bytes,
    /// What it is encoded as.
    pub format: Format,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The second, smaller picture, when one was asked for.
    pub thumbnail: Option<Thumbnail>,
    /// What it was made from.
    pub source: ImageInfo,
    /// How long it took.
    pub timings: StageTimes,
}

/// A small picture made from the pixels of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thumbnail {
    /// The encoded picture.
    pub bytes: Bytes,
    /// What it is encoded as.
    pub format: Format,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// How long each stage took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StageTimes {
    /// From bytes to pixels.
    pub decode: Duration,
    /// Scaling, turning, colours.
    pub resize: Duration,
    /// From pixels to bytes.
    pub encode: Duration,
    /// Scaling and encoding the thumbnail; zero without one.
    pub thumbnail: Duration,
}

impl ImageInfo {
    pub(super) fn of(header: &Header<'_>) -> Self {
        let upright = header.upright();
        Self {
            format: header.format,
            width: upright.width,
            height: upright.height,
            orientation: header.orientation.value(),
            frames: header.frames,
            has_alpha: header.has_alpha,
            has_icc: header.has_icc,
            pdf_pages: None,
        }
    }
}
