//! The container around a picture. Source: RFC 9649, 2.

use super::super::super::picture::Size;
use super::super::super::riff::{Chunk, chunks, file, push_chunk};

/// A file of nothing but an opaque picture.
pub(super) fn simple(frame: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(frame.len() + 16);
    push_chunk(&mut body, Chunk { kind: b"VP8 ", data: frame });
    file(&body)
}

/// The same picture in the extended container, with an EXIF chunk. Source: RFC 9649, 2.7.
pub(super) fn with_exif(bytes: &[u8], exif: &[u8], size: Size) -> Vec<u8> {
    let mut flags = EXIF_FLAG;
    let mut pictures = Vec::with_capacity(bytes.len());
    for chunk in chunks(bytes) {
        match chunk.kind {
            // Where there is alpha, there is an extended head already.
            b"VP8X" => flags |= chunk.data.first().copied().unwrap_or(0),
            _ => push_chunk(&mut pictures, chunk),
        }
    }
    let side = |side: u32| (side - 1).to_le_bytes();
    let mut head = vec![flags, 0, 0, 0];
    head.extend_from_slice(&side(size.width)[..3]);
    head.extend_from_slice(&side(size.height)[..3]);
    let mut body = Vec::with_capacity(pictures.len() + exif.len() + 64);
    push_chunk(&mut body, Chunk { kind: b"VP8X", data: &head });
    body.extend_from_slice(&pictures);
    push_chunk(&mut body, Chunk { kind: b"EXIF", data: exif });
    file(&body)
}

const EXIF_FLAG: u8 = 0x08;
