//! Waiting until a message is delivered.

use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::config::set;
use crate::convert::{Fraction, List, Moment, Text, Whole, ms, texts};

/// How long to wait for a delivery, and how often to ask.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct DeliveryOptions<'env> {
    /// For how long the platform is asked. Default 20 000.
    #[napi(ts_type = "number")]
    pub within_ms: Option<Whole>,
    /// The wait before the first question, and between questions. Default 2000.
    #[napi(ts_type = "number")]
    pub interval_ms: Option<Whole>,
    /// What the wait is multiplied with after every question, 1 to 10. Default 1.
    #[napi(ts_type = "number")]
    pub backoff: Option<Fraction>,
    /// The time from creation to delivery that was promised; marks the receipt and stops nothing. Default none.
    #[napi(ts_type = "number")]
    pub sla_ms: Option<Whole>,
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// A message that was sent, perhaps by another process. A `SentMessage` is one.
#[napi(object, object_to_js = false)]
pub struct MessageReference {
    /// Its conversation.
    #[napi(ts_type = "string")]
    pub conversation: Text,
    /// The platform's id of the message.
    #[napi(ts_type = "string")]
    pub id: Text,
    /// The deduplication id, for the audit log.
    #[napi(ts_type = "string")]
    pub client_id: Option<Text>,
    /// Who sent it, for the audit log.
    #[napi(ts_type = "string")]
    pub sender: Option<Text>,
    /// Who is to read it, for the audit log.
    #[napi(ts_type = "string[]")]
    pub to: Option<List<Text>>,
}

/// What is known of a message that was delivered.
#[napi(object, object_from_js = false)]
pub struct Receipt {
    /// The platform's id of the message.
    pub message_id: String,
    /// Its conversation.
    pub conversation: String,
    /// The platform's word: `delivered` or `read`.
    pub status: String,
    /// When the platform created it.
    #[napi(ts_type = "Date")]
    pub created: Moment,
    /// When it was delivered.
    #[napi(ts_type = "Date")]
    pub delivered: Moment,
    /// The time between the two.
    pub elapsed_ms: f64,
    /// The verdict, when a threshold was given.
    pub sla: Option<Sla>,
}

/// How a delivery stands against the time that was promised.
#[napi(object, object_from_js = false)]
pub struct Sla {
    /// The time from creation to delivery that was promised.
    pub threshold_ms: f64,
    /// The time it took.
    pub elapsed_ms: f64,
    /// Whether that is too long.
    pub violated: bool,
}

impl DeliveryOptions<'_> {
    pub(crate) fn delivery(self) -> porteur::Delivery {
        let mut delivery = porteur::Delivery::default();
        set(&mut delivery.within, self.within_ms.map(Whole::to_duration));
        set(&mut delivery.interval, self.interval_ms.map(Whole::to_duration));
        set(&mut delivery.backoff, self.backoff.map(|backoff| backoff.0));
        set(&mut delivery.sla, self.sla_ms.map(|sla| Some(sla.to_duration())));
        delivery
    }
}

impl MessageReference {
    pub(crate) fn sent(self) -> porteur::SentMessage {
        let mut sent = porteur::SentMessage::new(self.conversation.0, self.id.0);
        sent.client_id = self.client_id.unwrap_or_default().0;
        sent.sender = self.sender.unwrap_or_default().0;
        sent.to = texts(self.to.unwrap_or_default());
        sent
    }
}

impl From<porteur::Receipt> for Receipt {
    fn from(receipt: porteur::Receipt) -> Self {
        Self {
            message_id: receipt.message_id,
            conversation: receipt.conversation,
            status: receipt.status,
            created: Moment(receipt.created),
            delivered: Moment(receipt.delivered),
            elapsed_ms: ms(receipt.elapsed),
            sla: receipt.sla.map(Sla::from),
        }
    }
}

impl From<porteur::Sla> for Sla {
    fn from(sla: porteur::Sla) -> Self {
        Self { threshold_ms: ms(sla.threshold), elapsed_ms: ms(sla.elapsed), violated: sla.violated }
    }
}
