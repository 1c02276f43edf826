//! The steps about previews, and the worker that a scenario has.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use porteur::simulator::{Simulator, webhook_signature};
use porteur::{AttachmentEvent, Client, Error, Preview, PreviewOutcome, PreviewWorker, Previews, Publish, Submitted};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Stage;

/// The worker's settings; the queue and the spool are in the scenario's folder.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PreviewSettings {
    /// On the simulator.
    publish_to: Option<String>,
    headers: BTreeMap<String, String>,
    public_url: Option<String>,
    webhook_secrets: Option<Vec<String>>,
    unsigned: bool,
    concurrency: Option<usize>,
    max_attempts: Option<u32>,
    visibility_ms: Option<u64>,
    remember_ms: Option<u64>,
    allow_private: Option<bool>,
    allowed_hosts: Vec<String>,
    max_width: Option<u32>,
    max_height: Option<u32>,
    quality: Option<u8>,
    page: Option<u32>,
    background: Option<[u8; 3]>,
    max_input_bytes: Option<u64>,
}

/// A webhook, or an event of one.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WebhookStep {
    event: Option<String>,
    /// The name of a file on the simulator.
    attachment: Option<String>,
    /// Members of `data` besides or in place of the usual ones.
    data: Map<String, Value>,
    /// The member of `data` that is left out.
    without: Option<String>,
    /// In place of everything.
    body: Option<String>,
    signature: Signature,
    attempt: Option<u32>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Signature {
    #[default]
    Good,
    /// With the secret that another one takes the place of.
    Old,
    Wrong,
    None,
}

/// All dead letters, or the one of this attachment.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Letters {
    All(#[expect(dead_code, reason = "always true: it is there to be a member")] bool),
    Of(String),
}

impl PreviewSettings {
    pub(super) fn open(&self, client: &Client, simulator: &Simulator, folder: &Path) -> Result<PreviewWorker, Error> {
        let url = simulator.url();
        let place = self.publish_to.as_deref().unwrap_or("/cdn/{id}");
        let mut publish = Publish::template(format!("{url}{place}"));
        publish.headers.extend(self.headers.clone());
        publish.public_url.clone_from(&self.public_url);
        let mut preview = Preview::default();
        preview.max_width = self.max_width.unwrap_or(preview.max_width);
        preview.max_height = self.max_height.unwrap_or(preview.max_height);
        preview.quality = self.quality.unwrap_or(preview.quality);
        preview.page = self.page.unwrap_or(preview.page);
        preview.background = self.background;
        preview.limits.max_input_bytes = self.max_input_bytes.unwrap_or(preview.limits.max_input_bytes);
        let mut previews = Previews::new(publish)
            .queue(folder.join("previews.db").to_string_lossy())
            .spool(folder.join("spool"))
            .preview(preview)
            .unsigned(self.unsigned)
            // One after the other, so that what is asked has an order.
            .concurrency(self.concurrency.unwrap_or(1))
            .allow_private(self.allow_private.unwrap_or(true))
            .allowed_hosts(&self.allowed_hosts);
        previews = match &self.webhook_secrets {
            Some(secrets) => previews.webhook_secrets(secrets),
            None => previews.webhook_secrets([SECRET, OLD_SECRET]),
        };
        previews.max_attempts = self.max_attempts.unwrap_or(previews.max_attempts);
        previews.visibility = self.visibility_ms.map_or(previews.visibility, Duration::from_millis);
        previews.remember = self.remember_ms.map_or(previews.remember, Duration::from_millis);
        client.previews(previews)
    }
}

impl WebhookStep {
    fn data(&self, simulator: &str) -> Map<String, Value> {
        let attachment = self.attachment.as_deref().unwrap_or(ATTACHMENT);
        let usual = json!({
            "conversationId": "conversation-1", "attachmentUrl": format!("{simulator}/hosted/{attachment}"),
            "fileName": attachment, "mimeType": "image/png",
        });
        let Value::Object(mut data) = usual else { unreachable!("it is an object") };
        data.extend(self.data.clone());
        if let Some(name) = &self.without {
            data.remove(name);
        }
        data
    }

    fn body(&self, simulator: &str) -> String {
        let event = self.event.as_deref().unwrap_or("webchat:attachment");
        let whole = || json!({ "event": event, "data": self.data(simulator) }).to_string();
        self.body.clone().unwrap_or_else(whole)
    }

    fn headers(&self, body: &str) -> Vec<(&'static str, String)> {
        let secret = match self.signature {
            Signature::Good => SECRET,
            Signature::Old => OLD_SECRET,
            Signature::Wrong => "another secret",
            Signature::None => return Vec::new(),
        };
        vec![("x-hub-signature-256", webhook_signature(secret, body.as_bytes()))]
    }
}

impl Stage {
    pub(super) async fn webhook(&self, step: &WebhookStep, simulator: &str) -> Result<Value, Error> {
        let body = step.body(simulator);
        let submitted = self.previews().submit(body.as_bytes(), step.headers(&body)).await?;
        let status = submitted.status();
        Ok(match submitted {
            Submitted::Queued { known, .. } => json!({ "status": status, "known": known }),
            Submitted::Ignored { reason } => json!({ "status": status, "reason": reason }),
        })
    }

    pub(super) async fn answer(&self, step: &WebhookStep, simulator: &str) -> Result<Value, Error> {
        let body = step.body(simulator);
        let answer = self.previews().answer(body.as_bytes(), step.headers(&body)).await;
        Ok(json!({ "status": answer.status, "body": answer.body }))
    }

    pub(super) async fn handle(&self, step: &WebhookStep, simulator: &str) -> Result<Value, Error> {
        let event = AttachmentEvent::parse(Value::from(step.data(simulator)).to_string().as_bytes())?;
        Ok(shown(&self.previews().handle(&event, step.attempt.unwrap_or(1)).await?))
    }

    /// Until the queue is empty.
    pub(super) async fn work(&self) -> Result<Value, Error> {
        let worker = self.previews();
        worker.drain().await?;
        let stats = worker.stats();
        let dead = worker.queue().dead_letters(None, usize::MAX).await?;
        let beginning = |reason: &str| reason.splitn(4, ": ").take(3).collect::<Vec<_>>().join(": ");
        Ok(json!({
            "made": stats.made, "retried": stats.retried, "given_back": stats.given_back, "buried": stats.buried,
            "dead": dead.iter().map(|letter| beginning(&letter.reason)).collect::<Vec<_>>(),
            "attempts": dead.iter().map(|letter| letter.attempts).collect::<Vec<_>>(),
            "last": worker.recent().first().map(shown),
        }))
    }

    pub(super) async fn queue(&self) -> Result<Value, Error> {
        let stats = self.previews().queue().stats().await?;
        Ok(json!({
            "waiting": stats.waiting, "taken": stats.taken, "delayed": stats.delayed, "dead": stats.dead,
            "remembered": stats.remembered,
        }))
    }

    pub(super) async fn redrive(&self, letters: &Letters) -> Result<Value, Error> {
        let queue = self.previews().queue();
        let jobs = match letters {
            Letters::All(_) => queue.redrive_all().await?,
            Letters::Of(key) => queue.redrive(key).await?.into(),
        };
        Ok(json!({ "jobs": jobs }))
    }

    pub(super) async fn purge(&self, letters: &Letters) -> Result<Value, Error> {
        let queue = self.previews().queue();
        let jobs = match letters {
            Letters::All(_) => queue.purge_all().await?,
            Letters::Of(key) => queue.purge(key).await?.into(),
        };
        Ok(json!({ "jobs": jobs }))
    }

    fn previews(&self) -> &PreviewWorker {
        self.previews.as_ref().expect("config.previews")
    }
}

fn shown(outcome: &PreviewOutcome) -> Value {
    json!({
        "conversation": outcome.conversation, "file_name": outcome.file_name, "message": outcome.message,
        "linked_before": outcome.linked_before, "format": outcome.format.name(), "width": outcome.width,
        "height": outcome.height, "source_bytes": outcome.source_bytes,
    })
}

const ATTACHMENT: &str = "photo.png";
const SECRET: &str = "webhook-secret";
const OLD_SECRET: &str = "webhook-secret-before";
