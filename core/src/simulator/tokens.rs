//! `POST /oauth/token`, and who a bearer token belongs to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;

use super::platform::{Exchange, Platform, Refusal, locked, media_type};

/// The path of the token call.
pub(super) const TOKEN_PATH: &str = "/oauth/token";

/// All tokens that are good, and how many there were.
#[derive(Default)]
pub(super) struct Tokens {
    holders: HashMap<String, Holder>,
    pub(super) issued: u64,
}

/// Whom a token was given to.
#[derive(Clone)]
pub(super) enum Holder {
    /// The client; `scopes` is `None` for all of them.
    Client { expires: Duration, scopes: Option<Vec<String>> },
    /// A guest.
    Guest { id: String },
}

impl Tokens {
    pub(super) fn add_guest(&mut self, token: String, id: String) {
        self.holders.insert(token, Holder::Guest { id });
    }

    /// The kind of what a request presents, for the journal.
    pub(super) fn kind(&self, headers: &HeaderMap) -> &'static str {
        let Some((scheme, value)) = presented(headers) else {
            return if headers.contains_key(AUTHORIZATION) { "unknown" } else { "none" };
        };
        if scheme.eq_ignore_ascii_case("basic") {
            return "basic";
        }
        match self.holders.get(value) {
            Some(Holder::Client { .. }) => "client",
            Some(Holder::Guest { .. }) => "guest",
            None => "unknown",
        }
    }

    /// Forgets the token that a request presents.
    pub(super) fn forget(&mut self, headers: &HeaderMap) {
        if let Some(token) = bearer(headers) {
            self.holders.remove(token);
        }
    }

    fn issue(&mut self, expires: Duration, scopes: Option<Vec<String>>) -> String {
        self.issued += 1;
        let token = format!("client-token-{}", self.issued);
        self.holders.insert(token.clone(), Holder::Client { expires, scopes });
        token
    }
}

impl Platform {
    /// Whom the request's bearer token belongs to; 401 when to nobody.
    pub(super) fn holder(&self, exchange: &Exchange, headers: &HeaderMap) -> Result<Holder, Refusal> {
        let Some(token) = bearer(headers) else {
            self.breach(exchange, "sent no bearer token");
            return Err(unauthenticated(exchange, "a bearer token is required", "Bearer"));
        };
        match locked(&self.tokens).holders.get(token) {
            Some(Holder::Client { expires, .. }) if *expires <= self.now() => {
                Err(unauthenticated(exchange, "the token has expired", INVALID_TOKEN))
            }
            Some(holder) => Ok(holder.clone()),
            None => Err(invalid_token(exchange)),
        }
    }

    /// Checks that the request comes from the client and that it was granted `scope`.
    pub(super) fn authorise(&self, exchange: &Exchange, headers: &HeaderMap, scope: &str) -> Result<(), Refusal> {
        match self.holder(exchange, headers)? {
            Holder::Client { scopes, .. } => check_scope(exchange, scopes.as_deref(), scope),
            Holder::Guest { .. } => {
                self.breach(exchange, "sent a guest's token where the client's is due");
                Err(exchange.refuse(StatusCode::FORBIDDEN, "not.authorized", "a guest may not do this"))
            }
        }
    }
}

/// 403 unless `scope` is among the granted ones.
pub(super) fn check_scope(exchange: &Exchange, granted: Option<&[String]>, scope: &str) -> Result<(), Refusal> {
    if granted.is_none_or(|granted| granted.iter().any(|one| one == scope)) {
        return Ok(());
    }
    let message = format!("the token lacks the scope {scope}");
    Err(exchange.refuse(StatusCode::FORBIDDEN, "missing.scope", &message))
}

/// 401 for a token that nobody holds.
pub(super) fn invalid_token(exchange: &Exchange) -> Refusal {
    unauthenticated(exchange, "the token is not valid", INVALID_TOKEN)
}

fn unauthenticated(exchange: &Exchange, message: &str, challenge: &'static str) -> Refusal {
    exchange.refuse(StatusCode::UNAUTHORIZED, "authentication.required", message).header(WWW_AUTHENTICATE, challenge)
}

/// `POST /oauth/token`.
pub(super) async fn issue(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !media_type(&headers).is_some_and(|found| found.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
        platform.breach(&exchange, "asked for a token with a body that is not declared as a form");
        return refused(StatusCode::BAD_REQUEST, "invalid_request", "expected a form");
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    if form.contains_key("client_secret") {
        platform.breach(&exchange, "sent the client's secret in the form");
        return refused(StatusCode::BAD_REQUEST, "invalid_request", "the credentials go into the Authorization header");
    }
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        Some(_) => {
            platform.breach(&exchange, "asked for another grant than client_credentials");
            return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "expected client_credentials");
        }
        None => {
            platform.breach(&exchange, "asked for a token without a grant_type");
            return refused(StatusCode::BAD_REQUEST, "invalid_request", "grant_type is missing");
        }
    }
    let settings = &platform.settings;
    if credentials(&headers) != Some((settings.client_id.clone(), settings.client_secret.clone())) {
        let refusal = refused(StatusCode::UNAUTHORIZED, "invalid_client", "client id or secret is wrong");
        return ([(WWW_AUTHENTICATE, "Basic realm=\"simulator\"")], refusal).into_response();
    }
    let asked = form.get("scope").map(|scope| scope.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let scopes = match (settings.scopes.clone(), asked) {
        (Some(granted), Some(asked)) => Some(asked.into_iter().filter(|scope| granted.contains(scope)).collect()),
        (granted, asked) => granted.or(asked),
    };
    if form.contains_key("scope") && scopes.as_ref().is_some_and(Vec::is_empty) {
        return refused(StatusCode::BAD_REQUEST, "invalid_scope", "none of these scopes is granted");
    }
    let expires = platform.now() + Duration::from_secs(settings.token_life_s);
    let access_token = locked(&platform.tokens).issue(expires, scopes);
    let life = settings.token_life_s;
    Json(json!({ "access_token": access_token, "token_type": "bearer", "expires_in": life })).into_response()
}

/// An error in the form of RFC 6749, which is not the platform's own.
fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

/// Id and secret, form-decoded (RFC 6749, 2.3.1).
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, value) = presented(headers)?;
    let decoded = STANDARD.decode(value).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

/// `None` when `text` holds what form-encoding would have encoded.
fn form_decoded(text: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    let (decoded, rest) = pairs.next()?;
    (rest.is_empty() && pairs.next().is_none()).then(|| decoded.into_owned())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    presented(headers).and_then(|(scheme, value)| scheme.eq_ignore_ascii_case("bearer").then_some(value))
}

fn presented(headers: &HeaderMap) -> Option<(&str, &str)> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')
}

const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";
