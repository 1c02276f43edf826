//! Where the platform posts its webhooks.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use porteur::PreviewWorker;

/// One path, and POST alone.
pub(crate) fn routes(path: &str, worker: PreviewWorker) -> Router {
    Router::new().route(path, post(take)).with_state(worker)
}

async fn take(State(worker): State<PreviewWorker>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY, to_bytes(body, MOST_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large, or broke off").into_response(),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the body did not come").into_response(),
    };
    let headers = head.headers.iter().map(|(name, value): (&HeaderName, _)| (name.as_str(), value.as_bytes()));
    let answer = worker.answer(&body, headers).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = answer.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// One more than is taken, so that it is the worker that says what is too large.
const MOST_BYTES: usize = (64 << 10) + 1;
/// For all of a body that has 64 KiB at most.
const BODY: Duration = Duration::from_secs(10);
