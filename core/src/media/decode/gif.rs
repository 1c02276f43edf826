//! GIF by the gif crate: pictures on their canvas.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, Frame, MemoryLimit, Repeat};

use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large};
use super::super::header::Header;
use super::super::limits::MediaLimits;
use super::super::picture::{Kind, Pixels, Size};
use super::{Decoded, Moment};
use crate::error::{Error, Result};

/// The first picture.
pub(super) fn decode(bytes: &[u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Decoded> {
    let kind = if header.has_alpha { Kind::Rgba } else { Kind::Rgb };
    let mut canvas = Canvas::new(kind, header.stored, 1, limits)?;
    let mut decoder = canvas.open(bytes)?;
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let refused = |error| refused(&error, canvas.left);
    let frame = decoder.read_next_frame().map_err(refused)?.ok_or_else(|| missing("it holds no picture"))?;
    canvas.paint(frame, global.as_deref())?;
    Ok(Decoded::pixels(canvas.pixels, None))
}

/// All pictures, one after the other.
pub(super) struct Frames<'a> {
    decoder: Decoder<&'a [u8]>,
    global: Option<Vec<u8>>,
    canvas: Canvas,
    /// What is done to the canvas before the next picture: the part of the last one, and how it was before.
    disposal: Option<(Part, Option<Vec<u8>>)>,
}

/// Where a picture lies on its canvas.
#[derive(Debug, Clone, Copy)]
struct Part {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl<'a> Frames<'a> {
    pub(super) fn new(bytes: &'a [u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Self> {
        // The canvas, how it was before, and the copy that is given out.
        let canvas = Canvas::new(Kind::Rgba, header.stored, 3, limits)?;
        let decoder = canvas.open(bytes)?;
        let global = decoder.global_palette().map(<[u8]>::to_vec);
        Ok(Self { decoder, global, canvas, disposal: None })
    }

    pub(super) fn next(&mut self) -> Result<Option<Moment>> {
        if let Some((part, before)) = self.disposal.take() {
            match before {
                Some(before) => self.canvas.pixels.samples = before,
                None => self.canvas.clear(part),
            }
        }
        let left = self.canvas.left;
        let Some(frame) = self.decoder.read_next_frame().map_err(|error| refused(&error, left))? else {
            return Ok(None);
        };
        let side = usize::from;
        let part =
            Part { left: side(frame.left), top: side(frame.top), width: side(frame.width), height: side(frame.height) };
        self.disposal = match frame.dispose {
            DisposalMethod::Background => Some((part, None)),
            DisposalMethod::Previous => Some((part, Some(self.canvas.pixels.samples.clone()))),
            DisposalMethod::Any | DisposalMethod::Keep => None,
        };
        self.canvas.paint(frame, self.global.as_deref())?;
        let delay = if frame.delay < FASTEST { BROWSERS_DELAY } else { frame.delay };
        Ok(Some(Moment { pixels: self.canvas.pixels.clone(), shown_ms: u32::from(delay) * 10 }))
    }

    /// How often it is played; 0 is for ever.
    pub(super) fn plays(&self) -> u16 {
        match self.decoder.repeat() {
            Repeat::Infinite => 0,
            // A GIF counts how often it is repeated.
            Repeat::Finite(times) => times.saturating_add(1),
        }
    }
}

/// What pictures are painted on.
struct Canvas {
    pixels: Pixels,
    /// Bytes that a picture may take beside it. It may be larger than its canvas.
    left: u64,
}

impl Canvas {
    /// A clear canvas, within limits that hold for `copies` of it.
    fn new(kind: Kind, size: Size, copies: u64, limits: &MediaLimits) -> Result<Self> {
        let bytes = size.pixels() * kind.channels() as u64;
        limits.allocation(SourceFormat::Gif, bytes * copies)?;
        let samples = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
        Ok(Self { pixels: Pixels { kind, size, samples }, left: limits.max_allocation - bytes * copies })
    }

    fn open<'a>(&self, bytes: &'a [u8]) -> Result<Decoder<&'a [u8]>> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        // An extension that nobody knows is passed over, as the standard asks.
        options.allow_unknown_blocks(true);
        options.set_memory_limit(MemoryLimit::Bytes(NonZeroU64::new(self.left).unwrap_or(NonZeroU64::MIN)));
        options.read_info(bytes).map_err(|error| refused(&error, self.left))
    }

    fn paint(&mut self, frame: &Frame<'_>, global: Option<&[u8]>) -> Result<()> {
        let palette = frame.palette.as_deref().or(global).ok_or_else(|| missing("its colour table is missing"))?;
        let (colors, _) = palette.as_chunks::<3>();
        let (width, channels) = (self.pixels.size.width as usize, self.pixels.kind.channels());
        let indices = frame.buffer.chunks_exact(usize::from(frame.width).max(1));
        let rows = self.pixels.samples.chunks_exact_mut(width * channels).skip(frame.top.into());
        for (row, indices) in rows.zip(indices) {
            let pixels = row.chunks_exact_mut(channels).skip(frame.left.into());
            for (pixel, index) in pixels.zip(indices) {
                if Some(*index) == frame.transparent {
                    continue;
                }
                // An index beyond the table is black, as in browsers.
                let color = colors.get(usize::from(*index)).copied().unwrap_or_default();
                pixel[..3].copy_from_slice(&color);
                if let Some(alpha) = pixel.get_mut(3) {
                    *alpha = 255;
                }
            }
        }
        Ok(())
    }

    fn clear(&mut self, part: Part) {
        let (width, channels) = (self.pixels.size.width as usize, self.pixels.kind.channels());
        let (first, end) = (part.left.min(width), (part.left + part.width).min(width));
        let rows = self.pixels.samples.chunks_exact_mut(width * channels).skip(part.top).take(part.height);
        for row in rows {
            row[first * channels..end * channels].fill(0);
        }
    }
}

fn refused(error: &DecodingError, left: u64) -> Error {
    match error {
        DecodingError::MemoryLimit | DecodingError::OutOfMemory => {
            too_large(Some(SourceFormat::Gif), "bytes of memory for a frame", left, left.saturating_add(1))
        }
        error => corrupt(SourceFormat::Gif, error.to_string()),
    }
}

fn missing(what: &str) -> Error {
    corrupt(SourceFormat::Gif, what)
}

/// Hundredths of a second below which browsers take a delay for a mistake, and the one that they take instead.
const FASTEST: u16 = 2;
const BROWSERS_DELAY: u16 = 10;
