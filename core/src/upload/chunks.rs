//! The chunks of a source in order, each with its checksum, made ahead of the sending.
//!
//! A file is hashed in groups, as many chunks at once as the kernel has lanes, in windows of a megabyte; it is read a
//! second time for sending (from the page cache), and a CRC-64 of either reading proves that both saw the same bytes.
//! Bytes in memory are hashed the same way. A stream is held in memory chunk by chunk.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::plan::ChunkPlan;
use super::source::{Pieces, Source};
use crate::digest::{self, LANES, Sha256};
use crate::error::{Error, Result};
use crate::file::StillFile;

/// A chunk that is ready to be sent.
pub(super) struct Chunk {
    pub(super) index: u64,
    pub(super) range: Range<u64>,
    pub(super) sha256: Sha256,
    pub(super) payload: Payload,
    /// Room in memory, free again when the chunk is dropped.
    _room: Option<OwnedSemaphorePermit>,
}

/// Where a chunk's bytes are.
pub(super) enum Payload {
    /// In a file, to be read again; `crc64` is of the bytes that were hashed.
    File { file: StillFile, crc64: u64 },
    /// In memory.
    Memory(Vec<Bytes>),
}

/// The chunks of a source, in order.
pub(super) struct Chunks {
    ready: mpsc::Receiver<Result<Chunk>>,
    /// Stops the reading of a stream when this is dropped.
    _reader: JoinSet<()>,
}

impl Chunks {
    /// Starts making chunks. Of a stream at most `held` are in memory at once.
    /// A stream that was taken before gives none, so look at [`Source::can_be_read`] first.
    pub(super) fn of(source: &mut Source, plan: ChunkPlan, held: usize) -> Self {
        // One group may wait while the next one is hashed.
        let (sender, ready) = mpsc::channel(LANES);
        let mut reader = JoinSet::new();
        match source {
            Source::File(file) => {
                let file = file.clone();
                tokio::task::spawn_blocking(move || hash_file(&file, plan, &sender));
            }
            Source::Bytes(bytes) => {
                let bytes = bytes.clone();
                tokio::task::spawn_blocking(move || hash_bytes(&bytes, plan, &sender));
            }
            Source::Stream { pieces, .. } => {
                if let Some(pieces) = pieces.take() {
                    reader.spawn(async move {
                        if let Err(error) = read_stream(pieces, plan, held, &sender).await {
                            // Nobody listens any more when this fails, so there is nobody to tell.
                            let _ = sender.send(Err(error)).await;
                        }
                    });
                }
            }
        }
        Self { ready, _reader: reader }
    }

    /// The next chunk; none after the last one.
    pub(super) async fn next(&mut self) -> Option<Result<Chunk>> {
        self.ready.recv().await
    }
}

fn groups(plan: ChunkPlan) -> impl Iterator<Item = Vec<(u64, Range<u64>)>> {
    (0..plan.count())
        .step_by(LANES)
        .map(move |first| (first..plan.count()).take(LANES).map(|index| (index, plan.chunk(index))).collect())
}

fn hash_file(file: &StillFile, plan: ChunkPlan, sender: &mpsc::Sender<Result<Chunk>>) {
    for group in groups(plan) {
        let ranges: Vec<Range<u64>> = group.iter().map(|(_, range)| range.clone()).collect();
        let hashed = match digest::file_chunks(&file.file, &ranges, || !sender.is_closed()) {
            Ok(hashed) => hashed,
            Err(error) => {
                let _ = sender.blocking_send(Err(file.unreadable(error)));
                return;
            }
        };
        for ((index, range), hashed) in group.into_iter().zip(hashed) {
            let payload = Payload::File { file: file.clone(), crc64: hashed.crc64 };
            let chunk = Chunk { index, range, sha256: hashed.sha256, payload, _room: None };
            if sender.blocking_send(Ok(chunk)).is_err() {
                return;
            }
        }
    }
}

fn hash_bytes(bytes: &Bytes, plan: ChunkPlan, sender: &mpsc::Sender<Result<Chunk>>) {
    for group in groups(plan) {
        let slices: Vec<Bytes> = group.iter().map(|(_, range)| slice(bytes, range)).collect();
        let hashed = digest::byte_chunks(&slices.iter().map(Bytes::as_ref).collect::<Vec<_>>());
        for (((index, range), slice), sha256) in group.into_iter().zip(slices).zip(hashed) {
            let chunk = Chunk { index, range, sha256, payload: Payload::Memory(vec![slice]), _room: None };
            if sender.blocking_send(Ok(chunk)).is_err() {
                return;
            }
        }
    }
}

fn slice(bytes: &Bytes, range: &Range<u64>) -> Bytes {
    let position = |at: u64| usize::try_from(at).expect("a position in bytes that are in memory");
    bytes.slice(position(range.start)..position(range.end))
}

async fn read_stream(
    mut pieces: Pieces,
    plan: ChunkPlan,
    held: usize,
    sender: &mpsc::Sender<Result<Chunk>>,
) -> Result<()> {
    let room = Arc::new(Semaphore::new(held));
    // What a piece had beyond the end of its chunk.
    let mut rest = Bytes::new();
    for index in 0..plan.count() {
        let permit = room.clone().acquire_owned().await.expect("nobody closes it");
        let range = plan.chunk(index);
        let mut held = Vec::new();
        let mut missing = range.end - range.start;
        while missing > 0 {
            if rest.is_empty() {
                rest = match pieces.next().await {
                    Some(piece) => piece.map_err(|error| Error::file("could not read", STREAM, error))?,
                    None => return Err(short(plan.size, range.end - missing)),
                };
            }
            let take = usize::try_from(missing).unwrap_or(usize::MAX).min(rest.len());
            missing -= take as u64;
            if take > 0 {
                held.push(rest.split_to(take));
            }
        }
        if index + 1 == plan.count() && !(rest.is_empty() && ended(&mut pieces).await?) {
            let reason = format!("expected a stream of {} bytes, got more", plan.size);
            return Err(Error::invalid("size", reason));
        }
        let (sha256, held) =
            tokio::task::spawn_blocking(move || (hash_pieces(&held), held)).await.map_err(|_| Error::Cancelled)?;
        let chunk = Chunk { index, range, sha256, payload: Payload::Memory(held), _room: Some(permit) };
        if sender.send(Ok(chunk)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn hash_pieces(pieces: &[Bytes]) -> Sha256 {
    let mut hasher = digest::Hasher::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finish()
}

async fn ended(pieces: &mut Pieces) -> Result<bool> {
    while let Some(piece) = pieces.next().await {
        if !piece.map_err(|error| Error::file("could not read", STREAM, error))?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn short(size: u64, came: u64) -> Error {
    Error::invalid("size", format!("expected a stream of {size} bytes, it ended after {came}"))
}

const STREAM: &str = "the stream";
