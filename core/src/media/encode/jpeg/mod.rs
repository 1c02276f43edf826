//! JPEG by an encoder of our own, in safe Rust: baseline, in one scan that every decoder reads, with codes made for the
//! picture or those of the standard. It takes planes as they come from a decoder or a resizer.

mod codes;
mod entropy;
mod forward;
mod planes;
mod scan;
mod tables;

use self::codes::{Again, Told};
use self::entropy::{Bits, CLASSES, TABLES};
use self::forward::Divisors;
use self::planes::Source;
use self::scan::{Channel, Scan};
use self::tables::Described;
use super::super::picture::{Picture, Size};
use super::super::value::{Effort, Format};
use super::super::wide::wide;
use super::{Recipe, no_room, side_of};
use crate::error::Result;

pub(super) fn encode(picture: &Picture, recipe: &Recipe<'_>) -> Result<Vec<u8>> {
    encode_with(CodesOf::choice(picture.size(), recipe.effort), picture, recipe)
}

/// Whose codes a picture is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CodesOf {
    /// Those of the standard, written at once.
    Standard,
    /// Its own: what is told is kept, counted, and written with the shortest codes for it.
    Picture,
}

impl CodesOf {
    /// Codes of its own make a picture of 200 px 5 to 11 % smaller, one of 480 px 2 to 6, and one of 1920 px 1 (a
    /// photograph) to 6 (a screenshot) at quality 85, 2 to 9 at 95. They take a tenth to a fourth of the encoding time
    /// more: 0.02 ms for 200 px, 0.3 to 0.7 for 1920. With [`Effort::Fast`] that is spent on thumbnails alone.
    ///
    /// What is told takes 1.2 bytes a pixel of a photograph at quality 85 while it is kept, and 12 where every
    /// coefficient of noise is told at 100. So there is a limit for [`Effort::Best`] too.
    fn choice(size: Size, effort: Effort) -> Self {
        let most = match effort {
            Effort::Fast => FEW_PIXELS,
            Effort::Best => MANY_PIXELS,
        };
        if size.pixels() <= most { Self::Picture } else { Self::Standard }
    }
}

fn encode_with(codes: CodesOf, picture: &Picture, recipe: &Recipe<'_>) -> Result<Vec<u8>> {
    let source = Source::of(picture, recipe.chroma());
    let size = source.size();
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
    let chroma = source.chroma();
    let blocks = if chroma.is_some_and(|chroma| chroma != size) { 2 } else { 1 };
    let mut channels = vec![Channel::new(size, blocks, &divisors[0], 0)];
    if let Some(chroma) = chroma {
        channels.extend([(); 2].map(|()| Channel::new(chroma, 1, &divisors[1], 1)));
    }
    let kinds = if channels.len() > 1 { 2 } else { 1 };
    for (id, table) in (0_u8..).zip(&tables[..kinds]) {
        segment(&mut bytes, QUANTISATION, &[&[id], table.as_slice()].concat());
    }
    segment(&mut bytes, BASELINE, &frame(size, &channels)?);
    let bits = match codes {
        CodesOf::Standard => {
            let sink = begin_scan(bytes, &tables::CODES, channels.len());
            wide(Scan { sink, source: &source, channels: &channels })
        }
        CodesOf::Picture => {
            let sink = Told::new(usize::try_from(size.pixels() / 4).unwrap_or(0));
            let told = wide(Scan { sink, source: &source, channels: &channels });
            let bits = begin_scan(bytes, &told.codes(), channels.len());
            wide(Again { told, bits })
        }
    };
    let mut bytes = bits.finish();
    bytes.extend([0xFF, END_OF_IMAGE]);
    Ok(bytes)
}

/// Writes the codes and the head of the scan. Source: T.81, B.2.4.2.
fn begin_scan(mut bytes: Vec<u8>, codes: &[Described; TABLES], channels: usize) -> Bits {
    let kinds = if channels > 1 { 2 } else { 1 };
    let mut told = Vec::new();
    for (table, described) in (0_u8..).zip(codes).take(kinds * CLASSES) {
        told.push((table & 1) << 4 | table >> 1);
        told.extend(described.counts);
        told.extend_from_slice(&described.symbols);
    }
    segment(&mut bytes, CODES, &told);
    segment(&mut bytes, START_OF_SCAN, &selection(channels));
    Bits::new(bytes, codes)
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

/// 360 px a side.
const FEW_PIXELS: u64 = 1 << 17;
/// 2,400 x 1,700 px.
const MANY_PIXELS: u64 = 1 << 22;
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

    #[test]
    fn codes_made_for_a_picture_change_no_pixel_and_cost_no_byte() {
        let mut random = fastrand::Rng::with_seed(4);
        let rgb =
            |width, height, samples| Picture::Pixels(Pixels { kind: Kind::Rgb, size: Size { width, height }, samples });
        let mut pictures = vec![
            // One symbol in each table, and none but zeros.
            rgb(1, 1, vec![128; 3]),
            rgb(70, 40, vec![128; 8400]),
            rgb(70, 40, vec![255; 8400]),
            rgb(97, 83, (0..97 * 83 * 3).map(|_| random.u8(..)).collect()),
            rgb(97, 83, (0..97 * 83 * 3).map(|_| if random.bool() { 255 } else { 0 }).collect()),
            // Blocks of one colour beside others, as a screenshot has them.
            rgb(200, 64, (0..200 * 64).flat_map(|at| [if at % 200 < 90 { 240 } else { random.u8(..) }; 3]).collect()),
        ];
        let size = Size { width: 150, height: 90 };
        pictures.push(Picture::Planes(Planes { luma: plane(size, 20.0), chroma: None }));
        pictures.push(Picture::Planes(Planes {
            luma: plane(size, 7.0),
            chroma: Some([plane(size.halved(), 9.0), plane(size.halved(), 30.0)]),
        }));
        for (at, picture) in pictures.iter().enumerate() {
            let gray = matches!(picture, Picture::Planes(Planes { chroma: None, .. }));
            let space = if gray { ColorSpace::Luma } else { ColorSpace::YCbCr };
            for quality in [1, 40, 75, 85, 95, 100] {
                let by = |codes| encode_with(codes, picture, &recipe(quality)).unwrap();
                let (standard, own) = (by(CodesOf::Standard), by(CodesOf::Picture));
                assert!(own.len() <= standard.len(), "picture {at}, quality {quality}");
                assert_eq!(decoded(&own, space), decoded(&standard, space), "picture {at}, quality {quality}");
            }
        }
    }

    #[test]
    fn a_thumbnail_has_codes_of_its_own_at_any_effort_and_a_large_picture_at_none() {
        let choice = |width, height, effort| CodesOf::choice(Size { width, height }, effort);
        assert_eq!(choice(200, 150, Effort::Fast), CodesOf::Picture);
        assert_eq!(choice(1920, 1080, Effort::Fast), CodesOf::Standard);
        assert_eq!(choice(1920, 1080, Effort::Best), CodesOf::Picture);
        assert_eq!(choice(4096, 4096, Effort::Best), CodesOf::Standard);
    }
}
