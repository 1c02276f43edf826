//! What a worker counts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::value::{PreviewOutcome, PreviewStats};

#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<PreviewStats>);

impl Tally {
    pub(super) fn stats(&self) -> PreviewStats {
        *self.stand()
    }

    /// One job more is under way until what this gives is dropped.
    pub(super) fn running(&self) -> Running<'_> {
        self.stand().running += 1;
        Running(self)
    }

    pub(super) fn made(&self, outcome: &PreviewOutcome) {
        let mut stand = self.stand();
        stand.made += 1;
        stand.bytes_fetched += outcome.source_bytes;
        let (times, more) = (&mut stand.times, outcome.timings);
        times.fetch += more.fetch;
        times.picture += more.picture;
        times.publish += more.publish;
        times.link += more.link;
    }

    pub(super) fn retried(&self) {
        self.stand().retried += 1;
    }

    pub(super) fn given_back(&self) {
        self.stand().given_back += 1;
    }

    pub(super) fn buried(&self) {
        self.stand().buried += 1;
    }

    fn stand(&self) -> MutexGuard<'_, PreviewStats> {
        // Whoever panicked with it had only counted.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Running<'a>(&'a Tally);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.stand().running -= 1;
    }
}
