//! GIF by the gif crate: the first picture, on its canvas.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large};
use super::super::header::Header;
use super::super::limits::MediaLimits;
use super::super::picture::{Kind, Pixels};
use super::Decoded;
use crate::error::{Error, Result};

pub(super) fn decode(bytes: &[u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Decoded> {
    let kind = if header.has_alpha { Kind::Rgba } else { Kind::Rgb };
    let canvas = header.stored.pixels() * kind.channels() as u64;
    limits.allocation(SourceFormat::Gif, canvas)?;
    // A frame may be larger than its canvas.
    let left = limits.max_allocation - canvas;
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(MemoryLimit::Bytes(NonZeroU64::new(left).unwrap_or(NonZeroU64::MIN)));
    let refused = |error: DecodingError| match error {
        DecodingError::MemoryLimit | DecodingError::OutOfMemory => {
            too_large(Some(SourceFormat::Gif), "bytes of memory for a frame", left, left.saturating_add(1))
        }
        error => corrupt(SourceFormat::Gif, error.to_string()),
    };
    let mut decoder = options.read_info(bytes).map_err(refused)?;
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let frame = decoder.read_next_frame().map_err(refused)?.ok_or_else(|| missing("it holds no picture"))?;
    let palette = frame.palette.as_ref().or(global.as_ref()).ok_or_else(|| missing("its colour table is missing"))?;
    let (colors, _) = palette.as_chunks::<3>();

    let (width, channels) = (header.stored.width as usize, kind.channels());
    let mut samples = vec![0; usize::try_from(canvas).unwrap_or(usize::MAX)];
    let indices = frame.buffer.chunks_exact(usize::from(frame.width).max(1));
    let rows = samples.chunks_exact_mut(width * channels).skip(frame.top.into());
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
    Ok(Decoded::pixels(Pixels { kind, size: header.stored, samples }, None))
}

fn missing(what: &str) -> Error {
    corrupt(SourceFormat::Gif, what)
}
