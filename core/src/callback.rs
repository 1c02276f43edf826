//! Telling a server of the caller's own how something ended. Source: docs/platform.md, "Transfers" and "Attachments".
//!
//! The body carries an event id, so that a repeat can be told from news; that is why a callback may be repeated.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Map, Value};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{Asked, Body, Http, Patience, Request, refusal, unfit};
use crate::pace::{Door, Failure, Pacer, Repeat};

/// Whom to tell how something ended: JSON with an id of the event, sent as often as the client's pace allows.
///
/// ```
/// let callback = porteur::Callback::post("https://media.example.com/hooks/transfers");
/// assert_eq!(callback.method, "POST");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    /// Where to; https, or http to this machine. `Debug` shows its host alone.
    pub url: String,
    /// `POST`, `PUT` or `PATCH`.
    pub method: String,
}

impl Callback {
    /// A POST.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(url, "POST")
    }

    /// With this method.
    pub fn new(url: impl Into<String>, method: impl Into<String>) -> Self {
        Self { url: url.into(), method: method.into() }
    }

    /// # Errors
    /// [`Error::InvalidInput`] about `field`.
    pub(crate) fn parse(&self, field: &str, allow_plain_http: bool) -> Result<Destination> {
        let invalid = |reason: String| Error::invalid(field, reason);
        let url = Url::parse(&self.url).map_err(|error| invalid(format!("expected a URL: {error}")))?;
        if let Some(why) = unfit(&url, allow_plain_http) {
            return Err(invalid(why));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("expected a URL without user and password".to_owned()));
        }
        let known = [Method::POST, Method::PUT, Method::PATCH];
        let method = known.into_iter().find(|known| known.as_str() == self.method);
        let method = method.ok_or_else(|| invalid(format!("expected POST, PUT or PATCH, got {:?}", self.method)))?;
        Ok(Destination { url, method })
    }
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The path may be what lets people in.
        let url = Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        f.debug_struct("Callback").field("host", &host).field("method", &self.method).finish_non_exhaustive()
    }
}

/// A callback that can be made.
pub(crate) struct Destination {
    url: Url,
    method: Method,
}

impl Destination {
    /// Where it is, without the query, which may be a key.
    pub(crate) fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.into()
    }
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Destination").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

/// Makes callbacks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) http: Http,
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) clock: Arc<dyn Clock>,
    /// For one attempt.
    pub(crate) timeout: Duration,
}

impl Caller {
    /// Tells `event`, under an id of its own in the member `id`.
    pub(crate) async fn tell(&self, destination: &Destination, id: &str, mut event: Map<String, Value>) -> Result<()> {
        let Destination { url, method } = destination;
        event.insert(id.to_owned(), uuid::Uuid::now_v7().to_string().into());
        let body = Bytes::from(Value::Object(event).to_string());
        let host = url.host_str().unwrap_or_default();
        let endpoint = format!("{method} callback");
        let attempt = |_| async {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let request = Request {
                endpoint: &endpoint,
                method: method.clone(),
                url: url.clone(),
                headers,
                body: Body::Bytes(body.clone()),
                patience: Patience::Total(self.timeout),
            };
            let response = self.http.send(request).await?;
            match response.status {
                200..300 => Ok(()),
                status if status < 400 => {
                    let reason = format!("expected a status of success, got {status}");
                    Err(Failure::last(response.broken(&endpoint, reason)))
                }
                _ => {
                    let asked = Asked { endpoint: &endpoint, what: "callback", id: host, hint: HINT };
                    Err(refusal(asked, &response, self.clock.date()))
                }
            }
        };
        self.pacer.run(Door::Unmetered(host), Repeat::Safe, attempt).await
    }
}

const HINT: &str = "the URL of the callback and what it asks of its callers";
