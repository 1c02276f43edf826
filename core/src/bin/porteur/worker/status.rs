//! How the worker fares, for people and for machines: on a listener of its own, since it shows guests' pictures.
//!
//! A page from elsewhere, open in the browser of somebody who may reach this address, could post to it. So a button counts
//! only when it was on this page, and on loopback only names of loopback are answered to.

use std::net::IpAddr;

use axum::extract::{Form, Path, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue, ORIGIN, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use porteur::{Error, PreviewWorker};
use serde::Deserialize;

use super::{metrics, page};

pub(super) fn routes(worker: PreviewWorker, address: IpAddr) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/previews/{id}", get(picture))
        .route("/redrive", post(redrive))
        .route("/purge", post(purge))
        .route("/metrics", get(measure))
        .route("/healthz", get(health))
        .layer(middleware::from_fn(move |request, next| guard(address.is_loopback(), request, next)))
        .with_state(worker)
}

/// Which dead letters are shown, or meant.
#[derive(Deserialize)]
struct Letters {
    /// Behind this one.
    after: Option<u64>,
}

/// One dead letter, or all of them.
#[derive(Deserialize)]
struct Which {
    key: Option<String>,
}

async fn show(State(worker): State<PreviewWorker>, Query(letters): Query<Letters>) -> Result<Html<String>, Gone> {
    let stats = worker.queue().stats().await?;
    let dead = worker.queue().dead_letters(letters.after, page::DEAD_LETTERS).await?;
    Ok(Html(page::of(&stats, &worker.stats(), &worker.recent(), &dead)))
}

async fn picture(State(worker): State<PreviewWorker>, Path(id): Path<String>) -> Result<Response, StatusCode> {
    let made = worker.recent().into_iter().find(|made| made.id == id).ok_or(StatusCode::NOT_FOUND)?;
    let bytes: Bytes = made.bytes;
    Ok(([(CONTENT_TYPE, made.format.content_type())], bytes).into_response())
}

async fn redrive(State(worker): State<PreviewWorker>, Form(which): Form<Which>) -> Result<Redirect, Gone> {
    match which.key {
        Some(key) => drop(worker.queue().redrive(&key).await?),
        None => drop(worker.queue().redrive_all().await?),
    }
    Ok(Redirect::to("/"))
}

async fn purge(State(worker): State<PreviewWorker>, Form(which): Form<Which>) -> Result<Redirect, Gone> {
    match which.key {
        Some(key) => drop(worker.queue().purge(&key).await?),
        None => drop(worker.queue().purge_all().await?),
    }
    Ok(Redirect::to("/"))
}

async fn measure(State(worker): State<PreviewWorker>) -> Result<Response, Gone> {
    let text = metrics::of(&worker.stats(), &worker.queue().stats().await?);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// 200 when webhooks can be stored; a worker that pauses is well.
async fn health(State(worker): State<PreviewWorker>) -> Result<&'static str, Gone> {
    worker.queue().stats().await?;
    Ok("ok\n")
}

/// The queue is not to be had.
struct Gone(Error);

impl From<Error> for Gone {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Gone {
    fn into_response(self) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", self.0.facts().message)).into_response()
    }
}

async fn guard(loopback: bool, request: Request, next: Next) -> Response {
    if let Some(refusal) = refusal(loopback, request.method() == axum::http::Method::POST, request.headers()) {
        return (StatusCode::FORBIDDEN, refusal).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in
        [(CONTENT_SECURITY_POLICY, POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")]
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(loopback: bool, posts: bool, headers: &HeaderMap) -> Option<&'static str> {
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = header(HOST).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let here = name.eq_ignore_ascii_case("localhost")
        || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if loopback && !here {
        return Some("this address has another name");
    }
    // Programs send no origin; browsers always do with a POST.
    let ours = header(ORIGIN).is_none_or(|origin| origin.split_once("://").is_some_and(|(_, origin)| origin == host));
    (posts && !ours).then_some("this button was on another page")
}

/// Nothing runs, nothing is fetched from elsewhere, and nobody shows this page inside theirs.
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(loopback: bool, posts: bool, host: &'static str, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        refusal(loopback, posts, &headers).is_some()
    }

    #[test]
    fn a_button_on_another_page_does_nothing() {
        assert!(!refused(true, true, "127.0.0.1:8001", Some("http://127.0.0.1:8001")));
        assert!(!refused(true, true, "localhost:8001", None));
        for origin in ["http://evil.example", "null", "http://127.0.0.1:9", "http://127.0.0.1:8001.evil.example"] {
            assert!(refused(true, true, "127.0.0.1:8001", Some(origin)), "{origin}");
        }
        assert!(refused(false, true, "worker.example:8001", Some("https://evil.example")));
    }

    #[test]
    fn on_loopback_a_name_that_was_bent_to_it_is_not_answered_to() {
        for host in ["localhost", "LOCALHOST:8001", "127.0.0.1", "127.0.0.1:8001", "[::1]:8001", "[::1]"] {
            assert!(!refused(true, false, host, None), "{host}");
        }
        for host in ["evil.example:8001", "127.0.0.1.evil.example", "", "10.0.0.5:8001"] {
            assert!(refused(true, false, host, None), "{host}");
        }
        assert!(!refused(false, false, "worker.example:8001", None));
    }
}
