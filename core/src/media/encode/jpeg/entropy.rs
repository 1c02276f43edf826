//! Huffman codes of quantised blocks, and the bits of a scan.

use super::forward::Block;

/// The codes of a kind of channel: for means and for the rest.
pub(super) struct Codes {
    pub(super) means: Table,
    pub(super) rest: Table,
}

/// For each symbol its code and the bits that this has.
pub(super) struct Table([(u32, u32); 256]);

impl Table {
    /// `counts` are how many codes there are of each length from 1 to 16, `symbols` what they stand for. Source: T.81,
    /// annex C.
    pub(super) fn of(counts: &[u8; 16], symbols: &[u8]) -> Self {
        let mut codes = [(0, 0); 256];
        let (mut code, mut symbols) = (0, symbols.iter());
        for (length, count) in (1..).zip(counts) {
            for symbol in symbols.by_ref().take(usize::from(*count)) {
                codes[usize::from(*symbol)] = (code, length);
                code += 1;
            }
            code <<= 1;
        }
        Self(codes)
    }
}

/// Bits of a scan, written from the highest on, with a zero behind every byte of ones.
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// The last bits, of which `count` are not written yet.
    held: u64,
    count: u32,
}

impl Bits {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, held: 0, count: 0 }
    }

    /// Writes a block whose mean is told by its distance from `before`.
    #[inline(always)]
    pub(super) fn block(&mut self, block: &Block, before: i16, codes: &Codes) {
        let values = &block.values;
        self.symbol(&codes.means, 0, i32::from(values[0]) - i32::from(before));
        // The mean is told.
        let mut some = block.some & !1;
        let mut last = 0;
        while some != 0 {
            let at = some.trailing_zeros();
            some &= some - 1;
            let mut zeros = at - last - 1;
            last = at;
            while zeros > 15 {
                self.code(&codes.rest, SIXTEEN_ZEROS);
                zeros -= 16;
            }
            self.symbol(&codes.rest, zeros as usize * 16, i32::from(values[at as usize & 63]));
        }
        if last < 63 {
            self.code(&codes.rest, END_OF_BLOCK);
        }
    }

    /// The code of `run` and the length of `value`, and behind it that many bits of it. Source: T.81, F.1.2.
    #[inline(always)]
    fn symbol(&mut self, codes: &Table, run: usize, value: i32) {
        let length = 32 - value.unsigned_abs().leading_zeros();
        let (code, bits) = codes.0[(run + length as usize) & 255];
        // A negative value is told by the bits of the next smaller one.
        let low = (value + (value >> 31)).cast_unsigned() & ((1 << length) - 1);
        self.write((code << length) | low, bits + length);
    }

    #[inline(always)]
    fn code(&mut self, codes: &Table, symbol: usize) {
        let (code, bits) = codes.0[symbol];
        self.write(code, bits);
    }

    /// At most 27 bits: a code of 16 and a coefficient of 11.
    #[inline(always)]
    fn write(&mut self, bits: u32, count: u32) {
        self.held = (self.held << count) | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            #[expect(clippy::cast_possible_truncation, reason = "the 32 bits that are older than the last ones")]
            self.word((self.held >> self.count) as u32);
        }
    }

    fn word(&mut self, word: u32) {
        // Whether a byte is 255: whether one of the inverse is 0.
        if (!word).wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 {
            self.bytes.extend_from_slice(&word.to_be_bytes());
        } else {
            word.to_be_bytes().into_iter().for_each(|byte| self.byte(byte));
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
        if byte == 255 {
            self.bytes.push(0);
        }
    }

    /// Fills the last byte with ones.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let room = self.count.next_multiple_of(8) - self.count;
        self.write((1 << room) - 1, room);
        while self.count > 0 {
            self.count -= 8;
            #[expect(clippy::cast_possible_truncation, reason = "the 8 bits that are older than the last ones")]
            self.byte((self.held >> self.count) as u8);
        }
        self.bytes
    }
}

const SIXTEEN_ZEROS: usize = 0xF0;
const END_OF_BLOCK: usize = 0;
