//! The circuit breaker: a host that fails again and again is left alone for a while.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;

/// One breaker a host.
#[derive(Debug)]
pub(super) struct Breakers {
    /// Server faults in a row that open it.
    after: u32,
    pause: Duration,
    hosts: Mutex<HashMap<String, State>>,
    /// Told when a probe has ended, however it did.
    pub(super) probed: Notify,
}

/// Why an attempt may not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shut {
    /// The host is left alone for this long.
    For(Duration),
    /// One attempt is under way to see whether the host works again.
    Probing,
}

impl Shut {
    /// When knocking again makes sense.
    pub(super) fn pause(self) -> Duration {
        match self {
            Self::For(pause) => pause,
            // How long the probe takes is not known; it is over within one call.
            Self::Probing => Duration::from_secs(1),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { faults: u32 },
    Open { until: Duration },
    Probing,
}

/// The right to make one attempt. Dropping it without a verdict (the caller went away) decides nothing.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    breakers: &'a Breakers,
    host: &'a str,
    now: Duration,
    /// Whether this attempt is the one probe of a half-open breaker.
    probe: bool,
}

impl Breakers {
    pub(super) fn new(after: u32, pause: Duration) -> Self {
        Self { after: after.max(1), pause, hosts: Mutex::default(), probed: Notify::new() }
    }

    /// Lets an attempt through, or says how long the host is still left alone.
    pub(super) fn admit<'a>(&'a self, host: &'a str, now: Duration) -> Result<Permit<'a>, Shut> {
        let mut hosts = self.lock();
        let probe = match hosts.get(host) {
            None | Some(State::Closed { .. }) => false,
            Some(State::Open { until }) if now < *until => return Err(Shut::For(*until - now)),
            Some(State::Open { .. }) => {
                hosts.insert(host.to_owned(), State::Probing);
                true
            }
            Some(State::Probing) => return Err(Shut::Probing),
        };
        Ok(Permit { breakers: self, host, now, probe })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, State>> {
        self.hosts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The host answered, if only with a refusal.
    pub(super) fn worked(mut self) {
        self.breakers.lock().remove(self.host);
        self.probe_ended();
    }

    /// The host answered with a server fault.
    pub(super) fn faulted(mut self, now: Duration) {
        let mut hosts = self.breakers.lock();
        let faults = match hosts.get(self.host) {
            None => 1,
            Some(State::Closed { faults }) => faults + 1,
            Some(_) if self.probe => self.breakers.after,
            // One that left before the breaker opened tells nothing new.
            Some(_) => return,
        };
        let state = if faults >= self.breakers.after {
            State::Open { until: now.saturating_add(self.breakers.pause) }
        } else {
            State::Closed { faults }
        };
        if hosts.len() >= MOST_HOSTS {
            // Strangers name hosts too. Those that nobody is kept from knocking at are forgotten.
            hosts.retain(|_, state| match state {
                State::Closed { .. } => false,
                State::Open { until } => now < *until,
                State::Probing => true,
            });
        }
        hosts.insert(self.host.to_owned(), state);
        drop(hosts);
        self.probe_ended();
    }

    fn probe_ended(&mut self) {
        if std::mem::take(&mut self.probe) {
            self.breakers.probed.notify_waiters();
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breakers.lock().insert(self.host.to_owned(), State::Open { until: self.now });
            self.probe_ended();
        }
    }
}

/// A few hundred KiB of names.
const MOST_HOSTS: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_failed_once_are_forgotten_when_there_are_too_many() {
        let breakers = open();
        for number in 0..2 * MOST_HOSTS {
            breakers.admit(&format!("stranger-{number}"), Duration::ZERO).expect("closed").faulted(Duration::ZERO);
        }
        assert!(breakers.lock().len() <= MOST_HOSTS);
        assert!(breakers.admit("api", Duration::ZERO).is_err(), "one that is left alone is not");
    }

    const PAUSE: Duration = Duration::from_secs(30);

    fn open() -> Breakers {
        let breakers = Breakers::new(5, PAUSE);
        for _ in 0..5 {
            breakers.admit("api", Duration::ZERO).expect("still closed").faulted(Duration::ZERO);
        }
        breakers
    }

    #[test]
    fn five_faults_in_a_row_open_it_for_thirty_seconds() {
        let breakers = open();
        assert_eq!(breakers.admit("api", Duration::from_secs(10)).unwrap_err(), Shut::For(Duration::from_secs(20)));
        assert!(breakers.admit("login", Duration::ZERO).is_ok(), "another host is not affected");
    }

    #[test]
    fn one_good_answer_forgets_four_faults() {
        let breakers = Breakers::new(5, PAUSE);
        for _ in 0..3 {
            for _ in 0..4 {
                breakers.admit("api", Duration::ZERO).unwrap().faulted(Duration::ZERO);
            }
            breakers.admit("api", Duration::ZERO).unwrap().worked();
        }
    }

    #[test]
    fn a_half_open_breaker_lets_one_probe_through_and_a_fault_closes_the_door_again() {
        let breakers = open();
        let probe = breakers.admit("api", PAUSE).expect("half open");
        assert!(breakers.admit("api", PAUSE).is_err(), "only one probe");
        probe.faulted(PAUSE);
        assert_eq!(breakers.admit("api", PAUSE).unwrap_err(), Shut::For(PAUSE));
        breakers.admit("api", PAUSE * 2).unwrap().worked();
        assert!(breakers.admit("api", PAUSE * 2).is_ok());
    }

    #[test]
    fn a_fault_from_before_it_opened_leaves_the_probe_alone() {
        let breakers = Breakers::new(5, PAUSE);
        let mut left: Vec<_> = (0..6).map(|_| breakers.admit("api", Duration::ZERO).unwrap()).collect();
        let straggler = left.pop().unwrap();
        left.into_iter().for_each(|permit| permit.faulted(Duration::ZERO));
        let _probe = breakers.admit("api", PAUSE).expect("half open");
        straggler.faulted(PAUSE);
        assert!(breakers.admit("api", PAUSE).is_err(), "still one probe");
    }

    #[test]
    fn a_probe_whose_caller_went_away_leaves_room_for_the_next_one() {
        let breakers = open();
        drop(breakers.admit("api", PAUSE).expect("half open"));
        assert!(breakers.admit("api", PAUSE).is_ok());
    }
}
