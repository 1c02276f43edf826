//! The small picture that stands for a file in a conversation.

use super::limits::MediaLimits;
use super::result::Transformed;
use super::value::{Effort, Format, Transform};
use crate::error::Result;

/// How a preview is made: WebP inside 300 by 300 px, unless it is said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Makes a small WebP of a picture; of an animation, of its first picture.
///
/// # Errors
/// Those of [`crate::transform`].
pub fn preview(bytes: &[u8], preview: &Preview) -> Result<Transformed> {
    let mut transform = Transform::fit(preview.max_width, preview.max_height)
        .format(Format::WebP)
        .quality(preview.quality)
        .effort(preview.effort)
        .limits(preview.limits.clone());
    transform.background = preview.background;
    super::transform(bytes, &transform)
}
