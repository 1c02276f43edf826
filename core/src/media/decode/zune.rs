//! The JPEGs that our own decoder leaves to another one, ink above all: every pixel of them, in the colours in which
//! they are stored.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::super::color::rgb_of_ycc;
use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, unsupported};
use super::super::header::jpeg::{Frame, check_scans};
use super::super::limits::MediaLimits;
use super::super::picture::{Kind, Pixels};
use crate::error::{Error, Result};

pub(super) fn decode(bytes: &[u8], limits: &MediaLimits) -> Result<Pixels> {
    let frame = Frame::read(bytes)?;
    if !frame.progressive && !frame.interleaved && frame.is_subsampled() {
        // zune-jpeg 0.5 loses the colours of such files and says nothing.
        return Err(unsupported(SourceFormat::Jpeg, "subsampled colours in scans of their own are not taken"));
    }
    limits.allocation(SourceFormat::Jpeg, memory(&frame))?;
    if frame.progressive {
        check_scans(bytes, &frame, limits)?;
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
    let count = frame.size.pixels() * kind.channels() as u64;
    if samples.len() as u64 != count {
        let reason = format!("its frame promises {count} samples, its scans hold {}", samples.len());
        return Err(corrupt(SourceFormat::Jpeg, reason));
    }
    match stored {
        ColorSpace::YCCK => ink_of_ycck(&mut samples),
        ColorSpace::CMYK if !frame.adobe => samples.iter_mut().for_each(|sample| *sample = 255 - *sample),
        _ => {}
    }
    Ok(Pixels { kind, size: frame.size, samples })
}

/// Bytes that decoding holds: the samples, and for a progressive picture the coefficients of all of them at once.
fn memory(frame: &Frame) -> u64 {
    let samples = frame.size.pixels() * u64::from(frame.components);
    if frame.progressive { samples + size_of::<i16>() as u64 * frame.coefficients() } else { samples }
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
