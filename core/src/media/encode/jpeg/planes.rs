//! A picture as the planes that a JPEG is made of.

use std::borrow::Cow;

use super::super::super::color::{halved, to_pixels};
use super::super::super::picture::{Kind, Picture, Pixels, Plane, Planes};
use super::super::super::resize::Chroma;
use super::super::super::wide::{Work, wide};

/// The planes of `picture`, with chroma of half the size where that is wanted. Planes that are halved already stay so.
pub(super) fn planes(picture: &Picture, chroma: Chroma) -> Cow<'_, Planes> {
    match picture {
        Picture::Planes(planes) => match &planes.chroma {
            Some([blue, red]) if chroma == Chroma::Halved && blue.size == planes.luma.size => {
                Cow::Owned(Planes { luma: planes.luma.clone(), chroma: Some([halved(blue), halved(red)]) })
            }
            _ => Cow::Borrowed(planes),
        },
        Picture::Pixels(Pixels { kind: Kind::Gray, size, samples }) => {
            Cow::Owned(Planes { luma: Plane::whole(*size, samples.clone()), chroma: None })
        }
        Picture::Pixels(pixels) if pixels.kind == Kind::Rgb => Cow::Owned(wide(OfRgb { pixels, chroma })),
        picture => {
            let pixels = to_pixels(picture.clone());
            Cow::Owned(wide(OfRgb { pixels: &pixels, chroma }))
        }
    }
}

/// Makes planes of red, green and blue. Source: ITU-T T.871, 7.
struct OfRgb<'a> {
    pixels: &'a Pixels,
    chroma: Chroma,
}

impl Work for OfRgb<'_> {
    type Result = Planes;

    #[inline(always)]
    fn run(self) -> Planes {
        let size = self.pixels.size;
        let (colors, _) = self.pixels.samples.as_chunks::<3>();
        let luma = channel(colors, LUMA, 0);
        let [blue, red] = [BLUE, RED].map(|factors| match self.chroma {
            Chroma::Whole => Plane::whole(size, channel(colors, factors, CENTRE)),
            Chroma::Halved => self.halved(colors, factors),
        });
        Planes { luma: Plane::whole(size, luma), chroma: Some([blue, red]) }
    }
}

impl OfRgb<'_> {
    /// A channel of half the size: means of two by two pixels, those at an odd edge of what there is.
    #[inline(always)]
    fn halved(&self, colors: &[[u8; 3]], factors: [i32; 3]) -> Plane {
        let (size, width) = (self.pixels.size, self.pixels.size.width as usize);
        let mut samples = Vec::with_capacity(size.halved().width as usize * size.halved().height as usize);
        for rows in colors.chunks(2 * width) {
            let upper = &rows[..width];
            let lower = rows.get(width..2 * width).unwrap_or(upper);
            let (pairs, above_last) = upper.as_chunks::<2>();
            let (below, below_last) = lower.as_chunks::<2>();
            let sum = |four: [[u8; 3]; 4]| {
                let color: [i32; 3] = std::array::from_fn(|at| four.iter().map(|color| i32::from(color[at])).sum());
                narrow((weighed(color, factors) >> 2) + CENTRE)
            };
            samples.extend(pairs.iter().zip(below).map(|([a, b], [c, d])| sum([*a, *b, *c, *d])));
            samples.extend(above_last.iter().zip(below_last).map(|(a, b)| sum([*a, *a, *b, *b])));
        }
        Plane::whole(size.halved(), samples)
    }
}

#[inline(always)]
fn channel(colors: &[[u8; 3]], factors: [i32; 3], centre: i32) -> Vec<u8> {
    let sample = |color: &[u8; 3]| narrow(weighed(color.map(i32::from), factors) + centre);
    colors.iter().map(sample).collect()
}

#[inline(always)]
fn weighed(color: [i32; 3], factors: [i32; 3]) -> i32 {
    color[0] * factors[0] + color[1] * factors[1] + color[2] * factors[2]
}

/// Rounded. The factors of a channel are such that it stays within 0 to 255.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn narrow(value: i32) -> u8 {
    ((value + (1 << (SHIFT - 1))) >> SHIFT) as u8
}

/// Fixed point with 16 bits behind it: the factors are those of the standard times 65 536, and sum up to it or to 0.
const SHIFT: i32 = 16;
const LUMA: [i32; 3] = [19_595, 38_470, 7_471];
const BLUE: [i32; 3] = [-11_058, -21_710, 32_768];
const RED: [i32; 3] = [32_768, -27_439, -5_329];
/// No colour; a hair less, since half of 65 536 times 255 would round up to 256.
const CENTRE: i32 = (128 << SHIFT) - 1;

#[cfg(test)]
mod tests {
    use super::super::super::super::picture::Size;
    use super::*;

    #[test]
    fn the_corners_of_the_colour_cube_are_where_the_standard_has_them() {
        let corners = [
            ([255, 255, 255], [255, 128, 128]),
            ([0, 0, 0], [0, 128, 128]),
            ([255, 0, 0], [76, 85, 255]),
            ([0, 255, 0], [150, 44, 21]),
            ([0, 0, 255], [29, 255, 107]),
        ];
        for (rgb, ycc) in corners {
            let pixels = Pixels { kind: Kind::Rgb, size: Size { width: 3, height: 3 }, samples: rgb.repeat(9) };
            for chroma in [Chroma::Whole, Chroma::Halved] {
                let planes = OfRgb { pixels: &pixels, chroma }.run();
                let [blue, red] = planes.chroma.unwrap();
                let last = |plane: &Plane| plane.samples[plane.samples.len() - 1];
                assert_eq!([last(&planes.luma), last(&blue), last(&red)], ycc, "{rgb:?} {chroma:?}");
            }
        }
    }

    #[test]
    fn chroma_of_an_odd_side_is_halved_to_its_edge() {
        let red = |level: u8| [level, 0, 0];
        let samples = [red(0), red(100), red(200), red(40), red(60), red(80), red(8), red(16), red(24)];
        let size = Size { width: 3, height: 3 };
        let pixels = Pixels { kind: Kind::Rgb, size, samples: samples.as_flattened().to_vec() };
        let planes = OfRgb { pixels: &pixels, chroma: Chroma::Halved }.run();
        // 128 and half of 50, 140, 12 and 24.
        assert_eq!(planes.chroma.unwrap()[1].samples, [153, 198, 134, 140]);
    }
}
