//! A picture as the planes that a JPEG is made of.

use std::borrow::Cow;

use super::super::super::color::{halved, to_pixels};
use super::super::super::picture::{Kind, Picture, Pixels, Plane, Planes, Size};
use super::super::super::resize::Chroma;

/// What planes are made of as they are needed.
pub(super) enum Source<'a> {
    Planes(Cow<'a, Planes>),
    Rgb(OfRgb<'a>),
}

impl<'a> Source<'a> {
    /// `picture`, with chroma of half the size where that is wanted. Planes that are halved already stay so.
    pub(super) fn of(picture: &'a Picture, chroma: Chroma) -> Self {
        match picture {
            Picture::Planes(planes) => Self::Planes(match &planes.chroma {
                Some([blue, red]) if chroma == Chroma::Halved && blue.size == planes.luma.size => {
                    Cow::Owned(Planes { luma: planes.luma.clone(), chroma: Some([halved(blue), halved(red)]) })
                }
                _ => Cow::Borrowed(planes),
            }),
            Picture::Pixels(Pixels { kind: Kind::Gray, size, samples }) => {
                Self::Planes(Cow::Owned(Planes { luma: Plane::whole(*size, samples.clone()), chroma: None }))
            }
            Picture::Pixels(pixels) if pixels.kind == Kind::Rgb => {
                Self::Rgb(OfRgb { pixels: Cow::Borrowed(pixels), chroma })
            }
            picture => Self::Rgb(OfRgb { pixels: Cow::Owned(to_pixels(picture.clone())), chroma }),
        }
    }

    pub(super) fn size(&self) -> Size {
        match self {
            Self::Planes(planes) => planes.luma.size,
            Self::Rgb(rgb) => rgb.pixels.size,
        }
    }

    /// The size of the planes of chroma; None when there are none.
    pub(super) fn chroma(&self) -> Option<Size> {
        match self {
            Self::Planes(planes) => planes.chroma.as_ref().map(|[blue, _]| blue.size),
            Self::Rgb(OfRgb { pixels, chroma: Chroma::Halved }) => Some(pixels.size.halved()),
            Self::Rgb(OfRgb { pixels, chroma: Chroma::Whole }) => Some(pixels.size),
        }
    }

    /// The samples of luma from row `top` on, of which there is at least one, and those of chroma beside them: `count`
    /// rows of luma, unless it ends before, or more. What is made for it is in `band`, and stays in the nearest caches.
    #[inline(always)]
    pub(super) fn rows<'b>(&'b self, top: usize, count: usize, band: &'b mut Band) -> [&'b [u8]; 3] {
        match self {
            Self::Planes(planes) => {
                let Planes { luma, chroma } = &**planes;
                let scale = |plane: &Plane| luma.size.height.div_ceil(plane.size.height) as usize;
                let from = |plane: &'b Plane| &plane.samples[top / scale(plane) * plane.size.width as usize..];
                let [blue, red] = chroma.as_ref().map_or([[].as_slice(); 2], |chroma| chroma.each_ref().map(from));
                [from(luma), blue, red]
            }
            Self::Rgb(rgb) => {
                rgb.make(top, count, band);
                band.0.each_ref().map(Vec::as_slice)
            }
        }
    }
}

/// Rows of luma, and those of chroma beside them.
#[derive(Default)]
pub(super) struct Band([Vec<u8>; 3]);

/// Makes planes of red, green and blue. Source: ITU-T T.871, 7.
pub(super) struct OfRgb<'a> {
    pixels: Cow<'a, Pixels>,
    chroma: Chroma,
}

impl OfRgb<'_> {
    /// `count` rows from `top` on, or as many as there are.
    #[inline(always)]
    fn make(&self, top: usize, count: usize, band: &mut Band) {
        let (size, width) = (self.pixels.size, self.pixels.size.width as usize);
        let count = count.min(size.height as usize - top);
        let (colors, _) = self.pixels.samples.as_chunks::<3>();
        let colors = &colors[top * width..][..count * width];
        let Band([luma, blue, red]) = band;
        luma.resize(count * width, 0);
        match self.chroma {
            Chroma::Whole => {
                channel(colors, LUMA, 0, luma);
                for (plane, factors) in [(blue, BLUE), (red, RED)] {
                    plane.resize(count * width, 0);
                    channel(colors, factors, CENTRE, plane);
                }
            }
            Chroma::Halved => {
                let half = width.div_ceil(2);
                blue.resize(count.div_ceil(2) * half, 0);
                red.resize(count.div_ceil(2) * half, 0);
                let halves = blue.chunks_exact_mut(half).zip(red.chunks_exact_mut(half));
                for ((rows, luma), (blue, red)) in colors.chunks(2 * width).zip(luma.chunks_mut(2 * width)).zip(halves)
                {
                    halved_rows(rows, width, luma, blue, red);
                }
            }
        }
    }
}

#[inline(always)]
fn channel(colors: &[[u8; 3]], factors: [i32; 3], centre: i32, samples: &mut [u8]) {
    for (sample, [red, green, blue]) in samples.iter_mut().zip(colors) {
        *sample = narrow(weighed(i32::from(*red), i32::from(*green), i32::from(*blue), factors) + centre);
    }
}

/// Luma of two rows, or of one at an odd edge, and chroma of half the size: means of two by two pixels, those at an odd
/// edge of what there is.
#[inline(always)]
fn halved_rows(rows: &[[u8; 3]], width: usize, luma: &mut [u8], blue: &mut [u8], red: &mut [u8]) {
    let (upper, lower) = rows.split_at(width);
    let (luma, luma_below) = luma.split_at_mut(width);
    let mut above = Colors([[0; 2 * BLOCK]; 3]);
    let mut below = Colors([[0; 2 * BLOCK]; 3]);
    for (block, (blue, red)) in blue.chunks_mut(BLOCK).zip(red.chunks_mut(BLOCK)).enumerate() {
        let from = block * 2 * BLOCK;
        let to = width.min(from + 2 * BLOCK);
        above.take(&upper[from..to]);
        above.luma(&mut luma[from..to]);
        if lower.is_empty() {
            below.0 = above.0;
        } else {
            below.take(&lower[from..to]);
            below.luma(&mut luma_below[from..to]);
        }
        let sums = Sums::of(&above, &below);
        sums.weighed(BLUE, blue);
        sums.weighed(RED, red);
    }
}

/// The pixels of a row, one array a colour: apart they are work for wide registers, interleaved they are not.
struct Colors([[u8; 2 * BLOCK]; 3]);

impl Colors {
    #[inline(always)]
    fn take(&mut self, colors: &[[u8; 3]]) {
        let [reds, greens, blues] = &mut self.0;
        for (((red, green), blue), color) in reds.iter_mut().zip(greens).zip(blues).zip(colors) {
            [*red, *green, *blue] = *color;
        }
        if let Some(last) = colors.last().filter(|_| colors.len() % 2 == 1) {
            for (plane, color) in self.0.iter_mut().zip(last) {
                plane[colors.len()] = *color;
            }
        }
    }

    #[inline(always)]
    fn luma(&self, samples: &mut [u8]) {
        let [reds, greens, blues] = &self.0;
        for (((sample, red), green), blue) in samples.iter_mut().zip(reds).zip(greens).zip(blues) {
            *sample = narrow(weighed(i32::from(*red), i32::from(*green), i32::from(*blue), LUMA));
        }
    }
}

/// The sums of two by two pixels.
struct Sums([[u16; BLOCK]; 3]);

impl Sums {
    #[inline(always)]
    fn of(above: &Colors, below: &Colors) -> Self {
        let mut sums = [[0; BLOCK]; 3];
        for ((sums, above), below) in sums.iter_mut().zip(&above.0).zip(&below.0) {
            let pairs = above.as_chunks::<2>().0.iter().zip(below.as_chunks::<2>().0);
            for (sum, (above, below)) in sums.iter_mut().zip(pairs) {
                *sum = u16::from(above[0]) + u16::from(above[1]) + u16::from(below[0]) + u16::from(below[1]);
            }
        }
        Self(sums)
    }

    #[inline(always)]
    fn weighed(&self, factors: [i32; 3], samples: &mut [u8]) {
        let [reds, greens, blues] = &self.0;
        for (((sample, red), green), blue) in samples.iter_mut().zip(reds).zip(greens).zip(blues) {
            *sample = narrow((weighed(i32::from(*red), i32::from(*green), i32::from(*blue), factors) >> 2) + CENTRE);
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
                let mut band = Band::default();
                OfRgb { pixels: Cow::Borrowed(&pixels), chroma }.make(0, 8, &mut band);
                assert_eq!(band.0.map(|samples| samples[samples.len() - 1]), ycc, "{rgb:?} {chroma:?}");
            }
        }
    }

    #[test]
    fn chroma_of_an_odd_side_is_halved_to_its_edge() {
        let red = |level: u8| [level, 0, 0];
        let samples = [red(0), red(100), red(200), red(40), red(60), red(80), red(8), red(16), red(24)];
        let size = Size { width: 3, height: 3 };
        let pixels = Pixels { kind: Kind::Rgb, size, samples: samples.as_flattened().to_vec() };
        let mut band = Band::default();
        OfRgb { pixels: Cow::Borrowed(&pixels), chroma: Chroma::Halved }.make(0, 16, &mut band);
        // 128 and half of 50, 140, 12 and 24.
        assert_eq!(band.0[2], [153, 198, 134, 140]);
    }
}
