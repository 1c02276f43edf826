//! How far an upload is, told to whoever asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Clock;

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes handed to the network, those of chunks under way included; goes back when a chunk has to be sent again.
    pub sent: u64,
    /// Bytes that the storage acknowledged; never goes back within a session.
    pub acknowledged: u64,
    /// Bytes in all.
    pub total: u64,
}

/// What is called with the [`Progress`]: at most every 100 ms, and once at the end.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// Counts, and tells when it is time to.
#[derive(Clone)]
pub(super) struct Meter(Arc<Inner>);

struct Inner {
    listener: Option<OnProgress>,
    clock: Arc<dyn Clock>,
    total: u64,
    acknowledged: AtomicU64,
    under_way: AtomicU64,
    told: Mutex<Option<Duration>>,
}

impl Meter {
    pub(super) fn new(listener: Option<OnProgress>, clock: Arc<dyn Clock>, total: u64) -> Self {
        let told = Mutex::new(None);
        Self(Arc::new(Inner { listener, clock, total, acknowledged: 0.into(), under_way: 0.into(), told }))
    }

    /// An attempt at sending a piece; what it counted is taken back when it is dropped.
    pub(super) fn attempt(&self) -> Attempt {
        Attempt { meter: self.clone(), sent: AtomicU64::new(0) }
    }

    pub(super) fn acknowledged(&self, bytes: u64) {
        let acknowledged = self.0.acknowledged.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.tell(acknowledged == self.0.total);
    }

    /// A new session begins at nothing.
    pub(super) fn start_over(&self) {
        self.0.acknowledged.store(0, Ordering::Relaxed);
    }

    fn tell(&self, last: bool) {
        let Some(listener) = &self.0.listener else { return };
        // Held while the listener runs, so that no report overtakes one that is further. Whoever comes meanwhile has
        // nothing to add; only the last report waits.
        let told = if last { self.0.told.lock().ok() } else { self.0.told.try_lock().ok() };
        let Some(mut told) = told else { return };
        let now = self.0.clock.now();
        if !last && told.is_some_and(|told| now.saturating_sub(told) < EVERY) {
            return;
        }
        *told = Some(now);
        let acknowledged = self.0.acknowledged.load(Ordering::Relaxed);
        let sent = (acknowledged + self.0.under_way.load(Ordering::Relaxed)).min(self.0.total);
        listener(Progress { sent, acknowledged, total: self.0.total });
    }
}

/// What one attempt has handed to the network so far.
pub(super) struct Attempt {
    meter: Meter,
    sent: AtomicU64,
}

impl Attempt {
    pub(super) fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        self.meter.0.under_way.fetch_add(bytes, Ordering::Relaxed);
        self.meter.tell(false);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.meter.0.under_way.fetch_sub(*self.sent.get_mut(), Ordering::Relaxed);
    }
}

/// Often enough for a smooth bar, seldom enough for a callback into another language.
const EVERY: Duration = Duration::from_millis(100);
