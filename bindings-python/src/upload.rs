//! Uploads: what the caller wishes, how far it is, and what the platform has then.

use std::path::PathBuf;

use bytes::Bytes;
use porteur::Upload;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::awaiting::Locals;
use crate::config::Given;
use crate::errors::{Raised, invalid, whole};
use crate::source::{Pieces, Source};

/// The arguments of `upload`.
pub(crate) struct Wish<'py> {
    pub(crate) source: Bound<'py, PyAny>,
    pub(crate) name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) concurrency: Option<i64>,
    pub(crate) journal: Option<PathBuf>,
    pub(crate) size: Option<i64>,
    pub(crate) on_progress: Option<Py<PyAny>>,
}

/// An upload with what Python has to do with it.
pub(crate) struct Job {
    pub(crate) upload: Upload,
    pub(crate) raised: Raised,
    pub(crate) locals: Locals,
    /// The asynchronous pieces that have to end with the call.
    pub(crate) pieces: Option<Py<PyAny>>,
}

impl Wish<'_> {
    pub(crate) fn parse(self) -> PyResult<Job> {
        let py = self.source.py();
        let (raised, locals) = (Raised::default(), Locals::default());
        let mut asynchronous = None;
        let size = whole("size", self.size)?;
        let upload = match (Source::parse(&self.source)?, size) {
            (Source::Path(path), None) => Upload::path(path).given(self.name, Upload::name),
            (Source::Bytes(bytes), None) => Upload::bytes(Bytes::from_owner(bytes), self.name.unwrap_or_default()),
            (Source::Path(_) | Source::Bytes(_), Some(_)) => {
                return Err(invalid("size", "expected none, since a path and bytes have one of their own"));
            }
            (Source::Pieces(pieces), size) => {
                let size = size.map_or_else(|| pieces.left(py), Ok)?;
                if let Pieces::Awaited(pieces) = &pieces {
                    asynchronous = Some(pieces.clone_ref(py));
                }
                let stream = pieces.stream(locals.clone(), raised.clone());
                Upload::stream(stream, size, self.name.unwrap_or_default())
            }
        };
        let listener = self.on_progress.map(|callback| listener(py, callback, raised.clone())).transpose()?;
        let upload = upload
            .given(self.content_type, Upload::content_type)
            .given(whole("concurrency", self.concurrency)?, Upload::concurrency)
            .given(self.journal, Upload::journal)
            .given(listener, |upload, listener| upload.on_progress(listener));
        Ok(Job { upload, raised, locals, pieces: asynchronous })
    }
}

impl Job {
    /// Refuses what only an event loop can read.
    pub(crate) fn without_a_loop(self) -> PyResult<Self> {
        match self.pieces {
            Some(_) => Err(PyTypeError::new_err("source: an async iterator needs AsyncClient")),
            None => Ok(self),
        }
    }
}

fn listener(
    py: Python<'_>,
    callback: Py<PyAny>,
    raised: Raised,
) -> PyResult<impl Fn(porteur::Progress) + Send + Sync + 'static> {
    if !callback.bind(py).is_callable() {
        return Err(PyTypeError::new_err("on_progress: expected something that can be called"));
    }
    Ok(move |progress: porteur::Progress| {
        let porteur::Progress { sent, acknowledged, total } = progress;
        let told = Python::attach(|py| callback.call1(py, (Progress { sent, acknowledged, total },)).map(drop));
        if let Err(exception) = told {
            raised.set(exception);
        }
    })
}

/// How far an upload is.
#[pyclass(module = "porteur", frozen, eq, hash, get_all)]
#[derive(PartialEq, Hash)]
pub(crate) struct Progress {
    sent: u64,
    acknowledged: u64,
    total: u64,
}

#[pymethods]
impl Progress {
    #[new]
    fn new(sent: u64, acknowledged: u64, total: u64) -> Self {
        Self { sent, acknowledged, total }
    }

    fn __getnewargs__(&self) -> (u64, u64, u64) {
        (self.sent, self.acknowledged, self.total)
    }

    fn __repr__(&self) -> String {
        format!("Progress(sent={}, acknowledged={}, total={})", self.sent, self.acknowledged, self.total)
    }
}

/// A file that the platform has, checksums confirmed.
#[pyclass(module = "porteur", frozen, eq, hash)]
#[derive(PartialEq, Hash)]
pub(crate) struct UploadedFile {
    #[pyo3(get)]
    pub(crate) id: String,
    #[pyo3(get)]
    pub(crate) name: String,
    #[pyo3(get)]
    size: u64,
    #[pyo3(get)]
    checksums: Vec<String>,
    #[pyo3(get)]
    content_type: String,
}

#[pymethods]
impl UploadedFile {
    #[new]
    #[pyo3(signature = (id, name, size, checksums, content_type=None))]
    fn new(id: String, name: String, size: u64, checksums: Vec<String>, content_type: Option<String>) -> Self {
        let content_type = content_type.unwrap_or_else(|| Upload::bytes(Bytes::new(), "").content_type);
        Self { id, name, size, checksums, content_type }
    }

    #[getter]
    fn chunks(&self) -> usize {
        self.checksums.len()
    }

    fn __getnewargs__(&self) -> (&str, &str, u64, &[String], &str) {
        (&self.id, &self.name, self.size, &self.checksums, &self.content_type)
    }

    fn __repr__(&self) -> String {
        let (id, name, size, chunks) = (&self.id, &self.name, self.size, self.chunks());
        format!("<UploadedFile id={id:?} name={name:?} size={size} chunks={chunks}>")
    }
}

impl UploadedFile {
    /// As the core attaches it, which does not ask for the checksums.
    pub(crate) fn for_a_message(&self) -> porteur::UploadedFile {
        let (id, name, content_type) = (self.id.clone(), self.name.clone(), self.content_type.clone());
        porteur::UploadedFile { id, name, content_type, size: self.size, checksums: Vec::new() }
    }
}

impl From<porteur::UploadedFile> for UploadedFile {
    fn from(file: porteur::UploadedFile) -> Self {
        let checksums = file.checksums.iter().map(ToString::to_string).collect();
        Self { id: file.id, name: file.name, size: file.size, checksums, content_type: file.content_type }
    }
}
