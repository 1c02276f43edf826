//! One job from the event to the message: fetch, make small, publish, link.
//!
//! Everything up to the message may be done twice and is then the same: the preview has the name of its job. The message
//! may not: before a later attempt posts, the history is searched for it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use serde_json::Value;
use tracing::debug;

use super::event::AttachmentEvent;
use super::fetch::Fetcher;
use super::kind::{agrees, declared};
use super::publish::{Publisher, Road};
use super::spool::{Spool, SpoolFile};
use super::trail;
use super::value::{PreviewOutcome, PreviewTimes};
use super::verdict::Stage;
use crate::audit::AuditLog;
use crate::clock::Clock;
use crate::cores::Cores;
use crate::error::{Error, Result};
use crate::gateway::Gateway;
use crate::gateway::wire::{Party, PostMessage};
use crate::media::{MediaSource, Preview, Transformed, preview};
use crate::message::{History, Messages};

/// What every job needs.
pub(super) struct Workshop {
    pub(super) gateway: Gateway,
    pub(super) messages: Messages,
    pub(super) audit: Option<AuditLog>,
    pub(super) fetcher: Fetcher,
    pub(super) publisher: Publisher,
    pub(super) spool: Spool,
    pub(super) preview: Preview,
    pub(super) cores: Cores,
    /// For putting a preview in all.
    pub(super) put_timeout: Duration,
}

/// One attempt at a job.
pub(super) struct Attempt<'a> {
    pub(super) event: &'a AttachmentEvent,
    /// Whether there was one before, which may have posted the message.
    pub(super) repeated: bool,
    /// From 1, for the audit log.
    pub(super) number: u32,
}

/// An attempt that failed, and where.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) stage: Stage,
    pub(super) error: Error,
}

impl Failed {
    /// A job that is none of ours: another version's, or somebody else's.
    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        let error = Error::invalid("job", format!("expected an attachment event: {error}"));
        Self { stage: Stage::Fetch, error }
    }
}

impl Workshop {
    /// Makes one attempt. `hold` is asked before anything that others see: it fails when the job is somebody else's by now.
    pub(super) async fn attempt<F>(&self, attempt: &Attempt<'_>, hold: impl Fn() -> F) -> Result<PreviewOutcome, Failed>
    where
        F: Future<Output = Result<()>>,
    {
        let began = self.clock().now();
        let made = self.make(attempt, hold).await;
        let took = self.clock().now().saturating_sub(began);
        if let Some(audit) = &self.audit {
            audit.note(trail::ended(attempt, made.as_ref().map_err(|failed| &failed.error), took)).await;
        }
        made
    }

    async fn make<F>(&self, attempt: &Attempt<'_>, hold: impl Fn() -> F) -> Result<PreviewOutcome, Failed>
    where
        F: Future<Output = Result<()>>,
    {
        let event = attempt.event;
        let id = event.key().to_string();
        let mut watch = Watch { clock: self.clock(), since: self.clock().now() };
        let mut timings = PreviewTimes::default();

        let (fetched, source_bytes) = self.fetch(event).await?;
        timings.fetch = watch.lap();
        let picture = self.make_small(event, fetched).await.map_err(at(Stage::Picture))?;
        timings.picture = watch.lap();
        hold().await.map_err(at(Stage::Publish))?;
        let Transformed { bytes, format, width, height, .. } = picture;
        let road = Road {
            http: &self.gateway.http,
            pacer: &self.gateway.pacer,
            clock: self.clock(),
            timeout: self.put_timeout,
        };
        let url = self.publisher.publish(&road, &id, bytes.clone(), format).await.map_err(at(Stage::Publish))?;
        timings.publish = watch.lap();
        let mut outcome = PreviewOutcome {
            id,
            conversation: event.conversation_id.clone(),
            file_name: event.file_name.clone(),
            url,
            message: String::new(),
            linked_before: false,
            bytes,
            format,
            width,
            height,
            source_bytes,
            timings,
        };
        let posted = if attempt.repeated { self.posted(&outcome).await.map_err(at(Stage::Link))? } else { None };
        outcome.linked_before = posted.is_some();
        outcome.message = match posted {
            Some(message) => message,
            None => {
                if let Some(audit) = &self.audit {
                    // Before it leaves: a process that dies now may have posted what no log would know of.
                    audit.push(trail::linking(attempt)).await.map_err(at(Stage::Link))?;
                }
                hold().await.map_err(at(Stage::Link))?;
                self.gateway.post_message(&message(&outcome)).await.map_err(at(Stage::Link))?.id
            }
        };
        outcome.timings.link = watch.lap();
        Ok(outcome)
    }

    /// The attachment, and how many bytes it has.
    async fn fetch(&self, event: &AttachmentEvent) -> Result<(SpoolFile, u64), Failed> {
        declared(&event.mime_type).map_err(at(Stage::Fetch))?;
        let mut file = self.spool.file().map_err(at(Stage::Fetch))?;
        let (url, tokens) = (&event.attachment_url, &self.gateway.tokens);
        let fetched = if self.fetcher.trusts(url) {
            let token = tokens.current().await.map_err(at(Stage::Token))?;
            let header = token.header().map_err(at(Stage::Token))?;
            match self.fetcher.fetch(url, Some(&header), &mut file).await {
                // As for every call: a refused token is replaced once.
                Err(Error::Unauthenticated { .. }) => {
                    tokens.refused(&token);
                    let token = tokens.current().await.map_err(at(Stage::Token))?;
                    let header = token.header().map_err(at(Stage::Token))?;
                    self.fetcher.fetch(url, Some(&header), &mut file).await
                }
                fetched => fetched,
            }
        } else {
            self.fetcher.fetch(url, None, &mut file).await
        };
        let bytes = fetched.map_err(at(Stage::Fetch))?.bytes;
        debug!(conversation = %event.conversation_id, bytes, "attachment fetched");
        Ok((file, bytes))
    }

    /// When there is a core for it, which is when the file is read.
    async fn make_small(&self, event: &AttachmentEvent, file: SpoolFile) -> Result<Transformed> {
        let (wish, mime_type) = (self.preview.clone(), event.mime_type.clone());
        let work = move || {
            let bytes: Bytes = MediaSource::from(file.path().to_owned()).read(&wish.limits)?;
            // It is in memory now.
            drop(file);
            agrees(&mime_type, &bytes)?;
            preview(&bytes, &wish)
        };
        self.cores.work(work).await
    }

    /// The message that an earlier attempt posted, if there is one.
    async fn posted(&self, outcome: &PreviewOutcome) -> Result<Option<String>> {
        // The largest pages: a long conversation is read from its beginning.
        let wish = History::default().page_size(100);
        let pages = self.messages.history(outcome.conversation.clone(), wish);
        let mut pages = std::pin::pin!(pages);
        while let Some(page) = pages.try_next().await? {
            let ours = |message: &&crate::message::HistoryMessage| {
                message.metadata.get(PREVIEW_ID).and_then(Value::as_str) == Some(&outcome.id)
            };
            if let Some(message) = page.iter().find(ours) {
                return Ok(Some(message.id.clone()));
            }
        }
        Ok(None)
    }

    fn clock(&self) -> &dyn Clock {
        &*self.gateway.clock
    }
}

fn at(stage: Stage) -> impl Fn(Error) -> Failed {
    move |error| Failed { stage, error }
}

/// The message that links a preview. Source: docs/platform.md, "Previews".
fn message(outcome: &PreviewOutcome) -> PostMessage {
    let party = |id: &str, name: &str| Party { id: Some(id.to_owned()), name: Some(name.to_owned()) };
    let metadata = [
        ("originalFileName", Value::from(outcome.file_name.as_str())),
        ("previewFormat", outcome.format.name().into()),
        ("previewSizeBytes", outcome.bytes.len().into()),
        (PREVIEW_ID, outcome.id.as_str().into()),
        ("previewWidth", outcome.width.into()),
        ("previewHeight", outcome.height.into()),
    ];
    PostMessage {
        conversation_id: outcome.conversation.clone(),
        kind: "message".to_owned(),
        from: party("system", "System"),
        to: vec![party(&outcome.conversation, "Guest Session")],
        text: format!("Preview generated: {}", outcome.url),
        metadata: metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// Times one stage after the other.
struct Watch<'a> {
    clock: &'a dyn Clock,
    since: Duration,
}

impl Watch<'_> {
    fn lap(&mut self) -> Duration {
        let now = self.clock.now();
        now.saturating_sub(std::mem::replace(&mut self.since, now))
    }
}

/// By which a message is found again.
const PREVIEW_ID: &str = "previewId";
