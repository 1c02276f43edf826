//! What comes out.

use bytes::Bytes;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use crate::convert::fraction;

/// What a file is, as far as its header tells.
#[napi(object, object_from_js = false)]
pub struct ImageInfo {
    /// What it is by its first bytes: `jpeg`, `png`, `gif` or `webp`.
    pub format: String,
    /// Its MIME type, as in `image/jpeg`.
    pub content_type: String,
    /// Pixels from left to right on the screen, after it was turned as `orientation` says.
    pub width: u32,
    /// Pixels from top to bottom on the screen.
    pub height: u32,
    /// How the stored pixels must be turned to stand upright: the values of EXIF, where 1 is not at all.
    pub orientation: u8,
    /// Pictures in it: more than 1 in an animation.
    pub frames: u32,
    /// Whether it can be transparent.
    pub has_alpha: bool,
    /// Whether it carries an ICC profile.
    pub has_icc: bool,
    /// Pages of a PDF; none for pictures.
    pub pdf_pages: Option<u32>,
}

/// A picture as it was wished for.
#[napi(object, object_from_js = false)]
pub struct Transformed {
    /// The encoded picture.
    pub bytes: Buffer,
    /// What it is encoded as: `jpeg`, `png` or `webp`, which is the usual ending of a file too.
    pub format: String,
    /// Its MIME type, as in `image/jpeg`.
    pub content_type: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The second, smaller picture, when one was asked for.
    pub thumbnail: Option<Thumbnail>,
    /// What it was made from.
    pub source: ImageInfo,
    /// How long it took.
    pub timings: StageTimes,
}

/// A small picture made from the pixels of a result.
#[napi(object, object_from_js = false)]
pub struct Thumbnail {
    /// The encoded picture.
    pub bytes: Buffer,
    /// What it is encoded as, as in `jpeg`.
    pub format: String,
    /// Its MIME type, as in `image/jpeg`.
    pub content_type: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// How long each stage took, with fractions of a millisecond.
#[napi(object, object_from_js = false)]
pub struct StageTimes {
    /// From bytes to pixels.
    pub decode_ms: f64,
    /// Scaling, turning, colours.
    pub resize_ms: f64,
    /// From pixels to bytes.
    pub encode_ms: f64,
    /// Scaling and encoding the thumbnail; 0 without one.
    pub thumbnail_ms: f64,
}

impl From<porteur::ImageInfo> for ImageInfo {
    fn from(info: porteur::ImageInfo) -> Self {
        Self {
            format: info.format.name().to_owned(),
            content_type: info.format.content_type().to_owned(),
            width: info.width,
            height: info.height,
            orientation: info.orientation,
            frames: info.frames,
            has_alpha: info.has_alpha,
            has_icc: info.has_icc,
            pdf_pages: info.pdf_pages,
        }
    }
}

impl From<porteur::Transformed> for Transformed {
    fn from(out: porteur::Transformed) -> Self {
        Self {
            bytes: buffer(out.bytes),
            format: out.format.name().to_owned(),
            content_type: out.format.content_type().to_owned(),
            width: out.width,
            height: out.height,
            thumbnail: out.thumbnail.map(Thumbnail::from),
            source: out.source.into(),
            timings: out.timings.into(),
        }
    }
}

impl From<porteur::Thumbnail> for Thumbnail {
    fn from(small: porteur::Thumbnail) -> Self {
        Self {
            bytes: buffer(small.bytes),
            format: small.format.name().to_owned(),
            content_type: small.format.content_type().to_owned(),
            width: small.width,
            height: small.height,
        }
    }
}

impl From<porteur::StageTimes> for StageTimes {
    fn from(times: porteur::StageTimes) -> Self {
        Self {
            decode_ms: fraction(times.decode),
            resize_ms: fraction(times.resize),
            encode_ms: fraction(times.encode),
            thumbnail_ms: fraction(times.thumbnail),
        }
    }
}

/// Bytes that nobody else holds are not copied.
fn buffer(bytes: Bytes) -> Buffer {
    Vec::from(bytes).into()
}
