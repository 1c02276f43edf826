//! `GET /hosted/{name}`: a host of guests' files. It is not the platform's, so a token that comes here is a breach, unless the
//! file says that it is the platform's own.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;

use super::platform::{Exchange, Platform, Refusal, locked};
use super::tokens::invalid_token;
use crate::error::{Error, Result};

/// A file that a guest attached, and how its host answers. Its bytes are `text`, `base64` or those of the file at `path`, and none by
/// default; a [`Fault`](super::Fault) on `GET /hosted` makes the host slow, silent or busy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostedFile {
    /// Its name, which is the end of its path.
    pub name: String,
    /// Its bytes as text.
    pub text: Option<String>,
    /// Its bytes in base64.
    pub base64: Option<String>,
    /// A file with its bytes, read for each answer.
    pub path: Option<PathBuf>,
    /// The `Content-Type`; default `application/octet-stream`.
    pub content_type: String,
    /// The status; default 200.
    pub status: u16,
    /// Where a redirect leads: the `Location`, with `{url}` for the platform's own URL.
    pub location: Option<String>,
    /// The `Content-Encoding`, whatever the bytes are.
    pub content_encoding: Option<String>,
    /// The `Content-Length`, whatever the bytes are: the connection ends when there are fewer.
    pub content_length: Option<u64>,
    /// Whether the host is the platform's own, and asks for the client's token; default false.
    pub wants_token: bool,
}

impl Default for HostedFile {
    fn default() -> Self {
        Self {
            name: "file".to_owned(),
            text: None,
            base64: None,
            path: None,
            content_type: "application/octet-stream".to_owned(),
            status: 200,
            location: None,
            content_encoding: None,
            content_length: None,
            wants_token: false,
        }
    }
}

impl HostedFile {
    /// `name` is what an error calls it.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        let invalid = |field: &str, reason: &str| Err(Error::invalid(format!("{name}.{field}"), reason));
        if self.name.is_empty() || self.name.contains(['/', '?', '#', '%']) {
            return invalid("name", "expected the last part of a path, which needs no escapes");
        }
        if self.text.is_some() && self.base64.is_some() {
            return invalid("base64", "expected one of text, base64 and path, got two");
        }
        if self.path.is_some() && (self.text.is_some() || self.base64.is_some()) {
            return invalid("path", "expected one of text, base64 and path, got two");
        }
        if self.base64.as_ref().is_some_and(|text| STANDARD.decode(text).is_err()) {
            return invalid("base64", "expected base64");
        }
        if self.path.as_ref().is_some_and(|path| !path.is_file()) {
            return invalid("path", "expected a file");
        }
        if !(200..600).contains(&self.status) {
            return invalid("status", "expected 200 to 599");
        }
        for (field, value) in [("location", &self.location), ("content_encoding", &self.content_encoding)] {
            if value.as_ref().is_some_and(|value| HeaderValue::try_from(value).is_err()) {
                return invalid(field, "expected what a header can carry");
            }
        }
        if HeaderValue::try_from(&self.content_type).is_err() {
            return invalid("content_type", "expected what a header can carry");
        }
        Ok(())
    }

    fn bytes(&self) -> std::io::Result<Bytes> {
        match (&self.text, &self.base64, &self.path) {
            (Some(text), ..) => Ok(text.clone().into()),
            (_, Some(text), _) => Ok(STANDARD.decode(text).map_err(std::io::Error::other)?.into()),
            (.., Some(path)) => Ok(std::fs::read(path)?.into()),
            _ => Ok(Bytes::new()),
        }
    }
}

/// `GET /hosted/{name}`.
pub(super) async fn give(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    platform.without_body(&exchange, &body)?;
    let file = platform.settings.hosted.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| exchange.missing("file", &name))?;
    if file.wants_token {
        if locked(&platform.tokens).kind(&headers) != "client" {
            return Err(invalid_token(&exchange));
        }
    } else if headers.contains_key(AUTHORIZATION) {
        platform.breach(&exchange, "sent a token to a host that is not the platform's");
        return Err(exchange.bad("this host wants no token"));
    }
    let bytes = file.bytes();
    let bytes = bytes.map_err(|error| exchange.bad(&format!("the file cannot be read: {error}")))?;
    Ok(answer(&platform, file, bytes))
}

fn answer(platform: &Platform, file: &HostedFile, bytes: Bytes) -> Response {
    let status = StatusCode::from_u16(file.status).unwrap_or(StatusCode::OK);
    let length = file.content_length.unwrap_or(bytes.len() as u64);
    // In a stream, since of a body whose length is known nobody can say another one.
    let body = Body::from_stream(stream::unfold(Some(bytes), |bytes| async {
        if let Some(bytes) = bytes {
            return Some((Ok::<_, Infallible>(bytes), None));
        }
        // What there is leaves before the end shows whether that was all.
        tokio::task::yield_now().await;
        None
    }));
    let mut response = (status, body).into_response();
    let location = file.location.as_ref().map(|location| location.replace("{url}", &platform.url));
    let text = |name: HeaderName, value: Option<&str>| Some((name, HeaderValue::try_from(value?).ok()?));
    response.headers_mut().extend(
        [
            text(CONTENT_TYPE, Some(&file.content_type)),
            text(CONTENT_ENCODING, file.content_encoding.as_deref()),
            text(LOCATION, location.as_deref()),
            Some((CONTENT_LENGTH, HeaderValue::from(length))),
        ]
        .into_iter()
        .flatten(),
    );
    response
}
