//! Failures on their way to JavaScript: the core's become a `PorteurError` from their facts, JavaScript's own return as
//! the very values that were thrown.

use std::collections::HashMap;

use napi::Env;
use napi::bindgen_prelude::{Object, Unknown};
use napi_derive::napi;

use crate::convert::ms;
use crate::hooks;

/// Why a call failed.
pub(crate) enum Failed {
    /// The core says so.
    Core(porteur::Error),
    /// JavaScript threw, or Node did.
    Js(napi::Error),
}

impl Failed {
    /// A value from the caller that the core cannot be given.
    pub(crate) fn invalid(field: &str, reason: impl Into<String>) -> Self {
        Self::Core(porteur::Error::InvalidInput { field: field.to_owned(), reason: reason.into(), answer: None })
    }

    /// The value to throw or to reject with; `call` knows where the call was made.
    pub(crate) fn into_js(self, env: &Env, call: Option<Object<'_>>) -> napi::Error {
        let error = match self {
            Self::Js(error) => return error,
            Self::Core(error) => error,
        };
        match instance(env, &error, call) {
            Ok(value) => napi::Error::from_unknown_without_coercion(value),
            Err(error) => error,
        }
    }
}

/// The `PorteurError` of an error of the core.
pub(crate) fn instance<'env>(
    env: &'env Env,
    error: &porteur::Error,
    call: Option<Object<'_>>,
) -> napi::Result<Unknown<'env>> {
    hooks::call(env, "fail", (ErrorFacts::from(error.facts()), call))
}

/// For functions that answer at once: a failure is thrown.
pub(crate) fn throwing<T>(env: &Env, call: impl FnOnce() -> Result<T, Failed>) -> napi::Result<T> {
    call().map_err(|failed| failed.into_js(env, None))
}

impl From<porteur::Error> for Failed {
    fn from(error: porteur::Error) -> Self {
        Self::Core(error)
    }
}

impl From<napi::Error> for Failed {
    fn from(error: napi::Error) -> Self {
        Self::Js(error)
    }
}

/// What every error carries across a language border.
#[napi(object, object_from_js = false)]
pub struct ErrorFacts {
    /// What went wrong, in snake_case; part of the API.
    pub code: String,
    /// The text of the error with its causes.
    pub message: String,
    /// Whether the same call may succeed when it is made again.
    pub retryable: bool,
    /// How long to wait before that, when known.
    pub retry_after_ms: Option<f64>,
    /// HTTP status, when the platform answered.
    pub status: Option<u16>,
    /// The id to give to the platform's support.
    pub request_id: Option<String>,
    /// What else is known, by names of the core: field, reason, hint, what, id, attempts, kind, endpoint,
    /// platform_code, chunks, path, errno, client_id, cause, message_id, conversation, status, waited_seconds,
    /// elapsed_seconds, sla_seconds, sla_violation, interaction, state, sent, format.
    pub details: HashMap<String, String>,
}

impl From<porteur::ErrorFacts> for ErrorFacts {
    fn from(facts: porteur::ErrorFacts) -> Self {
        Self {
            code: facts.code.to_owned(),
            message: facts.message,
            retryable: facts.retryable,
            retry_after_ms: facts.retry_after.map(ms),
            status: facts.status,
            request_id: facts.request_id,
            details: facts.details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}
