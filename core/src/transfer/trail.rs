//! What the audit log and the callback say of a transfer. Source: docs/platform.md, "Transfers" and "Audit trail".

use std::time::Duration;

use serde_json::{Map, Value};

use super::plan::Plan;
use crate::audit::AuditEntry;

/// What every entry about a transfer says.
pub(super) struct About<'a> {
    pub(super) plan: &'a Plan,
    /// The last frame that was sent; none before the first.
    pub(super) frame: Option<&'a str>,
    pub(super) retries: u32,
}

impl About<'_> {
    pub(super) fn entry(&self, status: &str, codec: Option<&str>, latency: Option<Duration>) -> AuditEntry {
        AuditEntry { kind: "transfer".to_owned(), fields: self.fields(status, codec, latency) }
    }

    /// The members that the callback has too.
    pub(super) fn fields(&self, status: &str, codec: Option<&str>, latency: Option<Duration>) -> Map<String, Value> {
        let latency = latency.map(|latency| latency.as_secs_f64() * 1e3);
        let fields = [
            ("interaction_id", Value::from(self.plan.interaction.as_str())),
            ("destination_uri", self.plan.destination.as_str().into()),
            ("frame_id", self.frame.into()),
            ("status", status.into()),
            ("codec", codec.into()),
            ("latency_ms", latency.into()),
            ("retries", self.retries.into()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
