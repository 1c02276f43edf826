//! `/cdn/{name}`: where previews go and are to be had. It is not the platform, so no token belongs here.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use super::platform::{Exchange, Platform, Refusal, locked, media_type};
use crate::digest::sha256;

/// An object that was put there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectState {
    /// Its name.
    pub name: String,
    /// The type that it was put with.
    pub content_type: String,
    /// Its bytes.
    pub size: u64,
    /// Lower-case hex SHA-256 of them.
    pub sha256: String,
    /// How often it was put.
    pub puts: u64,
}

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Cdn(BTreeMap<String, (ObjectState, Bytes)>);

impl Cdn {
    pub(super) fn states(&self) -> Vec<ObjectState> {
        self.0.values().map(|(state, _)| state.clone()).collect()
    }
}

/// `PUT /cdn/{name}`.
pub(super) async fn put(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    if headers.contains_key(AUTHORIZATION) {
        platform.breach(&exchange, "sent a token to a CDN");
    }
    let Some(content_type) = media_type(&headers).map(str::to_owned) else {
        platform.breach(&exchange, "put an object without saying what it is");
        return Err(exchange.bad("a type is required").field("Content-Type"));
    };
    let mut cdn = locked(&platform.cdn);
    let puts = cdn.0.get(&name).map_or(0, |(state, _)| state.puts) + 1;
    let (size, sha256) = (body.len() as u64, sha256(&body).to_string());
    cdn.0.insert(name.clone(), (ObjectState { name, content_type, size, sha256, puts }, body));
    Ok(StatusCode::OK)
}

/// `GET /cdn/{name}`.
pub(super) async fn get(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let cdn = locked(&platform.cdn);
    let (state, body) = cdn.0.get(&name).ok_or_else(|| exchange.missing("object", &name))?;
    Ok(([(CONTENT_TYPE, state.content_type.clone())], body.clone()).into_response())
}
