//! From coefficients to samples, at full size or straight at a reduced one.
//!
//! A block of 8x8 coefficients reduced to NxN samples is the inverse transform of size N of its NxN lowest frequencies:
//! a low-pass and a reduction in one. The arithmetic is in `f32`, which every vector unit multiplies and which no
//! coefficient overflows; its error is below a thousandth of a sample. Factors that only depend on the frequency are in
//! the multipliers.

use std::array;
use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

/// For each coefficient in zigzag order, where it goes in a block of `N` columns; [`NOWHERE`] when a picture at this
/// scale does not need it.
#[expect(clippy::cast_possible_truncation, reason = "a block has 64 places")]
pub(super) const fn places<const N: usize>() -> [u8; 64] {
    let mut places = [NOWHERE; 64];
    let (mut n, mut x, mut y) = (0, 0, 0);
    while n < 64 {
        if x < N && y < N {
            places[n] = (y * N + x) as u8;
        }
        // Diagonals, in turn upwards and downwards.
        if (x + y) % 2 == 0 {
            match (x, y) {
                (7, _) => y += 1,
                (_, 0) => x += 1,
                _ => (x, y) = (x + 1, y - 1),
            }
        } else {
            match (x, y) {
                (_, 7) => x += 1,
                (0, _) => y += 1,
                _ => (x, y) = (x - 1, y + 1),
            }
        }
        n += 1;
    }
    places
}

/// The last coefficient, in zigzag order, that a picture at this scale needs.
pub(super) const fn last<const N: usize>() -> usize {
    let places = places::<N>();
    let mut last = 63;
    while N < 8 && places[last] == NOWHERE {
        last -= 1;
    }
    last
}

/// What each coefficient, in zigzag order, is multiplied with before the transform of size `N`.
#[expect(clippy::cast_possible_truncation, reason = "the nearest `f32` is meant")]
pub(super) fn multipliers<const N: usize>(quantisation: &[u16; 64]) -> [f32; 64] {
    let factor = |frequency: usize| {
        let angle = f64::from(u8::try_from(frequency).unwrap_or_default()) * PI / 16.0;
        match (N, frequency) {
            (_, 0) => 0.125_f64.sqrt(),
            (8, _) => SQRT_2 * angle.cos() * 0.125_f64.sqrt(),
            (2, 1) | (4, 2) => 0.5 * FRAC_1_SQRT_2,
            _ => 0.5,
        }
    };
    let mut multipliers = [0.0; 64];
    for (n, place) in places::<8>().into_iter().map(usize::from).enumerate() {
        let exact = f64::from(quantisation[n]) * factor(place % 8) * factor(place / 8);
        multipliers[n] = exact as f32;
    }
    multipliers
}

/// The samples of a block of multiplied coefficients, into `N` rows of `plane` from `at` on.
#[inline(always)]
pub(super) fn transform<const N: usize>(block: &[f32; 64], plane: &mut [u8], at: usize, stride: usize) {
    match N {
        8 => store(turned(eight(turned(eight(rows(block))))), plane, at, stride),
        4 => store(turned(four(turned(four(rows(block))))), plane, at, stride),
        2 => store(turned(two(turned(two(rows(block))))), plane, at, stride),
        _ => plane[at] = sample(block[0]),
    }
}

/// Blocks side by side: for each of their places, in rows of `N`, as many numbers.
pub(super) struct Blocks {
    /// The coefficients.
    pub(super) values: [[f32; LANES]; 64],
    samples: [[u32; LANES]; 64],
}

impl Blocks {
    pub(super) fn new() -> Self {
        Self { values: [[0.0; LANES]; 64], samples: [[0; LANES]; 64] }
    }

    /// Their samples, a row of all blocks at a time: the same arithmetic as [`transform`].
    #[inline(always)]
    pub(super) fn samples<const N: usize>(&mut self, multipliers: &[f32; 64], mut row: impl FnMut(usize, &[u8])) {
        let Self { values, samples } = self;
        // A loop over lanes with nothing but arithmetic in it is what compilers make vector instructions of.
        for lane in 0..LANES {
            let mut block = [0.0; 64];
            for place in 0..N * N {
                block[place] = values[place][lane] * multipliers[place];
            }
            match N {
                8 => spread(turned(eight(turned(eight(rows(&block))))), samples, lane),
                4 => spread(turned(four(turned(four(rows(&block))))), samples, lane),
                2 => spread(turned(two(turned(two(rows(&block))))), samples, lane),
                _ => samples[0][lane] = word(block[0]),
            }
        }
        for y in 0..N {
            let at = |x: usize| samples[N * y + x];
            let mut bytes = [[0; N]; LANES];
            match N {
                8 => {
                    let [low, high] = [[at(0), at(1), at(2), at(3)], [at(4), at(5), at(6), at(7)]].map(joined);
                    for (n, to) in bytes.iter_mut().enumerate() {
                        to[..4].copy_from_slice(&low[n].to_le_bytes());
                        to[4..].copy_from_slice(&high[n].to_le_bytes());
                    }
                }
                4 => {
                    for (to, word) in bytes.iter_mut().zip(joined([at(0), at(1), at(2), at(3)])) {
                        to.copy_from_slice(&word.to_le_bytes());
                    }
                }
                2 => {
                    for (to, word) in bytes.iter_mut().zip(joined([at(0), at(1)])) {
                        to.copy_from_slice(&word.to_le_bytes()[..2]);
                    }
                }
                _ => {
                    for (to, word) in bytes.iter_mut().zip(at(0)) {
                        to[0] = word.to_le_bytes()[0];
                    }
                }
            }
            row(y, bytes.as_flattened());
        }
    }
}

#[inline(always)]
fn spread<const N: usize>(rows: [[f32; N]; N], samples: &mut [[u32; LANES]; 64], lane: usize) {
    for (y, row) in rows.into_iter().enumerate() {
        for (x, level) in row.into_iter().enumerate() {
            samples[N * y + x][lane] = word(level);
        }
    }
}

/// Samples beside each other in one word, the first one at the bottom.
#[inline(always)]
fn joined<const M: usize>(samples: [[u32; LANES]; M]) -> [u32; LANES] {
    array::from_fn(|lane| (0..M).fold(0, |word, x| word | samples[x][lane] << (8 * x)))
}

/// A block without detail.
#[inline(always)]
pub(super) fn flat<const N: usize>(level: f32, plane: &mut [u8], at: usize, stride: usize) {
    let sample = sample(level);
    for row in plane[at..].chunks_mut(stride).take(N) {
        row[..N].fill(sample);
    }
}

/// A level as a sample. Halves go up, as in every integer decoder, and so does what `f32` leaves just below one.
#[inline(always)]
pub(super) fn sample(level: f32) -> u8 {
    word(level).to_le_bytes()[0]
}

/// A level as a sample in a word.
#[inline(always)]
fn word(level: f32) -> u32 {
    // Written as comparisons, which are one vector instruction each.
    let shifted = level + (128.0 + 1.0 / 64.0);
    let above = if shifted > 0.0 { shifted } else { 0.0 };
    let within = if above < 255.0 { above } else { 255.0 };
    // Numbers of this size have no bits behind the point, so the sum is rounded to a whole one, which stands at the
    // bottom.
    (within + ROUND).to_bits() & 0xFF
}

/// The multipliers of a channel by the place in a block of `N` columns.
pub(super) fn by_place<const N: usize>(multipliers: &[f32; 64]) -> [f32; 64] {
    let mut placed = [0.0; 64];
    for (place, multiplier) in places::<N>().into_iter().zip(multipliers).rev() {
        placed[usize::from(place)] = *multiplier;
    }
    placed
}

#[inline(always)]
fn rows<const N: usize>(block: &[f32; 64]) -> [[f32; N]; N] {
    array::from_fn(|y| array::from_fn(|x| block[y * N + x]))
}

#[inline(always)]
fn store<const N: usize>(rows: [[f32; N]; N], plane: &mut [u8], at: usize, stride: usize) {
    for (target, row) in plane[at..].chunks_mut(stride).zip(rows) {
        target[..N].copy_from_slice(&row.map(sample));
    }
}

#[inline(always)]
fn turned<const N: usize>(rows: [[f32; N]; N]) -> [[f32; N]; N] {
    array::from_fn(|y| array::from_fn(|x| rows[x][y]))
}

/// The columns of a 2x2 block.
#[inline(always)]
fn two(rows: [[f32; 2]; 2]) -> [[f32; 2]; 2] {
    let [low, high] = rows.map(Row);
    [low + high, low - high].map(|row| row.0)
}

/// The columns of a 4x4 block.
#[inline(always)]
fn four(rows: [[f32; 4]; 4]) -> [[f32; 4]; 4] {
    let [f0, f1, f2, f3] = rows.map(Row);
    let (outer, inner) = (f0 + f2, f0 - f2);
    let (steep, gentle) = (f1 * COS_1_8 + f3 * COS_3_8, f1 * COS_3_8 - f3 * COS_1_8);
    [outer + steep, inner + gentle, inner - gentle, outer - steep].map(|row| row.0)
}

/// The columns of an 8x8 block, by the factorisation of Arai, Agui and Nakajima (1988): five multiplications a column.
#[inline(always)]
fn eight(rows: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
    let [f0, f1, f2, f3, f4, f5, f6, f7] = rows.map(Row);
    let (sum, difference) = (f0 + f4, f0 - f4);
    let outer = f2 + f6;
    let inner = (f2 - f6) * ROOT_2 - outer;
    let even = [sum + outer, difference + inner, difference - inner, sum - outer];
    let (a, b, c, d) = (f5 + f3, f5 - f3, f1 + f7, f1 - f7);
    let o0 = c + a;
    let turn = (b + d) * TWICE_COS_1_8;
    let o1 = turn - b * TWICE_SUM - o0;
    let o2 = (c - a) * ROOT_2 - o1;
    let o3 = turn - d * TWICE_DIFFERENCE - o2;
    [even[0] + o0, even[1] + o1, even[2] + o2, even[3] + o3, even[3] - o3, even[2] - o2, even[1] - o1, even[0] - o0]
        .map(|row| row.0)
}

/// A row whose columns go through the same arithmetic side by side.
#[derive(Clone, Copy)]
struct Row<const N: usize>([f32; N]);

impl<const N: usize> std::ops::Add for Row<N> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(array::from_fn(|x| self.0[x] + other.0[x]))
    }
}

impl<const N: usize> std::ops::Sub for Row<N> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(array::from_fn(|x| self.0[x] - other.0[x]))
    }
}

impl<const N: usize> std::ops::Mul<f32> for Row<N> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        Self(array::from_fn(|x| self.0[x] * factor))
    }
}

/// How many blocks are transformed side by side.
pub(super) const LANES: usize = 16;

/// A place that no transform below 8x8 reads; in a full block it is the place of the last coefficient.
pub(super) const NOWHERE: u8 = 63;

/// 1.5 times 2^23: from here on an `f32` is a whole number.
const ROUND: f32 = 12_582_912.0;

// cos(pi/8), cos(3 pi/8), and what the factorisation makes of them.
const COS_1_8: f32 = 0.923_879_5;
const COS_3_8: f32 = 0.382_683_43;
const ROOT_2: f32 = std::f32::consts::SQRT_2;
const TWICE_COS_1_8: f32 = 1.847_759_1;
const TWICE_DIFFERENCE: f32 = 1.082_392_2;
const TWICE_SUM: f32 = 2.613_126;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lowest_frequencies_have_a_place() {
        assert_eq!([last::<1>(), last::<2>(), last::<4>(), last::<8>()], [0, 4, 24, 63]);
        assert_eq!(places::<2>()[..6], [0, 1, 2, NOWHERE, 3, NOWHERE]);
        let mut all = places::<8>();
        assert_eq!(all[..6], [0, 1, 8, 16, 9, 2]);
        assert_eq!(all[58..], [61, 54, 47, 55, 62, 63]);
        all.sort_unstable();
        assert!(all.into_iter().eq(0..64));
    }

    #[test]
    fn each_size_is_the_transform_by_definition() {
        each_frequency::<1>();
        each_frequency::<2>();
        each_frequency::<4>();
        each_frequency::<8>();
    }

    fn each_frequency<const N: usize>() {
        let multipliers = multipliers::<N>(&[1; 64]);
        for (n, place) in places::<8>().into_iter().map(usize::from).enumerate() {
            let (u, v) = (place % 8, place / 8);
            if u >= N || v >= N {
                continue;
            }
            let mut block = [0.0; 64];
            block[v * N + u] = 400.0 * multipliers[n];
            let mut samples = vec![7; N * 10];
            transform::<N>(&block, &mut samples, 1, 10);
            for (y, row) in samples.chunks(10).enumerate() {
                for x in 0..N {
                    let level = 400.0 * basis::<N>(u, x) * basis::<N>(v, y) + 128.0;
                    let difference = f64::from(row[1 + x]) - level.clamp(0.0, 255.0);
                    assert!(difference.abs() <= 0.52, "{N}: frequency {u} {v} at {x} {y}: {difference}");
                }
                assert_eq!((row[0], &row[1 + N..]), (7, &*vec![7; 9 - N]));
            }
        }
    }

    /// T.81, A.3.3, for `N` samples.
    fn basis<const N: usize>(frequency: usize, at: usize) -> f64 {
        let count = f64::from(u8::try_from(N).unwrap());
        let angle = f64::from(u8::try_from((2 * at + 1) * frequency).unwrap()) * PI / (2.0 * count);
        if frequency == 0 { 0.125_f64.sqrt() } else { 0.5 * angle.cos() }
    }

    #[test]
    fn halves_go_up_and_levels_stay_in_range() {
        let levels = [-1e9, -128.6, -128.0, -0.5, 0.0, 0.5, 1.5, 126.4, 127.4, 127.5, 1e9];
        assert_eq!(levels.map(sample), [0, 0, 0, 128, 128, 129, 130, 254, 255, 255, 255]);
    }
}
