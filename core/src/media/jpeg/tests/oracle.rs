//! The decoder against another one: `zune-jpeg` at full size, reduced in the same way.
//!
//! Full size: both round the same numbers once, but `zune-jpeg` in fixed point, so samples may differ by 1. Chroma that
//! was sampled down comes out of `zune-jpeg` smoothed with the weights 1/4, 3/4 and rounded again, always down or
//! always up; ours is smoothed likewise and compared as the mean over each sample's pixels, with 1.25 for that.
//!
//! Reduced: the eight by eight samples are transformed forth (T.81, A.3.3), and back by the lowest NxN frequencies, all
//! in `f64`. The samples were rounded, which the reduction makes smaller but not nothing (at most 0.5 times the sum of
//! the absolute weights: 0.5, 0.8, 1.3 for 1/8, 1/4, 1/2), and our result is rounded too. Blocks with a sample at the
//! end of the range are left out: there `zune-jpeg` has cut something off that ours still knows. A progressive file at
//! 1/4 may lack refinements (`plan`), which moves a sample by 2.5 at most.

use std::f64::consts::PI;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::*;

#[test]
fn full_size_is_what_zune_decodes() {
    for name in fixtures::taken() {
        let bytes = fixtures::read(&name);
        let planes = decode(&bytes, Scale::Full, &MediaLimits::default()).unwrap();
        assert_eq!(planes.condition, Condition::Whole, "{name}");
        let theirs = zune(&bytes);
        let ours: Vec<&Plane> = planes.all().collect();
        assert_eq!(ours.len(), theirs.channels.len(), "{name}");
        for (number, (plane, channel)) in ours.iter().zip(&theirs.channels).enumerate() {
            let worst = difference(plane, &theirs, channel);
            let tolerance = if plane.width * plane.height == theirs.width * theirs.height { 1.0 } else { 1.25 };
            assert!(worst <= tolerance, "{name}: channel {number} differs by {worst}");
        }
    }
}

#[test]
fn reduced_sizes_are_the_low_frequencies_of_the_full_one() {
    for name in fixtures::taken() {
        let bytes = fixtures::read(&name);
        let theirs = zune(&bytes);
        reduced::<1>(&name, &bytes, &theirs, Scale::Eighth, 1.0);
        let header = Header::read(&bytes, &MediaLimits::default()).unwrap();
        let lacking = if header.coding == Coding::Progressive { 2.5 } else { 0.0 };
        reduced::<2>(&name, &bytes, &theirs, Scale::Quarter, 1.3 + lacking);
        reduced::<4>(&name, &bytes, &theirs, Scale::Half, 1.8);
    }
}

/// Luma from `zune-jpeg` where it has whole blocks; everything else from our own full size, which reaches beyond the
/// edges.
fn reduced<const N: usize>(name: &str, bytes: &[u8], theirs: &Zune, scale: Scale, tolerance: f64) {
    let full = decode(bytes, Scale::Full, &MediaLimits::default()).unwrap();
    let small = decode(bytes, scale, &MediaLimits::default()).unwrap();
    assert_eq!(small.condition, Condition::Whole, "{name}");
    let mut compared = 0;
    for (number, (full, small)) in full.all().zip(small.all()).enumerate() {
        let sides = [full.width, full.height].map(|side| (side * N).div_ceil(8));
        assert_eq!([small.width, small.height], sides, "{name}");
        assert_eq!(small.samples.len() * 64, full.samples.len() * N * N, "{name}");
        for (y, x) in (0..full.samples.len() / full.stride / 8).flat_map(|y| (0..full.stride / 8).map(move |x| (y, x)))
        {
            let inside = number == 0 && 8 * x + 8 <= theirs.width && 8 * y + 8 <= theirs.height;
            let block: [[f64; 8]; 8] = std::array::from_fn(|v| {
                std::array::from_fn(|u| {
                    let (u, v) = (8 * x + u, 8 * y + v);
                    let at = if inside {
                        &theirs.channels[0][v * theirs.width + u]
                    } else {
                        &full.samples[v * full.stride + u]
                    };
                    f64::from(*at)
                })
            });
            if block.as_flattened().iter().any(|level| *level == 0.0 || *level == 255.0) {
                continue;
            }
            compared += 1;
            let expected = low_frequencies::<N>(&block);
            for (v, row) in expected.iter().enumerate() {
                for (u, expected) in row.iter().enumerate() {
                    let sample = f64::from(small.samples[(y * N + v) * small.stride + x * N + u]);
                    // Where the reduction overshoots the range.
                    let off = (sample - expected.clamp(0.0, 255.0)).abs();
                    assert!(off <= tolerance, "{name}: channel {number}, block {x} {y}: {sample}, expected {expected}");
                }
            }
        }
    }
    assert!(compared > 0, "{name}: every block has samples at the end of the range");
}

/// The `N` by `N` samples of the lowest frequencies of a block.
fn low_frequencies<const N: usize>(block: &[[f64; 8]; 8]) -> [[f64; N]; N] {
    let frequency =
        |u: usize, v: usize| (0..64).map(|n| block[n / 8][n % 8] * basis(8, u, n % 8) * basis(8, v, n / 8)).sum();
    let frequencies: [[f64; N]; N] = std::array::from_fn(|v| std::array::from_fn(|u| frequency(u, v)));
    std::array::from_fn(|y| {
        std::array::from_fn(|x| {
            let parts = (0..N * N).map(|n| frequencies[n / N][n % N] * basis(N, n % N, x) * basis(N, n / N, y));
            parts.sum()
        })
    })
}

/// T.81, A.3.3, for `count` samples; the scale stays that of eight, so that a mean stays a mean.
fn basis(count: usize, frequency: usize, at: usize) -> f64 {
    let angle = (2 * at + 1) as f64 * frequency as f64 * PI / (2 * count) as f64;
    if frequency == 0 { 0.125_f64.sqrt() } else { 0.5 * angle.cos() }
}

/// A picture as `zune-jpeg` decodes it: full-size channels, luma first.
struct Zune {
    width: usize,
    height: usize,
    channels: Vec<Vec<u8>>,
}

fn zune(bytes: &[u8]) -> Zune {
    let options = DecoderOptions::default();
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().unwrap();
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let colours = if grey { ColorSpace::Luma } else { ColorSpace::YCbCr };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let pixels = decoder.decode().unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    let count = if grey { 1 } else { 3 };
    let channels = (0..count).map(|channel| pixels.iter().skip(channel).step_by(count).copied().collect()).collect();
    Zune { width, height, channels }
}

/// The largest difference between a plane and a channel of full size.
fn difference(plane: &Plane, theirs: &Zune, channel: &[u8]) -> f64 {
    let (across, down) = (theirs.width.div_ceil(plane.width), theirs.height.div_ceil(plane.height));
    let mut worst: f64 = 0.0;
    let at = |x: usize, y: usize| {
        let (x, y) = (x.min(plane.width - 1), y.min(plane.height - 1));
        f64::from(plane.samples[y * plane.stride + x])
    };
    // What the mean over a sample's pixels holds of its neighbours, when each pixel is 3/4 its own and 1/4 the nearest
    // other.
    let near = |factor: usize| if factor == 2 { [1.0 / 8.0, 6.0 / 8.0, 1.0 / 8.0] } else { [0.0, 1.0, 0.0] };
    // Pixels of the last sample may be missing, and the mean with them.
    for y in 0..theirs.height / down {
        for x in 0..theirs.width / across {
            let pixels = (0..down).flat_map(|v| (0..across).map(move |u| (x * across + u, y * down + v)));
            let sum: f64 = pixels.map(|(u, v)| f64::from(channel[v * theirs.width + u])).sum();
            let mut expected = 0.0;
            for (v, down) in near(down).into_iter().enumerate() {
                for (u, across) in near(across).into_iter().enumerate() {
                    expected += at((x + u).saturating_sub(1), (y + v).saturating_sub(1)) * across * down;
                }
            }
            worst = worst.max((sum / (across * down) as f64 - expected).abs());
        }
    }
    worst
}

impl Planes {
    fn all(&self) -> impl Iterator<Item = &Plane> {
        std::iter::once(&self.luma).chain(self.chroma.iter().flatten())
    }
}
