//! Pictures: what they are, and smaller or other ones made of them. Everything here works on a thread of ours, with the
//! GIL released.

mod limits;
mod many;
mod options;
mod result;
mod source;

use pyo3::prelude::*;

use self::options::{TransformOptions, limits_of};
use self::source::media_source;
use crate::errors;
use crate::runtime::work;

pub(crate) use self::limits::MediaLimits;
pub(crate) use self::many::Transforms;
pub(crate) use self::options::PreviewOptions;
pub(crate) use self::result::{ImageInfo, StageTimes, Thumbnail, Transformed};

/// What a picture is, read from its header.
#[pyfunction]
#[pyo3(signature = (source, *, limits=None))]
pub(crate) fn inspect(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    limits: Option<PyRef<'_, MediaLimits>>,
) -> PyResult<ImageInfo> {
    let limits = limits_of(limits);
    let source = media_source(source, &limits)?;
    work(py, move || porteur::inspect(&source.read(&limits)?, &limits)).map(ImageInfo::from)
}

/// Makes another picture of one.
#[pyfunction]
#[pyo3(signature = (source, *, max_width=None, max_height=None, cover=None, exact=None, format=None, quality=None, effort=None, background=None, enlarge=None, crop=None, keep_metadata=None, animated=None, thumbnail=None, thumbnail_format=None, thumbnail_quality=None, limits=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn transform(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    max_width: Option<i64>,
    max_height: Option<i64>,
    cover: Option<(i64, i64)>,
    exact: Option<(i64, i64)>,
    format: Option<String>,
    quality: Option<i64>,
    effort: Option<String>,
    background: Option<(i64, i64, i64)>,
    enlarge: Option<bool>,
    crop: Option<String>,
    keep_metadata: Option<bool>,
    animated: Option<bool>,
    thumbnail: Option<i64>,
    thumbnail_format: Option<String>,
    thumbnail_quality: Option<i64>,
    limits: Option<PyRef<'_, MediaLimits>>,
) -> PyResult<Transformed> {
    let options = TransformOptions {
        max_width,
        max_height,
        cover,
        exact,
        format,
        quality,
        effort,
        background,
        enlarge,
        crop,
        keep_metadata,
        animated,
        thumbnail,
        thumbnail_format,
        thumbnail_quality,
        limits,
    };
    let transform = options.transform()?;
    let source = media_source(source, &transform.limits)?;
    let out = work(py, move || porteur::transform(&source.read(&transform.limits)?, &transform))?;
    Ok(Transformed::of(py, out))
}

/// Makes a small WebP of a picture or of a page.
#[pyfunction]
#[pyo3(signature = (source, *, max_width=None, max_height=None, quality=None, effort=None, background=None, page=None, dpi=None, limits=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn preview(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    max_width: Option<i64>,
    max_height: Option<i64>,
    quality: Option<i64>,
    effort: Option<String>,
    background: Option<(i64, i64, i64)>,
    page: Option<i64>,
    dpi: Option<i64>,
    limits: Option<PyRef<'_, MediaLimits>>,
) -> PyResult<Transformed> {
    let options = PreviewOptions { max_width, max_height, quality, effort, background, page, dpi, limits };
    let preview = options.preview()?;
    let source = media_source(source, &preview.limits)?;
    let out = work(py, move || porteur::preview(&source.read(&preview.limits)?, &preview))?;
    Ok(Transformed::of(py, out))
}

/// Makes another picture of each of many, on all cores.
#[pyfunction]
#[pyo3(signature = (sources, *, threads=None, max_width=None, max_height=None, cover=None, exact=None, format=None, quality=None, effort=None, background=None, enlarge=None, crop=None, keep_metadata=None, animated=None, thumbnail=None, thumbnail_format=None, thumbnail_quality=None, limits=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn transform_many(
    sources: &Bound<'_, PyAny>,
    threads: Option<i64>,
    max_width: Option<i64>,
    max_height: Option<i64>,
    cover: Option<(i64, i64)>,
    exact: Option<(i64, i64)>,
    format: Option<String>,
    quality: Option<i64>,
    effort: Option<String>,
    background: Option<(i64, i64, i64)>,
    enlarge: Option<bool>,
    crop: Option<String>,
    keep_metadata: Option<bool>,
    animated: Option<bool>,
    thumbnail: Option<i64>,
    thumbnail_format: Option<String>,
    thumbnail_quality: Option<i64>,
    limits: Option<PyRef<'_, MediaLimits>>,
) -> PyResult<Transforms> {
    let options = TransformOptions {
        max_width,
        max_height,
        cover,
        exact,
        format,
        quality,
        effort,
        background,
        enlarge,
        crop,
        keep_metadata,
        animated,
        thumbnail,
        thumbnail_format,
        thumbnail_quality,
        limits,
    };
    Transforms::of(sources, options.transform()?, errors::threads(threads)?)
}
