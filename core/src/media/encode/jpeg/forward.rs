//! The forward transform of blocks and their quantisation.
//!
//! The factored transform of Arai, Agui and Nakajima: five multiplications a line, and what it leaves out of the scale
//! is multiplied into the divisors. Eight blocks are done at a time, and samples of one place in all eight stand side
//! by side, so that neither the transform nor the order of coefficients in a file asks for anything to change its lane.

use std::array::from_fn;

use wide::{i8x16, i16x16, u8x16, u16x8};

/// The quantised coefficients of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// In zigzag order. Of those that `some` does not name, only the first may be relied on.
    pub(super) values: [i16; 64],
    /// A bit for each that is not zero, the mean's lowest.
    pub(super) some: u64,
}

impl Block {
    pub(super) const EMPTY: Self = Self { values: [0; 64], some: 0 };
}

/// A table of divisors made ready to multiply by.
pub(super) struct Divisors {
    /// First index across, second down and then block.
    wide: [[f32; SIDE]; 8],
}

impl Divisors {
    /// For a quantisation table in zigzag order.
    pub(super) fn of(table: &[u8; 64]) -> Self {
        let mut natural = [0.0; 64];
        for (divisor, place) in table.iter().zip(ZIGZAG) {
            natural[usize::from(place)] = f32::from(*divisor);
        }
        let factor =
            |across: usize, down: usize| 1.0 / (natural[down * 8 + across] * 8.0 * SCALE[across] * SCALE[down]);
        Self { wide: from_fn(|across| from_fn(|at| factor(across, at / 8))) }
    }

    /// The quantised mean of a block whose samples are all the same: what [`coefficients`] comes to.
    #[inline(always)]
    pub(super) fn mean(&self, sample: u8) -> i16 {
        quantised((f32::from(sample) - 128.0) * 64.0, self.wide[0][0])
    }
}

/// The quantised coefficients of eight blocks that stand side by side in eight rows, put to the `places` of `blocks`:
/// as many of the eight as there are places.
#[inline(always)]
pub(super) fn coefficients(rows: &[[u8; SIDE]; 8], divisors: &Divisors, blocks: &mut [Block], places: &[usize]) {
    let mut lines = [[0.0; SIDE]; 8];
    for (line, row) in lines.iter_mut().zip(rows) {
        let row = side_by_side(row);
        for (value, sample) in line.iter_mut().zip(&row) {
            *value = f32::from(*sample) - 128.0;
        }
    }
    transform(&mut lines);
    let mut turned = [[0.0; SIDE]; 8];
    for (row, line) in lines.iter().enumerate() {
        for (turned, values) in turned.iter_mut().zip(line.as_chunks::<8>().0) {
            turned.as_chunks_mut::<8>().0[row] = *values;
        }
    }
    transform(&mut turned);
    let mut all = [[0_i16; SIDE]; 8];
    for ((line, divisors), all) in turned.iter().zip(&divisors.wide).zip(&mut all) {
        for ((value, divisor), to) in line.iter().zip(divisors).zip(all) {
            *to = quantised(*value, *divisor);
        }
    }
    for (eighth, order) in ZIGZAG.as_chunks::<8>().0.iter().enumerate() {
        let mut values = [u16x8::ZERO; 8];
        for (values, place) in values.iter_mut().zip(order) {
            let (across, down) = (usize::from(place % 8), usize::from(place / 8));
            *values = bytemuck::cast(all[across].as_chunks::<8>().0[down]);
        }
        let of_blocks = u16x8::transpose(values);
        for (values, place) in of_blocks.into_iter().zip(places) {
            blocks[*place].values.as_chunks_mut::<8>().0[eighth] = bytemuck::cast(values);
        }
    }
    for place in places {
        let block = &mut blocks[*place];
        block.some = some(&block.values);
    }
}

/// A bit for each value that is not zero, the first one's lowest.
#[inline(always)]
fn some(values: &[i16; 64]) -> u64 {
    let mut some = 0;
    for (at, values) in values.as_chunks::<16>().0.iter().enumerate() {
        // Saturating, so that nothing becomes zero that is not.
        let narrow = i8x16::from_i16x16_saturate(bytemuck::cast::<_, i16x16>(*values));
        let zeros = narrow.simd_eq(i8x16::ZERO).to_bitmask();
        some |= u64::from(!zeros & 0xFFFF) << (16 * at);
    }
    some
}

#[inline(always)]
fn quantised(value: f32, divisor: f32) -> i16 {
    // Adding it pushes what is behind the point out of a float, rounded; what is left is read off its bits.
    #[expect(clippy::cast_possible_truncation, reason = "a coefficient has eleven bits and a sign")]
    let rounded = (value * divisor + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i16;
    rounded
}

/// A row of eight blocks, block after block, as eight columns with a sample of each block.
#[inline(always)]
fn side_by_side(row: &[u8; SIDE]) -> [u8; SIDE] {
    let [a, b, c, d]: [u8x16; 4] = bytemuck::cast(*row);
    let (ac, next_ac) = (u8x16::unpack_low(a, c), u8x16::unpack_high(a, c));
    let (bd, next_bd) = (u8x16::unpack_low(b, d), u8x16::unpack_high(b, d));
    let (even, next_even) = (u8x16::unpack_low(ac, bd), u8x16::unpack_high(ac, bd));
    let (odd, next_odd) = (u8x16::unpack_low(next_ac, next_bd), u8x16::unpack_high(next_ac, next_bd));
    bytemuck::cast([
        u8x16::unpack_low(even, odd),
        u8x16::unpack_high(even, odd),
        u8x16::unpack_low(next_even, next_odd),
        u8x16::unpack_high(next_even, next_odd),
    ])
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
/// Samples of a row of eight blocks.
pub(super) const SIDE: usize = 64;

#[cfg(test)]
mod tests {
    use super::super::tables::divisors;
    use super::*;

    #[test]
    fn a_block_of_one_sample_is_what_the_transform_makes_of_it() {
        for quality in [1, 30, 50, 85, 100] {
            for divisors in divisors(quality).each_ref().map(Divisors::of) {
                for sample in 0..=255 {
                    let mut blocks = [Block::EMPTY];
                    coefficients(&[[sample; SIDE]; 8], &divisors, &mut blocks, &[0]);
                    let mean = divisors.mean(sample);
                    assert_eq!((blocks[0].values[0], blocks[0].some), (mean, u64::from(mean != 0)));
                }
            }
        }
    }

    #[test]
    fn each_of_eight_blocks_is_made_of_its_own_samples() {
        let mut random = fastrand::Rng::with_seed(8);
        let samples: [[u8; SIDE]; 8] = from_fn(|_| from_fn(|_| random.u8(..)));
        let divisors = Divisors::of(&[1; 64]);
        let mut blocks = [Block::EMPTY; 8];
        coefficients(&samples, &divisors, &mut blocks, &[7, 6, 5, 4, 3, 2, 1, 0]);
        for (at, block) in blocks.iter().rev().enumerate() {
            for (value, place) in block.values.iter().zip(ZIGZAG) {
                let expected = by_definition(&samples, at * 8, place);
                assert!((f64::from(*value) - expected).abs() < 0.51, "block {at}, place {place}: {value} {expected}");
            }
            let some = (0..64).filter(|at| block.values[*at] != 0).fold(0, |some, at| some | 1_u64 << at);
            assert_eq!(block.some, some);
        }
    }

    /// Source: T.81, A.3.3.
    fn by_definition(samples: &[[u8; SIDE]; 8], left: usize, place: u8) -> f64 {
        let wave = |at: u8, frequency: u8| {
            (f64::from(2 * at + 1) * f64::from(frequency) * std::f64::consts::PI / 16.0).cos()
                * if frequency == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 }
        };
        let mut sum = 0.0;
        for y in 0..8 {
            for x in 0..8 {
                let sample = f64::from(samples[usize::from(y)][left + usize::from(x)]) - 128.0;
                sum += sample * wave(x, place % 8) * wave(y, place / 8);
            }
        }
        sum / 4.0
    }
}
