//! Guests and what they say.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use porteur::{GuestMessage, NewGuest, SendAs};
use pyo3::prelude::*;

use crate::config::Given;
use crate::errors::exception;
use crate::upload::UploadedFile;

/// A guest, with the token that speaks in its name.
#[pyclass(module = "porteur", frozen, eq, hash)]
pub(crate) struct Guest(pub(crate) porteur::Guest);

#[pymethods]
impl Guest {
    #[new]
    fn new(id: String, token: String) -> Self {
        Self(porteur::Guest::new(id, token))
    }

    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    #[getter]
    fn token(&self) -> &str {
        self.0.expose_token()
    }

    fn __getnewargs__(&self) -> (&str, &str) {
        (&self.0.id, self.0.expose_token())
    }

    /// Without the token.
    fn __repr__(&self) -> String {
        format!("<Guest id={:?}>", self.0.id)
    }
}

impl PartialEq for Guest {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id && self.0.expose_token() == other.0.expose_token()
    }
}

impl Hash for Guest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

/// A message that the platform took.
#[pyclass(module = "porteur", frozen, eq, hash, get_all)]
#[derive(PartialEq, Hash)]
pub(crate) struct SentGuestMessage {
    id: String,
}

#[pymethods]
impl SentGuestMessage {
    #[new]
    fn new(id: String) -> Self {
        Self { id }
    }

    fn __getnewargs__(&self) -> (&str,) {
        (&self.id,)
    }

    fn __repr__(&self) -> String {
        format!("SentGuestMessage(id={:?})", self.id)
    }
}

impl From<porteur::SentGuestMessage> for SentGuestMessage {
    fn from(sent: porteur::SentGuestMessage) -> Self {
        Self { id: sent.id }
    }
}

/// An uploaded file, or the id and the name of one.
#[derive(FromPyObject)]
pub(crate) enum Attachment<'py> {
    File(PyRef<'py, UploadedFile>),
    Pair(String, String),
}

/// The arguments of `guest`.
pub(crate) fn new_guest(language: String, metadata: Option<BTreeMap<String, String>>) -> NewGuest {
    let mut guest = NewGuest::new(language);
    guest.metadata = metadata.unwrap_or_default();
    guest
}

/// The arguments of `send_as_guest`.
pub(crate) fn message(
    to: Vec<String>,
    text: Option<String>,
    attachments: Option<Vec<Attachment<'_>>>,
    send_as: Option<String>,
) -> PyResult<GuestMessage> {
    let send_as: Option<SendAs> = send_as.map(|word| word.parse()).transpose().map_err(exception)?;
    let message = to.into_iter().fold(GuestMessage::new(text.unwrap_or_default()), GuestMessage::to);
    let attach = |message: GuestMessage, attachment: Attachment<'_>| match attachment {
        Attachment::File(file) => message.attachment(&file.id, &file.name),
        Attachment::Pair(id, name) => message.attachment(id, name),
    };
    Ok(attachments.unwrap_or_default().into_iter().fold(message, attach).given(send_as, GuestMessage::send_as))
}
