//! What Python hands over: a path, bytes, or something that gives bytes piece by piece.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyIterator, PyMemoryView, PyString};
use pyo3_async_runtimes::into_future_with_locals;

use crate::awaiting::Locals;
use crate::errors::{Raised, exception, invalid};

/// A source by its kind.
pub(crate) enum Source {
    Path(PathBuf),
    Bytes(PyBackedBytes),
    Pieces(Pieces),
}

/// Something that is read piece by piece.
pub(crate) enum Pieces {
    /// Asked on threads for blocking work: the caller's code may read a disk or another network.
    Pulled(Arc<Pulled>),
    /// Asked on the caller's event loop: a `porteur._awaiting.Pieces`.
    Awaited(Py<PyAny>),
}

/// Something that keeps a thread waiting for its next piece.
pub(crate) enum Pulled {
    /// A file object, from where it stands.
    File(Py<PyAny>),
    Iterator(Py<PyIterator>),
}

/// A stream as the core takes it.
pub(crate) type Reading = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

impl Source {
    /// Bytes before files before iterators: a `mmap` is all three, and a `str` could be iterated over.
    pub(crate) fn parse(source: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = source.py();
        if let Some(bytes) = in_memory(source)? {
            return Ok(Self::Bytes(bytes));
        }
        if source.is_instance_of::<PyString>() || source.hasattr("__fspath__")? {
            return source.extract().map(Self::Path);
        }
        if source.hasattr("read")? {
            return Ok(Self::pulled(Pulled::File(source.clone().unbind())));
        }
        if source.hasattr("__aiter__")? {
            static PIECES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
            let pieces = PIECES.import(py, "porteur._awaiting", "Pieces")?.call1((source,))?;
            return Ok(Self::Pieces(Pieces::Awaited(pieces.unbind())));
        }
        if source.hasattr("__iter__")? {
            return Ok(Self::pulled(Pulled::Iterator(source.try_iter()?.unbind())));
        }
        let kind = source.get_type().name()?;
        Err(PyTypeError::new_err(format!(
            "source: expected a path, bytes, a file object, or an iterator of bytes, got {kind}"
        )))
    }

    fn pulled(pulled: Pulled) -> Self {
        Self::Pieces(Pieces::Pulled(Arc::new(pulled)))
    }
}

impl Pieces {
    /// How many bytes are left, where that can be asked.
    pub(crate) fn left(&self, py: Python<'_>) -> PyResult<u64> {
        let unknown = || invalid("size", "expected how many bytes the source has, which cannot be seen from outside");
        let Self::Pulled(pulled) = self else { return Err(unknown()) };
        let Pulled::File(file) = &**pulled else { return Err(unknown()) };
        left(file.bind(py)).map_err(|cause| {
            let error = unknown();
            error.set_cause(py, Some(cause));
            error
        })
    }

    /// The pieces as a stream. What the caller's code raises ends it, and is kept in `raised`.
    pub(crate) fn stream(self, locals: Locals, raised: Raised) -> Reading {
        Box::pin(futures_util::stream::unfold(Some(self), move |pieces| {
            let (raised, locals) = (raised.clone(), locals.clone());
            async move {
                let pieces = pieces?;
                match pieces.next(&locals).await {
                    Ok(piece) => piece.map(|piece| (Ok(piece), Some(pieces))),
                    Err(error) => {
                        raised.set(error);
                        Some((Err(std::io::Error::other("the source raised an exception")), None))
                    }
                }
            }
        }))
    }

    async fn next(&self, locals: &Locals) -> PyResult<Option<Bytes>> {
        match self {
            Self::Pulled(pulled) => {
                let pulled = pulled.clone();
                let next = tokio::task::spawn_blocking(move || Python::attach(|py| pulled.next(py, READ)));
                // Not run when the runtime shuts down.
                next.await.unwrap_or_else(|_| Err(exception(porteur::Error::Cancelled)))
            }
            Self::Awaited(pieces) => {
                let asked = Python::attach(|py| {
                    let locals = locals.get().expect("set by the coroutine that started this");
                    into_future_with_locals(locals, pieces.bind(py).call_method0("next")?)
                })?;
                let answer = asked.await?;
                Python::attach(|py| {
                    let answer: Option<(Bound<'_, PyAny>,)> = answer.bind(py).extract()?;
                    answer.map(|(item,)| piece(&item)).transpose()
                })
            }
        }
    }
}

impl Pulled {
    /// The next piece; `most` is what a file object is asked for.
    pub(crate) fn next(&self, py: Python<'_>, most: usize) -> PyResult<Option<Bytes>> {
        match self {
            Self::File(file) => {
                let piece = piece(&file.bind(py).call_method1("read", (most,))?)?;
                Ok(Some(piece).filter(|piece| !piece.is_empty()))
            }
            Self::Iterator(iterator) => {
                iterator.bind(py).clone().next().transpose()?.map(|item| piece(&item)).transpose()
            }
        }
    }
}

/// How many bytes a file object has from where it stands.
fn left(file: &Bound<'_, PyAny>) -> PyResult<u64> {
    let here: u64 = file.call_method0("tell")?.extract()?;
    let end: u64 = file.call_method1("seek", (0, SEEK_END))?.extract()?;
    file.call_method1("seek", (here,))?;
    Ok(end.saturating_sub(here))
}

/// Bytes without a copy, any other buffer copied once: it could change between its checksum and its sending.
pub(crate) fn in_memory(value: &Bound<'_, PyAny>) -> PyResult<Option<PyBackedBytes>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(bytes.clone().into()));
    }
    let Ok(view) = PyMemoryView::from(value) else { return Ok(None) };
    let copy = view.call_method0("tobytes")?.cast_into::<PyBytes>()?;
    Ok(Some(copy.into()))
}

fn piece(value: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    match in_memory(value)? {
        Some(bytes) => Ok(Bytes::from_owner(bytes)),
        None => {
            let kind = value.get_type().name()?;
            Err(PyTypeError::new_err(format!("source: expected pieces of bytes, got {kind}")))
        }
    }
}

/// `io.SEEK_END`.
const SEEK_END: u8 = 2;

/// What is asked of a file object at once: large enough that the hop to another thread does not count.
const READ: usize = 1 << 20;
