//! GIF: a head, blocks, and LZW of one colour in any length.

use super::Bits;

/// A GIF with a canvas of this size, two colours, and these blocks.
pub(in super::super) fn gif(width: u16, height: u16, blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    bytes.extend([0x80, 0, 0, 10, 20, 30, 200, 210, 220]);
    bytes.extend(blocks.concat());
    bytes.push(b';');
    bytes
}

/// A picture of its place and size, with this data.
pub(in super::super) fn image(place: (u16, u16), size: (u16, u16), code_bits: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b','];
    for number in [place.0, place.1, size.0, size.1] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([0, code_bits]);
    bytes.extend(sub_blocks(data));
    bytes
}

pub(in super::super) fn sub_blocks(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(data.len() + data.len() / 255 + 2);
    for block in data.chunks(255) {
        bytes.push(u8::try_from(block.len()).unwrap());
        bytes.extend(block);
    }
    bytes.push(0);
    bytes
}

/// LZW for `count` pixels of the first colour: every code is one pixel longer than the last, until the table is full.
pub(in super::super) fn lzw_zeros(count: u64) -> Vec<u8> {
    let mut bits = Bits::default();
    let (mut width, mut next, mut left) = (3, 6, count - 1);
    bits.put(4, width);
    bits.put(0, width);
    while left > 0 {
        // Code 6 is a run of 2, and so on; one that is defined by being used is allowed.
        let code = if left == 1 { 0 } else { (left + 4).min(next).min(4095) };
        bits.put(code, width);
        left -= if code == 0 { 1 } else { code - 4 };
        if next < 4096 {
            next += 1;
            width += u32::from(next == 1 << width && width < 12);
        }
    }
    bits.put(5, width);
    bits.finish()
}

/// Cut into head with colours, and blocks.
pub(super) fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    let colors = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut cuts = vec![0, 13 + colors(bytes[10])];
    let skip = |mut at: usize| {
        while bytes[at] != 0 {
            at += usize::from(bytes[at]) + 1;
        }
        at + 1
    };
    loop {
        let at = cuts[cuts.len() - 1];
        match bytes[at] {
            b'!' => cuts.push(skip(at + 2)),
            b',' => cuts.push(skip(at + 11 + colors(bytes[at + 9]))),
            _ => break,
        }
    }
    cuts.push(bytes.len());
    cuts.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec()).collect()
}

pub(super) fn whole(pieces: &[Vec<u8>]) -> Vec<u8> {
    // Without its first six bytes it is no GIF, and nobody would look at the rest.
    let bytes = pieces.concat();
    [b"GIF89a", bytes.get(6..).unwrap_or_default()].concat()
}
