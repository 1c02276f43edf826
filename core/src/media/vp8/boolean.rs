//! Booleans out of a partition, each with its chance. Source: RFC 6386, 7.

/// Reads from the front; behind the end there are zeros.
#[derive(Clone)]
pub(super) struct Booleans<'a> {
    bytes: &'a [u8],
    /// The next bits, the first one on top; of those that lie within the range the decoder has not made up its mind yet.
    window: u64,
    /// Bits in the window that were read from the bytes, or stand for those that are not there.
    ready: u32,
    /// 128 to 255.
    range: u32,
    /// How many of the bits that were made ready stand for bytes that are not there.
    spare: u32,
}

impl<'a> Booleans<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, window: 0, ready: 0, range: 255, spare: 0 }
    }

    /// The next boolean, of which 256 are `chance` times false.
    #[inline(always)]
    pub(super) fn next(&mut self, chance: u8) -> bool {
        if self.ready < ENOUGH {
            self.fill();
        }
        let split = 1 + (((self.range - 1) * u32::from(chance)) >> 8);
        let place = u64::from(split) << 56;
        let set = self.window >= place;
        if set {
            self.window -= place;
            self.range -= split;
        } else {
            self.range = split;
        }
        let shift = self.range.leading_zeros() - 24;
        self.range <<= shift;
        self.window <<= shift;
        self.ready -= shift;
        set
    }

    #[inline(always)]
    fn fill(&mut self) {
        if let Some((word, _)) = self.bytes.split_first_chunk() {
            self.window |= u64::from_be_bytes(*word) >> self.ready;
            let bytes = (63 - self.ready) >> 3;
            self.bytes = &self.bytes[bytes as usize..];
            self.ready += bytes * 8;
        } else {
            self.fill_slowly();
        }
    }

    #[cold]
    #[inline(never)]
    fn fill_slowly(&mut self) {
        while self.ready <= 48 {
            if let Some((byte, rest)) = self.bytes.split_first() {
                self.window |= u64::from(*byte) << (56 - self.ready);
                self.bytes = rest;
            } else {
                self.spare += 8;
            }
            self.ready += 8;
        }
    }

    /// A boolean that is as often true as false.
    #[inline(always)]
    pub(super) fn flag(&mut self) -> bool {
        self.next(EVEN)
    }

    /// A number of `bits` bits, the highest first.
    pub(super) fn number(&mut self, bits: u32) -> u8 {
        (0..bits).fold(0, |number, _| number << 1 | u8::from(self.flag()))
    }

    /// A number with its sign behind it.
    pub(super) fn signed(&mut self, bits: u32) -> i32 {
        let number = i32::from(self.number(bits));
        if self.flag() { -number } else { number }
    }

    /// A flag, and behind it a signed number if it is set.
    pub(super) fn optional(&mut self, bits: u32) -> Option<i32> {
        if self.flag() { Some(self.signed(bits)) } else { None }
    }

    /// Whether more was decided than the bytes told.
    pub(super) fn overrun(&self) -> bool {
        self.spare > self.ready
    }
}

pub(super) const EVEN: u8 = 128;
/// Bits of which the next decision, whatever its chance, needs no more.
const ENOUGH: u32 = 8;
