//! What comes with a message.

use bytes::Bytes;
use porteur::{AttachmentBody, Message};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::config::Given;
use crate::errors::exception;
use crate::source::in_memory;
use crate::upload::UploadedFile;

/// An attachment of a message.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Attachment(pub(crate) porteur::Attachment);

#[pymethods]
impl Attachment {
    #[new]
    #[pyo3(signature = (filename, *, data=None, url=None, file_id=None, content_type=None))]
    fn new(
        filename: String,
        data: Option<Bound<'_, PyAny>>,
        url: Option<String>,
        file_id: Option<String>,
        content_type: Option<String>,
    ) -> PyResult<Self> {
        let data = data.as_ref().map(bytes).transpose()?;
        let attachment = porteur::Attachment::one_of(filename, data, url, file_id).map_err(exception)?;
        Ok(Self(attachment.given(content_type, porteur::Attachment::content_type)))
    }

    #[getter]
    fn filename(&self) -> &str {
        &self.0.filename
    }

    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        match &self.0.body {
            AttachmentBody::Bytes(bytes) => Some(PyBytes::new(py, bytes)),
            AttachmentBody::File(_) | AttachmentBody::Url(_) => None,
        }
    }

    #[getter]
    fn url(&self) -> Option<&str> {
        match &self.0.body {
            AttachmentBody::Url(url) => Some(url),
            AttachmentBody::Bytes(_) | AttachmentBody::File(_) => None,
        }
    }

    #[getter]
    fn file_id(&self) -> Option<&str> {
        match &self.0.body {
            AttachmentBody::File(id) => Some(id),
            AttachmentBody::Bytes(_) | AttachmentBody::Url(_) => None,
        }
    }

    #[getter]
    fn content_type(&self) -> Option<&str> {
        self.0.content_type.as_deref()
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str,), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("data", self.data(py))?;
        fields.set_item("url", self.url())?;
        fields.set_item("file_id", self.file_id())?;
        fields.set_item("content_type", self.content_type())?;
        Ok(((self.filename(),), fields))
    }

    /// Without the bytes, and without a URL's query, which may be a signature.
    fn __repr__(&self) -> String {
        format!("<Attachment filename={:?} body={:?}>", self.0.filename, self.0.body)
    }
}

/// An attachment as `send` takes it.
#[derive(FromPyObject)]
pub(crate) enum Attached<'py> {
    File(PyRef<'py, UploadedFile>),
    Attachment(PyRef<'py, Attachment>),
}

impl Attached<'_> {
    pub(crate) fn onto(self, message: Message) -> Message {
        match self {
            Self::File(file) => message.attach(&file.for_a_message()),
            Self::Attachment(attachment) => message.attachment(attachment.0.clone()),
        }
    }
}

fn bytes(data: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    match in_memory(data)? {
        Some(bytes) => Ok(Bytes::from_owner(bytes)),
        None => {
            let kind = data.get_type().name()?;
            Err(PyTypeError::new_err(format!("data: expected bytes, got {kind}")))
        }
    }
}
