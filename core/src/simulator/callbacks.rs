//! `/callback`: a server of the caller's own, who is told how things ended. Folds what it was told under the same event id.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde_json::Value;

use super::platform::{Exchange, Platform, Refusal, locked};

/// What it was told.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    pub(super) events: Vec<Value>,
    known: HashSet<String>,
}

/// `POST`, `PUT` or `PATCH /callback`.
pub(super) async fn take(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let event: Value = platform.read(&exchange, &headers, &body)?;
    // Attachments write it in one word.
    let id = ["event_id", "eventId"].into_iter().find_map(|name| event[name].as_str().filter(|id| !id.is_empty()));
    let Some(id) = id else {
        platform.breach(&exchange, "told of something without an event id");
        return Err(exchange.bad("an event id is required").field("event_id"));
    };
    if headers.contains_key("authorization") {
        platform.breach(&exchange, "sent a token to a server that is not the platform's");
    }
    let mut callbacks = locked(&platform.callbacks);
    if callbacks.known.insert(id.to_owned()) {
        callbacks.events.push(event);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Where it listens.
pub(super) const CALLBACK_PATH: &str = "/callback";
