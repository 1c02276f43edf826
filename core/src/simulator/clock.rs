//! Time that moves on only when somebody waits, so that tests of waiting are instant.
//!
//! Two kinds of waiting are kept apart, as [`Clock`] asks: a sleep is patience and moves time on at once; a deadline is
//! the limit of that patience with a silent peer, and is reached only when the simulated platform stalls that long.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use crate::clock::{Clock, Wait};

/// A clock of its own, starting on 2026-01-01T00:00:00Z.
#[derive(Debug, Clone, Default)]
pub struct SimulatedClock {
    inner: Arc<Mutex<Inner>>,
}

impl SimulatedClock {
    /// A clock at its start.
    pub fn new() -> Self {
        Self::default()
    }

    /// The waits that were asked for, in order.
    pub fn slept(&self) -> Vec<Duration> {
        locked(&self.inner).slept.clone()
    }

    /// Moves time on without anybody waiting: tokens and URLs grow old, no deadline is reached.
    pub fn advance(&self, by: Duration) {
        let mut inner = locked(&self.inner);
        inner.now += by;
    }

    /// Moves time on by `by` with the platform silent: every pending deadline of at most `by` is reached.
    pub fn stall(&self, by: Duration) {
        self.end_hold(self.begin_hold(by));
    }

    /// [`SimulatedClock::stall`] for one silent connection. Until the guard is dropped or somebody gave up because of
    /// it, deadlines that are made later are reached as well: the peer may have finished sending, and begun to wait for
    /// the answer, only after we fell silent. Once somebody gave up the silence is over, so the next attempt is safe
    /// even if its deadline is made before we notice that the connection was closed.
    pub(super) fn hold(&self, by: Duration) -> Hold {
        Hold { clock: self.clone(), id: self.begin_hold(by) }
    }

    fn begin_hold(&self, by: Duration) -> u64 {
        let mut inner = locked(&self.inner);
        inner.now += by;
        inner.last_id += 1;
        let id = inner.last_id;
        inner.holds.push((id, by));
        for pending in inner.pending.iter_mut().filter(|pending| pending.limit <= by) {
            pending.reached = true;
            pending.by = Some(id);
            if let Some(waker) = pending.waker.take() {
                waker.wake();
            }
        }
        id
    }

    fn end_hold(&self, id: u64) {
        locked(&self.inner).holds.retain(|(hold, _)| *hold != id);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Duration {
        locked(&self.inner).now
    }

    fn date(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + START + self.now()
    }

    fn sleep(&self, wait: Duration) -> Wait {
        Box::pin(Sleep { clock: self.clone(), wait: Some(wait) })
    }

    fn deadline(&self, limit: Duration) -> Wait {
        let mut inner = locked(&self.inner);
        inner.last_id += 1;
        let id = inner.last_id;
        let by = inner.holds.iter().find(|(_, by)| limit <= *by).map(|(hold, _)| *hold);
        inner.pending.push(Pending { id, limit, reached: by.is_some(), by, waker: None });
        Box::pin(Deadline { clock: self.clone(), id })
    }
}

/// A silent connection; see [`SimulatedClock::hold`].
#[derive(Debug)]
pub(super) struct Hold {
    clock: SimulatedClock,
    id: u64,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.clock.end_hold(self.id);
    }
}

#[derive(Debug, Default)]
struct Inner {
    now: Duration,
    slept: Vec<Duration>,
    pending: Vec<Pending>,
    /// Silences nobody gave up on yet, with their length.
    holds: Vec<(u64, Duration)>,
    last_id: u64,
}

/// A deadline somebody holds.
#[derive(Debug)]
struct Pending {
    id: u64,
    limit: Duration,
    reached: bool,
    /// The silence that reached it.
    by: Option<u64>,
    waker: Option<Waker>,
}

/// Moves on and logs when it is first polled, since a future that nobody awaits waits for nothing; ready when polled again.
struct Sleep {
    clock: SimulatedClock,
    wait: Option<Duration>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(wait) = self.wait.take() else { return Poll::Ready(()) };
        let mut inner = locked(&self.clock.inner);
        inner.now += wait;
        inner.slept.push(wait);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

struct Deadline {
    clock: SimulatedClock,
    id: u64,
}

impl Future for Deadline {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = locked(&self.clock.inner);
        let Some(pending) = inner.pending.iter_mut().find(|pending| pending.id == self.id) else {
            return Poll::Ready(());
        };
        if !pending.reached {
            pending.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let by = pending.by;
        inner.holds.retain(|(hold, _)| Some(*hold) != by);
        inner.pending.retain(|pending| pending.id != self.id);
        Poll::Ready(())
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        locked(&self.clock.inner).pending.retain(|pending| pending.id != self.id);
    }
}

fn locked(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 2026-01-01T00:00:00Z since 1970: a date that is the same in every run.
const START: Duration = Duration::from_secs(1_767_225_600);

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn a_sleep_takes_no_time_but_its_own() {
        let clock = SimulatedClock::new();
        clock.sleep(90 * SECOND).await;
        clock.sleep(SECOND / 2).await;
        assert_eq!(clock.now(), Duration::from_millis(90_500));
        assert_eq!(clock.slept(), [90 * SECOND, SECOND / 2]);
    }

    #[test]
    fn a_sleep_lets_others_run_once_before_it_is_over() {
        let clock = SimulatedClock::new();
        let mut sleep = clock.sleep(SECOND);
        assert_eq!(clock.now(), Duration::ZERO, "nobody waits yet");
        assert_eq!(sleep.as_mut().now_or_never(), None);
        assert_eq!(clock.now(), SECOND);
        assert_eq!(sleep.now_or_never(), Some(()));
    }

    #[test]
    fn a_deadline_is_not_reached_by_waiting_or_by_the_calendar() {
        let clock = SimulatedClock::new();
        let mut deadline = clock.deadline(SECOND);
        clock.advance(60 * SECOND);
        assert_eq!(deadline.as_mut().now_or_never(), None);
        assert_eq!(clock.now(), 60 * SECOND, "a deadline moves nothing");
    }

    #[test]
    fn a_stall_reaches_the_pending_deadlines_it_outlasts() {
        let clock = SimulatedClock::new();
        let (short, long) = (clock.deadline(10 * SECOND), clock.deadline(11 * SECOND));
        clock.stall(10 * SECOND);
        assert_eq!(short.now_or_never(), Some(()));
        assert_eq!(long.now_or_never(), None);
        assert_eq!(clock.deadline(SECOND).now_or_never(), None, "made after the stall");
        assert_eq!(clock.now(), 10 * SECOND);
        assert_eq!(clock.slept(), [], "nobody was patient");
    }

    #[tokio::test]
    async fn a_stall_wakes_whoever_waits_already() {
        let clock = SimulatedClock::new();
        let waiting = tokio::spawn(clock.deadline(SECOND));
        tokio::task::yield_now().await;
        clock.stall(SECOND);
        waiting.await.unwrap();
    }

    #[test]
    fn a_silent_connection_reaches_a_deadline_that_is_made_later_but_only_until_somebody_gave_up() {
        let clock = SimulatedClock::new();
        let sending = clock.deadline(SECOND);
        let hold = clock.hold(SECOND);
        drop(sending);
        assert_eq!(clock.deadline(SECOND).now_or_never(), Some(()), "waiting for the answer");
        assert_eq!(clock.deadline(SECOND).now_or_never(), None, "the next attempt");
        drop(hold);
        let _ended = clock.hold(SECOND);
        drop(_ended);
        assert_eq!(clock.deadline(SECOND).now_or_never(), None, "the connection is gone");
    }

    #[test]
    fn the_first_date_is_the_first_of_january_2026() {
        let clock = SimulatedClock::new();
        assert_eq!(httpdate::fmt_http_date(clock.date()), "Thu, 01 Jan 2026 00:00:00 GMT");
        clock.advance(SECOND);
        assert_eq!(httpdate::fmt_http_date(clock.date()), "Thu, 01 Jan 2026 00:00:01 GMT");
    }
}
