//! The JPEGs that our own decoder leaves to another one, ink above all: every pixel of them, in the colours in which
//! they are stored.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::super::color::rgb_of_ycc;
use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large, unsupported};
use super::super::jpeg::{Coding, Component, Header, scans};
use super::super::limits::MediaLimits;
use super::super::picture::{Kind, Pixels, Size};
use crate::error::{Error, Result};

pub(in super::super) fn decode(bytes: &[u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Pixels> {
    check(header)?;
    let size = Size { width: header.width, height: header.height };
    limits.allocation(SourceFormat::Jpeg, memory(header, size))?;
    if header.coding == Coding::Progressive {
        check_scans(bytes, size, limits)?;
    }
    let side = usize::try_from(limits.max_side).unwrap_or(usize::MAX);
    let scans = usize::try_from(limits.max_scans).unwrap_or(usize::MAX);
    let options = DecoderOptions::default().set_max_width(side).set_max_height(side).jpeg_set_max_scans(scans);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(refused)?;
    let stored = decoder.input_colorspace().unwrap_or(ColorSpace::YCbCr);
    let kind = match stored {
        ColorSpace::Luma => Kind::Gray,
        ColorSpace::YCbCr => Kind::Ycc,
        ColorSpace::RGB => Kind::Rgb,
        ColorSpace::CMYK | ColorSpace::YCCK => Kind::Cmyk,
        other => return Err(unsupported(SourceFormat::Jpeg, format!("colours stored as {other:?} are not taken"))),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(stored));
    let mut samples = decoder.decode().map_err(refused)?;
    let count = size.pixels() * kind.channels() as u64;
    if samples.len() as u64 != count {
        let reason = format!("its frame promises {count} samples, its scans hold {}", samples.len());
        return Err(corrupt(SourceFormat::Jpeg, reason));
    }
    match stored {
        ColorSpace::YCCK => ink_of_ycck(&mut samples),
        ColorSpace::CMYK if !header.adobe => samples.iter_mut().for_each(|sample| *sample = 255 - *sample),
        _ => {}
    }
    Ok(Pixels { kind, size, samples })
}

/// Refuses what no decoder of ours takes.
fn check(header: &Header<'_>) -> Result<()> {
    let refuse = |what: &str| Err(unsupported(SourceFormat::Jpeg, what));
    let sampling = |part: &Component| (part.across, part.down);
    let subsampled = header.components.iter().any(|part| sampling(part) != sampling(&header.components[0]));
    match header.coding {
        Coding::Arithmetic => refuse("arithmetic coding is not taken"),
        Coding::Lossless | Coding::Hierarchical => refuse("lossless and hierarchical coding are not taken"),
        _ if header.precision != 8 => refuse(&format!("expected 8 bits a sample, got {}", header.precision)),
        _ if header.components.len() == 2 => refuse("expected 1, 3 or 4 components, got 2"),
        // zune-jpeg 0.5 loses the colours of such files and says nothing.
        Coding::Sequential if subsampled && !header.interleaved => {
            refuse("subsampled colours in scans of their own are not taken")
        }
        Coding::Sequential | Coding::Progressive => Ok(()),
    }
}

/// Bytes that decoding holds: the samples, and for a progressive picture the coefficients of all of them at once.
fn memory(header: &Header<'_>, size: Size) -> u64 {
    let samples = size.pixels() * header.components.len() as u64;
    if header.coding != Coding::Progressive {
        return samples;
    }
    let parts = header.components.iter().map(|part| u64::from(part.across) * u64::from(part.down));
    let (counted, most) = parts.fold((0, 1), |(sum, most), part| (sum + part, most.max(part)));
    samples + size_of::<i16>() as u64 * (size.pixels() * counted / most)
}

/// Counts the scans, and refuses those that would cost seconds between them.
///
/// A scan of no more than a marker still visits every block, so what counts is scans times pixels.
fn check_scans(bytes: &[u8], size: Size, limits: &MediaLimits) -> Result<()> {
    let scans = scans(bytes);
    limits.scans(SourceFormat::Jpeg, scans)?;
    let visits = scans * size.pixels();
    if visits > MAX_VISITS {
        return Err(too_large(Some(SourceFormat::Jpeg), "pixels in all scans", MAX_VISITS, visits));
    }
    Ok(())
}

/// Y, Cb and Cr of YCCK stand for red, green and blue, which are what cyan, magenta and yellow leave over.
fn ink_of_ycck(samples: &mut [u8]) {
    let (pixels, _) = samples.as_chunks_mut::<4>();
    for pixel in pixels {
        let [y, cb, cr, _] = *pixel;
        let [red, green, blue] = rgb_of_ycc([y, cb, cr]);
        pixel[..3].copy_from_slice(&[255 - red, 255 - green, 255 - blue]);
    }
}

fn refused(error: DecodeErrors) -> Error {
    match error {
        DecodeErrors::Unsupported(what) => unsupported(SourceFormat::Jpeg, format!("{what:?} is not taken")),
        other => corrupt(SourceFormat::Jpeg, format!("{other:?}")),
    }
}

/// A picture of 100 million pixels in the ten scans that libjpeg writes; about two seconds of one core.
const MAX_VISITS: u64 = 1 << 30;
