//! From bytes to a picture, one file a format. Only memory-safe decoders see a stranger's bytes.

mod gif;
mod jpeg;
mod png;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::detect::SourceFormat;
use super::errors::corrupt;
use super::header::Header;
use super::limits::MediaLimits;
use super::picture::{Picture, Pixels};
use crate::error::Result;

/// What a decoder makes of a file.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The first picture in it, as it is stored.
    pub(super) picture: Picture,
    /// What its colours mean; sRGB when there is none.
    pub(super) profile: Option<Vec<u8>>,
}

/// Decodes the first picture of `bytes`.
///
/// The decoders are libraries that read whatever strangers send. One that panics has met bytes that its authors did not
/// think of, which is the file's fault and not a reason to take a server down with it.
pub(super) fn decode(bytes: &[u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Decoded> {
    catch_unwind(AssertUnwindSafe(|| decode_unguarded(bytes, header, limits)))
        .unwrap_or_else(|_| Err(corrupt(header.format, "its decoder gave up on it")))
}

/// Without the guard, so that tests see a panic where there is one.
pub(super) fn decode_unguarded(bytes: &[u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Decoded> {
    let mut decoded = match header.format {
        SourceFormat::Jpeg => jpeg::decode(bytes, limits)?,
        SourceFormat::Png => png::decode(bytes, header, limits)?,
        SourceFormat::Gif => gif::decode(bytes, header, limits)?,
        SourceFormat::WebP => webp::decode(bytes, header, limits)?,
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
