//! The queue as a file that all processes of a host share.
//!
//! A job is one row, and its key is unique, so that nothing is to be kept equal between tables. `visible_at` is when it may be
//! handed out and `since` when that was set, both in milliseconds of [`Clock::date`]: a `since` in the future tells that the clock
//! went back.

mod lane;
mod rows;
mod schema;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::value::{Attempt, DeadLetter, Enqueued, Job, JobReceipt, QueueSettings, QueueStats, Returned, millis};
use crate::clock::Clock;
use crate::error::Result;
use lane::Lane;

/// A handle to the file.
#[derive(Debug, Clone)]
pub(super) struct Sqlite {
    lane: Arc<Lane>,
    settings: Arc<QueueSettings>,
}

impl Sqlite {
    pub(super) fn open(path: PathBuf, settings: Arc<QueueSettings>, clock: Arc<dyn Clock>) -> Result<Self> {
        // Looked at and closed again, so that a process which is forked before the first call inherits nothing.
        drop(schema::open(&path, settings.lock_wait)?);
        Ok(Self { lane: Arc::new(Lane::new(path, settings.lock_wait, clock)), settings })
    }

    /// A file was made when it was opened.
    pub(super) async fn init(&self) -> Result<()> {
        self.lane.read(|_, _| Ok(())).await
    }

    pub(super) async fn enqueue(&self, key: &str, body: Bytes) -> Result<Enqueued> {
        let (settings, key) = (self.settings.clone(), key.to_owned());
        self.lane.write(move |rows, now| rows::enqueue(rows, &settings, now, &key, &body)).await
    }

    pub(super) async fn receive(&self, most: usize, visible_after: Duration) -> Result<Vec<Job>> {
        let settings = self.settings.clone();
        // Asked without a lock first: whoever polls an empty queue keeps nobody from writing.
        if !self.lane.read(move |rows, now| rows::any_visible(rows, &settings, now)).await? {
            return Ok(Vec::new());
        }
        let settings = self.settings.clone();
        let wait = millis(visible_after);
        self.lane.write(move |rows, now| rows::receive(rows, &settings, now, most, wait)).await
    }

    pub(super) async fn next_due(&self) -> Result<Option<Duration>> {
        let settings = self.settings.clone();
        self.lane.read(move |rows, now| rows::next_due(rows, &settings, now)).await
    }

    pub(super) async fn extend(&self, receipt: &JobReceipt, visible_after: Duration) -> Result<()> {
        let (mine, wait) = (receipt.clone(), millis(visible_after));
        let held = self.lane.write(move |rows, now| rows::extend(rows, now, &mine, wait)).await?;
        if held { Ok(()) } else { Err(receipt.stale()) }
    }

    pub(super) async fn ack(&self, receipt: &JobReceipt) -> Result<()> {
        let (settings, mine) = (self.settings.clone(), receipt.clone());
        let held = self.lane.write(move |rows, now| rows::ack(rows, &settings, now, &mine)).await?;
        if held { Ok(()) } else { Err(receipt.stale()) }
    }

    pub(super) async fn nack(
        &self,
        receipt: &JobReceipt,
        delay: Duration,
        reason: String,
        attempt: Attempt,
    ) -> Result<Returned> {
        if attempt == Attempt::Counted && receipt.attempt >= self.settings.max_attempts {
            return self.bury(receipt, reason).await.map(|()| Returned::Dead);
        }
        let (mine, wait) = (receipt.clone(), millis(delay));
        let held = self.lane.write(move |rows, now| rows::give_back(rows, now, &mine, wait, attempt)).await?;
        if held { Ok(Returned::Waiting) } else { Err(receipt.stale()) }
    }

    pub(super) async fn bury(&self, receipt: &JobReceipt, reason: String) -> Result<()> {
        let mine = receipt.clone();
        let held = self.lane.write(move |rows, now| rows::bury(rows, now, mine.id, mine.generation, &reason)).await?;
        if held { Ok(()) } else { Err(receipt.stale()) }
    }

    pub(super) async fn dead_letters(&self, after: u64, most: usize) -> Result<Vec<DeadLetter>> {
        let settings = self.settings.clone();
        self.lane.read(move |rows, _| rows::dead_letters(rows, &settings, after, most)).await
    }

    /// Of one key, or of all.
    pub(super) async fn redrive(&self, key: Option<&str>) -> Result<u64> {
        let (settings, key) = (self.settings.clone(), key.map(str::to_owned));
        self.lane.write(move |rows, now| rows::redrive(rows, &settings, now, key.as_deref())).await
    }

    /// Of one key, or of all.
    pub(super) async fn purge(&self, key: Option<&str>) -> Result<u64> {
        let (settings, key) = (self.settings.clone(), key.map(str::to_owned));
        self.lane.write(move |rows, _| rows::purge(rows, &settings, key.as_deref())).await
    }

    pub(super) async fn stats(&self) -> Result<QueueStats> {
        let settings = self.settings.clone();
        self.lane.read(move |rows, now| rows::stats(rows, &settings, now)).await
    }
}
