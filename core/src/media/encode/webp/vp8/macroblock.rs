//! One macroblock after the other: how it is predicted, and its coefficients.

use super::super::super::super::vp8::tables::{COEFFICIENTS, Probabilities};
use super::super::super::super::wide::Work;
use super::chroma::{Chroma, Short};
use super::costs::{Bits, Levels, Modes};
use super::fine::FineLuma;
use super::frame::{Border, Frame, chroma_ends, luma_ends};
use super::header::Prediction;
use super::segments::Segments;
use super::tokens::Tokens;
use super::transform::{Blocks, texture};
use super::whole::{Sight, WholeLuma};

/// Decides about all macroblocks of a picture. `sink` sees each as a decoder will have it, before it smooths edges.
pub(super) struct Code<'a, S> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) segments: &'a Segments,
    pub(super) sink: S,
}

/// A picture, before it is written how likely each of its bits is.
pub(super) struct Coded {
    pub(super) tokens: Tokens,
    pub(super) probabilities: Probabilities,
    pub(super) predictions: Vec<Prediction>,
    /// The largest step between the means of blocks that have nothing but means, for each segment.
    pub(super) edges: [i16; 4],
}

/// What a decoder makes of a macroblock.
pub(super) struct Rebuilt<'a> {
    pub(super) luma: RebuiltLuma<'a>,
    pub(super) chroma: &'a Blocks,
    /// The first lane of chroma.
    pub(super) first: usize,
}

pub(super) enum RebuiltLuma<'a> {
    Whole(&'a Blocks),
    Fine(&'a [[u8; 24]; 17]),
}

impl RebuiltLuma<'_> {
    /// The lowest row and the last column.
    #[inline(always)]
    fn ends(&self) -> [[u8; 16]; 2] {
        match self {
            Self::Whole(blocks) => luma_ends(blocks),
            Self::Fine(pixels) => {
                let mut ends = [[0; 16]; 2];
                for at in 0..16 {
                    ends[0][at] = pixels[16][4 + at];
                    ends[1][at] = pixels[1 + at][19];
                }
                ends
            }
        }
    }
}

/// What a macroblock leaves behind for the ones to the right and below.
#[derive(Clone, Copy, Default)]
pub(super) struct Neighbour {
    /// Which blocks at its edge have coefficients: four of luma, two of each plane of chroma, and the means.
    pub(super) filled: [u8; 9],
    /// How its small blocks at that edge are predicted.
    pub(super) modes: [u8; 4],
    pub(super) short: Short,
}

impl<S: FnMut(usize, usize, Rebuilt<'_>)> Work for Code<'_, S> {
    type Result = Coded;

    #[inline(always)]
    fn run(mut self) -> Coded {
        let (across, down) = self.frame.macroblocks();
        let bits = Bits::new();
        let modes = Modes::new(&bits);
        let mut levels = Levels::new(&bits);
        levels.update(&bits, &COEFFICIENTS);
        let mut tokens = Tokens::new();
        let mut predictions = Vec::with_capacity(across * down);
        let mut edges = [0; 4];
        let mut border = Border::new(across);
        let mut row_above = vec![Neighbour::default(); across];
        let mut spent = 0;
        let refresh = (across * down / 8).max(REFRESH);
        for y in 0..down {
            let mut left = Neighbour::default();
            for x in 0..across {
                let at = y * across + x;
                if at % refresh == refresh - 1 {
                    levels.update(&bits, &tokens.probabilities(&bits));
                }
                let segment = usize::from(self.segments.map[at]) % 4;
                let source = self.frame.macroblock(x, y);
                let around = border.around(x, y);
                let above = &mut row_above[x];
                let sight = Sight {
                    source: &source,
                    texture: &texture(&source.luma),
                    quantiser: &self.segments.segments[segment].quantiser,
                    levels: &levels,
                    modes: &modes,
                };
                let whole = WholeLuma::best(&sight, &around.luma, above, &left);
                edges[segment] = whole.edge(sight.quantiser).max(edges[segment]);
                let room = spent <= FIRST_PARTITION * (at as u64 + 1) / (across * down) as u64;
                let limit = if room { whole.score(sight.quantiser) } else { 0 };
                let fine = FineLuma::best(&sight, around, above, &left, limit);
                let chroma = Chroma::best(&sight, &around.chroma, above, &mut left);

                spent += fine.as_ref().map_or(0, |fine| u64::from(fine.spent)) + SPENT;
                let empty = !chroma.is_filled() && fine.as_ref().map_or(!whole.is_filled(), |fine| !fine.is_filled());
                let luma = match &fine {
                    Some(fine) => fine.tell(empty, &mut tokens, above, &mut left),
                    None => whole.tell(empty, &mut tokens, above, &mut left),
                };
                chroma.tell(empty, &mut tokens, above, &mut left);
                predictions.push(Prediction { luma, chroma: chroma.mode, empty });
                let luma = match &fine {
                    Some(fine) => RebuiltLuma::Fine(&fine.pixels),
                    None => RebuiltLuma::Whole(&whole.pixels),
                };
                let rebuilt = Rebuilt { luma, chroma: &chroma.pixels, first: chroma.first };
                border.put(x, rebuilt.luma.ends(), chroma_ends(rebuilt.chroma, rebuilt.first));
                (self.sink)(x, y, rebuilt);
            }
        }
        let probabilities = tokens.probabilities(&bits);
        Coded { tokens, probabilities, predictions, edges }
    }
}

/// Macroblocks after which costs follow what the picture is like.
const REFRESH: usize = 96;
/// What the first partition has room for, in 1/256 of a bit: its length is told in 19 bits. A quarter stays free, for
/// the probabilities and what modes cost more than was thought.
const FIRST_PARTITION: u64 = 256 * 8 * (1 << 19) / 4 * 3;
/// What a macroblock takes of it beside its small blocks.
const SPENT: u64 = 256 * 8;
