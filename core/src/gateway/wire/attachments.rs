//! The JSON of attachments. Source: docs/platform.md, "Attachments".

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// `GET /api/v2/files/attachments/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribedAttachment {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) content_type: String,
    /// Bytes.
    pub(crate) size: u64,
    /// `available`, or a word for why it is not. The tutorial takes one without a status for available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "texts")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// The answer to `POST /api/v2/files/attachments`, as far as it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadedAttachment {
    pub(crate) id: String,
    /// Bytes that the platform has.
    #[serde(default)]
    pub(crate) size: Option<u64>,
}

/// `PATCH /api/v2/files/attachments/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PatchAttachment {
    pub(crate) name: String,
    pub(crate) content_type: String,
    /// Every value is a string, numbers too.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Metadata whose values are taken as they come: a picture must not be out of reach because a width was written as a number.
fn texts<'de, D: Deserializer<'de>>(value: D) -> Result<BTreeMap<String, String>, D::Error> {
    let members = Option::<BTreeMap<String, Value>>::deserialize(value)?.unwrap_or_default();
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(members.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// The status of an attachment that can be had.
pub(crate) const AVAILABLE: &str = "available";
/// The field of the form that carries the file.
pub(crate) const FILE_FIELD: &str = "file";
