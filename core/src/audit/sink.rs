//! The audit endpoint: takes signed batches, and folds what it knows by log and sequence. Source: docs/platform.md, "Audit trail".

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::settings::host;
use crate::clock::Clock;
use crate::digest::Signer;
use crate::error::Result;
use crate::http::{Asked, Body, Http, Patience, Request, refusal};
use crate::pace::{Door, Failure, Pacer, Repeat};

/// Where batches go.
pub(super) struct Sink {
    pub(super) url: Url,
    pub(super) http: Http,
    pub(super) pacer: Arc<Pacer>,
    pub(super) clock: Arc<dyn Clock>,
    /// For one attempt in all.
    pub(super) timeout: Duration,
    pub(super) signer: Signer,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("host", &host(&self.url)).finish_non_exhaustive()
    }
}

impl Sink {
    /// Posts a batch as often as the pace allows. Safe to repeat, since the endpoint folds what it knows.
    pub(super) async fn post(&self, batch: Bytes) -> Result<()> {
        let signature =
            HeaderValue::try_from(self.signer.sign(&batch).to_string()).expect("hex digits are visible ASCII");
        let host = self.url.host_str().unwrap_or_default();
        let attempt = |_| async {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(SIGNATURE, signature.clone());
            let request = Request {
                endpoint: ENDPOINT,
                method: Method::POST,
                url: self.url.clone(),
                headers,
                body: Body::Bytes(batch.clone()),
                patience: Patience::Total(self.timeout),
            };
            let response = self.http.send(request).await?;
            match response.status {
                200 | 201 | 202 | 204 => Ok(()),
                status if status < 400 => {
                    let reason = format!("expected the status 200, 201, 202 or 204, got {status}");
                    Err(Failure::last(response.broken(ENDPOINT, reason)))
                }
                _ => {
                    let asked = Asked { endpoint: ENDPOINT, what: "audit endpoint", id: host, hint: HINT };
                    Err(refusal(asked, &response, self.clock.date()))
                }
            }
        };
        self.pacer.run(Door::Unmetered(host), Repeat::Safe, attempt).await
    }
}

const ENDPOINT: &str = "POST audit";
const HINT: &str = "the audit endpoint and its secret";
const SIGNATURE: HeaderName = HeaderName::from_static("x-audit-signature");
