//! What the audit log says of a preview. Source: docs/platform.md, "Audit trail".

use std::time::Duration;

use serde_json::Value;

use super::value::PreviewOutcome;
use super::workshop::Attempt;
use crate::audit::AuditEntry;
use crate::error::Error;

/// The message is about to be posted.
pub(super) fn linking(attempt: &Attempt<'_>) -> AuditEntry {
    about(attempt).field("status", "linking")
}

/// How an attempt ended: `linked`, `linked_before`, or the code of what went wrong.
pub(super) fn ended(attempt: &Attempt<'_>, made: Result<&PreviewOutcome, &Error>, took: Duration) -> AuditEntry {
    let (status, outcome) = match made {
        Ok(outcome) if outcome.linked_before => ("linked_before", Some(outcome)),
        Ok(outcome) => ("linked", Some(outcome)),
        Err(error) => (error.facts().code, None),
    };
    about(attempt)
        .field("preview_size", outcome.map_or(Value::Null, |outcome| outcome.bytes.len().into()))
        .field("message_id", outcome.map(|outcome| outcome.message.as_str()))
        .field("latency_ms", took.as_secs_f64() * 1e3)
        .field("status", status)
}

fn about(attempt: &Attempt<'_>) -> AuditEntry {
    let event = attempt.event;
    AuditEntry::new("preview")
        .field("preview_id", event.key().to_string())
        .field("conversation_id", event.conversation_id.as_str())
        .field("file_name", event.file_name.as_str())
        .field("source_type", event.mime_type.as_str())
        .field("attempt", attempt.number)
}
