//! What things cost, in 1/256 of a bit.

use super::super::super::super::vp8::tables::{BANDS, MODES, Probabilities};
use super::modes::{FINE, SPLIT, Whole, fine_bits};
use super::quantiser::TALLEST;
use super::tokens::{Branch, Kind, branches};
use super::transform::{Blocks, LANES, Lanes};

/// The costs of bits by their probability.
pub(super) struct Bits([u16; 257]);

impl Bits {
    pub(super) fn new() -> Self {
        let mut costs = [2048; 257];
        for (chance, cost) in (1_u16..=256).zip(&mut costs[1..]) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 2 048")]
            let bits = ((8.0 - f32::from(chance).log2()) * 256.0).round() as u16;
            *cost = bits;
        }
        Self(costs)
    }

    /// A bit whose chance to be 0 is `probability` of 256.
    #[inline(always)]
    pub(super) fn cost(&self, bit: bool, probability: u8) -> u32 {
        let chance = if bit { 256 - usize::from(probability) } else { usize::from(probability) };
        self.0[chance].into()
    }
}

/// The costs of modes.
pub(super) struct Modes {
    pub(super) luma: [u32; 4],
    pub(super) chroma: [u32; 4],
    /// That there are sixteen small blocks.
    pub(super) split: u32,
    /// For the mode above and the one to the left.
    pub(super) fine: Box<[[[u32; LANES]; FINE]; FINE]>,
}

impl Modes {
    pub(super) fn new(bits: &Bits) -> Self {
        let luma = Whole::ALL.map(|mode| {
            let mut cost = bits.cost(true, SPLIT);
            mode.luma_bits(|probability, bit| cost += bits.cost(bit, probability));
            cost
        });
        let chroma = Whole::ALL.map(|mode| {
            let mut cost = 0;
            mode.chroma_bits(|probability, bit| cost += bits.cost(bit, probability));
            cost
        });
        // Lanes beyond the ten ways are too dear to be taken.
        let mut fine = Box::new([[[NEVER; LANES]; FINE]; FINE]);
        for (costs, chances) in fine.as_flattened_mut().iter_mut().zip(MODES.as_flattened()) {
            for (mode, cost) in (0..).zip(&mut costs[..FINE]) {
                *cost = 0;
                fine_bits(mode, |branch, bit| *cost += bits.cost(bit, chances[branch]));
            }
        }
        Self { luma, chroma, split: bits.cost(false, SPLIT), fine }
    }
}

/// The costs of coefficients: for each kind of block and band a table by what was before and by size.
///
/// That a block goes on is part of what a coefficient costs where it has to be told: not behind a 0. The first band of
/// a kind is for the first coefficient of a block alone, and there it always has to be.
pub(super) struct Levels {
    tables: [[Table; 8]; 4],
    /// The part of each size that no probabilities change.
    fixed: [u32; ROW],
}

/// A row for each of three states before, and a fourth one of what costs nothing: every byte is a place in it.
type Table = [u32; 256];

impl Levels {
    pub(super) fn new(bits: &Bits) -> Box<Self> {
        let mut fixed = [0; ROW];
        for (size, cost) in (1..).zip(&mut fixed[1..]) {
            *cost = 256;
            branches(size, |branch, bit| {
                if let Branch::Fixed(probability) = branch {
                    *cost += bits.cost(bit, probability);
                }
            });
        }
        Box::new(Self { tables: [[[0; 256]; 8]; 4], fixed })
    }

    /// Computes them anew.
    #[inline(always)]
    pub(super) fn update(&mut self, bits: &Bits, probabilities: &Probabilities) {
        for kind in Kind::ALL {
            for band in 0..8 {
                for context in 0..3 {
                    let chances = &probabilities[kind as usize][band][context];
                    let cost = |branch: usize, bit| bits.cost(bit, chances[branch]);
                    let told = context > 0 || band == kind.first();
                    let on = if told { cost(0, true) } else { 0 };
                    let row = &mut self.tables[kind as usize][band][context * ROW..][..ROW];
                    row[0] = on + cost(1, false);
                    for (first, last) in CLASSES {
                        let mut open = on + cost(1, true);
                        branches(first, |branch, bit| {
                            if let Branch::Open(branch) = branch {
                                open += cost(branch, bit);
                            }
                        });
                        for size in usize::from(first)..=usize::from(last) {
                            row[size] = open + self.fixed[size];
                        }
                    }
                    row[END] = cost(0, false);
                }
            }
        }
    }

    /// What each of the first `N` blocks costs. `contexts` is how many of the neighbours of each have coefficients.
    #[inline(always)]
    pub(super) fn blocks<const N: usize>(
        &self,
        kind: Kind,
        contexts: &Lanes,
        sizes: &Blocks,
        ends: &Lanes,
    ) -> [u32; LANES] {
        let first = kind.first() as i16;
        let mut places = [[FREE; LANES]; 16];
        for lane in 0..LANES {
            let end = ends[lane].max(first);
            let mut context = contexts[lane];
            for n in 0..16 {
                let size = sizes[n as usize][lane];
                let place = (context << 6) + if n == end { END as i16 } else { size };
                if n >= first {
                    places[n as usize][lane] = if n > end { FREE } else { place };
                    context = size.min(2);
                }
            }
        }
        let tables = &self.tables[kind as usize];
        let mut costs = [0; LANES];
        for lane in 0..N {
            let mut cost = 0;
            for n in 0..16 {
                cost += tables[usize::from(BANDS[n])][usize::from(places[n][lane] as u8)];
            }
            costs[lane] = cost;
        }
        costs
    }

    /// What a single block costs, of `end` coefficients up to the last that is not 0.
    #[inline(always)]
    pub(super) fn block(&self, kind: Kind, context: usize, levels: &Lanes, end: usize) -> u32 {
        let tables = &self.tables[kind as usize];
        let (mut context, mut cost) = (context, 0);
        for n in kind.first()..end.min(16) {
            let size = levels[n].abs().min(TALLEST) as usize;
            cost += tables[usize::from(BANDS[n])][(context * ROW + size) % 256];
            context = size.min(2);
        }
        if end < 16 {
            cost += tables[usize::from(BANDS[end.max(kind.first())])][(context * ROW + END) % 256];
        }
        cost
    }
}

/// Sizes of levels, and that there are no more.
const ROW: usize = 64;
const END: usize = ROW - 1;
const FREE: i16 = 255;
/// More than a block ever costs, times any worth still less than a word holds.
const NEVER: u32 = 1 << 20;
/// Sizes whose way through the tree is the same.
const CLASSES: [(u16, u16); 9] = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (7, 10), (11, 18), (19, 34), (35, 62)];
