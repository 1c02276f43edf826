//! What is wished for. What is left out is as the core has it.

use napi::bindgen_prelude::Unknown;
use napi_derive::napi;
use porteur::{Format, Preview, SizeOptions, TargetSize, Transform};

use super::limits::MediaLimits;
use crate::config::set;
use crate::convert::{Flag, List, Members, Text, Whole};
use crate::errors::Failed;

/// How a picture is looked at.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct InspectOptions<'env> {
    /// What it may cost.
    #[napi(ts_type = "MediaLimits")]
    pub limits: Option<Members<MediaLimits>>,
    /// Ends the call; `inspectSync`, which nothing can end, does not look at it.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// A width and a height.
#[napi(object, object_to_js = false)]
pub struct PixelSize {
    /// In pixels.
    #[napi(ts_type = "number")]
    pub width: Whole,
    /// In pixels.
    #[napi(ts_type = "number")]
    pub height: Whole,
}

/// How a picture is to be changed. Its size is said by one of `maxWidth` and `maxHeight`, `cover` and `exact`; without
/// them it stays as it is.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct TransformOptions<'env> {
    /// At most this wide, in pixels. The shape is kept. Default: as wide as the limits allow when there is a
    /// `maxHeight`.
    #[napi(ts_type = "number")]
    pub max_width: Option<Whole>,
    /// At most this high, in pixels.
    #[napi(ts_type = "number")]
    pub max_height: Option<Whole>,
    /// A box that is filled; what hangs over is cut off.
    #[napi(ts_type = "PixelSize")]
    pub cover: Option<Members<PixelSize>>,
    /// The exact size, stretched where the shape differs.
    #[napi(ts_type = "PixelSize")]
    pub exact: Option<Members<PixelSize>>,
    /// What the result is encoded as. Default as the source; a GIF becomes WebP.
    #[napi(ts_type = "'jpeg' | 'png' | 'webp'")]
    pub format: Option<Text>,
    /// How much of the detail is kept where the format loses some, 1 to 100. Default 85.
    #[napi(ts_type = "number")]
    pub quality: Option<Whole>,
    /// How hard is tried: `fast` reads less detail of a large JPEG, encodes PNG and alpha quicker, and JPEG larger than
    /// a thumbnail a little less tightly. Default `best`.
    #[napi(ts_type = "'fast' | 'best'")]
    pub effort: Option<Text>,
    /// The colour (red, green, blue; 0 to 255) that shows through where the picture is transparent. Default none, so
    /// that alpha is kept; JPEG has none and takes white.
    #[napi(ts_type = "[number, number, number]")]
    pub background: Option<List<Whole>>,
    /// Whether a small picture may be made larger. Default `false`; an exact size is made in any case.
    #[napi(ts_type = "boolean")]
    pub enlarge: Option<Flag>,
    /// Which part is kept where `cover` cuts something off. Default `center`.
    #[napi(
        ts_type = "'center' | 'top' | 'top-right' | 'right' | 'bottom-right' | 'bottom' | 'bottom-left' | 'left' | 'top-left'"
    )]
    pub crop: Option<Text>,
    /// Whether EXIF data (camera, time, place) is kept, made upright. Default `false`. ICC profiles, XMP and comments
    /// never are.
    #[napi(ts_type = "boolean")]
    pub keep_metadata: Option<Flag>,
    /// Whether a GIF or WebP animation stays one, as WebP. Default `false`.
    #[napi(ts_type = "boolean")]
    pub animated: Option<Flag>,
    /// The width of a second, smaller picture, made from the pixels of the result. Default none.
    #[napi(ts_type = "number")]
    pub thumbnail: Option<Whole>,
    /// What that is encoded as. Default `jpeg`.
    #[napi(ts_type = "'jpeg' | 'png' | 'webp'")]
    pub thumbnail_format: Option<Text>,
    /// Its quality, 1 to 100. Default 75.
    #[napi(ts_type = "number")]
    pub thumbnail_quality: Option<Whole>,
    /// What the source may cost.
    #[napi(ts_type = "MediaLimits")]
    pub limits: Option<Members<MediaLimits>>,
    /// Ends the call; `transformSync`, which nothing can end, does not look at it.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// How a preview is made.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct PreviewOptions<'env> {
    /// At most this wide, in pixels. Default 300.
    #[napi(ts_type = "number")]
    pub max_width: Option<Whole>,
    /// At most this high, in pixels. Default 300.
    #[napi(ts_type = "number")]
    pub max_height: Option<Whole>,
    /// How much of the detail is kept, 1 to 100. Default 85.
    #[napi(ts_type = "number")]
    pub quality: Option<Whole>,
    /// How hard is tried: `fast` reads less detail of a large JPEG, and draws pages smaller. Default `best`.
    #[napi(ts_type = "'fast' | 'best'")]
    pub effort: Option<Text>,
    /// The colour (red, green, blue; 0 to 255) that shows through where the picture is transparent. Default none, so
    /// that alpha is kept.
    #[napi(ts_type = "[number, number, number]")]
    pub background: Option<List<Whole>>,
    /// Which page of a PDF is shown, counted from 1. Default 1.
    #[napi(ts_type = "number")]
    pub page: Option<Whole>,
    /// Dots an inch at which a page is drawn before it is made small. Default none: it is drawn at the size that is
    /// needed.
    #[napi(ts_type = "number")]
    pub dpi: Option<Whole>,
    /// What the source may cost.
    #[napi(ts_type = "MediaLimits")]
    pub limits: Option<Members<MediaLimits>>,
    /// Ends the call; `previewSync`, which nothing can end, does not look at it.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

impl InspectOptions<'_> {
    pub(crate) fn limits(self) -> Result<porteur::MediaLimits, Failed> {
        limits_of(self.limits)
    }
}

impl TransformOptions<'_> {
    pub(crate) fn transform(self) -> Result<Transform, Failed> {
        let limits = limits_of(self.limits)?;
        let sides = |Members(PixelSize { width, height })| (width.to_u32(), height.to_u32());
        let size = SizeOptions {
            max_width: self.max_width.map(Whole::to_u32),
            max_height: self.max_height.map(Whole::to_u32),
            cover: self.cover.map(sides),
            exact: self.exact.map(sides),
        };
        let named = |field, name: Option<Text>| name.map(|name| Format::named(field, &name.0)).transpose();
        let mut transform = Transform::of(TargetSize::from_options(size, &limits)?).limits(limits);
        set(&mut transform.format, named("format", self.format)?.map(Some));
        set(&mut transform.quality, self.quality.map(Whole::to_u8));
        set(&mut transform.effort, parsed(self.effort)?);
        set(&mut transform.background, colour(self.background)?.map(Some));
        set(&mut transform.enlarge, self.enlarge.map(|enlarge| enlarge.0));
        set(&mut transform.crop, parsed(self.crop)?);
        set(&mut transform.keep_metadata, self.keep_metadata.map(|keep| keep.0));
        set(&mut transform.animated, self.animated.map(|animated| animated.0));
        set(&mut transform.thumbnail, self.thumbnail.map(|width| Some(width.to_u32())));
        set(&mut transform.thumbnail_format, named("thumbnail_format", self.thumbnail_format)?);
        set(&mut transform.thumbnail_quality, self.thumbnail_quality.map(Whole::to_u8));
        Ok(transform)
    }
}

impl PreviewOptions<'_> {
    pub(crate) fn preview(self) -> Result<Preview, Failed> {
        let mut preview = Preview::default().limits(limits_of(self.limits)?);
        set(&mut preview.max_width, self.max_width.map(Whole::to_u32));
        set(&mut preview.max_height, self.max_height.map(Whole::to_u32));
        set(&mut preview.quality, self.quality.map(Whole::to_u8));
        set(&mut preview.effort, parsed(self.effort)?);
        set(&mut preview.background, colour(self.background)?.map(Some));
        set(&mut preview.page, self.page.map(Whole::to_u32));
        set(&mut preview.dpi, self.dpi.map(|dpi| Some(dpi.to_u32())));
        Ok(preview)
    }
}

fn limits_of(limits: Option<Members<MediaLimits>>) -> Result<porteur::MediaLimits, Failed> {
    limits.map_or_else(|| Ok(porteur::MediaLimits::default()), |limits| limits.0.limits())
}

/// A value that the core reads from a word.
fn parsed<T: std::str::FromStr<Err = porteur::Error>>(word: Option<Text>) -> Result<Option<T>, Failed> {
    Ok(word.map(|word| word.0.parse()).transpose()?)
}

fn colour(parts: Option<List<Whole>>) -> Result<Option<[u8; 3]>, Failed> {
    let Some(List(parts)) = parts else { return Ok(None) };
    let parts: Option<Vec<u8>> = parts.into_iter().map(|part| u8::try_from(part.0).ok()).collect();
    match parts.and_then(|parts| parts.try_into().ok()) {
        Some(colour) => Ok(Some(colour)),
        None => Err(Failed::invalid("background", "expected three numbers from 0 to 255")),
    }
}
