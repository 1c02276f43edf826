//! One picture from door to result.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::animation::animate;
use super::color::{flattened, to_srgb};
use super::decode::{Decoded, decode};
use super::encode::Recipe;
use super::exif;
use super::fit::{self, Fit};
use super::header::Header;
use super::orientation::Orientation;
use super::picture::{Picture, Rect, Size};
use super::resize::resize;
use super::result::{ImageInfo, StageTimes, Thumbnail, Transformed};
use super::value::{Format, Transform};
use crate::error::Result;

/// A wish that was found possible for the picture that it is for.
pub(super) struct Job<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) transform: &'a Transform,
    pub(super) header: Header<'a>,
    /// What the result was made from.
    source: ImageInfo,
    pub(super) fit: Fit,
    format: Format,
    /// EXIF data for the result.
    exif: Option<Vec<u8>>,
}

impl<'a> Job<'a> {
    pub(super) fn parse(bytes: &'a [u8], transform: &'a Transform) -> Result<Self> {
        let header = Header::read(bytes, &transform.limits)?;
        let fit = Fit::parse(transform, &header)?;
        let kept = header.exif.filter(|_| transform.keep_metadata);
        transform.limits.metadata(header.format, kept.map_or(0, <[u8]>::len))?;
        let format = transform.format.unwrap_or_else(|| header.format.into());
        let source = ImageInfo::of(&header);
        let job = Self { bytes, transform, fit, format, exif: kept.map(exif::upright), source, header };
        if job.moves() {
            transform.limits.frames(job.header.format, job.header.frames, job.header.stored)?;
        }
        Ok(job)
    }

    /// What is left to do for a page that was drawn in the size `drawn` and is to be shown in the size `shown`.
    pub(super) fn of_page(transform: &'a Transform, drawn: Size, shown: Size, source: ImageInfo) -> Result<Self> {
        let fit = Fit::of_page(transform, drawn, shown)?;
        let format = transform.format.unwrap_or_else(|| source.format.into());
        Ok(Self { bytes: &[], transform, fit, format, exif: None, header: Header::of_page(drawn), source })
    }

    pub(super) fn run(self) -> Result<Transformed> {
        if self.moves() {
            return animate(&self);
        }
        let decoded = self.decoded()?;
        self.finish(decoded)
    }

    /// Whether the result is an animation.
    fn moves(&self) -> bool {
        self.transform.animated && self.header.frames > 1
    }

    fn decoded(&self) -> Result<(Decoded, Duration)> {
        let start = Instant::now();
        let decoded = decode(self.bytes, &self.header, &self.fit, self.transform)?;
        Ok((decoded, start.elapsed()))
    }

    /// Everything that is done with pixels of our own.
    pub(super) fn finish(&self, (decoded, decode): (Decoded, Duration)) -> Result<Transformed> {
        let start = Instant::now();
        let picture = self.resized(decoded)?;
        let resize = start.elapsed();

        let start = Instant::now();
        let bytes = Bytes::from(self.recipe().encode(&self.encodable(&picture, self.format))?);
        let encode = start.elapsed();
        self.result(bytes, Some(&picture), StageTimes { decode, resize, encode, thumbnail: Duration::ZERO })
    }

    /// The part that is wished for, in its size and upright, its colours those of sRGB.
    pub(super) fn resized(&self, decoded: Decoded) -> Result<Picture> {
        let Decoded { picture, profile } = decoded;
        let picture = resize(picture, &self.fit, self.recipe().chroma())?;
        // From here on there are few pixels, so turning and colours cost little.
        let picture = to_srgb(picture.turned(self.fit.orientation), profile.as_deref());
        Ok(match self.transform.background {
            Some(background) => flattened(picture, background),
            None => picture,
        })
    }

    /// What comes out, with the thumbnail that is made of `picture`.
    pub(super) fn result(
        &self,
        bytes: Bytes,
        picture: Option<&Picture>,
        mut timings: StageTimes,
    ) -> Result<Transformed> {
        let start = Instant::now();
        let wish = self.transform.thumbnail.zip(picture);
        let thumbnail = wish.map(|(width, picture)| self.thumbnail(picture, width)).transpose()?;
        if thumbnail.is_some() {
            timings.thumbnail = start.elapsed();
        }
        Ok(Transformed {
            bytes,
            format: self.format,
            width: self.fit.output.width,
            height: self.fit.output.height,
            thumbnail,
            source: self.source.clone(),
            timings,
        })
    }

    pub(super) fn recipe(&self) -> Recipe<'_> {
        Recipe {
            format: self.format,
            quality: self.transform.quality,
            effort: self.transform.effort,
            exif: self.exif.as_deref(),
        }
    }

    fn thumbnail(&self, picture: &Picture, width: u32) -> Result<Thumbnail> {
        let transform = self.transform;
        let format = transform.thumbnail_format;
        let (stored, size) = (picture.size(), fit::thumbnail(picture.size(), width));
        let orientation = Orientation::UPRIGHT;
        let fit = Fit { stored, crop: Rect::of(stored), scaled: size, orientation, output: size };
        let recipe = Recipe { format, quality: transform.thumbnail_quality, effort: transform.effort, exif: None };
        let small = resize(picture.clone(), &fit, recipe.chroma())?;
        let bytes = Bytes::from(recipe.encode(&self.encodable(&small, format))?);
        Ok(Thumbnail { bytes, format, width: size.width, height: size.height })
    }

    /// The picture as `format` can hold it.
    fn encodable<'p>(&self, picture: &'p Picture, format: Format) -> Cow<'p, Picture> {
        if format.has_alpha() || !picture.has_alpha() {
            Cow::Borrowed(picture)
        } else {
            Cow::Owned(flattened(picture.clone(), self.transform.background.unwrap_or(WHITE)))
        }
    }
}

/// What shows through a transparent picture in a format that has no transparency: paper.
const WHITE: [u8; 3] = [255; 3];
