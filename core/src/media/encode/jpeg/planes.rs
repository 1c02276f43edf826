//! A picture as the planes that a JPEG is made of.

use std::borrow::Cow;

use super::super::super::color::{halved, to_pixels};
use super::super::super::picture::{Kind, Picture, Pixels, Plane, Planes, Size};
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
        let luma = Plane::whole(size, channel(colors, LUMA, 0));
        let chroma = match self.chroma {
            Chroma::Whole => [BLUE, RED].map(|factors| Plane::whole(size, channel(colors, factors, CENTRE))),
            Chroma::Halved => halved_chroma(colors, size),
        };
        Planes { luma, chroma: Some(chroma) }
    }
}

#[inline(always)]
fn channel(colors: &[[u8; 3]], factors: [i32; 3], centre: i32) -> Vec<u8> {
    let mut samples = vec![0; colors.len()];
    for (sample, [red, green, blue]) in samples.iter_mut().zip(colors) {
        *sample = narrow(weighed(i32::from(*red), i32::from(*green), i32::from(*blue), factors) + centre);
    }
    samples
}

/// Chroma of half the size: means of two by two pixels, those at an odd edge of what there is.
#[inline(always)]
fn halved_chroma(colors: &[[u8; 3]], size: Size) -> [Plane; 2] {
    let (width, half) = (size.width as usize, size.halved());
    let mut planes = [(); 2].map(|()| vec![0; half.width as usize * half.height as usize]);
    let [blue, red] = &mut planes;
    let halves = blue.chunks_exact_mut(half.width as usize).zip(red.chunks_exact_mut(half.width as usize));
    for (rows, (blue, red)) in colors.chunks(2 * width).zip(halves) {
        let (upper, lower) = rows.split_at(width);
        let lower = if lower.is_empty() { upper } else { lower };
        let blocks = blue.chunks_mut(BLOCK).zip(red.chunks_mut(BLOCK));
        for ((upper, lower), (blue, red)) in upper.chunks(2 * BLOCK).zip(lower.chunks(2 * BLOCK)).zip(blocks) {
            let sums = Sums::of(upper, lower);
            sums.weighed(BLUE, blue);
            sums.weighed(RED, red);
        }
    }
    planes.map(|samples| Plane::whole(half, samples))
}

/// The sums of two rows, one array a colour: apart they are work for wide registers, interleaved they are not.
struct Sums([[[u16; 2]; BLOCK]; 3]);

impl Sums {
    #[inline(always)]
    fn of(upper: &[[u8; 3]], lower: &[[u8; 3]]) -> Self {
        let mut sums = [[[0; 2]; BLOCK]; 3];
        let [red, green, blue] = &mut sums;
        let sums_of = red.as_flattened_mut().iter_mut().zip(green.as_flattened_mut()).zip(blue.as_flattened_mut());
        for (((red, green), blue), (above, below)) in sums_of.zip(upper.iter().zip(lower)) {
            *red = u16::from(above[0]) + u16::from(below[0]);
            *green = u16::from(above[1]) + u16::from(below[1]);
            *blue = u16::from(above[2]) + u16::from(below[2]);
        }
        if upper.len() % 2 == 1 {
            for colors in &mut sums {
                colors[upper.len() / 2][1] = colors[upper.len() / 2][0];
            }
        }
        Self(sums)
    }

    #[inline(always)]
    fn weighed(&self, factors: [i32; 3], samples: &mut [u8]) {
        let [red, green, blue] = &self.0;
        for (((sample, red), green), blue) in samples.iter_mut().zip(red).zip(green).zip(blue) {
            let sum = |[left, right]: &[u16; 2]| i32::from(*left) + i32::from(*right);
            *sample = narrow((weighed(sum(red), sum(green), sum(blue), factors) >> 2) + CENTRE);
        }
    }
}

#[inline(always)]
fn weighed(red: i32, green: i32, blue: i32, factors: [i32; 3]) -> i32 {
    red * factors[0] + green * factors[1] + blue * factors[2]
}

/// Rounded. The factors of a channel are such that it stays within 0 to 255.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn narrow(value: i32) -> u8 {
    ((value + (1 << (SHIFT - 1))) >> SHIFT) as u8
}

/// Samples of chroma that are made at a time.
const BLOCK: usize = 64;
/// Fixed point with 16 bits behind it: the factors are those of the standard times 65 536, and sum up to it or to 0.
const SHIFT: i32 = 16;
const LUMA: [i32; 3] = [19_595, 38_470, 7_471];
const BLUE: [i32; 3] = [-11_058, -21_710, 32_768];
const RED: [i32; 3] = [32_768, -27_439, -5_329];
/// No colour; a hair less, since half of 65 536 times 255 would round up to 256.
const CENTRE: i32 = (128 << SHIFT) - 1;

#[cfg(test)]
mod tests {
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
