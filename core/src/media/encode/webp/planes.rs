//! A picture as the planes that VP8 is made of: the range of BT.601, chroma of half the size.

use super::super::super::color::halved;
use super::super::super::picture::{Kind, Pixels, Plane, Planes, Size};
use super::super::super::wide::{Work, wide};
use super::vp8::Frame;

/// The planes of an opaque picture.
pub(super) struct Limited {
    size: Size,
    luma: Vec<u8>,
    chroma: Option<[Vec<u8>; 2]>,
}

impl Limited {
    /// Of planes of the full range, as JPEG has them.
    pub(super) fn of_planes(planes: &Planes) -> Self {
        let size = planes.luma.size;
        let chroma = |plane: &Plane| match plane.size == size.halved() {
            true => wide(Narrow { samples: &plane.samples, range: CHROMA_RANGE }),
            false => wide(Narrow { samples: &halved(plane).samples, range: CHROMA_RANGE }),
        };
        Self {
            size,
            luma: wide(Narrow { samples: &planes.luma.samples, range: LUMA_RANGE }),
            chroma: planes.chroma.as_ref().map(|planes| planes.each_ref().map(chroma)),
        }
    }

    /// Of pixels in gray or RGB.
    pub(super) fn of_pixels(pixels: &Pixels) -> Self {
        match pixels.kind {
            Kind::Gray => {
                let luma = wide(Narrow { samples: &pixels.samples, range: LUMA_RANGE });
                Self { size: pixels.size, luma, chroma: None }
            }
            _ => wide(OfRgb(pixels)),
        }
    }

    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            width: self.size.width as usize,
            height: self.size.height as usize,
            luma: &self.luma,
            chroma: self.chroma.as_ref().map(|planes| planes.each_ref().map(Vec::as_slice)),
        }
    }
}

/// 0 to 255 mapped to a narrower range, rounded.
struct Narrow<'a> {
    samples: &'a [u8],
    range: Range,
}

/// Steps for 255 of a sample, and where they begin, in 255ths.
#[derive(Clone, Copy)]
struct Range {
    steps: u16,
    first: u16,
}

impl Work for Narrow<'_> {
    type Result = Vec<u8>;

    #[inline(always)]
    fn run(self) -> Vec<u8> {
        let mut narrow = vec![0; self.samples.len()];
        for (sample, narrow) in self.samples.iter().zip(&mut narrow) {
            let scaled = u16::from(*sample) * self.range.steps + self.range.first + 127;
            // Divided by 255.
            *narrow = ((scaled + 1 + (scaled >> 8)) >> 8) as u8;
        }
        narrow
    }
}

/// Makes planes of red, green and blue. Source: ITU-R BT.601, 3.5.
struct OfRgb<'a>(&'a Pixels);

impl Work for OfRgb<'_> {
    type Result = Limited;

    #[inline(always)]
    fn run(self) -> Limited {
        let size = self.0.size;
        let (width, height) = (size.width as usize, size.height as usize);
        let (across, down) = (width.div_ceil(2), height.div_ceil(2));
        let (colors, _) = self.0.samples.as_chunks::<3>();
        let mut luma = vec![0; width * height];
        for (at, luma) in luma.iter_mut().enumerate() {
            *luma = weighed(sum(&[colors[at]]), LUMA, 16, 0);
        }
        let mut chroma = [vec![0; across * down], vec![0; across * down]];
        let [blue, red] = &mut chroma;
        for y in 0..down {
            let upper = &colors[2 * y * width..][..width];
            let lower = &colors[(2 * y + 1).min(height - 1) * width..][..width];
            let (blue, red) = (&mut blue[y * across..][..across], &mut red[y * across..][..across]);
            for x in 0..width / 2 {
                let color = sum(&[upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]]);
                blue[x] = weighed(color, BLUE, 128, 2);
                red[x] = weighed(color, RED, 128, 2);
            }
            if width % 2 == 1 {
                let color = sum(&[upper[width - 1], lower[width - 1]]);
                blue[across - 1] = weighed(color, BLUE, 128, 1);
                red[across - 1] = weighed(color, RED, 128, 1);
            }
        }
        Limited { size, luma, chroma: Some(chroma) }
    }
}

#[inline(always)]
fn sum(colors: &[[u8; 3]]) -> [i32; 3] {
    let mut sum = [0; 3];
    for color in colors {
        for at in 0..3 {
            sum[at] += i32::from(color[at]);
        }
    }
    sum
}

/// The sample of as many pixels as 2 to the power of `count` together, around `centre`. The factors are such that it
/// stays within 16 to 240.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "16 to 240")]
#[inline(always)]
fn weighed(sum: [i32; 3], factors: [i32; 3], centre: i32, count: i32) -> u8 {
    let value = sum[0] * factors[0] + sum[1] * factors[1] + sum[2] * factors[2];
    let shift = SHIFT + count;
    ((value + (centre << shift) + (1 << (shift - 1))) >> shift) as u8
}

/// From black, which is 16, to white.
const LUMA_RANGE: Range = Range { steps: 219, first: 16 * 255 };
/// From one colour to its opposite. No colour at all is 128 in both ranges.
const CHROMA_RANGE: Range = Range { steps: 224, first: 128 * (255 - 224) };
/// Fixed point with 16 bits behind it: the factors are those of the standard times 65 536, and sum up to 219 of 255 of
/// that or to 0.
const SHIFT: i32 = 16;
const LUMA: [i32; 3] = [16_829, 33_039, 6_416];
const BLUE: [i32; 3] = [-9_714, -19_070, 28_784];
const RED: [i32; 3] = [28_784, -24_103, -4_681];

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(size: Size, colors: &[[u8; 3]]) -> Limited {
        Limited::of_pixels(&Pixels { kind: Kind::Rgb, size, samples: colors.as_flattened().to_vec() })
    }

    #[test]
    fn the_ranges_are_those_of_bt_601() {
        let samples = (0..=255).collect();
        let plane = |samples| Plane::whole(Size { width: 256, height: 1 }, samples);
        let planes = Limited::of_planes(&Planes { luma: plane(samples), chroma: None });
        assert_eq!([0, 128, 255].map(|at| planes.luma[at]), [16, 126, 235]);
        let chroma = Narrow { samples: &(0..=255).collect::<Vec<u8>>(), range: CHROMA_RANGE }.run();
        assert_eq!([0, 128, 255].map(|at| chroma[at]), [16, 128, 240]);
        let nearest = |sample: usize| (128.0 + (sample as f64 - 128.0) * 224.0 / 255.0).round();
        assert!(chroma.iter().enumerate().all(|(sample, narrow)| f64::from(*narrow) == nearest(sample)));
        for (sample, narrow) in planes.luma.iter().enumerate() {
            assert_eq!(usize::from(*narrow), (sample * 219 + 127) / 255 + 16);
        }
    }

    #[test]
    fn the_corners_of_the_colour_cube_are_where_the_standard_has_them() {
        let corners = [
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 0], [16, 128, 128]),
            ([255, 0, 0], [81, 90, 240]),
            ([0, 255, 0], [145, 54, 34]),
            ([0, 0, 255], [41, 240, 110]),
        ];
        for (color, expected) in corners {
            let planes = rgb(Size { width: 3, height: 3 }, &[color; 9]);
            let [blue, red] = planes.chroma.unwrap();
            assert_eq!([planes.luma[8], blue[0], red[0]], expected, "{color:?}");
            assert_eq!([blue[3], red[3]], expected[1..], "{color:?}");
        }
    }

    #[test]
    fn chroma_of_an_odd_side_is_halved_to_its_edge() {
        let red = |level: u8| [level, 0, 0];
        let colors = [red(0), red(100), red(200), red(40), red(60), red(80), red(8), red(16), red(24)];
        let planes = rgb(Size { width: 3, height: 3 }, &colors);
        // 128 and 0.439 of 50, 140, 12 and 24.
        assert_eq!(planes.chroma.unwrap()[1], [150, 189, 133, 139]);
    }
}
