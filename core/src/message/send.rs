//! The messages of one client: sent once, waited for, read again, and each step in the audit log.

use std::sync::Arc;

use futures_core::Stream;

use super::content::{HistoryMessage, Message, SentMessage};
use super::conversations::Conversations;
use super::delivery::{self, Delivery, Receipt};
use super::history::{self, History};
use super::rules::Payload;
use super::trail::{About, timed};
use crate::audit::AuditLog;
use crate::check::{filled, id_or_new};
use crate::error::{Error, Result};
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
        let client_id = id_or_new("client_id", message.client_id.clone())?;
        let (check, allow_unlisted_sender) = (message.check, message.allow_unlisted_sender);
        let payload = Payload::parse(message)?;
        if check {
            payload.suits(&*conversations.facts(conversation).await?, allow_unlisted_sender)?;
        }
        let wire = &payload.wire;
        let about =
            About { conversation: Some(conversation), client_id: Some(&client_id), sender: &wire.from, to: &wire.to };
        if let Some(audit) = audit {
            audit.push(about.entry(None, "sending")).await?;
        }
        let outcome = gateway.send_message(conversation, &client_id, resent, wire).await;
        let entry = match &outcome {
            Ok(queued) => about.entry(Some(&queued.id), &queued.status),
            Err(error) => about.entry(None, error.facts().code),
        };
        if let Some(audit) = audit {
            audit.note(entry).await;
        }
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
        let Inner { gateway, conversations, audit } = &*self.0;
        delivery.check()?;
        let outcome = delivery::wait(conversations, &*gateway.clock, sent, delivery).await;
        let SentMessage { id, conversation, client_id, sender, to, .. } = sent;
        let about = About { conversation: Some(conversation), client_id: Some(client_id), sender, to };
        let entry = match &outcome {
            Ok(receipt) => Some(timed(about.entry(Some(id), &receipt.status), receipt.elapsed, receipt.sla)),
            Err(Error::DeliveryFailed { status, .. }) => Some(about.entry(Some(id), status)),
            Err(Error::DeliveryTimeout { sla, .. }) => {
                let entry = about.entry(Some(id), "delivery_timeout");
                Some(match sla {
                    Some(sla) => timed(entry, sla.elapsed, Some(*sla)),
                    None => entry,
                })
            }
            // Nothing is known of the message that was not known before.
            Err(_) => None,
        };
        if let Some((audit, entry)) = audit.as_ref().zip(entry) {
            audit.note(entry).await;
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
}
