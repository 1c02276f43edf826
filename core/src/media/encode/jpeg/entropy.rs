//! What is told of quantised blocks, symbol after symbol, and the bits of a scan.

use super::forward::Block;
use super::tables::Described;

/// Takes what is told of blocks.
pub(super) trait Sink {
    /// A symbol in the codes of `table`, and the bits behind it, of which there are as many as its low half says.
    fn symbol(&mut self, table: usize, symbol: usize, low: u32);
}

/// Tells a block in the codes of `kind`, 0 for luma and 1 for chroma; its mean by its distance from `before`. Source:
/// T.81, F.1.2.
#[inline(always)]
pub(super) fn tell(block: &Block, before: i16, kind: usize, sink: &mut impl Sink) {
    let (means, rest) = (kind * CLASSES, kind * CLASSES + 1);
    let (length, low) = told(i32::from(block.values[0]) - i32::from(before));
    sink.symbol(means, length, low);
    // The mean is told.
    let mut some = block.some & !1;
    let mut last = 0;
    while some != 0 {
        let at = some.trailing_zeros();
        some &= some - 1;
        let mut zeros = at - last - 1;
        last = at;
        while zeros > 15 {
            sink.symbol(rest, SIXTEEN_ZEROS, 0);
            zeros -= 16;
        }
        let (length, low) = told(i32::from(block.values[at as usize & 63]));
        sink.symbol(rest, zeros as usize * 16 + length, low);
    }
    if last < 63 {
        sink.symbol(rest, usize::from(END_OF_BLOCK), 0);
    }
}

/// How many bits a value is told in, and these.
#[inline(always)]
fn told(value: i32) -> (usize, u32) {
    let length = 32 - value.unsigned_abs().leading_zeros();
    // A negative value is told by the bits of the next smaller one.
    let low = (value + (value >> 31)).cast_unsigned() & ((1 << length) - 1);
    (length as usize, low)
}

/// For each symbol its code with room behind it for the bits that follow, and in the five lowest bits how many bits
/// that makes: at most 27, a code of 16 and a distance of 11.
pub(super) struct Table([u32; 256]);

impl Table {
    /// Source: T.81, annex C.
    pub(super) fn of(described: &Described) -> Self {
        let mut codes = [0; 256];
        let (mut code, mut symbols) = (0, described.symbols.iter());
        for (length, count) in (1..).zip(described.counts) {
            for symbol in symbols.by_ref().take(usize::from(count)) {
                let behind = u32::from(symbol & 15);
                codes[usize::from(*symbol)] = (code << behind) << COUNT_BITS | (length + behind);
                code += 1;
            }
            code <<= 1;
        }
        Self(codes)
    }
}

/// Bits of a scan, written from the highest on, with a zero behind every byte of ones.
pub(super) struct Bits {
    tables: [Table; TABLES],
    bytes: Vec<u8>,
    /// The last bits, which are not written yet; above them may be some that are.
    held: u64,
    /// How many more are held before they are written.
    room: u32,
}

impl Bits {
    pub(super) fn new(bytes: Vec<u8>, codes: &[Described; TABLES]) -> Self {
        Self { tables: codes.each_ref().map(Table::of), bytes, held: 0, room: u64::BITS }
    }

    #[inline(always)]
    fn write(&mut self, bits: u32, count: u32) {
        if count < self.room {
            self.held = (self.held << count) | u64::from(bits);
            self.room -= count;
            return;
        }
        let over = count - self.room;
        let word = (self.held << self.room) | u64::from(bits >> over);
        // Whether a byte is 255: whether one of the inverse is 0.
        if (!word).wrapping_sub(LOWEST) & word & (LOWEST << 7) == 0 {
            self.bytes.extend_from_slice(&word.to_be_bytes());
        } else {
            stuffed(&mut self.bytes, &word.to_be_bytes());
        }
        self.held = u64::from(bits);
        self.room = u64::BITS - over;
    }

    /// Fills the last byte with ones.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let count = self.room % 8;
        self.write((1 << count) - 1, count);
        if self.room < u64::BITS {
            let rest = (self.held << self.room).to_be_bytes();
            stuffed(&mut self.bytes, &rest[..(u64::BITS - self.room) as usize / 8]);
        }
        self.bytes
    }
}

impl Sink for Bits {
    #[inline(always)]
    fn symbol(&mut self, table: usize, symbol: usize, low: u32) {
        let code = self.tables[table].0[symbol & 255];
        self.write((code >> COUNT_BITS) | low, code & ((1 << COUNT_BITS) - 1));
    }
}

#[cold]
fn stuffed(to: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        to.push(*byte);
        if *byte == 255 {
            to.push(0);
        }
    }
}

/// Means and the rest have codes of their own.
pub(super) const CLASSES: usize = 2;
/// Both for luma and for chroma.
pub(super) const TABLES: usize = 2 * CLASSES;
const SIXTEEN_ZEROS: usize = 0xF0;
pub(super) const END_OF_BLOCK: u8 = 0;
const COUNT_BITS: u32 = 5;
/// The lowest bit of each byte.
const LOWEST: u64 = 0x0101_0101_0101_0101;
