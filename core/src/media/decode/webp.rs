//! WebP by image-webp, in safe Rust: lossy, lossless, and the pictures of an animation on their canvas.

use std::io::Cursor;

use image_webp::{DecodingError, LoopCount, WebPDecoder};

use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large};
use super::super::header::Header;
use super::super::limits::MediaLimits;
use super::super::picture::{Kind, Pixels, Size};
use super::{Decoded, Moment};
use crate::error::{Error, Result};

/// The picture, or the first one.
pub(super) fn decode(bytes: &[u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Decoded> {
    let (mut decoder, profile) = open(bytes, header, WORKING_BYTES, limits)?;
    let mut pixels = canvas(&decoder, header);
    decoder.read_image(&mut pixels.samples).map_err(|error| refused(&error, limits))?;
    Ok(Decoded::pixels(pixels, profile))
}

/// All pictures of an animation, one after the other.
pub(super) struct Frames<'a> {
    decoder: WebPDecoder<Cursor<&'a [u8]>>,
    profile: Option<Vec<u8>>,
    canvas: Pixels,
    limits: &'a MediaLimits,
}

impl<'a> Frames<'a> {
    pub(super) fn new(bytes: &'a [u8], header: &Header<'_>, limits: &'a MediaLimits) -> Result<Self> {
        let (decoder, profile) = open(bytes, header, WORKING_BYTES_MOVING, limits)?;
        if !decoder.is_animated() {
            return Err(corrupt(SourceFormat::WebP, "its pictures are no animation"));
        }
        let canvas = canvas(&decoder, header);
        Ok(Self { decoder, profile, canvas, limits })
    }

    pub(super) fn next(&mut self) -> Result<Option<Moment>> {
        match self.decoder.read_frame(&mut self.canvas.samples) {
            Ok(shown_ms) => Ok(Some(Moment { pixels: self.canvas.clone(), shown_ms })),
            Err(DecodingError::NoMoreFrames) => Ok(None),
            Err(error) => Err(refused(&error, self.limits)),
        }
    }

    /// How often it is played; 0 is for ever.
    pub(super) fn plays(&self) -> u16 {
        match self.decoder.loop_count() {
            LoopCount::Forever => 0,
            LoopCount::Times(times) => times.get(),
        }
    }

    pub(super) fn profile(&self) -> Option<&[u8]> {
        self.profile.as_deref()
    }
}

/// The decoder, and the profile of the file, within limits that hold for so many bytes a pixel.
fn open<'a>(bytes: &'a [u8], header: &Header<'_>, working: u64, limits: &MediaLimits) -> Result<Opened<'a>> {
    let refused = |error| refused(&error, limits);
    limits.allocation(SourceFormat::WebP, header.stored.pixels() * working)?;
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if (Size { width, height }) != header.stored {
        return Err(corrupt(SourceFormat::WebP, "its chunks disagree about its size"));
    }
    decoder.set_memory_limit(usize::try_from(limits.max_profile_bytes).unwrap_or(usize::MAX));
    let profile = decoder.icc_profile().map_err(refused)?;
    Ok((decoder, profile))
}

type Opened<'a> = (WebPDecoder<Cursor<&'a [u8]>>, Option<Vec<u8>>);

fn canvas(decoder: &WebPDecoder<Cursor<&[u8]>>, header: &Header<'_>) -> Pixels {
    let kind = if decoder.has_alpha() { Kind::Rgba } else { Kind::Rgb };
    let samples = vec![0; decoder.output_buffer_size().unwrap_or(usize::MAX)];
    Pixels { kind, size: header.stored, samples }
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

/// Bytes a pixel while a WebP is decoded: beside the result a picture of four bytes a pixel (lossless), or planes and
/// less (lossy).
const WORKING_BYTES: u64 = 8;
/// The same for an animation, which has a canvas, and a copy that is given out.
const WORKING_BYTES_MOVING: u64 = 16;
