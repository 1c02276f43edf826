//! Attachments of conversations: what is to become of them, and what became of them.

use std::collections::BTreeMap;

use porteur::AttachmentDirective;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use serde_json::{Map, Value};

use crate::errors::{exception, seconds};
use crate::json;
use crate::many::{Many, Members};
use crate::time::Seconds;
use crate::transfer::Untold;

/// The first argument of `transform_attachment`: an id, or a whole directive.
#[derive(FromPyObject)]
pub(crate) enum Directive<'py> {
    Id(String),
    Json(Bound<'py, PyMapping>),
}

/// The arguments of `transform_attachment`.
pub(crate) struct Directing<'py> {
    pub(crate) directive: Directive<'py>,
    pub(crate) target_format: Option<String>,
    pub(crate) max_width: Option<i64>,
    pub(crate) max_height: Option<i64>,
    pub(crate) preserve_aspect_ratio: Option<bool>,
    pub(crate) generate_thumbnail: Option<bool>,
    pub(crate) thumbnail_max_width: Option<i64>,
    pub(crate) enlarge: Option<bool>,
}

impl Directing<'_> {
    pub(crate) fn parse(self) -> PyResult<AttachmentDirective> {
        let mut members = match self.directive {
            Directive::Id(id) => Map::from_iter([("attachment_id".to_owned(), id.into())]),
            Directive::Json(directive) => json::members("directive", &directive)?,
        };
        let keywords = [
            ("target_format", self.target_format.map(Value::from)),
            ("max_width", self.max_width.map(Value::from)),
            ("max_height", self.max_height.map(Value::from)),
            ("preserve_aspect_ratio", self.preserve_aspect_ratio.map(Value::from)),
            ("generate_thumbnail", self.generate_thumbnail.map(Value::from)),
            ("thumbnail_max_width", self.thumbnail_max_width.map(Value::from)),
            ("enlarge", self.enlarge.map(Value::from)),
        ];
        let given = keywords.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        members.extend(given);
        read(Value::Object(members))
    }
}

/// The arguments of `transform_attachments`.
pub(crate) fn directives(
    directives: &Bound<'_, PyAny>,
    concurrency: Option<i64>,
) -> PyResult<Many<AttachmentDirective>> {
    Many::parse("directives", directives, concurrency, Members::json, read)
}

fn read(json: Value) -> PyResult<AttachmentDirective> {
    AttachmentDirective::from_json(&json).map_err(exception)
}

/// An attachment, as the platform describes it.
#[pyclass(module = "porteur", frozen, eq, get_all)]
#[derive(PartialEq)]
pub(crate) struct AttachmentInfo {
    id: String,
    name: String,
    content_type: String,
    size: u64,
    metadata: BTreeMap<String, String>,
}

#[pymethods]
impl AttachmentInfo {
    #[new]
    #[pyo3(signature = (id, *, name, content_type, size, metadata))]
    fn new(id: String, name: String, content_type: String, size: u64, metadata: BTreeMap<String, String>) -> Self {
        Self { id, name, content_type, size, metadata }
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str,), Bound<'py, PyDict>)> {
        let Self { id, name, content_type, size, metadata } = self;
        let fields = PyDict::new(py);
        fields.set_item("name", name)?;
        fields.set_item("content_type", content_type)?;
        fields.set_item("size", size)?;
        fields.set_item("metadata", metadata)?;
        Ok(((id,), fields))
    }

    fn __repr__(&self) -> String {
        let Self { id, name, content_type, size, .. } = self;
        format!("<AttachmentInfo id={id:?} name={name:?} content_type={content_type:?} size={size}>")
    }
}

impl From<porteur::AttachmentInfo> for AttachmentInfo {
    fn from(info: porteur::AttachmentInfo) -> Self {
        Self { id: info.id, name: info.name, content_type: info.content_type, size: info.size, metadata: info.metadata }
    }
}

/// An attachment that was made of another one.
#[pyclass(module = "porteur", frozen, eq, get_all)]
#[derive(PartialEq)]
pub(crate) struct TransformedAttachment {
    id: String,
    source_id: String,
    name: String,
    thumbnail_id: Option<String>,
    format: String,
    width: u32,
    height: u32,
    original_size: u64,
    size: u64,
    thumbnail_size: Option<u64>,
    times: AttachmentTimes,
    callback_error: Option<Untold>,
}

#[pymethods]
impl TransformedAttachment {
    #[new]
    #[pyo3(signature = (id, source_id, *, name, format, width, height, original_size, size, times, thumbnail_id=None, thumbnail_size=None, callback_error=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        id: String,
        source_id: String,
        name: String,
        format: String,
        width: u32,
        height: u32,
        original_size: u64,
        size: u64,
        times: AttachmentTimes,
        thumbnail_id: Option<String>,
        thumbnail_size: Option<u64>,
        callback_error: Option<Untold>,
    ) -> Self {
        Self {
            id,
            source_id,
            name,
            thumbnail_id,
            format,
            width,
            height,
            original_size,
            size,
            thumbnail_size,
            times,
            callback_error,
        }
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str, &str), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("name", &self.name)?;
        fields.set_item("format", &self.format)?;
        fields.set_item("width", self.width)?;
        fields.set_item("height", self.height)?;
        fields.set_item("original_size", self.original_size)?;
        fields.set_item("size", self.size)?;
        fields.set_item("times", self.times)?;
        fields.set_item("thumbnail_id", &self.thumbnail_id)?;
        fields.set_item("thumbnail_size", self.thumbnail_size)?;
        fields.set_item("callback_error", self.callback_error.as_ref())?;
        Ok(((&self.id, &self.source_id), fields))
    }

    fn __repr__(&self) -> String {
        let Self { id, source_id, format, width, height, size, .. } = self;
        format!(
            "<TransformedAttachment id={id:?} source_id={source_id:?} format={format:?} width={width} height={height} \
             size={size}>"
        )
    }

    /// Whoever raises the error has the outcome in its traceback.
    fn __traverse__(&self, visit: pyo3::gc::PyVisit<'_>) -> Result<(), pyo3::gc::PyTraverseError> {
        self.callback_error.as_ref().map_or(Ok(()), |error| error.seen(&visit))
    }
}

impl From<porteur::TransformedAttachment> for TransformedAttachment {
    fn from(transformed: porteur::TransformedAttachment) -> Self {
        Self {
            id: transformed.id,
            source_id: transformed.source_id,
            name: transformed.name,
            thumbnail_id: transformed.thumbnail_id,
            format: transformed.format.name().to_owned(),
            width: transformed.width,
            height: transformed.height,
            original_size: transformed.original_size,
            size: transformed.size,
            thumbnail_size: transformed.thumbnail_size,
            times: transformed.times.into(),
            callback_error: transformed.callback_error.map(Untold::from),
        }
    }
}

/// How long each stage took.
#[pyclass(module = "porteur", frozen, eq, hash, get_all, from_py_object)]
#[derive(Clone, Copy, PartialEq, Hash)]
pub(crate) struct AttachmentTimes {
    describe: Seconds,
    download: Seconds,
    decode: Seconds,
    resize: Seconds,
    encode: Seconds,
    thumbnail: Seconds,
    upload: Seconds,
    patch: Seconds,
}

#[pymethods]
impl AttachmentTimes {
    #[new]
    #[pyo3(signature = (*, describe, download, decode, resize, encode, thumbnail, upload, patch))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        describe: f64,
        download: f64,
        decode: f64,
        resize: f64,
        encode: f64,
        thumbnail: f64,
        upload: f64,
        patch: f64,
    ) -> PyResult<Self> {
        let time = |field, time| Ok::<_, PyErr>(Seconds(seconds(field, Some(time))?.unwrap_or_default()));
        Ok(Self {
            describe: time("describe", describe)?,
            download: time("download", download)?,
            decode: time("decode", decode)?,
            resize: time("resize", resize)?,
            encode: time("encode", encode)?,
            thumbnail: time("thumbnail", thumbnail)?,
            upload: time("upload", upload)?,
            patch: time("patch", patch)?,
        })
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        for (name, time) in self.stages() {
            fields.set_item(name, time)?;
        }
        Ok(((), fields))
    }

    fn __repr__(&self) -> String {
        let stages = self.stages().map(|(name, time)| format!("{name}={:?}", time.0.as_secs_f64()));
        format!("AttachmentTimes({})", stages.join(", "))
    }
}

impl AttachmentTimes {
    fn stages(&self) -> [(&'static str, Seconds); 8] {
        [
            ("describe", self.describe),
            ("download", self.download),
            ("decode", self.decode),
            ("resize", self.resize),
            ("encode", self.encode),
            ("thumbnail", self.thumbnail),
            ("upload", self.upload),
            ("patch", self.patch),
        ]
    }
}

impl From<porteur::AttachmentTimes> for AttachmentTimes {
    fn from(times: porteur::AttachmentTimes) -> Self {
        Self {
            describe: Seconds(times.describe),
            download: Seconds(times.download),
            decode: Seconds(times.decode),
            resize: Seconds(times.resize),
            encode: Seconds(times.encode),
            thumbnail: Seconds(times.thumbnail),
            upload: Seconds(times.upload),
            patch: Seconds(times.patch),
        }
    }
}
