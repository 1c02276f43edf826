//! An animated WebP around pictures that were encoded one by one. Source: RFC 9649, 2.7.1.
//!
//! A picture is stored as the part of it that differs from the one before: most of what moves in a conversation is a
//! small part of a screen.

use super::super::detect::SourceFormat;
use super::super::errors::unsupported;
use super::super::picture::Rect;
use super::super::picture::{Picture, Pixels, Size};
use super::super::resize::cut;
use super::super::riff::{Chunk, chunks, file, push_chunk};
use super::Recipe;
use crate::error::Result;

/// An animation that is still being made.
pub(in crate::media) struct Moving<'a> {
    recipe: Recipe<'a>,
    size: Size,
    /// What was shown last; what is stored next is how it differs.
    shown: Option<Pixels>,
    /// The last picture, whose time may still grow, as its chunk has it.
    last: Option<Frame>,
    frames: Vec<u8>,
    has_alpha: bool,
}

struct Frame {
    part: Part,
    shown_ms: u32,
    chunks: Vec<u8>,
}

/// A part of the canvas that begins at even places, as frames have to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    left: u32,
    top: u32,
    size: Size,
}

impl<'a> Moving<'a> {
    pub(in crate::media) fn new(recipe: Recipe<'a>, size: Size) -> Self {
        Self { recipe, size, shown: None, last: None, frames: Vec::new(), has_alpha: false }
    }

    /// Shows `pixels` for a time. What changes nothing makes the picture before it stay.
    pub(in crate::media) fn show(&mut self, pixels: Pixels, shown_ms: u32) -> Result<()> {
        let part = match &self.shown {
            Some(before) if before.kind == pixels.kind => difference(before, &pixels),
            _ => Some(Part { left: 0, top: 0, size: self.size }),
        };
        let Some(part) = part else {
            if let Some(last) = &mut self.last {
                last.shown_ms = last.shown_ms.saturating_add(shown_ms);
            }
            return Ok(());
        };
        self.write_last();
        self.has_alpha |= pixels.kind.has_alpha();
        let place = Rect {
            left: part.left.into(),
            top: part.top.into(),
            width: part.size.width.into(),
            height: part.size.height.into(),
        };
        let alone = Recipe { exif: None, ..self.recipe };
        let encoded = alone.encode(&Picture::Pixels(cut(pixels.clone(), place, part.size)))?;
        let mut picture = Vec::with_capacity(encoded.len());
        for chunk in chunks(&encoded).filter(|chunk| matches!(chunk.kind, b"ALPH" | b"VP8 ")) {
            push_chunk(&mut picture, chunk);
        }
        self.last = Some(Frame { part, shown_ms, chunks: picture });
        self.shown = Some(pixels);
        Ok(())
    }

    /// The file; played `plays` times, where 0 is for ever.
    pub(in crate::media) fn finish(mut self, plays: u16) -> Result<Vec<u8>> {
        self.write_last();
        if self.frames.is_empty() {
            return Err(unsupported(SourceFormat::WebP, "an animation without a picture"));
        }
        let mut body = Vec::with_capacity(self.frames.len() + 64);
        let alpha = if self.has_alpha { ALPHA_FLAG } else { 0 };
        let exif = self.recipe.exif.map_or(0, |_| EXIF_FLAG);
        let mut head = vec![ANIMATION_FLAG | alpha | exif, 0, 0, 0];
        head.extend(three(self.size.width - 1));
        head.extend(three(self.size.height - 1));
        push_chunk(&mut body, Chunk { kind: b"VP8X", data: &head });
        // A clear background.
        let [low, high] = plays.to_le_bytes();
        push_chunk(&mut body, Chunk { kind: b"ANIM", data: &[0, 0, 0, 0, low, high] });
        body.extend_from_slice(&self.frames);
        if let Some(data) = self.recipe.exif {
            push_chunk(&mut body, Chunk { kind: b"EXIF", data });
        }
        Ok(file(&body))
    }

    fn write_last(&mut self) {
        let Some(Frame { part, shown_ms, chunks }) = self.last.take() else { return };
        let mut data = Vec::with_capacity(chunks.len() + 16);
        for number in [part.left / 2, part.top / 2, part.size.width - 1, part.size.height - 1, shown_ms.min(LONGEST_MS)]
        {
            data.extend(three(number));
        }
        data.push(REPLACES);
        data.extend_from_slice(&chunks);
        push_chunk(&mut self.frames, Chunk { kind: b"ANMF", data: &data });
    }
}

/// The smallest part in which two pictures of one size and kind differ, from even places on.
fn difference(before: &Pixels, after: &Pixels) -> Option<Part> {
    let channels = after.kind.channels();
    let row = after.size.width as usize * channels;
    let differs = |(a, b): (&[u8], &[u8])| a != b;
    let rows = || before.samples.chunks_exact(row).zip(after.samples.chunks_exact(row));
    let top = rows().position(differs)? & !1;
    let bottom = rows().rposition(differs)?;
    let (mut left, mut right) = (row, 0);
    for (a, b) in rows().skip(top).take(bottom + 1 - top) {
        let differs = |(a, b): (&u8, &u8)| a != b;
        left = left.min(a.iter().zip(b).position(differs).unwrap_or(row));
        right = right.max(a.iter().zip(b).rposition(differs).unwrap_or(0));
    }
    let (left, right) = ((left / channels) & !1, right / channels);
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let size = Size { width: side(right + 1 - left), height: side(bottom + 1 - top) };
    Some(Part { left: side(left), top: side(top), size })
}

/// The lower three bytes, the lowest first.
fn three(number: u32) -> [u8; 3] {
    let [low, middle, high, _] = number.to_le_bytes();
    [low, middle, high]
}

const ANIMATION_FLAG: u8 = 0x02;
const EXIF_FLAG: u8 = 0x08;
const ALPHA_FLAG: u8 = 0x10;
/// A frame that stands in place of what was there, and stays.
const REPLACES: u8 = 0x02;
/// What 24 bits hold: four hours and a half.
const LONGEST_MS: u32 = (1 << 24) - 1;

#[cfg(test)]
mod tests {
    use super::super::super::picture::Kind;
    use super::super::super::value::{Effort, Format};
    use super::*;

    const SIZE: Size = Size { width: 33, height: 20 };

    fn gray(change: impl Fn(u32, u32) -> u8) -> Pixels {
        let samples = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
        Pixels { kind: Kind::Gray, size: SIZE, samples: samples.map(|(x, y)| change(x, y)).collect() }
    }

    fn moving() -> Moving<'static> {
        Moving::new(Recipe { format: Format::WebP, quality: 85, effort: Effort::Best, exif: None }, SIZE)
    }

    /// The frames of a file: part and time.
    fn frames(bytes: &[u8]) -> Vec<(Part, u32)> {
        let three = |data: &[u8], at: usize| u32::from_le_bytes([data[at], data[at + 1], data[at + 2], 0]);
        let part = |data: &[u8]| Part {
            left: 2 * three(data, 0),
            top: 2 * three(data, 3),
            size: Size { width: three(data, 6) + 1, height: three(data, 9) + 1 },
        };
        let frames = chunks(bytes).filter(|chunk| chunk.kind == b"ANMF");
        frames.map(|frame| (part(frame.data), three(frame.data, 12))).collect()
    }

    #[test]
    fn only_what_moves_is_stored() {
        let mut animation = moving();
        animation.show(gray(|_, _| 9), 50).unwrap();
        animation.show(gray(|x, y| if (x, y) == (7, 5) || (x, y) == (20, 9) { 200 } else { 9 }), 60).unwrap();
        let frames = frames(&animation.finish(0).unwrap());
        let whole = Part { left: 0, top: 0, size: SIZE };
        let moved = Part { left: 6, top: 4, size: Size { width: 15, height: 6 } };
        assert_eq!(frames, [(whole, 50), (moved, 60)]);
    }

    #[test]
    fn a_picture_that_stays_is_stored_once_with_all_of_its_time() {
        let mut animation = moving();
        for _ in 0..3 {
            animation.show(gray(|x, _| x.to_le_bytes()[0]), 40).unwrap();
        }
        assert_eq!(frames(&animation.finish(1).unwrap()), [(Part { left: 0, top: 0, size: SIZE }, 120)]);
    }

    #[test]
    fn an_animation_of_nothing_is_none() {
        assert!(moving().finish(0).is_err());
    }
}
