//! The clients: a blocking one and one for asyncio, with the same methods.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use porteur::Config;
use pyo3::prelude::*;

use crate::awaiting::{Locals, awaitable, ready};
use crate::config::{Limits, Options, Pace, Timeouts};
use crate::errors::exception;
use crate::guest::{Attachment, Guest, SentGuestMessage, message, new_guest};
use crate::process::PerProcess;
use crate::runtime::wait;
use crate::simulator::Simulator;
use crate::upload::{UploadedFile, Wish};

/// A client whose methods wait.
#[pyclass(module = "porteur", frozen)]
pub(crate) struct Client(Door);

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[new]
    #[pyo3(signature = (client_id, client_secret, *, environment=None, base_url=None, scopes=None, allow_plain_http=None, renew_before=None, pace=None, timeouts=None, limits=None))]
    fn new(
        client_id: String,
        client_secret: String,
        environment: Option<String>,
        base_url: Option<String>,
        scopes: Option<Vec<String>>,
        allow_plain_http: Option<bool>,
        renew_before: Option<f64>,
        pace: Option<PyRef<'_, Pace>>,
        timeouts: Option<PyRef<'_, Timeouts>>,
        limits: Option<PyRef<'_, Limits>>,
    ) -> PyResult<Self> {
        let options = Options { environment, base_url, scopes, allow_plain_http, renew_before, pace, timeouts, limits };
        Door::new(options.over(Config::new(client_id, client_secret))?).map(Self)
    }

    #[staticmethod]
    #[pyo3(signature = (*, environment=None, base_url=None, scopes=None, allow_plain_http=None, renew_before=None, pace=None, timeouts=None, limits=None))]
    fn from_env(
        environment: Option<String>,
        base_url: Option<String>,
        scopes: Option<Vec<String>>,
        allow_plain_http: Option<bool>,
        renew_before: Option<f64>,
        pace: Option<PyRef<'_, Pace>>,
        timeouts: Option<PyRef<'_, Timeouts>>,
        limits: Option<PyRef<'_, Limits>>,
    ) -> PyResult<Self> {
        let options = Options { environment, base_url, scopes, allow_plain_http, renew_before, pace, timeouts, limits };
        Door::new(options.over(Config::from_env().map_err(exception)?)?).map(Self)
    }

    #[pyo3(signature = (source, *, name=None, content_type=None, concurrency=None, journal=None, size=None, on_progress=None))]
    fn upload<'py>(
        &self,
        py: Python<'py>,
        source: Bound<'py, PyAny>,
        name: Option<String>,
        content_type: Option<String>,
        concurrency: Option<i64>,
        journal: Option<PathBuf>,
        size: Option<i64>,
        on_progress: Option<Py<PyAny>>,
    ) -> PyResult<UploadedFile> {
        let job =
            Wish { source, name, content_type, concurrency, journal, size, on_progress }.parse()?.without_a_loop()?;
        let core = self.0.core()?;
        wait(py, job.raised.or(core.upload(job.upload))).map(UploadedFile::from)
    }

    #[pyo3(signature = (language, *, metadata=None))]
    fn guest(&self, py: Python<'_>, language: String, metadata: Option<BTreeMap<String, String>>) -> PyResult<Guest> {
        let core = self.0.core()?;
        wait(py, async { core.guest(new_guest(language, metadata)).await.map_err(exception) }).map(Guest)
    }

    #[pyo3(signature = (guest, *, to, text=None, attachments=None, send_as=None))]
    fn send_as_guest(
        &self,
        py: Python<'_>,
        guest: &Bound<'_, Guest>,
        to: Vec<String>,
        text: Option<String>,
        attachments: Option<Vec<Attachment<'_>>>,
        send_as: Option<String>,
    ) -> PyResult<SentGuestMessage> {
        let (core, guest, message) = (self.0.core()?, &guest.get().0, message(to, text, attachments, send_as)?);
        wait(py, async { core.send_as_guest(guest, message).await.map_err(exception) }).map(SentGuestMessage::from)
    }

    fn close(&self) {
        self.0.close();
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (exc_type, exc_value, traceback, /))]
    fn __exit__(&self, exc_type: &Bound<'_, PyAny>, exc_value: &Bound<'_, PyAny>, traceback: &Bound<'_, PyAny>) {
        let _ = (exc_type, exc_value, traceback);
        self.0.close();
    }

    fn __repr__(&self) -> String {
        self.0.named("Client")
    }

    /// The same settings with a simulator's clock.
    fn _by_clock_of(&self, simulator: &Bound<'_, Simulator>) -> PyResult<Self> {
        self.0.by_clock_of(simulator.get()).map(Self)
    }
}

/// A client whose methods are awaited.
#[pyclass(module = "porteur", frozen)]
pub(crate) struct AsyncClient(Door);

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl AsyncClient {
    #[new]
    #[pyo3(signature = (client_id, client_secret, *, environment=None, base_url=None, scopes=None, allow_plain_http=None, renew_before=None, pace=None, timeouts=None, limits=None))]
    fn new(
        client_id: String,
        client_secret: String,
        environment: Option<String>,
        base_url: Option<String>,
        scopes: Option<Vec<String>>,
        allow_plain_http: Option<bool>,
        renew_before: Option<f64>,
        pace: Option<PyRef<'_, Pace>>,
        timeouts: Option<PyRef<'_, Timeouts>>,
        limits: Option<PyRef<'_, Limits>>,
    ) -> PyResult<Self> {
        let options = Options { environment, base_url, scopes, allow_plain_http, renew_before, pace, timeouts, limits };
        Door::new(options.over(Config::new(client_id, client_secret))?).map(Self)
    }

    #[staticmethod]
    #[pyo3(signature = (*, environment=None, base_url=None, scopes=None, allow_plain_http=None, renew_before=None, pace=None, timeouts=None, limits=None))]
    fn from_env(
        environment: Option<String>,
        base_url: Option<String>,
        scopes: Option<Vec<String>>,
        allow_plain_http: Option<bool>,
        renew_before: Option<f64>,
        pace: Option<PyRef<'_, Pace>>,
        timeouts: Option<PyRef<'_, Timeouts>>,
        limits: Option<PyRef<'_, Limits>>,
    ) -> PyResult<Self> {
        let options = Options { environment, base_url, scopes, allow_plain_http, renew_before, pace, timeouts, limits };
        Door::new(options.over(Config::from_env().map_err(exception)?)?).map(Self)
    }

    #[pyo3(signature = (source, *, name=None, content_type=None, concurrency=None, journal=None, size=None, on_progress=None))]
    fn upload<'py>(
        &self,
        py: Python<'py>,
        source: Bound<'py, PyAny>,
        name: Option<String>,
        content_type: Option<String>,
        concurrency: Option<i64>,
        journal: Option<PathBuf>,
        size: Option<i64>,
        on_progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let job = Wish { source, name, content_type, concurrency, journal, size, on_progress }.parse()?;
        let core = self.0.core()?;
        let call = async move { Box::pin(job.raised.or(core.upload(job.upload))).await.map(UploadedFile::from) };
        awaitable(py, call, job.locals, job.pieces)
    }

    #[pyo3(signature = (language, *, metadata=None))]
    fn guest<'py>(
        &self,
        py: Python<'py>,
        language: String,
        metadata: Option<BTreeMap<String, String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.core()?;
        let call = async move { core.guest(new_guest(language, metadata)).await.map(Guest).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (guest, *, to, text=None, attachments=None, send_as=None))]
    fn send_as_guest<'py>(
        &self,
        py: Python<'py>,
        guest: &Bound<'py, Guest>,
        to: Vec<String>,
        text: Option<String>,
        attachments: Option<Vec<Attachment<'py>>>,
        send_as: Option<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, guest, message) = (self.0.core()?, guest.get().0.clone(), message(to, text, attachments, send_as)?);
        let call =
            async move { core.send_as_guest(&guest, message).await.map(SentGuestMessage::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    fn close(&self) {
        self.0.close();
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
        self.0.close();
        ready(exc_type.py(), exc_type.py().None())
    }

    fn __repr__(&self) -> String {
        self.0.named("AsyncClient")
    }

    /// The same settings with a simulator's clock.
    fn _by_clock_of(&self, simulator: &Bound<'_, Simulator>) -> PyResult<Self> {
        self.0.by_clock_of(simulator.get()).map(Self)
    }
}

/// The core's client with what it was made from, so that a child process can make its own.
struct Door {
    config: Config,
    core: PerProcess<porteur::Client>,
    closed: AtomicBool,
}

impl Door {
    fn new(config: Config) -> PyResult<Self> {
        let core = PerProcess::with(porteur::Client::new(config.clone()).map_err(exception)?);
        Ok(Self { config, core, closed: AtomicBool::new(false) })
    }

    fn core(&self) -> PyResult<porteur::Client> {
        let make = || porteur::Client::new(self.config.clone());
        let core = self.core.get_or_make(make, Clone::clone).map_err(exception)?;
        if self.closed.load(Ordering::Relaxed) {
            core.close();
        }
        Ok(core)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.core.get(porteur::Client::close);
    }

    fn by_clock_of(&self, simulator: &Simulator) -> PyResult<Self> {
        Self::new(self.config.clone().clock(simulator.look(porteur::simulator::Simulator::clock)?))
    }

    fn named(&self, class: &str) -> String {
        let (id, environment) = (&self.config.credentials.id, &self.config.environment);
        format!("<{class} client_id={id:?} at={:?}>", self.config.base_url.as_ref().unwrap_or(environment))
    }
}
