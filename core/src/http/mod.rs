//! The only room that knows reqwest: sends a request, reads the answer, says how the network failed.
//!
//! What an answer means is decided in `answer`, what may be logged of it in `redact`; `download` is for
//! bodies that are too large to be held, `upgrade` for connections that then speak something else, `guarded` for hosts that
//! strangers named.

mod answer;
mod download;
#[cfg(feature = "previews")]
mod guarded;
mod redact;
mod upgrade;

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use tracing::debug;

use crate::clock::Clock;
use crate::error::{Answer, Cause, Error, NetworkKind, Result};
use crate::pace::{Class, Failure, Health};

pub(crate) use answer::{Asked, refusal};
pub(crate) use download::{Download, Downloaded};
#[cfg(feature = "previews")]
pub(crate) use guarded::{Lookup, look_up};
pub(crate) use upgrade::{Upgrade, Upgraded};

/// Sends requests. Follows no redirect: whoever expects one says what it may do.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    peer: Peer,
}

/// Whom it speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    /// A host that the caller or the platform chose.
    Chosen,
    /// Anybody. What they write beside a file is not read.
    Stranger,
}

/// One attempt at a call.
pub(crate) struct Request<'a> {
    /// Method and path for logs and errors; never a query.
    pub(crate) endpoint: &'a str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) patience: Patience,
}

/// How long an attempt may take.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// In all.
    Total(Duration),
    /// Without progress of the body that is sent, or of the answer.
    Stall(Duration),
}

/// What is sent.
pub(crate) enum Body {
    /// Nothing, as of a GET.
    Empty,
    Bytes(Bytes),
    /// Pieces of known total length.
    Stream {
        pieces: Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>,
        length: u64,
    },
}

/// What came back, read whole.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Http {
    /// `direct` leaves the proxy of the environment out: a host on loopback is never behind one.
    pub(crate) fn new(connect: Duration, direct: bool, clock: Arc<dyn Clock>) -> Result<Self> {
        let builder = builder(connect);
        Self::build(if direct { builder.no_proxy() } else { builder }, Peer::Chosen, clock)
    }

    fn build(builder: reqwest::ClientBuilder, peer: Peer, clock: Arc<dyn Clock>) -> Result<Self> {
        let client = builder.build().map_err(|error| Error::Network {
            kind: NetworkKind::Tls,
            endpoint: "setting up TLS".to_owned(),
            attempts: 0,
            source: Some(Cause::new(error)),
        })?;
        Ok(Self { client, clock, peer })
    }

    /// Sends once and reads the whole answer, whatever its status.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Response, Failure> {
        let Request { endpoint, method, url, mut headers, body, patience } = request;
        if body.length() == Some(0) {
            // Left out for an empty body unless it is named, and some storages answer 411 then.
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let progress = Progress::new(self.clock.clone());
        let started = self.clock.now();
        let call = async {
            let builder = self.client.request(method, url).headers(headers);
            let response = builder.body(body.watched(progress.clone())).send().await?;
            read(response, &progress).await
        };
        let outcome = tokio::select! {
            // The answer first: one that came at the last moment counts.
            biased;
            outcome = call => outcome,
            () = progress.impatient(&*self.clock, patience) => return Err(failure(NetworkKind::Timeout, endpoint, None)),
        };
        match outcome {
            Ok(Some(response)) => {
                let took = self.clock.now().saturating_sub(started);
                debug!(endpoint, status = response.status, took = ?took, "answered");
                Ok(response)
            }
            Ok(None) => Err(Failure::last(overlong(endpoint))),
            Err(error) => Err(failure(kind_of(&error), endpoint, Some(Cause::new(error.without_url())))),
        }
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON. The failure says what was wrong and where without quoting it: an answer may hold tokens and signed
    /// URLs.
    pub(crate) fn json<T: DeserializeOwned>(&self, endpoint: &str) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // Data errors of serde quote the value after the kind; the names of missing members come without one.
            let text = error.to_string();
            let what = match error.is_data() {
                true if text.starts_with("missing field") => text.split(" at ").next().unwrap_or_default().to_owned(),
                true => "a member has the wrong type".to_owned(),
                false => "it is not JSON".to_owned(),
            };
            Failure::last(self.broken(endpoint, format!("{what} (column {})", error.column())))
        })
    }

    /// [`Error::Protocol`] about this answer.
    pub(crate) fn broken(&self, endpoint: &str, reason: impl Into<String>) -> Error {
        Error::Protocol { endpoint: endpoint.to_owned(), reason: reason.into(), answer: Some(self.answer()) }
    }

    /// The status and the id for people: the correlation id, else the request id.
    pub(crate) fn answer(&self) -> Answer {
        let id = self.header("inin-correlation-id").or_else(|| self.header("x-genesys-request-id"));
        Answer { status: self.status, request_id: id.map(str::to_owned) }
    }
}

/// What all clients have in common.
fn builder(connect: Duration) -> reqwest::ClientBuilder {
    // Only the first provider of a process is kept; one that the host installed before us serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("porteur/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        // Whatever else in the program asks reqwest for: a socket begins on a connection that speaks HTTP/1.1.
        .http1_only()
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE)
        .connect_timeout(connect)
}

async fn read(mut response: reqwest::Response, progress: &Progress) -> reqwest::Result<Option<Response>> {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = BytesMut::new();
    while let Some(piece) = response.chunk().await? {
        progress.made();
        if body.len() + piece.len() > MAX_ANSWER {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(Response { status, headers, body: body.freeze() }))
}

fn overlong(endpoint: &str) -> Error {
    Error::protocol(endpoint, format!("expected an answer of at most {MAX_ANSWER} bytes, got more"))
}

fn failure(kind: NetworkKind, endpoint: &str, source: Option<Cause>) -> Failure {
    let class = match kind {
        NetworkKind::Connect => Class::Unsent,
        NetworkKind::Tls => Class::Final,
        NetworkKind::Timeout | NetworkKind::Lost => Class::Unclear,
    };
    let error = Error::Network { kind, endpoint: endpoint.to_owned(), attempts: 1, source };
    Failure { error, class, health: Health::Unknown }
}

fn kind_of(error: &reqwest::Error) -> NetworkKind {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(below) = cause {
        if below.is::<rustls::Error>() {
            return NetworkKind::Tls;
        }
        // An io::Error shows what it wraps only when asked for it, and one may wrap another.
        let wrapped = below.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = wrapped.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| below.source());
    }
    match error {
        _ if error.is_connect() => NetworkKind::Connect,
        _ if error.is_timeout() => NetworkKind::Timeout,
        _ => NetworkKind::Lost,
    }
}

/// When something last moved, for noticing a stall.
#[derive(Clone)]
struct Progress {
    clock: Arc<dyn Clock>,
    moved_ms: Arc<AtomicU64>,
}

impl Progress {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let progress = Self { clock, moved_ms: Arc::default() };
        progress.made();
        progress
    }

    fn made(&self) {
        self.moved_ms.store(millis(self.clock.now()), Ordering::Relaxed);
    }

    /// Ready when patience ends.
    async fn impatient(&self, clock: &dyn Clock, patience: Patience) {
        match patience {
            Patience::Total(limit) => clock.deadline(limit).await,
            Patience::Stall(limit) => {
                let mut left = limit;
                loop {
                    clock.deadline(left).await;
                    let moved = Duration::from_millis(self.moved_ms.load(Ordering::Relaxed));
                    left = (moved + limit).saturating_sub(clock.now());
                    if left.is_zero() {
                        return;
                    }
                }
            }
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Body {
    /// `None` when there is to be no body at all.
    fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => None,
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream { length, .. } => Some(*length),
        }
    }

    fn watched(self, progress: Progress) -> reqwest::Body {
        match self {
            Self::Empty => reqwest::Body::from(Bytes::new()),
            Self::Bytes(bytes) => bytes.into(),
            Self::Stream { pieces, length } => {
                // The lock is for the type system alone (a reqwest body is Sync): one task polls.
                reqwest::Body::wrap(Watched { pieces: Mutex::new(pieces), left: length, progress })
            }
        }
    }
}

/// A body of known length that tells when it moves.
struct Watched {
    pieces: Mutex<Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>>,
    left: u64,
    progress: Progress,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let next = {
            let pieces = self.pieces.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::task::ready!(pieces.as_mut().poll_next(cx))
        };
        self.progress.made();
        Poll::Ready(next.map(|piece| {
            piece.map(|piece| {
                self.left = self.left.saturating_sub(piece.len() as u64);
                Frame::data(piece)
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Says what is wrong with a host that tokens and bytes are to go to: anything but https, and plain http to this machine or
/// where it is allowed by name.
pub(crate) fn unfit(url: &Url, allow_plain_http: bool) -> Option<String> {
    match url.scheme() {
        "https" => None,
        "http" if allow_plain_http || is_loopback(url) => None,
        "http" => Some("expected https, got plain http to a host that is not loopback".to_owned()),
        other => Some(format!("expected https, got {other}")),
    }
}

/// Whether a URL names this machine, by address or as `localhost`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A connection that was idle this long is not used again. Load balancers close theirs after a minute, and a call that meets
/// that moment cannot know whether it arrived.
const IDLE: Duration = Duration::from_secs(30);
/// The largest answer that is read: JSON answers of the platform are far below, a megabyte page included.
const MAX_ANSWER: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_is_not_as_expected_is_told_without_its_values() {
        for (body, expected) in [
            (r#"{"partUrls":"https://s.example/k?X-Amz-Signature=SECRET"}"#, "a member has the wrong type"),
            (r#"{"token":"SECRET"}"#, "missing field `partUrls`"),
            ("SECRET", "it is not JSON"),
        ] {
            #[derive(Debug, serde::Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Session {
                #[expect(dead_code, reason = "read by nobody: it is there to be missing")]
                part_urls: Vec<String>,
            }
            let response = Response { status: 201, headers: HeaderMap::new(), body: Bytes::from(body) };
            let error = response.json::<Session>("POST x").unwrap_err().error;
            let text = error.facts().message;
            assert!(text.contains(expected) && !text.contains("SECRET"), "{text}");
            assert_eq!(error.facts().status, Some(201));
        }
    }
}
