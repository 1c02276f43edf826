//! WebP: lossy pictures without alpha by a decoder of our own, which leaves them in their planes; lossless ones, alpha,
//! and the pictures of an animation on their canvas by image-webp.

use std::io::Cursor;

use image_webp::{DecodingError, LoopCount, WebPDecoder};

use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large};
use super::super::fit::Fit;
use super::super::header::Header;
use super::super::limits::MediaLimits;
use super::super::picture::{Kind, Picture, Pixels, Plane, Planes, Size};
use super::super::riff::chunks;
use super::super::value::{Effort, Transform};
use super::super::vp8::{self, Smooth};
use super::super::wide::{Work, wide};
use super::stream::Stream;
use super::{Decoded, Moment};
use crate::error::{Error, Result};

/// The picture, or the first one.
pub(super) fn decode(bytes: &[u8], header: &Header<'_>, fit: &Fit, transform: &Transform) -> Result<Decoded> {
    let limits = &transform.limits;
    let lossy = chunks(bytes).find(|chunk| chunk.kind == b"VP8 ").filter(|_| header.frames == 1 && !header.has_alpha);
    if let Some(chunk) = lossy {
        let planes = planes(chunk.data, header, smooth(fit, transform.effort), limits)?;
        let profile = chunks(bytes).find(|chunk| chunk.kind == b"ICCP").map(|chunk| chunk.data.to_vec());
        limits.profile(SourceFormat::WebP, profile.as_ref().map_or(0, Vec::len))?;
        return Ok(Decoded { picture: Picture::Planes(planes), profile });
    }
    let (mut decoder, profile) = open(bytes, header, limits)?;
    if decoder.is_animated() {
        let frame = Stream::first_frame(bytes).and_then(|at| Stream::frame(bytes, at));
        let (frame, _) = frame.ok_or_else(|| corrupt(SourceFormat::WebP, "its first frame is cut off"))?;
        frame.check(header.stored.pixels() * MOVING_BYTES, limits)?;
    } else {
        let still =
            Stream::still(bytes, header.stored).ok_or_else(|| corrupt(SourceFormat::WebP, "it holds no picture"))?;
        still.check(header.stored.pixels() * if decoder.has_alpha() { 4 } else { 3 }, limits)?;
    }
    let mut pixels = canvas(&decoder, header);
    decoder.read_image(&mut pixels.samples).map_err(|error| refused(&error, limits))?;
    Ok(Decoded::pixels(pixels, profile))
}

/// Whether the edges between blocks are smoothed, which takes two fifths of the time of decoding.
///
/// It cannot be seen where many pixels become one: at four a side and more, results score the same (SSIMULACRA2 of a
/// WebP 300 px wide from 1 920: 79.5 either way, at 2 % more bytes). In a hurry two a side are enough.
fn smooth(fit: &Fit, effort: Effort) -> Smooth {
    let across = fit.crop.width / f64::from(fit.scaled.width);
    let down = fit.crop.height / f64::from(fit.scaled.height);
    let many = match effort {
        Effort::Fast => 2.0,
        Effort::Best => 4.0,
    };
    if across.min(down) >= many { Smooth::Nothing } else { Smooth::Edges }
}

fn planes(data: &[u8], header: &Header<'_>, smooth: Smooth, limits: &MediaLimits) -> Result<Planes> {
    let stored = header.stored;
    if vp8::size(data) != Some((stored.width as usize, stored.height as usize)) {
        return Err(corrupt(SourceFormat::WebP, "its chunks disagree about its size"));
    }
    limits.allocation(SourceFormat::WebP, stored.pixels() * PLANE_BYTES)?;
    let vp8::Planes { mut luma, mut chroma, .. } =
        vp8::decode(data, smooth).map_err(|damage| corrupt(SourceFormat::WebP, damage.0))?;
    wide(Widen { samples: &mut luma, steps: 219, centre: 16, target: 0 });
    for plane in &mut chroma {
        wide(Widen { samples: plane, steps: 224, centre: 128, target: 128 });
    }
    let halves = (f64::from(stored.width) / 2.0, f64::from(stored.height) / 2.0);
    let chroma = chroma.map(|samples| Plane { size: stored.halved(), extent: halves, samples });
    Ok(Planes { luma: Plane::whole(stored, luma), chroma: Some(chroma) })
}

/// Makes the full range of JFIF of the `steps` steps of BT.601, where `centre` becomes `target`.
struct Widen<'a> {
    samples: &'a mut [u8],
    steps: i32,
    centre: i32,
    target: i32,
}

impl Work for Widen<'_> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        // In 15 bits of fraction, of which none is lost that would change a rounded sample.
        let factor = ((255 << 15) + self.steps / 2) / self.steps;
        for sample in self.samples {
            let value = (i32::from(*sample) - self.centre) * factor + (self.target << 15) + (1 << 14);
            *sample = (value >> 15).clamp(0, 255) as u8;
        }
    }
}

/// All pictures of an animation, one after the other.
pub(super) struct Frames<'a> {
    decoder: WebPDecoder<Cursor<&'a [u8]>>,
    profile: Option<Vec<u8>>,
    canvas: Pixels,
    bytes: &'a [u8],
    /// Where the next frame begins.
    at: usize,
    limits: &'a MediaLimits,
}

impl<'a> Frames<'a> {
    pub(super) fn new(bytes: &'a [u8], header: &Header<'_>, limits: &'a MediaLimits) -> Result<Self> {
        let (decoder, profile) = open(bytes, header, limits)?;
        if !decoder.is_animated() {
            return Err(corrupt(SourceFormat::WebP, "its pictures are no animation"));
        }
        limits.allocation(SourceFormat::WebP, header.stored.pixels() * (MOVING_BYTES + COPY_BYTES))?;
        let canvas = canvas(&decoder, header);
        let at = Stream::first_frame(bytes).unwrap_or(bytes.len());
        Ok(Self { decoder, profile, canvas, bytes, at, limits })
    }

    pub(super) fn next(&mut self) -> Result<Option<Moment>> {
        if let Some((frame, next)) = Stream::frame(self.bytes, self.at) {
            frame.check(self.canvas.size.pixels() * (MOVING_BYTES + COPY_BYTES), self.limits)?;
            self.at = next;
        }
        match self.decoder.read_frame(&mut self.canvas.samples) {
            Ok(shown_ms) => Ok(Some(Moment { pixels: self.canvas.clone(), shown_ms })),
            Err(DecodingError::NoMoreFrames) => Ok(None),
            Err(error) => Err(refused(&error, self.limits)),
        }
    }

    /// How often it is played; 0 is for ever.
    pub(super) fn plays(&self) -> u16 {
        match self.decoder.loop_count() {
            LoopCount::Forever => 0,
            LoopCount::Times(times) => times.get(),
        }
    }

    pub(super) fn profile(&self) -> Option<&[u8]> {
        self.profile.as_deref()
    }
}

/// The decoder, and the profile of the file.
fn open<'a>(bytes: &'a [u8], header: &Header<'_>, limits: &MediaLimits) -> Result<Opened<'a>> {
    let refused = |error| refused(&error, limits);
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if (Size { width, height }) != header.stored {
        return Err(corrupt(SourceFormat::WebP, "its chunks disagree about its size"));
    }
    decoder.set_memory_limit(usize::try_from(limits.max_profile_bytes).unwrap_or(usize::MAX));
    let profile = decoder.icc_profile().map_err(refused)?;
    Ok((decoder, profile))
}

type Opened<'a> = (WebPDecoder<Cursor<&'a [u8]>>, Option<Vec<u8>>);

fn canvas(decoder: &WebPDecoder<Cursor<&[u8]>>, header: &Header<'_>) -> Pixels {
    let kind = if decoder.has_alpha() { Kind::Rgba } else { Kind::Rgb };
    let samples = vec![0; decoder.output_buffer_size().unwrap_or(usize::MAX)];
    Pixels { kind, size: header.stored, samples }
}

fn refused(error: &DecodingError, limits: &MediaLimits) -> Error {
    match error {
        DecodingError::MemoryLimitExceeded => {
            let limit = limits.max_profile_bytes;
            too_large(Some(SourceFormat::WebP), "bytes of ICC profile", limit, limit.saturating_add(1))
        }
        error => corrupt(SourceFormat::WebP, error.to_string()),
    }
}

/// Bytes a pixel of planes in whole macroblocks.
const PLANE_BYTES: u64 = 2;
/// Of an animation's canvas: image-webp's own and what it is copied to.
const MOVING_BYTES: u64 = 8;
/// Of the copy that is given out.
const COPY_BYTES: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_bt_601_becomes_the_whole_of_a_byte() {
        let mut luma = [0, 16, 17, 125, 126, 234, 235, 255];
        Widen { samples: &mut luma, steps: 219, centre: 16, target: 0 }.run();
        assert_eq!(luma, [0, 0, 1, 127, 128, 254, 255, 255]);
        let mut chroma = [0, 16, 128, 129, 240, 255];
        Widen { samples: &mut chroma, steps: 224, centre: 128, target: 128 }.run();
        assert_eq!(chroma, [0, 0, 128, 129, 255, 255]);
    }

    #[test]
    fn every_sample_of_the_narrow_range_is_the_nearest_of_the_whole_one() {
        for sample in 16..=235_u8 {
            let mut samples = [sample];
            Widen { samples: &mut samples, steps: 219, centre: 16, target: 0 }.run();
            assert_eq!(f64::from(samples[0]), (f64::from(sample - 16) * 255.0 / 219.0).round());
        }
    }
}
