//! PNG: chunks with right checksums, and zlib streams of nothing but zeros in any length.

use std::io::Write;

use flate2::{Compression, Crc, write::ZlibEncoder};

/// A whole PNG of these chunks, each a kind and its data.
pub(in super::super) fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    whole(&chunks.iter().map(|(kind, data)| [kind.as_slice(), data].concat()).collect::<Vec<_>>())
}

/// The data of an IHDR chunk.
pub(in super::super) fn head(width: u32, height: u32, depth: u8, color: u8, interlaced: bool) -> Vec<u8> {
    [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, interlaced.into()]].concat()
}

/// A picture of zeros in `bits` bits a pixel.
pub(in super::super) fn zeros(side: u32, depth: u8, color: u8, bits: u64, interlaced: bool) -> Vec<u8> {
    let bytes = u64::from(side) * ((u64::from(side) * bits).div_ceil(8) + 1);
    // The rows of the passes have their filters too: a little more than there can be.
    let bytes = if interlaced { bytes + u64::from(side) * 8 } else { bytes };
    png(&[(b"IHDR", &head(side, side, depth, color, interlaced)), (b"IDAT", &zlib_zeros(bytes)), (b"IEND", b"")])
}

/// Cut into chunks: kind and data of each.
pub(super) fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut pieces, mut rest) = (Vec::new(), &bytes[8..]);
    while let Some(length) = rest.first_chunk() {
        let end = 8 + u32::from_be_bytes(*length) as usize;
        pieces.push(rest[4..end].to_vec());
        rest = &rest[end + 4..];
    }
    pieces
}

pub(in super::super) fn whole(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1A\n".to_vec();
    for piece in pieces {
        let length = u32::try_from(piece.len().saturating_sub(4)).unwrap();
        bytes.extend(length.to_be_bytes());
        bytes.extend(piece);
        let mut sum = Crc::new();
        sum.update(piece);
        bytes.extend(sum.sum().to_be_bytes());
    }
    bytes
}

pub(in super::super) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `count` zeros, without ever holding them: a block of half a mebibyte, as often as it takes. Source: RFC 1951.
pub(in super::super) fn zlib_zeros(count: u64) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; BLOCK]).unwrap();
    // Ends at a whole byte, and what follows may refer to zeros before it or not.
    encoder.flush().unwrap();
    let block = encoder.get_ref().clone();
    let mut bytes = vec![0x78, 0x01];
    for _ in 0..count / BLOCK as u64 {
        bytes.extend(&block);
    }
    let rest = usize::try_from(count % BLOCK as u64).unwrap();
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; rest]).unwrap();
    bytes.extend(encoder.finish().unwrap());
    // Adler-32 of zeros: one sum stays 1, the other counts.
    let sum = u32::try_from(count % 65_521).unwrap() << 16 | 1;
    bytes.extend(sum.to_be_bytes());
    bytes
}

const BLOCK: usize = 1 << 19;
