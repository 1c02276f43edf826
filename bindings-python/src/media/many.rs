//! Many pictures on all cores, and their outcomes in order as an iterator.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, TryLockError};
use std::task::Poll;

use porteur::{MediaSource, Transform, TransformMany};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyString};

use super::result::Transformed;
use super::source::media_source;
use crate::config::Given;
use crate::errors::{Raised, exception};
use crate::process::PerProcess;
use crate::runtime::SIGNALS;

/// The iterator of `transform_many`. Only the process that began it has its threads.
#[pyclass(module = "porteur._porteur", name = "_Transforms", frozen)]
pub(crate) struct Transforms {
    many: PerProcess<Many>,
    /// What taking a source raised.
    raised: Raised,
}

type Many = Arc<Mutex<TransformMany<Sources>>>;

/// What became of one picture of many.
#[derive(IntoPyObject)]
pub(crate) enum Outcome {
    Transformed(Transformed),
    Failed(PyErr),
}

impl Transforms {
    pub(crate) fn of(
        sources: &Bound<'_, PyAny>,
        transform: Transform,
        threads: Option<NonZeroUsize>,
    ) -> PyResult<Self> {
        let (iterator, raised) = (iterator(sources)?.unbind(), Raised::default());
        let limits = transform.limits.clone();
        let sources = Sources { iterator: Some(iterator), limits, raised: raised.clone() };
        let many = porteur::transform_many(sources, transform).given(threads, TransformMany::threads);
        Ok(Self { many: PerProcess::with(Arc::new(Mutex::new(many))), raised })
    }
}

#[pymethods]
impl Transforms {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// Sources are taken on the caller's thread; what taking one raises is raised in its place, after the outcomes of
    /// those before it. Signals are heard while a picture is waited for, and then nothing is lost.
    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Outcome>> {
        let elsewhere =
            || PyRuntimeError::new_err("these pictures are worked on by the process that this one was forked from");
        let many = self.many.get(Clone::clone).ok_or_else(elsewhere)?;
        loop {
            match py.detach(|| next(&many))? {
                Poll::Ready(Some(outcome)) => return Ok(Some(Outcome::of(py, outcome))),
                Poll::Ready(None) => return self.raised.take().map_or(Ok(None), Err),
                Poll::Pending => py.check_signals()?,
            }
        }
    }
}

fn next(many: &Many) -> PyResult<Poll<Option<porteur::Result<porteur::Transformed>>>> {
    let mut many = match many.try_lock() {
        Ok(many) => many,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // As generators say it, whose turn it is not either.
        Err(TryLockError::WouldBlock) => return Err(PyValueError::new_err("transform_many is already executing")),
    };
    Ok(many.next_within(SIGNALS))
}

impl Drop for Transforms {
    fn drop(&mut self) {
        // Waits for pictures that are being worked on.
        let many = self.many.take();
        Python::try_attach(|py| py.detach(|| drop(many)));
    }
}

impl Outcome {
    fn of(py: Python<'_>, outcome: porteur::Result<porteur::Transformed>) -> Self {
        match outcome {
            Ok(out) => Self::Transformed(Transformed::of(py, out)),
            Err(error) => Self::Failed(exception(error)),
        }
    }
}

/// A path and bytes can be iterated over too, and are mistaken for many sources by nobody but Python.
fn iterator<'py>(sources: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyIterator>> {
    if sources.is_instance_of::<PyString>() || sources.is_instance_of::<PyBytes>() {
        let kind = sources.get_type().name()?;
        return Err(PyTypeError::new_err(format!("sources: expected an iterable of sources, got {kind}")));
    }
    sources.try_iter()
}

/// Sources as the core takes them, until there are none or one raises.
struct Sources {
    /// Gone after that.
    iterator: Option<Py<PyIterator>>,
    limits: porteur::MediaLimits,
    raised: Raised,
}

impl Iterator for Sources {
    type Item = MediaSource;

    fn next(&mut self) -> Option<MediaSource> {
        let iterator = self.iterator.as_ref()?;
        let next = Python::attach(|py| {
            let source = iterator.bind(py).clone().next()?;
            Some(source.and_then(|source| media_source(&source, &self.limits)))
        });
        match next {
            Some(Ok(source)) => Some(source),
            ended => {
                if let Some(Err(error)) = ended {
                    self.raised.set(error);
                }
                self.end();
                None
            }
        }
    }
}

impl Sources {
    /// Lets go of the iterator, so that a generator that was not at its end is closed now.
    fn end(&mut self) {
        let iterator = self.iterator.take();
        Python::try_attach(|_| drop(iterator));
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        self.end();
    }
}
