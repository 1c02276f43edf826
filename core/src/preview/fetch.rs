//! Getting a stranger's file: where a guard allows it, without a token, in pieces to a sink. Source: docs/platform.md,
//! "Previews".
//!
//! Redirects are followed by hand, since each of them is a URL that a stranger wrote. What the host says beside the file is not
//! quoted: no error and no log has words that a stranger chose.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use tracing::debug;
use url::Url;

use super::guard::Guard;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{Asked, Download, Downloaded, Http, Lookup, Response, look_up, refusal};
use crate::pace::{Door, Failure, Pacer, Repeat};

/// Where a file goes, piece by piece.
pub(crate) trait Sink: Send {
    /// An attempt begins: what came before is to be forgotten.
    fn begin(&mut self) -> Result<()>;

    /// The next piece. What it refuses ends the fetch.
    fn take(&mut self, piece: Bytes) -> Result<()>;
}

/// For a file that is small enough to be held.
impl Sink for Vec<u8> {
    fn begin(&mut self) -> Result<()> {
        self.clear();
        Ok(())
    }

    fn take(&mut self, piece: Bytes) -> Result<()> {
        self.extend_from_slice(&piece);
        Ok(())
    }
}

/// How long a file may take and how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FetchLimits {
    /// For a connection, DNS included. Default 5 s.
    pub(crate) connect: Duration,
    /// For one attempt with all of its redirects. Default 30 s.
    pub(crate) total: Duration,
    /// Without a byte that comes. Default 10 s.
    pub(crate) stall: Duration,
    /// Default 25 MiB, which is what is read of a picture.
    pub(crate) max_bytes: u64,
}

impl Default for FetchLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(5), total: seconds(30), stall: seconds(10), max_bytes: 25 << 20 }
    }
}

/// A file that has come whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) bytes: u64,
    /// How many redirects led to it.
    pub(crate) redirects: u32,
}

/// Fetches what strangers name; clones share the connections.
#[derive(Debug, Clone)]
pub(crate) struct Fetcher {
    http: Http,
    guard: Guard,
    limits: FetchLimits,
    pacer: Arc<Pacer>,
    clock: Arc<dyn Clock>,
}

impl Fetcher {
    /// # Errors
    /// [`Error::Network`] when the machine has no trust store.
    pub(crate) fn new(guard: Guard, limits: FetchLimits, pacer: Arc<Pacer>, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::with_lookup(guard, limits, look_up(), pacer, clock)
    }

    /// `lookup` finds the addresses of names, and the guard looks at each of them.
    pub(super) fn with_lookup(
        guard: Guard,
        limits: FetchLimits,
        lookup: Lookup,
        pacer: Arc<Pacer>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let http = Http::guarded(limits.connect, guard.watch(lookup), clock.clone())?;
        Ok(Self { http, guard, limits, pacer, clock })
    }

    /// Whether the file at `url` is the platform's own, so that [`Fetcher::fetch`] may take a token along.
    pub(crate) fn trusts(&self, url: &str) -> bool {
        self.guard.parse(url).is_ok_and(|url| self.guard.trusts(&url))
    }

    /// Fetches the file at `url` into `sink`, as often as the pace allows. `token`, the value of an `Authorization` header, goes
    /// to hosts that the guard trusts alone.
    ///
    /// # Errors
    /// [`Error::UnsafeTarget`] for a URL, a redirect or an address that may not be asked; [`Error::TooLarge`];
    /// [`Error::NotFound`], [`Error::PermissionDenied`], [`Error::Unauthenticated`] and [`Error::Api`] (410 is one) as the host
    /// refuses, [`Error::RateLimited`] and [`Error::Unavailable`] when it did to the end; [`Error::Network`], also for a
    /// body that is shorter than it was said to be; [`Error::Protocol`] for anything else that is no file; and what `sink` refuses
    /// with.
    ///
    /// # Cancellation
    /// Stops at once; the sink keeps what it has.
    pub(crate) async fn fetch(&self, url: &str, token: Option<&HeaderValue>, sink: &mut impl Sink) -> Result<Fetched> {
        let url = self.guard.parse(url)?;
        let host = url.host_str().unwrap_or_default();
        // Taken for the moment of one piece, since an attempt may not borrow it for longer than itself.
        let sink = Mutex::new(sink);
        self.pacer.run(Door::Unmetered(host), Repeat::Safe, |_| self.attempt(&url, token, &sink)).await
    }

    async fn attempt<S: Sink>(
        &self,
        url: &Url,
        token: Option<&HeaderValue>,
        sink: &Mutex<&mut S>,
    ) -> Result<Fetched, Failure> {
        locked(sink).begin().map_err(Failure::last)?;
        let until = self.clock.now() + self.limits.total;
        let mut url = url.clone();
        for redirects in 0..=MAX_REDIRECTS {
            let endpoint = format!("GET {}", url.host_str().unwrap_or_default());
            let download = Download {
                endpoint: &endpoint,
                url: url.clone(),
                headers: self.headers(&url, token),
                total: until.saturating_sub(self.clock.now()),
                stall: self.limits.stall,
                what: "attachment",
                max_bytes: self.limits.max_bytes,
            };
            let answer = self.http.download(download, |piece| locked(sink).take(piece)).await?;
            match answer {
                Downloaded::Whole { headers, bytes } => {
                    as_it_is(&endpoint, &headers)?;
                    debug!(endpoint, bytes, redirects, "fetched");
                    return Ok(Fetched { bytes, redirects });
                }
                Downloaded::Else(response) => url = self.elsewhere(&endpoint, &url, response)?,
            }
        }
        let reason = format!("expected at most {MAX_REDIRECTS} redirects, got more");
        Err(Failure::last(Error::protocol(format!("GET {}", url.host_str().unwrap_or_default()), reason)))
    }

    fn headers(&self, url: &Url, token: Option<&HeaderValue>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        // A body that unpacks itself would get around the limit of its bytes.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(token) = token.filter(|_| self.guard.trusts(url)) {
            headers.insert(AUTHORIZATION, token.clone());
        }
        headers
    }

    /// Where a redirect leads, when `response` is one and we may go there.
    fn elsewhere(&self, endpoint: &str, url: &Url, mut response: Response) -> Result<Url, Failure> {
        let location = response.headers.remove(LOCATION);
        // What is left of its headers are those that decide something.
        let retry_after = response.headers.remove(RETRY_AFTER);
        response.headers.clear();
        response.headers.extend(retry_after.map(|value| (RETRY_AFTER, value)));
        match (response.status, location) {
            (301 | 302 | 303 | 307 | 308, Some(location)) => {
                // In UTF-8, as some hosts write it; the parser makes the rest of it.
                let location =
                    std::str::from_utf8(location.as_bytes()).ok().and_then(|location| url.join(location).ok());
                let Some(next) = location else {
                    return Err(Failure::last(response.broken(endpoint, "expected a redirect to a URL")));
                };
                self.guard.check(&next).map_err(|error| Failure::last(led_to(url, error)))?;
                Ok(next)
            }
            (..400, _) => {
                let reason = format!("expected 200 or a redirect, got {}", response.status);
                Err(Failure::last(response.broken(endpoint, reason)))
            }
            _ => {
                let id = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
                let asked = Asked { endpoint, what: "attachment", id: &id, hint: HINT };
                Err(refusal(asked, &response, self.clock.date()))
            }
        }
    }
}

/// Refuses a body that is not the file itself.
fn as_it_is(endpoint: &str, headers: &HeaderMap) -> Result<(), Failure> {
    let encoded =
        headers.get_all(CONTENT_ENCODING).iter().any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        let reason = "expected the file as it is, got it in a content encoding that was not asked for";
        return Err(Failure::last(Error::protocol(endpoint, reason)));
    }
    Ok(())
}

/// Says that it was a redirect that went astray, and of which host.
fn led_to(url: &Url, error: Error) -> Error {
    match error {
        Error::UnsafeTarget { reason } => {
            let host = url.host_str().unwrap_or_default();
            Error::UnsafeTarget { reason: format!("a redirect of {host}: {reason}") }
        }
        other => other,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What browsers take is 20; a file host needs one or two.
const MAX_REDIRECTS: u32 = 5;
const HINT: &str = "whether the attachment's URL is still good";
