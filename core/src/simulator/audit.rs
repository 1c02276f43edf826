//! The other end of the audit trail: `POST /audit`, a signed batch of log lines, folded by log and sequence.
//!
//! A batch is taken as a whole or not at all. The lines are hashed as they came, since each names the digest of the
//! exact bytes before it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::platform::{Exchange, Platform, Refusal, locked};
use crate::digest::{Sha256, sha256};

/// The path of the audit endpoint.
pub(super) const AUDIT_PATH: &str = "/audit";

/// All entries, folded: what is sent twice is there once.
#[derive(Default)]
pub(super) struct Trail {
    /// In order of arrival, without `previous`.
    pub(super) entries: Vec<Value>,
    /// The digests of the lines of each log; the first one has sequence 1.
    logs: HashMap<String, Vec<Sha256>>,
}

/// `POST /audit`.
pub(super) async fn take(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    if headers.contains_key(AUTHORIZATION) {
        platform.breach(&exchange, "sent an Authorization header to the audit endpoint");
        return Err(exchange.bad("a batch is authorised by its signature alone").field("Authorization"));
    }
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    if signature != Some(&signature_of(platform.settings.audit_secret.as_bytes(), &body)) {
        let sentence = if signature.is_some() {
            "sent a batch whose signature does not fit"
        } else {
            "sent a batch without a signature"
        };
        platform.breach(&exchange, sentence);
        return Err(exchange.refuse(StatusCode::UNAUTHORIZED, "invalid.signature", "the signature does not fit"));
    }
    let lines: Vec<Box<RawValue>> = platform.read(&exchange, &headers, &body)?;
    let lines = lines.iter().enumerate().map(|(index, line)| Line::parse(index, line.get()));
    let taken = lines.collect::<Result<Vec<_>, _>>().and_then(|lines| locked(&platform.trail).take(lines));
    taken.map(|()| StatusCode::OK).map_err(|Wrong { status, code, field, sentence }| {
        platform.breach(&exchange, &sentence);
        exchange.refuse(status, code, &sentence).field(&field)
    })
}

impl Trail {
    /// Adds what is new of a batch.
    fn take(&mut self, lines: Vec<Line>) -> Result<(), Wrong> {
        let mut added: HashMap<&str, Vec<Sha256>> = HashMap::new();
        let mut new = Vec::new();
        for line in &lines {
            let known = self.logs.get(&line.about.log).map_or(&[][..], Vec::as_slice);
            let added = added.entry(&line.about.log).or_default();
            // Sequences begin with 1, so this is how many lines are before it.
            let before = usize::try_from(line.about.sequence - 1).unwrap_or(usize::MAX);
            let at = |index: usize| known.get(index).or_else(|| added.get(index.checked_sub(known.len())?));
            match at(before) {
                Some(digest) if *digest == line.digest => continue,
                Some(_) => return Err(line.conflict("is not the line that was sent with this sequence before")),
                None if before > known.len() + added.len() => return Err(line.conflict("leaves a gap before it")),
                None => {}
            }
            let previous = before.checked_sub(1).and_then(at).map_or_else(|| NO_LINE.to_owned(), Sha256::to_string);
            if line.about.previous != previous {
                return Err(line.conflict("does not name the digest of the line before it"));
            }
            added.push(line.digest);
            new.push(line.entry.clone());
        }
        for (log, digests) in added {
            self.logs.entry(log.to_owned()).or_default().extend(digests);
        }
        self.entries.append(&mut new);
        Ok(())
    }
}

/// A line of a log.
struct Line {
    index: usize,
    about: About,
    /// Of its exact bytes.
    digest: Sha256,
    /// All of it but `previous`.
    entry: Value,
}

/// What every line has.
#[derive(Deserialize)]
struct About {
    #[serde(rename = "kind")]
    _kind: String,
    log: String,
    sequence: u64,
    previous: String,
}

/// Why a batch is refused.
struct Wrong {
    status: StatusCode,
    code: &'static str,
    field: String,
    sentence: String,
}

impl Line {
    fn parse(index: usize, text: &str) -> Result<Self, Wrong> {
        let wrong = |why: String| Wrong {
            status: StatusCode::BAD_REQUEST,
            code: "bad.request",
            field: format!("[{index}]"),
            sentence: format!("sent an audit entry that is none: {why}"),
        };
        let mut entry: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if !entry.is_object() {
            return Err(wrong("expected an object".to_owned()));
        }
        let about = About::deserialize(&entry).map_err(|error| wrong(error.to_string()))?;
        if about.sequence == 0 {
            return Err(wrong("sequences begin with 1".to_owned()));
        }
        if let Value::Object(members) = &mut entry {
            members.remove("previous");
        }
        Ok(Self { index, about, digest: sha256(text.as_bytes()), entry })
    }

    fn conflict(&self, what: &str) -> Wrong {
        Wrong {
            status: StatusCode::CONFLICT,
            code: "conflict",
            field: format!("[{}]", self.index),
            sentence: format!("sent an audit entry that {what}: {} of log {}", self.about.sequence, self.about.log),
        }
    }
}

/// Lower-case hex of HMAC-SHA256.
fn signature_of(secret: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

const SIGNATURE_HEADER: &str = "x-audit-signature";

/// What the first line of a log names as the one before it.
const NO_LINE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
