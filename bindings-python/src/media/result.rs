//! What comes out: pictures, and what they were made from.

use porteur::{Format, SourceFormat};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::{exception, seconds};
use crate::time::Seconds;

/// A picture as it was wished for.
#[pyclass(module = "porteur", frozen, eq, hash)]
#[derive(PartialEq, Hash)]
pub(crate) struct Transformed {
    picture: Picture,
    thumbnail: Option<Thumbnail>,
    #[pyo3(get)]
    source: ImageInfo,
    #[pyo3(get)]
    timings: StageTimes,
}

/// A small picture made from the pixels of a result.
#[pyclass(module = "porteur", frozen, eq, hash)]
#[derive(PartialEq, Hash)]
pub(crate) struct Thumbnail(Picture);

/// An encoded picture. Its bytes are Python's from the beginning, so that asking for them copies nothing.
#[derive(PartialEq, Hash)]
struct Picture {
    bytes: PyBackedBytes,
    format: Format,
    width: u32,
    height: u32,
}

impl Picture {
    fn new(bytes: Bound<'_, PyBytes>, format: &str, width: u32, height: u32) -> PyResult<Self> {
        Ok(Self { bytes: bytes.into(), format: format.parse().map_err(exception)?, width, height })
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        Self { bytes: self.bytes.clone_ref(py), ..*self }
    }

    /// The picture for a library that has to be there: by way of `porteur/_pictures.py`.
    fn handed_to<'py>(&self, py: Python<'py>, library: &str) -> PyResult<Bound<'py, PyAny>> {
        py.import("porteur._pictures")?.call_method1(library, (&self.bytes,))
    }

    /// Without the bytes.
    fn shown(&self, class: &str) -> String {
        let (format, width, height, bytes) = (self.format.name(), self.width, self.height, self.bytes.len());
        format!("<{class} format={format:?} width={width} height={height} bytes={bytes}>")
    }
}

#[pymethods]
impl Transformed {
    #[new]
    #[pyo3(signature = (bytes, format, width, height, *, source, timings, thumbnail=None))]
    fn new(
        bytes: Bound<'_, PyBytes>,
        format: &str,
        width: u32,
        height: u32,
        source: ImageInfo,
        timings: StageTimes,
        thumbnail: Option<PyRef<'_, Thumbnail>>,
    ) -> PyResult<Self> {
        let py = bytes.py();
        let thumbnail = thumbnail.map(|thumbnail| Thumbnail(thumbnail.0.clone_ref(py)));
        Ok(Self { picture: Picture::new(bytes, format, width, height)?, thumbnail, source, timings })
    }

    #[getter]
    fn bytes(&self) -> &PyBackedBytes {
        &self.picture.bytes
    }

    #[getter]
    fn format(&self) -> &'static str {
        self.picture.format.name()
    }

    #[getter]
    fn content_type(&self) -> &'static str {
        self.picture.format.content_type()
    }

    #[getter]
    fn width(&self) -> u32 {
        self.picture.width
    }

    #[getter]
    fn height(&self) -> u32 {
        self.picture.height
    }

    #[getter]
    fn thumbnail(&self, py: Python<'_>) -> Option<Thumbnail> {
        self.thumbnail.as_ref().map(|thumbnail| Thumbnail(thumbnail.0.clone_ref(py)))
    }

    fn to_pil<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.picture.handed_to(py, "to_pil")
    }

    fn to_numpy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.picture.handed_to(py, "to_numpy")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Parts<'_>, Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("source", self.source)?;
        fields.set_item("timings", self.timings)?;
        fields.set_item("thumbnail", self.thumbnail(py))?;
        Ok((self.picture.parts(), fields))
    }

    fn __repr__(&self) -> String {
        self.picture.shown("Transformed")
    }
}

#[pymethods]
impl Thumbnail {
    #[new]
    fn new(bytes: Bound<'_, PyBytes>, format: &str, width: u32, height: u32) -> PyResult<Self> {
        Picture::new(bytes, format, width, height).map(Self)
    }

    #[getter]
    fn bytes(&self) -> &PyBackedBytes {
        &self.0.bytes
    }

    #[getter]
    fn format(&self) -> &'static str {
        self.0.format.name()
    }

    #[getter]
    fn content_type(&self) -> &'static str {
        self.0.format.content_type()
    }

    #[getter]
    fn width(&self) -> u32 {
        self.0.width
    }

    #[getter]
    fn height(&self) -> u32 {
        self.0.height
    }

    fn to_pil<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.handed_to(py, "to_pil")
    }

    fn to_numpy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.handed_to(py, "to_numpy")
    }

    fn __getnewargs__(&self) -> Parts<'_> {
        self.0.parts()
    }

    fn __repr__(&self) -> String {
        self.0.shown("Thumbnail")
    }
}

/// What a file is, as far as its header tells.
#[pyclass(module = "porteur", frozen, eq, hash, from_py_object)]
#[derive(Clone, Copy, PartialEq, Hash)]
pub(crate) struct ImageInfo {
    format: SourceFormat,
    #[pyo3(get)]
    width: u32,
    #[pyo3(get)]
    height: u32,
    #[pyo3(get)]
    orientation: u8,
    #[pyo3(get)]
    frames: u32,
    #[pyo3(get)]
    has_alpha: bool,
    #[pyo3(get)]
    has_icc: bool,
    #[pyo3(get)]
    pdf_pages: Option<u32>,
}

#[pymethods]
impl ImageInfo {
    #[new]
    #[pyo3(signature = (format, width, height, *, orientation, frames, has_alpha, has_icc, pdf_pages=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        format: &str,
        width: u32,
        height: u32,
        orientation: u8,
        frames: u32,
        has_alpha: bool,
        has_icc: bool,
        pdf_pages: Option<u32>,
    ) -> PyResult<Self> {
        let format = format.parse().map_err(exception)?;
        Ok(Self { format, width, height, orientation, frames, has_alpha, has_icc, pdf_pages })
    }

    #[getter]
    fn format(&self) -> &'static str {
        self.format.name()
    }

    #[getter]
    fn content_type(&self) -> &'static str {
        self.format.content_type()
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Shape, Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("orientation", self.orientation)?;
        fields.set_item("frames", self.frames)?;
        fields.set_item("has_alpha", self.has_alpha)?;
        fields.set_item("has_icc", self.has_icc)?;
        fields.set_item("pdf_pages", self.pdf_pages)?;
        Ok(((self.format(), self.width, self.height), fields))
    }

    fn __repr__(&self) -> String {
        let Self { width, height, frames, .. } = self;
        format!("<ImageInfo format={:?} width={width} height={height} frames={frames}>", self.format())
    }
}

/// How long each stage took.
#[pyclass(module = "porteur", frozen, eq, hash, get_all, from_py_object)]
#[derive(Clone, Copy, PartialEq, Hash)]
pub(crate) struct StageTimes {
    decode: Seconds,
    resize: Seconds,
    encode: Seconds,
    thumbnail: Seconds,
}

#[pymethods]
impl StageTimes {
    #[new]
    fn new(decode: f64, resize: f64, encode: f64, thumbnail: f64) -> PyResult<Self> {
        let time = |field, time| Ok::<_, PyErr>(Seconds(seconds(field, Some(time))?.unwrap_or_default()));
        Ok(Self {
            decode: time("decode", decode)?,
            resize: time("resize", resize)?,
            encode: time("encode", encode)?,
            thumbnail: time("thumbnail", thumbnail)?,
        })
    }

    fn __getnewargs__(&self) -> (Seconds, Seconds, Seconds, Seconds) {
        (self.decode, self.resize, self.encode, self.thumbnail)
    }

    fn __repr__(&self) -> String {
        let [decode, resize, encode, thumbnail] =
            [self.decode, self.resize, self.encode, self.thumbnail].map(|time| time.0.as_secs_f64());
        format!("StageTimes(decode={decode:?}, resize={resize:?}, encode={encode:?}, thumbnail={thumbnail:?})")
    }
}

/// The first arguments of what a header is made from again.
type Shape = (&'static str, u32, u32);

/// The first arguments of what a picture is made from again.
type Parts<'a> = (&'a PyBackedBytes, &'static str, u32, u32);

impl Picture {
    fn parts(&self) -> Parts<'_> {
        (&self.bytes, self.format.name(), self.width, self.height)
    }
}

impl Transformed {
    pub(crate) fn of(py: Python<'_>, out: porteur::Transformed) -> Self {
        let picture = |bytes: &[u8], format, width, height| {
            let bytes = PyBytes::new(py, bytes).into();
            Picture { bytes, format, width, height }
        };
        Self {
            picture: picture(&out.bytes, out.format, out.width, out.height),
            thumbnail: out
                .thumbnail
                .map(|small| Thumbnail(picture(&small.bytes, small.format, small.width, small.height))),
            source: out.source.into(),
            timings: out.timings.into(),
        }
    }
}

impl From<porteur::ImageInfo> for ImageInfo {
    fn from(info: porteur::ImageInfo) -> Self {
        Self {
            format: info.format,
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

impl From<porteur::StageTimes> for StageTimes {
    fn from(times: porteur::StageTimes) -> Self {
        let [decode, resize, encode, thumbnail] =
            [times.decode, times.resize, times.encode, times.thumbnail].map(Seconds);
        Self { decode, resize, encode, thumbnail }
    }
}
