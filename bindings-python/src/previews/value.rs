//! Webhooks on their way in, and what became of them and of their attachments.

use bytes::Bytes;
use porteur::{AttachmentEvent, Format};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString};

use crate::errors::{exception, seconds, whole};
use crate::json;
use crate::source::in_memory;
use crate::time::Seconds;

/// A webhook as a web framework has it.
pub(super) struct Delivery {
    pub(super) body: PyBackedBytes,
    pub(super) headers: Vec<(String, Vec<u8>)>,
}

impl Delivery {
    /// Headers as a mapping or as pairs, of `str` or of the `bytes` of ASGI.
    pub(super) fn read(body: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<Self> {
        let kind = body.get_type().name()?;
        let body = in_memory(body)?;
        let body = body.ok_or_else(|| PyTypeError::new_err(format!("body: expected bytes, got {kind}")))?;
        let pairs = if headers.hasattr("items")? { headers.call_method0("items")? } else { headers.clone() };
        let pair = |pair: PyResult<Bound<'_, PyAny>>| {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
            Ok((String::from_utf8_lossy(&octets(&name)?).into_owned(), octets(&value)?))
        };
        Ok(Self { body, headers: pairs.try_iter()?.map(pair).collect::<PyResult<_>>()? })
    }
}

/// What frameworks make of the octets of a header; not all of them are UTF-8 when they come from a stranger.
fn octets(part: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = part.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    match part.cast::<PyString>() {
        Ok(text) => Ok(text.to_string_lossy().into_owned().into_bytes()),
        Err(_) => {
            let kind = part.get_type().name()?;
            Err(PyTypeError::new_err(format!("headers: expected str or bytes, got {kind}")))
        }
    }
}

/// The arguments of `handle`.
pub(super) fn attempt_at(event: &Bound<'_, PyMapping>, attempt: Option<i64>) -> PyResult<(AttachmentEvent, u32)> {
    let data = serde_json::Value::Object(json::members("event", event)?).to_string();
    let event = AttachmentEvent::parse(data.as_bytes()).map_err(exception)?;
    Ok((event, whole("attempt", attempt)?.unwrap_or(1)))
}

/// What became of a webhook.
#[pyclass(module = "porteur", frozen, eq, hash, get_all)]
#[derive(PartialEq, Hash)]
pub(crate) struct Submitted {
    status: String,
    id: Option<String>,
    known: bool,
    reason: Option<String>,
}

#[pymethods]
impl Submitted {
    #[new]
    #[pyo3(signature = (status, *, id=None, known=false, reason=None))]
    fn new(status: String, id: Option<String>, known: bool, reason: Option<String>) -> Self {
        Self { status, id, known, reason }
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str,), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("id", &self.id)?;
        fields.set_item("known", self.known)?;
        fields.set_item("reason", &self.reason)?;
        Ok(((&self.status,), fields))
    }

    fn __repr__(&self) -> String {
        let Self { status, id, known, reason } = self;
        let member = |name: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!(", {name}={text:?}")).unwrap_or_default()
        };
        let known = if *known { ", known=True" } else { "" };
        format!("Submitted({status:?}{}{known}{})", member("id", id), member("reason", reason))
    }
}

impl From<porteur::Submitted> for Submitted {
    fn from(submitted: porteur::Submitted) -> Self {
        let status = submitted.status().to_owned();
        match submitted {
            porteur::Submitted::Queued { id, known } => Self { status, id: Some(id), known, reason: None },
            porteur::Submitted::Ignored { reason } => Self { status, id: None, known: false, reason: Some(reason) },
        }
    }
}

/// What to answer to whoever sent a webhook.
#[pyclass(module = "porteur", frozen, eq, hash)]
#[derive(PartialEq, Hash)]
pub(crate) struct WebhookAnswer {
    #[pyo3(get)]
    status: u16,
    headers: Vec<(String, String)>,
    #[pyo3(get)]
    body: String,
}

#[pymethods]
impl WebhookAnswer {
    #[new]
    #[pyo3(signature = (status, headers, body))]
    fn new(status: u16, headers: &Bound<'_, PyMapping>, body: String) -> PyResult<Self> {
        let headers = headers.items()?.iter().map(|pair| pair.extract()).collect::<PyResult<_>>()?;
        Ok(Self { status, headers, body })
    }

    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let headers = PyDict::new(py);
        self.headers.iter().try_for_each(|(name, value)| headers.set_item(name, value))?;
        Ok(headers)
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> PyResult<(u16, Bound<'py, PyDict>, &str)> {
        Ok((self.status, self.headers(py)?, &self.body))
    }

    fn __repr__(&self) -> String {
        format!("<WebhookAnswer status={} body={:?}>", self.status, self.body)
    }
}

impl From<porteur::WebhookAnswer> for WebhookAnswer {
    fn from(answer: porteur::WebhookAnswer) -> Self {
        let headers = answer.headers().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { status: answer.status, headers, body: answer.body }
    }
}

/// A preview that stands in its conversation.
#[pyclass(module = "porteur", frozen, eq, hash)]
#[derive(PartialEq, Hash)]
pub(crate) struct PreviewOutcome {
    #[pyo3(get)]
    id: String,
    #[pyo3(get)]
    conversation: String,
    #[pyo3(get)]
    file_name: String,
    #[pyo3(get)]
    url: String,
    #[pyo3(get)]
    message: String,
    #[pyo3(get)]
    linked_before: bool,
    bytes: Bytes,
    format: Format,
    #[pyo3(get)]
    width: u32,
    #[pyo3(get)]
    height: u32,
    #[pyo3(get)]
    source_bytes: u64,
    #[pyo3(get)]
    timings: PreviewTimes,
}

#[pymethods]
impl PreviewOutcome {
    #[new]
    #[pyo3(signature = (id, conversation, *, file_name, url, message, linked_before, bytes, format, width, height, source_bytes, timings))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        id: String,
        conversation: String,
        file_name: String,
        url: String,
        message: String,
        linked_before: bool,
        bytes: &Bound<'_, PyBytes>,
        format: &str,
        width: u32,
        height: u32,
        source_bytes: u64,
        timings: PreviewTimes,
    ) -> PyResult<Self> {
        let (bytes, format) = (Bytes::copy_from_slice(bytes.as_bytes()), format.parse().map_err(exception)?);
        Ok(Self {
            id,
            conversation,
            file_name,
            url,
            message,
            linked_before,
            bytes,
            format,
            width,
            height,
            source_bytes,
            timings,
        })
    }

    #[getter]
    fn bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.bytes)
    }

    #[getter]
    fn format(&self) -> &'static str {
        self.format.name()
    }

    #[getter]
    fn content_type(&self) -> &'static str {
        self.format.content_type()
    }

    fn base64<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("base64")?.call_method1("b64encode", (self.bytes(py),))?.call_method1("decode", ("ascii",))
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str, &str), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("file_name", &self.file_name)?;
        fields.set_item("url", &self.url)?;
        fields.set_item("message", &self.message)?;
        fields.set_item("linked_before", self.linked_before)?;
        fields.set_item("bytes", self.bytes(py))?;
        fields.set_item("format", self.format())?;
        fields.set_item("width", self.width)?;
        fields.set_item("height", self.height)?;
        fields.set_item("source_bytes", self.source_bytes)?;
        fields.set_item("timings", self.timings)?;
        Ok(((&self.id, &self.conversation), fields))
    }

    /// Without the bytes, and without the name, which is a stranger's.
    fn __repr__(&self) -> String {
        let Self { id, conversation, url, message, width, height, .. } = self;
        format!(
            "<PreviewOutcome id={id:?} conversation={conversation:?} url={url:?} message={message:?} width={width} \
             height={height} bytes={}>",
            self.bytes.len()
        )
    }
}

impl From<porteur::PreviewOutcome> for PreviewOutcome {
    fn from(outcome: porteur::PreviewOutcome) -> Self {
        Self {
            id: outcome.id,
            conversation: outcome.conversation,
            file_name: outcome.file_name,
            url: outcome.url,
            message: outcome.message,
            linked_before: outcome.linked_before,
            bytes: outcome.bytes,
            format: outcome.format,
            width: outcome.width,
            height: outcome.height,
            source_bytes: outcome.source_bytes,
            timings: outcome.timings.into(),
        }
    }
}

/// How long each stage of a preview took.
#[pyclass(module = "porteur", frozen, eq, hash, get_all, from_py_object)]
#[derive(Clone, Copy, PartialEq, Hash)]
pub(crate) struct PreviewTimes {
    fetch: Seconds,
    picture: Seconds,
    publish: Seconds,
    link: Seconds,
}

#[pymethods]
impl PreviewTimes {
    #[new]
    fn new(fetch: f64, picture: f64, publish: f64, link: f64) -> PyResult<Self> {
        let time = |field, time| Ok::<_, PyErr>(Seconds(seconds(field, Some(time))?.unwrap_or_default()));
        Ok(Self {
            fetch: time("fetch", fetch)?,
            picture: time("picture", picture)?,
            publish: time("publish", publish)?,
            link: time("link", link)?,
        })
    }

    fn __getnewargs__(&self) -> (Seconds, Seconds, Seconds, Seconds) {
        (self.fetch, self.picture, self.publish, self.link)
    }

    fn __repr__(&self) -> String {
        let [fetch, picture, publish, link] =
            [self.fetch, self.picture, self.publish, self.link].map(|time| time.0.as_secs_f64());
        format!("PreviewTimes(fetch={fetch:?}, picture={picture:?}, publish={publish:?}, link={link:?})")
    }
}

impl From<porteur::PreviewTimes> for PreviewTimes {
    fn from(times: porteur::PreviewTimes) -> Self {
        let [fetch, picture, publish, link] = [times.fetch, times.picture, times.publish, times.link].map(Seconds);
        Self { fetch, picture, publish, link }
    }
}
