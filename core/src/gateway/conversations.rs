//! Conversations: what they are, sending into them, their messages. Source: docs/platform.md, "Messages".

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};

use super::wire::{
    CLIENT_ID_HEADER, Conversation, ConversationMessage, HistoryEntity, HistoryPage, QueuedMessage, SendMessage,
};
#[cfg(feature = "previews")]
use super::wire::{PostMessage, PostedMessage};
use super::{Endpoint, Gateway};
use crate::error::{Error, Result};
use crate::pace::Repeat;

/// What the rules of a message look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConversationFacts {
    pub(crate) channel: Channel,
    /// The roles of each participant.
    pub(crate) roles: HashMap<String, Vec<String>>,
}

/// How a conversation is held, as far as rules differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Channel {
    Sms,
    Other,
    /// None whose rules are known; the platform's word.
    Unknown(String),
}

/// How far a message got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MessageStatus {
    /// Not there yet; the platform's word.
    Pending(String),
    /// Delivered or read, with the platform's word.
    Delivered { word: String, at: SystemTime },
    /// It never will be; the platform's word.
    Failed(String),
}

impl Gateway {
    /// The conversation as it is now.
    pub(crate) async fn conversation(&self, id: &str) -> Result<Conversation> {
        self.ask(&READ, id)?.as_client().await
    }

    /// Sends a message, and says what the platform called it and its first word about it.
    ///
    /// `resent` says that the platform may know this `client_id` already, and so have more to say than `queued`.
    ///
    /// # Errors
    /// [`Error::Unconfirmed`] when an attempt may have been carried out and none was answered.
    pub(crate) async fn send_message(
        &self,
        conversation: &str,
        client_id: &str,
        resent: bool,
        message: &SendMessage,
    ) -> Result<QueuedMessage> {
        let value = HeaderValue::from_str(client_id)
            .map_err(|_| Error::invalid("client_id", "expected visible ASCII characters"))?;
        let call = self.ask(&SEND, conversation)?.json(message);
        let call = call.header(HeaderName::from_static(CLIENT_ID_HEADER), value);
        let queued: QueuedMessage = call.as_client().await.map_err(|error| match call.may_have_arrived() {
            true if undecided(&error) => {
                Error::Unconfirmed { what: "message", client_id: client_id.to_owned(), source: Arc::new(error) }
            }
            _ => ours(error),
        })?;
        let known_before = resent || call.may_have_arrived();
        match queued.status.as_str() {
            QUEUED => Ok(queued),
            SENT | DELIVERED | READ_STATUS | FAILED if known_before => Ok(queued),
            other => {
                let reason = format!("message {} ({client_id}): expected the status queued, got {other:?}", queued.id);
                Err(Error::protocol(SEND.label(), reason))
            }
        }
    }

    /// Posts a message in the name of the system. It has no deduplication id, so it is repeated only when nothing was sent.
    #[cfg(feature = "previews")]
    pub(crate) async fn post_message(&self, message: &PostMessage) -> Result<PostedMessage> {
        self.ask(&POST, &message.conversation_id)?.json(message).as_client().await
    }

    /// One page of a conversation's messages, oldest first.
    pub(crate) async fn history_page(
        &self,
        conversation: &str,
        page_size: u32,
        token: Option<&str>,
    ) -> Result<HistoryPage> {
        let size = page_size.to_string();
        let query = [("conversationId", conversation), ("pageSize", &size)];
        let query = query.into_iter().chain(token.map(|token| ("pageToken", token)));
        self.ask(&HISTORY, conversation)?.query(query).as_client().await.map_err(ours)
    }
}

impl Conversation {
    pub(crate) fn facts(&self) -> ConversationFacts {
        let mut roles: HashMap<String, Vec<String>> = HashMap::new();
        for participant in &self.participants {
            if let Some(from) = &participant.from {
                roles.entry(from.id.clone()).or_default().extend(participant.role.clone());
            }
        }
        let channel = self.channel_type.to_ascii_lowercase();
        let channel = match channel.as_str() {
            "sms" => Channel::Sms,
            known if CHANNELS.contains(&known) => Channel::Other,
            _ => Channel::Unknown(self.channel_type.clone()),
        };
        ConversationFacts { channel, roles }
    }
}

impl ConversationMessage {
    pub(crate) fn status(&self) -> Result<MessageStatus> {
        let word = self.status.clone();
        let times = &self.status_timestamps;
        match word.as_str() {
            // One that was read was delivered before, whether or not the platform noted when.
            DELIVERED | READ_STATUS => match times.delivered.as_ref().or(times.read.as_ref()) {
                Some(text) => Ok(MessageStatus::Delivered { word, at: instant("statusTimestamps.delivered", text)? }),
                None => {
                    let reason = format!("message {}: expected statusTimestamps.delivered, got nothing", self.id);
                    Err(Error::protocol(READ.label(), reason))
                }
            },
            FAILED => Ok(MessageStatus::Failed(word)),
            _ => Ok(MessageStatus::Pending(word)),
        }
    }

    pub(crate) fn created(&self) -> Result<SystemTime> {
        match &self.created_timestamp {
            Some(text) => instant("createdTimestamp", text),
            None => {
                let reason = format!("message {}: expected createdTimestamp, got nothing", self.id);
                Err(Error::protocol(READ.label(), reason))
            }
        }
    }
}

impl HistoryEntity {
    /// When it was created, where that can be read.
    pub(crate) fn created(&self) -> Option<SystemTime> {
        self.created_time.as_ref()?.parse::<Timestamp>().ok().map(SystemTime::from)
    }
}

/// A history that would never end.
pub(crate) fn broken_history(reason: impl Into<String>) -> Error {
    Error::protocol(HISTORY.label(), reason)
}

fn instant(member: &str, text: &str) -> Result<SystemTime> {
    text.parse::<Timestamp>().map(SystemTime::from).map_err(|_| {
        Error::protocol(READ.label(), format!("{member}: expected a date and time as of RFC 3339, got {text:?}"))
    })
}

/// Whether this error leaves open what became of an earlier attempt. A refusal of the message does not: the platform would have
/// answered a message that it has with that message. A refusal of the token does, since it comes before that look.
fn undecided(error: &Error) -> bool {
    match error {
        Error::Unauthenticated { .. } | Error::PermissionDenied { .. } => true,
        Error::Network { .. } | Error::RateLimited { .. } | Error::Unavailable { .. } | Error::Protocol { .. } => true,
        Error::Api { answer, .. } => answer.status >= 500 || answer.status == 408,
        _ => false,
    }
}

/// A refusal that names a field names it as our callers write it.
fn ours(error: Error) -> Error {
    match error {
        Error::InvalidInput { field, reason, answer } => {
            let field = match field.as_str() {
                "from" => "sender",
                "type" => "content",
                "conversationId" => "conversation",
                "pageSize" => "page_size",
                "pageToken" => "page_token",
                other => other,
            };
            Error::InvalidInput { field: field.to_owned(), reason, answer }
        }
        other => other,
    }
}

/// The platform's words for how far a message got.
const QUEUED: &str = "queued";
const SENT: &str = "sent";
const DELIVERED: &str = "delivered";
const READ_STATUS: &str = "read";
const FAILED: &str = "failed";

/// The messaging channels of the platform besides sms; none of them has a rule of its own here.
const CHANNELS: &[&str] = &[
    "webchat",
    "webmessaging",
    "chat",
    "message",
    "email",
    "whatsapp",
    "facebook",
    "instagram",
    "twitter",
    "line",
    "apple",
    "open",
];

const READ: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v2/conversations/{id}",
    repeat: Repeat::Safe,
    success: &[200],
    what: "conversation",
    hint: "scope conversation:read",
};

const SEND: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v2/conversations/{id}/messages",
    // The deduplication id makes a repeat the same message.
    repeat: Repeat::Safe,
    success: &[202, 200, 201],
    what: "conversation",
    hint: "scopes messaging:send, conversation:send, conversations:messages:send",
};

#[cfg(feature = "previews")]
const POST: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v2/conversations/messages",
    // Nothing tells a repeat from a second message.
    repeat: Repeat::OnlyIfUnsent,
    success: &[200, 201, 202],
    what: "conversation",
    hint: "scope conversations:messages:send",
};

const HISTORY: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v2/conversations/messages",
    repeat: Repeat::Safe,
    success: &[200],
    what: "conversation",
    hint: "scope conversation:read",
};

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn message(json: &str) -> ConversationMessage {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_status_is_read_with_its_date() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        for (json, expected) in [
            (r#"{"id":"m","status":"queued"}"#, Some(MessageStatus::Pending("queued".to_owned()))),
            (r#"{"id":"m","status":"failed"}"#, Some(MessageStatus::Failed("failed".to_owned()))),
            (
                r#"{"id":"m","status":"delivered","statusTimestamps":{"delivered":"1970-01-01T00:00:01.5Z"}}"#,
                Some(MessageStatus::Delivered { word: "delivered".to_owned(), at }),
            ),
            (
                r#"{"id":"m","status":"read","statusTimestamps":{"read":"1970-01-01T01:00:01.500+01:00"}}"#,
                Some(MessageStatus::Delivered { word: "read".to_owned(), at }),
            ),
            (r#"{"id":"m","statusTimestamps":null}"#, Some(MessageStatus::Pending(String::new()))),
            (r#"{"id":"m","status":"delivered"}"#, None),
            (r#"{"id":"m","status":"delivered","statusTimestamps":{"delivered":"soon"}}"#, None),
        ] {
            assert_eq!(message(json).status().ok(), expected, "{json}");
        }
    }

    #[test]
    fn a_participant_may_be_listed_with_several_roles() {
        let json = r#"{"id":"c","channelType":"SMS","participants":[{"from":{"id":"a"},"role":"agent"},
            {"from":{"id":"a"},"role":"supervisor"},{"role":"customer"}]}"#;
        let facts = serde_json::from_str::<Conversation>(json).unwrap().facts();
        assert_eq!(facts.channel, Channel::Sms);
        assert_eq!(facts.roles["a"], ["agent", "supervisor"]);
        assert_eq!(facts.roles.len(), 1);
    }
}
