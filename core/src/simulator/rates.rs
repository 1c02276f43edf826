//! How many calls the platform takes: more than that are answered with 429, and who comes back too early is noted.
//!
//! Off unless it is set. A call that comes before the time that an earlier answer named is a breach, whichever call it is:
//! the limit is the client's and not the call's. Calls of the same moment of the clock as that answer had left already. So
//! this is for clients whose time stands still while one of their calls is under way.

use std::sync::Mutex;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::platform::{Exchange, Platform, locked};
use crate::error::{Error, Result};

/// How many calls the platform takes, over all clients. Calls are what needs a token; tokens, storage and audit are not
/// counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitSettings {
    /// Calls a minute.
    pub per_minute: u32,
    /// How many of them may come at once after a quiet time.
    pub burst: u32,
}

impl RateLimitSettings {
    /// `name` is what an error calls it.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        for (field, value) in [("per_minute", self.per_minute), ("burst", self.burst)] {
            if value == 0 {
                return Err(Error::invalid(format!("{name}.{field}"), "expected at least 1, got 0"));
            }
        }
        Ok(())
    }
}

/// What was taken lately.
#[derive(Default)]
pub(super) struct Rate(Mutex<State>);

#[derive(Default)]
struct State {
    /// The time that the calls so far are worth, and when that was: it melts away as time passes.
    debt: Duration,
    at: Duration,
    /// The last refusal and how long it asked to wait, both on the clock.
    refused_at: Duration,
    until: Duration,
}

/// What becomes of a call.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    /// Come back after so many seconds.
    Refused(u64),
}

impl Platform {
    /// The refusal of a call that is one too many.
    pub(super) fn over_limit(&self, exchange: &Exchange, path: &str) -> Option<Response> {
        let limit = self.settings.rate_limit.as_ref().filter(|_| path.starts_with("/api/"))?;
        let (early, verdict) = locked(&self.rate.0).call(limit, self.now());
        if let Some(early) = early {
            self.breach(exchange, &format!("came {early:?} before the time that an earlier answer named"));
        }
        let Verdict::Refused(seconds) = verdict else { return None };
        let refusal = exchange.refuse(StatusCode::TOO_MANY_REQUESTS, "too.many.requests", "the rate limit is reached");
        let mut response = refusal.into_response();
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        Some(response)
    }
}

impl State {
    /// How much too early this call comes, and whether it is taken.
    fn call(&mut self, limit: &RateLimitSettings, now: Duration) -> (Option<Duration>, Verdict) {
        let early = (self.refused_at < now && now < self.until).then(|| self.until - now);
        let one = Duration::from_secs(60) / limit.per_minute;
        let most = one * limit.burst;
        self.debt = self.debt.saturating_sub(now.saturating_sub(self.at));
        self.at = self.at.max(now);
        let after = self.debt + one;
        if after <= most {
            self.debt = after;
            return (early, Verdict::Taken);
        }
        let seconds = (after - most).as_secs_f64().ceil();
        let wait = Duration::from_secs_f64(seconds);
        if now + wait > self.until {
            (self.refused_at, self.until) = (now, now + wait);
        }
        (early, Verdict::Refused(wait.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimitSettings = RateLimitSettings { per_minute: 60, burst: 2 };

    fn at(state: &mut State, ms: u64) -> (Option<u128>, Verdict) {
        let (early, verdict) = state.call(&LIMIT, Duration::from_millis(ms));
        (early.map(|early| early.as_millis()), verdict)
    }

    #[test]
    fn a_burst_is_taken_and_then_one_call_each_second() {
        let mut state = State::default();
        assert_eq!(at(&mut state, 0), (None, Verdict::Taken));
        assert_eq!(at(&mut state, 0), (None, Verdict::Taken));
        assert_eq!(at(&mut state, 0), (None, Verdict::Refused(1)));
        assert_eq!(at(&mut state, 1000), (None, Verdict::Taken));
        assert_eq!(at(&mut state, 3000), (None, Verdict::Taken));
        assert_eq!(at(&mut state, 3000), (None, Verdict::Taken), "two seconds are worth two calls");
    }

    #[test]
    fn who_comes_back_too_early_is_told_so_but_not_who_left_before_the_answer() {
        let mut state = State::default();
        for _ in 0..2 {
            at(&mut state, 0);
        }
        assert_eq!(at(&mut state, 0), (None, Verdict::Refused(1)));
        assert_eq!(at(&mut state, 0), (None, Verdict::Refused(1)), "the same moment");
        assert_eq!(at(&mut state, 400), (Some(600), Verdict::Refused(1)));
        assert_eq!(at(&mut state, 1400).0, None);
    }
}
