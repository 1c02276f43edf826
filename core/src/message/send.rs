//! The messages of one client: sent once, waited for, read again, and each step in the audit log.

use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use serde_json::Value;
use tracing::warn;

use super::content::{HistoryMessage, Message, SentMessage};
use super::conversations::Conversations;
use super::delivery::{self, Delivery, Receipt};
use super::history::{self, History};
use super::rules::{self, Payload, filled};
use crate::audit::{AuditEntry, AuditLog};
use crate::error::{Error, Result, Sla};
use crate::gateway::Gateway;

/// What sending and waiting share.
#[derive(Debug, Clone)]
pub(crate) struct Messages(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    gateway: Gateway,
    conversations: Conversations,
    audit: Option<AuditLog>,
}

impl Messages {
    pub(crate) fn new(gateway: Gateway, audit: Option<AuditLog>) -> Self {
        let conversations = Conversations::new(gateway.clone());
        Self(Arc::new(Inner { gateway, conversations, audit }))
    }

    /// Sends a message once.
    ///
    /// With an audit log, `sending` is in it before the message leaves and what became of it afterwards, so that a process that
    /// dies between the two leaves a trace of what it may have sent.
    pub(crate) async fn send(&self, conversation: &str, message: Message) -> Result<SentMessage> {
        let Inner { gateway, conversations, audit } = &*self.0;
        filled("conversation", conversation)?;
        let resent = message.client_id.is_some();
        let client_id = rules::client_id(message.client_id.clone())?;
        let (check, allow_unlisted_sender) = (message.check, message.allow_unlisted_sender);
        let payload = Payload::parse(message)?;
        if check {
            payload.suits(&*conversations.facts(conversation).await?, allow_unlisted_sender)?;
        }
        let wire = &payload.wire;
        let about = About { conversation, client_id: &client_id, sender: &wire.from, to: &wire.to };
        if let Some(audit) = audit {
            audit.push(about.entry(None, "sending")).await?;
        }
        let outcome = gateway.send_message(conversation, &client_id, resent, wire).await;
        let entry = match &outcome {
            Ok(queued) => about.entry(Some(&queued.id), &queued.status),
            Err(error) => about.entry(None, error.facts().code),
        };
        self.note(entry).await;
        let queued = outcome?;
        let (sender, to) = (wire.from.clone(), wire.to.clone());
        Ok(SentMessage {
            id: queued.id,
            conversation: conversation.to_owned(),
            status: queued.status,
            client_id,
            sender,
            to,
        })
    }

    /// Waits until `sent` is delivered.
    pub(crate) async fn await_delivery(&self, sent: &SentMessage, delivery: &Delivery) -> Result<Receipt> {
        let Inner { gateway, conversations, .. } = &*self.0;
        delivery.check()?;
        let outcome = delivery::wait(conversations, &*gateway.clock, sent, delivery).await;
        let SentMessage { id, conversation, client_id, sender, to, .. } = sent;
        let about = About { conversation, client_id, sender, to };
        let entry = match &outcome {
            Ok(receipt) => Some(timed(about.entry(Some(id), &receipt.status), receipt.elapsed, receipt.sla)),
            Err(Error::DeliveryFailed { status, .. }) => Some(about.entry(Some(id), status)),
            Err(Error::DeliveryTimeout { waited, sla, .. }) => {
                let elapsed = sla.map_or(*waited, |sla| sla.elapsed);
                Some(timed(about.entry(Some(id), "delivery_timeout"), elapsed, *sla))
            }
            // Nothing is known of the message that was not known before.
            Err(_) => None,
        };
        if let Some(entry) = entry {
            self.note(entry).await;
        }
        outcome
    }

    /// The pages of a conversation.
    pub(crate) fn history(
        &self,
        conversation: String,
        history: History,
    ) -> impl Stream<Item = Result<Vec<HistoryMessage>>> + Send + use<> {
        history::pages(self.0.gateway.clone(), conversation, history)
    }

    /// Writes down what has happened already; a log that cannot be written does not undo it.
    async fn note(&self, entry: AuditEntry) {
        if let Some(audit) = &self.0.audit
            && let Err(error) = audit.push_outcome(entry).await
        {
            warn!(%error, "an outcome is missing in the audit log");
        }
    }
}

/// What every entry about a message says. The names are the tutorial's; `conversation_id` and `client_id` are ours.
struct About<'a> {
    conversation: &'a str,
    client_id: &'a str,
    sender: &'a str,
    to: &'a [String],
}

impl About<'_> {
    fn entry(&self, message_id: Option<&str>, status: &str) -> AuditEntry {
        AuditEntry::new("message")
            .field("message_id", message_id.map_or(Value::Null, Value::from))
            .field("conversation_id", self.conversation)
            .field("client_id", self.client_id)
            .field("sender", self.sender)
            .field("receiver", self.to.join(", "))
            .field("status", status)
            .field("elapsed_seconds", Value::Null)
            .field("sla_violation", Value::Null)
    }
}

fn timed(entry: AuditEntry, elapsed: Duration, sla: Option<Sla>) -> AuditEntry {
    entry
        .field("elapsed_seconds", elapsed.as_secs_f64())
        .field("sla_violation", sla.map_or(Value::Null, |sla| Value::from(sla.violated)))
}
