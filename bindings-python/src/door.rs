//! What both clients have behind them: the core's client of this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use porteur::Config;
use pyo3::prelude::*;

use crate::errors::exception;
use crate::process::PerProcess;
use crate::simulator::Simulator;

/// The core's client with what it was made from, so that a child process can make its own. Workers share it with their client.
pub(crate) struct Door {
    config: Config,
    core: PerProcess<porteur::Client>,
    closed: Arc<AtomicBool>,
}

impl Door {
    pub(crate) fn new(config: Config) -> PyResult<Arc<Self>> {
        let core = PerProcess::with(porteur::Client::new(config.clone()).map_err(exception)?);
        Ok(Arc::new(Self { config, core, closed: Arc::default() }))
    }

    /// This process's client. A child makes none when its parent closed its own before the fork.
    pub(crate) fn core(&self) -> PyResult<porteur::Client> {
        let make = || match self.closed.load(Ordering::Relaxed) {
            true => Err(porteur::Error::Cancelled),
            false => porteur::Client::new(self.config.clone()),
        };
        self.core.get_or_make(make, Clone::clone).map_err(exception)
    }

    /// Closes it when it is awaited.
    pub(crate) fn closing(&self) -> impl Future<Output = PyResult<()>> + Send + use<> {
        let (closed, core) = (self.closed.clone(), self.core.get(Clone::clone));
        async move {
            closed.store(true, Ordering::Relaxed);
            if let Some(core) = core {
                core.close().await;
            }
            Ok(())
        }
    }

    pub(crate) fn by_clock_of(&self, simulator: &Simulator) -> PyResult<Arc<Self>> {
        Self::new(self.config.clone().clock(simulator.look(porteur::simulator::Simulator::clock)?))
    }

    pub(crate) fn named(&self, class: &str) -> String {
        let (id, environment) = (&self.config.credentials.id, &self.config.environment);
        format!("<{class} client_id={id:?} at={:?}>", self.config.base_url.as_ref().unwrap_or(environment))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // The audit log of a client that was not closed is signed now: that waits for a disk and for the log's lock,
        // whose owner may be about to log, which takes the GIL.
        let core = self.core.take();
        Python::try_attach(|py| py.detach(|| drop(core)));
    }
}
