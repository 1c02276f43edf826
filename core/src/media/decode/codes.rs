//! What the tables of codes of a lossless WebP take, found before a decoder makes them.
//!
//! A small picture in front of the large one says how many groups of codes there are, whatever the size: a file of 5 MB
//! that shows 4 x 4 pixels may have 65 536, for which image-webp makes tables of 1.3 GB. So what stands before the
//! pixels is read here first. Source: RFC 9649, 3.

use super::super::picture::Size;

/// Bytes that image-webp allocates for the codes behind `data`, which begins with the transforms of a picture of
/// `size`; it stops counting above `most`. None when they make no sense.
pub(super) fn memory(data: &[u8], size: Size, most: u64) -> Option<u64> {
    let mut bits = Bits { data, at: 0 };
    let mut width = size.width;
    let mut seen = [false; 4];
    while bits.take(1)? == 1 {
        let kind = bits.take(2)?;
        if std::mem::replace(seen.get_mut(kind as usize)?, true) {
            return None;
        }
        match kind {
            0 | 1 => {
                let block = bits.take(3)? + 2;
                pixels(&mut bits, Size { width: blocks(width, block), height: blocks(size.height, block) })?;
            }
            2 => {}
            _ => {
                let colors = bits.take(8)? + 1;
                pixels(&mut bits, Size { width: colors, height: 1 })?;
                let packed = match colors {
                    0..=2 => 3,
                    3..=4 => 2,
                    5..=16 => 1,
                    _ => 0,
                };
                width = blocks(width, packed);
            }
        }
    }
    let cache = cache(&mut bits)?;
    if bits.take(1)? == 0 {
        return Some(0);
    }
    let block = bits.take(3)? + 2;
    let groups = pixels(&mut bits, Size { width: blocks(width, block), height: blocks(size.height, block) })?;
    // Red and green are the two bytes of a group's number.
    let last = groups.iter().map(|pixel| pixel >> 8 & 0xFFFF).max()?;
    if last < FEW_GROUPS {
        return Some(0);
    }
    let mut sum = 0;
    for _ in 0..=last {
        for alphabet in alphabets(cache) {
            sum += Code::read(&mut bits, alphabet)?.memory();
            if sum > most {
                return Some(sum);
            }
        }
    }
    Some(sum)
}

/// The pixels of a picture that has one group of codes: alpha, red, green and blue from the highest byte down.
fn pixels(bits: &mut Bits<'_>, size: Size) -> Option<Vec<u32>> {
    let cached = cache(bits)?;
    let mut cache = vec![0; 1 << cached];
    let mut codes = Vec::with_capacity(5);
    for alphabet in alphabets(cached) {
        codes.push(Code::read(bits, alphabet)?);
    }
    let [green, red, blue, alpha, distance] = codes.as_slice() else { return None };
    let count = usize::try_from(size.pixels()).ok()?;
    let mut pixels: Vec<u32> = Vec::with_capacity(count);
    while pixels.len() < count {
        let first = pixels.len();
        match green.symbol(bits)? {
            green @ 0..LENGTHS => {
                let (red, blue, alpha) = (red.symbol(bits)?, blue.symbol(bits)?, alpha.symbol(bits)?);
                pixels.push(alpha << 24 | red << 16 | green << 8 | blue);
            }
            length @ LENGTHS..CACHED => {
                let length = number(bits, length - LENGTHS)?;
                let symbol = distance.symbol(bits)?;
                let back = back(number(bits, symbol)?, size.width);
                let from = first.checked_sub(back)?;
                if length > count - first {
                    return None;
                }
                (from..from + length).for_each(|at| pixels.push(pixels[at]));
            }
            place => pixels.push(*cache.get((place - CACHED) as usize).filter(|_| cached > 0)?),
        }
        if cached > 0 {
            for pixel in &pixels[first..] {
                cache[(pixel.wrapping_mul(HASH) >> (32 - cached)) as usize] = *pixel;
            }
        }
    }
    Some(pixels)
}

/// Bits of the colour cache; 0 for none.
fn cache(bits: &mut Bits<'_>) -> Option<u32> {
    if bits.take(1)? == 0 { Some(0) } else { bits.take(4).filter(|size| (1..=11).contains(size)) }
}

/// Symbols of the five codes of a group: green with lengths and cached colours, red, blue, alpha, distance.
fn alphabets(cache: u32) -> [usize; 5] {
    let cached = if cache == 0 { 0 } else { 1 << cache };
    [CACHED as usize + cached, 256, 256, 256, 40]
}

/// A length or distance of a prefix code and the bits behind it.
fn number(bits: &mut Bits<'_>, prefix: u32) -> Option<usize> {
    if prefix < 4 {
        return Some(prefix as usize + 1);
    }
    let extra = (prefix - 2) >> 1;
    Some((((2 + (prefix & 1)) << extra) + bits.take(extra)?) as usize + 1)
}

/// How many pixels back a distance leads; the first 120 are places nearby.
fn back(distance: usize, width: u32) -> usize {
    let Some(near) = distance.checked_sub(1).and_then(|at| NEAR.get(at)) else { return distance - NEAR.len() };
    let (left, up) = (8 - i64::from(near & 15), i64::from(near >> 4));
    usize::try_from(left + up * i64::from(width)).unwrap_or(1).max(1)
}

fn blocks(side: u32, bits: u32) -> u32 {
    side.div_ceil(1 << bits)
}

/// A canonical prefix code.
struct Code {
    /// How many symbols have each length.
    counts: [u16; 16],
    /// By their length, then by their number.
    symbols: Vec<u16>,
}

impl Code {
    fn read(bits: &mut Bits<'_>, alphabet: usize) -> Option<Self> {
        if bits.take(1)? == 1 {
            let (two, wide) = (bits.take(1)? == 1, bits.take(1)? == 1);
            let mut symbols = vec![u16::try_from(bits.take(if wide { 8 } else { 1 })?).ok()?];
            if two {
                symbols.push(u16::try_from(bits.take(8)?).ok()?);
            }
            let mut counts = [0; 16];
            counts[1] = u16::try_from(symbols.len()).ok()?;
            return symbols.iter().all(|symbol| usize::from(*symbol) < alphabet).then_some(Self { counts, symbols });
        }
        let mut lengths = [0; 19];
        let count = bits.take(4)? as usize + 4;
        for place in LENGTH_ORDER.iter().take(count) {
            lengths[*place] = u8::try_from(bits.take(3)?).ok()?;
        }
        Self::of(&lengths)?.lengths(bits, alphabet).and_then(|lengths| Self::of(&lengths))
    }

    /// The lengths that this code stands for, with runs.
    fn lengths(&self, bits: &mut Bits<'_>, alphabet: usize) -> Option<Vec<u8>> {
        let mut left = alphabet;
        if bits.take(1)? == 1 {
            let wide = 2 + 2 * bits.take(3)?;
            left = bits.take(wide)? as usize + 2;
        }
        let (mut lengths, mut before) = (Vec::with_capacity(alphabet), 8);
        while lengths.len() < alphabet && left > 0 {
            left -= 1;
            let (length, times) = match u8::try_from(self.symbol(bits)?).ok()? {
                length @ 0..16 => (length, 1),
                16 => (before, bits.take(2)? + 3),
                17 => (0, bits.take(3)? + 3),
                _ => (0, bits.take(7)? + 11),
            };
            if length > 0 {
                before = length;
            }
            lengths.resize(lengths.len() + times as usize, length);
        }
        lengths.resize(lengths.len().max(alphabet), 0);
        (lengths.len() == alphabet).then_some(lengths)
    }

    fn of(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0; 16];
        for length in lengths.iter().filter(|length| **length > 0) {
            counts[usize::from(*length)] += 1;
        }
        let mut places = [0; 16];
        for length in 1..15 {
            places[length + 1] = places[length] + usize::from(counts[length]);
        }
        let mut symbols = vec![0; counts.iter().copied().map(usize::from).sum()];
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let place = &mut places[usize::from(*length)];
            *symbols.get_mut(*place)? = u16::try_from(symbol).ok()?;
            *place += 1;
        }
        (!symbols.is_empty()).then_some(Self { counts, symbols })
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Option<u32> {
        // A code of one symbol takes no bits.
        if let [symbol] = *self.symbols {
            return Some(symbol.into());
        }
        let (mut code, mut first, mut before) = (0, 0, 0);
        for count in &self.counts[1..] {
            let count = u32::from(*count);
            code |= bits.take(1)?;
            if code < first + count {
                return self.symbols.get((before + code - first) as usize).map(|symbol| u32::from(*symbol));
            }
            before += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }

    /// Bytes of the table that image-webp makes of it: four an entry for up to ten bits, and nodes for what is longer.
    fn memory(&self) -> u64 {
        if self.symbols.len() == 1 {
            return NODE;
        }
        let longest = self.counts.iter().rposition(|count| *count > 0).unwrap_or(0);
        let long: u64 = self.counts[11..].iter().map(|count| u64::from(*count)).sum();
        (4 << longest.min(10)) + (2 * long + 4) * NODE
    }
}

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    data: &'a [u8],
    /// In bits.
    at: usize,
}

impl Bits<'_> {
    /// The next `count` bits, at most 24 of them.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for (place, byte) in self.data.get(self.at / 8..)?.iter().take(4).enumerate() {
            value |= u32::from(*byte) << (8 * place);
        }
        let value = value >> (self.at % 8) & ((1 << count) - 1);
        self.at += count as usize;
        (self.at <= self.data.len() * 8).then_some(value)
    }
}

/// Groups whose codes are not counted one by one: at worst 11 MiB.
const FEW_GROUPS: u32 = 64;
/// Bytes of a node of image-webp's trees.
const NODE: u64 = 16;
/// Symbols of green from which on they are lengths, and then cached colours.
const LENGTHS: u32 = 256;
const CACHED: u32 = 280;
/// What spreads colours over the cache.
const HASH: u32 = 0x1E35_A7BD;
/// In which order the lengths of the code for lengths are written.
const LENGTH_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// The places nearby: rows up in the high half of a byte, 8 less the pixels to the left in the low one.
const NEAR: [u8; 120] = [
    0x18, 0x07, 0x17, 0x19, 0x28, 0x06, 0x27, 0x29, 0x16, 0x1A, 0x26, 0x2A, 0x38, 0x05, 0x37, 0x39, 0x15, 0x1B, 0x36,
    0x3A, 0x25, 0x2B, 0x48, 0x04, 0x47, 0x49, 0x14, 0x1C, 0x35, 0x3B, 0x46, 0x4A, 0x24, 0x2C, 0x58, 0x45, 0x4B, 0x34,
    0x3C, 0x03, 0x57, 0x59, 0x13, 0x1D, 0x56, 0x5A, 0x23, 0x2D, 0x44, 0x4C, 0x55, 0x5B, 0x33, 0x3D, 0x68, 0x02, 0x67,
    0x69, 0x12, 0x1E, 0x66, 0x6A, 0x22, 0x2E, 0x54, 0x5C, 0x43, 0x4D, 0x65, 0x6B, 0x32, 0x3E, 0x78, 0x01, 0x77, 0x79,
    0x53, 0x5D, 0x11, 0x1F, 0x64, 0x6C, 0x42, 0x4E, 0x76, 0x7A, 0x21, 0x2F, 0x75, 0x7B, 0x31, 0x3F, 0x63, 0x6D, 0x52,
    0x5E, 0x00, 0x74, 0x7C, 0x41, 0x4F, 0x10, 0x20, 0x62, 0x6E, 0x30, 0x73, 0x7D, 0x51, 0x5F, 0x40, 0x72, 0x7E, 0x61,
    0x6F, 0x50, 0x71, 0x7F, 0x60, 0x70,
];

#[cfg(test)]
mod tests {
    use super::super::super::riff::chunks;
    use super::*;

    #[test]
    fn pictures_of_ordinary_encoders_have_few_groups() {
        for name in ["lossless.webp", "lossless-alpha.webp", "icc.webp"] {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/media/formats/").to_owned() + name;
            let bytes = std::fs::read(path).unwrap();
            let picture = chunks(&bytes).find(|chunk| chunk.kind == b"VP8L").unwrap().data;
            assert_eq!(memory(&picture[5..], Size { width: 48, height: 32 }, 0), Some(0), "{name}");
        }
    }

    #[test]
    fn any_bits_end_in_a_sum_or_make_no_sense() {
        let mut random = fastrand::Rng::with_seed(9);
        let mut sums = 0;
        for _ in 0..4_000 {
            let length = random.usize(..200);
            let data: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(length).collect();
            sums += u32::from(memory(&data, Size { width: 40, height: 30 }, 1 << 20).is_some());
        }
        assert!(sums > 100, "{sums}");
    }

    #[test]
    fn a_code_costs_its_table_and_its_long_codes_their_nodes() {
        let short = Code::of(&[1, 2, 2]).unwrap();
        assert_eq!(short.memory(), 4 * 4 + 4 * NODE);
        let lengths: Vec<u8> = (1..=12).chain([12]).collect();
        assert_eq!(Code::of(&lengths).unwrap().memory(), 4 * 1024 + (2 * 3 + 4) * NODE);
    }
}
