//! The token bucket in front of platform calls.
//!
//! A theoretical arrival time instead of a counter: one duration says when the bucket is full again, so nothing has to
//! be refilled. A 429 freezes the bucket, and it comes back empty: whoever waited leaves one by one. It also says that the
//! rate is too high for what the platform allows us now (others may share the allowance), so the bucket goes on a
//! quarter slower, and finds back to its own rate by 4 % a minute.

use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Clock;

/// How many calls may leave, and when the next one does.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Between two calls at the rate of the settings.
    interval: Duration,
    burst: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the bucket is full again, on the clock.
    full_at: Duration,
    /// Counts the freezes: a slot reserved before one is not valid after it.
    freezes: u64,
    frozen_until: Duration,
    /// Between two calls now: never less than by the settings.
    interval: Duration,
    /// When the interval was last changed.
    changed: Duration,
}

impl Bucket {
    pub(super) fn new(per_minute: u32, burst: u32) -> Self {
        let interval = MINUTE / per_minute.max(1);
        Self { interval, burst: burst.max(1), state: Mutex::new(State { interval, ..State::default() }) }
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
            // Those that left together are refused together, which is one sign and not many.
            if now >= state.frozen_until {
                state.interval = (state.interval * 4 / 3).min(MINUTE.max(self.interval));
            }
            state.changed = until;
            state.frozen_until = until;
            state.full_at = until.saturating_add(state.interval * (self.burst - 1));
            state.freezes += 1;
        }
    }

    fn reserve(&self, now: Duration) -> (Duration, u64) {
        let mut state = self.lock();
        while state.interval > self.interval && state.changed.saturating_add(MINUTE) <= now {
            state.changed += MINUTE;
            state.interval = (state.interval * 24 / 25).max(self.interval);
        }
        let full_at = state.full_at.max(now).saturating_add(state.interval);
        state.full_at = full_at;
        (full_at.saturating_sub(state.interval * self.burst).saturating_sub(now), state.freezes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

const MINUTE: Duration = Duration::from_secs(60);

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
    fn a_frozen_bucket_lets_one_call_out_when_it_thaws_and_the_next_a_longer_interval_later() {
        let bucket = Bucket::new(400, 30);
        bucket.freeze(Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(bucket.reserve(Duration::from_secs(1)).0, Duration::from_secs(2));
        assert_eq!(bucket.reserve(Duration::from_secs(3)).0, Duration::from_millis(200));
    }

    #[test]
    fn calls_that_were_refused_together_slow_the_rate_once() {
        let bucket = Bucket::new(400, 1);
        for _ in 0..5 {
            bucket.freeze(Duration::ZERO, Duration::from_secs(2));
            bucket.freeze(Duration::from_secs(1), Duration::from_secs(2));
        }
        assert_eq!(bucket.lock().interval, Duration::from_millis(200));
        bucket.freeze(Duration::from_secs(3), Duration::from_secs(2));
        assert_eq!(bucket.lock().interval.as_millis(), 266);
    }

    #[test]
    fn a_slowed_rate_finds_back_and_never_beyond_the_settings() {
        let bucket = Bucket::new(400, 1);
        bucket.freeze(Duration::ZERO, Duration::from_secs(1));
        bucket.reserve(Duration::from_secs(61));
        assert_eq!(bucket.lock().interval, Duration::from_millis(192));
        bucket.reserve(Duration::from_secs(3600));
        assert_eq!(bucket.lock().interval, Duration::from_millis(150));
    }

    #[test]
    fn a_rate_is_never_slower_than_a_call_a_minute_unless_it_was_set_so() {
        for (per_minute, slowest) in [(300, 60), (1, 60)] {
            let bucket = Bucket::new(per_minute, 1);
            for minute in 0..100 {
                bucket.freeze(Duration::from_secs(60 * minute), Duration::from_secs(1));
            }
            assert_eq!(bucket.lock().interval.as_secs(), slowest);
        }
    }

    #[test]
    fn a_shorter_freeze_does_not_shorten_a_longer_one() {
        let bucket = Bucket::new(300, 30);
        bucket.freeze(Duration::ZERO, Duration::from_secs(10));
        bucket.freeze(Duration::ZERO, Duration::from_secs(1));
        assert_eq!(bucket.reserve(Duration::ZERO).0, Duration::from_secs(10));
    }
}
