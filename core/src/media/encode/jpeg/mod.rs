//! JPEG by an encoder of our own, in safe Rust: baseline, in one scan that every decoder reads, with the codes of the
//! standard. It takes planes as they come from a decoder or a resizer.

mod entropy;
mod forward;
mod planes;
mod scan;
mod tables;

use self::entropy::Bits;
use self::forward::Divisors;
use self::planes::planes;
use self::scan::{Channel, Scan};
use super::super::picture::{Picture, Size};
use super::super::value::Format;
use super::super::wide::wide;
use super::{Recipe, no_room, side_of};
use crate::error::Result;

pub(super) fn encode(picture: &Picture, recipe: &Recipe<'_>) -> Result<Vec<u8>> {
    let planes = planes(picture, recipe.chroma());
    let size = planes.luma.size;
    let mut bytes = vec![0xFF, START_OF_IMAGE];
    segment(&mut bytes, APP0, &[b"JFIF\0", [1, 1, 0, 0, 1, 0, 1, 0, 0].as_slice()].concat());
    if let Some(exif) = recipe.exif {
        if exif.len() > EXIF_ROOM {
            return Err(no_room(Format::Jpeg, exif.len(), EXIF_ROOM));
        }
        segment(&mut bytes, APP1, &[b"Exif\0\0", exif].concat());
    }

    let tables = tables::divisors(recipe.quality);
    let divisors = tables.each_ref().map(Divisors::of);
    let codes = tables::codes();
    let halved = planes.chroma.as_ref().is_some_and(|[blue, _]| blue.size != size);
    let mut channels = vec![Channel::new(&planes.luma, if halved { 2 } else { 1 }, &divisors[0], &codes[0])];
    if let Some(chroma) = &planes.chroma {
        channels.extend(chroma.iter().map(|plane| Channel::new(plane, 1, &divisors[1], &codes[1])));
    }
    let kinds = if channels.len() > 1 { 2 } else { 1 };
    for (id, table) in (0_u8..).zip(&tables[..kinds]) {
        segment(&mut bytes, QUANTISATION, &[&[id], table.as_slice()].concat());
    }
    segment(&mut bytes, BASELINE, &frame(size, &channels)?);
    for (id, kind) in (0_u8..).zip(&tables::CODES[..kinds]) {
        for (class, described) in (0_u8..).zip(kind) {
            segment(&mut bytes, CODES, &[&[class << 4 | id], described.counts.as_slice(), described.symbols].concat());
        }
    }
    segment(&mut bytes, START_OF_SCAN, &selection(channels.len()));

    let mut bits = Bits::new(bytes);
    wide(Scan { bits: &mut bits, channels: &channels });
    let mut bytes = bits.finish();
    bytes.extend([0xFF, END_OF_IMAGE]);
    Ok(bytes)
}

/// The size, and how each channel is sampled and divided. Source: T.81, B.2.2.
fn frame(size: Size, channels: &[Channel<'_>]) -> Result<Vec<u8>> {
    let side = |side| side_of::<u16>(Format::Jpeg, size, side).map(u16::to_be_bytes);
    let mut frame = vec![8];
    frame.extend(side(size.height)?);
    frame.extend(side(size.width)?);
    frame.push(if channels.len() > 1 { 3 } else { 1 });
    for ((id, channel), kind) in (1..).zip(channels).zip(KINDS) {
        let sampling = if channel.blocks == 2 { 0x22 } else { 0x11 };
        frame.extend([id, sampling, kind]);
    }
    Ok(frame)
}

/// Which codes each channel of the scan uses, and that it has all coefficients. Source: T.81, B.2.3.
fn selection(channels: usize) -> Vec<u8> {
    let mut selection = vec![if channels > 1 { 3 } else { 1 }];
    for (id, kind) in (1..).zip(KINDS).take(channels) {
        selection.extend([id, kind << 4 | kind]);
    }
    selection.extend([0, 63, 0]);
    selection
}

fn segment(bytes: &mut Vec<u8>, marker: u8, content: &[u8]) {
    let length = u16::try_from(content.len() + 2).expect("segments are short, and EXIF was measured");
    bytes.extend([0xFF, marker]);
    bytes.extend(length.to_be_bytes());
    bytes.extend_from_slice(content);
}

/// Tables for luma, and those that the two planes of chroma share.
const KINDS: [u8; 3] = [0, 1, 1];
/// Bytes of an APP1 segment that are left beside its length and `Exif\0\0`.
const EXIF_ROOM: usize = 65_527;
const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const START_OF_SCAN: u8 = 0xDA;
const QUANTISATION: u8 = 0xDB;
const BASELINE: u8 = 0xC0;
const CODES: u8 = 0xC4;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;

#[cfg(test)]
mod tests {
    use zune_core::colorspace::ColorSpace;
    use zune_core::options::DecoderOptions;

    use super::super::super::picture::{Kind, Pixels, Plane, Planes};
    use super::super::super::value::Effort;
    use super::*;

    fn recipe(quality: u8) -> Recipe<'static> {
        Recipe { format: Format::Jpeg, quality, effort: Effort::Best, exif: None }
    }

    /// Soft waves, different in each channel.
    fn plane(size: Size, wave: f64) -> Plane {
        let sample = |at: u32| {
            let (x, y) = (f64::from(at % size.width), f64::from(at / size.width));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "28 to 228")]
            let sample = (128.0 + 100.0 * (x / wave).sin() * (y / wave / 1.5).cos()) as u8;
            sample
        };
        Plane::whole(size, (0..size.width * size.height).map(sample).collect())
    }

    fn decoded(bytes: &[u8], space: ColorSpace) -> (Vec<u8>, (usize, usize)) {
        let options = DecoderOptions::default().jpeg_set_out_colorspace(space);
        let mut decoder = zune_jpeg::JpegDecoder::new_with_options(zune_core::bytestream::ZCursor::new(bytes), options);
        let samples = decoder.decode().unwrap();
        (samples, decoder.dimensions().unwrap())
    }

    #[test]
    fn another_decoder_finds_the_planes_that_went_in_whatever_their_size() {
        for (width, height) in [(1, 1), (7, 3), (8, 8), (17, 33), (64, 16), (65, 15), (130, 70), (200, 129)] {
            let size = Size { width, height };
            let chroma = [plane(size, 40.0), plane(size, 55.0)];
            let picture = Picture::Planes(Planes { luma: plane(size, 23.0), chroma: Some(chroma.clone()) });
            let (samples, dimensions) = decoded(&encode(&picture, &recipe(95)).unwrap(), ColorSpace::YCbCr);
            assert_eq!(dimensions, (width as usize, height as usize));
            let Picture::Planes(planes) = &picture else { unreachable!() };
            for (at, plane) in [&planes.luma, &chroma[0], &chroma[1]].into_iter().enumerate() {
                for (pixel, sample) in samples.chunks(3).zip(&plane.samples) {
                    assert!(pixel[at].abs_diff(*sample) <= 6, "{width} x {height}, channel {at}: {pixel:?} {sample}");
                }
            }
        }
    }

    #[test]
    fn colours_are_halved_below_the_quality_that_keeps_them_whole() {
        let size = Size { width: 99, height: 45 };
        let samples = plane(size, 30.0).samples.iter().flat_map(|sample| [*sample, 255 - *sample, 99]).collect();
        let picture = Picture::Pixels(Pixels { kind: Kind::Rgb, size, samples });
        for (quality, sampling) in [(89, 0x22), (90, 0x11)] {
            let bytes = encode(&picture, &recipe(quality)).unwrap();
            let frame = bytes.windows(2).position(|marker| marker == [0xFF, BASELINE]).unwrap();
            assert_eq!(bytes[frame + 11], sampling, "quality {quality}");
            let (samples, _) = decoded(&bytes, ColorSpace::RGB);
            let Picture::Pixels(pixels) = &picture else { unreachable!() };
            let largest = samples.iter().zip(&pixels.samples).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(largest < Some(14), "quality {quality}: {largest:?}");
        }
    }

    #[test]
    fn a_gray_picture_has_one_channel() {
        let size = Size { width: 20, height: 20 };
        let picture = Picture::Planes(Planes { luma: plane(size, 9.0), chroma: None });
        let bytes = encode(&picture, &recipe(85)).unwrap();
        let (samples, _) = decoded(&bytes, ColorSpace::Luma);
        assert_eq!(samples.len(), 400);
    }

    #[test]
    fn noise_and_every_quality_can_be_told() {
        let mut random = fastrand::Rng::with_seed(3);
        let size = Size { width: 48, height: 40 };
        // The largest coefficients there are, and bytes of ones that need their zero.
        let samples = (0..48 * 40).map(|_| if random.bool() { 255 } else { 0 }).collect();
        let picture = Picture::Planes(Planes { luma: Plane::whole(size, samples), chroma: None });
        for quality in 1..=100 {
            let (samples, _) = decoded(&encode(&picture, &recipe(quality)).unwrap(), ColorSpace::Luma);
            if quality == 100 {
                let Picture::Planes(Planes { luma, .. }) = &picture else { unreachable!() };
                assert!(samples.iter().zip(&luma.samples).all(|(a, b)| a.abs_diff(*b) <= 3));
            }
        }
    }
}
