//! WebP: chunks with right lengths, and lossless pictures bit by bit. Source: RFC 9649.

use super::Bits;

/// A whole WebP of these chunks.
pub(in super::super) fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    whole(&chunks.iter().map(|(kind, data)| [kind.as_slice(), data].concat()).collect::<Vec<_>>())
}

/// The data of a VP8X chunk.
pub(in super::super) fn canvas(flags: u8, width: u32, height: u32) -> Vec<u8> {
    [&[flags, 0, 0, 0], &(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat()
}

/// The data of an ANMF chunk.
pub(in super::super) fn frame(place: (u32, u32), size: (u32, u32), chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let numbers = [place.0 / 2, place.1 / 2, size.0 - 1, size.1 - 1, 100];
    let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()[..3].to_vec()).collect();
    bytes.push(0);
    bytes.extend(webp(chunks)[12..].to_vec());
    bytes
}

/// A lossless picture of one colour: codes of one symbol take no bits, so any size is a few bytes.
pub(in super::super) fn lossless(width: u32, height: u32) -> Vec<u8> {
    let mut bits = lossless_head(width, height);
    // No transform, no colour cache, one group of codes.
    bits.put(0, 3);
    for _ in 0..5 {
        bits.put(0b0001, 4);
    }
    bits.finish()
}

pub(in super::super) fn lossless_head(width: u32, height: u32) -> Bits {
    let mut bits = Bits::default();
    bits.put(0x2F, 8);
    bits.put(u64::from(width - 1), 14);
    bits.put(u64::from(height - 1), 14);
    bits.put(0, 4);
    bits
}

/// A picture of 4 x 4 pixels that says it has 65,536 groups of five codes, each with a table of a thousand entries.
pub(in super::super) fn thousands_of_codes(groups: u64) -> Vec<u8> {
    let mut bits = lossless_head(4, 4);
    // No transform, a colour cache of 11 bits, groups chosen by a picture of one pixel.
    bits.put(0, 1);
    bits.put(1, 1);
    bits.put(11, 4);
    bits.put(1, 1);
    bits.put(0, 3);
    // That pixel: no cache, then codes of one symbol: green and red say which group is the last.
    bits.put(0, 1);
    let last = groups - 1;
    for symbol in [last & 0xFF, last >> 8, 0, 0] {
        bits.put(0b101, 3);
        bits.put(symbol, 8);
    }
    bits.put(0b0001, 4);
    for _ in 0..groups * 5 {
        deep_code(&mut bits);
    }
    bits.put(0, 64);
    bits.finish()
}

/// A code of lengths 1, 2, 3 and so on up to 10 and once more 10.
fn deep_code(bits: &mut Bits) {
    bits.put(0, 1);
    // Lengths of the code for lengths, in the order 17, 18, 0 to 5, 16, 6 to 10.
    bits.put(14 - 4, 4);
    for length in [0, 0, 0, 4, 4, 4, 3, 3, 0, 4, 3, 3, 3, 3] {
        bits.put(length, 3);
    }
    // Eleven lengths follow, no more.
    bits.put(1, 1);
    bits.put(1, 3);
    bits.put(11 - 2, 4);
    // Canonical: 4, 5, 7, 8, 9 and 10 in three bits, 1, 2, 3 and 6 in four; codes are sent the highest bit first.
    let code = |length: u64| match length {
        4 => (0b000, 3),
        5 => (0b001, 3),
        7 => (0b010, 3),
        8 => (0b011, 3),
        9 => (0b100, 3),
        10 => (0b101, 3),
        1 => (0b1100, 4),
        2 => (0b1101, 4),
        3 => (0b1110, 4),
        _ => (0b1111, 4),
    };
    for length in (1..=10).chain([10]) {
        let (value, count) = code(length);
        for bit in (0..count).rev() {
            bits.put(value >> bit & 1, 1);
        }
    }
}

pub(super) fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut pieces, mut rest) = (Vec::new(), &bytes[12..]);
    while let Some(length) = rest.get(4..).and_then(<[u8]>::first_chunk) {
        let length = u32::from_le_bytes(*length) as usize;
        pieces.push([&rest[..4], &rest[8..8 + length]].concat());
        rest = rest.get(8 + length.next_multiple_of(2)..).unwrap_or_default();
    }
    pieces
}

pub(super) fn whole(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for piece in pieces {
        let (kind, data) = piece.split_at(4.min(piece.len()));
        body.extend(kind);
        body.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        body.extend(data);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [b"RIFF".as_slice(), &u32::try_from(body.len()).unwrap().to_le_bytes(), &body].concat()
}
