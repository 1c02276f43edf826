//! The wire of the gateway surface: authenticated calls to named endpoints, one file a resource.
//!
//! No other room knows a platform endpoint, status word or JSON shape. Source: docs/platform.md.

mod files;
mod guests;
mod storage;
pub(crate) mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::{Tokens, bearer};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{Asked, Body, Http, Patience, Request, refusal};
use crate::pace::{Door, Failure, Pacer, Repeat};

pub(crate) use files::{Targets, broken_session};
pub(crate) use storage::{Piece, Put, Stored, broken_storage, signed_for_one_object};

/// The platform as the rooms above see it.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    /// Where the endpoints are; ends in a slash.
    pub(crate) api: Url,
    pub(crate) http: Http,
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Arc<dyn Clock>,
    /// For a JSON call in all.
    pub(crate) call: Duration,
    /// For a storage PUT without progress.
    pub(crate) stall: Duration,
    pub(crate) allow_plain_http: bool,
}

/// A call that the platform documents.
struct Endpoint {
    method: Method,
    /// With `{id}` where the id goes.
    path: &'static str,
    repeat: Repeat,
    /// The statuses that are success.
    success: &'static [u16],
    /// What it is about, as errors name it.
    what: &'static str,
    /// What a 403 says to check.
    hint: &'static str,
}

/// Whose token a call carries.
enum Bearer<'a> {
    /// The client's, renewed once when it is refused.
    Client,
    /// A guest's; a refusal of it says nothing about the client's.
    Guest(&'a str),
}

impl Gateway {
    /// Calls `endpoint` about `id` with a JSON body, and reads the JSON answer.
    async fn call<T: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        id: &str,
        token: Bearer<'_>,
        body: &impl Serialize,
    ) -> Result<T> {
        let url = self.url(endpoint.path, id)?;
        let call = Call { gateway: self, endpoint, label: endpoint.label(), id, url, body: json(body) };
        match token {
            Bearer::Client => call.as_client().await,
            Bearer::Guest(token) => call.paced(bearer(token)?).await,
        }
    }

    /// Joins a path and an id that may hold anything.
    fn url(&self, path: &str, id: &str) -> Result<Url> {
        let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        let path = path.trim_start_matches('/').replace("{id}", &id.replace('+', "%20"));
        self.api.join(&path).map_err(|error| Error::invalid("id", format!("it makes no URL: {error}")))
    }
}

/// One call with all its attempts.
struct Call<'a> {
    gateway: &'a Gateway,
    endpoint: &'a Endpoint,
    label: String,
    id: &'a str,
    url: Url,
    body: Bytes,
}

impl Call<'_> {
    /// With the client's token: a refused one is replaced once and the call repeated.
    ///
    /// The token is asked for while no attempt is under way. Where login and API are one host, the one probe of a
    /// half-open breaker could not get a token through that breaker, and the host would never be tried again.
    async fn as_client<T: DeserializeOwned>(&self) -> Result<T> {
        let tokens = &self.gateway.tokens;
        let token = tokens.current().await?;
        let outcome = self.paced(token.header()?).await;
        if !matches!(&outcome, Err(Error::Unauthenticated { .. })) {
            return outcome;
        }
        tokens.refused(&token);
        self.paced(tokens.current().await?.header()?).await
    }

    /// As often as the pace allows.
    async fn paced<T: DeserializeOwned>(&self, authorization: HeaderValue) -> Result<T> {
        let door = Door::Platform(self.url.host_str().unwrap_or_default());
        self.gateway.pacer.run(door, self.endpoint.repeat, |_| self.once(authorization.clone())).await
    }

    /// One attempt.
    async fn once<T: DeserializeOwned>(&self, authorization: HeaderValue) -> Result<T, Failure> {
        let Self { gateway, endpoint, label, id, url, body } = self;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = Request {
            endpoint: label,
            method: endpoint.method.clone(),
            url: url.clone(),
            headers,
            body: Body::Bytes(body.clone()),
            patience: Patience::Total(gateway.call),
        };
        let response = gateway.http.send(request).await?;
        if !endpoint.success.contains(&response.status) {
            let asked = Asked { endpoint: label, what: endpoint.what, id, hint: endpoint.hint };
            return Err(unexpected(asked, refusal(asked, &response, gateway.clock.date())));
        }
        response.json(label)
    }
}

impl Endpoint {
    /// For logs and errors.
    fn label(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// A status below 400 that the endpoint does not know is no refusal, but a broken contract.
fn unexpected(asked: Asked<'_>, mut failure: Failure) -> Failure {
    if let Error::Api { answer, .. } = &failure.error
        && answer.status < 400
    {
        let reason = format!("status {} is not one of this endpoint's", answer.status);
        failure.error = Error::Protocol { endpoint: asked.endpoint.to_owned(), reason, answer: Some(answer.clone()) };
    }
    failure
}

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("our own shapes are JSON").into()
}
