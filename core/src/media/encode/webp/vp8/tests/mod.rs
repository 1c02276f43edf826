//! What we take for granted that a decoder has, held against what image-webp decodes.

use image_webp::vp8::Vp8Decoder;

use super::super::super::super::wide::wide;
use super::frame::Frame;
use super::macroblock::{Code, Rebuilt, RebuiltLuma};
use super::segments::{Analyse, Segments};
use super::{encode, written};

/// A picture of planes.
struct Planes {
    width: usize,
    height: usize,
    luma: Vec<u8>,
    chroma: Option<[Vec<u8>; 2]>,
}

impl Planes {
    /// `pixel` gives the sample of each plane at each place.
    fn of(width: usize, height: usize, mut pixel: impl FnMut(usize, usize, usize) -> u8) -> Self {
        let mut plane = |which: usize, width: usize, height: usize| -> Vec<u8> {
            (0..width * height).map(|at| pixel(which, at % width, at / width)).collect()
        };
        let (across, down) = (width.div_ceil(2), height.div_ceil(2));
        let luma = plane(0, width, height);
        Self { width, height, luma, chroma: Some([plane(1, across, down), plane(2, across, down)]) }
    }

    /// Slopes, waves and steps, with noise of that much.
    fn picture(seed: u64, width: usize, height: usize, noise: f64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let [a, b, c, d] = [(); 4].map(|()| random.f64());
        Self::of(width, height, |plane, x, y| {
            let (x, y) = (x as f64, y as f64);
            let wave = 60.0 * (x * a * 0.3 + y * b * 0.2 + plane as f64).sin();
            let step = if (x * c + y * (1.0 - c)) % 40.0 < 20.0 * d { 50.0 } else { 0.0 };
            (100.0 + x * a - y * d + wave + step + noise * (random.f64() - 0.5)).clamp(0.0, 255.0) as u8
        })
    }

    fn frame(&self) -> Frame<'_> {
        let chroma = self.chroma.as_ref().map(|planes| planes.each_ref().map(Vec::as_slice));
        Frame { width: self.width, height: self.height, luma: &self.luma, chroma }
    }
}

/// Planes as they are decoded: to whole macroblocks.
type Decoded = [Vec<u8>; 3];

fn decoded(bytes: &[u8]) -> Decoded {
    let frame = Vp8Decoder::decode_frame(bytes).expect("a picture that can be decoded");
    [frame.ybuf, frame.ubuf, frame.vbuf]
}

/// Encodes without a loop filter: the file, and what we have of it.
fn rebuilt(planes: &Planes, quality: u8) -> (Vec<u8>, Decoded) {
    let frame = planes.frame();
    let (across, down) = frame.macroblocks();
    let mut segments = Segments::new(&wide(Analyse(&frame)), quality);
    segments.segments.iter_mut().for_each(|segment| segment.filter = 0);
    let mut luma = vec![0; across * down * 256];
    let mut chroma = [vec![0; across * down * 64], vec![0; across * down * 64]];
    let sink = |x: usize, y: usize, rebuilt: Rebuilt<'_>| {
        for at in 0..256 {
            let (row, column) = (at / 16, at % 16);
            luma[(y * 16 + row) * across * 16 + x * 16 + column] = match rebuilt.luma {
                RebuiltLuma::Fine(pixels) => pixels[1 + row][4 + column],
                RebuiltLuma::Whole(blocks) => {
                    u8::try_from(blocks[row % 4 * 4 + column % 4][row / 4 * 4 + column / 4]).unwrap()
                }
            };
        }
        for (plane, samples) in chroma.iter_mut().enumerate() {
            for at in 0..64 {
                let (row, column) = (at / 8, at % 8);
                let lane = rebuilt.first + plane * 4 + row / 4 * 2 + column / 4;
                let sample = rebuilt.chroma[row % 4 * 4 + column % 4][lane];
                samples[(y * 8 + row) * across * 8 + x * 8 + column] = u8::try_from(sample).unwrap();
            }
        }
    };
    let coded = wide(Code { frame: &frame, segments: &segments, sink });
    let bytes = written(&frame, &segments, &coded).expect("a small picture");
    let [blue, red] = chroma;
    (bytes, [luma, blue, red])
}

fn assert_as_decoded(planes: &Planes, quality: u8, what: &str) {
    let (bytes, ours) = rebuilt(planes, quality);
    let (width, height) = (planes.width, planes.height);
    for (plane, (ours, theirs)) in ours.iter().zip(decoded(&bytes)).enumerate() {
        let wrong = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
        assert_eq!((ours.len(), wrong), (theirs.len(), None), "{what}, {width} x {height}, {quality}, plane {plane}");
    }
}

/// How far the planes are from what is decoded of them, as the root of the mean square.
fn distance(planes: &Planes, quality: u8) -> f64 {
    let theirs = decoded(&encode(&planes.frame(), quality).expect("a small picture"));
    let stride = planes.width.next_multiple_of(16);
    let lines = planes.luma.chunks(planes.width).zip(theirs[0].chunks(stride));
    let squares: f64 = lines
        .flat_map(|(ours, theirs)| ours.iter().zip(theirs))
        .map(|(ours, theirs)| f64::from(ours.abs_diff(*theirs)).powi(2))
        .sum();
    (squares / planes.luma.len() as f64).sqrt()
}

#[test]
fn what_a_decoder_has_is_known_at_every_size() {
    for (seed, side) in (0..).zip(1..=35) {
        for (width, height) in [(side, side), (side, 3), (50, side)] {
            assert_as_decoded(&Planes::picture(seed, width, height, 20.0), 60, "a small picture");
        }
    }
}

#[test]
fn what_a_decoder_has_is_known_at_every_quality() {
    for quality in 0..=100 {
        let noise = f64::from(quality % 7) * 30.0;
        assert_as_decoded(&Planes::picture(quality.into(), 83, 70, noise), quality, "a picture");
    }
}

#[test]
fn what_a_decoder_has_of_extremes_is_known() {
    let mut random = fastrand::Rng::with_seed(5);
    for quality in [0, 1, 30, 75, 100] {
        let black_or_white = Planes::of(70, 52, |_, _, _| if random.bool() { 255 } else { 0 });
        assert_as_decoded(&black_or_white, quality, "black and white noise");
        let checks = Planes::of(64, 48, |_, x, y| if (x / 4 + y / 4) % 2 == 0 { 255 } else { 0 });
        assert_as_decoded(&checks, quality, "checks of a block");
        let stripes = Planes::of(64, 48, |plane, x, y| if (x * plane + y) % 2 == 0 { 255 } else { 0 });
        assert_as_decoded(&stripes, quality, "stripes of a pixel");
        for level in [0, 1, 127, 128, 129, 255] {
            assert_as_decoded(&Planes::of(33, 17, |_, _, _| level), quality, "one colour");
        }
    }
}

#[test]
fn what_a_decoder_has_of_many_macroblocks_is_known() {
    // Enough of them that costs and probabilities change on the way.
    assert_as_decoded(&Planes::picture(1, 700, 400, 40.0), 85, "a large picture");
}

#[test]
fn gray_is_decoded_without_a_colour() {
    let mut planes = Planes::picture(9, 61, 45, 30.0);
    planes.chroma = None;
    assert_as_decoded(&planes, 70, "gray");
    let [_, blue, red] = decoded(&encode(&planes.frame(), 70).unwrap());
    assert!(blue.iter().chain(&red).all(|sample| *sample == 128));
}

#[test]
fn a_higher_quality_is_nearer_and_larger() {
    let planes = Planes::picture(4, 160, 120, 25.0);
    let mut before = (f64::MAX, 0);
    for quality in [5, 25, 50, 75, 85, 95, 100] {
        let here = (distance(&planes, quality), encode(&planes.frame(), quality).unwrap().len());
        assert!(here.0 < before.0 && here.1 > before.1, "{quality}: {here:?}, before {before:?}");
        before = here;
    }
    assert!(before.0 < 1.5, "the best is {} away", before.0);
}

#[test]
fn a_flat_picture_takes_next_to_nothing() {
    let planes = Planes::of(640, 480, |_, _, _| 90);
    let bytes = encode(&planes.frame(), 85).unwrap().len();
    assert!(bytes < 1200 / 2, "{bytes} bytes for 1 200 macroblocks");
}

#[test]
fn a_side_that_the_format_cannot_hold_is_refused() {
    let planes = Planes::of(16_384, 1, |_, _, _| 90);
    assert!(encode(&planes.frame(), 85).is_none());
}
