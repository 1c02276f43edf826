//! Whom to tell how something ended.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::config::Given;

/// Whom to tell how something ended.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Callback(porteur::Callback);

#[pymethods]
impl Callback {
    #[new]
    #[pyo3(signature = (url, *, method=None))]
    fn new(url: String, method: Option<String>) -> Self {
        Self(porteur::Callback::post(url).given(method, |callback, method| porteur::Callback { method, ..callback }))
    }

    #[getter]
    fn url(&self) -> &str {
        &self.0.url
    }

    #[getter]
    fn method(&self) -> &str {
        &self.0.method
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str,), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("method", self.method())?;
        Ok(((self.url(),), fields))
    }

    /// By its host alone: the rest of the URL may be what lets people in.
    fn __repr__(&self) -> String {
        format!("<{:?}>", self.0)
    }
}

/// A callback as an argument; a URL alone is one that is posted to.
#[derive(FromPyObject)]
pub(crate) enum Told<'py> {
    Callback(PyRef<'py, Callback>),
    Url(String),
}

impl Told<'_> {
    pub(crate) fn callback(self) -> porteur::Callback {
        match self {
            Self::Callback(callback) => callback.0.clone(),
            Self::Url(url) => porteur::Callback::post(url),
        }
    }
}
