//! The forward transform of blocks and their quantisation.
//!
//! The factored transform of Arai, Agui and Nakajima: five multiplications a line, and what it leaves out of the scale
//! is multiplied into the divisors. Eight blocks side by side, in loops that are long enough for a compiler to make of
//! them whatever registers there are.

use std::array::from_fn;

/// A table of divisors made ready to multiply by, for blocks side by side.
pub(super) struct Divisors([[f32; SIDE]; 8]);

impl Divisors {
    /// For a quantisation table in zigzag order.
    pub(super) fn of(table: &[u8; 64]) -> Self {
        let mut natural = [0.0; 64];
        for (divisor, place) in table.iter().zip(ZIGZAG) {
            natural[usize::from(place)] = f32::from(*divisor);
        }
        let factor =
            |across: usize, down: usize| 1.0 / (natural[down * 8 + across] * 8.0 * SCALE[across] * SCALE[down]);
        Self(from_fn(|across| from_fn(|at| factor(across, at % 8))))
    }
}

/// The quantised coefficients, in zigzag order, of the blocks that stand side by side in eight rows.
#[inline(always)]
pub(super) fn coefficients(rows: &[[u8; SIDE]; 8], divisors: &Divisors, blocks: &mut [[i16; 64]]) {
    let mut lines = [[0.0; SIDE]; 8];
    for (line, row) in lines.iter_mut().zip(rows) {
        for (value, sample) in line.iter_mut().zip(row) {
            *value = f32::from(*sample) - 128.0;
        }
    }
    transform(&mut lines);
    let mut turned = [[0.0; SIDE]; 8];
    for block in 0..SIDE / 8 {
        for (row, line) in lines.iter().enumerate() {
            for column in 0..8 {
                turned[column][block * 8 + row] = line[block * 8 + column];
            }
        }
    }
    transform(&mut turned);
    let mut quantised = [[0_i16; SIDE]; 8];
    for ((line, divisors), quantised) in turned.iter().zip(&divisors.0).zip(&mut quantised) {
        for ((value, divisor), quantised) in line.iter().zip(divisors).zip(quantised) {
            // Adding it pushes what is behind the point out of a float, rounded; what is left is read off its bits.
            #[expect(clippy::cast_possible_truncation, reason = "a coefficient has eleven bits and a sign")]
            let rounded = (value * divisor + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i16;
            *quantised = rounded;
        }
    }
    for (at, block) in blocks.iter_mut().enumerate() {
        for (value, place) in block.iter_mut().zip(ZIGZAG) {
            *value = quantised[usize::from(place % 8)][at * 8 + usize::from(place / 8)];
        }
    }
}

/// One transform along the first index for each of the second.
#[expect(clippy::needless_range_loop, reason = "one index into eight lines is the loop that is made wide")]
#[inline(always)]
fn transform(lines: &mut [[f32; SIDE]; 8]) {
    for at in 0..SIDE {
        let [a, b, c, d, e, f, g, h] = from_fn(|line| lines[line][at]);
        let (sum07, sum16, sum25, sum34) = (a + h, b + g, c + f, d + e);
        let (gap07, gap16, gap25, gap34) = (a - h, b - g, c - f, d - e);

        let (outer, inner) = (sum07 + sum34, sum16 + sum25);
        let (slope, rest) = (sum07 - sum34, sum16 - sum25);
        let turn = (rest + slope) * COS_4;

        let (low, mid, high) = (gap34 + gap25, gap25 + gap16, gap16 + gap07);
        let shared = (low - high) * COS_6;
        let (first, last) = (low * COS_2_LESS_6 + shared, high * COS_2_PLUS_6 + shared);
        let middle = mid * COS_4;
        let (above, below) = (gap07 + middle, gap07 - middle);

        lines[0][at] = outer + inner;
        lines[1][at] = above + last;
        lines[2][at] = slope + turn;
        lines[3][at] = below - first;
        lines[4][at] = outer - inner;
        lines[5][at] = below + first;
        lines[6][at] = slope - turn;
        lines[7][at] = above - last;
    }
}

/// Where the coefficients in zigzag order are in a block, row after row. Source: T.81, figure 5.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// What the factored transform makes coefficient k too large by: 1 for the mean, else the cosine of k sixteenths of a
/// half turn, times the root of 2.
const SCALE: [f32; 8] = [1.0, 1.387_039_9, 1.306_563, 1.175_875_6, 1.0, 0.785_694_96, 0.541_196_1, 0.275_899_38];

/// Cosines of sixteenths of a half turn, and sums of them.
const COS_4: f32 = std::f32::consts::FRAC_1_SQRT_2;
const COS_6: f32 = 0.382_683_43;
const COS_2_LESS_6: f32 = 0.541_196_1;
const COS_2_PLUS_6: f32 = 1.306_563;
/// One and a half times 2 to the 23rd: the last bit of a float of this size stands for 1.
const ROUND: f32 = 12_582_912.0;
/// Samples of eight blocks side by side: enough for the compiler to work on as many as a register holds.
pub(super) const SIDE: usize = 64;
