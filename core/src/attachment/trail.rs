//! What the audit log and the callback say of an attachment. Source: docs/platform.md, "Attachments" and "Audit trail".

use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::value::TransformedAttachment;
use crate::audit::AuditEntry;

/// What every entry about an attachment says. The names are the tutorial's; `transformedId` and `thumbnailId` are ours.
#[derive(Debug)]
pub(super) struct About<'a> {
    /// The one that is transformed.
    pub(super) attachment: &'a str,
    /// Its declared type.
    pub(super) source_format: Option<&'a str>,
    pub(super) target_format: &'a str,
    pub(super) original_size: Option<u64>,
    pub(super) transformed_size: Option<u64>,
    pub(super) transformed: Option<&'a str>,
    pub(super) thumbnail: Option<&'a str>,
    pub(super) callback: Option<String>,
}

impl About<'_> {
    pub(super) fn entry(&self, status: &str, latency_ms: Option<f64>) -> AuditEntry {
        let entry = AuditEntry::new("attachment")
            .field("attachmentId", self.attachment)
            .field("action", "transform_and_patch")
            .field("sourceFormat", self.source_format)
            .field("targetFormat", self.target_format)
            .field("originalSize", self.original_size)
            .field("transformedSize", self.transformed_size)
            .field("transformedId", self.transformed)
            .field("thumbnailId", self.thumbnail)
            .field("latencyMs", latency_ms)
            .field("status", status);
        match &self.callback {
            Some(url) => entry.field("callbackUrl", url.as_str()),
            None => entry,
        }
    }
}

/// What the callback is told; the id of the event is the caller's to add.
pub(super) fn event(transformed: &TransformedAttachment, date: SystemTime) -> Map<String, Value> {
    // A clock before the year -9999 is the only one without.
    let timestamp = Timestamp::try_from(date).map(|date| format!("{date:.3}")).unwrap_or_default();
    let members = [
        ("event", Value::from("attachment.transformed")),
        ("attachmentId", transformed.id.as_str().into()),
        ("sourceId", transformed.source_id.as_str().into()),
        ("format", transformed.format.name().into()),
        ("timestamp", timestamp.into()),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What the id of an event is called here; transfers write it with an underscore.
pub(super) const EVENT_ID: &str = "eventId";
