//! Sending one chunk, as often as the pace allows, with proof that what was sent is what was hashed.

use reqwest::Url;

use super::body::body;
use super::chunks::{Chunk, Payload};
use super::progress::Meter;
use crate::error::Result;
use crate::gateway::{Gateway, Piece, Put, Stored, broken_storage};
use crate::pace::{Class, Door, Failure, Health, Repeat};

/// Sends chunks, each as often as the pace allows.
pub(super) struct Sender<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) meter: Meter,
    pub(super) content_type: String,
    /// Bytes of the whole file.
    pub(super) total: u64,
}

impl Sender<'_> {
    /// Sends a chunk to the URL of all chunks; goes on where the storage says it stopped.
    pub(super) async fn send_range(&self, url: &Url, chunk: &Chunk) -> Result<()> {
        let mut from = chunk.range.start;
        loop {
            let piece = Piece::Range { bytes: from..chunk.range.end, total: self.total };
            let attempt = |_| async {
                match self.send(url, chunk, from, piece.clone()).await? {
                    Stored::UpTo(reached) => self.reached(chunk, from, reached),
                    Stored::All | Stored::Part { .. } => Ok(chunk.range.end),
                }
            };
            from = self.gateway.pacer.run(door(url), Repeat::Safe, attempt).await?;
            if from >= chunk.range.end {
                return Ok(());
            }
        }
    }

    /// Sends a chunk as the part that the URL is signed for.
    pub(super) async fn send_part(&self, url: &Url, chunk: &Chunk) -> Result<String> {
        let attempt = |_| async {
            match self.send(url, chunk, chunk.range.start, Piece::Part).await? {
                Stored::Part { etag } => Ok(etag),
                Stored::All | Stored::UpTo(_) => unreachable!("a part is stored as a part"),
            }
        };
        self.gateway.pacer.run(door(url), Repeat::Safe, attempt).await
    }

    /// One attempt. Fails when what was sent is not what was hashed.
    async fn send(&self, url: &Url, chunk: &Chunk, from: u64, piece: Piece) -> Result<Stored, Failure> {
        let (body, receipt) = body(chunk, from, self.meter.attempt());
        let put = Put { url, content_type: &self.content_type, piece, body };
        let outcome = self.gateway.put(put).await;
        let Payload::File { file, crc64 } = &chunk.payload else { return outcome };
        if let Some(error) = receipt.failure(file) {
            return Err(Failure::last(error));
        }
        let stored = outcome?;
        match receipt.crc64() {
            Some(sent) if sent == *crc64 => Ok(stored),
            Some(_) => {
                let reason = format!("chunk {} was another one when it was sent", chunk.index);
                Err(Failure::last(file.changed(reason)))
            }
            // A storage that answers before it has everything may still say how far it got.
            None if matches!(stored, Stored::UpTo(_)) => Ok(stored),
            None => Err(Failure::last(broken_storage("it was answered before all of it was sent"))),
        }
    }

    /// Where to go on after a 308. A storage that does not move is tried again as one that is ill.
    fn reached(&self, chunk: &Chunk, from: u64, reached: u64) -> Result<u64, Failure> {
        if reached < chunk.range.start || reached > chunk.range.end {
            let (start, end) = (chunk.range.start, chunk.range.end);
            let reason = format!("the storage says it has {reached} bytes, expected {start} to {end}");
            return Err(Failure::last(broken_storage(reason)));
        }
        if reached <= from {
            let error = broken_storage(format!("the storage still has {reached} bytes after this chunk"));
            return Err(Failure { error, class: Class::Unclear, health: Health::Works });
        }
        Ok(reached)
    }
}

/// A storage is not behind the bucket: its limits are its own, for each URL.
fn door(url: &Url) -> Door<'_> {
    Door::Unmetered(url.host_str().unwrap_or_default())
}
