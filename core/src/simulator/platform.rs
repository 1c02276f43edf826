//! What all endpoints share: the platform's state, who may call, and how it says no.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::attachments::Attachments;
use super::audit::Trail;
use super::callbacks::Callbacks;
use super::cdn::Cdn;
use super::clock::SimulatedClock;
use super::conversations::Conversations;
use super::faults::{Script, StorageEffect};
use super::guests::Guests;
use super::interactions::Interactions;
use super::journal::Journal;
use super::rates::Rate;
use super::settings::SimulatorSettings;
use super::tokens::Tokens;
use super::uploads::Uploads;
use crate::clock::{Clock, SystemClock};

/// One platform. Every resource has a lock of its own, held for looking up and noting down and never across a wait.
pub(super) struct Platform {
    pub(super) settings: SimulatorSettings,
    pub(super) url: String,
    pub(super) clock: PlatformClock,
    pub(super) journal: Arc<Journal>,
    pub(super) script: Mutex<Script>,
    pub(super) tokens: Mutex<Tokens>,
    pub(super) uploads: Mutex<Uploads>,
    pub(super) attachments: Mutex<Attachments>,
    pub(super) guests: Mutex<Guests>,
    pub(super) conversations: Mutex<Conversations>,
    pub(super) interactions: Mutex<Interactions>,
    pub(super) callbacks: Mutex<Callbacks>,
    pub(super) cdn: Mutex<Cdn>,
    pub(super) trail: Mutex<Trail>,
    pub(super) rate: Rate,
}

/// Whose time it is.
#[derive(Debug, Clone)]
pub(super) enum PlatformClock {
    Simulated(SimulatedClock),
    System(SystemClock),
}

impl PlatformClock {
    pub(super) fn shared(&self) -> Arc<dyn Clock> {
        match self {
            Self::Simulated(clock) => Arc::new(clock.clone()),
            Self::System(clock) => Arc::new(*clock),
        }
    }

    /// Milliseconds since 1970.
    pub(super) fn date_ms(&self) -> i64 {
        let since = self.shared().date().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl Platform {
    pub(super) fn now(&self) -> Duration {
        self.clock.shared().now()
    }

    /// Seconds since 1970.
    pub(super) fn date_s(&self) -> u64 {
        let since = self.clock.shared().date().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }

    /// Milliseconds since 1970.
    pub(super) fn date_ms(&self) -> i64 {
        self.clock.date_ms()
    }

    /// Notes that the client broke the contract with this request.
    pub(super) fn breach(&self, exchange: &Exchange, sentence: &str) {
        self.journal.breach(exchange.number, &exchange.request, sentence);
    }

    /// A GET says everything in its URL; a body with it is a breach.
    pub(super) fn without_body(&self, exchange: &Exchange, body: &[u8]) -> Result<(), Refusal> {
        if body.is_empty() {
            return Ok(());
        }
        self.breach(exchange, "sent a body with a GET");
        Err(exchange.bad("a GET has no body"))
    }

    /// The JSON body of a request. A body that is not what the contract says is a breach.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        exchange: &Exchange,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<T, Refusal> {
        if !media_type(headers).is_some_and(|found| found.eq_ignore_ascii_case("application/json")) {
            self.breach(exchange, "sent a body that is not declared as application/json");
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(exchange.refuse(status, "unsupported.media.type", "expected application/json"));
        }
        serde_json::from_slice(body).map_err(|error| {
            self.breach(exchange, &format!("sent a body that cannot be read: {error}"));
            let refusal = exchange.bad(&format!("the body cannot be read: {error}"));
            // serde names the member it misses between backticks.
            match error.to_string().split('`').nth(1) {
                Some(field) => refusal.field(field),
                None => refusal,
            }
        })
    }
}

/// One request, as its endpoint needs to know it.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) number: u64,
    /// Method and path.
    pub(super) request: String,
    pub(super) effect: Option<StorageEffect>,
}

impl Exchange {
    /// What goes into `ININ-Correlation-Id`.
    pub(super) fn correlation(&self) -> String {
        format!("simulator-{}", self.number)
    }

    pub(super) fn refuse(&self, status: StatusCode, code: &str, message: &str) -> Refusal {
        let (code, message, context_id) = (code.to_owned(), message.to_owned(), self.correlation());
        let body = ErrorBody { code, message, status: status.as_u16(), context_id, details: Vec::new() };
        Refusal(Box::new(Parts { status, headers: HeaderMap::new(), body }))
    }

    /// 400.
    pub(super) fn bad(&self, message: &str) -> Refusal {
        self.refuse(StatusCode::BAD_REQUEST, "bad.request", message)
    }

    /// 404.
    pub(super) fn missing(&self, what: &str, id: &str) -> Refusal {
        self.refuse(StatusCode::NOT_FOUND, "not.found", &format!("there is no {what} {id}"))
    }
}

/// An error answer in the platform's form.
pub(super) struct Refusal(Box<Parts>);

struct Parts {
    status: StatusCode,
    headers: HeaderMap,
    body: ErrorBody,
}

/// The JSON of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    code: String,
    message: String,
    status: u16,
    context_id: String,
    details: Vec<ErrorDetail>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorDetail {
    error_code: String,
    field_name: String,
}

impl Refusal {
    /// Names a field in the details.
    pub(super) fn field(self, name: &str) -> Self {
        self.detail("invalid.value", name)
    }

    pub(super) fn detail(mut self, code: &str, name: &str) -> Self {
        let detail = ErrorDetail { error_code: code.to_owned(), field_name: name.to_owned() };
        self.0.body.details.push(detail);
        self
    }

    pub(super) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.headers.insert(name, HeaderValue::from_static(value));
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0.status, self.0.headers, Json(self.0.body)).into_response()
    }
}

/// The content type of a request without its parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}

/// A lock whose holders only ever note things down, so that a panic cannot have left nonsense behind.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
