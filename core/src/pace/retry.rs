//! The decision whether to try again, without any waiting in it.
//!
//! Source: docs/platform.md, "Every call". Checked by tests/vectors/retry.json.

use std::time::Duration;

use super::Pace;

/// Whether a call may be made again when it is not known that nothing of it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// A second one changes nothing.
    Safe,
    /// A second one would be a second effect.
    OnlyIfUnsent,
}

/// What a failed attempt tells about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// No connection: nothing was sent.
    Unsent,
    /// 429 or 503: refused without an effect, come back later.
    Busy {
        /// As the platform asked.
        retry_after: Option<Duration>,
    },
    /// A server fault, a time-out or a lost connection: it may have taken effect.
    Unclear,
    /// Trying again changes nothing.
    Final,
}

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Wait this long, then try again.
    Again(Duration),
    /// Stop; the wait that would have been needed, when the platform named one.
    GiveUp(Option<Duration>),
}

/// Decides after attempt number `attempt` (from 1), `elapsed` after the first one began. `random` is in 0..1.
///
/// The backoff is drawn from the whole range up to its bound (full jitter), so that callers that failed together do
/// not come back together; a `Retry-After` is a floor under it.
pub(crate) fn decide(
    pace: &Pace,
    class: Class,
    repeat: Repeat,
    attempt: u32,
    elapsed: Duration,
    random: f64,
) -> Decision {
    let asked = match class {
        Class::Busy { retry_after } => retry_after,
        _ => None,
    };
    let again = match class {
        Class::Unsent | Class::Busy { .. } => true,
        Class::Unclear => repeat == Repeat::Safe,
        Class::Final => false,
    };
    if !again || attempt >= pace.attempts {
        return Decision::GiveUp(asked);
    }
    let wait = backoff(pace, attempt, random).max(asked.unwrap_or_default());
    if elapsed.saturating_add(wait) > pace.budget { Decision::GiveUp(Some(wait)) } else { Decision::Again(wait) }
}

pub(super) fn backoff(pace: &Pace, attempt: u32, random: f64) -> Duration {
    let doubled = pace.base.saturating_mul(2u32.saturating_pow(attempt - 1));
    doubled.min(pace.cap).mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        class: String,
        #[serde(default)]
        retry_after_ms: Option<u64>,
        safe: bool,
        attempt: u32,
        #[serde(default)]
        elapsed_ms: u64,
        #[serde(default)]
        random: f64,
        again_ms: Option<u64>,
        #[serde(default)]
        would_wait_ms: Option<u64>,
    }

    #[test]
    fn every_case_of_the_vector_is_decided_as_written() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../tests/vectors/retry.json")).expect("the vector is JSON");
        assert!(cases.len() >= 12);
        for case in cases {
            let class = match case.class.as_str() {
                "unsent" => Class::Unsent,
                "busy" => Class::Busy { retry_after: case.retry_after_ms.map(Duration::from_millis) },
                "unclear" => Class::Unclear,
                "final" => Class::Final,
                other => panic!("{}: unknown class {other}", case.name),
            };
            let repeat = if case.safe { Repeat::Safe } else { Repeat::OnlyIfUnsent };
            let elapsed = Duration::from_millis(case.elapsed_ms);
            let expected = match case.again_ms {
                Some(wait) => Decision::Again(Duration::from_millis(wait)),
                None => Decision::GiveUp(case.would_wait_ms.map(Duration::from_millis)),
            };
            let decided = decide(&Pace::default(), class, repeat, case.attempt, elapsed, case.random);
            assert_eq!(decided, expected, "{}", case.name);
        }
    }
}
