//! The process in which files from strangers are worked on: which program it is, and what that does.

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::prelude::*;

/// Names what is started as a media child; see `python/porteur/_media_child.py`.
#[pyfunction]
pub(crate) fn media_child(program: PathBuf, args: Vec<OsString>) {
    porteur::media_child(program, args, []);
}

/// The same library by another name, under which it brings nothing but the child's work: neither classes nor `logging`.
#[pymodule]
mod _media_child {
    use super::*;

    /// Serves in a process that was started as a media child, and ends it.
    #[pyfunction]
    fn be_media_child(py: Python<'_>) {
        py.detach(porteur::be_media_child);
    }
}
