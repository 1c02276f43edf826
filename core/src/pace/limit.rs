//! The token bucket in front of platform calls.
//!
//! A theoretical arrival time instead of a counter: one duration says when the bucket is full again, so nothing has to
//! be refilled. A 429 freezes the bucket, and it comes back empty: whoever waited leaves one by one.

use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Clock;

/// How many calls may leave, and when the next one does.
#[derive(Debug)]
pub(super) struct Bucket {
    interval: Duration,
    burst: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the bucket is full again, on the clock.
    full_at: Duration,
    /// Counts the freezes: a slot reserved before one is not valid after it.
    freezes: u64,
    frozen_until: Duration,
}

impl Bucket {
    pub(super) fn new(per_minute: u32, burst: u32) -> Self {
        let interval = Duration::from_secs(60) / per_minute.max(1);
        Self { interval, burst: interval * burst.max(1), state: Mutex::default() }
    }

    /// Waits for a slot, as long as that takes at our own rate.
    ///
    /// # Errors
    /// How long the platform wants no call at all, when that is longer than `patience`.
    ///
    /// # Cancellation
    /// A caller that goes away while waiting leaves its slot unused.
    pub(super) async fn take(&self, clock: &dyn Clock, patience: Duration) -> Result<(), Duration> {
        loop {
            let now = clock.now();
            let frozen = self.lock().frozen_until.saturating_sub(now);
            if frozen > patience {
                return Err(frozen);
            }
            let (wait, freezes) = self.reserve(now);
            if wait.is_zero() {
                return Ok(());
            }
            clock.sleep(wait).await;
            if self.lock().freezes == freezes {
                return Ok(());
            }
        }
    }

    /// No call leaves for `pause`; afterwards one each interval.
    pub(super) fn freeze(&self, now: Duration, pause: Duration) {
        let mut state = self.lock();
        let until = now.saturating_add(pause);
        if until > state.frozen_until {
            state.frozen_until = until;
            state.full_at = until.saturating_add(self.burst - self.interval);
            state.freezes += 1;
        }
    }

    fn reserve(&self, now: Duration) -> (Duration, u64) {
        let mut state = self.lock();
        let full_at = state.full_at.max(now).saturating_add(self.interval);
        state.full_at = full_at;
        (full_at.saturating_sub(self.burst).saturating_sub(now), state.freezes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_leaves_at_once_and_the_rest_at_the_rate() {
        let bucket = Bucket::new(300, 3);
        let waits: Vec<u128> = (0..5).map(|_| bucket.reserve(Duration::ZERO).0.as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 200, 400]);
    }

    #[test]
    fn a_frozen_bucket_lets_one_call_out_when_it_thaws_and_the_next_an_interval_later() {
        let bucket = Bucket::new(300, 30);
        bucket.freeze(Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(bucket.reserve(Duration::from_secs(1)).0, Duration::from_secs(2));
        assert_eq!(bucket.reserve(Duration::from_secs(3)).0, Duration::from_millis(200));
    }

    #[test]
    fn a_shorter_freeze_does_not_shorten_a_longer_one() {
        let bucket = Bucket::new(300, 30);
        bucket.freeze(Duration::ZERO, Duration::from_secs(10));
        bucket.freeze(Duration::ZERO, Duration::from_secs(1));
        assert_eq!(bucket.reserve(Duration::ZERO).0, Duration::from_secs(10));
    }
}
