//! Uploading a file: announce it, put its chunks, confirm their checksums.
//!
//! The platform names the chunk size; we never choose it. Chunks of one URL go in order, one at a time; only part URLs
//! go side by side. Source: docs/platform.md, "Uploads".

mod body;
mod chunks;
mod journal;
mod plan;
mod progress;
mod sender;
mod session;
mod source;

use std::path::PathBuf;

use bytes::Bytes;
use futures_core::Stream;
use reqwest::header::HeaderValue;
use serde_json::Value;
use tokio::io::AsyncRead;
use tracing::{info, warn};

use crate::audit::{AuditEntry, AuditLog};
use crate::digest::Sha256;
use crate::error::{Error, Result};
use crate::gateway::Gateway;

use journal::{Identity, Journal};
pub use progress::{OnProgress, Progress};
use session::{Ended, Job};
use source::{Source, Wish};

/// A file to upload.
///
/// ```
/// use porteur::Upload;
/// let upload = Upload::path("invoice.pdf").content_type("application/pdf").journal("invoice.journal");
/// assert_eq!(upload.name, "invoice.pdf");
/// ```
pub struct Upload {
    source: Wish,
    /// The name that the platform keeps. Default the last part of the path.
    pub name: String,
    /// The MIME type. Default `application/octet-stream`.
    pub content_type: String,
    /// How many parts travel side by side when the platform gives one URL a part. Default 4.
    pub concurrency: usize,
    /// Where to write down what was reached, so that a later call goes on there. Default nowhere.
    pub journal: Option<PathBuf>,
    on_progress: Option<OnProgress>,
}

impl Upload {
    /// The file at a path. It is read twice, once for its checksums and once for sending, in windows: memory does not
    /// grow with the file or its chunks.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::new(Wish::Path(path), name)
    }

    /// Bytes in memory.
    pub fn bytes(bytes: impl Into<Bytes>, name: impl Into<String>) -> Self {
        Self::new(Wish::Bytes(bytes.into()), name.into())
    }

    /// A stream of `size` bytes. It is read once: at most [`Upload::concurrency`] chunks and one more are held in
    /// memory, and when the upload URL expires on the way the upload ends as [`Error::Expired`].
    pub fn stream(
        stream: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        size: u64,
        name: impl Into<String>,
    ) -> Self {
        Self::new(Wish::Stream { pieces: Box::pin(stream), size }, name.into())
    }

    /// A reader of `size` bytes; the rest is as with [`Upload::stream`].
    pub fn reader(reader: impl AsyncRead + Send + 'static, size: u64, name: impl Into<String>) -> Self {
        Self::stream(tokio_util::io::ReaderStream::with_capacity(reader, READ), size, name)
    }

    fn new(source: Wish, name: String) -> Self {
        Self {
            source,
            name,
            content_type: "application/octet-stream".to_owned(),
            concurrency: 4,
            journal: None,
            on_progress: None,
        }
    }

    /// Sets the name that the platform keeps.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the MIME type.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = content_type.into();
        self
    }

    /// Sets how many parts travel side by side, 1 to 64.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Sets where to write down what was reached. The file is created with mode 0600 (it holds the upload URLs), is
    /// locked while it is used, and is removed when the upload is complete.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.journal = Some(path.into());
        self
    }

    /// Sets what is told how far the upload is: at most every 100 ms, and once at the end.
    pub fn on_progress(mut self, listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(std::sync::Arc::new(listener));
        self
    }

    fn check(&self) -> Result<()> {
        if self.name.trim().is_empty() {
            return Err(Error::invalid("name", "expected a file name, got an empty one"));
        }
        if let Some(control) = self.name.chars().find(|c| c.is_control()) {
            return Err(Error::invalid("name", format!("expected no control characters, got {control:?}")));
        }
        let type_and_subtype = self.content_type.split(';').next().unwrap_or_default().trim().split_once('/');
        let named = type_and_subtype.is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty());
        if !named || HeaderValue::from_str(&self.content_type).is_err() {
            let reason = format!("expected a MIME type such as application/pdf, got {:?}", self.content_type);
            return Err(Error::invalid("content_type", reason));
        }
        if !(1..=MOST_CONCURRENT).contains(&self.concurrency) {
            let reason = format!("expected 1 to {MOST_CONCURRENT}, got {}", self.concurrency);
            return Err(Error::invalid("concurrency", reason));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("name", &self.name)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

/// A file that the platform has, checksums confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedFile {
    /// The platform's id of the file, for messages to refer to.
    pub id: String,
    /// The name as the platform keeps it.
    pub name: String,
    /// The MIME type that it was uploaded with.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// The SHA-256 of each chunk, in order.
    pub checksums: Vec<Sha256>,
}

/// Uploads; `most` is the largest chunk of a stream that may be held in memory. With an audit log, `uploading` is in it before
/// anything is sent and what became of it afterwards.
pub(crate) async fn run(
    gateway: &Gateway,
    audit: Option<&AuditLog>,
    most: u64,
    upload: Upload,
) -> Result<UploadedFile> {
    upload.check()?;
    let Some(audit) = audit else { return uploaded(gateway, most, upload).await };
    let (name, content_type) = (upload.name.clone(), upload.content_type.clone());
    let entry = |status: &str| {
        AuditEntry::new("upload")
            .field("file_id", Value::Null)
            .field("name", name.as_str())
            .field("content_type", content_type.as_str())
            .field("size", Value::Null)
            .field("status", status)
            .field("elapsed_seconds", Value::Null)
    };
    audit.push(entry("uploading")).await?;
    let started = gateway.clock.now();
    let outcome = uploaded(gateway, most, upload).await;
    let elapsed = gateway.clock.now().saturating_sub(started).as_secs_f64();
    let entry = match &outcome {
        Ok(file) => entry("completed").field("file_id", file.id.as_str()).field("size", file.size),
        Err(error) => entry(error.facts().code),
    };
    audit.note(entry.field("elapsed_seconds", elapsed)).await;
    outcome
}

async fn uploaded(gateway: &Gateway, most: u64, upload: Upload) -> Result<UploadedFile> {
    let Upload { source, name, content_type, concurrency, journal, on_progress } = upload;
    // Opening a file can wait for a disk.
    let source = tokio::task::spawn_blocking(move || Source::open(source)).await.map_err(|_| Error::Cancelled)??;
    let identity = Identity::of(gateway.api.as_str(), &source, &name, &content_type);
    let journal = match journal {
        None => None,
        Some(path) => {
            let identity = identity.clone();
            let open = tokio::task::spawn_blocking(move || Journal::open(path, &identity));
            Some(open.await.map_err(|_| Error::Cancelled)??)
        }
    };
    let mut job = Job::new(gateway, most, source, identity, journal, on_progress, concurrency);
    let mut renewals = 0;
    loop {
        let (ended, error) = match job.session(&name, &content_type).await {
            Ok(file) => {
                info!(file = %file.id, bytes = file.size, "uploaded");
                return Ok(file);
            }
            Err(failed) => failed,
        };
        let renew = match ended {
            Ended::Expired => {
                renewals += 1;
                renewals <= RENEWALS
            }
            // A session from a journal that is of no use any more is replaced once: the next one is new.
            Ended::Stale => true,
            Ended::Failed => false,
        };
        if !renew || !job.can_start_over() {
            return Err(error);
        }
        warn!(%error, "starting a new upload session");
        job.start_over()?;
    }
}

/// How often an expired URL is answered with a new session.
const RENEWALS: u32 = 2;
/// Enough for any link; more would only wait for the storage's limits.
const MOST_CONCURRENT: usize = 64;
/// What is read from a reader at once.
const READ: usize = 64 << 10;
