//! The small picture that stands for a file in a conversation.

use std::borrow::Cow;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::decode::Decoded;
use super::detect::{SourceFormat, detect};
use super::job::Job;
use super::limits::MediaLimits;
use super::pdf::{self, Drawn};
use super::result::Transformed;
use super::value::{Effort, Format, Transform};
use super::{fit, isolate};
use crate::error::Result;

/// How a preview is made: WebP inside 300 by 300 px, unless it is said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Preview {
    /// At most this wide, in pixels. Default: 300.
    pub max_width: u32,
    /// At most this high, in pixels. Default: 300.
    pub max_height: u32,
    /// How much of the detail is kept, 1 to 100. Default: 85.
    pub quality: u8,
    /// How hard the encoder tries. Default: best.
    pub effort: Effort,
    /// The colour (red, green, blue) that shows through where the picture is transparent. Default: none, so alpha is
    /// kept.
    pub background: Option<[u8; 3]>,
    /// Which page of a PDF is shown, counted from 1. Default: 1. A picture has one.
    pub page: u32,
    /// Dots an inch at which a page is drawn before it is made small. Default: none, it is drawn at the size that is
    /// needed.
    pub dpi: Option<u32>,
    /// What the source may cost.
    pub limits: MediaLimits,
}

impl Default for Preview {
    fn default() -> Self {
        Self {
            max_width: 300,
            max_height: 300,
            quality: 85,
            effort: Effort::default(),
            background: None,
            page: 1,
            dpi: None,
            limits: MediaLimits::default(),
        }
    }
}

impl Preview {
    /// Whether it can be, as far as that is known without a file.
    #[cfg(feature = "previews")]
    pub(crate) fn can_be(&self) -> Result<()> {
        self.check(&self.transform())
    }

    fn check(&self, transform: &Transform) -> Result<()> {
        fit::check(transform)?;
        fit::range("dpi", self.dpi.unwrap_or(1), MAX_DPI, "")
    }

    /// The box that it fits into, in pixels.
    pub fn fit(mut self, max_width: u32, max_height: u32) -> Self {
        (self.max_width, self.max_height) = (max_width, max_height);
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

    /// Which page of a PDF is shown, counted from 1.
    pub fn page(mut self, page: u32) -> Self {
        self.page = page;
        self
    }

    /// Dots an inch at which a page is drawn before it is made small.
    pub fn dpi(mut self, dpi: u32) -> Self {
        self.dpi = Some(dpi);
        self
    }

    /// What the source may cost.
    pub fn limits(mut self, limits: MediaLimits) -> Self {
        self.limits = limits;
        self
    }
}

/// Makes a small WebP of a picture; of an animation, of its first picture; of a PDF, of one of its pages.
///
/// A page has no pixels of its own: it is drawn in the size of the preview, on paper that is white unless a `background`
/// is given.
///
/// # Errors
/// Those of [`crate::transform`]; [`crate::Error::InvalidInput`] for a page that a PDF does not have, and for a PDF that is
/// to be worked on in a child process when no program is known for it ([`crate::media_child`]). `Encrypted` for a PDF that
/// opens with a password alone. `TooLarge` too for what took a child process more than it may.
pub fn preview(bytes: &[u8], preview: &Preview) -> Result<Transformed> {
    if isolate::wanted(bytes, &preview.limits) {
        return isolate::preview(bytes, preview);
    }
    here(Cow::Borrowed(bytes), preview)
}

/// Makes it in this process.
pub(super) fn here(bytes: Cow<'_, [u8]>, preview: &Preview) -> Result<Transformed> {
    let transform = preview.transform();
    preview.check(&transform)?;
    if detect(&bytes)? == SourceFormat::Pdf {
        return page(bytes, preview, &transform);
    }
    fit::range("page", preview.page, 1, "")?;
    super::transform_here(&bytes, &transform)
}

fn page(bytes: Cow<'_, [u8]>, preview: &Preview, transform: &Transform) -> Result<Transformed> {
    let start = Instant::now();
    let Drawn { picture, shown, info } = pdf::draw(bytes, preview)?;
    let decode = start.elapsed();
    let job = Job::of_page(transform, picture.size(), shown, info)?;
    job.finish((Decoded { picture, profile: None }, decode))
}

impl Preview {
    /// The wish for a picture that it comes to.
    fn transform(&self) -> Transform {
        let mut transform = Transform::fit(self.max_width, self.max_height)
            .format(Format::WebP)
            .quality(self.quality)
            .effort(self.effort)
            .limits(self.limits.clone());
        transform.background = self.background;
        transform
    }
}

/// From here on a page of a usual size has more pixels than the limits allow.
const MAX_DPI: u32 = 600;
