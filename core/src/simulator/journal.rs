//! What the platform was asked, and every breach of the contract it saw.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, request};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use serde::{Serialize, Serializer};

use super::platform::locked;
use crate::gateway::wire::CLIENT_ID_HEADER;

/// One request the platform saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalEntry {
    /// Counted from 1, in order of arrival.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The path without its query, which may be a signature.
    pub path: String,
    /// How it ended.
    pub status: Outcome,
    /// `content-range`, `content-type`, `content-length` and `x-genesys-client-id` as they came, and `authorization` as
    /// the kind of what came: `none`, `basic`, `client`, `guest` or `unknown`.
    pub headers: BTreeMap<&'static str, String>,
    /// Bytes of the body that arrived.
    pub body_bytes: u64,
    /// Milliseconds on the platform's clock when it arrived.
    pub at_ms: u64,
}

/// How a request ended; as JSON the status, `"dropped"`, or `null` while it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Not answered yet.
    Open,
    /// Answered with this HTTP status.
    Answered(u16),
    /// The connection ended without an answer.
    Dropped,
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Open => serializer.serialize_none(),
            Self::Answered(status) => serializer.serialize_u16(*status),
            Self::Dropped => serializer.serialize_str("dropped"),
        }
    }
}

/// The journal of one platform.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: Mutex<Vec<JournalEntry>>,
    violations: Mutex<Vec<String>>,
}

impl Journal {
    /// Notes that a request arrived; the record notes how it ends.
    pub(super) fn begin(self: &Arc<Self>, request: &request::Parts, authorization: &str, at: Duration) -> Record {
        let mut headers = BTreeMap::from([("authorization", authorization.to_owned())]);
        for name in NOTED {
            if let Some(value) = request.headers.get(name) {
                headers.insert(name, String::from_utf8_lossy(value.as_bytes()).into_owned());
            }
        }
        let mut entries = locked(&self.entries);
        let index = entries.len();
        entries.push(JournalEntry {
            number: index as u64 + 1,
            method: request.method.to_string(),
            path: request.uri.path().to_owned(),
            status: Outcome::Open,
            headers,
            body_bytes: 0,
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
        });
        Record { journal: self.clone(), index, progress: Arc::default(), outcome: Outcome::Dropped }
    }

    /// Notes a breach of the contract, as a sentence about `request`.
    pub(super) fn breach(&self, number: u64, request: &str, sentence: &str) {
        locked(&self.violations).push(format!("request {number}, {request}: {sentence}"));
    }

    pub(super) fn entries(&self) -> Vec<JournalEntry> {
        locked(&self.entries).clone()
    }

    pub(super) fn violations(&self) -> Vec<String> {
        locked(&self.violations).clone()
    }

    /// How many requests asked for `path`.
    pub(super) fn count(&self, path: &str) -> u64 {
        locked(&self.entries).iter().filter(|entry| entry.path == path).count() as u64
    }
}

/// A request on its way. Dropped before it was answered, it is noted as dropped.
pub(super) struct Record {
    journal: Arc<Journal>,
    index: usize,
    progress: Arc<Progress>,
    outcome: Outcome,
}

impl Record {
    pub(super) fn number(&self) -> u64 {
        self.index as u64 + 1
    }

    /// `body`, with what arrives of it noted.
    pub(super) fn watch<B>(&self, body: B) -> Watched<B> {
        Watched { body, progress: self.progress.clone() }
    }

    /// Whether the body broke off.
    pub(super) fn broken(&self) -> bool {
        self.progress.broken.load(Ordering::Relaxed)
    }

    pub(super) fn answered(mut self, status: StatusCode) {
        self.outcome = Outcome::Answered(status.as_u16());
    }

    /// Notes already now that nobody will answer this.
    pub(super) fn silent(&self) {
        self.note(Outcome::Dropped);
    }

    fn note(&self, outcome: Outcome) {
        if let Some(entry) = locked(&self.journal.entries).get_mut(self.index) {
            entry.status = outcome;
            entry.body_bytes = self.progress.bytes.load(Ordering::Relaxed);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.note(self.outcome);
    }
}

#[derive(Debug, Default)]
struct Progress {
    bytes: AtomicU64,
    broken: AtomicBool,
}

/// A body whose bytes are counted as they are read.
pub(super) struct Watched<B> {
    body: B,
    progress: Arc<Progress>,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            Some(Err(_)) => self.progress.broken.store(true, Ordering::Relaxed),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The declared length of a body.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.parse().ok()
}

/// The headers that are noted as they came.
const NOTED: [&str; 4] = ["content-range", "content-type", "content-length", CLIENT_ID_HEADER];
