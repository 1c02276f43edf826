//! The bytes of one attempt, with proof of what was sent.

use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::mpsc;

use super::chunks::{Chunk, Payload};
use super::progress::Attempt;
use crate::digest::Crc64;
use crate::error::Error;
use crate::file::{StillFile, read_exact_at};
use crate::http::Body;

/// What became of the reading behind a body.
#[derive(Clone, Default)]
pub(super) struct Receipt(Arc<Mutex<Reading>>);

#[derive(Default)]
enum Reading {
    #[default]
    UnderWay,
    /// Read to the end, with this CRC-64 over the whole chunk.
    Done(u64),
    Failed(std::io::Error),
}

impl Receipt {
    /// The error of the file, when it was the file that ended the body.
    pub(super) fn failure(&self, file: &StillFile) -> Option<Error> {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *reading) {
            Reading::Failed(error) => Some(file.unreadable(error)),
            other => {
                *reading = other;
                None
            }
        }
    }

    /// The CRC-64 of what was read for sending; none while some of it was not read.
    pub(super) fn crc64(&self) -> Option<u64> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Reading::Done(crc64) => Some(crc64),
            Reading::UnderWay | Reading::Failed(_) => None,
        }
    }

    fn set(&self, reading: Reading) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reading;
    }
}

/// The bytes of `chunk` from position `from` of the file on.
pub(super) fn body(chunk: &Chunk, from: u64, attempt: Attempt) -> (Body, Receipt) {
    let receipt = Receipt::default();
    let length = chunk.range.end - from;
    let pieces: Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>> = match &chunk.payload {
        Payload::Memory(pieces) => {
            Box::pin(Counted { pieces: futures_util::stream::iter(after(pieces, from - chunk.range.start)), attempt })
        }
        // Nothing is read, and the answer may come before a thread could say so.
        Payload::File { .. } if length == 0 => {
            receipt.set(Reading::Done(Crc64::new().finish()));
            Box::pin(futures_util::stream::empty())
        }
        Payload::File { file, .. } => {
            let (sender, receiver) = mpsc::channel(WINDOWS);
            let (file, range, receipt) = (file.file.clone(), chunk.range.clone(), receipt.clone());
            tokio::task::spawn_blocking(move || read_ahead(&file, range, from, &sender, &receipt));
            Box::pin(Counted { pieces: Received(receiver), attempt })
        }
    };
    (Body::Stream { pieces, length }, receipt)
}

/// Reads the whole chunk, for its CRC-64, and hands on what lies at `from` or after it.
fn read_ahead(
    file: &std::fs::File,
    range: Range<u64>,
    from: u64,
    sender: &mpsc::Sender<std::io::Result<Bytes>>,
    receipt: &Receipt,
) {
    let mut crc64 = Crc64::new();
    let mut at = range.start;
    while at < range.end {
        let length = (range.end - at).min(WINDOW);
        let mut window = vec![0; usize::try_from(length).expect("a window fits into memory")];
        if let Err(error) = read_exact_at(file, &mut window, at) {
            // The body has to end with an error too, or the storage would take a short chunk for a whole one.
            let told = std::io::Error::new(error.kind(), "the file could not be read");
            receipt.set(Reading::Failed(error));
            let _ = sender.blocking_send(Err(told));
            return;
        }
        crc64.update(&window);
        let before = from.saturating_sub(at).min(length);
        let piece = Bytes::from(window).slice(usize::try_from(before).expect("within the window")..);
        at += length;
        if at == range.end {
            // Before the last piece leaves: the answer may come right after it.
            receipt.set(Reading::Done(crc64.finish()));
            crc64 = Crc64::new();
        }
        if !piece.is_empty() && sender.blocking_send(Ok(piece)).is_err() {
            return;
        }
    }
}

fn after(pieces: &[Bytes], mut skip: u64) -> Vec<std::io::Result<Bytes>> {
    let mut left = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let skipped = skip.min(piece.len() as u64);
        skip -= skipped;
        let mut piece = piece.slice(usize::try_from(skipped).expect("within the piece")..);
        while !piece.is_empty() {
            let window = usize::try_from(WINDOW).expect("a window fits into memory").min(piece.len());
            left.push(Ok(piece.split_to(window)));
        }
    }
    left
}

struct Received(mpsc::Receiver<std::io::Result<Bytes>>);

impl Stream for Received {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}

/// Pieces that tell the meter when they leave.
struct Counted<S> {
    pieces: S,
    attempt: Attempt,
}

impl<S: Stream<Item = std::io::Result<Bytes>> + Unpin> Stream for Counted<S> {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = std::task::ready!(Pin::new(&mut self.pieces).poll_next(cx));
        if let Some(Ok(piece)) = &next {
            self.attempt.sent(piece.len() as u64);
        }
        Poll::Ready(next)
    }
}

/// What is read at once, and how many of those wait to be sent: small enough for the second-level cache, large enough
/// to keep the socket busy. Twelve uploads at once hold 12 MiB of them.
const WINDOW: u64 = 256 << 10;
const WINDOWS: usize = 2;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;
    use crate::upload::chunks::Chunks;
    use crate::upload::plan::ChunkPlan;
    use crate::upload::progress::Meter;
    use crate::upload::source::{Source, Wish};

    #[tokio::test]
    async fn an_empty_file_is_read_before_its_answer_can_come() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        std::fs::write(&path, b"").unwrap();
        let mut source = Source::open(Wish::Path(path)).unwrap();
        let chunk = Chunks::of(&mut source, ChunkPlan::new(0, 8, 1).unwrap(), 1).next().await.unwrap().unwrap();
        let meter = Meter::new(None, Arc::new(SystemClock::new()), 0);
        let (_body, receipt) = body(&chunk, 0, meter.attempt());
        assert!(receipt.crc64().is_some());
    }
}
