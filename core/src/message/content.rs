//! A message to a conversation, as the caller wishes it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Attachment;
use crate::error::{Error, Result};

/// A message to a conversation.
///
/// ```
/// use porteur::Message;
/// let message = Message::text("Your invoice.").sender("agent@example.com").to("customer@example.com");
/// assert_eq!(message.to, ["customer@example.com"]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What it says.
    pub content: Content,
    /// Who sends it: a participant of the conversation with the role `agent`. Required.
    pub sender: String,
    /// Who is to read it, at least one.
    pub to: Vec<String>,
    /// What comes with it.
    pub attachments: Vec<Attachment>,
    /// The deduplication id: the platform answers the same id in a conversation with the first message. Default a UUIDv7 of its
    /// own for every send; give one to be able to send again after a crash.
    pub client_id: Option<String>,
    /// Whether the conversation is read first and the message held against its rules. Default yes.
    pub check: bool,
    /// Whether a sender may write who is no participant of the conversation. Default no.
    pub allow_unlisted_sender: bool,
}

/// What a message says, and how it is to be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// `text/plain`.
    Text(String),
    /// `text/html`.
    Html(String),
    /// `application/json`: an object or an array.
    Json(Value),
}

impl Content {
    /// The one of the three that is there, for languages that have them as options.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `content` when there is none or more than one.
    pub fn one_of(text: Option<String>, html: Option<String>, json: Option<Value>) -> Result<Self> {
        match (text, html, json) {
            (Some(text), None, None) => Ok(Self::Text(text)),
            (None, Some(html), None) => Ok(Self::Html(html)),
            (None, None, Some(json)) => Ok(Self::Json(json)),
            (None, None, None) => Err(Error::invalid("content", "expected one of text, html and json, got none")),
            _ => Err(Error::invalid("content", "expected one of text, html and json, got more than one")),
        }
    }

    /// The MIME type.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "text/plain",
            Self::Html(_) => "text/html",
            Self::Json(_) => "application/json",
        }
    }
}

impl Message {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Content::Text(text.into()))
    }

    /// HTML, for channels that show it.
    pub fn html(html: impl Into<String>) -> Self {
        Self::new(Content::Html(html.into()))
    }

    /// JSON: an object or an array.
    pub fn json(json: Value) -> Self {
        Self::new(Content::Json(json))
    }

    /// A message with this content.
    pub fn new(content: Content) -> Self {
        Self {
            content,
            sender: String::new(),
            to: Vec::new(),
            attachments: Vec::new(),
            client_id: None,
            check: true,
            allow_unlisted_sender: false,
        }
    }

    /// Sets who sends it.
    pub fn sender(mut self, sender: impl Into<String>) -> Self {
        self.sender = sender.into();
        self
    }

    /// Adds a recipient.
    pub fn to(mut self, recipient: impl Into<String>) -> Self {
        self.to.push(recipient.into());
        self
    }

    /// Adds an attachment.
    pub fn attachment(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// Sets the deduplication id: 1 to 128 visible ASCII characters.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Sets whether the conversation is read first and the message held against its rules.
    pub fn check(mut self, check: bool) -> Self {
        self.check = check;
        self
    }

    /// Sets whether a sender may write who is no participant of the conversation.
    pub fn allow_unlisted_sender(mut self, allow: bool) -> Self {
        self.allow_unlisted_sender = allow;
        self
    }
}

/// A message that the platform took. Delivery comes later: [`Client::await_delivery`](crate::Client::await_delivery).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// The platform's id of the message.
    pub id: String,
    /// Its conversation.
    pub conversation: String,
    /// The platform's first word about it, as in `queued`; empty when it was sent elsewhere.
    pub status: String,
    /// The deduplication id; empty when it was sent elsewhere.
    pub client_id: String,
    /// Who sent it; empty when it was sent elsewhere.
    pub sender: String,
    /// Who is to read it.
    pub to: Vec<String>,
}

impl SentMessage {
    /// A message that was sent earlier, perhaps by another process.
    pub fn new(conversation: impl Into<String>, id: impl Into<String>) -> Self {
        let (id, conversation) = (id.into(), conversation.into());
        let nothing = String::new;
        Self { id, conversation, status: nothing(), client_id: nothing(), sender: nothing(), to: Vec::new() }
    }
}

/// A message as the conversation keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryMessage {
    /// The platform's id of the message.
    pub id: String,
    /// Who wrote it, where the platform says so.
    pub sender: Option<String>,
    /// Who was to read it.
    pub to: Vec<String>,
    /// The MIME type of the content, where the platform says so.
    pub content_type: Option<String>,
    /// What it says: a string for text and HTML; null where there is nothing.
    pub content: Value,
    /// The platform's word for how far it got, where it says so.
    pub status: Option<String>,
    /// When it was created, where the platform says so.
    pub created: Option<std::time::SystemTime>,
    /// What else the platform keeps with it.
    pub metadata: BTreeMap<String, Value>,
}
