//! What became of webhooks and of their attachments.

use std::collections::HashMap;

use napi::bindgen_prelude::{Buffer, Unknown};
use napi_derive::napi;

use crate::convert::{Whole, ms, number};

/// Which attempt at a preview it is.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct HandleOptions<'env> {
    /// Counted from 1. Default 1.
    #[napi(ts_type = "number")]
    pub attempt: Option<Whole>,
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// What became of a webhook.
#[napi(object, object_from_js = false)]
pub struct Submitted {
    /// `queued` when it is a job, and stored; `ignored` when it is of no attachment.
    #[napi(ts_type = "'queued' | 'ignored'")]
    pub status: String,
    /// The key of the job.
    pub id: Option<String>,
    /// Whether the job was known before: the same event came again.
    pub known: bool,
    /// Why it is ignored.
    pub reason: Option<String>,
}

/// What to answer to whoever sent a webhook.
#[napi(object, object_from_js = false)]
pub struct WebhookAnswer {
    /// 200; 400, 401 or 413 for what is not acceptable; 503 when the job could not be stored.
    pub status: u16,
    /// `Content-Type`, and with 503 `Retry-After`.
    #[napi(ts_type = "Record<string, string>")]
    pub headers: HashMap<String, String>,
    /// JSON, as in `{"status":"queued"}`.
    pub body: String,
}

/// A preview that stands in its conversation.
#[napi(object, object_from_js = false)]
pub struct PreviewOutcome {
    /// The key of the job: `{id}` of what was published, and `previewId` in the message.
    pub id: String,
    /// The conversation.
    pub conversation: String,
    /// The name of the attachment.
    pub file_name: String,
    /// Where the preview is to be had.
    pub url: String,
    /// The id of the message that says so.
    pub message: String,
    /// Whether an earlier attempt had posted that message already.
    pub linked_before: bool,
    /// The preview itself.
    pub bytes: Buffer,
    /// What it is encoded as: `webp`.
    pub format: String,
    /// Its MIME type.
    pub content_type: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Bytes of the attachment.
    pub source_bytes: f64,
    /// How long it took.
    pub timings: PreviewTimes,
}

/// How long each stage of a preview took.
#[napi(object, object_from_js = false)]
pub struct PreviewTimes {
    /// Fetching the attachment.
    pub fetch_ms: f64,
    /// Waiting for a processor, and making the picture small.
    pub picture_ms: f64,
    /// Putting the preview where it is to be had.
    pub publish_ms: f64,
    /// Saying so in the conversation.
    pub link_ms: f64,
}

impl From<porteur::Submitted> for Submitted {
    fn from(submitted: porteur::Submitted) -> Self {
        let status = submitted.status().to_owned();
        match submitted {
            porteur::Submitted::Queued { id, known } => Self { status, id: Some(id), known, reason: None },
            porteur::Submitted::Ignored { reason } => Self { status, id: None, known: false, reason: Some(reason) },
        }
    }
}

impl From<porteur::WebhookAnswer> for WebhookAnswer {
    fn from(answer: porteur::WebhookAnswer) -> Self {
        let headers = answer.headers().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { status: answer.status, headers, body: answer.body }
    }
}

impl From<porteur::PreviewOutcome> for PreviewOutcome {
    fn from(outcome: porteur::PreviewOutcome) -> Self {
        Self {
            id: outcome.id,
            conversation: outcome.conversation,
            file_name: outcome.file_name,
            url: outcome.url,
            message: outcome.message,
            linked_before: outcome.linked_before,
            bytes: outcome.bytes.to_vec().into(),
            format: outcome.format.name().to_owned(),
            content_type: outcome.format.content_type().to_owned(),
            width: outcome.width,
            height: outcome.height,
            source_bytes: number(outcome.source_bytes),
            timings: outcome.timings.into(),
        }
    }
}

impl From<porteur::PreviewTimes> for PreviewTimes {
    fn from(times: porteur::PreviewTimes) -> Self {
        let [fetch_ms, picture_ms, publish_ms, link_ms] =
            [times.fetch, times.picture, times.publish, times.link].map(ms);
        Self { fetch_ms, picture_ms, publish_ms, link_ms }
    }
}
