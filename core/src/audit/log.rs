//! The audit log of one client: entries in, each with a place in the file before the call returns.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::warn;

use super::chain::Chain;
use super::cursor;
use super::entry::{AuditEntry, AuditReceipt, Parsed};
use super::post::{Portion, Posted};
use super::settings::{Audit, AuditSync, WhenFull};
use super::sink::Sink;
use crate::clock::Clock;
use crate::digest::Signer;
use crate::error::{Error, Result};
use crate::http::Http;
use crate::pace::Pacer;

/// A log that is written to, and posted if it has an endpoint. Clones share it. One that is dropped without
/// [`AuditLog::close`] is signed, and posted by whoever opens the file next.
#[derive(Debug, Clone)]
pub(crate) struct AuditLog(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Audit,
    pub(super) signer: Signer,
    pub(super) sink: Option<Sink>,
    pub(super) clock: Arc<dyn Clock>,
    /// Held for as long as it takes to look at it.
    process: Mutex<Arc<Process>>,
    pub(super) closed: AtomicBool,
}

/// What belongs to one process. A forked one makes its own, since two that continue one chain would break it.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// Begun with the first entry.
    chain: Mutex<Option<Chain>>,
    /// Whoever syncs has it, so that those who wait meanwhile find themselves synced.
    syncing: Mutex<()>,
    /// Whoever posts has it. After a failure it says when the next attempt may begin.
    pub(super) posting: tokio::sync::Mutex<Duration>,
    /// Bytes of the file that were acknowledged when we last looked.
    pub(super) acknowledged: AtomicU64,
    /// There is something to do for the task in `pulse`.
    pub(super) wake: Arc<Notify>,
    /// Somebody was turned away because the log is full.
    pub(super) pressed: AtomicBool,
    pub(super) task: Mutex<Option<JoinHandle<()>>>,
}

/// Whether an entry may be held back by the limit of bytes.
#[derive(Clone, Copy)]
enum Limit {
    Holds,
    /// It is the outcome of something that was begun.
    Spares,
}

impl AuditLog {
    /// Checks the settings; opens nothing.
    ///
    /// `timeout` is for one post of a batch.
    pub(crate) fn new(
        settings: Audit,
        http: Http,
        pacer: Arc<Pacer>,
        clock: Arc<dyn Clock>,
        timeout: Duration,
        allow_plain_http: bool,
    ) -> Result<Self> {
        settings.check()?;
        let signer = settings.signer();
        let sink = settings.target(allow_plain_http)?.map(|url| {
            let (signer, clock) = (signer.clone(), clock.clone());
            Sink { url, http, pacer, clock, timeout, signer }
        });
        let process = Mutex::new(Arc::new(Process::new(std::process::id())));
        let closed = AtomicBool::new(false);
        Ok(Self(Arc::new(Shared { settings, signer, sink, clock, process, closed })))
    }

    /// Appends an entry, and says where it stands. When the limit of bytes is reached it waits, or fails, as the settings say.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] and [`Error::TooLarge`] before anything is written; [`Error::Unavailable`] when the log is full;
    /// [`Error::File`] when it cannot be written. After one about syncing the entry is in the file all the same.
    ///
    /// # Cancellation
    /// The entry is in the file or it is not, never half.
    pub(crate) async fn push(&self, entry: AuditEntry) -> Result<AuditReceipt> {
        self.write(entry, Limit::Holds).await
    }

    /// [`AuditLog::push`] for the outcome of something that was begun: the limit does not hold it back.
    ///
    /// # Errors
    /// Those of [`AuditLog::push`] but [`Error::Unavailable`].
    ///
    /// # Cancellation
    /// The entry is in the file or it is not, never half.
    pub(crate) async fn push_outcome(&self, entry: AuditEntry) -> Result<AuditReceipt> {
        self.write(entry, Limit::Spares).await
    }

    /// [`AuditLog::push_outcome`] of what has happened already: a log that cannot be written does not undo it.
    pub(crate) async fn note(&self, entry: AuditEntry) {
        if let Err(error) = self.push_outcome(entry).await {
            warn!(%error, "an outcome is missing in the audit log");
        }
    }

    /// Syncs and signs what this process wrote, and posts everything that is in the file now.
    ///
    /// # Errors
    /// Why the endpoint did not take it; the entries stay in the file and are posted later. [`Error::File`].
    ///
    /// # Cancellation
    /// What was acknowledged is not posted again; what was on its way may be, and is folded at the other end.
    pub(crate) async fn flush(&self) -> Result<()> {
        self.keep().await?;
        while self.0.sink.is_some() && matches!(self.post(Portion::All).await?, Posted::Elsewhere) {
            self.0.clock.sleep(ELSEWHERE).await;
        }
        Ok(())
    }

    /// Syncs, signs, and tries for at most [`Audit::drain`] to post what is left. The rest stays in the file for the next client.
    ///
    /// # Cancellation
    /// What is left stays in the file.
    pub(crate) async fn close(&self) {
        let Shared { settings, clock, sink, closed, .. } = &*self.0;
        closed.store(true, Ordering::Relaxed);
        self.process().wake.notify_one();
        let ends = clock.now().saturating_add(settings.drain);
        let drain = async {
            loop {
                let Err(error) = self.flush().await else { return Ok(()) };
                let facts = error.facts();
                let wait = facts.retry_after.unwrap_or(CLOSING_PAUSE);
                if !facts.retryable || clock.now().saturating_add(wait) >= ends {
                    return Err(error);
                }
                clock.sleep(wait).await;
            }
        };
        let outcome = tokio::select! {
            biased;
            outcome = drain => outcome.map_err(|error| error.to_string()),
            () = clock.deadline(settings.drain) => Err(format!("{:?} were not enough", settings.drain)),
        };
        let Err(reason) = outcome else { return };
        let (file, entries) = (settings.file.display(), self.waiting());
        match sink {
            Some(_) => warn!(%file, entries, %reason, "audit entries stay in the file for the next client to post"),
            None => warn!(%file, %reason, "the audit log was not signed to its end"),
        }
    }

    async fn write(&self, entry: AuditEntry, limit: Limit) -> Result<AuditReceipt> {
        let settings = &self.0.settings;
        let entry = entry.parse(self.0.clock.date())?;
        let receipt = loop {
            let process = self.process();
            if let Some(receipt) = self.append(&process, &entry, limit)? {
                break receipt;
            }
            match settings.when_full {
                WhenFull::Wait => self.make_room().await,
                WhenFull::Fail => {
                    process.pressed.store(true, Ordering::Relaxed);
                    process.wake.notify_one();
                    self.beat(&process);
                    return Err(self.full());
                }
            }
        };
        if settings.sync == AuditSync::Entry {
            self.keep_until(receipt.sequence).await?;
        }
        Ok(receipt)
    }

    /// Nothing when the limit holds the entry back.
    fn append(&self, process: &Arc<Process>, entry: &Parsed, limit: Limit) -> Result<Option<AuditReceipt>> {
        let Shared { settings, signer, sink, .. } = &*self.0;
        let mut slot = process.chain();
        if let Some(moved) = slot.take_if(|chain| !chain.is_in_place()) {
            // Whoever moved the file wants the entries to come in a new one. The old one is signed where it is now.
            sign_to_its_end(moved);
            process.acknowledged.store(0, Ordering::Relaxed);
        }
        let chain = match slot.take() {
            Some(chain) => slot.insert(chain),
            None => slot.insert(Chain::begin(&settings.file, signer)?),
        };
        let limited = sink.is_some() && matches!(limit, Limit::Holds);
        let appended = chain.append(entry, |length, line| !limited || self.has_room(process, length, line))?;
        let Some(receipt) = appended else { return Ok(None) };
        let batch = settings.batch as u64;
        if chain.unsigned() >= batch && settings.sync != AuditSync::Entry {
            // The entry is in the file; a checkpoint that fails is made up for by the next one.
            let now = chain.now().clone();
            if let Err(error) = chain.sign(&now) {
                warn!(%error, "a checkpoint of the audit log is late");
            }
        }
        let unkept = receipt.sequence - chain.kept();
        if unkept >= batch || (sink.is_some() && chain.unposted() >= batch) {
            process.wake.notify_one();
        }
        drop(slot);
        self.beat(process);
        Ok(Some(receipt))
    }

    /// Whether an entry of `line` bytes that makes the file `length` bytes long is within the limit.
    fn has_room(&self, process: &Process, length: u64, line: u64) -> bool {
        let Shared { settings, signer, .. } = &*self.0;
        let before = length - line;
        let fits = |acknowledged: u64| {
            // A cursor beyond the end is of another log.
            let waiting = if acknowledged > before { before } else { before - acknowledged };
            waiting == 0 || waiting + line <= settings.limit_bytes
        };
        if fits(process.acknowledged.load(Ordering::Relaxed)) {
            return true;
        }
        // Another process may have posted meanwhile.
        let now = cursor::acknowledged(&settings.file, signer).unwrap_or_default();
        process.acknowledged.store(now, Ordering::Relaxed);
        fits(now)
    }

    /// Posts one batch, or waits before somebody tries again.
    async fn make_room(&self) {
        let Shared { settings, clock, .. } = &*self.0;
        let wait = match self.post(Portion::One).await {
            Ok(Posted::Done) => return,
            Ok(Posted::Elsewhere) => ELSEWHERE,
            Ok(Posted::Paused(pause)) => pause,
            Err(error) => {
                warn!(file = %settings.file.display(), %error, "the audit log is full, and its endpoint does not take more");
                settings.every
            }
        };
        clock.sleep(wait).await;
    }

    fn full(&self) -> Error {
        let Audit { file, limit_bytes, every, .. } = &self.0.settings;
        let reason = format!(
            "the audit log {} is full: {limit_bytes} bytes wait for the audit endpoint; look why it does not take them, or \
             raise limit_bytes",
            file.display()
        );
        Error::Unavailable { reason, attempts: 0, retry_after: Some(*every), answer: None }
    }

    /// Syncs and signs everything that this process wrote.
    pub(super) async fn keep(&self) -> Result<()> {
        let count = self.process().chain().as_ref().map_or(0, |chain| chain.now().count);
        self.keep_until(count).await
    }

    /// Syncs and signs the first `count` entries of this process at least. On a thread that may wait for a disk.
    async fn keep_until(&self, count: u64) -> Result<()> {
        let (sync, process) = (self.0.settings.sync, self.process());
        let kept = tokio::task::spawn_blocking(move || process.keep(count, sync)).await;
        // Lost only with its runtime.
        kept.unwrap_or(Err(Error::Cancelled))
    }

    /// What belongs to this process.
    pub(super) fn process(&self) -> Arc<Process> {
        self.process_of(std::process::id())
    }

    pub(super) fn process_of(&self, id: u32) -> Arc<Process> {
        let mut process = locked(&self.0.process);
        if process.id != id {
            *process = Arc::new(Process::new(id));
        }
        process.clone()
    }
}

impl Process {
    fn new(id: u32) -> Self {
        Self {
            id,
            chain: Mutex::default(),
            syncing: Mutex::default(),
            posting: tokio::sync::Mutex::default(),
            acknowledged: AtomicU64::new(0),
            wake: Arc::default(),
            pressed: AtomicBool::new(false),
            task: Mutex::default(),
        }
    }

    pub(super) fn chain(&self) -> MutexGuard<'_, Option<Chain>> {
        locked(&self.chain)
    }

    /// Syncs and signs the first `count` entries at least, as far as `sync` asks for it. Others write meanwhile.
    fn keep(&self, count: u64, sync: AuditSync) -> Result<()> {
        let _turn = locked(&self.syncing);
        let (state, (entries, checkpoints)) = match &*self.chain() {
            Some(chain) if chain.kept() < count => (chain.now().clone(), chain.to_sync()),
            _ => return Ok(()),
        };
        // The entries first: a checkpoint of entries that a loss of power took would accuse somebody.
        if sync != AuditSync::Never {
            entries.sync()?;
        }
        if let Some(chain) = &mut *self.chain() {
            chain.note_synced(&state);
            chain.sign(&state)?;
        }
        if sync == AuditSync::Never { Ok(()) } else { checkpoints.sync() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What was copied by a fork is not ours to sign.
        if self.id != std::process::id() {
            return;
        }
        if let Some(chain) = self.chain.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            sign_to_its_end(chain);
        }
        // The task finds nobody and ends.
        self.wake.notify_one();
    }
}

fn sign_to_its_end(mut chain: Chain) {
    let now = chain.now().clone();
    if let Err(error) = chain.sign(&now) {
        warn!(%error, "the audit log was not signed to its end");
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Between two looks whether another process has ended posting.
const ELSEWHERE: Duration = Duration::from_millis(100);
/// Between two attempts to post while closing, where the endpoint names no time.
const CLOSING_PAUSE: Duration = Duration::from_secs(1);
