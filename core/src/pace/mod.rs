//! How often and how fast we knock: the one loop behind every call that may be made again.
//!
//! The decision is in `retry`, the rate in `limit`, the breaker in `breaker`; here they meet the clock.

mod breaker;
mod limit;
mod retry;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, warn};

use crate::clock::Clock;
use crate::error::{Error, Result};

use breaker::Shut;
pub(crate) use retry::{Class, Repeat};
use retry::{Decision, decide};

/// How often a call is tried, how long it may take, and how many may leave.
///
/// ```
/// use std::time::Duration;
/// let pace = porteur::Pace::default().attempts(6).per_minute(600).budget(Duration::from_secs(60));
/// assert_eq!(pace.burst, 30);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// How often a call is tried in all. Default 4.
    pub attempts: u32,
    /// The first backoff is drawn from 0 to this; the bound doubles with every attempt. Default 500 ms.
    pub base: Duration,
    /// The bound stops growing here. Default 30 s.
    pub cap: Duration,
    /// The time for all attempts of one call and the waits between them. Default 120 s.
    pub budget: Duration,
    /// Platform calls a minute; storage is not counted. Default 300, the platform's documented limit for one client.
    pub per_minute: u32,
    /// How many of them may leave at once after a quiet time. Default 30.
    pub burst: u32,
    /// Server faults in a row after which a host is left alone. Default 5.
    pub breaker_after: u32,
    /// For how long. Default 30 s.
    pub breaker_pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            budget: Duration::from_secs(120),
            per_minute: 300,
            burst: 30,
            breaker_after: 5,
            breaker_pause: Duration::from_secs(30),
        }
    }
}

impl Pace {
    /// Sets how often a call is tried in all.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the bound of the first backoff.
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the largest bound of a backoff.
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Sets the time for all attempts of one call.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Sets how many platform calls leave in a minute.
    pub fn per_minute(mut self, per_minute: u32) -> Self {
        self.per_minute = per_minute;
        self
    }

    /// Sets how many platform calls may leave at once.
    pub fn burst(mut self, burst: u32) -> Self {
        self.burst = burst;
        self
    }

    /// Sets how many server faults in a row open the breaker.
    pub fn breaker_after(mut self, faults: u32) -> Self {
        self.breaker_after = faults;
        self
    }

    /// Sets how long an open breaker stays open.
    pub fn breaker_pause(mut self, pause: Duration) -> Self {
        self.breaker_pause = pause;
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        for (field, value) in [
            ("attempts", self.attempts),
            ("per_minute", self.per_minute),
            ("burst", self.burst),
            ("breaker_after", self.breaker_after),
        ] {
            if value == 0 {
                return Err(Error::invalid(field, "expected at least 1, got 0"));
            }
        }
        Ok(())
    }
}

/// A failed attempt: the error it is to the caller, and what it tells about trying again.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) class: Class,
    pub(crate) health: Health,
}

/// What a failed attempt tells the breaker about the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered, if only with a refusal.
    Works,
    /// It answered with a server fault.
    Faulty,
    /// Nobody answered.
    Unknown,
}

impl Failure {
    /// One that trying again does not change, and that says nothing about the host.
    pub(crate) fn last(error: Error) -> Self {
        Self { error, class: Class::Final, health: Health::Unknown }
    }
}

/// Whom a call goes to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door<'a> {
    /// A platform call on this host: the bucket is in front of it.
    Platform(&'a str),
    /// A login or storage call on this host: not counted.
    Unmetered(&'a str),
}

/// A client's pace with its state.
#[derive(Debug)]
pub(crate) struct Pacer {
    pace: Pace,
    clock: Arc<dyn Clock>,
    bucket: limit::Bucket,
    breakers: breaker::Breakers,
}

impl Pacer {
    pub(crate) fn new(pace: Pace, clock: Arc<dyn Clock>) -> Self {
        let bucket = limit::Bucket::new(pace.per_minute, pace.burst);
        let breakers = breaker::Breakers::new(pace.breaker_after, pace.breaker_pause);
        Self { pace, clock, bucket, breakers }
    }

    /// The same pace with a state of its own, for hosts that are none of ours.
    #[cfg(feature = "previews")]
    pub(crate) fn apart(&self) -> Self {
        Self::new(self.pace.clone(), self.clock.clone())
    }

    /// The wait before attempt `number` (from 1) at something that is opened again and again; nothing when there were enough.
    pub(crate) fn backoff(&self, number: u32) -> Option<Duration> {
        (number <= self.pace.attempts).then(|| retry::backoff(&self.pace, number, fastrand::f64()))
    }

    /// Makes a call until it succeeds or the pace says to stop. `attempt` gets its number, from 1.
    ///
    /// # Cancellation
    /// Dropping the future stops the wait or the attempt at once.
    pub(crate) async fn run<T, F>(&self, door: Door<'_>, repeat: Repeat, mut attempt: impl FnMut(u32) -> F) -> Result<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let (Door::Platform(host) | Door::Unmetered(host)) = door;
        let metered = matches!(door, Door::Platform(_));
        let mut start = self.clock.now();
        let mut number = 1;
        let mut last: Option<Error> = None;
        loop {
            let left = self.pace.budget.saturating_sub(self.clock.now().saturating_sub(start));
            if metered {
                let taken = self.bucket.take(&*self.clock, left).await;
                taken.map_err(|pause| held_back(number - 1, pause))?;
            }
            if number == 1 {
                // The queue for a first slot is ours, not the platform's: its time is not the call's.
                start = self.clock.now();
            }
            let probed = self.breakers.probed.notified();
            let permit = match (self.breakers.admit(host, self.clock.now()), last.take()) {
                (Ok(permit), _) => permit,
                (Err(shut), None) => return Err(left_alone(host, shut.pause())),
                // Others opened it while this call waited: it waits along, if that fits.
                (Err(shut), Some(error)) if shut.pause() <= left => {
                    match shut {
                        Shut::For(pause) => self.clock.sleep(pause).await,
                        Shut::Probing => probed.await,
                    }
                    last = Some(error);
                    continue;
                }
                (Err(shut), Some(error)) => return Err(given_up(error, number - 1, Some(shut.pause()))),
            };
            let failure = match attempt(number).await {
                Ok(value) => {
                    permit.worked();
                    return Ok(value);
                }
                Err(failure) => failure,
            };
            let now = self.clock.now();
            match failure.health {
                Health::Works => permit.worked(),
                Health::Faulty => permit.faulted(now),
                Health::Unknown => drop(permit),
            }
            let decision =
                decide(&self.pace, failure.class, repeat, number, now.saturating_sub(start), fastrand::f64());
            match decision {
                Decision::Again(wait) => {
                    debug!(attempt = number, wait = ?wait, error = %failure.error, "trying again");
                    if metered && matches!(failure.error, Error::RateLimited { .. }) {
                        self.bucket.freeze(now, wait);
                    }
                    self.clock.sleep(wait).await;
                    number += 1;
                    last = Some(failure.error);
                }
                Decision::GiveUp(would_wait) => {
                    let error = given_up(failure.error, number, would_wait);
                    if let (true, Error::RateLimited { retry_after: Some(pause), .. }) = (metered, &error) {
                        self.bucket.freeze(now, *pause);
                    }
                    if number > 1 {
                        warn!(attempts = number, %error, "gave up");
                    }
                    return Err(error);
                }
            }
        }
    }
}

/// The platform said so to an earlier call; asking again before would only prolong it.
fn held_back(attempts: u32, pause: Duration) -> Error {
    Error::RateLimited { attempts, retry_after: Some(pause), answer: None }
}

fn left_alone(host: &str, pause: Duration) -> Error {
    let reason = format!("{host} answered with server faults again and again and is left alone for a while");
    Error::Unavailable { reason, attempts: 0, retry_after: Some(pause), answer: None }
}

/// Writes into the error what only the loop knows.
fn given_up(mut error: Error, made: u32, would_wait: Option<Duration>) -> Error {
    match &mut error {
        Error::RateLimited { attempts, retry_after, .. } | Error::Unavailable { attempts, retry_after, .. } => {
            *attempts = made;
            *retry_after = would_wait.or(*retry_after);
        }
        Error::Network { attempts, .. } | Error::Api { attempts, .. } => *attempts = made,
        _ => {}
    }
    error
}
