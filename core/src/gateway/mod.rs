//! The wire of the gateway surface: authenticated calls to named endpoints, one file a resource.
//!
//! No other room knows a platform endpoint, status word or JSON shape. Source: docs/platform.md.

mod attachments;
mod conversations;
mod files;
mod form;
mod frames;
mod guests;
mod interactions;
mod storage;
pub(crate) mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::{Tokens, bearer};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{Asked, Body, Http, Patience, Request, Response, refusal};
use crate::pace::{Class, Door, Failure, Pacer, Repeat};

pub(crate) use attachments::broken_attachment;
pub(crate) use conversations::{Channel, ConversationFacts, MessageStatus, broken_history};
pub(crate) use files::{Targets, broken_session};
use form::Form;
pub(crate) use frames::{CODEC_UNSUPPORTED, Verdict, answer, is_rate_limit, lost};
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
    /// For the bytes of an attachment.
    pub(crate) download: Downloads,
    pub(crate) allow_plain_http: bool,
}

/// How long the bytes of an attachment are waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Downloads {
    /// For one attempt in all.
    pub(crate) total: Duration,
    /// Without a byte that comes.
    pub(crate) stall: Duration,
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

impl Gateway {
    /// A call of `endpoint` about `id`, without a body.
    fn ask<'a>(&'a self, endpoint: &'a Endpoint, id: &'a str) -> Result<Call<'a>> {
        // A path takes these two for steps, and the call would go to another endpoint.
        if matches!(id, "." | "..") && endpoint.path.contains("{id}") {
            return Err(Error::invalid(endpoint.what, format!("expected an id, got {id:?}")));
        }
        let url = self.url(endpoint.path, id)?;
        let (headers, carried) = (HeaderMap::new(), Carried::Nothing);
        Ok(Call {
            gateway: self,
            endpoint,
            label: endpoint.label(),
            id,
            url,
            headers,
            carried,
            arrived: AtomicBool::new(false),
        })
    }

    /// Makes a call with the client's token: a refused one is replaced once and the call repeated.
    ///
    /// The token is asked for while no attempt is under way. Where login and API are one host, the one probe of a
    /// half-open breaker could not get a token through that breaker, and the host would never be tried again.
    async fn with_token<T, F>(&self, mut call: impl FnMut(HeaderValue) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let token = self.tokens.current().await?;
        let outcome = call(token.header()?).await;
        if !matches!(&outcome, Err(Error::Unauthenticated { .. })) {
            return outcome;
        }
        self.tokens.refused(&token);
        call(self.tokens.current().await?.header()?).await
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
    headers: HeaderMap,
    carried: Carried,
    /// Whether an attempt that failed may have been carried out all the same.
    arrived: AtomicBool,
}

/// What a call carries; a body is made of it for each attempt.
enum Carried {
    Nothing,
    Json(Bytes),
    Form(Form),
}

impl Call<'_> {
    /// With a JSON body.
    fn json(mut self, body: &impl Serialize) -> Self {
        self.carried = Carried::Json(serde_json::to_vec(body).expect("our own shapes are JSON").into());
        self
    }

    /// With a file. It may take as long as it moves on.
    fn form(mut self, form: Form) -> Self {
        self.carried = Carried::Form(form);
        self
    }

    /// With a query.
    fn query<'q>(mut self, pairs: impl IntoIterator<Item = (&'q str, &'q str)>) -> Self {
        self.url.query_pairs_mut().extend_pairs(pairs);
        self
    }

    /// With a header.
    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Whether an attempt that failed may have been carried out all the same.
    fn may_have_arrived(&self) -> bool {
        self.arrived.load(Ordering::Relaxed)
    }

    /// With a guest's token, whose refusal says nothing about the client's.
    async fn as_guest<T: DeserializeOwned>(&self, token: &str) -> Result<T> {
        self.paced(bearer(token)?, Response::json).await
    }

    /// With the client's token.
    async fn as_client<T: DeserializeOwned>(&self) -> Result<T> {
        self.gateway.with_token(|authorization| self.paced(authorization, Response::json)).await
    }

    /// With the client's token, for an endpoint of whose answer only the status counts.
    async fn as_client_unread(&self) -> Result<()> {
        self.gateway.with_token(|authorization| self.paced(authorization, |_, _| Ok(()))).await
    }

    /// As often as the pace allows.
    async fn paced<T>(&self, authorization: HeaderValue, read: Reader<T>) -> Result<T> {
        let door = Door::Platform(self.url.host_str().unwrap_or_default());
        self.gateway.pacer.run(door, self.endpoint.repeat, |_| self.once(authorization.clone(), read)).await
    }

    /// One attempt.
    async fn once<T>(&self, authorization: HeaderValue, read: Reader<T>) -> Result<T, Failure> {
        let Self { gateway, endpoint, label, id, url, .. } = self;
        let mut headers = self.headers.clone();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let (body, patience) = match &self.carried {
            Carried::Nothing => (Body::Empty, Patience::Total(gateway.call)),
            Carried::Json(json) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                (Body::Bytes(json.clone()), Patience::Total(gateway.call))
            }
            Carried::Form(form) => {
                headers.insert(CONTENT_TYPE, form.content_type());
                (form.body(), Patience::Stall(gateway.stall))
            }
        };
        let request =
            Request { endpoint: label, method: endpoint.method.clone(), url: url.clone(), headers, body, patience };
        let response = gateway.http.send(request).await.inspect_err(|failure| self.note(failure.class))?;
        if !endpoint.success.contains(&response.status) {
            let asked = Asked { endpoint: label, what: endpoint.what, id, hint: endpoint.hint };
            let failure = refusal(asked, &response, gateway.clock.date());
            // A success that the endpoint does not know is one all the same.
            self.note(if response.status < 300 { Class::Unclear } else { failure.class });
            return Err(unexpected(asked, failure));
        }
        // Whatever is wrong with this answer, it is one to a call that was carried out.
        read(&response, label).inspect_err(|_| self.note(Class::Unclear))
    }

    fn note(&self, class: Class) {
        if matches!(class, Class::Unclear) {
            self.arrived.store(true, Ordering::Relaxed);
        }
    }
}

/// What is read of an answer that is a success.
type Reader<T> = fn(&Response, &str) -> Result<T, Failure>;

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
