//! Quantised blocks as the bits that tell them, kept until it is known how likely each is.

use super::super::super::super::vp8::tables::{BANDS, CATEGORIES, COEFFICIENTS, Probabilities, UPDATES};
use super::boolean::{Booleans, EVEN};
use super::costs::Bits;

/// What kind of coefficients a block has, as the tables count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Luma whose mean is told elsewhere.
    Rest,
    /// Means of a macroblock's luma.
    Means,
    Chroma,
    /// Luma with its mean.
    Luma,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Rest, Self::Means, Self::Chroma, Self::Luma];

    /// The first coefficient that is told.
    #[inline(always)]
    pub(super) fn first(self) -> usize {
        usize::from(self == Self::Rest)
    }
}

/// One bit each: its value in the lowest bit, above it the slot of its probability. Two bytes, the lower one first, so
/// that several can be written at a time.
pub(super) struct Tokens {
    tokens: Vec<u8>,
    /// How often each class of levels was told at each place of the tables, behind a level that is not 0 and behind
    /// one that is; and how often an end.
    told: Box<[[[u32; CLASSES.len()]; 2]; ROWS]>,
    ends: Box<[u32; ROWS]>,
    spelled: Box<[[Spelled; USUAL]; 2]>,
    /// Where a block is spelled before it joins the others.
    block: Box<[u8; ROOM]>,
}

/// How a level is spelled, ready to be copied as a whole.
#[derive(Clone, Copy, Default)]
struct Spelled {
    /// Its tokens, as if the first slot were 0, four to a word, and behind them anything.
    tokens: [u64; 4],
    /// Ones where a token is relative to that slot.
    relative: [u64; 4],
    count: usize,
    class: usize,
}

impl Tokens {
    pub(super) fn new() -> Self {
        let mut spelled = Box::new([[Spelled::default(); USUAL]; 2]);
        for (after_zero, spelled) in spelled.iter_mut().enumerate() {
            for (size, spelled) in (0..).zip(spelled) {
                spelled.class = CLASSES.iter().rposition(|first| *first <= size).unwrap_or(0);
                spell(size, after_zero == 1, |branch, bit| spelled.push(branch, bit));
            }
        }
        let told = Box::new([[[0; CLASSES.len()]; 2]; ROWS]);
        Self { tokens: Vec::new(), told, ends: Box::new([0; ROWS]), spelled, block: Box::new([0; ROOM]) }
    }

    /// Tells a block in zigzag order with `end` coefficients up to the last that is not 0. `neighbours` says of the
    /// blocks above and to the left whether they have some, and is then about this one. Source: RFC 6386, 13.
    #[inline(always)]
    pub(super) fn block(&mut self, kind: Kind, neighbours: [&mut u8; 2], levels: &[i16; 16], end: usize) {
        let [above, left] = neighbours;
        let context = usize::from(*above + *left);
        (*above, *left) = (u8::from(end > 0), u8::from(end > 0));
        let block = &mut self.block;
        let mut length = 0;
        let mut row = row(kind, kind.first(), context);
        let mut after_zero = 0;
        for n in kind.first()..end.min(16) {
            let size = usize::from(levels[n].unsigned_abs());
            let slot = row * BRANCHES;
            let mut class = CLASSES.len() - 1;
            if size < USUAL {
                let spelled = &self.spelled[after_zero][size];
                put(block, length, spelled.at(slot, 0));
                put(block, length + 8, spelled.at(slot, 1));
                if spelled.count > 8 {
                    put(block, length + 16, spelled.at(slot, 2));
                    put(block, length + 24, spelled.at(slot, 3));
                }
                length += 2 * spelled.count;
                class = spelled.class;
            } else {
                spell(size as u16, after_zero == 1, |branch, bit| {
                    put(block, length, branch.token(slot, bit).to_le_bytes());
                    length += 2;
                });
            }
            // The sign is the last of them, where there is one.
            block[length.saturating_sub(2) % ROOM] |= u8::from(levels[n] < 0);
            self.told[row % ROWS][after_zero][class % CLASSES.len()] += 1;
            after_zero = usize::from(size == 0);
            row = self::row(kind, n + 1, size.min(2));
        }
        if end < 16 {
            put(block, length, Branch::Open(0).token(row * BRANCHES, false).to_le_bytes());
            length += 2;
            self.ends[row % ROWS] += 1;
        }
        self.tokens.extend_from_slice(&block[..length % ROOM]);
    }

    /// The probabilities that tell what there is so far in the fewest bits, those of telling them included.
    pub(super) fn probabilities(&self, bits: &Bits) -> Probabilities {
        let mut probabilities = COEFFICIENTS;
        let kept = probabilities.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        let counts = self.counts();
        let updates = UPDATES.as_flattened().as_flattened().as_flattened();
        for ((probability, update), [zeros, ones]) in kept.iter_mut().zip(updates).zip(&counts) {
            let fresh = match (255 * u64::from(*ones)).checked_div(u64::from(zeros + ones)) {
                Some(share) => u8::try_from(255 - share).unwrap_or(255),
                None => continue,
            };
            let cost = |probability| {
                u64::from(*zeros) * u64::from(bits.cost(false, probability))
                    + u64::from(*ones) * u64::from(bits.cost(true, probability))
            };
            let telling = u64::from(8 * BIT + bits.cost(true, *update) - bits.cost(false, *update));
            if cost(fresh) + telling < cost(*probability) {
                *probability = fresh;
            }
        }
        probabilities
    }

    /// How often each bit of each branch was told.
    fn counts(&self) -> [[u32; 2]; FIXED] {
        let mut counts = [[0; 2]; FIXED];
        for (row, (told, ends)) in counts.chunks_exact_mut(BRANCHES).zip(self.told.iter().zip(&*self.ends)) {
            row[0][0] += ends;
            for (after_zero, told) in told.iter().enumerate() {
                for (first, count) in CLASSES.iter().zip(told) {
                    spell(*first, after_zero == 1, |branch, bit| {
                        if let Branch::Open(branch) = branch {
                            row[branch][usize::from(bit)] += count;
                        }
                    });
                }
            }
        }
        counts
    }

    /// Writes all of them.
    #[inline(always)]
    pub(super) fn write(&self, probabilities: &Probabilities, booleans: &mut Booleans) {
        let mut table = [0; 2048];
        let open = probabilities.as_flattened().as_flattened().as_flattened();
        table[..FIXED].copy_from_slice(open);
        for (probability, place) in (0..=255).zip(&mut table[FIXED..]) {
            *place = probability;
        }
        let (tokens, _) = self.tokens.as_chunks::<2>();
        for token in tokens {
            let token = u16::from_le_bytes(*token);
            booleans.bit(token & 1 == 1, table[usize::from(token >> 1) % 2048]);
        }
    }
}

/// Writes `bytes` where there is room for them.
#[inline(always)]
fn put<const N: usize>(block: &mut [u8; ROOM], at: usize, bytes: [u8; N]) {
    if let Some(place) = block[at % ROOM..].first_chunk_mut() {
        *place = bytes;
    }
}

impl Spelled {
    fn push(&mut self, branch: Branch, bit: bool) {
        let (word, shift) = (self.count / 4, self.count % 4 * 16);
        self.tokens[word] |= u64::from(branch.token(0, bit)) << shift;
        self.relative[word] |= u64::from(matches!(branch, Branch::Open(_))) << shift;
        self.count += 1;
    }

    /// The `word`th four tokens, behind `slot`.
    #[inline(always)]
    fn at(&self, slot: usize, word: usize) -> [u8; 8] {
        (self.tokens[word] + self.relative[word] * (2 * slot as u64)).to_le_bytes()
    }
}

impl Branch {
    /// The token of a bit at this branch, where the first slot is `slot`.
    #[inline(always)]
    fn token(self, slot: usize, bit: bool) -> u16 {
        let slot = match self {
            Self::Open(branch) => slot + branch,
            Self::Fixed(probability) => FIXED + usize::from(probability),
        };
        (slot as u16) << 1 | u16::from(bit)
    }
}

/// All bits of a level, the last of them a sign, which is not set, where there is one.
#[inline(always)]
fn spell(size: u16, after_zero: bool, mut each: impl FnMut(Branch, bool)) {
    if !after_zero {
        each(Branch::Open(0), true);
    }
    each(Branch::Open(1), size != 0);
    if size != 0 {
        branches(size, &mut each);
        each(Branch::Fixed(EVEN), false);
    }
}

/// A step on the way to a level.
#[derive(Clone, Copy)]
pub(super) enum Branch {
    /// A branch of the tree, whose chance depends on what was told before.
    Open(usize),
    /// A bit with a chance of its own.
    Fixed(u8),
}

/// The bits of a level of `size`, which is not 0, behind the one that says so and without its sign.
/// Source: RFC 6386, 13.2.
#[inline(always)]
pub(super) fn branches(size: u16, mut each: impl FnMut(Branch, bool)) {
    each(Branch::Open(2), size > 1);
    if size == 1 {
        return;
    }
    each(Branch::Open(3), size > 4);
    if size <= 4 {
        each(Branch::Open(4), size > 2);
        if size > 2 {
            each(Branch::Open(5), size > 3);
        }
        return;
    }
    each(Branch::Open(6), size > 10);
    let category = if size <= 10 {
        each(Branch::Open(7), size > 6);
        usize::from(size > 6)
    } else {
        each(Branch::Open(8), size > 34);
        if size <= 34 {
            each(Branch::Open(9), size > 18);
            2 + usize::from(size > 18)
        } else {
            each(Branch::Open(10), size > 66);
            4 + usize::from(size > 66)
        }
    };
    let (first, chances) = CATEGORIES[category];
    for (at, chance) in chances.iter().enumerate() {
        each(Branch::Fixed(*chance), (size - first) >> (chances.len() - 1 - at) & 1 == 1);
    }
}

/// The row of the coefficient `n` behind one of size `context`, or of 2.
#[inline(always)]
fn row(kind: Kind, n: usize, context: usize) -> usize {
    (kind as usize * 8 + usize::from(BANDS[n.min(16)])) * 3 + context
}

/// Rows of the tables, each with a probability for each branch of a tree.
const ROWS: usize = 4 * 8 * 3;
const BRANCHES: usize = 11;
/// Slots of the probabilities that pictures change, and behind them one for each that is fixed.
const FIXED: usize = ROWS * BRANCHES;
/// The first level of each class whose way through the tree is the same.
pub(super) const CLASSES: [u16; 11] = [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67];
/// More bytes than the tokens of a block: sixteen of 20 at most.
const ROOM: usize = 1024;
/// Levels that are spelled in at most sixteen tokens: those below the last category.
const USUAL: usize = 67;
/// What a bit costs that is as often 0 as 1.
const BIT: u32 = 256;

#[cfg(test)]
mod tests {
    use super::super::costs::Levels;
    use super::*;

    #[test]
    fn what_is_told_costs_what_was_thought() {
        let bits = Bits::new();
        let mut levels = Levels::new(&bits);
        levels.update(&bits, &COEFFICIENTS);
        let mut random = fastrand::Rng::with_seed(2);
        for kind in Kind::ALL {
            for _ in 0..200 {
                let end = random.usize(kind.first()..=16);
                let mut block = [0; 16];
                block[kind.first()..end].iter_mut().for_each(|level| *level = random.i16(-9..=9));
                let end = block.iter().rposition(|level| *level != 0).map_or(0, |last| last + 1);
                let (mut above, mut left) = (random.u8(0..2), random.u8(0..2));
                let thought = levels.block(kind, usize::from(above + left), &block, end);
                let mut tokens = Tokens::new();
                tokens.block(kind, [&mut above, &mut left], &block, end);
                assert_eq!([above, left], [u8::from(end > 0); 2]);
                let mut table = Vec::from(COEFFICIENTS.as_flattened().as_flattened().as_flattened());
                table.extend(0..=255);
                let told = tokens.tokens.chunks(2).map(|token| u16::from(token[0]) | u16::from(token[1]) << 8);
                let cost: u32 = told.map(|token| bits.cost(token & 1 == 1, table[usize::from(token >> 1)])).sum();
                assert_eq!(cost, thought, "{kind:?} {block:?}");
            }
        }
    }

    #[test]
    fn probabilities_change_where_that_pays() {
        let bits = Bits::new();
        let mut tokens = Tokens::new();
        assert_eq!(tokens.probabilities(&bits), COEFFICIENTS);
        // Blocks of a single large level, which the tables think rare.
        let mut block = [0; 16];
        block[0] = 100;
        for _ in 0..1000 {
            tokens.block(Kind::Luma, [&mut 0, &mut 0], &block, 1);
        }
        let changed = tokens.probabilities(&bits);
        assert!(changed != COEFFICIENTS);
        let length = |probabilities| {
            let mut booleans = Booleans::default();
            tokens.write(probabilities, &mut booleans);
            booleans.finish().len()
        };
        assert!(length(&changed) < length(&COEFFICIENTS) / 2);
    }
}
