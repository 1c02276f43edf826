//! What a worker counts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::value::{PreviewOutcome, PreviewStats};
use super::verdict::Stage;

#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Stand>);

#[derive(Debug, Default)]
struct Stand {
    stats: PreviewStats,
    /// Attempts that failed at publishing and at linking since one last got past that.
    in_a_row: [u32; 2],
}

impl Tally {
    pub(super) fn stats(&self) -> PreviewStats {
        self.stand().stats
    }

    /// One job more is under way until what this gives is dropped.
    pub(super) fn running(&self) -> Running<'_> {
        self.stand().stats.running += 1;
        Running(self)
    }

    pub(super) fn made(&self, outcome: &PreviewOutcome) {
        let mut stand = self.stand();
        stand.in_a_row = [0; 2];
        let stats = &mut stand.stats;
        stats.made += 1;
        stats.bytes_fetched += outcome.source_bytes;
        let (times, more) = (&mut stats.times, outcome.timings);
        times.fetch += more.fetch;
        times.picture += more.picture;
        times.publish += more.publish;
        times.link += more.link;
    }

    /// Notes a failure, and says how many there were in a row at its stage.
    pub(super) fn failed(&self, stage: Stage) -> u32 {
        let mut stand = self.stand();
        let [publish, link] = &mut stand.in_a_row;
        match stage {
            Stage::Token | Stage::Fetch | Stage::Picture => 1,
            Stage::Publish => {
                *publish += 1;
                *publish
            }
            Stage::Link => {
                // It was published before.
                *publish = 0;
                *link += 1;
                *link
            }
        }
    }

    pub(super) fn retried(&self) {
        self.stand().stats.retried += 1;
    }

    pub(super) fn given_back(&self) {
        self.stand().stats.given_back += 1;
    }

    pub(super) fn buried(&self) {
        self.stand().stats.buried += 1;
    }

    fn stand(&self) -> MutexGuard<'_, Stand> {
        // Whoever panicked with it had only counted.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Running<'a>(&'a Tally);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.stand().stats.running -= 1;
    }
}
