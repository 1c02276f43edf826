//! How a message fares once the platform has taken it: queued for a while, then what its script says.
//!
//! Nothing here happens by itself. A message moves on when its conversation is read, so that a test counts polls and
//! not milliseconds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::gateway::wire::StatusTimestamps;

/// What becomes of a message.
///
/// ```
/// # use porteur::simulator::DeliverySettings;
/// let slow: DeliverySettings = serde_json::from_str(r#"{ "outcome": "read", "after_polls": 3, "after_ms": 12000 }"#)?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliverySettings {
    /// How it ends; delivered unless said otherwise.
    pub outcome: DeliveryOutcome,
    /// How many reads of the conversation still show it queued; default 1.
    pub after_polls: u64,
    /// Milliseconds from its creation to the date of its end. By default that date is the one of the read that shows
    /// the end first.
    pub after_ms: Option<u64>,
}

/// How the delivery of a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// It reaches whoever it is for.
    #[default]
    Delivered,
    /// And is read at the same moment.
    Read,
    /// It does not reach them.
    Failed,
    /// It stays queued.
    Never,
}

/// Where a message is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Taken, and not at its end as far as anybody has seen.
    Queued,
    /// See [`DeliveryOutcome::Delivered`].
    Delivered,
    /// See [`DeliveryOutcome::Read`].
    Read,
    /// See [`DeliveryOutcome::Failed`].
    Failed,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self { outcome: DeliveryOutcome::Delivered, after_polls: 1, after_ms: None }
    }
}

impl DeliverySettings {
    /// `name` is what an error calls it.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        match self.after_ms.filter(|ms| *ms > MAX_AFTER_MS) {
            None => Ok(()),
            Some(ms) => {
                let reason = format!("expected at most {MAX_AFTER_MS} ms, got {ms}");
                Err(Error::invalid(format!("{name}.after_ms"), reason))
            }
        }
    }
}

impl DeliveryStatus {
    /// The word for it on the wire.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

/// A message on its way.
pub(super) struct Delivery {
    script: DeliverySettings,
    created_ms: i64,
    /// How often its conversation had been read when it came.
    polls_before: u64,
    /// The date of its end; `None` until a read showed it.
    ended_ms: Option<i64>,
}

impl Delivery {
    /// Begins now, after so many reads of the conversation.
    pub(super) fn new(script: DeliverySettings, created_ms: i64, polls_before: u64) -> Self {
        Self { script, created_ms, polls_before, ended_ms: None }
    }

    /// The conversation is read for the `polls`th time.
    pub(super) fn poll(&mut self, polls: u64, now_ms: i64) {
        let due = polls.saturating_sub(self.polls_before) > self.script.after_polls;
        if self.ended_ms.is_none() && due && self.script.outcome != DeliveryOutcome::Never {
            let after = self.script.after_ms.and_then(|ms| i64::try_from(ms).ok());
            self.ended_ms = Some(after.map_or(now_ms, |ms| self.created_ms.saturating_add(ms)));
        }
    }

    pub(super) fn status(&self) -> DeliveryStatus {
        match self.script.outcome {
            _ if self.ended_ms.is_none() => DeliveryStatus::Queued,
            DeliveryOutcome::Delivered => DeliveryStatus::Delivered,
            DeliveryOutcome::Read => DeliveryStatus::Read,
            DeliveryOutcome::Failed => DeliveryStatus::Failed,
            DeliveryOutcome::Never => DeliveryStatus::Queued,
        }
    }

    pub(super) fn created(&self) -> String {
        rfc3339(self.created_ms)
    }

    /// What was read was delivered too.
    pub(super) fn timestamps(&self) -> StatusTimestamps {
        let ended = self.ended_ms.map(rfc3339);
        match self.status() {
            DeliveryStatus::Queued => StatusTimestamps::default(),
            DeliveryStatus::Delivered => StatusTimestamps { delivered: ended, ..Default::default() },
            DeliveryStatus::Read => StatusTimestamps { delivered: ended.clone(), read: ended, failed: None },
            DeliveryStatus::Failed => StatusTimestamps { failed: ended, ..Default::default() },
        }
    }
}

/// Milliseconds since 1970 as the platform writes a date: `2026-01-01T00:00:02.000Z`.
pub(super) fn rfc3339(ms: i64) -> String {
    // A date that no calendar has is the last one that this has.
    let date = Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX });
    format!("{date:.3}")
}

/// A hundred years, so that the date can be written.
const MAX_AFTER_MS: u64 = 100 * 365 * 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(outcome: DeliveryOutcome, after_polls: u64, after_ms: Option<u64>) -> Delivery {
        Delivery::new(DeliverySettings { outcome, after_polls, after_ms }, 1_767_225_600_000, 5)
    }

    #[test]
    fn a_message_is_shown_queued_as_often_as_was_set() {
        for after_polls in [0, 1, 3] {
            let mut delivery = delivery(DeliveryOutcome::Delivered, after_polls, None);
            for polls in 6..6 + after_polls {
                delivery.poll(polls, 0);
                assert_eq!(delivery.status(), DeliveryStatus::Queued, "{after_polls}, read {polls}");
            }
            delivery.poll(6 + after_polls, 0);
            assert_eq!(delivery.status(), DeliveryStatus::Delivered, "{after_polls}");
        }
    }

    #[test]
    fn the_end_is_dated_by_the_read_that_shows_it_first() {
        let mut delivery = delivery(DeliveryOutcome::Failed, 0, None);
        delivery.poll(6, 1_767_225_602_000);
        delivery.poll(7, 1_767_225_609_000);
        let expected = StatusTimestamps { failed: Some("2026-01-01T00:00:02.000Z".to_owned()), ..Default::default() };
        assert_eq!((delivery.status(), delivery.timestamps()), (DeliveryStatus::Failed, expected));
    }

    #[test]
    fn the_end_is_dated_from_the_creation_when_that_is_set() {
        let mut delivery = delivery(DeliveryOutcome::Read, 0, Some(12_345));
        delivery.poll(6, 1_767_225_600_000);
        let end = Some("2026-01-01T00:00:12.345Z".to_owned());
        assert_eq!(delivery.timestamps(), StatusTimestamps { delivered: end.clone(), read: end, failed: None });
        assert_eq!(delivery.created(), "2026-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_message_that_never_arrives_stays_queued() {
        let mut delivery = delivery(DeliveryOutcome::Never, 0, Some(1));
        (6..100).for_each(|polls| delivery.poll(polls, 0));
        assert_eq!(delivery.status(), DeliveryStatus::Queued);
        assert_eq!(delivery.timestamps(), StatusTimestamps::default());
    }

    #[test]
    fn a_date_beyond_every_calendar_is_still_a_date() {
        assert_eq!(rfc3339(1_767_225_600_007), "2026-01-01T00:00:00.007Z");
        assert!(rfc3339(i64::MAX).starts_with("9999-12-30T22:00:00"), "{}", rfc3339(i64::MAX));
    }
}
