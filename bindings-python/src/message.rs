//! Messages to a conversation: what the caller wishes to send, and what the platform took.

use std::hash::{Hash, Hasher};

use porteur::{Content, Message};
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::attachment::{Attached, Attachment};
use crate::config::Given;
use crate::errors::{exception, is_ours, whole};
use crate::json;

/// The arguments of `send`.
pub(crate) struct Outgoing<'py> {
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
    pub(crate) json: Option<Bound<'py, PyAny>>,
    pub(crate) sender: String,
    pub(crate) to: Vec<String>,
    pub(crate) attachments: Option<Vec<Attached<'py>>>,
    pub(crate) client_id: Option<String>,
    pub(crate) check: Option<bool>,
    pub(crate) allow_unlisted_sender: Option<bool>,
}

impl<'py> Outgoing<'py> {
    pub(crate) fn parse(self) -> PyResult<Message> {
        let json = self.json.map(|json| json::parse("json", &json)).transpose()?;
        let content = Content::one_of(self.text, self.html, json).map_err(exception)?;
        let message = self.to.into_iter().fold(Message::new(content).sender(self.sender), Message::to);
        let attachments = self.attachments.unwrap_or_default().into_iter();
        let message = attachments.fold(message, |message, attachment| attachment.onto(message));
        Ok(message
            .given(self.client_id, Message::client_id)
            .given(self.check, Message::check)
            .given(self.allow_unlisted_sender, Message::allow_unlisted_sender))
    }

    /// The conversation and the arguments in a dict, whose place is named in what is wrong with it.
    fn from_dict(place: &str, dict: &Bound<'py, PyAny>) -> PyResult<(String, Self)> {
        let Ok(dict) = dict.cast::<PyDict>() else {
            let kind = dict.get_type().name()?;
            return Err(PyTypeError::new_err(format!("{place}: expected a dict, got {kind}")));
        };
        let dict = dict.copy()?;
        let conversation = required(place, &dict, "conversation")?;
        let outgoing = Self {
            text: optional(place, &dict, "text")?,
            html: optional(place, &dict, "html")?,
            json: optional(place, &dict, "json")?,
            sender: required(place, &dict, "sender")?,
            to: required(place, &dict, "to")?,
            attachments: optional(place, &dict, "attachments")?,
            client_id: optional(place, &dict, "client_id")?,
            check: optional(place, &dict, "check")?,
            allow_unlisted_sender: optional(place, &dict, "allow_unlisted_sender")?,
        };
        match dict.keys().iter().next() {
            None => Ok((conversation, outgoing)),
            Some(unknown) => Err(PyTypeError::new_err(format!("{place}: got an unexpected key {}", unknown.repr()?))),
        }
    }
}

/// The arguments of `send_many`.
pub(crate) struct Many {
    messages: Vec<(String, Message)>,
    /// The places of those that are no message, and why.
    refused: Vec<(usize, PyErr)>,
    concurrency: usize,
}

impl Many {
    /// What a message cannot be is its outcome. What is no message at all (a `TypeError`) is a mistake in the program,
    /// and raised before anything is sent.
    pub(crate) fn parse(messages: &Bound<'_, PyAny>, concurrency: Option<i64>) -> PyResult<Self> {
        let concurrency = whole("concurrency", concurrency)?.unwrap_or(porteur::CONCURRENCY);
        let mut many = Self { messages: Vec::new(), refused: Vec::new(), concurrency };
        for (index, dict) in messages.try_iter()?.enumerate() {
            let (conversation, outgoing) = Outgoing::from_dict(&format!("messages[{index}]"), &dict?)?;
            match outgoing.parse() {
                Ok(message) => many.messages.push((conversation, message)),
                Err(error) if is_ours(messages.py(), &error)? => many.refused.push((index, error)),
                Err(error) => return Err(error),
            }
        }
        Ok(many)
    }

    pub(crate) async fn send(self, core: porteur::Client) -> PyResult<Vec<Outcome>> {
        let outcomes = core.send_many(self.messages, self.concurrency).await.map_err(exception)?;
        let mut outcomes: Vec<Outcome> = outcomes.into_iter().map(Outcome::from).collect();
        for (index, error) in self.refused {
            outcomes.insert(index, Outcome::Failed(error));
        }
        Ok(outcomes)
    }
}

/// What became of one message of many.
#[derive(IntoPyObject)]
pub(crate) enum Outcome {
    Sent(SentMessage),
    Failed(PyErr),
}

impl From<porteur::Result<porteur::SentMessage>> for Outcome {
    fn from(outcome: porteur::Result<porteur::SentMessage>) -> Self {
        match outcome {
            Ok(sent) => Self::Sent(SentMessage(sent)),
            Err(error) => Self::Failed(exception(error)),
        }
    }
}

/// A message that the platform took.
#[pyclass(module = "porteur", frozen, eq, hash)]
#[derive(PartialEq)]
pub(crate) struct SentMessage(pub(crate) porteur::SentMessage);

#[pymethods]
impl SentMessage {
    #[new]
    #[pyo3(signature = (conversation, id, *, status=None, client_id=None, sender=None, to=None))]
    fn new(
        conversation: String,
        id: String,
        status: Option<String>,
        client_id: Option<String>,
        sender: Option<String>,
        to: Option<Vec<String>>,
    ) -> Self {
        let mut sent = porteur::SentMessage::new(conversation, id);
        sent.status = status.unwrap_or(sent.status);
        sent.client_id = client_id.unwrap_or(sent.client_id);
        sent.sender = sender.unwrap_or(sent.sender);
        sent.to = to.unwrap_or(sent.to);
        Self(sent)
    }

    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    #[getter]
    fn conversation(&self) -> &str {
        &self.0.conversation
    }

    #[getter]
    fn status(&self) -> &str {
        &self.0.status
    }

    #[getter]
    fn client_id(&self) -> &str {
        &self.0.client_id
    }

    #[getter]
    fn sender(&self) -> &str {
        &self.0.sender
    }

    #[getter]
    fn to(&self) -> &[String] {
        &self.0.to
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str, &str), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("status", self.status())?;
        fields.set_item("client_id", self.client_id())?;
        fields.set_item("sender", self.sender())?;
        fields.set_item("to", self.to())?;
        Ok(((self.conversation(), self.id()), fields))
    }

    fn __repr__(&self) -> String {
        let porteur::SentMessage { id, conversation, status, .. } = &self.0;
        format!("<SentMessage id={id:?} conversation={conversation:?} status={status:?}>")
    }
}

impl Hash for SentMessage {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

/// A message as the arguments of `send`: only what has to be said.
pub(crate) fn arguments<'py>(py: Python<'py>, message: Message) -> PyResult<Bound<'py, PyDict>> {
    let arguments = PyDict::new(py);
    match message.content {
        Content::Text(text) => arguments.set_item("text", text)?,
        Content::Html(html) => arguments.set_item("html", html)?,
        Content::Json(json) => arguments.set_item("json", json::object(py, &json)?)?,
    }
    arguments.set_item("sender", message.sender)?;
    arguments.set_item("to", message.to)?;
    if !message.attachments.is_empty() {
        let attachments: Vec<Attachment> = message.attachments.into_iter().map(Attachment).collect();
        arguments.set_item("attachments", attachments)?;
    }
    if let Some(client_id) = message.client_id {
        arguments.set_item("client_id", client_id)?;
    }
    if !message.check {
        arguments.set_item("check", false)?;
    }
    if message.allow_unlisted_sender {
        arguments.set_item("allow_unlisted_sender", true)?;
    }
    Ok(arguments)
}

/// Takes a member out of a dict; None is as good as nothing.
fn optional<'py, T: FromPyObjectOwned<'py>>(place: &str, dict: &Bound<'py, PyDict>, name: &str) -> PyResult<Option<T>> {
    let Some(value) = dict.get_item(name)? else { return Ok(None) };
    dict.del_item(name)?;
    let wrong = |error: T::Error| PyTypeError::new_err(format!("{place}.{name}: {}", error.into()));
    if value.is_none() { Ok(None) } else { value.extract().map(Some).map_err(wrong) }
}

fn required<'py, T: FromPyObjectOwned<'py>>(place: &str, dict: &Bound<'py, PyDict>, name: &str) -> PyResult<T> {
    let missing = || PyTypeError::new_err(format!("{place}: the key '{name}' is missing"));
    optional(place, dict, name)?.ok_or_else(missing)
}
