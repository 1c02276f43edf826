//! What becomes of a job whose attempt failed. Pure: held against `tests/vectors/verdicts.json`.

use std::time::Duration;

use crate::error::{Error, NetworkKind};

/// How far an attempt got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Asking for the platform's token, for a host that was allowed by name.
    Token,
    /// Fetching the attachment from wherever the guest's file is.
    Fetch,
    /// Making it small.
    Picture,
    /// Putting the preview where it is to be had.
    Publish,
    /// Posting the message.
    Link,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Fetch => "fetch",
            Self::Picture => "picture",
            Self::Publish => "publish",
            Self::Link => "link",
        })
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing that happens later makes it work: a dead letter now.
    Bury,
    /// Once more after `wait`; the attempt counts.
    Again { wait: Duration },
    /// Once more after `wait`, and the attempt does not count: others would fare the same, so no job is begun meanwhile.
    GiveBack { wait: Duration },
}

/// Judges the failure of attempt `attempt` (from 1). `in_a_row` is how many attempts failed at this stage since one last
/// succeeded, this one included. `random` is from 0 to 1.
pub(super) fn verdict(stage: Stage, error: &Error, attempt: u32, in_a_row: u32, random: f64) -> Verdict {
    let again = Verdict::Again { wait: backoff(attempt, random) };
    let give_back = Verdict::GiveBack { wait: error.facts().retry_after.unwrap_or(PAUSE).max(SHORTEST_PAUSE) };
    // A fault that one job has is its own. One that all have is an outage, and no job's.
    let fault = if in_a_row >= OUTAGE { give_back } else { again };
    match (stage, error) {
        // The client is being closed, the disk is full, the queue is away, or there is no token: whoever runs the worker has to look, and the job is fine.
        (_, Error::Cancelled | Error::File { .. } | Error::Queue { .. }) => give_back,
        (Stage::Token, _) => give_back,
        (_, Error::Media { .. }) => Verdict::Bury,
        // A host of a stranger's choosing. It is nobody's outage when it is down.
        (Stage::Fetch, Error::RateLimited { .. } | Error::Unavailable { .. } | Error::Protocol { .. }) => again,
        (Stage::Fetch, Error::Network { kind, .. }) if *kind != NetworkKind::Tls => again,
        (Stage::Fetch, Error::Api { answer, .. }) if is_fault(answer.status) => again,
        (Stage::Fetch, _) => Verdict::Bury,
        // Ours: the CDN and the platform.
        (_, Error::RateLimited { .. } | Error::Unavailable { .. } | Error::Unauthenticated { .. }) => give_back,
        (_, Error::Network { kind: NetworkKind::Connect | NetworkKind::Tls, .. }) => give_back,
        (_, Error::Network { .. }) => fault,
        (_, Error::Api { answer, .. }) if is_fault(answer.status) => fault,
        // The conversation is gone.
        (Stage::Link, Error::NotFound { .. }) => Verdict::Bury,
        _ => again,
    }
}

fn is_fault(status: u16) -> bool {
    status >= 500 || status == 408
}

/// From 5 to 10 s after the first attempt, doubling, at most 10 min: what is amiss with one file or one host takes minutes
/// rather than seconds to be mended, and five attempts span about two and a half.
fn backoff(attempt: u32, random: f64) -> Duration {
    let bound = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST);
    bound.mul_f64(0.5 + random / 2.0)
}

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);
/// So many failures in a row are no chance.
const OUTAGE: u32 = 3;
/// As long as an open breaker stays open by default.
const PAUSE: Duration = Duration::from_secs(30);
/// Whoever names no time, or none to speak of, is not asked all the time.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Answer, MediaErrorKind};

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        stage: String,
        error: String,
        #[serde(default)]
        status: u16,
        #[serde(default)]
        retry_after: Option<u64>,
        attempt: u32,
        #[serde(default)]
        in_a_row: u32,
        random: f64,
        verdict: String,
        #[serde(default)]
        wait_s: f64,
    }

    #[test]
    fn every_case_of_the_vector_is_judged_as_written() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../tests/vectors/verdicts.json")).expect("the vector is JSON");
        assert!(cases.len() > 20);
        for case in cases {
            let stage = match case.stage.as_str() {
                "token" => Stage::Token,
                "fetch" => Stage::Fetch,
                "picture" => Stage::Picture,
                "publish" => Stage::Publish,
                "link" => Stage::Link,
                other => panic!("no such stage: {other}"),
            };
            let wait = Duration::from_secs_f64(case.wait_s);
            let expected = match case.verdict.as_str() {
                "bury" => Verdict::Bury,
                "again" => Verdict::Again { wait },
                "give_back" => Verdict::GiveBack { wait },
                other => panic!("no such verdict: {other}"),
            };
            let name = format!("{} {} {}", case.stage, case.error, case.status);
            assert_eq!(verdict(stage, &error(&case), case.attempt, case.in_a_row, case.random), expected, "{name}");
        }
    }

    fn error(case: &Case) -> Error {
        let text = || "x".to_owned();
        let answer = Answer { status: case.status, request_id: None };
        let retry_after = case.retry_after.map(Duration::from_secs);
        let network = |kind| Error::Network { kind, endpoint: text(), attempts: 4, source: None };
        let media = |kind| Error::Media { kind, format: None, reason: text() };
        match case.error.as_str() {
            "rate_limited" => Error::RateLimited { attempts: 4, retry_after, answer: None },
            "unavailable" => Error::Unavailable { reason: text(), attempts: 0, retry_after, answer: None },
            "connect" => network(NetworkKind::Connect),
            "tls" => network(NetworkKind::Tls),
            "lost" => network(NetworkKind::Lost),
            "api" => Error::Api { endpoint: text(), message: text(), code: None, attempts: 1, answer },
            "not_found" => Error::NotFound { what: text(), id: text(), answer },
            "permission_denied" => Error::PermissionDenied { reason: text(), hint: text(), answer },
            "unauthenticated" => Error::Unauthenticated { reason: text(), answer: Some(answer) },
            "invalid_input" => Error::invalid("attachmentUrl", "x"),
            "protocol" => Error::protocol("x", "x"),
            "too_large" => Error::TooLarge { what: text(), reason: text(), answer: None },
            "corrupt" => media(MediaErrorKind::Corrupt),
            "unsupported" => media(MediaErrorKind::Unsupported),
            "encrypted" => media(MediaErrorKind::Encrypted),
            "file" => Error::file("could not write", "x", std::io::Error::other("no space left")),
            "queue" => Error::queue(crate::error::QueueErrorKind::Unavailable, "x"),
            "cancelled" => Error::Cancelled,
            other => panic!("no such error: {other}"),
        }
    }
}
