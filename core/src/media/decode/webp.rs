//! WebP by image-webp, in safe Rust: lossy, lossless, and the first picture of an animation on its canvas.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large};
use super::super::header::Header;
use super::super::limits::MediaLimits;
use super::super::picture::{Kind, Pixels, Size};
use super::Decoded;
use crate::error::{Error, Result};

pub(super) fn decode(bytes: &[u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Decoded> {
    let refused = |error| refused(&error, limits);
    // Beside the result the decoder holds a picture of four bytes a pixel (lossless), or planes and less (lossy).
    limits.allocation(SourceFormat::WebP, header.stored.pixels() * WORKING_BYTES)?;
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if (Size { width, height }) != header.stored {
        return Err(corrupt(SourceFormat::WebP, "its chunks disagree about its size"));
    }
    decoder.set_memory_limit(usize::try_from(limits.max_profile_bytes).unwrap_or(usize::MAX));
    let profile = decoder.icc_profile().map_err(refused)?;
    let kind = if decoder.has_alpha() { Kind::Rgba } else { Kind::Rgb };
    let mut samples = vec![0; decoder.output_buffer_size().unwrap_or(usize::MAX)];
    decoder.read_image(&mut samples).map_err(refused)?;
    Ok(Decoded::pixels(Pixels { kind, size: header.stored, samples }, profile))
}

fn refused(error: &DecodingError, limits: &MediaLimits) -> Error {
    match error {
        DecodingError::MemoryLimitExceeded => {
            let limit = limits.max_profile_bytes;
            too_large(Some(SourceFormat::WebP), "bytes of ICC profile", limit, limit.saturating_add(1))
        }
        error => corrupt(SourceFormat::WebP, error.to_string()),
    }
}

/// Bytes a pixel while a WebP is decoded.
const WORKING_BYTES: u64 = 8;
