//! A macroblock's luma predicted as a whole: the means of its blocks are told together, the rest block by block.

use super::super::super::super::vp8::tables::ZIGZAG;
use super::costs::{Levels, Modes};
use super::frame::Macroblock;
use super::header::Luma;
use super::macroblock::Neighbour;
use super::modes::Whole;
use super::predict::{Edges, Sides};
use super::quantiser::{Quantiser, block};
use super::tokens::{Kind, Tokens};
use super::transform::{Blocks, LANES, Lanes, NONE, forward, forward_means, inverse, inverse_means, squares, texture};

/// A macroblock's luma as it would be told.
pub(super) struct WholeLuma {
    pub(super) mode: Whole,
    pub(super) means: Lanes,
    pub(super) means_end: usize,
    pub(super) rest: Blocks,
    pub(super) ends: Lanes,
    pub(super) pixels: Blocks,
    /// Squared differences, and those with what is lost of texture.
    pub(super) squares: u64,
    pub(super) loss: u64,
    pub(super) cost: u64,
}

/// What a decision about a macroblock looks at.
pub(super) struct Sight<'a> {
    pub(super) source: &'a Macroblock,
    /// How much texture each block of luma has.
    pub(super) texture: &'a [u16; LANES],
    pub(super) quantiser: &'a Quantiser,
    pub(super) levels: &'a Levels,
    pub(super) modes: &'a Modes,
}

impl WholeLuma {
    /// The best of the four ways.
    #[inline(always)]
    pub(super) fn best(sight: &Sight<'_>, edges: &Edges<16>, above: &Neighbour, left: &Neighbour) -> Self {
        let flat = is_flat(&sight.source.luma);
        let sides = Sides::of_luma(edges);
        let mut far = [0; 4];
        for mode in Whole::ALL {
            let squares = squares(&sight.source.luma, &sides.predict(mode));
            for lane in 0..LANES {
                far[mode as usize] += squares[lane];
            }
        }
        // Two of the four come into question, those that are nearest before anything is told. Where all are near, what
        // they cost decides.
        let order = nearest(&far);
        let count = if far[order[0]] < SMOOTH { 4 } else { 2 };
        let worth = sight.quantiser.worth.whole;
        let mut best = Self::new(sight, &sides, flat, Whole::ALL[order[0]], above, left);
        for at in 1..count {
            let other = Self::new(sight, &sides, flat, Whole::ALL[order[at]], above, left);
            if other.cost * worth + 256 * other.loss < best.cost * worth + 256 * best.loss {
                best = other;
            }
        }
        best
    }

    #[inline(always)]
    fn new(sight: &Sight<'_>, sides: &Sides, flat: bool, mode: Whole, above: &Neighbour, left: &Neighbour) -> Self {
        let source = &sight.source.luma;
        let prediction = sides.predict(mode);
        let mut coefficients = forward(source, &prediction);
        let mut transformed = forward_means(&coefficients[0]);
        let mut means = [0; 16];
        let mut means_end = 0;
        for n in 0..16 {
            let at = usize::from(ZIGZAG[n]);
            means[n] = sight.quantiser.means.level(n, transformed[at]);
            transformed[at] = means[n] * sight.quantiser.means.step[n][0];
            means_end = if means[n] == 0 { means_end } else { n + 1 };
        }
        coefficients[0] = [0; LANES];
        let (mut rest, mut sizes) = (NONE, NONE);
        let ends = sight.quantiser.luma.quantise(&mut coefficients, &mut rest, &mut sizes);
        coefficients[0] = inverse_means(&transformed);
        let pixels = inverse(&coefficients, &prediction);
        let (squares_of, texture) = (squares(source, &pixels), texture(&pixels));
        let (mut squares, mut lost) = (0, 0);
        for lane in 0..LANES {
            squares += squares_of[lane];
            lost += u32::from(texture[lane].abs_diff(sight.texture[lane]) >> 2);
        }
        let squares = u64::from(squares);
        let loss = squares + ((u64::from(lost) * u64::from(sight.quantiser.worth.texture) + 128) >> 8);
        let cost = sight.modes.luma[mode as usize].into();
        let mut luma = Self { mode, means, means_end, rest, ends, pixels, squares, loss, cost };
        luma.cost += luma.costs(sight, &sizes, above, left);
        // A block without any difference shows every one that is made.
        if flat && luma.ends == [0; LANES] {
            luma.loss *= 2;
        }
        luma
    }

    /// What the coefficients cost.
    #[inline(always)]
    fn costs(&self, sight: &Sight<'_>, sizes: &Blocks, above: &Neighbour, left: &Neighbour) -> u64 {
        let (above, left) = (&above.filled, &left.filled);
        let context = above[8] + left[8];
        let mut cost = sight.levels.block(Kind::Means, context.into(), &self.means, self.means_end);
        let mut contexts = [0; LANES];
        for lane in 0..LANES {
            let filled = |lane: usize| i16::from(self.ends[lane] > 0);
            let above = if lane < 4 { above[lane].into() } else { filled(lane - 4) };
            let left = if lane % 4 == 0 { left[lane / 4].into() } else { filled(lane - 1) };
            contexts[lane] = above + left;
        }
        let costs = sight.levels.blocks::<LANES>(Kind::Rest, &contexts, sizes, &self.ends);
        for lane in 0..LANES {
            cost += costs[lane];
        }
        cost.into()
    }

    /// What it is worth against small blocks; less is better.
    #[inline(always)]
    pub(super) fn score(&self, quantiser: &Quantiser) -> u64 {
        self.cost * quantiser.worth.split + 256 * self.loss
    }

    /// Whether anything is told.
    #[inline(always)]
    pub(super) fn is_filled(&self) -> bool {
        self.means_end > 0 || self.ends != [0; LANES]
    }

    /// The largest step from block to block where nothing but means is told and that does not look smooth.
    #[inline(always)]
    pub(super) fn edge(&self, quantiser: &Quantiser) -> i16 {
        if self.means_end == 0 || self.ends != [0; LANES] || self.squares <= quantiser.worth.smooth {
            return 0;
        }
        self.means[1].abs().max(self.means[2].abs()).max(self.means[4].abs())
    }

    /// Tells it, unless the macroblock is empty.
    #[inline(always)]
    pub(super) fn tell(&self, empty: bool, tokens: &mut Tokens, above: &mut Neighbour, left: &mut Neighbour) -> Luma {
        (above.modes, left.modes) = ([self.mode.fine(); 4], [self.mode.fine(); 4]);
        if empty {
            (above.filled, left.filled) = ([0; 9], [0; 9]);
        } else {
            let (above, left) = (&mut above.filled, &mut left.filled);
            tokens.block(Kind::Means, [&mut above[8], &mut left[8]], &self.means, self.means_end);
            for lane in 0..LANES {
                let neighbours = [&mut above[lane % 4], &mut left[lane / 4]];
                tokens.block(Kind::Rest, neighbours, &block(&self.rest, lane), self.ends[lane] as usize);
            }
        }
        Luma::Whole(self.mode)
    }
}

/// From the least on, where the values are.
#[inline(always)]
pub(super) fn nearest(far: &[u32; 4]) -> [usize; 4] {
    let mut order = [0; 4];
    for at in 0..4 {
        let mut place = 0;
        for other in 0..4 {
            place += usize::from((far[other], other) < (far[at], at));
        }
        order[place] = at;
    }
    order
}

#[inline(always)]
fn is_flat(blocks: &Blocks) -> bool {
    let mut differs = 0;
    for at in 0..16 {
        for lane in 0..LANES {
            differs |= blocks[at][lane] ^ blocks[0][0];
        }
    }
    differs == 0
}

/// Squared differences of a macroblock that are next to none: four steps a pixel.
const SMOOTH: u32 = 256 * 4 * 4;
