//! Codes made for one picture: what is told of it is kept and counted, and written when it is known which symbols are
//! frequent.

use super::super::super::wide::Work;
use super::entropy::{Bits, END_OF_BLOCK, Sink, TABLES};
use super::tables::Described;

/// All that is told of a picture.
pub(super) struct Told {
    /// Table, symbol and the bits behind it, from the highest bits on: 2, 8 and 16.
    symbols: Vec<u32>,
    counts: Box<[[u32; 256]; TABLES]>,
}

impl Told {
    /// `expected` symbols are kept without a copy.
    pub(super) fn new(expected: usize) -> Self {
        Self { symbols: Vec::with_capacity(expected), counts: Box::new([[0; 256]; TABLES]) }
    }

    /// The shortest codes for it.
    pub(super) fn codes(&self) -> [Described; TABLES] {
        self.counts.each_ref().map(shortest)
    }
}

impl Sink for Told {
    #[inline(always)]
    fn symbol(&mut self, table: usize, symbol: usize, low: u32) {
        self.counts[table][symbol & 255] += 1;
        #[expect(clippy::cast_possible_truncation, reason = "at most 3 and 255")]
        self.symbols.push(((table as u32) << 8 | symbol as u32 & 255) << 16 | low);
    }
}

/// Writes what was told.
pub(super) struct Again {
    pub(super) told: Told,
    pub(super) bits: Bits,
}

impl Work for Again {
    type Result = Bits;

    #[inline(always)]
    fn run(self) -> Bits {
        let Self { told, mut bits } = self;
        for symbol in &told.symbols {
            bits.symbol((symbol >> 24) as usize & (TABLES - 1), (symbol >> 16) as usize & 255, symbol & 0xFFFF);
        }
        bits
    }
}

/// Codes of at most 16 bits for symbols that come so often, none of them all ones. Source: T.81, K.2.
fn shortest(counts: &[u32; 256]) -> Described {
    let mut used: Vec<(u32, u8)> = (0..=255).zip(counts).map(|(symbol, count)| (*count, symbol)).collect();
    used.retain(|(count, _)| *count > 0);
    if used.is_empty() {
        // Some decoders do not read a table of nothing.
        used.push((1, END_OF_BLOCK));
    }
    // The rarest first, and of equals the one that comes later in the usual order of symbols.
    used.sort_unstable_by_key(|(count, symbol)| (*count, u8::MAX - symbol));
    let mut lengths = lengths(used.iter().map(|(count, _)| u64::from(*count)));
    limit(&mut lengths);
    // One of the longest is of all ones and stands for nothing.
    if let Some(longest) = lengths.iter_mut().rev().find(|count| **count > 0) {
        *longest -= 1;
    }
    let mut counts = [0; LONGEST];
    for (count, codes) in counts.iter_mut().zip(&lengths[1..]) {
        *count = u8::try_from(*codes).expect("there are 256 symbols, and codes of no bits");
    }
    Described { counts, symbols: used.iter().rev().map(|(_, symbol)| *symbol).collect::<Vec<_>>().into() }
}

/// How many codes of each length there are in Huffman's tree over `counts`, the smallest first, and over one more that
/// never comes.
fn lengths(counts: impl Iterator<Item = u64>) -> [u16; DEEPEST] {
    // Each node with the place of the one above it. Those that join two are made in the order of their weight too, so
    // the two lightest are always at the head of one of two queues.
    let mut nodes: Vec<(u64, usize)> = std::iter::once(0).chain(counts).map(|count| (count, 0)).collect();
    let leaves = nodes.len();
    let (mut leaf, mut join) = (0, leaves);
    for above in leaves..2 * leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let lightest = if join == nodes.len() || (leaf < leaves && nodes[leaf].0 <= nodes[join].0) {
                &mut leaf
            } else {
                &mut join
            };
            weight += nodes[*lightest].0;
            nodes[*lightest].1 = above;
            *lightest += 1;
        }
        nodes.push((weight, 0));
    }
    let mut depths = vec![0; nodes.len()];
    let mut lengths = [0; DEEPEST];
    for at in (0..nodes.len() - 1).rev() {
        depths[at] = depths[nodes[at].1] + 1;
        if at < leaves {
            lengths[depths[at]] += 1;
        }
    }
    lengths
}

/// Makes codes of more than 16 bits shorter, at the cost of others. Source: T.81, figure K.3.
fn limit(lengths: &mut [u16; DEEPEST]) {
    for length in (LONGEST + 1..DEEPEST).rev() {
        while lengths[length] > 0 {
            // Of two siblings one takes the place of what was above them, the other one that of a shorter code,
            // which moves down beside it.
            let shorter = (1..length - 1).rev().find(|shorter| lengths[*shorter] > 0).unwrap_or(1);
            lengths[length] -= 2;
            lengths[length - 1] += 1;
            lengths[shorter + 1] += 2;
            lengths[shorter] -= 1;
        }
    }
}

/// Bits of a code at most.
const LONGEST: usize = 16;
/// More than the depth of any tree: the weights of one of 64 grow like the numbers of Fibonacci, to more than 10^13.
const DEEPEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: impl Fn(u8) -> u32) -> [u32; 256] {
        std::array::from_fn(|symbol| of(u8::try_from(symbol).unwrap()))
    }

    /// The codes of symbols with their lengths, by the rule of T.81, annex C.
    fn codes(described: &Described) -> Vec<(u8, u32, u32)> {
        let lengths = (1..).zip(described.counts).flat_map(|(length, count)| (0..count).map(move |_| length));
        let (mut code, mut before) = (0_u32, 1);
        let code_of = |(symbol, length): (&u8, u32)| {
            code <<= length - before;
            before = length;
            code += 1;
            (*symbol, code - 1, length)
        };
        described.symbols.iter().zip(lengths).map(code_of).collect()
    }

    #[test]
    fn every_symbol_that_comes_has_a_code_of_at_most_16_bits_and_none_is_all_ones() {
        let mut random = fastrand::Rng::with_seed(5);
        let fibonacci = |symbol: u8| {
            let mut pair = (1_u32, 1);
            (0..symbol).for_each(|_| pair = (pair.1, pair.0 + pair.1));
            pair.0
        };
        let mut all = vec![
            counts(|_| 0),
            counts(|symbol| u32::from(symbol == 200)),
            counts(|symbol| u32::from(symbol < 2) * 9),
            counts(|_| 1),
            counts(|_| u32::MAX),
            // The deepest tree that there is.
            counts(|symbol| if symbol < 44 { fibonacci(symbol) } else { 0 }),
            counts(|symbol| 1 << (symbol / 8)),
        ];
        all.extend(
            (0..50).map(|_| counts(|_| 1)).map(|ones| ones.map(|one| one << random.u32(..32) >> random.u32(..32))),
        );
        for counts in all {
            let described = shortest(&counts);
            let codes = codes(&described);
            let mut symbols: Vec<u8> = codes.iter().map(|(symbol, ..)| *symbol).collect();
            symbols.sort_unstable();
            let mut used: Vec<u8> = (0..=255).filter(|symbol| counts[usize::from(*symbol)] > 0).collect();
            if used.is_empty() {
                used.push(END_OF_BLOCK);
            }
            assert_eq!(symbols, used);
            assert!(codes.iter().all(|(_, code, length)| *code < (1 << length) - 1), "{:?}", described.counts);
            assert!(
                codes.is_sorted_by_key(|(symbol, ..)| std::cmp::Reverse(counts[usize::from(*symbol)])),
                "a frequent symbol has the longer code"
            );
        }
    }

    #[test]
    fn each_of_five_two_one_and_one_is_a_bit_longer_than_the_one_before() {
        let described = shortest(&counts(|symbol| [5, 2, 1, 1].get(usize::from(symbol)).copied().unwrap_or_default()));
        // One place of the longest is kept free.
        assert_eq!(described.counts[..5], [1, 1, 1, 1, 0]);
        assert_eq!(described.symbols[..2], [0, 1]);
    }
}
