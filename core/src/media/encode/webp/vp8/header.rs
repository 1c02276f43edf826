//! The first partition: what holds for the whole picture, and how each macroblock is predicted. Source: RFC 6386, 9.

use super::super::super::super::vp8::tables::{COEFFICIENTS, MODES, Probabilities, UPDATES};
use super::boolean::Booleans;
use super::modes::{SPLIT, Whole, fine_bits};
use super::segments::Segments;

/// How a macroblock is predicted.
#[derive(Clone)]
pub(super) struct Prediction {
    pub(super) luma: Luma,
    pub(super) chroma: Whole,
    /// Whether it has no coefficient at all.
    pub(super) empty: bool,
}

#[derive(Clone)]
pub(super) enum Luma {
    Whole(Whole),
    Fine([u8; 16]),
}

/// All that the first partition tells.
pub(super) struct Header<'a> {
    pub(super) across: usize,
    pub(super) segments: &'a Segments,
    pub(super) probabilities: &'a Probabilities,
    pub(super) predictions: &'a [Prediction],
}

impl Header<'_> {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut booleans = Booleans::default();
        // Colours of BT.601, and pixels that have to be clamped.
        booleans.bits(0, 2);
        let tree = self.segments(&mut booleans);
        // The normal filter, its level where there are no segments, and no sharpness.
        booleans.bits(0, 1);
        let level = self.segments.segments.iter().map(|segment| segment.filter).max().unwrap_or(0);
        booleans.bits(level.into(), 6);
        booleans.bits(0, 3);
        // No changes of it by mode; one partition of coefficients.
        booleans.bits(0, 3);
        booleans.bits(self.segments.segments[0].quantiser.index.into(), 7);
        let [means, rest] = self.segments.chroma;
        for delta in [0, 0, 0, means, rest] {
            booleans.signed(delta.into(), 4);
        }
        // The probabilities hold for this picture, as there is no other.
        booleans.bits(0, 1);
        self.probabilities(&mut booleans);
        self.predictions(&mut booleans, tree);
        booleans.finish()
    }

    /// Writes the segments; what is returned are the chances of their tree, if macroblocks name theirs.
    fn segments(&self, booleans: &mut Booleans) -> Option<[u8; 3]> {
        let segments = &self.segments.segments;
        booleans.bits((segments.len() > 1).into(), 1);
        if segments.len() < 2 {
            return None;
        }
        // Both the map and what the segments are, in absolute numbers.
        booleans.bits(0b111, 3);
        for at in 0..4 {
            let index = segments.get(at).map_or(0, |segment| segment.quantiser.index);
            booleans.signed(index.into(), 7);
        }
        for at in 0..4 {
            booleans.signed(segments.get(at).map_or(0, |segment| segment.filter).into(), 6);
        }
        let mut counts = [0_u64; 4];
        for segment in &self.segments.map {
            counts[usize::from(*segment) % 4] += 1;
        }
        let chance = |zeros: u64, ones: u64| match (255 * zeros + (zeros + ones) / 2).checked_div(zeros + ones) {
            Some(chance) => u8::try_from(chance).unwrap_or(255),
            None => 255,
        };
        let [a, b, c, d] = counts;
        let tree = [chance(a + b, c + d), chance(a, b), chance(c, d)];
        for chance in tree {
            booleans.bits((chance != 255).into(), 1);
            if chance != 255 {
                booleans.bits(chance.into(), 8);
            }
        }
        Some(tree)
    }

    fn probabilities(&self, booleans: &mut Booleans) {
        let flat = |probabilities: &Probabilities| -> Vec<u8> {
            probabilities.as_flattened().as_flattened().as_flattened().to_vec()
        };
        let (before, chances) = (flat(&COEFFICIENTS), flat(&UPDATES));
        for ((probability, before), chance) in flat(self.probabilities).into_iter().zip(before).zip(chances) {
            booleans.bit(probability != before, chance);
            if probability != before {
                booleans.bits(probability.into(), 8);
            }
        }
    }

    fn predictions(&self, booleans: &mut Booleans, tree: Option<[u8; 3]>) {
        let all = self.predictions.len() as u64;
        let empty = self.predictions.iter().filter(|prediction| prediction.empty).count() as u64;
        let full = u8::try_from((all - empty) * 255 / all.max(1)).unwrap_or(255);
        booleans.bits((empty > 0).into(), 1);
        if empty > 0 {
            booleans.bits(full.into(), 8);
        }
        let mut above = vec![[0; 4]; self.across];
        for (row, map) in self.predictions.chunks(self.across).zip(self.segments.map.chunks(self.across)) {
            let mut left = [0; 4];
            for ((prediction, segment), above) in row.iter().zip(map).zip(&mut above) {
                if let Some(tree) = tree {
                    booleans.bit(*segment > 1, tree[0]);
                    booleans.bit(segment & 1 == 1, tree[1 + usize::from(segment >> 1)]);
                }
                if empty > 0 {
                    booleans.bit(prediction.empty, full);
                }
                match &prediction.luma {
                    Luma::Whole(mode) => {
                        booleans.bit(true, SPLIT);
                        mode.luma_bits(|probability, bit| booleans.bit(bit, probability));
                        (*above, left) = ([mode.fine(); 4], [mode.fine(); 4]);
                    }
                    Luma::Fine(modes) => {
                        booleans.bit(false, SPLIT);
                        for (at, mode) in modes.iter().enumerate() {
                            let (above, left) = (&mut above[at % 4], &mut left[at / 4]);
                            let chances = &MODES[usize::from(*above)][usize::from(*left)];
                            fine_bits(*mode, |branch, bit| booleans.bit(bit, chances[branch]));
                            (*above, *left) = (*mode, *mode);
                        }
                    }
                }
                prediction.chroma.chroma_bits(|probability, bit| booleans.bit(bit, probability));
            }
        }
    }
}
