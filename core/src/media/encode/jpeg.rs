//! JPEG by jpeg-encoder, in safe Rust: baseline, in one scan that every decoder reads.
//!
//! Huffman tables of its own would make it a few per cent smaller, but the encoder then writes a scan for each
//! component, which some decoders misread.

use jpeg_encoder::{
    ChromaSubsamplingMethod, ColorType, Encoder, EncodingError, ImageBuffer, JpegColorType, SamplingFactor,
};

use super::super::color::to_pixels;
use super::super::detect::SourceFormat;
use super::super::errors::unsupported;
use super::super::picture::{Kind, Picture, Planes};
use super::super::resize::Chroma;
use super::super::value::Format;
use super::{Recipe, no_room, side_of};
use crate::error::{Error, Result};

pub(super) fn encode(picture: &Picture, recipe: &Recipe<'_>) -> Result<Vec<u8>> {
    let size = picture.size();
    let (width, height) = (side_of(Format::Jpeg, size, size.width)?, side_of(Format::Jpeg, size, size.height)?);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, recipe.quality);
    let halved = recipe.chroma() == Chroma::Halved;
    encoder.set_sampling_factor(if halved { SamplingFactor::R_4_2_0 } else { SamplingFactor::R_4_4_4 });
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    if let Some(exif) = recipe.exif {
        encoder.add_exif_metadata(exif).map_err(|_| no_room(Format::Jpeg, exif.len(), EXIF_ROOM))?;
    }
    let encoded = match picture {
        Picture::Planes(planes) => encoder.encode_image(Rows { planes, width, height }),
        Picture::Pixels(pixels) if pixels.kind == Kind::Ycc => {
            encoder.encode(&pixels.samples, width, height, ColorType::Ycbcr)
        }
        Picture::Pixels(pixels) if pixels.kind == Kind::Gray => {
            encoder.encode(&pixels.samples, width, height, ColorType::Luma)
        }
        picture => encoder.encode(&to_pixels(picture.clone()).samples, width, height, ColorType::Rgb),
    };
    encoded.map_err(refused)?;
    Ok(bytes)
}

/// Planes as the encoder asks for them: a row of whole pixels at a time. Chroma of half the size is repeated, and the
/// encoder's mean of four equal samples is that sample again.
struct Rows<'a> {
    planes: &'a Planes,
    width: u16,
    height: u16,
}

impl ImageBuffer for Rows<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        if self.planes.chroma.is_some() { JpegColorType::Ycbcr } else { JpegColorType::Luma }
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let [luma, blue, red, _] = buffers;
        let (y, width) = (usize::from(y), usize::from(self.width));
        luma.extend_from_slice(&self.planes.luma.samples[y * width..(y + 1) * width]);
        let Some(chroma) = &self.planes.chroma else { return };
        for (plane, buffer) in chroma.iter().zip([blue, red]) {
            let length = plane.size.width as usize;
            if plane.size == self.planes.luma.size {
                buffer.extend_from_slice(&plane.samples[y * length..(y + 1) * length]);
            } else {
                let row = &plane.samples[y / 2 * length..(y / 2 + 1) * length];
                buffer.extend(row.iter().flat_map(|sample| [*sample, *sample]).take(width));
            }
        }
    }
}

/// The encoder has nothing against pictures that its caller checked.
fn refused(error: EncodingError) -> Error {
    unsupported(SourceFormat::Jpeg, error.to_string())
}

/// Bytes of an APP1 segment that are left beside its length and `Exif\0\0`.
const EXIF_ROOM: usize = 65_527;
