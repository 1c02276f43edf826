//! A macroblock's luma predicted in sixteen small blocks, each from what was made of the ones before.

use super::frame::Surroundings;
use super::header::Luma;
use super::macroblock::Neighbour;
use super::modes::FINE;
use super::predict;
use super::tokens::{Kind, Tokens};
use super::transform::{LANES, NONE, forward, inverse, squares, texture};
use super::whole::Sight;

/// A macroblock's luma as it would be told.
pub(super) struct FineLuma {
    pub(super) modes: [u8; 16],
    pub(super) levels: [[i16; 16]; 16],
    pub(super) ends: [u8; 16],
    /// The pixels, with a row above and four columns to the left and to the right that belong to others.
    pub(super) pixels: [[u8; 24]; 17],
    /// What its modes cost.
    pub(super) spent: u32,
}

impl FineLuma {
    /// The best way for each block, or None when that is no better than `limit`.
    #[inline(always)]
    pub(super) fn best(
        sight: &Sight<'_>,
        around: &Surroundings,
        above: &Neighbour,
        left: &Neighbour,
        limit: u64,
    ) -> Option<Self> {
        let canvas = canvas(around);
        let mut luma = Self { modes: [0; 16], levels: [[0; 16]; 16], ends: [0; 16], pixels: canvas, spent: 0 };
        let (mut modes_above, mut modes_left) = (above.modes, left.modes);
        let (mut above, mut left) = (above.filled, left.filled);
        let worth = &sight.quantiser.worth;
        let mut score = u64::from(sight.modes.split) * worth.split;
        for block in 0..16 {
            let (column, row) = (block % 4, block / 4);
            let mode_costs = &sight.modes.fine[usize::from(modes_above[column])][usize::from(modes_left[row])];
            let context = i16::from(above[column] + left[row]);
            let (mode, some, block_score) = luma.block(sight, block, mode_costs, context);
            score += block_score;
            luma.spent += mode_costs[usize::from(mode) % LANES];
            if score >= limit {
                return None;
            }
            (modes_above[column], modes_left[row]) = (mode, mode);
            (above[column], left[row]) = (some, some);
        }
        Some(luma)
    }

    /// Decides about one block: its way, whether it has coefficients, and what it is worth.
    #[inline(always)]
    fn block(&mut self, sight: &Sight<'_>, block: usize, mode_costs: &[u32; LANES], context: i16) -> (u8, u8, u64) {
        let (x, y) = (block % 4 * 4 + 4, block / 4 * 4 + 1);
        let prediction = predict::fine(&self.edge(x, y));
        let mut source = [[0; LANES]; 16];
        for at in 0..16 {
            source[at] = [sight.source.luma[at][block]; LANES];
        }
        let worth = &sight.quantiser.worth;
        let mut coefficients = forward(&source, &prediction);
        let (mut levels, mut sizes) = (NONE, NONE);
        let ends = sight.quantiser.luma.quantise(&mut coefficients, &mut levels, &mut sizes);
        let pixels = inverse(&coefficients, &prediction);
        let squares = squares(&source, &pixels);
        let textures = texture(&pixels);
        let mut filled = [0; LANES];
        for at in 1..16 {
            for lane in 0..LANES {
                filled[lane] += sizes[at][lane].min(1);
            }
        }
        let told = sight.levels.blocks::<FINE>(Kind::Luma, &[context; LANES], &sizes, &ends);
        let mut losses = [0; LANES];
        let mut costs = [0; LANES];
        let mut scores = [0; LANES];
        for lane in 0..LANES {
            let lost = u32::from(textures[lane].abs_diff(sight.texture[block]) >> 2);
            losses[lane] = squares[lane] + ((lost * worth.texture + 128) >> 8);
            let flat = if filled[lane] <= FLAT { FLAT_COSTS[lane] } else { 0 };
            costs[lane] = mode_costs[lane] + flat + told[lane];
            scores[lane] = 256 * losses[lane] + costs[lane] * worth.fine;
        }
        let chosen = least_of(&scores);
        for at in 0..16 {
            self.levels[block][at] = levels[at][chosen];
            self.pixels[y + at / 4][x + at % 4] = pixels[at][chosen] as u8;
        }
        let end = ends[chosen] as u8;
        self.modes[block] = chosen as u8;
        self.ends[block] = end;
        let score = u64::from(costs[chosen]) * worth.split + 256 * u64::from(losses[chosen]);
        (chosen as u8, u8::from(end > 0), score)
    }

    #[inline(always)]
    fn edge(&self, x: usize, y: usize) -> [u8; 13] {
        let mut edge = [0; 13];
        for at in 0..4 {
            edge[at] = self.pixels[y + 3 - at][x - 1];
        }
        edge[4..].copy_from_slice(&self.pixels[y - 1][x - 1..x + 8]);
        edge
    }

    /// Whether anything is told.
    #[inline(always)]
    pub(super) fn is_filled(&self) -> bool {
        self.ends != [0; 16]
    }

    /// Tells it, unless the macroblock is empty.
    #[inline(always)]
    pub(super) fn tell(&self, empty: bool, tokens: &mut Tokens, above: &mut Neighbour, left: &mut Neighbour) -> Luma {
        for at in 0..4 {
            above.modes[at] = self.modes[12 + at];
            left.modes[at] = self.modes[at * 4 + 3];
        }
        let (above, left) = (&mut above.filled, &mut left.filled);
        for block in 0..16 {
            let neighbours = [&mut above[block % 4], &mut left[block / 4]];
            if empty {
                let [above, left] = neighbours;
                (*above, *left) = (0, 0);
            } else {
                tokens.block(Kind::Luma, neighbours, &self.levels[block], self.ends[block].into());
            }
        }
        Luma::Fine(self.modes)
    }
}

/// Where the least of the values is.
#[inline(always)]
fn least_of(values: &[u32; LANES]) -> usize {
    let mut least = u32::MAX;
    for lane in 0..LANES {
        least = least.min(values[lane]);
    }
    let mut places = 0_u32;
    for lane in 0..LANES {
        places |= u32::from(values[lane] == least) << lane;
    }
    places.trailing_zeros() as usize % LANES
}

/// What surrounds a macroblock, around the place for its pixels.
#[inline(always)]
fn canvas(around: &Surroundings) -> [[u8; 24]; 17] {
    let mut pixels = [[0; 24]; 17];
    pixels[0][3] = around.luma.corner;
    pixels[0][4..20].copy_from_slice(&around.luma.above);
    // The last block of each row sees the macroblock above to its right, however far above that is.
    for row in [0, 4, 8, 12] {
        pixels[row][20..].copy_from_slice(&around.ahead);
    }
    for (row, left) in pixels[1..].iter_mut().zip(around.luma.left) {
        row[3] = left;
    }
    pixels
}

/// A block with so few coefficients behind its mean is flat, and looks wrong predicted in any way but by the mean.
const FLAT: i16 = 3;
const FLAT_COSTS: [u32; LANES] = [0, 140, 140, 140, 140, 140, 140, 140, 140, 140, 140, 140, 140, 140, 140, 140];
