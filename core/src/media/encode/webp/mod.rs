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
    let method = method(size, recipe.effort);
    let settings = Settings { width: size.width, height: size.height, quality: recipe.quality, method };
    libwebp::encode(rgba, &settings).map_err(|reason| unsupported(SourceFormat::WebP, reason))
}

/// How hard libwebp tries. A large picture is made as in a hurry: alpha that repeats itself, which takes a stranger few
/// bytes, costs seconds for each ten million pixels.
fn method(size: Size, effort: Effort) -> i32 {
    match effort {
        Effort::Best if size.pixels() <= MOST_PIXELS_OF_BEST => 4,
        Effort::Best | Effort::Fast => 2,
    }
}

/// Twice what a screen of 1 920 x 1 080 px shows: 2 048 x 2 048.
const MOST_PIXELS_OF_BEST: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_larger_than_two_screens_is_made_in_a_hurry_unasked() {
        let methods = |width, height| [Effort::Best, Effort::Fast].map(|effort| method(Size { width, height }, effort));
        assert_eq!([methods(300, 300), methods(2_048, 2_048), methods(2_048, 2_049)], [[4, 2], [4, 2], [2, 2]]);
    }
}
