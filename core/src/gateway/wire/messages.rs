//! The JSON of conversations: what is sent, how it fares, and what was said before.
//!
//! Source: docs/platform.md, "Messages". Dates are RFC 3339 in UTC, as in `2026-01-01T00:00:02.000Z`; they stay text
//! here, so that a date that is none is named by who reads it. What may be missing may be `null` as well: one odd message is no
//! reason to know nothing of the others.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// `GET /api/v2/conversations/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation {
    pub(crate) id: String,
    /// `webchat`, `sms` and so on; a conversation without one is an error.
    pub(crate) channel_type: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) participants: Vec<Participant>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) messages: Vec<ConversationMessage>,
}

/// Who takes part in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Participant {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<PartyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
}

/// The address of a participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartyId {
    pub(crate) id: String,
}

/// How a message of a conversation fares; what it says is in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversationMessage {
    pub(crate) id: String,
    /// `queued`, `sent`, `delivered`, `read` or `failed`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_timestamp: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) status_timestamps: StatusTimestamps,
}

/// When a message came to a status; a status it never had is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StatusTimestamps {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivered: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) read: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<String>,
}

/// `POST /api/v2/conversations/{id}/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SendMessage {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// `text/plain`, `text/html` or `application/json`.
    #[serde(rename = "type")]
    pub(crate) content_type: String,
    /// A string for text, an object or an array for JSON.
    pub(crate) content: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<SendAttachment>,
}

/// A file of a message: exactly one of `content`, `url` and `id` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SendAttachment {
    #[serde(rename = "type")]
    pub(crate) content_type: String,
    pub(crate) filename: String,
    /// The bytes in base64 (RFC 4648, section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<String>,
    /// Where the file is to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// An uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
}

/// The answer to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueuedMessage {
    pub(crate) id: String,
    /// `queued`.
    pub(crate) status: String,
}

/// `GET /api/v2/conversations/messages`, one page of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryPage {
    pub(crate) entities: Vec<HistoryEntity>,
    /// The token of the next page; `null` after the last one.
    #[serde(default)]
    pub(crate) next_page: Option<String>,
}

/// A message of the history: `content` of one that was sent here, `text` of one that was written elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryEntity {
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Party>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) to: Vec<Party>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_time: Option<String>,
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, Value>,
}

/// `POST /api/v2/conversations/messages`: a message in the name of the system.
#[cfg(any(feature = "previews", feature = "simulator"))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PostMessage {
    pub(crate) conversation_id: String,
    /// `message`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) from: Party,
    pub(crate) to: Vec<Party>,
    pub(crate) text: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) metadata: BTreeMap<String, Value>,
}

/// The answer to it.
#[cfg(feature = "previews")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PostedMessage {
    pub(crate) id: String,
}

/// Who wrote a message, or is to read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Party {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// `null` is as good as a member that is missing.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(value: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

/// The header of the deduplication id: the same id in the same conversation is the same message.
pub(crate) const CLIENT_ID_HEADER: &str = "x-genesys-client-id";
