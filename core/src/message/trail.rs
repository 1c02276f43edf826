//! What the audit log says of a message. Source: docs/platform.md, "Audit trail".

use std::time::Duration;

use serde_json::Value;

use crate::audit::AuditEntry;
use crate::error::Sla;

/// What every entry about a message says. The names are the tutorial's; `conversation_id` and `client_id` are ours.
pub(super) struct About<'a> {
    /// None for a guest's.
    pub(super) conversation: Option<&'a str>,
    /// None for a guest's.
    pub(super) client_id: Option<&'a str>,
    pub(super) sender: &'a str,
    pub(super) to: &'a [String],
}

impl About<'_> {
    pub(super) fn entry(&self, message_id: Option<&str>, status: &str) -> AuditEntry {
        AuditEntry::new("message")
            .field("message_id", message_id.map_or(Value::Null, Value::from))
            .field("conversation_id", self.conversation)
            .field("client_id", self.client_id)
            .field("sender", self.sender)
            .field("receiver", receivers(self.to))
            .field("status", status)
            .field("elapsed_seconds", Value::Null)
            .field("sla_violation", Value::Null)
    }
}

/// The recipients in one string, as the tutorial has it, and only as many as an entry has room for.
fn receivers(to: &[String]) -> String {
    let mut text = String::new();
    for (index, recipient) in to.iter().enumerate() {
        if text.len() + recipient.len() > MOST_RECEIVERS {
            return format!("{text} and {} more", to.len() - index);
        }
        text = if index == 0 { recipient.clone() } else { format!("{text}, {recipient}") };
    }
    text
}

/// Bytes: far below what a line of the log may have, and hundreds of addresses.
const MOST_RECEIVERS: usize = 16 << 10;

pub(super) fn timed(entry: AuditEntry, elapsed: Duration, sla: Option<Sla>) -> AuditEntry {
    entry
        .field("elapsed_seconds", elapsed.as_secs_f64())
        .field("sla_violation", sla.map_or(Value::Null, |sla| Value::from(sla.violated)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_recipients_than_an_entry_has_room_for_are_counted() {
        let to: Vec<String> = (0..2000).map(|n| format!("customer-{n:04}@example.com")).collect();
        let text = receivers(&to);
        assert!(text.starts_with("customer-0000@example.com, customer-0001@") && text.len() < 20_000);
        let named = text.matches('@').count();
        assert!(text.ends_with(&format!(" and {} more", 2000 - named)), "{named}");
        assert_eq!(receivers(&to[..2]), "customer-0000@example.com, customer-0001@example.com");
    }
}
