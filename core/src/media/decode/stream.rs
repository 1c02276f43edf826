//! What image-webp is about to decode, looked at first.
//!
//! Version 0.2.4 allocates what the header of a lossy picture says before it compares that with the canvas or the frame
//! around it, and makes tables of as many codes as a lossless one says there are. Both are known from the bytes.

use super::super::detect::SourceFormat;
use super::super::errors::corrupt;
use super::super::header::{lossless_webp, lossy_webp};
use super::super::limits::MediaLimits;
use super::super::picture::Size;
use super::super::riff::{Chunk, chunks};
use super::codes;
use crate::error::Result;

/// A picture in a file, where image-webp finds it.
pub(super) struct Stream<'a> {
    /// As large as its canvas or frame says.
    size: Size,
    lossless: bool,
    pixels: &'a [u8],
    alpha: Option<&'a [u8]>,
}

impl<'a> Stream<'a> {
    /// The picture of a file that does not move.
    pub(super) fn still(bytes: &'a [u8], size: Size) -> Option<Self> {
        let first = chunks(bytes).next()?;
        if first.kind != b"VP8X" {
            return Some(Self { size, lossless: first.kind == b"VP8L", pixels: first.data, alpha: None });
        }
        let find = |kind: &[u8; 4]| chunks(bytes).find(|chunk| chunk.kind == kind).map(|chunk| chunk.data);
        let lossless = find(b"VP8L");
        let pixels = lossless.or_else(|| find(b"VP8 "))?;
        Some(Self { size, lossless: lossless.is_some(), pixels, alpha: find(b"ALPH") })
    }

    /// The picture of the frame that begins at `at`, and where the next frame begins.
    pub(super) fn frame(bytes: &'a [u8], at: usize) -> Option<(Self, usize)> {
        let length = bytes.get(at..)?.strip_prefix(b"ANMF")?.first_chunk()?;
        let next = at.checked_add(8)?.checked_add(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        // The head of a frame is 16 bytes. Behind it are chunks, as behind the 12 of a file.
        let [_, _, _, _, _, _, w0, w1, w2, h0, h1, h2, ..] = *bytes.get(at + 8..)? else { return None };
        let side = |bytes: [u8; 3]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) + 1;
        let size = Size { width: side([w0, w1, w2]), height: side([h0, h1, h2]) };
        let mut inside = chunks(bytes.get(at + 24 - 12..)?);
        let Chunk { kind, data } = inside.next()?;
        let stream = match kind {
            // Whatever comes behind the alpha is taken for the picture.
            b"ALPH" => Self { size, lossless: false, pixels: inside.next()?.data, alpha: Some(data) },
            _ => Self { size, lossless: kind == b"VP8L", pixels: data, alpha: None },
        };
        Some((stream, next))
    }

    /// Where the first frame begins.
    pub(super) fn first_frame(bytes: &[u8]) -> Option<usize> {
        let mut at = 12_usize;
        for chunk in chunks(bytes) {
            if chunk.kind == b"ANMF" {
                return Some(at);
            }
            at += 8 + chunk.data.len().next_multiple_of(2);
        }
        None
    }

    /// Refuses a picture of another size than is said around it, or one that takes more memory than is allowed beside
    /// `held` bytes.
    pub(super) fn check(&self, held: u64, limits: &MediaLimits) -> Result<()> {
        let own = if self.lossless { lossless_webp(self.pixels) } else { lossy_webp(self.pixels) };
        if own.map(|(size, _)| size) != Some(self.size) {
            return Err(corrupt(SourceFormat::WebP, "its chunks disagree about its size"));
        }
        let bytes = match (self.lossless, self.alpha) {
            (true, _) => LOSSLESS_BYTES,
            (false, None) => LOSSY_BYTES,
            (false, Some(_)) => ALPHA_BYTES,
        };
        let held = held + self.size.pixels() * bytes;
        limits.allocation(SourceFormat::WebP, held)?;
        let left = limits.max_allocation - held;
        let codes = match (self.lossless, self.alpha) {
            // The size stands before the transforms.
            (true, _) => self.pixels.get(5..).and_then(|data| codes::memory(data, self.size, left)),
            (false, Some([head, data @ ..])) if head & 3 == 1 => codes::memory(data, self.size, left),
            _ => Some(0),
        };
        let codes = codes.ok_or_else(|| corrupt(SourceFormat::WebP, "its codes make no sense"))?;
        limits.allocation(SourceFormat::WebP, held + codes)
    }
}

/// Bytes a pixel that image-webp holds beside what it is given: a picture of four and what predicts it.
const LOSSLESS_BYTES: u64 = 5;
/// Planes of luma and halved chroma, and half a byte for what is smaller.
const LOSSY_BYTES: u64 = 2;
/// The same, alpha decoded as a picture of four bytes, and what is left of that.
const ALPHA_BYTES: u64 = 7;
