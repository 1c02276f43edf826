//! Tables for passing whole stretches of a block with one look, and for reading one coefficient.
//!
//! All tables of a scan lie in one slice of 16-bit entries, so that lanes which are at different places of a unit can
//! look at theirs with one instruction. There are two kinds. A *stride* passes as many coefficients as have their code
//! in the next [`WINDOW`] bits, to the end of the block at most. A *step* is one coefficient. Both may have bits behind
//! the window: how many is known from the codes.

use std::iter;

use super::super::huffman::{Definition, END_OF_BLOCK, meaning};
use super::super::scan::Layout;
use super::super::script::{Scan, Tables};

/// The tables of a scan.
pub(super) struct Looks {
    pub(super) entries: Vec<u16>,
    /// For each block of a unit. There are at most ten (T.81, B.2.3).
    pub(super) blocks: Vec<Block>,
}

/// Where the tables of a block of a unit begin in the entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Strides from the beginning of a block, its mean included.
    pub(super) start: u32,
    /// Strides from within it.
    pub(super) more: u32,
    /// The step that is the mean.
    pub(super) mean: Steps,
    /// A step of the detail.
    pub(super) detail: Steps,
}

/// Where the steps of a Huffman table begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// By the next [`WINDOW`] bits.
    pub(super) short: u32,
    /// For codes longer than that: by what the next 16 bits are above `first`, at most `last`, which is for no code.
    pub(super) long: u32,
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Looks {
    /// Those of `scan`; none when one of its Huffman tables is missing.
    pub(super) fn of(scan: &Scan<'_>, layout: &Layout) -> Option<Self> {
        let mut looks = Self { entries: Vec::new(), blocks: Vec::new() };
        let mut parts: Vec<Block> = Vec::with_capacity(scan.parts.len());
        for (number, part) in scan.parts.iter().enumerate() {
            let alike = scan.parts[..number].iter().position(|other| (other.dc, other.ac) == (part.dc, part.ac));
            let block = match alike {
                Some(other) => parts[other],
                None => looks.add(&scan.tables, part.dc, part.ac)?,
            };
            parts.push(block);
        }
        // What is looked at is read as 32 bits.
        looks.entries.push(0);
        looks.blocks.extend(layout.blocks.iter().map(|place| parts[place.part]));
        Some(looks)
    }

    fn add(&mut self, tables: &Tables<'_>, dc: usize, ac: usize) -> Option<Block> {
        let mean = self.add_steps(tables.dc[dc].as_ref()?, |symbol| step(u32::from(symbol & 15), 0));
        let detail = self.add_steps(tables.ac[ac].as_ref()?, |symbol| {
            let (advance, size) = meaning(symbol);
            if advance == END_OF_BLOCK { END } else { step(size, advance) }
        });
        let more = self.add_strides(None, detail);
        let start = self.add_strides(Some(mean), detail);
        Some(Block { start, more, mean, detail })
    }

    /// The steps of a table; `entry` makes one of a symbol, without the bits of its code.
    fn add_steps(&mut self, definition: &Definition<'_>, entry: impl Fn(u8) -> u16) -> Steps {
        let short = self.next();
        self.entries.extend(iter::repeat_n(NONE, 1 << WINDOW));
        // Codes come in the order of their length, and so of their value: the long ones begin where the others end.
        let (mut first, mut end) = (0, 0);
        for (code, length, symbol) in definition.codes() {
            let entry = entry(symbol) + u16::from(length.to_le_bytes()[0]);
            if length <= WINDOW {
                let from = short as usize + (code << (WINDOW - length)) as usize;
                self.entries[from..from + (1 << (WINDOW - length))].fill(entry);
                first = (code + 1) << (16 - length);
                end = first;
            } else {
                self.entries.extend(iter::repeat_n(entry, 1 << (16 - length)));
                end += 1 << (16 - length);
            }
        }
        self.entries.push(NONE);
        Steps { short, long: short + (1 << WINDOW), first, last: end - first }
    }

    /// Strides of detail, behind a mean if there is one.
    fn add_strides(&mut self, mean: Option<Steps>, detail: Steps) -> u32 {
        let place = self.next();
        for window in 0..1 << WINDOW {
            let stride = self.stride(window, mean, detail);
            self.entries.push(stride);
        }
        place
    }

    fn stride(&self, window: u32, mean: Option<Steps>, detail: Steps) -> u16 {
        let (mut bits, mut places) = (0, 0);
        let mut steps = mean.unwrap_or(detail);
        loop {
            let next = self.entries[steps.short as usize + (window << bits.min(WINDOW) & ((1 << WINDOW) - 1)) as usize];
            steps = detail;
            let (total, advance) = (length(next), u32::from(next >> ADVANCE & 31));
            // Bits that are not in the window stand as zeros, so no code may reach into them.
            let known = next != NONE && bits + total - size(next) <= WINDOW;
            let ends = u32::from(next >> 15);
            if !known || bits + total > LENGTH_MASK || places + advance + ends > 63 {
                return if bits == 0 { NONE } else { stride_entry(bits, places) };
            }
            (bits, places) = (bits + total, places + advance);
            if ends == 1 {
                return stride_entry(bits, places) | END;
            }
        }
    }

    fn next(&self) -> u32 {
        u32::try_from(self.entries.len()).expect("a few tables of a few thousand entries")
    }
}

fn step(size: u32, advance: u8) -> u16 {
    let [size, ..] = size.to_le_bytes();
    u16::from(size) + (u16::from(size) << SIZE) + (u16::from(advance) << ADVANCE)
}

#[expect(clippy::cast_possible_truncation, reason = "31 and 63 at most")]
fn stride_entry(bits: u32, places: u32) -> u16 {
    (bits | places << PLACES) as u16
}

/// The bits that an entry takes, those of coefficients included.
#[inline(always)]
pub(super) fn length(entry: u16) -> u32 {
    u32::from(entry) & LENGTH_MASK
}

/// The bits of the coefficient of a step.
#[inline(always)]
pub(super) fn size(entry: u16) -> u32 {
    u32::from(entry) >> SIZE & 15
}

/// No code that is known in so few bits.
pub(super) const NONE: u16 = 0;

/// The block ends with this one.
pub(super) const END: u16 = 1 << 15;

/// Every entry: bits that it takes.
pub(super) const LENGTH_MASK: u32 = 31;

/// A stride: from this bit on, six for how many places it goes.
pub(super) const PLACES: u32 = 5;

/// A step: from this bit on, four for the bits of the coefficient.
pub(super) const SIZE: u32 = 5;

/// A step: from this bit on, five for how many places it goes.
pub(super) const ADVANCE: u32 = 9;

/// Bits of a look.
pub(super) const WINDOW: u32 = 11;
