//! How coarsely coefficients are told, and what a bit is worth against what it spares.

use super::super::super::super::vp8::tables::{MEAN_STEPS, STEPS, STEPS_OF_MEANS, ZIGZAG};
use super::transform::{Blocks, LANES, Lanes, NONE};

/// All that depends on how coarse a segment is.
#[derive(Clone)]
pub(super) struct Quantiser {
    /// 0 to 127, from fine to coarse.
    pub(super) index: u8,
    pub(super) luma: Matrix,
    pub(super) means: Matrix,
    pub(super) chroma: Matrix,
    pub(super) worth: Worth,
}

/// What 1/256 of a bit is worth in 1/256 of a squared difference, at each of the decisions.
#[derive(Clone)]
pub(super) struct Worth {
    pub(super) whole: u64,
    pub(super) fine: u32,
    pub(super) chroma: u64,
    /// Between a macroblock as a whole and in sixteen blocks.
    pub(super) split: u64,
    /// What lost texture counts, in 1/256.
    pub(super) texture: u32,
    /// Squared difference below which means alone are good enough.
    pub(super) smooth: u64,
}

impl Quantiser {
    /// `chroma` is how much coarser than luma chroma is told: its means and the rest.
    pub(super) fn new(index: u8, chroma: [i8; 2]) -> Self {
        let at = |delta: i8, most: u8| usize::from(index.saturating_add_signed(delta).min(most));
        let luma = Matrix::new([MEAN_STEPS[at(0, 127)].into(), STEPS[at(0, 127)]], [96, 110], &SHARPNESS);
        let means = Matrix::new([MEAN_STEPS[at(0, 127)] as u16 * 2, STEPS_OF_MEANS[at(0, 127)]], [96, 108], &[0; 16]);
        // Source: RFC 6386, 9.6: the step of chroma's means ends at 132.
        let chroma =
            Matrix::new([MEAN_STEPS[at(chroma[0], 117)].into(), STEPS[at(chroma[1], 127)]], [110, 115], &[0; 16]);
        let square = |matrix: &Matrix| u64::from(matrix.average()) * u64::from(matrix.average());
        let worth = Worth {
            whole: 3 * square(&means),
            fine: u32::try_from((3 * square(&luma)) >> 7).unwrap_or(u32::MAX).max(1),
            chroma: ((3 * square(&chroma)) >> 6).max(1),
            split: (square(&luma) >> 7).max(1),
            texture: ((50 * luma.average()) >> 5).max(1),
            smooth: 20 * u64::from(luma.step[0][0].cast_unsigned()),
        };
        Self { index, luma, means, chroma, worth }
    }
}

/// Steps of the sixteen coefficients of a block, in zigzag order, the same for every lane.
#[derive(Clone)]
pub(super) struct Matrix {
    pub(super) step: Blocks,
    /// 65 536 divided by the step.
    reciprocal: [[u16; LANES]; 16],
    /// What is added before dividing, so that less than half a step is rounded down: it costs less than it shows.
    bias: [[u16; LANES]; 16],
}

impl Matrix {
    /// Of the step for means and the one for the rest, with their biases in 1/256 of a step and what is added to
    /// coefficients in 1/2048 of a step.
    fn new(steps: [u16; 2], biases: [u32; 2], sharpness: &[u32; 16]) -> Self {
        let mut matrix = Self { step: NONE, reciprocal: [[0; LANES]; 16], bias: [[0; LANES]; 16] };
        for (n, sharpness) in sharpness.iter().enumerate() {
            let (step, bias) = (steps[n.min(1)], biases[n.min(1)]);
            let narrow = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
            matrix.step[n] = [step.cast_signed(); LANES];
            matrix.reciprocal[n] = [narrow(65_536 / u32::from(step) + 1); LANES];
            matrix.bias[n] = [narrow(((u32::from(step) * bias) >> 8) + ((u32::from(step) * sharpness) >> 11)); LANES];
        }
        matrix
    }

    fn average(&self) -> u32 {
        (self.step.iter().map(|step| u32::from(step[0].cast_unsigned())).sum::<u32>() + 8) >> 4
    }

    /// Replaces `coefficients` by what a decoder will have of them, and says how they are told: for each place in
    /// zigzag order the level in each block, its size, which is at most [`TALLEST`], and up to which of them there are any.
    #[inline(always)]
    pub(super) fn quantise(&self, coefficients: &mut Blocks, levels: &mut Blocks, sizes: &mut Blocks) -> Lanes {
        let mut ends = [0; LANES];
        for n in 0..16 {
            let coefficients = &mut coefficients[usize::from(ZIGZAG[n])];
            let (step, bias, reciprocal) = (&self.step[n], &self.bias[n], &self.reciprocal[n]);
            for lane in 0..LANES {
                let size = size(coefficients[lane], bias[lane], reciprocal[lane]);
                let level = if coefficients[lane] < 0 { -size } else { size };
                levels[n][lane] = level;
                sizes[n][lane] = size.min(TALLEST);
                coefficients[lane] = level * step[lane];
                ends[lane] = if size == 0 { ends[lane] } else { n as i16 + 1 };
            }
        }
        ends
    }

    #[inline(always)]
    pub(super) fn level(&self, n: usize, coefficient: i16) -> i16 {
        let size = size(coefficient, self.bias[n][0], self.reciprocal[n][0]);
        if coefficient < 0 { -size } else { size }
    }
}

#[inline(always)]
fn size(coefficient: i16, bias: u16, reciprocal: u16) -> i16 {
    let upper = (u32::from(coefficient.unsigned_abs() + bias) * u32::from(reciprocal)) >> 16;
    (upper as u16).cast_signed()
}

/// One of sixteen blocks that are told side by side.
#[inline(always)]
pub(super) fn block(levels: &Blocks, lane: usize) -> Lanes {
    let mut block = [0; 16];
    for n in 0..16 {
        block[n] = levels[n][lane];
    }
    block
}

/// What costs are computed for; larger levels are rare and cost little more.
pub(super) const TALLEST: i16 = 62;

/// Coefficients of high frequency are taken for a little more than they are, in 1/2048 of a step: what is rounded
/// away there shows as blur.
const SHARPNESS: [u32; 16] = [0, 30, 30, 60, 60, 60, 90, 90, 90, 90, 90, 90, 90, 90, 90, 90];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coefficient_is_told_to_within_a_step() {
        for index in 0..=127 {
            let quantiser = Quantiser::new(index, [-2, 6]);
            for matrix in [&quantiser.luma, &quantiser.means, &quantiser.chroma] {
                for n in [0, 1, 5, 15] {
                    let step = matrix.step[n][0];
                    for coefficient in -2100..=2100 {
                        let told = matrix.level(n, coefficient) * step;
                        assert!(told.abs_diff(coefficient) < step.unsigned_abs(), "{coefficient} by {step}: {told}");
                        assert!(told == 0 || (told < 0) == (coefficient < 0), "{coefficient} by {step}: {told}");
                    }
                }
            }
        }
    }

    #[test]
    fn steps_and_what_they_are_worth_grow_together() {
        let quantisers: Vec<Quantiser> = (0..=127).map(|index| Quantiser::new(index, [0, 0])).collect();
        for pair in quantisers.windows(2) {
            assert!(pair[0].luma.step[1][0] < pair[1].luma.step[1][0]);
            assert!(pair[0].worth.fine <= pair[1].worth.fine && pair[0].worth.whole <= pair[1].worth.whole);
        }
        // Source: RFC 6386, 14.1.
        assert_eq!([quantisers[0].means.step[0][0], quantisers[0].means.step[1][0]], [8, 8]);
        assert_eq!([quantisers[127].means.step[1][0], quantisers[127].chroma.step[0][0]], [440, 132]);
    }

    #[test]
    fn ends_are_behind_the_last_level() {
        let mut coefficients = [[0; LANES]; 16];
        // The second in zigzag order in one lane, the last in another.
        coefficients[1][3] = 500;
        coefficients[15][7] = -500;
        let (mut levels, mut sizes) = (NONE, NONE);
        let ends = Quantiser::new(20, [0, 0]).luma.quantise(&mut coefficients, &mut levels, &mut sizes);
        assert_eq!([ends[0], ends[3], ends[7]], [0, 2, 16]);
        assert!(levels[1][3] > 0 && levels[15][7] < 0 && sizes[15][7] > 0);
        assert_eq!(coefficients[15][7], levels[15][7] * Quantiser::new(20, [0, 0]).luma.step[15][0]);
    }
}
