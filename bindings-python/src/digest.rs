//! The checksums of a file's chunks, without a client.

use porteur::{HashChunks, HashSource};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::config::Given;
use crate::errors::{self, exception, whole};
use crate::source::Source;

/// Hashes every chunk of a file or of bytes, on all cores, with the GIL released.
#[pyfunction]
#[pyo3(signature = (source, chunk_size, *, whole=None, threads=None))]
pub(crate) fn sha256_chunks(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    chunk_size: i64,
    whole: Option<bool>,
    threads: Option<i64>,
) -> PyResult<ChunkDigests> {
    let source = Source::parse(source)?;
    let request = request(chunk_size, whole, threads)?;
    let digests = py.detach(|| {
        let source = match &source {
            Source::Path(path) => HashSource::Path(path),
            Source::Bytes(bytes) => HashSource::Bytes(bytes),
            Source::Pieces(_) => return Err(PyTypeError::new_err("source: expected a path or bytes")),
        };
        porteur::sha256_chunks(source, &request).map_err(exception)
    })?;
    Ok(ChunkDigests {
        size: digests.size,
        chunk_size: digests.chunk_size,
        chunks: digests.chunks.iter().map(ToString::to_string).collect(),
        whole: digests.whole.map(|digest| digest.to_string()),
    })
}

fn request(chunk_size: i64, wanted: Option<bool>, threads: Option<i64>) -> PyResult<HashChunks> {
    let chunk_size = whole("chunk_size", Some(chunk_size))?.unwrap_or_default();
    let threads = errors::threads(threads)?;
    Ok(HashChunks::new(chunk_size).given(wanted, HashChunks::whole).given(threads, HashChunks::threads))
}

/// The digests of the chunks of a source.
#[pyclass(module = "porteur", frozen, eq, hash, get_all)]
#[derive(PartialEq, Hash)]
pub(crate) struct ChunkDigests {
    size: u64,
    chunk_size: u64,
    chunks: Vec<String>,
    whole: Option<String>,
}

#[pymethods]
impl ChunkDigests {
    #[new]
    #[pyo3(signature = (size, chunk_size, chunks, whole=None))]
    fn new(size: u64, chunk_size: u64, chunks: Vec<String>, whole: Option<String>) -> Self {
        Self { size, chunk_size, chunks, whole }
    }

    fn __getnewargs__(&self) -> (u64, u64, &[String], Option<&str>) {
        (self.size, self.chunk_size, &self.chunks, self.whole.as_deref())
    }

    fn __repr__(&self) -> String {
        let (size, chunk_size, chunks) = (self.size, self.chunk_size, self.chunks.len());
        format!("<ChunkDigests size={size} chunk_size={chunk_size} chunks={chunks}>")
    }
}
