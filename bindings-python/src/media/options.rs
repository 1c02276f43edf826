//! What is wished for, from keyword arguments. Defaults are the core's: only what the caller gave is passed on.

use porteur::{Format, Preview, SizeOptions, TargetSize, Transform};
use pyo3::prelude::*;

use super::limits::MediaLimits;
use crate::config::Given;
use crate::errors::{exception, whole};

/// The arguments of `transform`.
pub(crate) struct TransformOptions<'py> {
    pub(crate) max_width: Option<i64>,
    pub(crate) max_height: Option<i64>,
    pub(crate) cover: Option<(i64, i64)>,
    pub(crate) exact: Option<(i64, i64)>,
    pub(crate) format: Option<String>,
    pub(crate) quality: Option<i64>,
    pub(crate) effort: Option<String>,
    pub(crate) background: Option<(i64, i64, i64)>,
    pub(crate) enlarge: Option<bool>,
    pub(crate) crop: Option<String>,
    pub(crate) keep_metadata: Option<bool>,
    pub(crate) animated: Option<bool>,
    pub(crate) thumbnail: Option<i64>,
    pub(crate) thumbnail_format: Option<String>,
    pub(crate) thumbnail_quality: Option<i64>,
    pub(crate) limits: Option<PyRef<'py, MediaLimits>>,
}

/// The arguments of `preview`.
pub(crate) struct PreviewOptions<'py> {
    pub(crate) max_width: Option<i64>,
    pub(crate) max_height: Option<i64>,
    pub(crate) quality: Option<i64>,
    pub(crate) effort: Option<String>,
    pub(crate) background: Option<(i64, i64, i64)>,
    pub(crate) page: Option<i64>,
    pub(crate) dpi: Option<i64>,
    pub(crate) limits: Option<PyRef<'py, MediaLimits>>,
}

impl TransformOptions<'_> {
    pub(crate) fn transform(self) -> PyResult<Transform> {
        let limits = limits_of(self.limits);
        let size = SizeOptions {
            max_width: whole("max_width", self.max_width)?,
            max_height: whole("max_height", self.max_height)?,
            cover: pair("cover", self.cover)?,
            exact: pair("exact", self.exact)?,
        };
        let size = TargetSize::from_options(size, &limits).map_err(exception)?;
        let named = |field, name: Option<String>| name.map(|name| Format::named(field, &name)).transpose();
        Ok(Transform::of(size)
            .given(named("format", self.format).map_err(exception)?, Transform::format)
            .given(whole("quality", self.quality)?, Transform::quality)
            .given(parsed(self.effort)?, Transform::effort)
            .given(colour(self.background)?, Transform::background)
            .given(self.enlarge, Transform::enlarge)
            .given(parsed(self.crop)?, Transform::crop)
            .given(self.keep_metadata, Transform::keep_metadata)
            .given(self.animated, Transform::animated)
            .given(whole("thumbnail", self.thumbnail)?, Transform::thumbnail)
            .given(named("thumbnail_format", self.thumbnail_format).map_err(exception)?, Transform::thumbnail_format)
            .given(whole("thumbnail_quality", self.thumbnail_quality)?, Transform::thumbnail_quality)
            .limits(limits))
    }
}

impl PreviewOptions<'_> {
    pub(crate) fn preview(self) -> PyResult<Preview> {
        let mut preview = Preview::default();
        preview.max_width = whole("max_width", self.max_width)?.unwrap_or(preview.max_width);
        preview.max_height = whole("max_height", self.max_height)?.unwrap_or(preview.max_height);
        Ok(preview
            .given(whole("quality", self.quality)?, Preview::quality)
            .given(parsed(self.effort)?, Preview::effort)
            .given(colour(self.background)?, Preview::background)
            .given(whole("page", self.page)?, Preview::page)
            .given(whole("dpi", self.dpi)?, Preview::dpi)
            .limits(limits_of(self.limits)))
    }
}

pub(crate) fn limits_of(limits: Option<PyRef<'_, MediaLimits>>) -> porteur::MediaLimits {
    limits.map(|limits| limits.0.clone()).unwrap_or_default()
}

/// A value that the core reads from a word.
pub(crate) fn parsed<T: std::str::FromStr<Err = porteur::Error>>(word: Option<String>) -> PyResult<Option<T>> {
    word.map(|word| word.parse().map_err(exception)).transpose()
}

fn pair(field: &str, sides: Option<(i64, i64)>) -> PyResult<Option<(u32, u32)>> {
    let Some((width, height)) = sides else { return Ok(None) };
    Ok(whole(field, Some(width))?.zip(whole(field, Some(height))?))
}

fn colour(parts: Option<(i64, i64, i64)>) -> PyResult<Option<[u8; 3]>> {
    let Some((red, green, blue)) = parts else { return Ok(None) };
    let parts = [red, green, blue].map(|part| whole("background", Some(part)));
    let [red, green, blue] = parts;
    Ok(red?.zip(green?).zip(blue?).map(|((red, green), blue)| [red, green, blue]))
}
