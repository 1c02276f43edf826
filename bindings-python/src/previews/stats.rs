//! How a worker fares, and its queue.

use bytes::Bytes;
use porteur::PreviewWorker;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use super::value::PreviewTimes;
use crate::errors::{exception, seconds};
use crate::time::{Moment, Seconds};

/// What `dead_letters` does.
pub(super) async fn dead_letters(
    worker: PreviewWorker,
    after: Option<u64>,
    most: Option<usize>,
) -> PyResult<Vec<DeadLetter>> {
    let letters = worker.queue().dead_letters(after, most.unwrap_or(usize::MAX)).await;
    letters.map(|letters| letters.into_iter().map(DeadLetter::from).collect()).map_err(exception)
}

/// What `redrive` does: of one, or of all.
pub(super) async fn redriven(worker: PreviewWorker, key: Option<String>) -> PyResult<u64> {
    let queue = worker.queue();
    match key {
        Some(key) => queue.redrive(&key).await.map(u64::from),
        None => queue.redrive_all().await,
    }
    .map_err(exception)
}

/// What `purge` does: of one, or of all.
pub(super) async fn purged(worker: PreviewWorker, key: Option<String>) -> PyResult<u64> {
    let queue = worker.queue();
    match key {
        Some(key) => queue.purge(&key).await.map(u64::from),
        None => queue.purge_all().await,
    }
    .map_err(exception)
}

/// How a worker fares.
#[pyclass(module = "porteur", frozen, eq, get_all)]
#[derive(PartialEq)]
pub(crate) struct PreviewStats {
    running: u64,
    made: u64,
    retried: u64,
    given_back: u64,
    buried: u64,
    bytes_fetched: u64,
    times: PreviewTimes,
    paused: Option<Seconds>,
}

#[pymethods]
impl PreviewStats {
    #[new]
    #[pyo3(signature = (*, running, made, retried, given_back, buried, bytes_fetched, times, paused=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        running: u64,
        made: u64,
        retried: u64,
        given_back: u64,
        buried: u64,
        bytes_fetched: u64,
        times: PreviewTimes,
        paused: Option<f64>,
    ) -> PyResult<Self> {
        let paused = seconds("paused", paused)?.map(Seconds);
        Ok(Self { running, made, retried, given_back, buried, bytes_fetched, times, paused })
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("running", self.running)?;
        fields.set_item("made", self.made)?;
        fields.set_item("retried", self.retried)?;
        fields.set_item("given_back", self.given_back)?;
        fields.set_item("buried", self.buried)?;
        fields.set_item("bytes_fetched", self.bytes_fetched)?;
        fields.set_item("times", self.times)?;
        fields.set_item("paused", self.paused)?;
        Ok((PyTuple::empty(py), fields))
    }

    fn __repr__(&self) -> String {
        let Self { running, made, retried, given_back, buried, .. } = self;
        format!(
            "<PreviewStats running={running} made={made} retried={retried} given_back={given_back} buried={buried}>"
        )
    }
}

impl From<porteur::PreviewStats> for PreviewStats {
    fn from(stats: porteur::PreviewStats) -> Self {
        Self {
            running: stats.running,
            made: stats.made,
            retried: stats.retried,
            given_back: stats.given_back,
            buried: stats.buried,
            bytes_fetched: stats.bytes_fetched,
            times: stats.times.into(),
            paused: stats.paused.map(Seconds),
        }
    }
}

/// How much there is of what in a queue.
#[pyclass(module = "porteur", frozen, eq, get_all)]
#[derive(PartialEq)]
pub(crate) struct QueueStats {
    waiting: u64,
    taken: u64,
    delayed: u64,
    dead: u64,
    remembered: u64,
    oldest: Option<Seconds>,
}

#[pymethods]
impl QueueStats {
    #[new]
    #[pyo3(signature = (*, waiting, taken, delayed, dead, remembered, oldest=None))]
    fn new(waiting: u64, taken: u64, delayed: u64, dead: u64, remembered: u64, oldest: Option<f64>) -> PyResult<Self> {
        let oldest = seconds("oldest", oldest)?.map(Seconds);
        Ok(Self { waiting, taken, delayed, dead, remembered, oldest })
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("waiting", self.waiting)?;
        fields.set_item("taken", self.taken)?;
        fields.set_item("delayed", self.delayed)?;
        fields.set_item("dead", self.dead)?;
        fields.set_item("remembered", self.remembered)?;
        fields.set_item("oldest", self.oldest)?;
        Ok((PyTuple::empty(py), fields))
    }

    fn __repr__(&self) -> String {
        let Self { waiting, taken, delayed, dead, remembered, .. } = self;
        format!("<QueueStats waiting={waiting} taken={taken} delayed={delayed} dead={dead} remembered={remembered}>")
    }
}

impl From<porteur::QueueStats> for QueueStats {
    fn from(stats: porteur::QueueStats) -> Self {
        Self {
            waiting: stats.waiting,
            taken: stats.taken,
            delayed: stats.delayed,
            dead: stats.dead,
            remembered: stats.remembered,
            oldest: stats.oldest.map(Seconds),
        }
    }
}

/// A job that nobody will try again by itself.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct DeadLetter {
    #[pyo3(get)]
    position: u64,
    #[pyo3(get)]
    key: String,
    body: Bytes,
    #[pyo3(get)]
    reason: String,
    #[pyo3(get)]
    attempts: u32,
    #[pyo3(get)]
    enqueued_at: Moment,
    #[pyo3(get)]
    died_at: Moment,
}

#[pymethods]
impl DeadLetter {
    #[new]
    #[pyo3(signature = (position, key, *, body, reason, attempts, enqueued_at, died_at))]
    fn new(
        position: u64,
        key: String,
        body: &Bound<'_, PyBytes>,
        reason: String,
        attempts: u32,
        enqueued_at: Moment,
        died_at: Moment,
    ) -> Self {
        let body = Bytes::copy_from_slice(body.as_bytes());
        Self { position, key, body, reason, attempts, enqueued_at, died_at }
    }

    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.body)
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((u64, &str), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("body", self.body(py))?;
        fields.set_item("reason", &self.reason)?;
        fields.set_item("attempts", self.attempts)?;
        fields.set_item("enqueued_at", self.enqueued_at)?;
        fields.set_item("died_at", self.died_at)?;
        Ok(((self.position, &self.key), fields))
    }

    /// Without the body, whose URL may be signed.
    fn __repr__(&self) -> String {
        let Self { position, key, reason, attempts, .. } = self;
        format!("<DeadLetter position={position} key={key:?} reason={reason:?} attempts={attempts}>")
    }
}

impl From<porteur::DeadLetter> for DeadLetter {
    fn from(letter: porteur::DeadLetter) -> Self {
        Self {
            position: letter.position,
            key: letter.key,
            body: letter.body,
            reason: letter.reason,
            attempts: letter.attempts,
            enqueued_at: letter.enqueued_at.into(),
            died_at: letter.died_at.into(),
        }
    }
}
