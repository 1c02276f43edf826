//! PDF by hayro: what a file holds, and a page of it drawn as a picture.
//!
//! A page is drawn in the size that is needed, on paper. Nothing of the file is run or kept: hayro knows no script, no
//! action and no attachment. It has no budget for memory or time either, so this code belongs into a child process
//! ([`super::isolate`]); what can be known beforehand, the size of the drawing, is bounded here.

use std::borrow::Cow;
use std::thread;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::util::TransformExt as _;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::{AlphaColor, Srgb};
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};

use super::detect::SourceFormat;
use super::errors::{corrupt, encrypted};
use super::limits::MediaLimits;
use super::picture::{Kind, Picture, Pixels, Size};
use super::preview::Preview;
use super::result::ImageInfo;
use super::value::Effort;
use crate::error::{Error, Result};

/// A page as it was drawn.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) picture: Picture,
    /// The size in which it is to be shown.
    pub(super) shown: Size,
    /// The facts of the file.
    pub(super) info: ImageInfo,
}

/// The facts of a PDF: the size of its first page in points, and how many pages there are.
pub(super) fn inspect(bytes: Cow<'_, [u8]>, limits: &MediaLimits) -> Result<ImageInfo> {
    limits.input(&bytes)?;
    guarded(|| info(&open(bytes.into_owned())?))
}

/// Draws the page that `preview` names; its fields were checked.
pub(super) fn draw(bytes: Cow<'_, [u8]>, preview: &Preview) -> Result<Drawn> {
    preview.limits.input(&bytes)?;
    guarded(|| {
        let pdf = open(bytes.into_owned())?;
        let info = info(&pdf)?;
        let (pages, number) = (pdf.pages(), preview.page);
        let page = number
            .checked_sub(1)
            .and_then(|before| pages.get(before as usize))
            .ok_or_else(|| Error::invalid("page", format!("expected 1 to {}, got {number}", pages.len())))?;
        let sizes = Sizes::plan(Points::of(page)?, preview);
        let picture = Picture::Pixels(paint(page, sizes.drawn, preview.background.unwrap_or(PAPER)));
        Ok(Drawn { picture, shown: sizes.shown, info })
    })
}

fn open(bytes: Vec<u8>) -> Result<Pdf> {
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            encrypted(SourceFormat::Pdf, "it opens with a password alone")
        }
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
            encrypted(SourceFormat::Pdf, "it is locked in a way that is not known")
        }
        LoadPdfError::Decryption(_) => corrupt(SourceFormat::Pdf, "what is said about its encryption is damaged"),
        LoadPdfError::Invalid => corrupt(SourceFormat::Pdf, "its objects were not found"),
    })?;
    if pdf.pages().is_empty() { Err(corrupt(SourceFormat::Pdf, "it holds no page")) } else { Ok(pdf) }
}

fn info(pdf: &Pdf) -> Result<ImageInfo> {
    let pages = pdf.pages();
    let first = pages.first().ok_or_else(|| corrupt(SourceFormat::Pdf, "it holds no page"))?;
    let Points { width, height } = Points::of(first)?;
    Ok(ImageInfo {
        format: SourceFormat::Pdf,
        width: whole(width),
        height: whole(height),
        orientation: 1,
        frames: 1,
        has_alpha: false,
        has_icc: false,
        pdf_pages: Some(u32::try_from(pages.len()).unwrap_or(u32::MAX)),
    })
}

/// The size of an upright page in points, 72 an inch. A stranger's file may say anything from 1 to 10^38.
#[derive(Debug, Clone, Copy)]
struct Points {
    width: f64,
    height: f64,
}

impl Points {
    fn of(page: &Page<'_>) -> Result<Self> {
        let (width, height) = page.render_dimensions();
        // A unit of the page is a point unless it says how many points it is.
        let unit = page.raw().get::<f32>("UserUnit").filter(|unit| unit.is_finite() && *unit > 0.0).unwrap_or(1.0);
        let [width, height] = [width, height].map(|side| f64::from(side) * f64::from(unit));
        if width.is_finite() && height.is_finite() {
            Ok(Self { width, height })
        } else {
            Err(corrupt(SourceFormat::Pdf, "the size of a page is no number"))
        }
    }

    /// The factor that makes it fit into a box.
    fn into_box(self, width: u32, height: u32) -> f64 {
        (f64::from(width) / self.width).min(f64::from(height) / self.height)
    }

    fn times(self, factor: f64) -> Self {
        Self { width: self.width * factor, height: self.height * factor }
    }

    /// The same shape at the largest size, up to its own, that `limits` have room for.
    fn affordable(self, limits: &MediaLimits) -> Size {
        let Self { width, height } = self;
        let pixels = limits.max_pixels.min(limits.max_allocation / BYTES_A_PIXEL) as f64;
        let side = f64::from(limits.max_side.min(u16::MAX.into()));
        let factor = (side / width).min(side / height).min((pixels / width / height).sqrt()).min(1.0);
        let Self { width, height } = self.times(factor);
        let round = if factor < 1.0 { f64::floor } else { f64::round };
        Size { width: whole(round(width)), height: whole(round(height)) }
    }
}

/// In which size a page is drawn, and in which it is shown.
#[derive(Debug)]
struct Sizes {
    drawn: Size,
    shown: Size,
}

impl Sizes {
    fn plan(page: Points, preview: &Preview) -> Self {
        let (max_width, max_height, limits) = (preview.max_width, preview.max_height, &preview.limits);
        let within = |points: Points| Size {
            width: whole(points.width).min(max_width),
            height: whole(points.height).min(max_height),
        };
        match preview.dpi {
            // Drawn like that, a page has pixels like a picture, and is not enlarged.
            Some(dpi) => {
                let drawn = page.times(f64::from(dpi) / POINTS_AN_INCH).affordable(limits);
                let size = Points { width: drawn.width.into(), height: drawn.height.into() };
                Self { drawn, shown: within(size.times(size.into_box(max_width, max_height).min(1.0))) }
            }
            None => {
                let shown = within(page.times(page.into_box(max_width, max_height)));
                let size = Points { width: shown.width.into(), height: shown.height.into() };
                Self { drawn: size.times(oversampling(preview.effort)).affordable(limits), shown }
            }
        }
    }
}

/// The page, stretched to the last pixel of `size`.
fn paint(page: &Page<'_>, size: Size, paper: [u8; 3]) -> Pixels {
    let side = |side: u32| u16::try_from(side).unwrap_or(u16::MAX);
    let mut context = RenderContext::new(side(size.width), side(size.height));
    let (width, height) = page.render_dimensions();
    let scale =
        Affine::scale_non_uniform(f64::from(size.width) / f64::from(width), f64::from(size.height) / f64::from(height));
    let transform = scale * page.initial_transform(true).to_kurbo();
    let (cache, settings) = (RenderCache::new(), InterpreterSettings::default());
    // Letters that are made smaller afterwards must not be moved to whole pixels.
    let rendering = RenderSettings { hinting: false, ..RenderSettings::default() };
    render_into(page, &cache, &settings, &rendering, &mut context, transform);
    context.flush();
    let mut pixmap = Pixmap::new(context.width(), context.height());
    let [red, green, blue] = paper;
    let paper = AlphaColor::<Srgb>::from_rgba8(red, green, blue, u8::MAX);
    let settings = RasterizerSettings { target_init: TargetInit::Clear(paper), ..RasterizerSettings::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), settings);
    // On opaque paper the alpha is that of the paper everywhere.
    let (pixels, _) = pixmap.data_as_u8_slice().as_chunks::<4>();
    let samples = pixels.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
    Pixels { kind: Kind::Rgb, size, samples }
}

/// Does `work` on a stack of a known size, whatever the caller's is, since what is nested in a file is nested there too;
/// and makes a panic the fault of the file, like that of every decoder.
fn guarded<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let gave_up = || corrupt(SourceFormat::Pdf, "its decoder gave up on it");
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("porteur-pdf".to_owned()).stack_size(STACK);
        let thread = thread.spawn_scoped(scope, work).map_err(|_| gave_up())?;
        thread.join().unwrap_or_else(|_| Err(gave_up()))
    })
}

/// How many pixels are drawn for each that is shown, a side.
///
/// Measured with a page of small text at 300 px, against the same page at 8: one pixel gets 10 points of SSIMULACRA2, 1.5
/// get 49, 2 get 68, 2.5 get 82, 3 and 4 get 82 and 83. Of the time, 2.5 take a fifth to a third more than 2.
fn oversampling(effort: Effort) -> f64 {
    match effort {
        Effort::Fast => 2.0,
        Effort::Best => 2.5,
    }
}

/// The nearest whole number of points or pixels, and at least 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is beyond becomes the largest u32")]
fn whole(side: f64) -> u32 {
    (side.round() as u32).max(1)
}

const POINTS_AN_INCH: f64 = 72.0;
/// Four of the drawing, three of the picture that is made of it.
const BYTES_A_PIXEL: u64 = 7;
/// hayro reads 512 levels of objects and 50 of forms and patterns.
const STACK: usize = 16 << 20;
const PAPER: [u8; 3] = [255; 3];
