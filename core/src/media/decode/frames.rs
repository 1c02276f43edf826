//! The pictures of an animation, one at a time, each as the whole canvas shows it.

use super::super::detect::SourceFormat;
use super::super::errors::unsupported;
use super::super::header::Header;
use super::super::limits::MediaLimits;
use super::super::picture::{Picture, Pixels};
use super::{Decoded, gif, guarded, webp};
use crate::error::Result;

/// What the canvas shows, and for how long.
#[derive(Debug)]
pub(in crate::media) struct Moment {
    pub(in crate::media) pixels: Pixels,
    pub(in crate::media) shown_ms: u32,
}

/// The decoder of an animation.
pub(in crate::media) struct Frames<'a> {
    format: SourceFormat,
    source: Source<'a>,
}

enum Source<'a> {
    Gif(Box<gif::Frames<'a>>),
    WebP(Box<webp::Frames<'a>>),
}

impl<'a> Frames<'a> {
    pub(in crate::media) fn new(bytes: &'a [u8], header: &Header<'_>, limits: &'a MediaLimits) -> Result<Self> {
        let format = header.format;
        let source = guarded(format, || match format {
            SourceFormat::Gif => Ok(Source::Gif(Box::new(gif::Frames::new(bytes, header, limits)?))),
            SourceFormat::WebP => Ok(Source::WebP(Box::new(webp::Frames::new(bytes, header, limits)?))),
            _ => Err(unsupported(format, "its animation cannot be kept")),
        })?;
        Ok(Self { format, source })
    }

    /// The next picture with the time that it is shown, or none behind the last.
    pub(in crate::media) fn next(&mut self) -> Result<Option<(Decoded, u32)>> {
        let moment = guarded(self.format, || match &mut self.source {
            Source::Gif(frames) => frames.next(),
            Source::WebP(frames) => frames.next(),
        })?;
        Ok(moment.map(|Moment { pixels, shown_ms }| {
            let profile = match &self.source {
                Source::Gif(_) => None,
                Source::WebP(frames) => frames.profile().map(<[u8]>::to_vec),
            };
            (Decoded { picture: Picture::Pixels(pixels.without_idle_alpha()), profile }, shown_ms)
        }))
    }

    /// How often the animation is played; 0 is for ever. Known when its last picture was read.
    pub(in crate::media) fn plays(&self) -> u16 {
        match &self.source {
            Source::Gif(frames) => frames.plays(),
            Source::WebP(frames) => frames.plays(),
        }
    }
}
