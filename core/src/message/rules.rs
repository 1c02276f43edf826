//! What a message has to be before it is sent: rules of its own, and rules of its conversation.
//!
//! A refusal names the rule, the field and the value. Source: docs/platform.md, "Messages".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mime_guess::Mime;
use serde_json::Value;
use url::Url;

use super::{Attachment, AttachmentBody, Content, Message};
use crate::check::filled;
use crate::error::{Error, Result};
use crate::gateway::wire::{SendAttachment, SendMessage};
use crate::gateway::{Channel, ConversationFacts};

/// A message that cannot be wrong by itself, in the platform's form.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) wire: SendMessage,
    /// Bytes of each attachment before they became base64; 0 for those that are elsewhere.
    inline: Vec<usize>,
}

impl Payload {
    pub(super) fn parse(message: Message) -> Result<Self> {
        filled("sender", &message.sender)?;
        if message.to.is_empty() {
            return Err(Error::invalid("to", "expected at least one recipient, got none"));
        }
        for (index, recipient) in message.to.iter().enumerate() {
            filled(&format!("to[{index}]"), recipient)?;
        }
        let content_type = message.content.content_type().to_owned();
        let content = match message.content {
            Content::Text(text) | Content::Html(text) => {
                filled("content", &text)?;
                Value::String(text)
            }
            Content::Json(json @ (Value::Object(_) | Value::Array(_))) => json,
            Content::Json(other) => {
                return Err(Error::invalid(
                    "content",
                    format!("expected a JSON object or array, got {}", kind(&other)),
                ));
            }
        };
        let inline = message.attachments.iter().map(|attachment| match &attachment.body {
            AttachmentBody::Bytes(bytes) => bytes.len(),
            AttachmentBody::File(_) | AttachmentBody::Url(_) => 0,
        });
        let inline = inline.collect();
        let attachments = message.attachments.into_iter().enumerate();
        let attachments = attachments.map(|(index, one)| attachment(index, one)).collect::<Result<_>>()?;
        let (from, to) = (message.sender, message.to);
        Ok(Self { wire: SendMessage { from, to, content_type, content, attachments }, inline })
    }

    /// Holds the message against its conversation.
    pub(super) fn suits(&self, conversation: &ConversationFacts, allow_unlisted_sender: bool) -> Result<()> {
        let sms = match &conversation.channel {
            Channel::Sms => true,
            Channel::Other => false,
            Channel::Unknown(word) => {
                let reason = format!("rule known-channel: expected a channel whose rules are known, got {word:?}");
                return Err(Error::invalid("conversation", reason));
            }
        };
        if sms && self.wire.content_type == "text/html" {
            let reason = "rule sms-no-html: expected text/plain or application/json on sms, got text/html";
            return Err(Error::invalid("content", reason));
        }
        let mut inline = self.inline.iter().enumerate();
        if let Some((index, bytes)) = inline.find(|(_, bytes)| sms && **bytes > SMS_ATTACHMENT) {
            let field = format!("attachments[{index}]");
            let reason = format!("rule sms-attachment: expected at most {SMS_ATTACHMENT} bytes on sms, got {bytes}");
            return Err(Error::invalid(field, reason));
        }
        let sender = &self.wire.from;
        match conversation.roles.get(sender) {
            Some(roles) if roles.iter().any(|role| role == "agent") => Ok(()),
            Some(roles) => {
                let reason = format!("rule agent-role: expected {sender} to have the role agent, got {roles:?}");
                Err(Error::invalid("sender", reason))
            }
            None if allow_unlisted_sender => Ok(()),
            None => {
                let reason = format!(
                    "rule listed-sender: expected a participant of the conversation, got {sender} \
                     (allow_unlisted_sender allows it)"
                );
                Err(Error::invalid("sender", reason))
            }
        }
    }
}

fn attachment(index: usize, attachment: Attachment) -> Result<SendAttachment> {
    let field = |member: &str| format!("attachments[{index}].{member}");
    let Attachment { filename, content_type, body } = attachment;
    filled(&field("filename"), &filename)?;
    let guess = mime_guess::from_path(&filename);
    let content_type = match content_type {
        None => guess.first_or_octet_stream().essence_str().to_owned(),
        Some(named) => {
            let mime: Mime = named.parse().map_err(|_| {
                Error::invalid(field("content_type"), format!("expected a MIME type as in image/png, got {named:?}"))
            })?;
            let octets = mime == mime_guess::mime::APPLICATION_OCTET_STREAM;
            if !octets && !guess.is_empty() && !guess.iter().any(|known| same(&known, &mime)) {
                let known: Vec<String> = guess.iter().map(|known| known.essence_str().to_owned()).collect();
                let reason = format!(
                    "rule type-agrees-with-name: expected {} for {filename:?}, got {named}",
                    known.join(" or ")
                );
                return Err(Error::invalid(field("content_type"), reason));
            }
            named
        }
    };
    let mut wire = SendAttachment { content_type, filename, content: None, url: None, id: None };
    match body {
        AttachmentBody::File(id) => {
            filled(&field("id"), &id)?;
            wire.id = Some(id);
        }
        AttachmentBody::Bytes(bytes) => wire.content = Some(STANDARD.encode(bytes)),
        AttachmentBody::Url(url) => {
            // What is wrong is said without the URL: its query may be a signature.
            let parsed = Url::parse(&url).map_err(|error| {
                Error::invalid(field("url"), format!("expected an absolute http or https URL: {error}"))
            })?;
            if !matches!(parsed.scheme(), "http" | "https") {
                let reason = format!("expected an http or https URL, got one of the scheme {}", parsed.scheme());
                return Err(Error::invalid(field("url"), reason));
            }
            wire.url = Some(url);
        }
    }
    Ok(wire)
}

/// Whether two types mean the same: parameters aside, `x-` aside, the names aside that many write for others, and whether
/// a container holds sound or pictures, or a text is called an application, which extensions do not tell.
fn same(one: &Mime, other: &Mime) -> bool {
    let plain = |mime: &Mime| {
        let kind = match mime.type_().as_str().to_ascii_lowercase().as_str() {
            "audio" | "video" => "media".to_owned(),
            "text" | "application" => "document".to_owned(),
            other => other.to_owned(),
        };
        let subtype = mime.subtype().as_str().to_ascii_lowercase();
        let subtype = subtype.strip_prefix("x-").unwrap_or(&subtype);
        let subtype = SYNONYMS.iter().find(|(word, _)| *word == subtype).map_or(subtype, |(_, name)| *name);
        (kind, subtype.to_owned())
    };
    plain(one) == plain(other)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// What is written for what, by browsers, phones and Windows.
const SYNONYMS: &[(&str, &str)] = &[
    ("jpg", "jpeg"),
    ("pjpeg", "jpeg"),
    ("m4a", "mp4"),
    ("m4v", "mp4"),
    ("mp3", "mpeg"),
    ("wave", "wav"),
    ("vnd.wave", "wav"),
    ("opus", "ogg"),
    ("zip-compressed", "zip"),
];

/// 1 MiB, of the bytes themselves. The tutorial measures their base64, which is a third longer.
const SMS_ATTACHMENT: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    fn message() -> Message {
        Message::text("hello").sender("agent@example.com").to("customer@example.com")
    }

    fn refused(message: Message) -> (String, String) {
        match Payload::parse(message).unwrap_err() {
            Error::InvalidInput { field, reason, .. } => (field, reason),
            other => panic!("{other:?}"),
        }
    }

    fn conversation(channel: Channel) -> ConversationFacts {
        let roles = HashMap::from([
            ("agent@example.com".to_owned(), vec!["agent".to_owned()]),
            ("customer@example.com".to_owned(), vec!["customer".to_owned()]),
        ]);
        ConversationFacts { channel, roles }
    }

    #[test]
    fn what_has_to_be_there_is_named_when_it_is_not() {
        assert_eq!(refused(Message::text("x").to("c")).0, "sender");
        assert_eq!(refused(Message::text("x").sender("a")).0, "to");
        assert_eq!(refused(message().to(" ")).0, "to[1]");
        assert_eq!(refused(Message::text("").sender("a").to("c")).0, "content");
        let (field, reason) = refused(Message::json(json!("text")).sender("a").to("c"));
        assert_eq!((field.as_str(), reason.as_str()), ("content", "expected a JSON object or array, got a string"));
    }

    #[test]
    fn an_attachments_type_has_to_agree_with_its_name_where_both_are_known() {
        for (filename, content_type, agrees) in [
            ("photo.jpg", "image/jpeg", true),
            ("photo.jpg", "image/jpg", true),
            ("photo.JPG", "IMAGE/JPEG", true),
            ("photo.jpg", "application/octet-stream", true),
            ("sound.wav", "audio/x-wav", true),
            ("note.webm", "audio/webm", true),
            ("note.m4a", "audio/mp4", true),
            ("note.ogg", "audio/opus", true),
            ("feed.xml", "application/xml", true),
            ("letter.rtf", "text/rtf", true),
            ("all.zip", "application/x-zip-compressed", true),
            ("photo.jpg", "application/pdf", false),
            ("sound.mp3", "video/mp4", false),
            ("page.html", "text/html; charset=utf-8", true),
            ("unknown.qqq", "image/png", true),
            ("noextension", "image/png", true),
            ("photo.jpg", "image/png", false),
            ("invoice.pdf", "text/plain", false),
            ("photo.jpg", "jpeg", false),
        ] {
            let one = Attachment::bytes(filename, &b"x"[..]).content_type(content_type);
            let outcome = Payload::parse(message().attachment(one));
            assert_eq!(outcome.is_ok(), agrees, "{filename} {content_type}: {outcome:?}");
        }
    }

    #[test]
    fn a_type_that_was_not_given_goes_by_the_name() {
        let payload = Payload::parse(
            message().attachment(Attachment::file("file-1", "a.png")).attachment(Attachment::bytes("b", &b"x"[..])),
        );
        let types: Vec<String> =
            payload.unwrap().wire.attachments.into_iter().map(|attachment| attachment.content_type).collect();
        assert_eq!(types, ["image/png", "application/octet-stream"]);
    }

    #[test]
    fn bytes_over_a_mebibyte_are_too_much_for_sms_and_their_base64_is_not_what_is_measured() {
        let payload =
            |bytes: usize| Payload::parse(message().attachment(Attachment::bytes("a.bin", vec![0; bytes]))).unwrap();
        let sms = conversation(Channel::Sms);
        assert!(payload(1 << 20).suits(&sms, false).is_ok());
        let error = payload((1 << 20) + 1).suits(&sms, false).unwrap_err();
        assert_eq!(error.facts().details["field"], "attachments[0]");
        assert!(payload((1 << 20) + 1).suits(&conversation(Channel::Other), false).is_ok());
    }

    #[test]
    fn a_sender_is_an_agent_of_the_conversation() {
        let there = conversation(Channel::Other);
        let from = |sender: &str| Payload::parse(Message::text("x").sender(sender).to("c")).unwrap();
        assert!(from("agent@example.com").suits(&there, false).is_ok());
        assert!(from("customer@example.com").suits(&there, true).is_err(), "listed with another role");
        assert!(from("nobody@example.com").suits(&there, false).is_err());
        assert!(from("nobody@example.com").suits(&there, true).is_ok());
    }

    #[test]
    fn a_refused_url_is_not_repeated_in_the_error() {
        let secret = "ftp://cdn.example.com/a.pdf?signature=SECRET";
        let (field, reason) = refused(message().attachment(Attachment::url("a.pdf", secret)));
        assert_eq!(field, "attachments[0].url");
        assert!(!reason.contains("SECRET"), "{reason}");
        assert!(!format!("{:?}", Attachment::url("a.pdf", secret)).contains("SECRET"));
    }
}
