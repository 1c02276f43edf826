//! The JSON shapes of the gateway, written once for the client and for the simulator that answers it.
//!
//! Source: docs/platform.md, "Uploads", "Attachments", "Guests", "Messages", "Transfers". Unknown members are ignored, missing ones are an error.

mod attachments;
mod messages;
mod transfers;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use self::attachments::*;
pub(crate) use self::messages::*;
pub(crate) use self::transfers::*;

/// `POST /api/v2/files/uploads`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitiateUpload {
    pub(crate) file_name: String,
    pub(crate) content_type: String,
    pub(crate) total_size: u64,
}

/// Its answer: either one URL for ranged PUTs or one URL a part. `chunk_size` and `max_chunks` are signed here so that
/// nonsense from the platform is named by us, not by the JSON reader.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadSession {
    pub(crate) upload_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) presigned_url: Option<String>,
    pub(crate) chunk_size: i64,
    pub(crate) max_chunks: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part_urls: Option<Vec<String>>,
}

/// `POST /api/v2/files/uploads/{uploadId}/complete`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompleteUpload {
    /// `sha256:` and lower-case hex, in chunk order.
    pub(crate) checksums: Vec<String>,
    pub(crate) content_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parts: Option<Vec<Part>>,
}

/// One stored part of a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part {
    /// Counted from 1.
    pub(crate) part_number: u64,
    pub(crate) etag: String,
}

/// The answer to a completion.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompletedUpload {
    pub(crate) file_id: String,
    pub(crate) name: String,
}

/// `POST /api/v2/conversations/messaging/guests`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CreateGuest {
    pub(crate) language: String,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Its answer.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CreatedGuest {
    pub(crate) id: String,
    pub(crate) token: String,
}

/// `POST /api/v2/conversations/messaging/messages`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendGuestMessage {
    pub(crate) guest_id: String,
    pub(crate) to: Vec<String>,
    pub(crate) text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<FileReference>,
}

/// An uploaded file as a message refers to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileReference {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// The answer to a guest message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SentGuestMessage {
    pub(crate) id: String,
}

/// How a chunk's checksum is written.
pub(crate) const CHECKSUM_PREFIX: &str = "sha256:";
