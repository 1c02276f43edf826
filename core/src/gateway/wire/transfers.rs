//! The JSON of transfers: an interaction as it is read, and the frames of the socket.
//!
//! Source: docs/platform.md, "Transfers".

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// `GET /api/v2/interactions/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Interaction {
    pub(crate) id: String,
    /// `active`, `queued`, `completed` or `abandoned`.
    pub(crate) state: String,
    /// The last transfer of it, where the platform says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) transfer: Option<InteractionTransfer>,
}

/// What became of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InteractionTransfer {
    /// The id of the frame.
    pub(crate) id: String,
    /// As in a [`FrameAnswer`].
    pub(crate) status: String,
    #[serde(default, deserialize_with = "word", skip_serializing_if = "Option::is_none")]
    pub(crate) codec: Option<String>,
}

/// A frame that asks for a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransferFrame {
    /// `interaction.transfer`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The same id is the same transfer: the gateway answers one that it knows with what it did.
    pub(crate) id: String,
    pub(crate) interaction_id: String,
    pub(crate) destination_uri: String,
    pub(crate) media_matrix: FrameMedia,
    /// RFC 3339 in UTC.
    pub(crate) timestamp: String,
    pub(crate) triggers: Triggers,
}

/// What is to be heard and seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrameMedia {
    pub(crate) audio: FrameAudio,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) video: Option<FrameVideo>,
}

/// What is to be heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrameAudio {
    pub(crate) codec: String,
    pub(crate) bandwidth_kbps: u32,
    pub(crate) bit_depth: u32,
}

/// What is to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrameVideo {
    pub(crate) codec: String,
    /// As in `1280x720`.
    pub(crate) resolution: String,
    pub(crate) fps: u32,
}

/// What the gateway is to do beside the transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Triggers {
    pub(crate) codec_negotiation: bool,
    pub(crate) format_verification: bool,
}

/// The answer to a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrameAnswer {
    /// The id of the frame.
    pub(crate) id: String,
    /// `codec_negotiated`, `transfer_initiated`, `codec_unsupported`, `rate_limited`, or a word of refusal.
    pub(crate) status: String,
    /// The one that was agreed on.
    #[serde(default, deserialize_with = "word", skip_serializing_if = "Option::is_none")]
    pub(crate) codec: Option<String>,
}

/// Nothing in place of what is no word: a success must not be lost because its codec is unusual.
fn word<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Ok(Value::deserialize(value)?.as_str().map(str::to_owned))
}

/// The `type` of a [`TransferFrame`].
pub(crate) const TRANSFER: &str = "interaction.transfer";
