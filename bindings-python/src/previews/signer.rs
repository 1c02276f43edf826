//! URLs from the caller's own code: a function that makes one for the name of a preview.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use porteur::Publish;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3_async_runtimes::{TaskLocals, into_future_with_locals};

use crate::awaiting::Locals;
use crate::errors::{Raised, exception};

/// The event loop of the call that was made last, on which the caller's coroutines run. A blocking worker has none.
#[derive(Clone, Default)]
pub(crate) struct Loop(Arc<Mutex<Option<TaskLocals>>>);

impl Loop {
    /// Is the loop of `locals` from now on.
    pub(crate) fn set(&self, locals: &Locals) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = locals.get().cloned();
    }

    fn get(&self) -> Option<TaskLocals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Puts to the URLs of `function`, which may be a coroutine function where there is a loop.
pub(crate) fn signer(function: Py<PyAny>, place: Loop) -> Publish {
    let function = Arc::new(function);
    Publish::signer(move |id| {
        let (function, place) = (function.clone(), place.clone());
        async move { sign(function, place, id).await.map_err(unsigned) }
    })
}

/// Awaits `call`, which asks for a URL; what the caller's function raises is what this raises.
pub(crate) async fn raising<T>(call: impl Future<Output = porteur::Result<T>>) -> PyResult<T> {
    let raised = Raised::default();
    let outcome = RAISED.scope(raised.clone(), call).await;
    outcome.map_err(|error| raised.take().unwrap_or_else(|| exception(error)))
}

async fn sign(function: Arc<Py<PyAny>>, place: Loop, id: String) -> PyResult<String> {
    // Not on the loop: a function that is none of asyncio's may ask another service.
    let asked = tokio::task::spawn_blocking(move || Python::attach(|py| ask(function.bind(py), &place, &id)));
    // Not run when the runtime shuts down.
    match asked.await.unwrap_or_else(|_| Err(exception(porteur::Error::Cancelled)))? {
        Asked::Url(url) => Ok(url),
        Asked::Awaited(url) => {
            let url = url.await?;
            Python::attach(|py| text(url.bind(py)))
        }
    }
}

/// What a function gave at once.
enum Asked {
    Url(String),
    Awaited(Pin<Box<dyn Future<Output = PyResult<Py<PyAny>>> + Send>>),
}

fn ask(function: &Bound<'_, PyAny>, place: &Loop, id: &str) -> PyResult<Asked> {
    let answer = function.call1((id,))?;
    if !answer.hasattr("__await__")? {
        return text(&answer).map(Asked::Url);
    }
    match place.get() {
        Some(locals) => Ok(Asked::Awaited(Box::pin(into_future_with_locals(&locals, answer)?))),
        None => {
            // A coroutine that is forgotten warns of itself.
            if answer.hasattr("close")? {
                answer.call_method0("close")?;
            }
            Err(PyTypeError::new_err("publish_to: a coroutine function wants an AsyncClient"))
        }
    }
}

fn text(url: &Bound<'_, PyAny>) -> PyResult<String> {
    url.extract().map_err(|_| {
        let kind = url.get_type().name().map_or_else(|_| "something else".to_owned(), |name| name.to_string());
        PyTypeError::new_err(format!("publish_to: expected a function that returns a URL, got {kind} from it"))
    })
}

/// The job's failure, with what the exception says; the exception itself for whoever asked for this one job.
fn unsigned(error: PyErr) -> porteur::Error {
    let reason = format!("the function raised {error}");
    let _ = RAISED.try_with(|raised| raised.set(error));
    porteur::Error::InvalidInput { field: "publish".to_owned(), reason, answer: None }
}

tokio::task_local! {
    static RAISED: Raised;
}
