//! A macroblock's chroma: both planes are predicted in the same way.

use super::macroblock::Neighbour;
use super::modes::Whole;
use super::predict::{Edges, Sides};
use super::quantiser::{Matrix, block};
use super::tokens::{Kind, Tokens};
use super::transform::{Blocks, LANES, Lanes, NONE, forward, inverse, squares};
use super::whole::{Sight, nearest};

/// A macroblock's chroma as it would be told: in eight of the lanes.
pub(super) struct Chroma {
    pub(super) mode: Whole,
    levels: Blocks,
    ends: Lanes,
    pub(super) pixels: Blocks,
    /// Where its lanes begin: 0 or 8.
    pub(super) first: usize,
    /// What the means of three blocks of each plane were short of.
    short: [[i16; 3]; 2],
}

/// What the means of the blocks to the left and above were short of, to be made up for. Steps between large smooth
/// blocks are what the eye sees first.
pub(super) type Short = [[i16; 2]; 2];

impl Chroma {
    /// The best of the four ways.
    #[inline(always)]
    pub(super) fn best(sight: &Sight<'_>, edges: &[Edges<8>; 2], above: &mut Neighbour, left: &mut Neighbour) -> Self {
        let source = &sight.source.chroma;
        let sides = Sides::of_chroma(edges);
        let mut far = [0; 4];
        for modes in [[Whole::Mean, Whole::Slope], [Whole::Down, Whole::Across]] {
            let squares = squares(source, &sides.predict_two(modes));
            for lane in 0..LANES {
                far[modes[lane / 8] as usize] += squares[lane];
            }
        }
        // Two of the four come into question, those that are nearest before anything is told.
        let [a, b, ..] = nearest(&far);
        let modes = [Whole::ALL[a], Whole::ALL[b]];
        let prediction = sides.predict_two(modes);
        let mut coefficients = forward(source, &prediction);
        let short = make_up(&mut coefficients[0], &sight.quantiser.chroma, &above.short, &left.short);
        let (mut levels, mut sizes) = (NONE, NONE);
        let ends = sight.quantiser.chroma.quantise(&mut coefficients, &mut levels, &mut sizes);
        let pixels = inverse(&coefficients, &prediction);
        let squares = squares(source, &pixels);
        let mut contexts = [0; LANES];
        for lane in 0..LANES {
            let filled = |lane: usize| i16::from(ends[lane] > 0);
            let (plane, row, column) = (4 + lane / 4 % 2 * 2, lane / 2 % 2, lane % 2);
            let upper = if row == 0 { above.filled[plane + column].into() } else { filled(lane - 2) };
            let before = if column == 0 { left.filled[plane + row].into() } else { filled(lane - 1) };
            contexts[lane] = upper + before;
        }
        let costs = sight.levels.blocks::<LANES>(Kind::Chroma, &contexts, &sizes, &ends);
        let mut scores = [0; 2];
        for way in 0..2 {
            let (mut loss, mut filled, mut cost) = (0, 0, sight.modes.chroma[modes[way] as usize]);
            for lane in way * 8..way * 8 + 8 {
                loss += squares[lane];
                cost += costs[lane];
                for n in 1..16 {
                    filled += sizes[n][lane].min(1);
                }
            }
            if modes[way] != Whole::Mean && filled <= FLAT {
                cost += FLAT_COST;
            }
            scores[way] = u64::from(cost) * sight.quantiser.worth.chroma + 256 * u64::from(loss);
        }
        let way = usize::from(scores[1] < scores[0]);
        let best = Self { mode: modes[way], levels, ends, pixels, first: way * 8, short: short[way] };
        for plane in 0..2 {
            let [right, below, last] = best.short[plane];
            left.short[plane] = [right, (3 * last) >> 2];
            above.short[plane] = [below, last - left.short[plane][1]];
        }
        best
    }

    /// Whether anything is told.
    #[inline(always)]
    pub(super) fn is_filled(&self) -> bool {
        let mut filled = 0;
        for lane in self.first..self.first + 8 {
            filled |= self.ends[lane];
        }
        filled != 0
    }

    /// Tells it, unless the macroblock is empty.
    #[inline(always)]
    pub(super) fn tell(&self, empty: bool, tokens: &mut Tokens, above: &mut Neighbour, left: &mut Neighbour) {
        for at in 0..8 {
            let (plane, row, column) = (4 + at / 4 * 2, at / 2 % 2, at % 2);
            let (upper, before) = (&mut above.filled[plane + column], &mut left.filled[plane + row]);
            if empty {
                (*upper, *before) = (0, 0);
            } else {
                let lane = self.first + at;
                let end = self.ends[lane] as usize;
                tokens.block(Kind::Chroma, [upper, before], &block(&self.levels, lane), end);
            }
        }
    }
}

/// Adds to the means what those before were short of, and returns what the last three of each plane are short of
/// themselves, for both ways. A sixteenth is forgotten, so that nothing swings up.
#[inline(always)]
fn make_up(means: &mut Lanes, matrix: &Matrix, above: &Short, left: &Short) -> [[[i16; 3]; 2]; 2] {
    let mut short = [[[0; 3]; 2]; 2];
    for group in 0..4 {
        let (first, above, left) = (group * 4, above[group % 2], left[group % 2]);
        let mut told = |at: usize, above: i16, left: i16| {
            let mean = means[first + at] + ((7 * above + 8 * left) >> 3);
            let told = matrix.level(0, mean) * matrix.step[0][0];
            means[first + at] = told;
            (mean - told) >> 1
        };
        let a = told(0, above[0], left[0]);
        let b = told(1, above[1], a);
        let c = told(2, a, left[1]);
        let d = told(3, b, c);
        short[group / 2][group % 2] = [b, c, d];
    }
    short
}

/// As few coefficients behind the means of all blocks are flat.
const FLAT: i16 = 2;
const FLAT_COST: u32 = 140 * 8;
