//! The messages of a conversation, as iterators that read a page when they come to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::Fuse;
use porteur::{History, HistoryMessages};
use pyo3::exceptions::{PyRuntimeError, PyStopAsyncIteration};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tokio::sync::Mutex;

use crate::awaiting::{Locals, awaitable};
use crate::config::Given;
use crate::errors::{exception, whole};
use crate::json::{self, Json};
use crate::process::PerProcess;
use crate::runtime::wait;
use crate::time::Moment;

/// The arguments of `history`.
pub(crate) fn history(page_size: Option<i64>, page_token: Option<String>) -> PyResult<History> {
    let page_size = whole("page_size", page_size)?;
    Ok(History::default().given(page_size, History::page_size).given(page_token, History::page_token))
}

/// The iterator of `Client.history`.
#[pyclass(module = "porteur._porteur", name = "_History", frozen)]
pub(crate) struct Messages(Reading);

#[pymethods]
impl Messages {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<HistoryMessage>> {
        wait(py, next(self.0.here()?))
    }
}

/// The iterator of `AsyncClient.history`.
#[pyclass(module = "porteur._porteur", name = "_AsyncHistory", frozen)]
pub(crate) struct AsyncMessages(Reading);

#[pymethods]
impl AsyncMessages {
    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let messages = self.0.here()?;
        let call = async move { next(messages).await?.ok_or_else(|| PyStopAsyncIteration::new_err(())) };
        awaitable(py, call, Locals::default(), None)
    }
}

impl From<HistoryMessages> for Messages {
    fn from(messages: HistoryMessages) -> Self {
        Self(messages.into())
    }
}

impl From<HistoryMessages> for AsyncMessages {
    fn from(messages: HistoryMessages) -> Self {
        Self(messages.into())
    }
}

/// How far a reading is. Only the process that began it has the connection.
struct Reading(PerProcess<Shared>);

/// Threads and tasks that share an iterator take turns. A call that is cancelled loses no message: what it was reading
/// is read on by the next one.
type Shared = Arc<Mutex<Fuse<HistoryMessages>>>;

impl Drop for Reading {
    fn drop(&mut self) {
        // It may be the last to hold its client; see `Door`.
        let messages = self.0.take();
        Python::try_attach(|py| py.detach(|| drop(messages)));
    }
}

impl Reading {
    fn here(&self) -> PyResult<Shared> {
        let elsewhere = || PyRuntimeError::new_err("this history is read by the process that this one was forked from");
        self.0.get(Clone::clone).ok_or_else(elsewhere)
    }
}

impl From<HistoryMessages> for Reading {
    fn from(messages: HistoryMessages) -> Self {
        Self(PerProcess::with(Arc::new(Mutex::new(messages.fuse()))))
    }
}

async fn next(messages: Shared) -> PyResult<Option<HistoryMessage>> {
    let message = messages.lock().await.next().await;
    message.transpose().map(|message| message.map(HistoryMessage::from)).map_err(exception)
}

/// A message as the conversation keeps it.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct HistoryMessage {
    #[pyo3(get)]
    id: String,
    #[pyo3(get)]
    sender: Option<String>,
    #[pyo3(get)]
    to: Vec<String>,
    #[pyo3(get)]
    content_type: Option<String>,
    content: Json,
    #[pyo3(get)]
    status: Option<String>,
    #[pyo3(get)]
    created: Option<Moment>,
    metadata: BTreeMap<String, Json>,
}

#[pymethods]
impl HistoryMessage {
    #[new]
    #[pyo3(signature = (id, *, sender=None, to=None, content_type=None, content=None, status=None, created=None, metadata=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        id: String,
        sender: Option<String>,
        to: Option<Vec<String>>,
        content_type: Option<String>,
        content: Option<Bound<'_, PyAny>>,
        status: Option<String>,
        created: Option<Moment>,
        metadata: Option<BTreeMap<String, Bound<'_, PyAny>>>,
    ) -> PyResult<Self> {
        let content = content.map(|content| json::parse("content", &content)).transpose()?;
        let member = |(name, value)| json::parse(&format!("metadata.{name}"), &value).map(|value| (name, Json(value)));
        let metadata = metadata.unwrap_or_default().into_iter().map(member).collect::<PyResult<_>>()?;
        let (to, content) = (to.unwrap_or_default(), Json(content.unwrap_or_default()));
        Ok(Self { id, sender, to, content_type, content, status, created, metadata })
    }

    #[getter]
    fn content(&self) -> &Json {
        &self.content
    }

    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let metadata = PyDict::new(py);
        self.metadata.iter().try_for_each(|(name, value)| metadata.set_item(name, value))?;
        Ok(metadata)
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str,), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("sender", &self.sender)?;
        fields.set_item("to", &self.to)?;
        fields.set_item("content_type", &self.content_type)?;
        fields.set_item("content", &self.content)?;
        fields.set_item("status", &self.status)?;
        fields.set_item("created", self.created)?;
        fields.set_item("metadata", self.metadata(py)?)?;
        Ok(((&self.id,), fields))
    }

    /// Without what it says.
    fn __repr__(&self) -> String {
        let (id, sender, status) = (&self.id, word(self.sender.as_deref()), word(self.status.as_deref()));
        format!("<HistoryMessage id={id:?} sender={sender} status={status}>")
    }
}

impl From<porteur::HistoryMessage> for HistoryMessage {
    fn from(message: porteur::HistoryMessage) -> Self {
        Self {
            id: message.id,
            sender: message.sender,
            to: message.to,
            content_type: message.content_type,
            content: Json(message.content),
            status: message.status,
            created: message.created.map(Moment::from),
            metadata: message.metadata.into_iter().map(|(name, value)| (name, Json(value))).collect(),
        }
    }
}

fn word(text: Option<&str>) -> String {
    text.map_or_else(|| "None".to_owned(), |text| format!("{text:?}"))
}
