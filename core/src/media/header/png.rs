//! The header of a PNG: its first chunk, and the heads of the others. Source: PNG, third edition, 5 and 11.

use super::super::detect::SourceFormat;
use super::super::errors::corrupt;
use super::super::picture::Size;
use super::{Facts, big_endian};
use crate::error::Result;

pub(super) fn facts(bytes: &[u8]) -> Result<Facts<'_>> {
    let mut chunks = Chunks { rest: bytes.get(SIGNATURE..).unwrap_or_default() };
    let Some(Chunk { kind: b"IHDR", data: Some([w3, w2, w1, w0, h3, h2, h1, h0, _, color, ..]) }) = chunks.next()
    else {
        return Err(corrupt(SourceFormat::Png, "it does not begin with a whole IHDR chunk"));
    };
    let side = |bytes: [&u8; 4]| u32::from_be_bytes(bytes.map(|byte| *byte));
    let size = Size { width: side([w3, w2, w1, w0]), height: side([h3, h2, h1, h0]) };
    let mut facts = Facts { size, frames: 1, has_alpha: color & ALPHA_BIT != 0, ..Facts::default() };
    for chunk in chunks {
        match chunk.kind {
            b"tRNS" => facts.has_alpha = true,
            b"iCCP" => facts.has_icc = true,
            b"eXIf" => facts.exif = facts.exif.or(chunk.data),
            b"acTL" => facts.frames = chunk.data.and_then(big_endian).map_or(1, |frames| frames.max(1)),
            _ => {}
        }
    }
    Ok(facts)
}

struct Chunk<'a> {
    kind: &'a [u8; 4],
    /// None when the file ends inside it.
    data: Option<&'a [u8]>,
}

struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let length = usize::try_from(big_endian(self.rest)?).ok()?;
        let kind = self.rest.get(4..)?.first_chunk()?;
        if kind == b"IEND" {
            return None;
        }
        let data = self.rest.get(8..)?.get(..length);
        self.rest = length.checked_add(OVERHEAD).and_then(|next| self.rest.get(next..)).unwrap_or_default();
        Some(Chunk { kind, data })
    }
}

const SIGNATURE: usize = 8;
/// Bytes of a chunk beside its data: length, kind and checksum.
const OVERHEAD: usize = 12;
/// The bit of the colour type that says that every pixel has its alpha.
const ALPHA_BIT: u8 = 4;
