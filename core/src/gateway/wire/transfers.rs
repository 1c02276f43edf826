//! The JSON of transfers: an interaction as it is read, and the frames of the socket.
//!
//! Source: docs/platform.md, "Transfers".

use std::fmt::{Arguments, Write as _};

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

/// A frame that asks for a transfer, as it is read; [`transfer_frame`] writes it.
#[cfg(any(test, feature = "simulator"))]
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct TransferFrame {
    /// [`TRANSFER`].
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct FrameMedia {
    pub(crate) audio: FrameAudio,
    pub(crate) video: Option<FrameVideo>,
}

/// What is to be heard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct FrameAudio {
    pub(crate) codec: String,
    pub(crate) bandwidth_kbps: u32,
    pub(crate) bit_depth: u32,
}

/// What is to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct FrameVideo {
    pub(crate) codec: String,
    /// As in `1280x720`.
    pub(crate) resolution: String,
    pub(crate) fps: u32,
}

/// What the gateway is to do beside the transfer.
#[cfg(any(test, feature = "simulator"))]
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Triggers {
    pub(crate) codec_negotiation: bool,
    pub(crate) format_verification: bool,
}

/// The text of a frame, as [`TransferFrame`] reads it, with both triggers on. Written by hand: a serializer that goes from member to
/// member made a quarter of what a transfer costs.
pub(crate) fn transfer_frame(
    id: &str,
    interaction: &str,
    destination: &str,
    media: &FrameMedia,
    timestamp: Arguments<'_>,
) -> String {
    let FrameMedia { audio: FrameAudio { codec, bandwidth_kbps, bit_depth }, video } = media;
    // 300 bytes around the two.
    let mut text = String::with_capacity(512 + interaction.len() + destination.len());
    put(&mut text, r#"{"type":"interaction.transfer","id":"#, id);
    put(&mut text, r#","interaction_id":"#, interaction);
    put(&mut text, r#","destination_uri":"#, destination);
    put(&mut text, r#","media_matrix":{"audio":{"codec":"#, codec);
    put_args(&mut text, format_args!(r#","bandwidth_kbps":{bandwidth_kbps},"bit_depth":{bit_depth}}}"#));
    if let Some(FrameVideo { codec, resolution, fps }) = video {
        put(&mut text, r#","video":{"codec":"#, codec);
        put(&mut text, r#","resolution":"#, resolution);
        put_args(&mut text, format_args!(r#","fps":{fps}}}"#));
    }
    put_args(&mut text, format_args!(r#"}},"timestamp":"{timestamp}""#));
    text.push_str(r#","triggers":{"codec_negotiation":true,"format_verification":true}}"#);
    text
}

/// Adds `key` as it is, and `value` as a JSON string.
fn put(text: &mut String, key: &str, value: &str) {
    text.push_str(key);
    if value.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        text.push_str(&Value::from(value).to_string());
    } else {
        text.extend(["\"", value, "\""]);
    }
}

fn put_args(text: &mut String, arguments: Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes everything");
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
    Ok(match Value::deserialize(value)? {
        Value::String(word) => Some(word),
        _ => None,
    })
}

/// The `type` of a [`TransferFrame`].
#[cfg(any(test, feature = "simulator"))]
pub(crate) const TRANSFER: &str = "interaction.transfer";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_written_by_hand_is_read_with_the_same_members() {
        let strange = "\u{1}\t\"\\é\u{2028}🎧";
        let audio = FrameAudio { codec: strange.to_owned(), bandwidth_kbps: 64, bit_depth: 16 };
        let video = FrameVideo { codec: "vp8".to_owned(), resolution: strange.to_owned(), fps: 30 };
        for video in [None, Some(video)] {
            let media_matrix = FrameMedia { audio: audio.clone(), video };
            let text =
                transfer_frame("id-1", strange, strange, &media_matrix, format_args!("2026-01-01T00:00:00.000Z"));
            let frame = TransferFrame {
                kind: TRANSFER.to_owned(),
                id: "id-1".to_owned(),
                interaction_id: strange.to_owned(),
                destination_uri: strange.to_owned(),
                media_matrix,
                timestamp: "2026-01-01T00:00:00.000Z".to_owned(),
                triggers: Triggers { codec_negotiation: true, format_verification: true },
            };
            assert_eq!(serde_json::from_str::<TransferFrame>(&text).unwrap(), frame, "{text}");
        }
    }
}
