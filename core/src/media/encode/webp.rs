//! Lossy WebP: planes or pixels for libwebp, and the container around what it makes.

use super::super::color::halved;
use super::super::detect::SourceFormat;
use super::super::errors::unsupported;
use super::super::picture::{Kind, Picture, Pixels, Plane, Size};
use super::super::value::{Effort, Format};
use super::libwebp::{Input, Settings};
use super::{Recipe, libwebp, no_room};
use crate::error::Result;

pub(super) fn encode(picture: &Picture, recipe: &Recipe<'_>) -> Result<Vec<u8>> {
    let Size { width, height } = picture.size();
    let method = match recipe.effort {
        Effort::Fast => 2,
        Effort::Best => 4,
    };
    let settings = Settings { width, height, quality: recipe.quality, method };
    let encoded = match picture {
        Picture::Planes(planes) => {
            let [blue, red] = planes.chroma.as_ref().map_or([None, None], |[blue, red]| [Some(blue), Some(red)]);
            let (mut y, mut u, mut v) = (luma(&planes.luma.samples), chroma(blue, picture), chroma(red, picture));
            libwebp::encode(Input::Planes { y: &mut y, u: &mut u, v: &mut v }, &settings)
        }
        Picture::Pixels(Pixels { kind: Kind::Gray, samples, .. }) => {
            let (mut y, mut u, mut v) = (luma(samples), chroma(None, picture), chroma(None, picture));
            libwebp::encode(Input::Planes { y: &mut y, u: &mut u, v: &mut v }, &settings)
        }
        Picture::Pixels(Pixels { kind: Kind::GrayAlpha, samples, .. }) => {
            let (pairs, _) = samples.as_chunks::<2>();
            let rgba: Vec<u8> = pairs.iter().flat_map(|[gray, alpha]| [*gray, *gray, *gray, *alpha]).collect();
            libwebp::encode(Input::Rgba(&rgba), &settings)
        }
        Picture::Pixels(Pixels { kind: Kind::Rgba, samples, .. }) => libwebp::encode(Input::Rgba(samples), &settings),
        Picture::Pixels(Pixels { samples, .. }) => libwebp::encode(Input::Rgb(samples), &settings),
    };
    let bytes = encoded.map_err(|reason| unsupported(SourceFormat::WebP, reason))?;
    match recipe.exif {
        Some(exif) => with_exif(&bytes, exif, picture.size()),
        None => Ok(bytes),
    }
}

/// Luma from the full range of JPEG to the range of 16 to 235 that VP8 shows.
fn luma(samples: &[u8]) -> Vec<u8> {
    let range = range(219, 16);
    samples.iter().map(|sample| range[usize::from(*sample)]).collect()
}

/// Chroma of half the size, in the range of 16 to 240; without a plane that of gray.
fn chroma(plane: Option<&Plane>, picture: &Picture) -> Vec<u8> {
    let size = picture.size().halved();
    let Some(plane) = plane else { return vec![128; size.width as usize * size.height as usize] };
    let range = range(224, 16);
    let map = |samples: &[u8]| samples.iter().map(|sample| range[usize::from(*sample)]).collect();
    if plane.size == size { map(&plane.samples) } else { map(&halved(plane).samples) }
}

/// 0 to 255 mapped to `steps` steps from `first`, rounded. 128, which is no colour, stays where it is.
fn range(steps: u32, first: u32) -> [u8; 256] {
    std::array::from_fn(|sample| {
        let sample = u32::try_from(sample).unwrap_or(255);
        u8::try_from((sample * steps + 127) / 255 + first).unwrap_or(u8::MAX)
    })
}

/// The same picture in the extended container, with an EXIF chunk. Source: RFC 9649, 2.7.
fn with_exif(bytes: &[u8], exif: &[u8], size: Size) -> Result<Vec<u8>> {
    let length = u32::try_from(exif.len()).map_err(|_| no_room(Format::WebP, exif.len(), u32::MAX as usize))?;
    let chunks = bytes.get(RIFF..).unwrap_or_default();
    let (flags, chunks) = match chunks {
        // libwebp writes the extended head itself where there is alpha.
        [b'V', b'P', b'8', b'X', ..] => {
            (chunks.get(8).copied().unwrap_or(0), chunks.get(EXTENDED..).unwrap_or_default())
        }
        _ => (0, chunks),
    };
    let side = |side: u32| (side - 1).to_le_bytes();
    let mut body = b"WEBPVP8X\x0A\0\0\0".to_vec();
    body.extend([flags | EXIF_FLAG, 0, 0, 0]);
    body.extend_from_slice(&side(size.width)[..3]);
    body.extend_from_slice(&side(size.height)[..3]);
    body.extend_from_slice(chunks);
    body.extend_from_slice(b"EXIF");
    body.extend(length.to_le_bytes());
    body.extend_from_slice(exif);
    body.resize(body.len().next_multiple_of(2), 0);
    let length = u32::try_from(body.len()).map_err(|_| no_room(Format::WebP, exif.len(), u32::MAX as usize))?;
    Ok([b"RIFF".as_slice(), &length.to_le_bytes(), &body].concat())
}

/// `RIFF`, its length, and `WEBP`.
const RIFF: usize = 12;
/// Bytes of the extended head with the head of its chunk.
const EXTENDED: usize = 18;
const EXIF_FLAG: u8 = 0x08;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_are_those_of_bt_601() {
        let (luma, chroma) = (range(219, 16), range(224, 16));
        assert_eq!([luma[0], luma[128], luma[255]], [16, 126, 235]);
        assert_eq!([chroma[0], chroma[128], chroma[255]], [16, 128, 240]);
    }
}
