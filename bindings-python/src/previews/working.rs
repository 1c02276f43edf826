//! The worker whose methods wait. `asking` has the same ones for asyncio.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyMapping;

use super::Works;
use super::options::Previewing;
use super::signer::raising;
use super::stats::{DeadLetter, PreviewStats, QueueStats, dead_letters, purged, redriven};
use super::value::{Delivery, PreviewOutcome, Submitted, WebhookAnswer, attempt_at};
use crate::door::Door;
use crate::errors::{exception, whole};
use crate::runtime::{wait, wait_for_the_end};

/// A worker whose methods wait.
#[pyclass(module = "porteur", frozen)]
pub(crate) struct PreviewWorker(Works);

impl PreviewWorker {
    pub(crate) fn open(py: Python<'_>, door: Arc<Door>, wish: Previewing<'_>) -> PyResult<Self> {
        Works::open(py, door, wish).map(Self)
    }
}

#[pymethods]
impl PreviewWorker {
    fn submit(&self, py: Python<'_>, body: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<Submitted> {
        let (core, Delivery { body, headers }) = (self.0.here(py)?, Delivery::read(body, headers)?);
        wait(py, async { core.submit(&body, headers).await.map(Submitted::from).map_err(exception) })
    }

    fn answer(&self, py: Python<'_>, body: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<WebhookAnswer> {
        let (core, Delivery { body, headers }) = (self.0.here(py)?, Delivery::read(body, headers)?);
        wait(py, async { Ok(WebhookAnswer::from(core.answer(&body, headers).await)) })
    }

    #[pyo3(signature = (event, attempt=None))]
    fn handle(&self, py: Python<'_>, event: &Bound<'_, PyMapping>, attempt: Option<i64>) -> PyResult<PreviewOutcome> {
        let (core, (event, attempt)) = (self.0.here(py)?, attempt_at(event, attempt)?);
        wait(py, async { raising(core.handle(&event, attempt)).await.map(PreviewOutcome::from) })
    }

    /// Ctrl-C is `stop`, and again it ends the jobs where they are.
    fn run(&self, py: Python<'_>) -> PyResult<()> {
        let core = self.0.here(py)?;
        let stopped = core.clone();
        let stop = async move { stopped.stop().await };
        wait_for_the_end(py, async { core.run().await.map_err(exception) }, stop)
    }

    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        let core = self.0.here(py)?;
        let stopped = core.clone();
        let stop = async move { stopped.stop().await };
        wait_for_the_end(py, async { core.drain().await.map_err(exception) }, stop)
    }

    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let core = self.0.here(py)?;
        wait(py, async {
            core.stop().await;
            Ok(())
        })
    }

    fn stats(&self, py: Python<'_>) -> PyResult<PreviewStats> {
        Ok(self.0.here(py)?.stats().into())
    }

    fn recent(&self, py: Python<'_>) -> PyResult<Vec<PreviewOutcome>> {
        Ok(self.0.here(py)?.recent().into_iter().map(PreviewOutcome::from).collect())
    }

    fn queue_stats(&self, py: Python<'_>) -> PyResult<QueueStats> {
        let core = self.0.here(py)?;
        wait(py, async { core.queue().stats().await.map(QueueStats::from).map_err(exception) })
    }

    #[pyo3(signature = (*, after=None, most=None))]
    fn dead_letters(&self, py: Python<'_>, after: Option<i64>, most: Option<i64>) -> PyResult<Vec<DeadLetter>> {
        let core = self.0.here(py)?;
        wait(py, dead_letters(core, whole("after", after)?, whole("most", most)?))
    }

    #[pyo3(signature = (key=None))]
    fn redrive(&self, py: Python<'_>, key: Option<String>) -> PyResult<u64> {
        wait(py, redriven(self.0.here(py)?, key))
    }

    #[pyo3(signature = (key=None))]
    fn purge(&self, py: Python<'_>, key: Option<String>) -> PyResult<u64> {
        wait(py, purged(self.0.here(py)?, key))
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
        self.stop(exc_type.py())
    }
}
