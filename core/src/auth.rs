//! The client's token: fetched once however many callers wait, renewed before it expires.
//!
//! Source: docs/platform.md, "Token".

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tracing::{debug, warn};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{Asked, Body, Http, Patience, Request, refusal};
use crate::pace::{Door, Failure, Pacer, Repeat};

/// Who we are: the client id and secret of an OAuth client with the client-credentials grant.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// The client id.
    pub id: String,
    /// The client secret; `Debug` hides it.
    pub secret: SecretString,
    /// The scopes to ask for; none are sent when this is empty, and the platform grants what the client's roles give.
    pub scopes: Vec<String>,
}

impl ClientCredentials {
    /// Credentials without scopes.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), secret: secret.into().into(), scopes: Vec::new() }
    }

    /// `Basic` over the form-encoded id and secret (RFC 6749, 2.3.1).
    fn basic(&self) -> String {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(&self.id), encode(self.secret.expose_secret()));
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

/// A bearer token with the number of its fetch, so that a refused one is told from its successor.
#[derive(Clone)]
pub(crate) struct Token {
    bearer: Arc<SecretString>,
    number: u64,
    renew_at: Duration,
    expires_at: Duration,
    /// What it is good for, where the platform says so; for logs.
    scopes: Arc<str>,
}

impl Token {
    /// The header of a call.
    pub(crate) fn header(&self) -> Result<HeaderValue> {
        bearer(self.bearer.expose_secret())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("number", &self.number).finish_non_exhaustive()
    }
}

/// An `Authorization` header that no log shows.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Error::invalid("token", "expected visible ASCII characters only"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The cache of one client.
#[derive(Debug, Clone)]
pub(crate) struct Tokens(Arc<Inner>);

struct Inner {
    credentials: ClientCredentials,
    url: Url,
    http: Http,
    pacer: Arc<Pacer>,
    clock: Arc<dyn Clock>,
    /// How long before expiry a token counts as stale, and how long one fetch may take.
    margin: Duration,
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Token>,
    fetch: Option<Fetch>,
    fetches: u64,
    /// After a failed early renewal, when the next one may begin.
    not_before: Duration,
}

/// What a fetch brought; nothing when it was lost with the runtime that it ran on.
type Fetch = Shared<Pin<Box<dyn Future<Output = Option<Result<Token>>> + Send>>>;

impl Tokens {
    pub(crate) fn new(
        credentials: ClientCredentials,
        url: Url,
        http: Http,
        pacer: Arc<Pacer>,
        clock: Arc<dyn Clock>,
        margin: Duration,
        patience: Duration,
    ) -> Self {
        let state = Mutex::default();
        Self(Arc::new(Inner { credentials, url, http, pacer, clock, margin, patience, state }))
    }

    /// A token that is good now.
    ///
    /// Inside the margin before expiry the old one is given out while a new one is fetched; a fetch that fails then
    /// fails nobody.
    ///
    /// # Cancellation
    /// A fetch goes on for the others when one of its waiters goes away.
    pub(crate) async fn current(&self) -> Result<Token> {
        // A second one for a fetch that was lost with another runtime than ours.
        for _ in 0..2 {
            let fetch = {
                let mut state = self.0.lock();
                let now = self.0.clock.now();
                match state.current.clone() {
                    Some(token) if now < token.renew_at => return Ok(token),
                    Some(token) if now < token.expires_at => {
                        if now >= state.not_before {
                            drop(self.fetch(&mut state));
                        }
                        return Ok(token);
                    }
                    _ => self.fetch(&mut state),
                }
            };
            if let Some(outcome) = fetch.await {
                return outcome;
            }
        }
        Err(Error::Cancelled)
    }

    /// What the token of now is good for, where the platform says so; for logs.
    pub(crate) fn granted(&self) -> String {
        self.0.lock().current.as_ref().map(|token| token.scopes.to_string()).unwrap_or_default()
    }

    /// Forgets a token that the platform refused, unless a newer one has taken its place.
    pub(crate) fn refused(&self, token: &Token) {
        let mut state = self.0.lock();
        let current = state.current.take_if(|current| current.number == token.number);
        // Whoever writes the log may take long, or call us.
        drop(state);
        if current.is_some() {
            debug!(token = token.number, "token refused");
        }
    }

    /// The fetch under way, or a new one. It runs in a task of its own: callers may come and go.
    fn fetch(&self, state: &mut State) -> Fetch {
        // One that is over and still here was lost: nobody will clear it.
        if let Some(fetch) = state.fetch.as_ref().filter(|fetch| fetch.peek().is_none()) {
            return fetch.clone();
        }
        state.fetches += 1;
        let (inner, number) = (self.0.clone(), state.fetches);
        let task = tokio::spawn(async move {
            let outcome = inner.request(number).await;
            inner.settle(&outcome);
            outcome
        });
        let fetch = task.map(std::result::Result::ok).boxed().shared();
        state.fetch = Some(fetch.clone());
        fetch
    }
}

impl Inner {
    fn settle(&self, outcome: &Result<Token>) {
        if let Err(error) = outcome {
            warn!(%error, "no new token");
        }
        let mut state = self.lock();
        state.fetch = None;
        match outcome {
            Ok(token) => state.current = Some(token.clone()),
            Err(_) => state.not_before = self.clock.now() + RENEWAL_PAUSE,
        }
    }

    async fn request(&self, number: u64) -> Result<Token> {
        let host = self.url.host_str().unwrap_or_default();
        let attempt = |_| async {
            let mut headers = HeaderMap::new();
            let mut basic = HeaderValue::try_from(self.credentials.basic()).expect("Base64 is visible ASCII");
            basic.set_sensitive(true);
            headers.insert(AUTHORIZATION, basic);
            headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            let request = Request {
                endpoint: ENDPOINT,
                method: Method::POST,
                url: self.url.clone(),
                headers,
                body: Body::Bytes(self.form()),
                patience: Patience::Total(self.patience),
            };
            let asked_at = self.clock.now();
            let response = self.http.send(request).await?;
            if response.status != 200 {
                let asked = Asked { endpoint: ENDPOINT, what: "token", id: "", hint: HINT };
                return Err(unauthenticated(refusal(asked, &response, self.clock.date())));
            }
            let answer: TokenAnswer = response.json(ENDPOINT)?;
            answer.token(number, asked_at, self.margin).map_err(Failure::last)
        };
        self.pacer.run(Door::Unmetered(host), Repeat::Safe, attempt).await
    }

    fn form(&self) -> Bytes {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !self.credentials.scopes.is_empty() {
            form.append_pair("scope", &self.credentials.scopes.join(" "));
        }
        form.finish().into()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("client_id", &self.credentials.id).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    /// Seconds.
    expires_in: u64,
    /// What was granted, where the platform says so (RFC 6749, 5.1).
    #[serde(default)]
    scope: Value,
}

impl TokenAnswer {
    /// The margin is at most half of the life, or a short-lived token would always be stale.
    fn token(self, number: u64, asked_at: Duration, margin: Duration) -> Result<Token> {
        if !self.token_type.eq_ignore_ascii_case("bearer") {
            return Err(Error::protocol(ENDPOINT, format!("expected a bearer token, got type `{}`", self.token_type)));
        }
        if self.access_token.is_empty() {
            return Err(Error::protocol(ENDPOINT, "expected an access_token, got an empty one"));
        }
        if bearer(&self.access_token).is_err() {
            return Err(Error::protocol(ENDPOINT, "expected an access_token of visible ASCII characters only"));
        }
        let life = Duration::from_secs(self.expires_in);
        let expires_at = asked_at.saturating_add(life);
        let renew_at = expires_at.saturating_sub(margin.min(life / 2));
        let scopes = self.scope.as_str().unwrap_or("not told").into();
        Ok(Token { bearer: Arc::new(self.access_token.into()), number, renew_at, expires_at, scopes })
    }
}

/// `invalid_client` comes as 400 from some servers and as 401 from others.
fn unauthenticated(mut failure: Failure) -> Failure {
    if let Error::Api { message, answer, .. } = &failure.error
        && answer.status == 400
    {
        failure.error = Error::Unauthenticated { reason: message.clone(), answer: Some(answer.clone()) };
    }
    failure
}

const ENDPOINT: &str = "POST /oauth/token";
const HINT: &str = "may this OAuth client use the client-credentials grant?";
/// After a failed early renewal the old token serves on; asking again at every call would be a flood.
const RENEWAL_PAUSE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_secret_are_form_encoded_before_base64() {
        let credentials = ClientCredentials::new("a:b", "s/ü");
        let pair = base64::engine::general_purpose::STANDARD.encode("a%3Ab:s%2F%C3%BC");
        assert_eq!(credentials.basic(), format!("Basic {pair}"));
    }

    #[test]
    fn neither_secret_nor_token_is_in_debug() {
        let credentials = ClientCredentials::new("id", "hunter2");
        assert!(!format!("{credentials:?}").contains("hunter2"));
        let answer = TokenAnswer {
            access_token: "abc123".into(),
            token_type: "bearer".into(),
            expires_in: 60,
            scope: Value::Null,
        };
        let token = answer.token(1, Duration::ZERO, Duration::from_secs(120)).unwrap();
        assert!(!format!("{token:?} {:?}", token.header().unwrap()).contains("abc123"));
    }

    #[test]
    fn the_margin_is_at_most_half_of_a_tokens_life() {
        let answer = |expires_in| TokenAnswer {
            access_token: "t".into(),
            token_type: "Bearer".into(),
            expires_in,
            scope: Value::Null,
        };
        let margin = Duration::from_secs(120);
        let long = answer(3600).token(1, Duration::ZERO, margin).unwrap();
        assert_eq!(long.renew_at, Duration::from_secs(3480));
        let short = answer(60).token(1, Duration::ZERO, margin).unwrap();
        assert_eq!(short.renew_at, Duration::from_secs(30));
    }
}
