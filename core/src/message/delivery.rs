//! Waiting until a message is delivered, and judging how long that took.

use std::time::{Duration, SystemTime};

use super::content::SentMessage;
use super::conversations::Conversations;
use crate::check::filled;
use crate::clock::Clock;
use crate::error::{Error, Result, Sla};
use crate::gateway::MessageStatus;

/// How long to wait for a delivery, and how often to ask.
///
/// ```
/// use std::time::Duration;
/// let delivery = porteur::Delivery::within(Duration::from_secs(60)).sla(Duration::from_secs(10));
/// assert_eq!(delivery.interval, Duration::from_secs(2));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// For how long the platform is asked. Default 20 s, as the tutorial waits.
    pub within: Duration,
    /// The wait before the first question, and between questions. Default 2 s, as the tutorial waits.
    pub interval: Duration,
    /// What the wait is multiplied with after every question, 1 to 10. Default 1.
    pub backoff: f64,
    /// The time from creation to delivery that was promised; marks the receipt and stops nothing. Default none.
    pub sla: Option<Duration>,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { within: Duration::from_secs(20), interval: Duration::from_secs(2), backoff: 1.0, sla: None }
    }
}

impl Delivery {
    /// Asks for so long.
    pub fn within(within: Duration) -> Self {
        Self { within, ..Self::default() }
    }

    /// Sets the wait before the first question and between questions.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets what the wait is multiplied with after every question.
    pub fn backoff(mut self, factor: f64) -> Self {
        self.backoff = factor;
        self
    }

    /// Sets the time from creation to delivery that was promised.
    pub fn sla(mut self, threshold: Duration) -> Self {
        self.sla = Some(threshold);
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.interval.is_zero() {
            return Err(Error::invalid("interval", "expected more than 0 s, got 0"));
        }
        if !(1.0..=10.0).contains(&self.backoff) {
            return Err(Error::invalid("backoff", format!("expected 1 to 10, got {}", self.backoff)));
        }
        Ok(())
    }
}

/// What is known of a message that was delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The platform's id of the message.
    pub message_id: String,
    /// Its conversation.
    pub conversation: String,
    /// The platform's word: `delivered` or `read`.
    pub status: String,
    /// When the platform created it.
    pub created: SystemTime,
    /// When it was delivered.
    pub delivered: SystemTime,
    /// The time between the two.
    pub elapsed: Duration,
    /// The verdict, when a threshold was given.
    pub sla: Option<Sla>,
}

/// Judges a message by when it was created and when it was delivered. One that is not delivered yet is judged by how long it has
/// waited so far.
pub(super) fn judge(created: SystemTime, delivered: Option<SystemTime>, now: SystemTime, threshold: Duration) -> Sla {
    // A clock of the platform's that runs behind itself is no reason for a negative time.
    let elapsed = delivered.unwrap_or(now).duration_since(created).unwrap_or_default();
    Sla { threshold, elapsed, violated: elapsed > threshold }
}

/// Asks until the message is delivered, failed, or `within` has passed.
pub(super) async fn wait(
    conversations: &Conversations,
    clock: &dyn Clock,
    sent: &SentMessage,
    delivery: &Delivery,
) -> Result<Receipt> {
    filled("conversation", &sent.conversation)?;
    filled("message", &sent.id)?;
    let started = clock.now();
    let mut interval = delivery.interval;
    let mut last = Seen { status: "unknown".to_owned(), created: None };
    loop {
        let waited = clock.now().saturating_sub(started);
        let left = delivery.within.saturating_sub(waited);
        if left.is_zero() {
            return Err(late(sent, delivery, waited, last, clock.date()));
        }
        let conversation = tokio::select! {
            biased;
            polled = conversations.poll(&sent.conversation, interval.min(left)) => polled?,
            // The question itself may take long: in the queue for a slot, or at a platform that is silent.
            () = clock.deadline(left) => return Err(late(sent, delivery, left + waited, last, clock.date())),
        };
        // The newest are last, and the one that is waited for is new.
        if let Some(message) = conversation.messages.iter().rev().find(|message| message.id == sent.id) {
            match message.status()? {
                MessageStatus::Delivered { word, at } => {
                    let created = message.created()?;
                    let sla = delivery.sla.map(|threshold| judge(created, Some(at), clock.date(), threshold));
                    return Ok(Receipt {
                        message_id: sent.id.clone(),
                        conversation: sent.conversation.clone(),
                        status: word,
                        created,
                        delivered: at,
                        elapsed: at.duration_since(created).unwrap_or_default(),
                        sla,
                    });
                }
                MessageStatus::Failed(status) => {
                    let (message_id, conversation) = (sent.id.clone(), sent.conversation.clone());
                    return Err(Error::DeliveryFailed { message_id, conversation, status });
                }
                MessageStatus::Pending(status) => last = Seen { status, created: message.created().ok() },
            }
        }
        let grown = Duration::try_from_secs_f64(interval.as_secs_f64() * delivery.backoff).unwrap_or(Duration::MAX);
        interval = grown.min(LONGEST_INTERVAL.max(delivery.interval));
    }
}

/// What a poll said last.
struct Seen {
    status: String,
    created: Option<SystemTime>,
}

fn late(sent: &SentMessage, delivery: &Delivery, waited: Duration, last: Seen, now: SystemTime) -> Error {
    let sla = delivery.sla.zip(last.created).map(|(threshold, created)| judge(created, None, now, threshold));
    let (message_id, conversation) = (sent.id.clone(), sent.conversation.clone());
    Error::DeliveryTimeout { message_id, conversation, status: last.status, waited, sla }
}

/// Where a growing interval stops growing: nobody wants to hear of a delivery half a minute late.
const LONGEST_INTERVAL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        created_ms: u64,
        delivered_ms: Option<u64>,
        now_ms: u64,
        threshold_ms: u64,
        elapsed_ms: u64,
        violated: bool,
    }

    #[test]
    fn the_verdicts_are_those_of_the_vectors() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/sla.json");
        let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let at = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        for case in cases {
            let threshold = Duration::from_millis(case.threshold_ms);
            let sla = judge(at(case.created_ms), case.delivered_ms.map(at), at(case.now_ms), threshold);
            let expected = Sla { threshold, elapsed: Duration::from_millis(case.elapsed_ms), violated: case.violated };
            assert_eq!(sla, expected, "{}", case.name);
        }
    }

    #[test]
    fn an_interval_of_nothing_and_a_factor_that_shrinks_it_are_refused() {
        let field = |delivery: Delivery| delivery.check().unwrap_err().facts().details["field"].clone();
        assert_eq!(field(Delivery::default().interval(Duration::ZERO)), "interval");
        for factor in [0.5, 11.0, f64::NAN, f64::INFINITY] {
            assert_eq!(field(Delivery::default().backoff(factor)), "backoff");
        }
        assert!(Delivery::default().backoff(1.5).check().is_ok());
    }
}
