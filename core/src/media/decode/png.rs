//! PNG by the png crate: every colour type and depth, interlaced or not, as 8 bits a sample.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};

use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large};
use super::super::header::Header;
use super::super::limits::MediaLimits;
use super::super::picture::{Kind, Pixels};
use super::Decoded;
use crate::error::{Error, Result};

pub(super) fn decode(bytes: &[u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Decoded> {
    // What the crate counts against its limit are the chunks beside the pixels; those are counted here.
    let beside = limits.max_profile_bytes.saturating_add(limits.max_metadata_bytes).saturating_add(SMALL_CHUNKS);
    let refused = |error: DecodingError| refused(&error, beside);
    let limit = Limits { bytes: usize::try_from(beside).unwrap_or(usize::MAX) };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limit);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(refused)?;
    let (color, depth) = reader.output_color_type();
    let kind = match color {
        ColorType::Grayscale => Kind::Gray,
        ColorType::GrayscaleAlpha => Kind::GrayAlpha,
        ColorType::Rgb => Kind::Rgb,
        ColorType::Rgba => Kind::Rgba,
        ColorType::Indexed => return Err(corrupt(SourceFormat::Png, "its palette is missing")),
    };
    let profile = reader.info().icc_profile.as_ref().map(|profile| profile.to_vec());
    limits.profile(SourceFormat::Png, profile.as_ref().map_or(0, Vec::len))?;
    let size = reader.output_buffer_size().unwrap_or(usize::MAX);
    limits.allocation(SourceFormat::Png, size as u64)?;
    let mut samples = vec![0; size];
    reader.next_frame(&mut samples).map_err(refused)?;
    if depth == BitDepth::Sixteen {
        to_eight_bits(&mut samples);
    }
    Ok(Decoded::pixels(Pixels { kind, size: header.stored, samples }, profile))
}

/// Two bytes a sample become the nearest one of 255 steps.
fn to_eight_bits(samples: &mut Vec<u8>) {
    let count = samples.len() / 2;
    for at in 0..count {
        let sample = u32::from(u16::from_be_bytes([samples[2 * at], samples[2 * at + 1]]));
        samples[at] = u8::try_from((sample + 128) / 257).unwrap_or(u8::MAX);
    }
    samples.truncate(count);
}

fn refused(error: &DecodingError, beside: u64) -> Error {
    match error {
        DecodingError::LimitsExceeded => {
            too_large(Some(SourceFormat::Png), "bytes of profile and metadata", beside, beside.saturating_add(1))
        }
        error => corrupt(SourceFormat::Png, error.to_string()),
    }
}

/// Bytes for palettes and their like.
const SMALL_CHUNKS: u64 = 64 << 10;
