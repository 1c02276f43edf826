//! From bytes to a picture, one file a format. Only memory-safe decoders see a stranger's bytes.

mod codes;
mod frames;
mod gif;
mod jpeg;
mod png;
mod stream;
mod webp;
pub(super) mod zune;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::detect::SourceFormat;
use super::errors::{corrupt, no_picture};
use super::fit::Fit;
use super::header::Header;
use super::picture::{Picture, Pixels};
use super::value::Transform;
use crate::error::Result;

pub(super) use self::frames::Frames;
use self::frames::Moment;
#[cfg(fuzzing)]
pub(super) use self::png::by_each_decoder as png_by_each_decoder;

/// What a decoder makes of a file.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The first picture in it, as it is stored; a JPEG perhaps smaller.
    pub(super) picture: Picture,
    /// What its colours mean; sRGB when there is none.
    pub(super) profile: Option<Vec<u8>>,
}

/// Decodes the first picture of `bytes`, with at least the detail that `fit` needs.
///
/// The decoders are libraries that read whatever strangers send. One that panics has met bytes that its authors did not
/// think of, which is the file's fault and not a reason to take a server down with it.
pub(super) fn decode(bytes: &[u8], header: &Header<'_>, fit: &Fit, transform: &Transform) -> Result<Decoded> {
    guarded(header.format, || decode_unguarded(bytes, header, fit, transform))
}

/// What `work` answers; a panic in it is the file's fault.
fn guarded<T>(format: SourceFormat, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(corrupt(format, "its decoder gave up on it")))
}

/// Without the guard, so that tests see a panic where there is one.
pub(super) fn decode_unguarded(bytes: &[u8], header: &Header<'_>, fit: &Fit, transform: &Transform) -> Result<Decoded> {
    let limits = &transform.limits;
    let mut decoded = match header.format {
        SourceFormat::Jpeg => jpeg::decode(bytes, fit, transform)?,
        SourceFormat::Png => png::decode(bytes, header, limits)?,
        SourceFormat::Gif => gif::decode(bytes, header, limits)?,
        SourceFormat::WebP => webp::decode(bytes, header, fit, transform)?,
        SourceFormat::Pdf => return Err(no_picture()),
    };
    if let Picture::Pixels(pixels) = decoded.picture {
        decoded.picture = Picture::Pixels(pixels.without_idle_alpha());
    }
    Ok(decoded)
}

impl Decoded {
    fn pixels(pixels: Pixels, profile: Option<Vec<u8>>) -> Self {
        Self { picture: Picture::Pixels(pixels), profile }
    }
}
