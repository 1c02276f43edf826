//! One posting cycle: from the cursor to the end of the file, batch after batch, by one process at a time.
//!
//! Nothing is skipped and nothing overtakes: what the endpoint does not take stays at the front.

use std::fs::File;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;

use super::append::AppendFile;
use super::batch::{Batch, lines_from};
use super::cursor::{self, Cursor};
use super::entry;
use super::log::{AuditLog, Process, Shared};
use crate::error::{Error, Result};

/// How much to post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Portion {
    /// Everything that is in the file now, and not only when a failure is long enough ago.
    All,
    /// Everything that is in the file now.
    Rest,
    /// Whole batches only.
    Batches,
    /// The next batch, however small.
    One,
}

/// How a posting cycle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posted {
    /// All of the portion is acknowledged.
    Done,
    /// Another process is posting.
    Elsewhere,
    /// The last attempt failed so shortly ago that the next one waits this long.
    Paused(Duration),
}

impl AuditLog {
    /// Posts a portion of the file, if there is an endpoint.
    ///
    /// # Cancellation
    /// What was acknowledged stays so. A batch on its way is posted again by the next cycle, and folded at the other end.
    pub(super) async fn post(&self, portion: Portion) -> Result<Posted> {
        let Shared { settings, clock, .. } = &*self.0;
        let process = self.process();
        let mut not_before = process.posting.lock().await;
        let pause = not_before.saturating_sub(clock.now());
        if portion != Portion::All && !pause.is_zero() {
            return Ok(Posted::Paused(pause));
        }
        let posted = self.post_from_cursor(&process, portion).await;
        *not_before = match &posted {
            Ok(_) => Duration::ZERO,
            // As long as the endpoint asked for, if it did.
            Err(error) => {
                let pause = settings.every.max(error.facts().retry_after.unwrap_or_default());
                clock.now().saturating_add(pause)
            }
        };
        posted
    }

    async fn post_from_cursor(&self, process: &Process, portion: Portion) -> Result<Posted> {
        let Shared { settings, signer, sink: Some(sink), .. } = &*self.0 else { return Ok(Posted::Done) };
        let read = |error| Error::file("could not read the audit log", &settings.file, error);
        let file = match File::open(&settings.file) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Posted::Done),
            Err(error) => return Err(read(error)),
        };
        let Some(mut cursor) = Cursor::take(&settings.file, signer)? else { return Ok(Posted::Elsewhere) };
        // In this order: the lines of these entries are within the length.
        let (log, pushed) = match &*process.chain() {
            Some(chain) => (chain.now().log.clone(), chain.now().count),
            None => Default::default(),
        };
        // Up to here all lines are whole and stay as they are: a torn one behind them may be cut off while we read.
        let goal = AppendFile::open(settings.file.clone(), entry::BEGINNING)?.lock()?.length;
        let mut offset = cursor.offset(&file)?;
        let note = |count| process.chain().iter_mut().for_each(|chain| chain.note_posted(&log, count));
        loop {
            process.acknowledged.store(offset, Ordering::Relaxed);
            if offset >= goal && portion != Portion::Batches {
                note(pushed);
                return Ok(Posted::Done);
            }
            let batch = Batch::read(&file, offset..goal, settings.batch, &log).map_err(read)?;
            if batch.end == offset || (portion == Portion::Batches && !batch.full) {
                // What is left; what is not in it has been posted, by whomever.
                note(batch.own.map_or(pushed, |(first, _)| first - 1));
                return Ok(Posted::Done);
            }
            if batch.entries > 0 {
                sink.post(Bytes::from(batch.body)).await?;
            }
            cursor.advance(&file, batch.end)?;
            offset = batch.end;
            if let Some((_, last)) = batch.own {
                note(last);
            }
            if portion == Portion::One {
                process.acknowledged.store(offset, Ordering::Relaxed);
                return Ok(Posted::Done);
            }
        }
    }

    /// How many entries the endpoint has not acknowledged, as far as that can be seen.
    pub(super) fn waiting(&self) -> u64 {
        let Shared { settings, signer, .. } = &*self.0;
        let offset = cursor::acknowledged(&settings.file, signer).unwrap_or_default();
        File::open(&settings.file).and_then(|file| lines_from(&file, offset)).unwrap_or_default()
    }
}
