//! Passing the coefficients that a reduced picture does not need, several for one look-up.
//!
//! A coefficient that nobody wants is only a number of bits and a number of places. What the next [`WINDOW`] bits hold
//! of them, up to the end of the block, is added up beforehand.

use super::bits::Bits;
use super::huffman::{Codes, Definition, END_OF_BLOCK, meaning};

/// For each window, how many bits its whole steps take and how many places they go: low and high byte.
pub(super) struct Skips {
    windows: Box<[u16; 1 << WINDOW]>,
}

impl Skips {
    pub(super) fn new(definition: &Definition<'_>) -> Self {
        Self::of(definition.codes())
    }

    /// Those of a progressive scan, in which the end of a block may stand for several: such a one is left to be read.
    pub(super) fn progressive(definition: &Definition<'_>) -> Self {
        Self::of(definition.codes().filter(|(_, _, symbol)| symbol & 15 != 0 || [0x00, 0xF0].contains(symbol)))
    }

    fn of(codes: impl Iterator<Item = (u32, u32, u8)>) -> Self {
        // One step each to begin with, then as many as fit.
        let mut single = vec![(NONE, 0); 1 << WINDOW];
        for (code, length, symbol) in codes {
            let (advance, size) = meaning(symbol);
            let total = length + size;
            if length <= WINDOW && total <= REACH {
                // The bits of the coefficient may be anything, so they widen the range like those behind it.
                let from = (code << (WINDOW - length)) as usize;
                single[from..from + (1 << (WINDOW - length))].fill((entry(total, advance), length));
            }
        }
        let joined = |window: usize| {
            let (mut bits, mut places) = (0, 0);
            loop {
                let (next, code) = single[window << bits.min(WINDOW) & ((1 << WINDOW) - 1)];
                let [more, advance] = next.to_le_bytes();
                let total = bits + u32::from(more);
                if more == 0
                    || bits + code > WINDOW
                    || total > REACH
                    || (advance != END_OF_BLOCK && places + advance > 63)
                {
                    break if bits == 0 { NONE } else { entry(bits, places) };
                }
                if advance == END_OF_BLOCK {
                    break entry(total, places + END_OF_BLOCK);
                }
                (bits, places) = (total, places + advance);
            }
        };
        let windows: Box<[u16]> = (0..1 << WINDOW).map(joined).collect();
        Self { windows: windows.try_into().expect("one entry a window") }
    }

    /// Passes what is left of a block whose coefficients up to `last` (in zigzag order) were read.
    ///
    /// `ready` is how many looks the bits that are ready are enough for.
    #[inline(always)]
    pub(super) fn pass_block(&self, codes: &Codes, bits: &mut Bits<'_>, last: usize, ready: u32) {
        let (mut at, mut ready) = (last, ready);
        loop {
            for _ in 0..ready {
                let [length, places] = self.windows[bits.peek(WINDOW) as usize].to_le_bytes();
                let to = at + usize::from(places);
                if to >= 63 {
                    // All of it lies within this block: it was the last coefficient, or an end of block before that.
                    if to == 63 || (ENDED..ENDED + 63).contains(&to) {
                        bits.pass(u32::from(length));
                        return;
                    }
                    let Some(next) = pass_one(codes, bits, at) else { return };
                    at = next;
                    break;
                }
                bits.pass(u32::from(length));
                at = to;
            }
            bits.fill();
            ready = LOOKS;
        }
    }

    /// Passes coefficients of a band that ends with the last one of all, as far as looks go: to a place before it, or,
    /// with none, to the end of the block.
    #[inline(always)]
    pub(super) fn pass_some(&self, bits: &mut Bits<'_>, last: usize) -> Option<usize> {
        let mut at = last;
        loop {
            bits.fill();
            for _ in 0..LOOKS {
                let [length, places] = self.windows[bits.peek(WINDOW) as usize].to_le_bytes();
                let to = at + usize::from(places);
                let ended = to == 63 || (ENDED..ENDED + 63).contains(&to);
                if to > 63 && !ended {
                    return Some(at);
                }
                bits.pass(u32::from(length));
                if ended {
                    return None;
                }
                at = to;
            }
        }
    }
}

/// Passes one coefficient behind `at`; none when it was the last.
#[cold]
#[inline(never)]
fn pass_one(codes: &Codes, bits: &mut Bits<'_>, at: usize) -> Option<usize> {
    bits.fill();
    let (advance, size) = meaning(codes.symbol(bits).unwrap_or(0));
    bits.pass(size);
    let to = at + usize::from(advance);
    bits.broken |= (64..ENDED).contains(&to);
    (to < 63).then_some(to)
}

fn entry(bits: u32, places: u8) -> u16 {
    u16::from_le_bytes([bits.to_le_bytes()[0], places])
}

/// [`END_OF_BLOCK`] as a place.
const ENDED: usize = END_OF_BLOCK as usize;

/// Where not even one step fits: no bits, and more places than a block has.
const NONE: u16 = 64 << 8;

/// Bits of a look. Against 13, a photograph of 12 million pixels takes 21 % longer with 11, 15 % with 12 and 1 % with
/// 14, whose two tables (64 KiB) are more than the nearest cache.
const WINDOW: u32 = 13;

/// Bits that a look takes at most: the last coefficient may lie behind the window, as long as its code does not. Three
/// looks of 18 for a filling take 8 % less time than four of 14.
const REACH: u32 = 18;

/// How many looks 56 bits are enough for.
const LOOKS: u32 = 56 / REACH;

/// The same, when a mean has taken 10 of them.
pub(super) const LOOKS_BEHIND_A_MEAN: u32 = (56 - 10) / REACH;
