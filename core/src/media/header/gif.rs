//! The header of a GIF, and the heads of its blocks. Source: GIF89a, 17 to 27.

use super::super::detect::SourceFormat;
use super::super::errors::corrupt;
use super::super::picture::Size;
use super::Facts;
use crate::error::Result;

pub(super) fn facts(bytes: &[u8]) -> Result<Facts<'_>> {
    let cut_off = || corrupt(SourceFormat::Gif, "it ends before its first picture");
    let [w0, w1, h0, h1, flags, _, _, ref rest @ ..] = *bytes.get(SIGNATURE..).unwrap_or_default() else {
        return Err(cut_off());
    };
    let size = size([w0, w1, h0, h1]);
    let mut rest = after_palette(rest, flags);
    let mut facts = Facts { size, ..Facts::default() };
    let mut transparent = false;
    while let Some((kind, block)) = rest.and_then(<[u8]>::split_first) {
        rest = match (*kind, block) {
            (EXTENSION, [label, after @ ..]) => {
                if *label == GRAPHIC_CONTROL {
                    transparent = after.get(1).is_some_and(|flags| flags & 1 != 0);
                }
                after_sub_blocks(after)
            }
            (IMAGE, [x0, x1, y0, y1, w0, w1, h0, h1, flags, after @ ..]) => {
                if facts.frames == 0 {
                    let covers = [x0, x1, y0, y1].iter().all(|byte| **byte == 0);
                    let frame = self::size([*w0, *w1, *h0, *h1]);
                    facts.has_alpha = transparent || !covers || frame.width < size.width || frame.height < size.height;
                }
                facts.frames = facts.frames.saturating_add(1);
                transparent = false;
                // The first byte of the data is the width of its codes.
                after_palette(after, *flags).and_then(|data| data.get(1..)).and_then(after_sub_blocks)
            }
            _ => None,
        };
    }
    if facts.frames == 0 { Err(cut_off()) } else { Ok(facts) }
}

fn size([w0, w1, h0, h1]: [u8; 4]) -> Size {
    Size { width: u16::from_le_bytes([w0, w1]).into(), height: u16::from_le_bytes([h0, h1]).into() }
}

/// What follows a colour table, when `flags` announce one.
fn after_palette(bytes: &[u8], flags: u8) -> Option<&[u8]> {
    if flags & 0x80 == 0 { Some(bytes) } else { bytes.get(3 << ((flags & 7) + 1)..) }
}

/// What follows a row of sub-blocks, each with its length before it, the last one empty.
fn after_sub_blocks(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (length, rest) = bytes.split_first()?;
        if *length == 0 {
            return Some(rest);
        }
        bytes = rest.get(usize::from(*length)..)?;
    }
}

const SIGNATURE: usize = 6;
const EXTENSION: u8 = 0x21;
const GRAPHIC_CONTROL: u8 = 0xF9;
const IMAGE: u8 = 0x2C;
