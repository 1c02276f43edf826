//! Lossy WebP by an encoder of our own, in safe Rust; libwebp makes pictures with alpha.

mod container;
mod planes;
#[expect(
    clippy::cast_possible_truncation,
    clippy::needless_range_loop,
    reason = "pixels, coefficients and lanes are bounded; one index into several lines is the loop that is made wide"
)]
mod vp8;

use self::planes::Limited;
use super::super::detect::SourceFormat;
use super::super::errors::unsupported;
use super::super::picture::{Kind, Picture, Pixels, Size};
use super::super::value::Effort;
use super::libwebp::Settings;
use super::{Recipe, libwebp};
use crate::error::Result;

pub(super) fn encode(picture: &Picture, recipe: &Recipe<'_>) -> Result<Vec<u8>> {
    let bytes = match picture {
        Picture::Planes(planes) => opaque(&Limited::of_planes(planes), recipe)?,
        Picture::Pixels(Pixels { kind: Kind::GrayAlpha, samples, .. }) => {
            let (pairs, _) = samples.as_chunks::<2>();
            let rgba: Vec<u8> = pairs.iter().flat_map(|[gray, alpha]| [*gray, *gray, *gray, *alpha]).collect();
            transparent(&rgba, picture.size(), recipe)?
        }
        Picture::Pixels(Pixels { kind: Kind::Rgba, samples, .. }) => transparent(samples, picture.size(), recipe)?,
        Picture::Pixels(pixels) => opaque(&Limited::of_pixels(pixels), recipe)?,
    };
    match recipe.exif {
        Some(exif) => Ok(container::with_exif(&bytes, exif, picture.size())),
        None => Ok(bytes),
    }
}

fn opaque(planes: &Limited, recipe: &Recipe<'_>) -> Result<Vec<u8>> {
    match vp8::encode(&planes.frame(), recipe.quality) {
        Some(frame) => Ok(container::simple(&frame)),
        None => Err(unsupported(SourceFormat::WebP, "the picture has too many macroblocks")),
    }
}

fn transparent(rgba: &[u8], size: Size, recipe: &Recipe<'_>) -> Result<Vec<u8>> {
    let method = match recipe.effort {
        Effort::Fast => 2,
        Effort::Best => 4,
    };
    let settings = Settings { width: size.width, height: size.height, quality: recipe.quality, method };
    libwebp::encode(rgba, &settings).map_err(|reason| unsupported(SourceFormat::WebP, reason))
}
