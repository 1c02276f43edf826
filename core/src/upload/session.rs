//! One upload session, from the announcement to the confirmed checksums.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::Url;
use tracing::{debug, warn};

use super::UploadedFile;
use super::chunks::{Chunk, Chunks, Payload};
use super::journal::{Acknowledged, Identity, Journal, Saved};
use super::plan::ChunkPlan;
use super::progress::{Meter, OnProgress};
use super::sender::Sender;
use super::source::Source;
use crate::digest::Sha256;
use crate::error::{Error, Result};
use crate::gateway::wire::{Part, UploadSession};
use crate::gateway::{Gateway, Targets, broken_session, signed_for_one_object};

/// An upload with everything that outlives a session.
pub(super) struct Job<'a> {
    gateway: &'a Gateway,
    /// The largest chunk of a stream that may be held in memory.
    most: u64,
    source: Source,
    identity: Identity,
    journal: Option<Journal>,
    meter: Meter,
    concurrency: usize,
}

/// Why a session ended without a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Its URL ran out.
    Expired,
    /// It came from a journal, and the platform or the source does not agree with it any more.
    Stale,
    /// For good.
    Failed,
}

/// How a session ended without a file, and the error it is when nothing can be done about it.
type Failed = (Ended, Error);

/// What a session sends to, and what it has sent.
struct Open {
    session: UploadSession,
    targets: Targets,
    plan: ChunkPlan,
    content_type: String,
    resumed: Option<Saved>,
    /// By chunk.
    checksums: Vec<Sha256>,
    parts: Vec<Part>,
}

impl<'a> Job<'a> {
    pub(super) fn new(
        gateway: &'a Gateway,
        most: u64,
        source: Source,
        identity: Identity,
        journal: Option<Journal>,
        on_progress: Option<OnProgress>,
        concurrency: usize,
    ) -> Self {
        let meter = Meter::new(on_progress, gateway.clock.clone(), source.size());
        Self { gateway, most, source, identity, journal, meter, concurrency }
    }

    pub(super) fn can_start_over(&self) -> bool {
        self.source.can_be_read()
    }

    /// Makes room for a new session.
    pub(super) fn start_over(&mut self) -> Result<()> {
        self.meter.start_over();
        self.journal.as_mut().map_or(Ok(()), Journal::clear)
    }

    /// Runs one session: the one in the journal, or a new one.
    pub(super) async fn session(&mut self, name: &str, content_type: &str) -> Result<UploadedFile, Failed> {
        let mut open = self.open(name, content_type).await?;
        let resumed = open.resumed.is_some();
        let outcome = self.send_and_complete(&mut open).await;
        outcome.map_err(|error| {
            let ended = match &error {
                Error::Expired { .. } => Ended::Expired,
                Error::NotFound { .. } if resumed => Ended::Stale,
                Error::SourceChanged { .. } if resumed => Ended::Stale,
                // A storage that had part of a chunk when we were interrupted takes neither more nor less than the rest
                // of it, and nobody wrote down how much that is.
                Error::Api { answer, .. } | Error::InvalidInput { answer: Some(answer), .. }
                    if resumed && answer.status < 500 && answer.status != 408 =>
                {
                    Ended::Stale
                }
                _ => Ended::Failed,
            };
            let untrue = matches!(error, Error::ChecksumMismatch { .. } | Error::SourceChanged { .. });
            if untrue || ended != Ended::Failed {
                // What the journal says of the storage is not true, not of this source, or of no use any more: never go
                // on from there, in a later call neither.
                self.forget();
            }
            (ended, error)
        })
    }

    async fn open(&mut self, name: &str, content_type: &str) -> Result<Open, Failed> {
        let failed = |error| (Ended::Failed, error);
        let resumed = self.journal.as_mut().and_then(Journal::take_found);
        let session = match &resumed {
            Some(saved) => saved.session.clone(),
            None => self.gateway.initiate_upload(name, content_type, self.source.size()).await.map_err(failed)?,
        };
        debug!(upload = %session.upload_id, resumed = resumed.is_some(), "session open");
        // What a journal holds may be of no use any more; a new session may be.
        let ended = if resumed.is_some() { Ended::Stale } else { Ended::Failed };
        let unusable = |error| (ended, error);
        let plan = ChunkPlan::new(self.source.size(), session.chunk_size, session.max_chunks).map_err(unusable)?;
        let targets = self.gateway.targets(&session).map_err(unusable)?;
        self.fits(&plan, &targets).map_err(unusable)?;
        if let (None, Some(journal)) = (&resumed, &mut self.journal) {
            journal.begin(&self.identity, &session).map_err(failed)?;
        }
        let (checksums, parts, content_type) = (Vec::new(), Vec::new(), content_type.to_owned());
        Ok(Open { session, targets, plan, content_type, resumed, checksums, parts })
    }

    /// What can be known to go wrong before the first byte is sent.
    fn fits(&self, plan: &ChunkPlan, targets: &Targets) -> Result<()> {
        match targets {
            Targets::Ranged(url) if plan.count() > 1 && signed_for_one_object(url) => {
                let reason = "this URL is signed for one S3 object, which keeps only the last chunk of several; \
                              the platform has to answer with partUrls";
                return Err(Error::UnsafeTarget { reason: reason.to_owned() });
            }
            Targets::Parts(urls) if urls.len() as u64 != plan.count() => {
                let reason = format!("partUrls: expected one a chunk, {} in all, got {}", plan.count(), urls.len());
                return Err(broken_session(reason));
            }
            _ => {}
        }
        let held = matches!(self.source, Source::Stream { .. });
        if held && plan.longest() > self.most {
            let (longest, most) = (plan.longest(), self.most);
            let reason = format!("a chunk of a stream is held in memory: at most {most} bytes, got {longest}");
            return Err(Error::TooLarge { what: "chunk".to_owned(), reason, answer: None });
        }
        Ok(())
    }

    async fn send_and_complete(&mut self, open: &mut Open) -> Result<UploadedFile> {
        match open.targets.clone() {
            Targets::Ranged(url) => self.send_in_order(open, &url).await?,
            Targets::Parts(urls) => self.send_side_by_side(open, &urls).await?,
        }
        // Whoever hears of the last chunk can still drop the upload before it becomes a file.
        tokio::task::yield_now().await;
        self.source.unchanged()?;
        open.parts.sort_unstable_by_key(|part| part.part_number);
        let parts = matches!(open.targets, Targets::Parts(_)).then(|| std::mem::take(&mut open.parts));
        let (upload, content_type) = (&open.session.upload_id, &open.content_type);
        let done = self.gateway.complete_upload(upload, content_type, &open.checksums, parts).await?;
        if let Some(journal) = self.journal.take() {
            // The file is there; a journal that stays would only complete it again, with the same answer.
            if let Err(error) = journal.finish() {
                warn!(%error, "the journal stays");
            }
        }
        let checksums = std::mem::take(&mut open.checksums);
        let content_type = std::mem::take(&mut open.content_type);
        Ok(UploadedFile { id: done.file_id, name: done.name, content_type, size: open.plan.size, checksums })
    }

    async fn send_in_order(&mut self, open: &mut Open, url: &Url) -> Result<()> {
        // One chunk is sent while the next one of a stream is read.
        let mut chunks = Chunks::of(&mut self.source, open.plan, 2);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            if !self.known(open, &chunk)? {
                let sender = self.sender(open);
                sender.send_range(url, &chunk).await?;
                self.acknowledged(open, &chunk, None)?;
            }
        }
        complete(open)
    }

    async fn send_side_by_side(&mut self, open: &mut Open, urls: &[Url]) -> Result<()> {
        let mut chunks = Chunks::of(&mut self.source, open.plan, self.concurrency + 1);
        let sender = self.sender(open);
        let mut under_way = FuturesUnordered::new();
        let mut more = true;
        while more || !under_way.is_empty() {
            tokio::select! {
                // What is stored is written down before anything new begins.
                biased;
                Some(stored) = under_way.next() => {
                    let (chunk, etag): (Chunk, String) = stored?;
                    self.acknowledged(open, &chunk, Some(etag))?;
                }
                next = chunks.next(), if more && under_way.len() < self.concurrency => match next {
                    None => more = false,
                    Some(chunk) => {
                        let chunk = chunk?;
                        if !self.known(open, &chunk)? {
                            let url = &urls[usize::try_from(chunk.index).expect("as many URLs as chunks")];
                            under_way.push(async {
                                let etag = sender.send_part(url, &chunk).await?;
                                Ok::<_, Error>((chunk, etag))
                            });
                        }
                    }
                },
            }
        }
        complete(open)
    }

    /// Takes down the checksum of a chunk, and says whether the storage has it from an earlier run.
    fn known(&mut self, open: &mut Open, chunk: &Chunk) -> Result<bool> {
        open.checksums.push(chunk.sha256);
        let stored = open.resumed.as_ref().and_then(|saved| saved.chunks.get(&chunk.index));
        let Some(stored) = stored else { return Ok(false) };
        if stored.sha256 != chunk.sha256.to_string() {
            let path = match &chunk.payload {
                Payload::File { file, .. } => file.path.clone(),
                Payload::Memory(_) => "the source".into(),
            };
            let reason = format!("chunk {} is not what the journal says was sent", chunk.index);
            return Err(Error::SourceChanged { path, reason });
        }
        if let Some(etag) = &stored.etag {
            open.parts.push(Part { part_number: chunk.index + 1, etag: etag.clone() });
        }
        self.meter.acknowledged(chunk.range.end - chunk.range.start);
        Ok(true)
    }

    fn acknowledged(&mut self, open: &mut Open, chunk: &Chunk, etag: Option<String>) -> Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.acknowledge(chunk.index, Acknowledged::new(chunk.sha256, etag.clone()))?;
        }
        if let Some(etag) = etag {
            open.parts.push(Part { part_number: chunk.index + 1, etag });
        }
        debug!(upload = %open.session.upload_id, chunk = chunk.index, "chunk stored");
        self.meter.acknowledged(chunk.range.end - chunk.range.start);
        Ok(())
    }

    fn sender(&self, open: &Open) -> Sender<'a> {
        let (content_type, total) = (open.content_type.clone(), open.plan.size);
        Sender { gateway: self.gateway, meter: self.meter.clone(), content_type, total }
    }

    fn forget(&mut self) {
        if let Some(Err(error)) = self.journal.as_mut().map(Journal::clear) {
            warn!(%error, "a journal that is not true any more could not be cleared");
        }
    }
}

/// All chunks came; a reading that broke off without a word is the runtime shutting down.
fn complete(open: &Open) -> Result<()> {
    if open.checksums.len() as u64 == open.plan.count() { Ok(()) } else { Err(Error::Cancelled) }
}
