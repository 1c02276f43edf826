//! PNG by the png crate, in safe Rust.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Info};

use super::super::color::to_pixels;
use super::super::detect::SourceFormat;
use super::super::errors::unsupported;
use super::super::picture::{Kind, Picture};
use super::super::value::Effort;
use super::Recipe;
use crate::error::{Error, Result};

pub(super) fn encode(picture: &Picture, recipe: &Recipe<'_>) -> Result<Vec<u8>> {
    let pixels = match picture {
        Picture::Pixels(pixels) if pixels.kind != Kind::Ycc => Cow::Borrowed(pixels),
        other => Cow::Owned(to_pixels(other.clone())),
    };
    let mut info = Info::with_size(pixels.size.width, pixels.size.height);
    info.bit_depth = BitDepth::Eight;
    info.color_type = match pixels.kind {
        Kind::Gray => ColorType::Grayscale,
        Kind::GrayAlpha => ColorType::GrayscaleAlpha,
        Kind::Rgba => ColorType::Rgba,
        Kind::Rgb | Kind::Ycc | Kind::Cmyk => ColorType::Rgb,
    };
    info.exif_metadata = recipe.exif.map(Cow::Borrowed);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::with_info(&mut bytes, info).map_err(refused)?;
    encoder.set_compression(match recipe.effort {
        Effort::Fast => Compression::Fast,
        Effort::Best => Compression::Balanced,
    });
    let mut writer = encoder.write_header().map_err(refused)?;
    writer.write_image_data(&pixels.samples).map_err(refused)?;
    writer.finish().map_err(refused)?;
    Ok(bytes)
}

/// The encoder has nothing against pictures that its caller checked.
fn refused(error: EncodingError) -> Error {
    unsupported(SourceFormat::Png, error.to_string())
}
