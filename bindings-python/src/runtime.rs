//! The tokio runtime below every call, and how a blocking call waits for it.

use std::future::Future;
use std::panic::resume_unwind;
use std::time::Duration;

use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::errors::exception;
use crate::process::PerProcess;

/// Waits for `call` with the GIL released, and hears Ctrl-C: an exception from a signal handler drops `call`.
pub(crate) fn wait<T: Send>(py: Python<'_>, call: impl Future<Output = PyResult<T>> + Send) -> PyResult<T> {
    let runtime = handle()?;
    py.detach(|| {
        // A dropped call may still hand a connection back, which needs a runtime around it.
        let _inside = runtime.enter();
        let mut call = Box::pin(call);
        // A callback runs on a thread of the runtime and may call us again: tokio allows that in here only.
        tokio::task::block_in_place(|| {
            loop {
                match runtime.block_on(async { tokio::time::timeout(SIGNALS, &mut call).await }) {
                    Ok(outcome) => return outcome,
                    Err(_) => Python::attach(|py| py.check_signals())?,
                }
            }
        })
    })
}

/// Waits for `call` as [`wait`] does, but Ctrl-C only begins `stop`, after which `call` ends by itself. Again it drops `call`.
pub(crate) fn wait_for_the_end<T: Send>(
    py: Python<'_>,
    call: impl Future<Output = PyResult<T>> + Send,
    stop: impl Future<Output = ()> + Send + 'static,
) -> PyResult<T> {
    let runtime = handle()?;
    py.detach(|| {
        let _inside = runtime.enter();
        let (mut call, mut stop, mut interrupted) = (Box::pin(call), Some(stop), None);
        tokio::task::block_in_place(|| {
            loop {
                if let Ok(outcome) = runtime.block_on(async { tokio::time::timeout(SIGNALS, &mut call).await }) {
                    return interrupted.map_or(outcome, Err);
                }
                match (Python::attach(|py| py.check_signals()), stop.take()) {
                    (Ok(()), waiting) => stop = waiting,
                    (Err(signal), Some(stop)) => {
                        runtime.spawn(stop);
                        interrupted = Some(signal);
                    }
                    (Err(signal), None) => return Err(signal),
                }
            }
        })
    })
}

/// Works on a thread of the runtime, with the GIL released. Ctrl-C does not wait for the end of it.
pub(crate) fn work<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> porteur::Result<T> + Send + 'static,
) -> PyResult<T> {
    wait(py, async {
        match tokio::task::spawn_blocking(work).await {
            Ok(outcome) => outcome.map_err(exception),
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // Not run when the runtime shuts down.
                Err(_) => Err(exception(porteur::Error::Cancelled)),
            },
        }
    })
}

/// This process's runtime; started by the first call.
pub(crate) fn handle() -> PyResult<Handle> {
    let make = || Builder::new_multi_thread().thread_name("porteur").enable_all().build();
    Ok(RUNTIME.get_or_make(make, |runtime| runtime.handle().clone())?)
}

/// Stops the threads before the interpreter goes away below them; registered with `atexit`.
#[pyfunction]
pub(crate) fn stop() {
    if let Some(runtime) = RUNTIME.take() {
        runtime.shutdown_background();
    }
}

static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// How often a blocking call looks for signals: short for a hand on Ctrl-C, long for a processor.
pub(crate) const SIGNALS: Duration = Duration::from_millis(100);
