//! Where time and waiting come from.
//!
//! Everything here that waits asks a [`Clock`], so that tests of waiting are instant in every language: the simulator
//! brings a clock that moves on by itself, and it is the core's clock and not the test runner's.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

/// A future that is ready when a wait is over.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Time and waiting. [`SystemClock`] is the one for work, the simulator's `SimulatedClock` the one for tests.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Time since this clock was made; never goes back.
    fn now(&self) -> Duration;

    /// The date, for what the platform dates.
    fn date(&self) -> SystemTime;

    /// Waits.
    fn sleep(&self, wait: Duration) -> Wait;

    /// Ready when the other side kept us waiting for `limit`. Unlike [`Clock::sleep`] this is never us being patient,
    /// so a simulated clock does not move on for it: it is ready when the simulated platform stalls that long.
    fn deadline(&self, limit: Duration) -> Wait;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn date(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, wait: Duration) -> Wait {
        Box::pin(tokio::time::sleep(wait))
    }

    fn deadline(&self, limit: Duration) -> Wait {
        Box::pin(tokio::time::sleep(limit))
    }
}
