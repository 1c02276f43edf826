//! The server: takes connections, lets scripted faults happen, writes the journal, and leaves the rest to the routes.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode, request};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use tracing::debug;

use super::faults::{DropAt, Effect, Scripted, ScriptedBody, merge};
use super::journal::{Record, Watched, content_length};
use super::platform::{Exchange, Platform, PlatformClock, Refusal, locked};
use super::sockets::Opened;
use super::{
    attachment_calls, audit, callbacks, cdn, conversations, files, guests, history, hosting, interactions, linked,
    sockets, storage, tokens,
};

/// Answers on `listener` until dropped.
pub(super) async fn serve(listener: TcpListener, platform: Arc<Platform>) -> Infallible {
    let server = Arc::new(Server { routes: routes(platform.clone()), platform });
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(server.clone().converse(stream));
            }
            Err(error) => {
                // Out of file descriptors, mostly: real time has to pass before that is better.
                debug!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One line a resource.
fn routes(platform: Arc<Platform>) -> Router {
    Router::new()
        .route(tokens::TOKEN_PATH, post(tokens::issue))
        .route("/api/v2/files/uploads", post(files::initiate))
        .route("/api/v2/files/uploads/{id}/complete", post(files::complete))
        .route("/api/v2/files/attachments", post(attachment_calls::upload))
        .route("/api/v2/files/attachments/{id}", get(attachment_calls::describe).patch(attachment_calls::patch))
        .route("/api/v2/files/attachments/{id}/download", get(attachment_calls::download))
        .route("/signed/attachments/{id}", get(attachment_calls::signed))
        .route("/storage/{id}", put(storage::put_range))
        .route("/storage/{id}/{part}", put(storage::put_part))
        .route("/api/v2/conversations/messaging/guests", post(guests::create))
        .route("/api/v2/conversations/messaging/messages", post(guests::send))
        .route("/api/v2/conversations/messages", get(history::page).post(linked::post))
        .route("/api/v2/conversations/{id}", get(conversations::read))
        .route("/api/v2/conversations/{id}/messages", post(conversations::send))
        .route("/api/v2/interactions/{id}", get(interactions::read))
        .route("/api/v2/websocket", get(sockets::open))
        .route(callbacks::CALLBACK_PATH, post(callbacks::take).put(callbacks::take).patch(callbacks::take))
        .route("/cdn/{name}", get(cdn::get).put(cdn::put))
        .route(audit::AUDIT_PATH, post(audit::take))
        .route("/hosted/{name}", get(hosting::give))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::disable())
        .with_state(platform)
}

async fn no_such_path(Extension(exchange): Extension<Exchange>, _body: Bytes) -> Refusal {
    exchange.refuse(StatusCode::NOT_FOUND, "not.found", "there is no such path")
}

async fn no_such_method(Extension(exchange): Extension<Exchange>, _body: Bytes) -> Refusal {
    exchange.refuse(StatusCode::METHOD_NOT_ALLOWED, "method.not.allowed", "this path has no such method")
}

struct Server {
    platform: Arc<Platform>,
    routes: Router,
}

/// Instead of an answer: the connection ends here.
#[derive(Debug, thiserror::Error)]
#[error("the connection is to be reset")]
struct Reset;

impl Server {
    /// One connection, from its first request to its end.
    async fn converse(self: Arc<Self>, stream: TcpStream) {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "small answers may be late");
        }
        let opened = Mutex::new(None);
        let service = service_fn(|request| Box::pin(self.answer(request, &opened)));
        let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // Without hyper's own shutdown, since a reset must find the socket still open.
        let end = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
        let parts = connection.into_parts();
        let mut stream = parts.io.into_inner();
        let opened = locked(&opened).take();
        if let Some(opened) = opened {
            return sockets::serve(&self.platform, opened, stream, parts.read_buf).await;
        }
        let reset = |error: &hyper::Error| std::error::Error::source(error).is_some_and(|source| source.is::<Reset>());
        let closed = match end {
            Err(error) if reset(&error) => stream.set_zero_linger(),
            Err(_) => Ok(()),
            Ok(()) => stream.shutdown().await,
        };
        if let Err(error) = closed {
            debug!(%error, "the connection was gone already");
        }
    }

    /// One request. `Err` ends the connection without an answer; `opened` hears when it is a socket from now on.
    async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        opened: &Mutex<Option<Opened>>,
    ) -> Result<Response, Reset> {
        let (head, body) = request.into_parts();
        let authorization = locked(&self.platform.tokens).kind(&head.headers);
        let record = self.platform.journal.begin(&head, authorization, self.platform.now());
        let effect = locked(&self.platform.script).next(&head.method, head.uri.path());
        let exchange = Exchange {
            number: record.number(),
            request: format!("{} {}", head.method, head.uri.path()),
            effect: match &effect {
                Some(Effect::Storage(effect)) => Some(*effect),
                _ => None,
            },
        };
        let body = record.watch(body);
        let mut response = match effect {
            None | Some(Effect::Storage(_)) => self.carry_out(head, body, &exchange).await,
            Some(effect) => self.misbehave(effect, head, body, &exchange, &record).await?,
        };
        if record.broken() {
            return Err(Reset);
        }
        self.sign(&mut response, &exchange);
        *locked(opened) = response.extensions_mut().remove();
        record.answered(response.status());
        Ok(response)
    }

    /// What the platform does when nothing goes wrong.
    async fn carry_out(&self, head: request::Parts, mut body: Watched<Incoming>, exchange: &Exchange) -> Response {
        if let Some(refusal) = self.platform.over_limit(exchange, head.uri.path()) {
            // A body that breaks off is noticed by who asked.
            let _ = read(&mut body, u64::MAX).await;
            return refusal;
        }
        let mut request = Request::from_parts(head, Body::new(body));
        request.extensions_mut().insert(exchange.clone());
        match self.routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    async fn misbehave(
        &self,
        effect: Effect,
        head: request::Parts,
        mut body: Watched<Incoming>,
        exchange: &Exchange,
        record: &Record,
    ) -> Result<Response, Reset> {
        match effect {
            Effect::Drop(DropAt::Before) => Err(Reset),
            Effect::Drop(DropAt::During) => {
                read(&mut body, content_length(&head.headers).unwrap_or(0) / 2).await?;
                Err(Reset)
            }
            Effect::Drop(DropAt::After) => {
                self.carry_out(head, body, exchange).await;
                Err(Reset)
            }
            Effect::Stall { ms } => {
                // Read first: hyper notices that the client hung up only when it has nothing left to read.
                read(&mut body, u64::MAX).await?;
                record.silent();
                let _hold = match &self.platform.clock {
                    PlatformClock::Simulated(clock) => Some(clock.hold(Duration::from_millis(ms))),
                    PlatformClock::System(_) => None,
                };
                pending().await
            }
            Effect::Answer(scripted) => {
                read(&mut body, u64::MAX).await?;
                Ok(self.scripted(*scripted, exchange))
            }
            Effect::ExpireToken => {
                read(&mut body, u64::MAX).await?;
                locked(&self.platform.tokens).forget(&head.headers);
                Ok(tokens::invalid_token(exchange).into_response())
            }
            Effect::Slow { ms } => Ok(slowed(self.carry_out(head, body, exchange).await, ms).await),
            Effect::Edit(patch) => Ok(edited(self.carry_out(head, body, exchange).await, &patch).await),
            Effect::Storage(_) | Effect::Frame(_) => Ok(self.carry_out(head, body, exchange).await),
        }
    }

    fn scripted(&self, scripted: Scripted, exchange: &Exchange) -> Response {
        let status = scripted.status;
        let mut response = match scripted.body {
            _ if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) => status.into_response(),
            ScriptedBody::Json(body) => (status, Json(body)).into_response(),
            ScriptedBody::Text(body) => (status, body).into_response(),
            ScriptedBody::Platform => {
                let code = status.canonical_reason().unwrap_or("error").to_lowercase().replace(' ', ".");
                exchange.refuse(status, &code, "this answer was scripted").into_response()
            }
        };
        if let Some(seconds) = scripted.retry_after_date {
            let date = self.platform.clock.shared().date() + Duration::from_secs(seconds);
            insert(&mut response, RETRY_AFTER, &httpdate::fmt_http_date(date));
        }
        response.headers_mut().extend(scripted.headers);
        response
    }

    /// What every answer carries.
    fn sign(&self, response: &mut Response, exchange: &Exchange) {
        let date = httpdate::fmt_http_date(self.platform.clock.shared().date());
        insert(response, DATE, &date);
        insert(response, axum::http::HeaderName::from_static("inin-correlation-id"), &exchange.correlation());
    }
}

/// Sets a header unless a fault has set it.
fn insert(response: &mut Response, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().entry(name).or_insert(value);
    }
}

/// Reads at least `enough` bytes of a body, or all of it.
async fn read(body: &mut Watched<Incoming>, enough: u64) -> Result<(), Reset> {
    let mut count = 0;
    while count < enough {
        let Some(frame) = body.frame().await else { return Ok(()) };
        count += frame.map_err(|_| Reset)?.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(())
}

/// The same answer after `ms` real milliseconds: half before its head, half between the pieces of its body.
async fn slowed(response: Response, ms: u64) -> Response {
    let (mut head, body) = response.into_parts();
    let half = Duration::from_millis(ms) / 2;
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    tokio::time::sleep(if body.is_empty() { half * 2 } else { half }).await;
    if body.is_empty() {
        return Response::from_parts(head, Body::empty());
    }
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let size = body.len().div_ceil(PIECES);
    let pause = half / u32::try_from(body.len().div_ceil(size)).unwrap_or(1);
    let pieces = futures_util::stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, Infallible>(piece), rest))
    });
    Response::from_parts(head, Body::from_stream(pieces))
}

/// The same answer with its JSON changed; one that is no JSON stays as it is.
async fn edited(response: Response, patch: &Value) -> Response {
    let (mut head, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let Ok(mut json) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(head, Body::from(body));
    };
    merge(&mut json, patch);
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Response::from_parts(head, Body::from(json.to_string()))
}

/// In how many pieces the body of a slow answer comes.
const PIECES: usize = 8;

/// Short enough for nobody to notice, long enough not to burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
