//! What is wished for: plain data that describes one job. The door ([`super::fit`]) makes it right or refuses it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::crop::Crop;
use super::detect::SourceFormat;
use super::limits::MediaLimits;
use super::size::TargetSize;
use crate::error::{Error, Result};

/// How a picture is to be changed.
///
/// ```
/// use porteur::{Format, Transform};
///
/// let transform = Transform::fit(1920, 1080).format(Format::Jpeg).thumbnail(200);
/// assert_eq!((transform.quality, transform.thumbnail_quality), (85, 75));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transform {
    /// How large the result is.
    pub size: TargetSize,
    /// What it is encoded as. Default: as the source; a GIF becomes WebP.
    pub format: Option<Format>,
    /// How much of the detail is kept where the format loses some, 1 to 100. Default: 85.
    pub quality: u8,
    /// How hard the encoder tries. Default: best.
    pub effort: Effort,
    /// The colour (red, green, blue) that shows through where the picture is transparent. Default: none, so alpha is
    /// kept; JPEG has none and takes white.
    pub background: Option<[u8; 3]>,
    /// Whether a small picture may be made larger. Default: no. An exact size is made in any case.
    pub enlarge: bool,
    /// Which part is kept where a shape cuts something off. Default: the centre.
    pub crop: Crop,
    /// Whether EXIF data (camera, time, place) is kept, with the orientation set to upright. Default: no. ICC profiles,
    /// XMP and comments never are: colours become sRGB.
    pub keep_metadata: bool,
    /// Whether a GIF or WebP animation stays one, as an animated WebP. Default: no, its first picture is taken. A source
    /// that does not move is not affected; `format` has to be WebP or left out.
    pub animated: bool,
    /// The width of a second, smaller picture that is made from the pixels of the result. Default: none is made.
    pub thumbnail: Option<u32>,
    /// What the thumbnail is encoded as. Default: JPEG.
    pub thumbnail_format: Format,
    /// The quality of the thumbnail, 1 to 100. Default: 75.
    pub thumbnail_quality: u8,
    /// What the source may cost.
    pub limits: MediaLimits,
}

/// What can be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Format {
    /// JPEG: for photographs; no transparency. Colour is stored at half the size below a quality of 90.
    Jpeg,
    /// PNG: loses nothing.
    Png,
    /// Lossy WebP: for photographs, with transparency. At most 16 383 px a side.
    WebP,
}

/// How hard an encoder tries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Effort {
    /// PNG with a code made for speed, JPEG of more than 131,072 pixels with the codes of the standard. Opaque WebP is
    /// the same either way; WebP with transparency is made with libwebp's method 2: half the encoding time of `Best`, for
    /// 1 to 4 % more bytes. A JPEG source is decoded with no more detail than the result has pixels, and a page of a PDF
    /// is drawn with twice as many a side in place of two and a half times.
    Fast,
    /// Opaque WebP as libwebp makes it at method 4, as most programs do, in less than half of its time (300 px previews:
    /// 2.0 ms against 4.6, on average at as many bytes and a tenth of a point of SSIMULACRA2 below), and WebP with
    /// transparency by libwebp at that method, up to 2 048 x 2 048 px (larger ones as with `Fast`). PNG deflated at a medium
    /// level. JPEG of up to 4 million pixels with codes made for the picture: 1 to 6 % fewer bytes at a quality of 85, for a
    /// tenth more of encoding time. A JPEG source is decoded with more than the means of its blocks unless there are two of
    /// them for each pixel a side (300 px previews of 4 000 px: 1.2 points), and where colours are stored in whole size with a
    /// sample of each for every pixel.
    #[default]
    Best,
}

impl Transform {
    /// As large as fits into `max_width` by `max_height`, never larger than the source.
    pub fn fit(max_width: u32, max_height: u32) -> Self {
        Self::of(TargetSize::Fit { max_width, max_height })
    }

    /// The shape of `width` by `height`, filled; what hangs over is cut off.
    pub fn cover(width: u32, height: u32) -> Self {
        Self::of(TargetSize::Cover { width, height })
    }

    /// Exactly `width` by `height`, stretched where the shape differs.
    pub fn exact(width: u32, height: u32) -> Self {
        Self::of(TargetSize::Exact { width, height })
    }

    /// As large as the source.
    pub fn original() -> Self {
        Self::of(TargetSize::Original)
    }

    /// In the size that `size` says.
    pub fn of(size: TargetSize) -> Self {
        Self {
            size,
            format: None,
            quality: 85,
            effort: Effort::default(),
            background: None,
            enlarge: false,
            crop: Crop::default(),
            keep_metadata: false,
            animated: false,
            thumbnail: None,
            thumbnail_format: Format::Jpeg,
            thumbnail_quality: 75,
            limits: MediaLimits::default(),
        }
    }

    /// What the result is encoded as.
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// How much of the detail is kept, 1 to 100.
    pub fn quality(mut self, quality: u8) -> Self {
        self.quality = quality;
        self
    }

    /// How hard the encoder tries.
    pub fn effort(mut self, effort: Effort) -> Self {
        self.effort = effort;
        self
    }

    /// The colour (red, green, blue) that shows through where the picture is transparent.
    pub fn background(mut self, background: [u8; 3]) -> Self {
        self.background = Some(background);
        self
    }

    /// Whether a small picture may be made larger.
    pub fn enlarge(mut self, enlarge: bool) -> Self {
        self.enlarge = enlarge;
        self
    }

    /// Which part is kept where a shape cuts something off.
    pub fn crop(mut self, crop: Crop) -> Self {
        self.crop = crop;
        self
    }

    /// Whether EXIF data is kept.
    pub fn keep_metadata(mut self, keep_metadata: bool) -> Self {
        self.keep_metadata = keep_metadata;
        self
    }

    /// Whether an animation stays one.
    pub fn animated(mut self, animated: bool) -> Self {
        self.animated = animated;
        self
    }

    /// Makes a second picture of this width, or of the width of the result if that is smaller.
    pub fn thumbnail(mut self, width: u32) -> Self {
        self.thumbnail = Some(width);
        self
    }

    /// What the thumbnail is encoded as.
    pub fn thumbnail_format(mut self, format: Format) -> Self {
        self.thumbnail_format = format;
        self
    }

    /// The quality of the thumbnail, 1 to 100.
    pub fn thumbnail_quality(mut self, quality: u8) -> Self {
        self.thumbnail_quality = quality;
        self
    }

    /// What the source may cost.
    pub fn limits(mut self, limits: MediaLimits) -> Self {
        self.limits = limits;
        self
    }
}

impl Format {
    /// The name, which is the usual ending of a file too, as in `jpeg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }

    /// The MIME type, as in `image/jpeg`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }

    /// Reads a name that was given for `field`: `jpeg` (or `jpg`), `png`, `webp`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `field`.
    pub fn named(field: &str, name: &str) -> Result<Self> {
        match name {
            "jpeg" | "jpg" => Ok(Self::Jpeg),
            "png" => Ok(Self::Png),
            "webp" => Ok(Self::WebP),
            _ => Err(Error::invalid(field, format!("expected jpeg, png or webp, got {name:?}"))),
        }
    }

    /// Whether transparency can be kept.
    pub(super) fn has_alpha(self) -> bool {
        self != Self::Jpeg
    }

    /// The largest side that the format can hold, in pixels.
    pub(super) fn max_side(self) -> u32 {
        match self {
            Self::Jpeg => 65_535,
            Self::Png => 0x7FFF_FFFF,
            Self::WebP => 16_383,
        }
    }
}

impl From<SourceFormat> for Format {
    /// The format that a source of this kind is encoded as when nothing else is asked for.
    fn from(source: SourceFormat) -> Self {
        match source {
            SourceFormat::Jpeg => Self::Jpeg,
            SourceFormat::Png => Self::Png,
            SourceFormat::Gif | SourceFormat::WebP | SourceFormat::Pdf => Self::WebP,
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    /// Reads a name: `jpeg` (or `jpg`), `png`, `webp`.
    fn from_str(text: &str) -> Result<Self> {
        Self::named("format", text)
    }
}

impl FromStr for Effort {
    type Err = Error;

    /// Reads `fast` or `best`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "fast" => Ok(Self::Fast),
            "best" => Ok(Self::Best),
            _ => Err(Error::invalid("effort", format!("expected fast or best, got {text:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_is_refused_with_the_known_ones() {
        let error = "tiff".parse::<Format>().unwrap_err();
        assert_eq!(error.to_string(), "invalid format: expected jpeg, png or webp, got \"tiff\"");
        assert_eq!(("jpg".parse::<Format>().unwrap(), "fast".parse::<Effort>().unwrap()), (Format::Jpeg, Effort::Fast));
        assert!("slow".parse::<Effort>().is_err());
    }
}
