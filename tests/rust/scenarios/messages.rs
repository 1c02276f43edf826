//! The steps about messages to a conversation: sending them, waiting for them, reading them back.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use porteur::{Attachment, CONCURRENCY, Content, Delivery, Error, History, Message, SentMessage, simulator};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Stage;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SendStep {
    conversation: Option<String>,
    text: Option<String>,
    html: Option<String>,
    json: Option<Value>,
    sender: Option<String>,
    to: Option<Vec<String>>,
    attach: bool,
    attachments: Vec<AttachmentStep>,
    client_id: Option<String>,
    check: Option<bool>,
    allow_unlisted_sender: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttachmentStep {
    filename: String,
    text: Option<String>,
    zeros: Option<usize>,
    url: Option<String>,
    file_id: Option<String>,
    content_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendManyStep {
    messages: Vec<SendStep>,
    concurrency: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GeneratedStep {
    seed: u64,
    count: usize,
    concurrency: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AwaitStep {
    within_ms: Option<u64>,
    interval_ms: Option<u64>,
    backoff: Option<f64>,
    sla_ms: Option<u64>,
    message: Option<SentElsewhere>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentElsewhere {
    conversation: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryStep {
    conversation: Option<String>,
    page_size: Option<u32>,
    page_token: Option<String>,
    take: Option<usize>,
}

impl Stage {
    pub(super) async fn send(&mut self, step: &SendStep) -> Result<Value, Error> {
        let sent = self.client.send(step.conversation(), self.message(step)?).await?;
        let value = json!({
            "id": sent.id, "status": sent.status, "client_id": sent.client_id, "conversation": sent.conversation,
        });
        self.sent = Some(sent);
        Ok(value)
    }

    pub(super) async fn send_many(&mut self, step: &SendManyStep) -> Result<Value, Error> {
        let messages = step.messages.iter().map(|one| Ok((one.conversation().to_owned(), self.message(one)?)));
        let messages = messages.collect::<Result<Vec<_>, Error>>()?;
        self.send_all(messages, step.concurrency).await
    }

    pub(super) async fn send_generated(&mut self, step: &GeneratedStep) -> Result<Value, Error> {
        let messages = simulator::messages(step.seed).take(step.count);
        self.send_all(messages.map(|message| (CONVERSATION.to_owned(), message)).collect(), step.concurrency).await
    }

    async fn send_all(&mut self, messages: Vec<(String, Message)>, concurrency: Option<usize>) -> Result<Value, Error> {
        let outcomes = self.client.send_many(messages, concurrency.unwrap_or(CONCURRENCY)).await?;
        let mut names = Vec::new();
        for outcome in outcomes {
            names.push(match &outcome {
                Ok(sent) => sent.id.clone(),
                Err(error) => format!("error:{}", error.facts().code),
            });
            self.sent = outcome.ok().or(self.sent.take());
        }
        Ok(json!({ "sent": names }))
    }

    pub(super) async fn await_delivery(&self, step: &AwaitStep) -> Result<Value, Error> {
        let sent = match &step.message {
            Some(message) => SentMessage::new(&message.conversation, &message.id),
            None => self.sent.clone().expect("a message in an earlier step"),
        };
        let ms = Duration::from_millis;
        let mut delivery = Delivery::default();
        delivery.within = step.within_ms.map_or(delivery.within, ms);
        delivery.interval = step.interval_ms.map_or(delivery.interval, ms);
        delivery.backoff = step.backoff.unwrap_or(delivery.backoff);
        delivery.sla = step.sla_ms.map(ms);
        let receipt = self.client.await_delivery(&sent, &delivery).await?;
        let elapsed = u64::try_from(receipt.elapsed.as_millis()).expect("no scenario is that long");
        let mut value = json!({ "status": receipt.status, "elapsed_ms": elapsed });
        if let Some(sla) = receipt.sla {
            value["sla_violated"] = json!(sla.violated);
        }
        Ok(value)
    }

    pub(super) async fn history(&self, step: &HistoryStep) -> Result<Value, Error> {
        let mut history = History::default();
        history.page_size = step.page_size.unwrap_or(history.page_size);
        history.page_token.clone_from(&step.page_token);
        let mut messages = self.client.history(step.conversation.as_deref().unwrap_or(CONVERSATION), history);
        let mut ids = Vec::new();
        while step.take.is_none_or(|most| ids.len() < most) {
            let Some(message) = messages.try_next().await? else { break };
            ids.push(message.id);
        }
        Ok(json!({ "ids": ids }))
    }

    fn message(&self, step: &SendStep) -> Result<Message, Error> {
        let content = Content::one_of(step.text.clone(), step.html.clone(), step.json.clone())?;
        let mut message = Message::new(content).sender(step.sender.as_deref().unwrap_or(SENDER));
        message.to = step.to.clone().unwrap_or_else(|| vec![RECIPIENT.to_owned()]);
        if step.attach {
            message = message.attach(self.file.as_ref().expect("a file in an earlier step"));
        }
        for attachment in &step.attachments {
            message = message.attachment(attachment.attachment()?);
        }
        message.client_id.clone_from(&step.client_id);
        message.check = step.check.unwrap_or(message.check);
        message.allow_unlisted_sender = step.allow_unlisted_sender.unwrap_or(message.allow_unlisted_sender);
        Ok(message)
    }
}

impl SendStep {
    fn conversation(&self) -> &str {
        self.conversation.as_deref().unwrap_or(CONVERSATION)
    }
}

impl AttachmentStep {
    fn attachment(&self) -> Result<Attachment, Error> {
        let data = match (&self.text, self.zeros) {
            (Some(text), None) => Some(Bytes::from(text.clone())),
            (None, Some(zeros)) => Some(Bytes::from(vec![0; zeros])),
            (None, None) => None,
            _ => panic!("an attachment has either text or zeros"),
        };
        let attachment = Attachment::one_of(&self.filename, data, self.url.clone(), self.file_id.clone())?;
        Ok(match &self.content_type {
            Some(content_type) => attachment.content_type(content_type),
            None => attachment,
        })
    }
}

/// The simulator's own conversation and who takes part in it.
const CONVERSATION: &str = "conversation-1";
const SENDER: &str = "agent@example.com";
const RECIPIENT: &str = "customer@example.com";
