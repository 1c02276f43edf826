//! Huffman tables, and a coefficient for one look-up.

use super::bits::{Bits, signed};

/// A table as the file defines it: how many codes of each length, and what they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Definition<'a> {
    counts: &'a [u8; 16],
    pub(super) symbols: &'a [u8],
}

impl<'a> Definition<'a> {
    /// Reads a definition and returns what stands behind it; none when it is cut off or its codes collide.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (counts, rest) = bytes.split_first_chunk()?;
        let (symbols, rest) = rest.split_at_checked(counts.iter().map(|count| usize::from(*count)).sum())?;
        let taken: u32 = counts.iter().zip(1..).map(|(count, length)| u32::from(*count) << (16 - length)).sum();
        (symbols.len() <= 256 && taken <= 1 << 16).then_some((Self { counts, symbols }, rest))
    }

    /// Each code as (code, length, symbol); the code stands at the bottom of the number.
    pub(super) fn codes(&self) -> impl Iterator<Item = (u32, u32, u8)> {
        let lengths = self.counts.iter().zip(1_u32..);
        let lengths = lengths.flat_map(|(count, length)| std::iter::repeat_n(length, usize::from(*count)));
        let mut next = (0, 0);
        lengths.zip(self.symbols).map(move |(length, symbol)| {
            let (code, last) = next;
            let code: u32 = code << (length - last);
            next = (code + 1, length);
            (code, length, *symbol)
        })
    }
}

/// Codes of up to 16 bits, a symbol at a time.
pub(super) struct Codes {
    /// Length and symbol by the next [`QUICK`] bits; 0 where the code is longer or there is none.
    quick: [u16; 1 << QUICK],
    /// By length: behind the last code of that length, moved up to 16 bits.
    ends: [u32; 17],
    /// By length: the index of the first symbol less the first code.
    firsts: [u32; 17],
    symbols: [u8; 256],
}

impl Codes {
    pub(super) fn new(definition: &Definition<'_>) -> Self {
        let mut codes = Self { quick: [0; 1 << QUICK], ends: [0; 17], firsts: [0; 17], symbols: [0; 256] };
        codes.symbols[..definition.symbols.len()].copy_from_slice(definition.symbols);
        let mut last = 0;
        for (index, (code, length, symbol)) in (0_u32..).zip(definition.codes()) {
            let at = length as usize;
            if last != length {
                codes.firsts[at] = index.wrapping_sub(code);
                last = length;
            }
            codes.ends[at] = (code + 1) << (16 - length);
            if length <= QUICK {
                let from = (code << (QUICK - length)) as usize;
                codes.quick[from..from + (1 << (QUICK - length))]
                    .fill(u16::from_le_bytes([symbol, length.to_le_bytes()[0]]));
            }
        }
        codes
    }

    /// The symbol that comes next, of at least 16 bits that are ready; none when no code begins like this.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let [symbol, length] = self.quick[bits.peek(QUICK) as usize].to_le_bytes();
        if length != 0 {
            bits.pass(u32::from(length));
            return Some(symbol);
        }
        self.long_symbol(bits)
    }

    #[inline(never)]
    fn long_symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let next = bits.peek(16);
        for length in QUICK + 1..=16 {
            let at = length as usize;
            if next < self.ends[at] {
                bits.pass(length);
                let index = self.firsts[at].wrapping_add(next >> (16 - length));
                return Some(self.symbols[index as usize & 255]);
            }
        }
        // As every decoder does: what follows may still be a picture.
        bits.broken = true;
        bits.pass(16);
        None
    }
}

/// Codes together with the bits of the coefficient behind them.
pub(super) struct Values {
    pub(super) codes: Codes,
    /// By the next [`WINDOW`] bits: how many of them it takes (6 bits), how far it goes (8 bits from bit 6), the
    /// coefficient (16 bits from bit 16). 0 where it does not fit.
    quick: [u32; 1 << WINDOW],
}

/// A coefficient: how many places behind the last one, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) advance: usize,
    pub(super) value: i32,
}

impl Values {
    pub(super) fn new(definition: &Definition<'_>) -> Self {
        let mut quick = [0; 1 << WINDOW];
        for (code, length, symbol) in definition.codes() {
            let (advance, size) = meaning(symbol);
            let total = length + size;
            // An end of block that stands for several blocks is for the progressive decoder to read.
            if total > WINDOW || (size == 0 && symbol != 0x00 && symbol != 0xF0) {
                continue;
            }
            for raw in 0..1 << size {
                let value = signed(raw, size).cast_unsigned() << 16;
                let from = (((code << size) | raw.cast_unsigned()) << (WINDOW - total)) as usize;
                quick[from..from + (1 << (WINDOW - total))].fill(total | (u32::from(advance) << 6) | value);
            }
        }
        Self { codes: Codes::new(definition), quick }
    }

    /// The step that comes next, if [`WINDOW`] bits are enough for it.
    #[inline(always)]
    pub(super) fn quick(&self, bits: &mut Bits<'_>) -> Option<Step> {
        let entry = self.quick[bits.peek(WINDOW) as usize];
        if entry == 0 {
            return None;
        }
        bits.pass(entry & 63);
        Some(Step { advance: (entry >> 6 & 255) as usize, value: entry.cast_signed() >> 16 })
    }

    /// The step that comes next in a sequential scan, of at least [`WINDOW`] bits that are ready. As many steps as
    /// [`STEPS`] may follow each other before bits must be made ready again.
    #[inline(always)]
    pub(super) fn step(&self, bits: &mut Bits<'_>) -> Step {
        self.quick(bits).unwrap_or_else(|| self.long_step(bits))
    }

    /// As [`Values::step`], for what [`Values::quick`] does not hold. Its bits need not be ready, and 56 are
    /// afterwards.
    #[inline(never)]
    fn long_step(&self, bits: &mut Bits<'_>) -> Step {
        bits.fill();
        // A broken code ends its block.
        let (advance, size) = meaning(self.codes.symbol(bits).unwrap_or(0));
        let step = Step { advance: usize::from(advance), value: bits.take_signed(size) };
        bits.fill();
        step
    }
}

/// How far a symbol of an AC table goes and how many bits follow it. Of a DC table only the second is meant.
pub(super) fn meaning(symbol: u8) -> (u8, u32) {
    let (run, size) = (symbol >> 4, u32::from(symbol & 15));
    if size == 0 && run != 15 { (END_OF_BLOCK, 0) } else { (run + 1, size) }
}

/// Further than any coefficient: the block has no more of them.
pub(super) const END_OF_BLOCK: u8 = 128;

/// Bits of a first look for a symbol: 99 of 100 codes of a photograph.
const QUICK: u32 = 9;

/// Bits of a first look for a coefficient with its code. 4 KiB a table: the four of a scan stay in the nearest cache.
const WINDOW: u32 = 10;

/// How many steps 56 bits are enough for.
pub(super) const STEPS: u32 = 56 / WINDOW;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_collide_are_no_table() {
        let counts = |ones, twos| {
            let mut bytes = vec![0; 16 + 8];
            (bytes[0], bytes[1]) = (ones, twos);
            bytes
        };
        assert!(Definition::read(&counts(1, 2)).is_some());
        assert!(Definition::read(&counts(1, 3)).is_none());
        assert!(Definition::read(&counts(2, 7)).is_none());
        assert!(Definition::read(&counts(1, 2)[..18]).is_none());
    }

    #[test]
    fn short_and_long_codes_lead_to_their_symbols() {
        // One code of each length: 0, 10, 110 and so on.
        let mut bytes = vec![1; 16];
        bytes.extend((0..16).map(|n| n * 7));
        let (definition, _) = Definition::read(&bytes).unwrap();
        let codes = Codes::new(&definition);
        for length in 1..=16_u8 {
            let ones = u64::MAX << (65 - u32::from(length)).min(63) << u32::from(length == 1);
            let stuffed: Vec<u8> = ones
                .to_be_bytes()
                .into_iter()
                .flat_map(|byte| if byte == 255 { vec![255, 0] } else { vec![byte] })
                .collect();
            let mut bits = Bits::new(&stuffed, 0);
            bits.fill();
            assert_eq!(codes.symbol(&mut bits), Some((length - 1) * 7), "{length}");
        }
        let stuffed = [0xFF, 0, 0xFF, 0, 0xFF, 0];
        let mut bits = Bits::new(&stuffed, 0);
        bits.fill();
        assert_eq!((codes.symbol(&mut bits), bits.broken), (None, true));
    }
}
