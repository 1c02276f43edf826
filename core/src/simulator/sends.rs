//! What makes a message that the platform takes: one look at all of it, before anything is noted.
//!
//! A client knows all of these rules before it sends, so each of them that is broken is a breach of the contract.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::conversations::ConversationSettings;
use crate::digest::sha256;
use crate::gateway::wire::{SendAttachment, SendMessage};

/// A file of a message in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentAttachment {
    /// The declared content type.
    #[serde(rename = "type")]
    pub content_type: String,
    /// The name it goes by in this message.
    pub filename: String,
    /// What it is; its members stand beside the others in JSON.
    #[serde(flatten)]
    pub content: SentContent,
}

/// How a file came with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SentContent {
    /// In the message itself. The bytes are not kept.
    Inline {
        /// How many, decoded.
        bytes: u64,
        /// Their SHA-256 in lower-case hex.
        sha256: String,
    },
    /// As an address.
    Url {
        /// Where it is to be had.
        url: String,
    },
    /// As a file that was uploaded.
    File {
        /// The file's id.
        id: String,
    },
}

/// A message that can be sent; two that are equal say the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Payload {
    pub(super) sender: String,
    pub(super) to: Vec<String>,
    pub(super) content_type: String,
    pub(super) content: Value,
    pub(super) attachments: Vec<SentAttachment>,
}

/// A rule that was broken: the field, and what the client did.
pub(super) type Broken = (String, String);

impl Payload {
    /// Looks at a message for `conversation`; `has_file` knows the uploaded files.
    pub(super) fn parse(
        wish: SendMessage,
        conversation: &ConversationSettings,
        has_file: impl Fn(&str) -> bool,
    ) -> Result<Self, Broken> {
        let SendMessage { from, to, content_type, content, attachments } = wish;
        if from.is_empty() {
            return broken("from", "sent a message from nobody");
        }
        if to.is_empty() || to.iter().any(String::is_empty) {
            return broken("to", "sent a message to nobody");
        }
        if !conversation.may_send(&from) {
            return broken("from", format!("sent as {from}, who takes part without the role agent"));
        }
        check_content(&content_type, &content)?;
        let sms = conversation.channel == "sms";
        if sms && content_type == "text/html" {
            return broken("type", "sent text/html to an sms conversation");
        }
        let parsed = |(index, attachment)| {
            parse_attachment(attachment, sms, &has_file).map_err(|(member, sentence): (&str, String)| {
                let field = format!("attachments[{index}]{}{member}", if member.is_empty() { "" } else { "." });
                (field, sentence)
            })
        };
        let attachments = attachments.into_iter().enumerate().map(parsed).collect::<Result<_, _>>()?;
        Ok(Self { sender: from, to, content_type, content, attachments })
    }
}

/// The kind of `content` has to be the one that its type says.
fn check_content(content_type: &str, content: &Value) -> Result<(), Broken> {
    let agrees = match content_type {
        "text/plain" | "text/html" => content.as_str().is_some_and(|text| !text.is_empty()),
        "application/json" => content.is_object() || content.is_array(),
        other => {
            return broken("type", format!("sent {other} where text/plain, text/html or application/json was due"));
        }
    };
    if agrees {
        return Ok(());
    }
    let got = match content {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty text",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    broken("content", format!("sent {got} as {content_type}"))
}

/// The member of the attachment and the sentence, when a rule is broken.
fn parse_attachment(
    attachment: SendAttachment,
    sms: bool,
    has_file: impl Fn(&str) -> bool,
) -> Result<SentAttachment, (&'static str, String)> {
    let SendAttachment { content_type, filename, content, url, id } = attachment;
    let wrong = |member, sentence: &str| Err((member, sentence.to_owned()));
    if !content_type.split_once('/').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty()) {
        return wrong("type", "sent an attachment without a content type");
    }
    if filename.is_empty() {
        return wrong("filename", "sent an attachment without a file name");
    }
    let content = match (content, url, id) {
        (Some(text), None, None) => {
            let Ok(bytes) = STANDARD.decode(text) else {
                return wrong("content", "sent an attachment that is not base64");
            };
            if sms && bytes.len() > SMS_LIMIT {
                let sentence = format!("sent {} bytes to an sms conversation, which takes {SMS_LIMIT}", bytes.len());
                return Err(("content", sentence));
            }
            SentContent::Inline { bytes: bytes.len() as u64, sha256: sha256(&bytes).to_string() }
        }
        (None, Some(url), None) if Url::parse(&url).is_ok() => SentContent::Url { url },
        (None, Some(_), None) => return wrong("url", "sent an attachment at an address that is none"),
        (None, None, Some(id)) if has_file(&id) => SentContent::File { id },
        (None, None, Some(id)) => return wrong("id", &format!("sent the file {id}, which nobody uploaded")),
        _ => return wrong("", "sent an attachment with other than one of content, url and id"),
    };
    Ok(SentAttachment { content_type, filename, content })
}

fn broken<T>(field: &str, sentence: impl Into<String>) -> Result<T, Broken> {
    Err((field.to_owned(), sentence.into()))
}

/// Bytes of an attachment of an sms, decoded. The tutorial measures the base64, which is a third longer.
const SMS_LIMIT: usize = 1 << 20;
