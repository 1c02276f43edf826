//! Sessions on the platform's socket, blocking and for asyncio, and what happens on them.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::Fuse;
use porteur::SessionEvents;
use pyo3::exceptions::{PyRuntimeError, PyStopAsyncIteration};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tokio::sync::Mutex;

use crate::awaiting::{Locals, awaitable, none, ready};
use crate::callback::Told;
use crate::errors::exception;
use crate::json::{self, Json};
use crate::many::Outcome;
use crate::process::PerProcess;
use crate::runtime::wait;
use crate::transfer::{self, Medium, TransferOutcome, Transferring};

/// A session whose methods wait.
#[pyclass(module = "porteur", frozen)]
pub(crate) struct Session(Open<porteur::Session>);

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Session {
    #[pyo3(signature = (interaction, destination, *, media=None, id=None, frame_timeout=None, within=None, check=None, callback=None))]
    fn transfer<'py>(
        &self,
        py: Python<'py>,
        interaction: String,
        destination: String,
        media: Option<Vec<Medium<'py>>>,
        id: Option<String>,
        frame_timeout: Option<f64>,
        within: Option<f64>,
        check: Option<bool>,
        callback: Option<Told<'py>>,
    ) -> PyResult<TransferOutcome> {
        let transfer =
            Transferring { interaction, destination, media, id, frame_timeout, within, check, callback }.parse()?;
        let core = self.0.here()?;
        wait(py, async { core.transfer(transfer).await.map(TransferOutcome::from).map_err(exception) })
    }

    #[pyo3(signature = (transfers, *, concurrency=None))]
    fn transfer_many(
        &self,
        py: Python<'_>,
        transfers: &Bound<'_, PyAny>,
        concurrency: Option<i64>,
    ) -> PyResult<Vec<Outcome<TransferOutcome>>> {
        let (core, many) = (self.0.here()?, transfer::transfers(transfers, concurrency)?);
        wait(py, many.done(|transfers, concurrency| core.transfer_many(transfers, concurrency)))
    }

    fn events(&self) -> PyResult<Events> {
        Ok(Events(listening(self.0.here()?)))
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        wait(py, self.0.closing())
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (exc_type, exc_value, traceback, /))]
    fn __exit__(
        &self,
        exc_type: &Bound<'_, PyAny>,
        exc_value: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (exc_value, traceback);
        self.close(exc_type.py())
    }
}

/// A session whose methods are awaited.
#[pyclass(module = "porteur", frozen)]
pub(crate) struct AsyncSession(Open<porteur::Session>);

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl AsyncSession {
    #[pyo3(signature = (interaction, destination, *, media=None, id=None, frame_timeout=None, within=None, check=None, callback=None))]
    fn transfer<'py>(
        &self,
        py: Python<'py>,
        interaction: String,
        destination: String,
        media: Option<Vec<Medium<'py>>>,
        id: Option<String>,
        frame_timeout: Option<f64>,
        within: Option<f64>,
        check: Option<bool>,
        callback: Option<Told<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let transfer =
            Transferring { interaction, destination, media, id, frame_timeout, within, check, callback }.parse()?;
        let core = self.0.here()?;
        let call = async move { core.transfer(transfer).await.map(TransferOutcome::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (transfers, *, concurrency=None))]
    fn transfer_many<'py>(
        &self,
        py: Python<'py>,
        transfers: &Bound<'py, PyAny>,
        concurrency: Option<i64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, many) = (self.0.here()?, transfer::transfers(transfers, concurrency)?);
        let call = async move { many.done(|transfers, concurrency| core.transfer_many(transfers, concurrency)).await };
        awaitable::<Vec<Outcome<TransferOutcome>>>(py, call, Locals::default(), None)
    }

    fn events(&self) -> PyResult<AsyncEvents> {
        Ok(AsyncEvents(listening(self.0.here()?)))
    }

    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let closing = self.0.closing();
        awaitable(py, async move { closing.await.map(none) }, Locals::default(), None)
    }

    fn __aenter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        ready(slf.py(), slf.clone())
    }

    #[pyo3(signature = (exc_type, exc_value, traceback, /))]
    fn __aexit__<'py>(
        &self,
        exc_type: &Bound<'py, PyAny>,
        exc_value: &Bound<'py, PyAny>,
        traceback: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = (exc_value, traceback);
        self.close(exc_type.py())
    }
}

impl From<porteur::Session> for Session {
    fn from(session: porteur::Session) -> Self {
        Self(Open(PerProcess::with(session)))
    }
}

impl From<porteur::Session> for AsyncSession {
    fn from(session: porteur::Session) -> Self {
        Self(Open(PerProcess::with(session)))
    }
}

/// The iterator of `Session.events`.
#[pyclass(module = "porteur._porteur", name = "_Events", frozen)]
pub(crate) struct Events(Open<Listening>);

#[pymethods]
impl Events {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<SessionEvent>> {
        let listening = self.0.here()?;
        wait(py, async { Ok(next(listening).await) })
    }
}

/// The iterator of `AsyncSession.events`.
#[pyclass(module = "porteur._porteur", name = "_AsyncEvents", frozen)]
pub(crate) struct AsyncEvents(Open<Listening>);

#[pymethods]
impl AsyncEvents {
    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let listening = self.0.here()?;
        let call = async move { next(listening).await.ok_or_else(|| PyStopAsyncIteration::new_err(())) };
        awaitable(py, call, Locals::default(), None)
    }
}

/// Something behind an open socket. Only the process that opened it has that.
struct Open<T: Send>(PerProcess<T>);

/// A session, which is open for as long as somebody listens, and its events. Threads and tasks that share an iterator take
/// turns, and a call that is cancelled loses no event.
type Listening = (porteur::Session, Arc<Mutex<Fuse<SessionEvents>>>);

impl<T: Send + Clone> Open<T> {
    fn here(&self) -> PyResult<T> {
        let elsewhere = || PyRuntimeError::new_err("this session is open in the process that this one was forked from");
        self.0.get(Clone::clone).ok_or_else(elsewhere)
    }
}

impl Open<porteur::Session> {
    /// Closes it when it is awaited; what is open in another process stays so.
    fn closing(&self) -> impl Future<Output = PyResult<()>> + Send + use<> {
        let session = self.0.get(Clone::clone);
        async move {
            if let Some(session) = session {
                session.close().await;
            }
            Ok(())
        }
    }
}

impl<T: Send> Drop for Open<T> {
    fn drop(&mut self) {
        // It may be the last to hold its client; see `Door`.
        let open = self.0.take();
        Python::try_attach(|py| py.detach(|| drop(open)));
    }
}

fn listening(session: porteur::Session) -> Open<Listening> {
    let events = Arc::new(Mutex::new(session.events().fuse()));
    Open(PerProcess::with((session, events)))
}

async fn next((_session, events): Listening) -> Option<SessionEvent> {
    events.lock().await.next().await.map(SessionEvent::from)
}

/// Something that happened on a session.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct SessionEvent {
    #[pyo3(get)]
    kind: String,
    #[pyo3(get)]
    code: Option<u16>,
    #[pyo3(get)]
    reason: Option<String>,
    frame: Option<Json>,
    #[pyo3(get)]
    count: Option<u64>,
}

#[pymethods]
impl SessionEvent {
    #[new]
    #[pyo3(signature = (kind, *, code=None, reason=None, frame=None, count=None))]
    fn new(
        kind: String,
        code: Option<u16>,
        reason: Option<String>,
        frame: Option<Bound<'_, PyAny>>,
        count: Option<u64>,
    ) -> PyResult<Self> {
        let frame = frame.map(|frame| json::parse("frame", &frame).map(Json)).transpose()?;
        Ok(Self { kind, code, reason, frame, count })
    }

    #[getter]
    fn frame(&self) -> Option<&Json> {
        self.frame.as_ref()
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str,), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("code", self.code)?;
        fields.set_item("reason", &self.reason)?;
        fields.set_item("frame", self.frame())?;
        fields.set_item("count", self.count)?;
        Ok(((&self.kind,), fields))
    }

    /// Without the frame, which the platform may have filled with anything.
    fn __repr__(&self) -> String {
        let Self { kind, code, reason, count, .. } = self;
        let member =
            |name: &str, value: Option<String>| value.map(|value| format!(" {name}={value}")).unwrap_or_default();
        let code = member("code", code.map(|code| code.to_string()));
        let reason = member("reason", reason.as_ref().map(|reason| format!("{reason:?}")));
        let count = member("count", count.map(|count| count.to_string()));
        format!("<SessionEvent kind={kind:?}{code}{reason}{count}>")
    }
}

impl From<porteur::SessionEvent> for SessionEvent {
    fn from(event: porteur::SessionEvent) -> Self {
        use porteur::SessionEvent as Event;
        let bare = Self { kind: event.kind().to_owned(), code: None, reason: None, frame: None, count: None };
        match event {
            Event::Disconnected { code, reason } => Self { code, reason: Some(reason), ..bare },
            Event::Failed { reason } => Self { reason: Some(reason), ..bare },
            Event::Frame(frame) => Self { frame: Some(Json(frame)), ..bare },
            Event::Missed(count) => Self { count: Some(count), ..bare },
            _ => bare,
        }
    }
}
