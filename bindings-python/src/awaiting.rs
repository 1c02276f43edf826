//! Calls as coroutines. The half that runs on the event loop is `python/porteur/_awaiting.py`.

use std::any::Any;
use std::cell::OnceCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic::{self, ContextExt, future_into_py_with_locals};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

use crate::runtime;

/// The event loop and the context variables of a coroutine; known once it runs.
pub(crate) type Locals = Arc<OnceLock<TaskLocals>>;

/// A coroutine that starts `call` when it is awaited. When its task is cancelled, it ends after `call` was dropped.
///
/// `pieces` is the `Pieces` that `call` reads, which end with it.
pub(crate) fn awaitable<T>(
    py: Python<'_>,
    call: impl Future<Output = PyResult<T>> + Send + 'static,
    locals: Locals,
    pieces: Option<Py<PyAny>>,
) -> PyResult<Bound<'_, PyAny>>
where
    T: for<'py> IntoPyObject<'py> + Send + 'static,
{
    let start: Start = Box::new(move |py, ended| {
        let here = TaskLocals::with_running_loop(py)?.copy_context(py)?;
        let _ = locals.set(here.clone());
        let ended = Ended(ended);
        let call = Box::pin(call);
        let whole = async move {
            // Dropped after the call that is awaited below.
            let _ended = ended;
            call.await
        };
        future_into_py_with_locals::<Ours, _, T>(py, here, whole)
    });
    static AWAITED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let awaited = AWAITED.import(py, "porteur._awaiting", "awaited")?;
    awaited.call1((Call(Mutex::new(Some(start))), pieces))
}

/// A coroutine that returns `value`.
pub(crate) fn ready<'py>(py: Python<'py>, value: impl IntoPyObject<'py>) -> PyResult<Bound<'py, PyAny>> {
    static READY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    READY.import(py, "porteur._awaiting", "ready")?.call1((value,))
}

/// What a coroutine returns that has nothing to say: `()` would be an empty tuple.
pub(crate) fn none((): ()) -> Py<PyAny> {
    Python::attach(|py| py.None())
}

type Start = Box<dyn for<'py> FnOnce(Python<'py>, Py<PyAny>) -> PyResult<Bound<'py, PyAny>> + Send>;

/// A call that waits for its coroutine to run.
#[pyclass(module = "porteur._porteur", name = "_Call", frozen)]
struct Call(Mutex<Option<Start>>);

#[pymethods]
impl Call {
    /// Starts it on the running loop; `ended` is called when nothing of it runs any more.
    fn __call__<'py>(&self, py: Python<'py>, ended: Py<PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let start = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let start = start.ok_or_else(|| PyRuntimeError::new_err("this call was started before"))?;
        start(py, ended)
    }
}

struct Ended(Py<PyAny>);

impl Drop for Ended {
    fn drop(&mut self) {
        // The loop may be closed by now, and the interpreter may be gone: nobody waits then.
        Python::try_attach(|py| {
            let _ = self.0.call0(py);
        });
    }
}

/// Our runtime for `pyo3_async_runtimes`, whose own one is not made anew after a fork.
struct Ours;

impl generic::Runtime for Ours {
    type JoinError = Join;
    type JoinHandle = Joined;

    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> Joined {
        Joined(here().spawn(future))
    }

    fn spawn_blocking<F: FnOnce() + Send + 'static>(work: F) -> Joined {
        Joined(here().spawn_blocking(work))
    }
}

impl ContextExt for Ours {
    fn scope<F, R>(locals: TaskLocals, future: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        let cell = OnceCell::new();
        let _ = cell.set(locals);
        Box::pin(LOCALS.scope(cell, future))
    }

    fn get_task_locals() -> Option<TaskLocals> {
        LOCALS.try_with(|locals| locals.get().cloned()).ok().flatten()
    }
}

/// The runtime around us, or this process's one where a call begins.
fn here() -> Handle {
    Handle::try_current().unwrap_or_else(|_| runtime::handle().expect("the machine gives threads for a runtime"))
}

struct Joined(JoinHandle<()>);

impl Future for Joined {
    type Output = Result<(), Join>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map_err(Join)
    }
}

struct Join(JoinError);

impl generic::JoinError for Join {
    fn is_panic(&self) -> bool {
        self.0.is_panic()
    }

    fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.0.into_panic()
    }
}

tokio::task_local! {
    static LOCALS: OnceCell<TaskLocals>;
}
