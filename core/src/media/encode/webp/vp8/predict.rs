//! What a block is expected to look like, from the pixels that a decoder has already. Source: RFC 6386, 12.

use super::modes::{FINE, Whole};
use super::transform::{Blocks, LANES, Lanes, NONE};

/// What surrounds a square of `N` pixels a side: the row above and the column to the left, and their corner.
#[derive(Clone)]
pub(super) struct Edges<const N: usize> {
    pub(super) above: [u8; N],
    pub(super) left: [u8; N],
    pub(super) corner: u8,
    /// Whether there are pixels above, and to the left. Where there are none, what stands for them has no mean.
    pub(super) real: [bool; 2],
}

impl<const N: usize> Edges<N> {
    #[inline(always)]
    fn mean(&self) -> i16 {
        let n = N as u32;
        let (mut above, mut left) = (0, 0);
        for at in 0..N {
            above += u32::from(self.above[at]);
            left += u32::from(self.left[at]);
        }
        let mean = match self.real {
            [true, true] => (above + left + n) / (2 * n),
            [true, false] => (above + n / 2) / n,
            [false, true] => (left + n / 2) / n,
            [false, false] => 128,
        };
        mean as i16
    }
}

/// What surrounds a macroblock, for each of its blocks.
pub(super) struct Sides {
    above: [Lanes; 4],
    left: [Lanes; 4],
    corner: Lanes,
    mean: Lanes,
}

impl Sides {
    /// Of luma, in sixteen blocks.
    #[inline(always)]
    pub(super) fn of_luma(edges: &Edges<16>) -> Self {
        let (corner, mean) = ([i16::from(edges.corner); LANES], [edges.mean(); LANES]);
        let mut sides = Self { above: [[0; LANES]; 4], left: [[0; LANES]; 4], corner, mean };
        for lane in 0..LANES {
            for at in 0..4 {
                sides.above[at][lane] = i16::from(edges.above[lane % 4 * 4 + at]);
                sides.left[at][lane] = i16::from(edges.left[lane / 4 * 4 + at]);
            }
        }
        sides
    }

    /// Of both planes of chroma, which are four blocks each, twice over.
    #[inline(always)]
    pub(super) fn of_chroma(edges: &[Edges<8>; 2]) -> Self {
        let means = [edges[0].mean(), edges[1].mean()];
        let mut sides = Self { above: [[0; LANES]; 4], left: [[0; LANES]; 4], corner: [0; LANES], mean: [0; LANES] };
        for lane in 0..LANES {
            let plane = lane / 4 % 2;
            for at in 0..4 {
                sides.above[at][lane] = i16::from(edges[plane].above[lane % 2 * 4 + at]);
                sides.left[at][lane] = i16::from(edges[plane].left[lane / 2 % 2 * 4 + at]);
            }
            sides.corner[lane] = i16::from(edges[plane].corner);
            sides.mean[lane] = means[plane];
        }
        sides
    }

    /// All blocks, predicted in one way.
    #[inline(always)]
    pub(super) fn predict(&self, mode: Whole) -> Blocks {
        let mut pixels = NONE;
        for at in 0..16 {
            let (above, left) = (&self.above[at % 4], &self.left[at / 4]);
            match mode {
                Whole::Mean => pixels[at] = self.mean,
                Whole::Down => pixels[at] = *above,
                Whole::Across => pixels[at] = *left,
                Whole::Slope => {
                    for lane in 0..LANES {
                        pixels[at][lane] = (above[lane] + left[lane] - self.corner[lane]).clamp(0, 255);
                    }
                }
            }
        }
        pixels
    }

    /// The first eight blocks in one way, the others in another.
    #[inline(always)]
    pub(super) fn predict_two(&self, modes: [Whole; 2]) -> Blocks {
        let mut both = self.predict(modes[0]);
        let second = self.predict(modes[1]);
        for at in 0..16 {
            for lane in 8..LANES {
                both[at][lane] = second[at][lane];
            }
        }
        both
    }
}

/// A small block in all ten ways, a lane each. `edge` runs from the lowest pixel to the left over the corner to the
/// eighth above.
#[inline(always)]
pub(super) fn fine(edge: &[u8; 13]) -> Blocks {
    let mut e = [0; 13];
    for at in 0..13 {
        e[at] = i16::from(edge[at]);
    }
    let mut values = [0; 64];
    for at in 0..11 {
        values[SMOOTH + at] = (e[at] + 2 * e[at + 1] + e[at + 2] + 2) >> 2;
    }
    for at in 0..12 {
        values[MIDDLE + at] = (e[at] + e[at + 1] + 1) >> 1;
    }
    values[LOW] = (e[1] + 3 * e[0] + 2) >> 2;
    values[HIGH] = (e[11] + 3 * e[12] + 2) >> 2;
    values[LAST] = e[0];
    values[MEAN] = (e[0] + e[1] + e[2] + e[3] + e[5] + e[6] + e[7] + e[8] + 4) >> 3;
    for row in 0..4 {
        for column in 0..4 {
            values[SLOPE + row * 4 + column] = (e[3 - row] + e[5 + column] - e[4]).clamp(0, 255);
        }
    }
    [
        ways::<0>(&values),
        ways::<1>(&values),
        ways::<2>(&values),
        ways::<3>(&values),
        ways::<4>(&values),
        ways::<5>(&values),
        ways::<6>(&values),
        ways::<7>(&values),
        ways::<8>(&values),
        ways::<9>(&values),
        ways::<10>(&values),
        ways::<11>(&values),
        ways::<12>(&values),
        ways::<13>(&values),
        ways::<14>(&values),
        ways::<15>(&values),
    ]
}

/// One pixel in all ways: a function for each of the sixteen, so that where its values are is known beforehand.
#[inline(always)]
fn ways<const AT: usize>(values: &[i16; 64]) -> [i16; LANES] {
    let mut ways = [0; LANES];
    let mut mode = 0;
    while mode < FINE {
        ways[mode] = values[PLACES[AT][mode] as usize % 64];
        mode += 1;
    }
    ways
}

/// Where in the values of [`fine`] the pixels of each way are.
const PLACES: [[u8; FINE]; 16] = places();

/// Means of three pixels of the edge, weighing 1, 2 and 1, by the first of them.
const SMOOTH: usize = 0;
/// Means of two.
const MIDDLE: usize = SMOOTH + 11;
/// Means of three beyond the ends, where the last pixel counts again.
const LOW: usize = MIDDLE + 12;
const HIGH: usize = LOW + 1;
/// The lowest pixel to the left.
const LAST: usize = HIGH + 1;
const MEAN: usize = LAST + 1;
/// Above and left summed, less the corner, for each pixel.
const SLOPE: usize = MEAN + 1;

const fn places() -> [[u8; FINE]; 16] {
    let mut places = [[0; FINE]; 16];
    let mut at = 0;
    while at < 16 {
        let (x, y) = (at % 4, at / 4);
        let left_down = if x + y == 6 { HIGH } else { SMOOTH + 5 + x + y };
        let right_down = SMOOTH + 3 + x - y;
        let steep_right = match (x, y) {
            (_, 0) => MIDDLE + 4 + x,
            (_, 1) => SMOOTH + 3 + x,
            (0, 2) => SMOOTH + 2,
            (_, 2) => MIDDLE + 3 + x,
            (0, _) => SMOOTH + 1,
            _ => SMOOTH + 2 + x,
        };
        let steep_left = match (x, y) {
            (_, 0) => MIDDLE + 5 + x,
            (_, 1) => SMOOTH + 5 + x,
            (3, 2) => SMOOTH + 9,
            (_, 2) => MIDDLE + 6 + x,
            (3, _) => SMOOTH + 10,
            _ => SMOOTH + 6 + x,
        };
        let flat_down = match (x, y) {
            (0, _) => MIDDLE + 3 - y,
            (1, _) => SMOOTH + 3 - y,
            (_, 0) => SMOOTH + 2 + x,
            (2, _) => MIDDLE + 4 - y,
            _ => SMOOTH + 4 - y,
        };
        let flat_up = match x + 2 * y {
            0 => MIDDLE + 2,
            1 => SMOOTH + 1,
            2 => MIDDLE + 1,
            3 => SMOOTH,
            4 => MIDDLE,
            5 => LOW,
            _ => LAST,
        };
        let across = if y == 3 { LOW } else { SMOOTH + 2 - y };
        let all = [
            MEAN,
            SLOPE + at,
            SMOOTH + 4 + x,
            across,
            left_down,
            right_down,
            steep_right,
            steep_left,
            flat_down,
            flat_up,
        ];
        let mut mode = 0;
        while mode < FINE {
            places[at][mode] = all[mode] as u8;
            mode += 1;
        }
        at += 1;
    }
    places
}
