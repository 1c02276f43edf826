//! Bits out of the codes of a scan: stuffed zeros taken out, markers never passed, zeros behind the end.

use super::marker;

/// Reads bits from the front.
#[derive(Clone)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, the first one on top. Behind the `left` counted ones may stand more of the same stream.
    window: u64,
    left: u32,
    /// How many of `left` are zeros that stand for bytes which are not there.
    spare: u32,
    /// Whether something was met that no encoder writes.
    pub(super) broken: bool,
}

/// How an interval between restart markers begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Its codes come next.
    Here,
    /// It is missing: the next marker belongs to a later one.
    Lost,
    /// So is everything behind it.
    End,
}

impl<'a> Bits<'a> {
    /// The codes that begin at `at`.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, window: 0, left: 0, spare: 0, broken: false }
    }

    /// Makes at least 56 bits ready.
    #[inline(always)]
    pub(super) fn fill(&mut self) {
        let eight = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        if let Some(word) = eight.copied().map(u64::from_be_bytes)
            && !has_ones(word)
        {
            self.window |= word >> self.left;
            self.at += ((63 - self.left) >> 3) as usize;
            self.left |= 56;
        } else {
            self.fill_slowly();
        }
    }

    #[cold]
    #[inline(never)]
    fn fill_slowly(&mut self) {
        while self.left < 56 {
            if let Some(byte) = self.byte() {
                self.window |= u64::from(byte) << (56 - self.left);
            } else {
                self.spare += 8;
            }
            self.left += 8;
        }
    }

    fn byte(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at..)? {
                [0xFF, 0x00, ..] => {
                    self.at += 2;
                    return Some(0xFF);
                }
                [0xFF, 0xFF, ..] => self.at += 1,
                [0xFF, ..] => return None,
                [byte, ..] => {
                    self.at += 1;
                    return Some(*byte);
                }
                [] => return None,
            }
        }
    }

    /// The next `count` bits (1 to 16), which stay.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "16 bits at most")]
    pub(super) fn peek(&self, count: u32) -> u32 {
        (self.window >> (64 - count)) as u32
    }

    /// Passes `count` bits that were made ready.
    #[inline(always)]
    pub(super) fn pass(&mut self, count: u32) {
        debug_assert!(count <= self.left, "bits that were not made ready");
        self.window <<= count;
        self.left -= count;
    }

    /// The next `count` bits (0 to 15) as a number.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "15 bits at most")]
    pub(super) fn take(&mut self, count: u32) -> i32 {
        // In two steps, because a shift by all 64 is none.
        let value = (self.window >> 1) >> (63 - count);
        self.pass(count);
        value as i32
    }

    /// The next `count` bits (0 to 15) as a coefficient: the lower half of the numbers is negative (T.81, F.2.2.1).
    #[inline(always)]
    pub(super) fn take_signed(&mut self, count: u32) -> i32 {
        signed(self.take(count), count)
    }

    /// The next bit, ready or not.
    #[inline(always)]
    pub(super) fn bit(&mut self) -> bool {
        if self.left == 0 {
            self.fill();
        }
        self.take(1) == 1
    }

    /// Whether more was read than was there.
    #[inline(always)]
    pub(super) fn overrun(&self) -> bool {
        self.left < self.spare
    }

    /// Goes to the interval behind restart marker `number` (0 to 7), whatever is left of the one before.
    ///
    /// Where markers are missing or doubled, the nearest explanation holds: up to two are taken for lost, up to two for
    /// repeated, and anything else for damage to the marker's own number.
    pub(super) fn restart(&mut self, number: u8) -> Entry {
        (self.window, self.left, self.spare) = (0, 0, 0);
        loop {
            let Some(at) = marker::find(self.bytes, self.at) else {
                self.at = self.bytes.len();
                return Entry::End;
            };
            self.at = at;
            let found = self.bytes[at + 1];
            match found {
                marker::RST0..=marker::RST7 => {}
                // No marker of a JPEG: damage. Everything below the frame headers is reserved.
                0x01..0xC0 => {
                    self.broken = true;
                    self.at = at + 2;
                    continue;
                }
                _ => return Entry::End,
            }
            match (found - marker::RST0).wrapping_sub(number) & 7 {
                1 | 2 => return Entry::Lost,
                6 | 7 => {
                    self.broken = true;
                    self.at = at + 2;
                }
                ahead => {
                    self.broken |= ahead != 0;
                    self.at = at + 2;
                    return Entry::Here;
                }
            }
        }
    }

    /// A place in the bytes from which the end of the codes can be looked for.
    pub(super) fn place(&self) -> usize {
        self.at
    }
}

/// `value` of `count` bits as a coefficient.
#[inline(always)]
pub(super) fn signed(value: i32, count: u32) -> i32 {
    let half = (1 << count) >> 1;
    if value < half { value - (1 << count) + 1 } else { value }
}

/// Whether one of the eight bytes is all ones, which is how stuffing and markers begin.
#[inline(always)]
fn has_ones(word: u64) -> bool {
    (!word).wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_zeros_are_taken_out_wherever_they_stand() {
        for place in 0..24 {
            let mut bytes: Vec<u8> = (1..=24).collect();
            let mut expected = bytes.clone();
            bytes.splice(place..place, [0xFF, 0x00]);
            expected.insert(place, 0xFF);
            bytes.extend([0xFF, 0xD9]);
            let mut bits = Bits::new(&bytes, 0);
            for (n, byte) in expected.iter().enumerate() {
                bits.fill();
                assert_eq!((bits.take(3), bits.take(5)), (i32::from(byte >> 5), i32::from(byte & 31)), "{place} {n}");
                assert!(!bits.overrun());
            }
            bits.fill();
            assert_eq!((bits.take(1), bits.overrun(), bits.place()), (0, true, 26));
        }
    }

    #[test]
    fn the_lower_half_of_the_numbers_is_negative() {
        assert_eq!([signed(0, 0), signed(0, 1), signed(1, 1)], [0, -1, 1]);
        assert_eq!([signed(0, 3), signed(3, 3), signed(4, 3), signed(7, 3)], [-7, -4, 4, 7]);
    }

    #[test]
    fn a_restart_marker_tells_what_was_lost() {
        let at = |bytes: &[u8], number| {
            let mut bits = Bits::new(bytes, 0);
            (bits.restart(number), bits.place(), bits.broken)
        };
        let bytes = [7, 0xFF, 0xD3, 9, 0xFF, 0xD4];
        assert_eq!(at(&bytes, 3), (Entry::Here, 3, false));
        assert_eq!(at(&bytes, 2), (Entry::Lost, 1, false));
        assert_eq!(at(&bytes, 1), (Entry::Lost, 1, false));
        assert_eq!(at(&bytes, 4), (Entry::Here, 6, true));
        assert_eq!(at(&bytes, 7), (Entry::Here, 3, true));
        assert_eq!(at(&[7, 0xFF, 0xD9], 0), (Entry::End, 1, false));
        assert_eq!(at(&[7, 0xFF, 0x22, 0xFF, 0xD0], 0), (Entry::Here, 5, true));
    }
}
