//! What a worker has to say: what became of a webhook, a preview that was made, how it fares.

use std::time::Duration;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::media::Format;

/// A preview that stands in its conversation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PreviewOutcome {
    /// The key of the job: lower-case hex SHA-256 of the conversation and the attachment's URL without its query. It
    /// is `{id}` of what was published, and `previewId` in the message.
    pub id: String,
    /// The conversation.
    pub conversation: String,
    /// The name of the attachment.
    pub file_name: String,
    /// Where the preview is to be had.
    pub url: String,
    /// The message that says so, as the platform names it.
    pub message: String,
    /// Whether an earlier attempt had posted that message already.
    pub linked_before: bool,
    /// The preview itself.
    pub bytes: Bytes,
    /// What it is encoded as.
    pub format: Format,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Bytes of the attachment.
    pub source_bytes: u64,
    /// How long each stage took.
    pub timings: PreviewTimes,
}

impl PreviewOutcome {
    /// The preview in base64 (RFC 4648, section 4), as for a `data:` URL.
    pub fn base64(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(&self.bytes)
    }
}

/// How long each stage of a preview took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PreviewTimes {
    /// Fetching the attachment.
    pub fetch: Duration,
    /// Waiting for a processor, and making the picture small.
    pub picture: Duration,
    /// Putting the preview where it is to be had.
    pub publish: Duration,
    /// Saying so in the conversation.
    pub link: Duration,
}

/// What became of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// It is a job, and stored: nothing loses it any more.
    Queued {
        /// The key of the job.
        id: String,
        /// Whether the job was known before: the same event came again.
        known: bool,
    },
    /// It is of no attachment.
    Ignored {
        /// Why, for whoever sent it.
        reason: String,
    },
}

impl Submitted {
    /// `queued` or `ignored`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Ignored { .. } => "ignored",
        }
    }
}

/// What to answer to whoever sent a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// HTTP status: 200; 400, 401 or 413 for what is not acceptable; 503 when the job could not be stored.
    pub status: u16,
    /// With 503: the seconds of the header `Retry-After`.
    pub retry_after: Option<u64>,
    /// JSON, as in `{"status":"queued"}`.
    pub body: String,
}

impl WebhookAnswer {
    /// What its headers are: `Content-Type`, and `Retry-After` where there is a time.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let retry_after = self.retry_after.map(|seconds| ("Retry-After", seconds.to_string()));
        std::iter::once(("Content-Type", "application/json".to_owned())).chain(retry_after).collect()
    }

    pub(super) fn to(submitted: Result<Submitted>) -> Self {
        let json = |status, body: serde_json::Value| Self { status, retry_after: None, body: body.to_string() };
        match submitted {
            Ok(Submitted::Queued { .. }) => json(200, serde_json::json!({ "status": "queued" })),
            Ok(Submitted::Ignored { reason }) => {
                json(200, serde_json::json!({ "status": "ignored", "reason": reason }))
            }
            Err(Error::WebhookRejected { status, reason, .. }) => {
                json(status, serde_json::json!({ "status": "rejected", "reason": reason }))
            }
            // Ours to mend; what is wrong is in the log, and is nobody's business outside.
            Err(_) => {
                let reason = "the job could not be stored";
                let answer = json(503, serde_json::json!({ "status": "unavailable", "reason": reason }));
                Self { retry_after: Some(RETRY_AFTER_S), ..answer }
            }
        }
    }
}

/// How a worker fares. Counts are of this process since the worker was made; what is in the queue is everybody's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PreviewStats {
    /// Jobs that are under way.
    pub running: u64,
    /// Previews that were made and linked.
    pub made: u64,
    /// Attempts that failed and are made again.
    pub retried: u64,
    /// Attempts that were given back since the platform or the CDN was not to be had.
    pub given_back: u64,
    /// Jobs that became dead letters.
    pub buried: u64,
    /// Bytes of attachments that were fetched.
    pub bytes_fetched: u64,
    /// The time that each stage took, over all previews that were made.
    pub times: PreviewTimes,
    /// For how long no job is begun from now on, since the platform or the CDN is not to be had.
    pub paused: Option<Duration>,
}

/// As long as the worker leaves a queue alone that is not to be had.
const RETRY_AFTER_S: u64 = 5;
