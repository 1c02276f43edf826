//! Errors of the core as the exceptions of `python/porteur/errors.py`, and exceptions of the caller's own code.

use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use porteur::{Error, ErrorFacts};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tokio::sync::Notify;

/// The exception for an error of the core.
pub(crate) fn exception(error: Error) -> PyErr {
    Python::attach(|py| from_facts(py, error.facts()).unwrap_or_else(|error| error))
}

fn from_facts(py: Python<'_>, facts: ErrorFacts) -> PyResult<PyErr> {
    static FROM_FACTS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let ErrorFacts { code, message, retryable, retry_after, status, request_id, details } = facts;
    let retry_after = retry_after.map(|wait| wait.as_secs_f64());
    let facts = (code, message, retryable, retry_after, status, request_id, details);
    FROM_FACTS.import(py, "porteur.errors", "from_facts")?.call1(facts).map(PyErr::from_value)
}

/// Whether an exception is one of those: a `PorteurError`.
pub(crate) fn is_ours(py: Python<'_>, exception: &PyErr) -> PyResult<bool> {
    static PORTEUR_ERROR: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    Ok(exception.matches(py, PORTEUR_ERROR.import(py, "porteur.errors", "PorteurError")?)?)
}

/// The exception for an argument that the core's types cannot hold.
pub(crate) fn invalid(field: &str, reason: impl Into<String>) -> PyErr {
    exception(Error::InvalidInput { field: field.to_owned(), reason: reason.into(), answer: None })
}

/// A duration from seconds.
pub(crate) fn seconds(field: &str, seconds: Option<f64>) -> PyResult<Option<Duration>> {
    let parse = |seconds: f64| {
        Duration::try_from_secs_f64(seconds)
            .map_err(|error| invalid(field, format!("expected seconds, got {seconds}: {error}")))
    };
    seconds.map(parse).transpose()
}

/// A whole number in the range of the core's type.
pub(crate) fn whole<T: TryFrom<i64>>(field: &str, number: Option<i64>) -> PyResult<Option<T>> {
    let parse = |number: i64| {
        T::try_from(number).map_err(|_| {
            let bits = 8 * size_of::<T>();
            invalid(field, format!("expected a whole number of at most {bits} bits that is not negative, got {number}"))
        })
    };
    number.map(parse).transpose()
}

/// How many threads are to work.
pub(crate) fn threads(threads: Option<i64>) -> PyResult<Option<NonZeroUsize>> {
    let at_least_one =
        |threads| NonZeroUsize::new(threads).ok_or_else(|| invalid("threads", "expected at least 1, got 0"));
    whole("threads", threads)?.map(at_least_one).transpose()
}

/// What the caller's own code (a callback, an iterator) raised while we called it. The first exception counts.
#[derive(Clone, Default)]
pub(crate) struct Raised(Arc<Inner>);

#[derive(Default)]
struct Inner {
    exception: Mutex<Option<PyErr>>,
    told: Notify,
}

impl Raised {
    /// Ends the call with this exception.
    pub(crate) fn set(&self, exception: PyErr) {
        self.0.exception.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(exception);
        self.0.told.notify_one();
    }

    /// The exception, when there was one.
    pub(crate) fn take(&self) -> Option<PyErr> {
        self.0.exception.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Awaits `call`, or drops it when the caller's code raises.
    pub(crate) async fn or<T>(self, call: impl Future<Output = porteur::Result<T>>) -> PyResult<T> {
        let outcome = tokio::select! {
            // Nothing more is sent once something was raised.
            biased;
            () = self.0.told.notified() => None,
            outcome = call => Some(outcome),
        };
        match (self.take(), outcome) {
            (Some(raised), _) => Err(raised),
            (None, Some(outcome)) => outcome.map_err(exception),
            (None, None) => Err(exception(Error::Cancelled)),
        }
    }
}
