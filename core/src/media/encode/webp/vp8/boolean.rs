//! The boolean coder: bits, each as long as its probability says. Source: RFC 6386, 7.

/// Writes bits.
pub(super) struct Booleans {
    bytes: Vec<u8>,
    /// The lower end of the interval that the bits so far leave, without the bytes that are written.
    low: u64,
    /// Its size, 128 to 255.
    range: u32,
    /// Bits of `low` above the eight that `range` counts in.
    count: u32,
}

impl Default for Booleans {
    fn default() -> Self {
        Self { bytes: Vec::new(), low: 0, range: 255, count: 0 }
    }
}

impl Booleans {
    /// Writes a bit whose chance to be 0 is `probability` of 256.
    #[inline(always)]
    pub(super) fn bit(&mut self, bit: bool, probability: u8) {
        let split = 1 + (((self.range - 1) * u32::from(probability)) >> 8);
        // Both ways are computed, since which one is taken cannot be foreseen.
        self.low += if bit { u64::from(split) } else { 0 };
        self.range = if bit { self.range - split } else { split };
        let shift = self.range.leading_zeros() - 24;
        self.range <<= shift;
        self.low <<= shift;
        self.count += shift;
        if self.count >= 32 {
            self.word();
        }
    }

    /// Writes the lower `count` bits of `value`, the highest of them first.
    pub(super) fn bits(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            self.bit(value >> at & 1 == 1, EVEN);
        }
    }

    /// Writes whether `value` is not 0, then `count` bits of it and its sign.
    pub(super) fn signed(&mut self, value: i32, count: u32) {
        self.bit(value != 0, EVEN);
        if value != 0 {
            self.bits(value.unsigned_abs(), count);
            self.bit(value < 0, EVEN);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the 32 bits that are older than the last ones")]
    #[inline(always)]
    fn word(&mut self) {
        self.count -= 32;
        let word = self.low >> (self.count + 8);
        self.low &= (1 << (self.count + 8)) - 1;
        if word >> 32 != 0 {
            self.carry();
        }
        self.bytes.extend_from_slice(&(word as u32).to_be_bytes());
    }

    /// Adds one to what is written.
    #[cold]
    fn carry(&mut self) {
        for byte in self.bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                return;
            }
        }
    }

    /// All of it, the last byte filled with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let bytes = (self.count + 8).div_ceil(8) as usize;
        // As if so many bits of nothing had followed that a word is full.
        self.low <<= 32 - self.count;
        self.count = 32;
        let kept = self.bytes.len() + bytes;
        self.word();
        #[expect(clippy::cast_possible_truncation, reason = "the last eight bits")]
        self.bytes.push(self.low as u8);
        self.bytes.truncate(kept);
        self.bytes
    }
}

/// The probability of bits that are as often 0 as 1.
pub(super) const EVEN: u8 = 128;

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader as RFC 6386, 7.3 describes it.
    struct Reader<'a> {
        bytes: &'a [u8],
        value: u32,
        range: u32,
        count: u32,
    }

    impl<'a> Reader<'a> {
        fn new(bytes: &'a [u8]) -> Self {
            let value = u32::from(bytes[0]) << 8 | u32::from(bytes.get(1).copied().unwrap_or(0));
            Self { bytes: bytes.get(2..).unwrap_or_default(), value, range: 255, count: 0 }
        }

        fn bit(&mut self, probability: u8) -> bool {
            let split = 1 + (((self.range - 1) * u32::from(probability)) >> 8);
            let bit = self.value >= split << 8;
            if bit {
                self.range -= split;
                self.value -= split << 8;
            } else {
                self.range = split;
            }
            while self.range < 128 {
                self.value <<= 1;
                self.range <<= 1;
                self.count += 1;
                if self.count == 8 {
                    self.count = 0;
                    self.value |= u32::from(self.bytes.split_off_first().copied().unwrap_or(0));
                }
            }
            bit
        }
    }

    #[test]
    fn what_was_written_is_read_at_any_probability() {
        let mut random = fastrand::Rng::with_seed(7);
        for length in [0, 1, 2, 7, 8, 9, 31, 32, 33, 100, 10_000] {
            let bits: Vec<(bool, u8)> = (0..length)
                .map(|_| {
                    let probability = random.u8(1..);
                    // Mostly what is expected, so that long carries come up.
                    (random.u8(..) >= probability, probability)
                })
                .collect();
            let mut booleans = Booleans::default();
            bits.iter().for_each(|(bit, probability)| booleans.bit(*bit, *probability));
            let bytes = booleans.finish();
            let mut reader = Reader::new(&bytes);
            for (at, (bit, probability)) in bits.iter().enumerate() {
                assert_eq!(reader.bit(*probability), *bit, "bit {at} of {length}");
            }
        }
    }

    #[test]
    fn a_carry_runs_through_bytes_of_ones() {
        let mut booleans = Booleans::default();
        // The upper end of the interval again and again leaves a row of ones, until the last bit overflows it.
        let bits: Vec<(bool, u8)> = (0..4000).map(|at| (true, if at % 50 == 49 { 254 } else { 1 })).collect();
        bits.iter().for_each(|(bit, probability)| booleans.bit(*bit, *probability));
        let bytes = booleans.finish();
        let mut reader = Reader::new(&bytes);
        assert!(bits.iter().all(|(bit, probability)| reader.bit(*probability) == *bit));
    }
}
