//! The worker whose methods are awaited. `working` has the same ones that wait.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyMapping;

use super::Works;
use super::options::Previewing;
use super::signer::raising;
use super::stats::{PreviewStats, QueueStats, dead_letters, purged, redriven};
use super::value::{Delivery, PreviewOutcome, Submitted, WebhookAnswer, attempt_at};
use crate::awaiting::{Locals, awaitable, none, ready};
use crate::door::Door;
use crate::errors::{exception, whole};

/// A worker whose methods are awaited.
#[pyclass(module = "porteur", frozen)]
pub(crate) struct AsyncPreviewWorker(Works);

impl AsyncPreviewWorker {
    pub(crate) fn open(py: Python<'_>, door: Arc<Door>, wish: Previewing<'_>) -> PyResult<Self> {
        Works::open(py, door, wish).map(Self)
    }
}

#[pymethods]
impl AsyncPreviewWorker {
    fn submit<'py>(
        &self,
        py: Python<'py>,
        body: &Bound<'py, PyAny>,
        headers: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, Delivery { body, headers }) = (self.0.here(py)?, Delivery::read(body, headers)?);
        let call = async move { core.submit(&body, headers).await.map(Submitted::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    fn answer<'py>(
        &self,
        py: Python<'py>,
        body: &Bound<'py, PyAny>,
        headers: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, Delivery { body, headers }) = (self.0.here(py)?, Delivery::read(body, headers)?);
        let call = async move { Ok(WebhookAnswer::from(core.answer(&body, headers).await)) };
        awaitable(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (event, attempt=None))]
    fn handle<'py>(
        &self,
        py: Python<'py>,
        event: &Bound<'py, PyMapping>,
        attempt: Option<i64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, (event, attempt)) = (self.0.here(py)?, attempt_at(event, attempt)?);
        self.on_the_loop(py, async move { raising(core.handle(&event, attempt)).await.map(PreviewOutcome::from) })
    }

    /// When the task is cancelled, this ends after the jobs under way were given back.
    fn run<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        running(slf, "_run")
    }

    fn drain<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        running(slf, "_drain")
    }

    fn stop<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.here(py)?;
        let call = async move {
            core.stop().await;
            Ok(none(()))
        };
        awaitable(py, call, Locals::default(), None)
    }

    fn stats(&self, py: Python<'_>) -> PyResult<PreviewStats> {
        Ok(self.0.here(py)?.stats().into())
    }

    fn recent(&self, py: Python<'_>) -> PyResult<Vec<PreviewOutcome>> {
        Ok(self.0.here(py)?.recent().into_iter().map(PreviewOutcome::from).collect())
    }

    fn queue_stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.here(py)?;
        let call = async move { core.queue().stats().await.map(QueueStats::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (*, after=None, most=None))]
    fn dead_letters<'py>(&self, py: Python<'py>, after: Option<i64>, most: Option<i64>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.here(py)?;
        awaitable(py, dead_letters(core, whole("after", after)?, whole("most", most)?), Locals::default(), None)
    }

    #[pyo3(signature = (key=None))]
    fn redrive<'py>(&self, py: Python<'py>, key: Option<String>) -> PyResult<Bound<'py, PyAny>> {
        awaitable(py, redriven(self.0.here(py)?, key), Locals::default(), None)
    }

    #[pyo3(signature = (key=None))]
    fn purge<'py>(&self, py: Python<'py>, key: Option<String>) -> PyResult<Bound<'py, PyAny>> {
        awaitable(py, purged(self.0.here(py)?, key), Locals::default(), None)
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
        self.stop(exc_type.py())
    }

    /// For `porteur/_awaiting.py`, as are the next two.
    fn _run<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.here(py)?;
        self.on_the_loop(py, async move { core.run().await.map(none).map_err(exception) })
    }

    fn _drain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.here(py)?;
        self.on_the_loop(py, async move { core.drain().await.map(none).map_err(exception) })
    }

    fn _give_back<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.here(py)?;
        let call = async move {
            core.give_back().await;
            Ok(none(()))
        };
        awaitable(py, call, Locals::default(), None)
    }
}

impl AsyncPreviewWorker {
    /// A coroutine on whose loop the caller's own coroutines run.
    fn on_the_loop<'py, T>(
        &self,
        py: Python<'py>,
        call: impl Future<Output = PyResult<T>> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>>
    where
        T: for<'a> IntoPyObject<'a> + Send + 'static,
    {
        let (locals, place) = (Locals::default(), self.0.place.clone());
        let known = locals.clone();
        let call = async move {
            place.set(&known);
            call.await
        };
        awaitable(py, call, locals, None)
    }
}

fn running<'py>(worker: &Bound<'py, AsyncPreviewWorker>, method: &str) -> PyResult<Bound<'py, PyAny>> {
    static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let (work, give_back) = (worker.getattr(method)?, worker.getattr("_give_back")?);
    RUNNING.import(worker.py(), "porteur._awaiting", "running")?.call1((work, give_back))
}
