//! One picture from door to result.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::color::{flattened, to_srgb};
use super::decode::{Decoded, decode};
use super::encode::Recipe;
use super::exif;
use super::fit::{self, Fit};
use super::header::Header;
use super::orientation::Orientation;
use super::picture::{Picture, Rect};
use super::resize::resize;
use super::result::{ImageInfo, StageTimes, Thumbnail, Transformed};
use super::value::{Format, Transform};
use crate::error::Result;

/// A wish that was found possible for the picture that it is for.
pub(super) struct Job<'a> {
    bytes: &'a [u8],
    transform: &'a Transform,
    header: Header<'a>,
    fit: Fit,
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
        Ok(Self { bytes, transform, fit, format, exif: kept.map(exif::upright), header })
    }

    pub(super) fn run(self) -> Result<Transformed> {
        let decoded = self.decoded()?;
        self.finish(decoded)
    }

    fn decoded(&self) -> Result<(Decoded, Duration)> {
        let start = Instant::now();
        let decoded = decode(self.bytes, &self.header, &self.fit, self.transform)?;
        Ok((decoded, start.elapsed()))
    }

    /// Everything that is done with pixels of our own.
    pub(super) fn finish(&self, (decoded, decode): (Decoded, Duration)) -> Result<Transformed> {
        let start = Instant::now();
        let Decoded { picture, profile } = decoded;
        let recipe = self.recipe();
        let picture = resize(picture, &self.fit, recipe.chroma())?;
        // From here on there are few pixels, so turning and colours cost little.
        let picture = to_srgb(picture.turned(self.fit.orientation), profile.as_deref());
        let picture = match self.transform.background {
            Some(background) => flattened(picture, background),
            None => picture,
        };
        let resize = start.elapsed();

        let start = Instant::now();
        let bytes = Bytes::from(recipe.encode(&self.encodable(&picture, self.format))?);
        let encode = start.elapsed();

        let start = Instant::now();
        let thumbnail = self.transform.thumbnail.map(|width| self.thumbnail(&picture, width)).transpose()?;
        let thumbnail_time = if thumbnail.is_some() { start.elapsed() } else { Duration::ZERO };
        Ok(Transformed {
            bytes,
            format: self.format,
            width: self.fit.output.width,
            height: self.fit.output.height,
            thumbnail,
            source: ImageInfo::of(&self.header),
            timings: StageTimes { decode, resize, encode, thumbnail: thumbnail_time },
        })
    }

    fn recipe(&self) -> Recipe<'_> {
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
        if format.has_alpha() {
            Cow::Borrowed(picture)
        } else {
            Cow::Owned(flattened(picture.clone(), self.transform.background.unwrap_or(WHITE)))
        }
    }
}

/// What shows through a transparent picture in a format that has no transparency: paper.
const WHITE: [u8; 3] = [255; 3];
