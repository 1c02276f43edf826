//! PNG: the common ones row by row with our own unfiltering, every other kind by the png crate; 8 bits a sample.
//!
//! The crate reads the header either way, with its checks and limits. What is ours takes only what is whole: at the
//! first thing that is not as it should be it steps back, and the crate says what is wrong. So the two never disagree
//! about which files are pictures, and what ours makes is compared with the crate's, sample by sample.

mod chunks;
mod expand;
mod lanes;
mod reader;
mod rows;
#[cfg(test)]
mod tests;
mod unfilter;
mod whole;

use png::{BitDepth, ColorType, Decoder, DecodingError, Info, Limits, Reader, Transformations};

use self::reader::WithoutExif;
use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large};
use super::super::header::Header;
use super::super::limits::MediaLimits;
use super::super::picture::{Kind, Pixels};
use super::Decoded;
use crate::error::{Error, Result};

pub(super) fn decode(bytes: &[u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Decoded> {
    let Opened { mut reader, kind, depth, size, profile } = Opened::new(bytes, limits)?;
    let samples = match whole::decode(bytes, reader.info(), size) {
        Some(samples) => samples,
        None => general(&mut reader, depth, size, limits)?,
    };
    Ok(Decoded::pixels(Pixels { kind, size: header.stored, samples }, profile))
}

/// A file whose header was read.
struct Opened<'a> {
    reader: Reader<WithoutExif<'a>>,
    kind: Kind,
    depth: BitDepth,
    /// Bytes of the samples.
    size: usize,
    profile: Option<Vec<u8>>,
}

impl<'a> Opened<'a> {
    fn new(bytes: &'a [u8], limits: &MediaLimits) -> Result<Self> {
        // What the crate counts against its limit are the chunks beside the pixels; those are counted here.
        let limit = Limits { bytes: usize::try_from(beside(limits)).unwrap_or(usize::MAX) };
        let mut decoder = Decoder::new_with_limits(WithoutExif::of(bytes), limit);
        decoder.set_transformations(Transformations::EXPAND);
        decoder.set_ignore_text_chunk(true);
        let reader = decoder.read_info().map_err(|error| refused(&error, limits))?;
        check_palette(reader.info())?;
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
        Ok(Self { reader, kind, depth, size, profile })
    }
}

/// The samples as the png crate decodes them.
fn general(
    reader: &mut Reader<WithoutExif<'_>>,
    depth: BitDepth,
    size: usize,
    limits: &MediaLimits,
) -> Result<Vec<u8>> {
    let mut samples = vec![0; size];
    reader.next_frame(&mut samples).map_err(|error| refused(&error, limits))?;
    if depth == BitDepth::Sixteen {
        to_eight_bits(&mut samples);
    }
    Ok(samples)
}

/// The samples of a file by our own decoder, where it takes it, and by the png crate, where that does.
#[cfg(any(test, fuzzing))]
pub(in super::super) fn by_each_decoder(bytes: &[u8], limits: &MediaLimits) -> [Option<Vec<u8>>; 2] {
    let Ok(Opened { mut reader, depth, size, .. }) = Opened::new(bytes, limits) else { return [None, None] };
    [whole::decode(bytes, reader.info(), size), general(&mut reader, depth, size, limits).ok()]
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

/// Refuses a palette that ends within a colour, which version 0.18 of the crate takes until it looks a colour up, and
/// panics. Other lengths that cannot be are refused by the crate.
fn check_palette(info: &Info<'_>) -> Result<()> {
    let length = info.palette.as_ref().map_or(0, |palette| palette.len());
    if info.color_type != ColorType::Indexed || length.is_multiple_of(3) {
        return Ok(());
    }
    Err(corrupt(SourceFormat::Png, format!("expected 3 bytes a colour of its palette, got {length} bytes")))
}

/// Bytes that the crate may hold beside the pixels: a profile, and its chunk in a buffer of up to twice the size.
fn beside(limits: &MediaLimits) -> u64 {
    limits.max_profile_bytes.saturating_mul(3).saturating_add(SMALL_BYTES)
}

fn refused(error: &DecodingError, limits: &MediaLimits) -> Error {
    let limit = limits.max_profile_bytes;
    match error {
        DecodingError::LimitsExceeded => {
            too_large(Some(SourceFormat::Png), "bytes of ICC profile", limit, limit.saturating_add(1))
        }
        error => corrupt(SourceFormat::Png, error.to_string()),
    }
}

/// Bytes for palettes and their like, and for a row: 128 KiB for 16 384 pixels of 64 bits.
const SMALL_BYTES: u64 = 256 << 10;
