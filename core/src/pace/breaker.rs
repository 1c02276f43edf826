//! The circuit breaker: a host that fails again and again is left alone for a while.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// One breaker a host.
#[derive(Debug)]
pub(super) struct Breakers {
    /// Server faults in a row that open it.
    after: u32,
    pause: Duration,
    hosts: Mutex<HashMap<String, State>>,
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
        Self { after: after.max(1), pause, hosts: Mutex::default() }
    }

    /// Lets an attempt through, or says how long the host is still left alone.
    pub(super) fn admit<'a>(&'a self, host: &'a str, now: Duration) -> Result<Permit<'a>, Duration> {
        let mut hosts = self.lock();
        let probe = match hosts.get(host) {
            None | Some(State::Closed { .. }) => false,
            Some(State::Open { until }) if now < *until => return Err(*until - now),
            Some(State::Open { .. }) => {
                hosts.insert(host.to_owned(), State::Probing);
                true
            }
            // How long the probe takes is not known; it is over within one call.
            Some(State::Probing) => return Err(Duration::from_secs(1)),
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
        self.probe = false;
        self.breakers.lock().remove(self.host);
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
        self.probe = false;
        let state = if faults >= self.breakers.after {
            State::Open { until: now.saturating_add(self.breakers.pause) }
        } else {
            State::Closed { faults }
        };
        hosts.insert(self.host.to_owned(), state);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breakers.lock().insert(self.host.to_owned(), State::Open { until: self.now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(breakers.admit("api", Duration::from_secs(10)).unwrap_err(), Duration::from_secs(20));
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
        assert_eq!(breakers.admit("api", PAUSE).unwrap_err(), PAUSE);
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
