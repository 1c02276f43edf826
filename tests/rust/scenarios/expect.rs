//! What a scenario expects, held against what happened.

use std::collections::BTreeMap;

use porteur::Error;
use porteur::simulator::Simulator;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::requests;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    value: Option<Value>,
    error: Option<BTreeMap<String, Value>>,
    slept_ms: Option<Vec<Wait>>,
    requests: Option<Vec<String>>,
    counts: Option<BTreeMap<String, usize>>,
    state: Option<Value>,
    #[serde(default)]
    violations: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Wait {
    Exactly(f64),
    Between(f64, f64),
}

impl Expect {
    /// What is not as expected. `fails_as_told` is a last step that had to fail and did.
    pub(super) fn compare(
        &self,
        outcome: &Result<Value, Error>,
        fails_as_told: bool,
        simulator: &Simulator,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        match (outcome, &self.error) {
            (Err(error), Some(expected)) => wrong.extend(differences(error, expected)),
            (Ok(value), Some(_)) => wrong.push(format!("the last step had to fail, got {value}")),
            (Err(error), None) if !fails_as_told => wrong.push(format!("the last step failed: {error:?}")),
            _ => {}
        }
        if let (Some(expected), Ok(value)) = (&self.value, outcome) {
            differs("value", value, expected, &mut wrong);
        }
        if let Some(expected) = &self.slept_ms {
            let slept: Vec<f64> = simulator.slept().iter().map(|wait| wait.as_secs_f64() * 1e3).collect();
            let fits = expected.len() == slept.len() && expected.iter().zip(&slept).all(|(wait, ms)| wait.fits(*ms));
            if !fits {
                wrong.push(format!("slept_ms: expected {expected:?}, got {slept:?}"));
            }
        }
        let seen = requests(simulator);
        if let Some(expected) = &self.requests
            && *expected != seen
        {
            wrong.push(format!("requests: expected {expected:#?}"));
        }
        for (prefix, expected) in self.counts.iter().flatten() {
            let count = seen.iter().filter(|request| request.starts_with(prefix)).count();
            if count != *expected {
                wrong.push(format!("counts: expected {expected} of `{prefix}`, got {count}"));
            }
        }
        if let Some(expected) = &self.state {
            let state = serde_json::to_value(simulator.state()).expect("the state is JSON");
            differs("state", &state, expected, &mut wrong);
        }
        let violations = simulator.violations();
        let named = violations.len() == self.violations.len()
            && violations.iter().zip(&self.violations).all(|(violation, part)| violation.contains(part));
        if !named {
            wrong.push(format!("violations: expected {:?}", self.violations));
        }
        wrong
    }
}

impl Wait {
    fn fits(&self, ms: f64) -> bool {
        // A nanosecond's rounding is no difference.
        let (least, most) = match self {
            Self::Exactly(wait) => (wait - 0.001, wait + 0.001),
            Self::Between(least, most) => (*least, *most),
        };
        (least..=most).contains(&ms)
    }
}

/// How an error differs from what a scenario says of it.
fn differences(error: &Error, expected: &BTreeMap<String, Value>) -> Vec<String> {
    let facts = error.facts();
    let mut wrong = Vec::new();
    for (member, expected) in expected {
        let got = match member.as_str() {
            "code" => json!(facts.code),
            "retryable" => json!(facts.retryable),
            "status" => json!(facts.status),
            "retry_after_ms" => json!(facts.retry_after.map(|wait| u64::try_from(wait.as_millis()).expect("a wait"))),
            "request_id" => json!(facts.request_id.is_some()),
            "details" => json!(facts.details),
            "message" => {
                if !expected.as_str().is_some_and(|part| facts.message.contains(part)) {
                    wrong.push(format!("error.message: expected {expected} in it, got `{}`", facts.message));
                }
                continue;
            }
            other => panic!("a scenario says nothing of error.{other}"),
        };
        differs(&format!("error.{member}"), &got, expected, &mut wrong);
    }
    wrong
}

/// Compares the members that are named; lists have to be as long.
fn differs(place: &str, got: &Value, expected: &Value, wrong: &mut Vec<String>) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            for (name, expected) in expected {
                differs(&format!("{place}.{name}"), got.get(name).unwrap_or(&Value::Null), expected, wrong);
            }
        }
        (Value::Array(got), Value::Array(expected)) if got.len() == expected.len() => {
            for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
                differs(&format!("{place}[{index}]"), got, expected, wrong);
            }
        }
        _ if got == expected => {}
        _ => wrong.push(format!("{place}: expected {expected}, got {got}")),
    }
}
