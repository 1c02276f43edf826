//! The header of a WebP, and the heads of its chunks. Source: RFC 9649, 2 (container), 3 (lossless); RFC 6386, 9.1.

use super::super::detect::SourceFormat;
use super::super::errors::corrupt;
use super::super::picture::Size;
use super::super::riff::{Chunk, chunks};
use super::{Facts, little_endian};
use crate::error::Result;

pub(super) fn facts(bytes: &[u8]) -> Result<Facts<'_>> {
    let mut facts = Facts::default();
    let mut canvas = None;
    for Chunk { kind, data } in chunks(bytes) {
        match kind {
            // A second one is passed over, as decoders do.
            b"VP8X" if canvas.is_none() => {
                let [flags, _, _, _, w0, w1, w2, h0, h1, h2, ..] = *data else { break };
                let side = |bytes: [u8; 3]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) + 1;
                canvas = Some(Size { width: side([w0, w1, w2]), height: side([h0, h1, h2]) });
                facts.has_alpha = flags & ALPHA_BIT != 0;
            }
            b"VP8 " | b"VP8L" => {
                let Some((size, alpha)) = (if kind == b"VP8 " { lossy(data) } else { lossless(data) }) else { break };
                facts.frames += 1;
                facts.has_alpha |= alpha && canvas.is_none();
                facts.size = size;
                if canvas.is_none() {
                    break;
                }
            }
            b"ANMF" => facts.frames = facts.frames.saturating_add(1),
            b"ICCP" => facts.has_icc = true,
            b"EXIF" => facts.exif = Some(data.strip_prefix(b"Exif\0\0").unwrap_or(data)),
            _ => {}
        }
    }
    if facts.frames == 0 {
        return Err(corrupt(SourceFormat::WebP, "it ends before its first picture"));
    }
    facts.size = canvas.unwrap_or(facts.size);
    Ok(facts)
}

/// The size in the frame header of VP8; such a picture carries no alpha.
pub(in super::super) fn lossy(data: &[u8]) -> Option<(Size, bool)> {
    let [_, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1, ..] = *data else { return None };
    // The two bits above the side ask for an enlargement that nobody makes.
    let side = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3FFF);
    Some((Size { width: side([w0, w1]), height: side([h0, h1]) }, false))
}

/// Size and alpha in the first bits of VP8L.
pub(in super::super) fn lossless(data: &[u8]) -> Option<(Size, bool)> {
    let bits = little_endian(data.strip_prefix(&[0x2F])?)?;
    let size = Size { width: (bits & 0x3FFF) + 1, height: (bits >> 14 & 0x3FFF) + 1 };
    Some((size, bits >> 28 & 1 != 0))
}

const ALPHA_BIT: u8 = 0x10;
