//! What is worked on: a path, bytes, or something that gives bytes piece by piece, which is read here.

use bytes::Bytes;
use porteur::MediaSource;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::source::{Pieces, Pulled, Source};

/// A source as the core takes it. Of a file object and of an iterator no more is read than shows that it is too large.
pub(crate) fn media_source(source: &Bound<'_, PyAny>, limits: &porteur::MediaLimits) -> PyResult<MediaSource> {
    match Source::parse(source)? {
        Source::Path(path) => Ok(path.into()),
        Source::Bytes(bytes) => Ok(Bytes::from_owner(bytes).into()),
        Source::Pieces(Pieces::Pulled(pulled)) => {
            whole(source.py(), &pulled, limits.max_input_bytes).map(MediaSource::from)
        }
        Source::Pieces(Pieces::Awaited(_)) => {
            Err(PyTypeError::new_err("source: an async iterator has to be read before, since nothing here is awaited"))
        }
    }
}

/// All pieces, or so many that they are more than `limit` bytes.
fn whole(py: Python<'_>, pulled: &Pulled, limit: u64) -> PyResult<Bytes> {
    let mut pieces: Vec<Bytes> = Vec::new();
    let mut size = 0;
    while size <= limit {
        let most = usize::try_from(limit - size).unwrap_or(usize::MAX).saturating_add(1).min(READ);
        let Some(piece) = pulled.next(py, most)? else { break };
        size += piece.len() as u64;
        pieces.push(piece);
    }
    // A file object mostly gives everything at once.
    Ok(if pieces.len() == 1 { pieces.remove(0) } else { pieces.concat().into() })
}

/// What is asked of a file object at once: more than most pictures have, and no more than a limit that somebody set to
/// infinity should cost.
const READ: usize = 32 << 20;
