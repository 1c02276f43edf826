//! Messages to a conversation: what the caller wishes to send, and what the platform took.

use std::hash::{Hash, Hasher};

use porteur::{Content, Message};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::attachment::{Attached, Attachment};
use crate::config::Given;
use crate::errors::exception;
use crate::json;
use crate::many::{Many, Members};

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

    /// The conversation and the arguments, as one of many has them.
    fn read(members: &Members<'py>) -> PyResult<(String, Self)> {
        let conversation = members.required("conversation")?;
        let outgoing = Self {
            text: members.optional("text")?,
            html: members.optional("html")?,
            json: members.optional("json")?,
            sender: members.required("sender")?,
            to: members.required("to")?,
            attachments: members.optional("attachments")?,
            client_id: members.optional("client_id")?,
            check: members.optional("check")?,
            allow_unlisted_sender: members.optional("allow_unlisted_sender")?,
        };
        Ok((conversation, outgoing))
    }
}

/// The arguments of `send_many`.
pub(crate) fn messages(messages: &Bound<'_, PyAny>, concurrency: Option<i64>) -> PyResult<Many<(String, Message)>> {
    let parse = |(conversation, outgoing): (String, Outgoing<'_>)| Ok((conversation, outgoing.parse()?));
    Many::parse("messages", messages, concurrency, Outgoing::read, parse)
}

/// A message that the platform took.
#[pyclass(module = "porteur", frozen, eq, hash)]
#[derive(PartialEq)]
pub(crate) struct SentMessage(pub(crate) porteur::SentMessage);

impl From<porteur::SentMessage> for SentMessage {
    fn from(sent: porteur::SentMessage) -> Self {
        Self(sent)
    }
}

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
