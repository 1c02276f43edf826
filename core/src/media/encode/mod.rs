//! From a picture to bytes, one file a format. Encoders see our own pixels only.

mod jpeg;
mod libwebp;
mod moving;
mod png;
mod webp;

use super::picture::{Picture, Size};
use super::resize::Chroma;
use super::value::{Effort, Format};
use crate::error::{Error, Result};

pub(super) use self::moving::Moving;

/// How a picture is encoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe<'a> {
    pub(super) format: Format,
    pub(super) quality: u8,
    pub(super) effort: Effort,
    /// A TIFF block that goes along.
    pub(super) exif: Option<&'a [u8]>,
}

impl Recipe<'_> {
    /// The bytes of `picture`, whose alpha the format can hold.
    pub(super) fn encode(&self, picture: &Picture) -> Result<Vec<u8>> {
        match self.format {
            Format::Jpeg => jpeg::encode(picture, self),
            Format::Png => png::encode(picture, self),
            Format::WebP => webp::encode(picture, self),
        }
    }

    /// How chroma planes are stored, so that they can be made that way.
    pub(super) fn chroma(&self) -> Chroma {
        chroma(self.format, self.quality)
    }
}

/// How chroma planes are stored by a format at a quality.
pub(super) fn chroma(format: Format, quality: u8) -> Chroma {
    match format {
        Format::WebP => Chroma::Halved,
        Format::Jpeg if quality < WHOLE_CHROMA_QUALITY => Chroma::Halved,
        Format::Jpeg | Format::Png => Chroma::Whole,
    }
}

/// EXIF that a format has no room for.
fn no_room(format: Format, bytes: usize, room: usize) -> Error {
    let name = format.name();
    Error::invalid("keep_metadata", format!("expected at most {room} bytes of EXIF for {name}, got {bytes}"))
}

/// A side as a format writes it; [`super::fit::Fit`] refused what does not fit.
fn side_of<T: TryFrom<u32>>(format: Format, size: Size, side: u32) -> Result<T> {
    T::try_from(side).map_err(|_| {
        let (name, Size { width, height }) = (format.name(), size);
        Error::invalid(
            "format",
            format!("expected at most {} px a side for {name}, got {width} x {height}", format.max_side()),
        )
    })
}

/// The quality from which on JPEG stores colours in whole size; libvips draws the line there too.
const WHOLE_CHROMA_QUALITY: u8 = 90;
