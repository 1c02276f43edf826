//! The simulated platform, for `python/porteur/testing.py`, which turns the JSON here into plain values.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::errors::{exception, invalid, seconds, whole};
use crate::message::arguments;
use crate::process::PerProcess;

/// A platform on 127.0.0.1.
#[pyclass(module = "porteur._porteur", frozen)]
pub(crate) struct Simulator(PerProcess<porteur::simulator::Simulator>);

#[pymethods]
impl Simulator {
    #[new]
    fn new(py: Python<'_>, settings: &str) -> PyResult<Self> {
        let settings = parse("settings", settings)?;
        let started = py.detach(|| porteur::simulator::Simulator::start(settings)).map_err(exception)?;
        Ok(Self(PerProcess::with(started)))
    }

    #[getter]
    fn url(&self) -> PyResult<String> {
        self.look(|simulator| simulator.url().to_owned())
    }

    #[getter]
    fn client_id(&self) -> PyResult<String> {
        self.look(|simulator| simulator.client_id().to_owned())
    }

    #[getter]
    fn client_secret(&self) -> PyResult<String> {
        self.look(|simulator| simulator.client_secret().to_owned())
    }

    fn slept(&self) -> PyResult<Vec<f64>> {
        self.look(|simulator| simulator.slept().iter().map(std::time::Duration::as_secs_f64).collect())
    }

    fn violations(&self) -> PyResult<Vec<String>> {
        self.look(porteur::simulator::Simulator::violations)
    }

    fn journal(&self) -> PyResult<String> {
        self.look(porteur::simulator::Simulator::journal).and_then(|journal| json(&journal))
    }

    fn state(&self) -> PyResult<String> {
        self.look(porteur::simulator::Simulator::state).and_then(|state| json(&state))
    }

    fn file<'py>(&self, py: Python<'py>, id: &str) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let bytes = self.look(|simulator| simulator.file(id))?.and_then(|file| file.bytes);
        Ok(bytes.map(|bytes| PyBytes::new(py, &bytes)))
    }

    fn attachment<'py>(&self, py: Python<'py>, id: &str) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let bytes = self.look(|simulator| simulator.attachment(id))?;
        Ok(bytes.map(|bytes| PyBytes::new(py, &bytes)))
    }

    fn add_fault(&self, fault: &str) -> PyResult<()> {
        let fault = parse("fault", fault)?;
        self.look(|simulator| simulator.add_fault(fault))?.map_err(exception)
    }

    #[pyo3(signature = (by, /))]
    fn advance(&self, by: f64) -> PyResult<()> {
        let by = seconds("seconds", Some(by))?.unwrap_or_default();
        self.look(|simulator| simulator.advance(by))?.map_err(exception)
    }

    fn stop(&self, py: Python<'_>) {
        let simulator = self.0.take();
        // Its thread may be about to log, which takes the GIL.
        py.detach(|| drop(simulator));
    }
}

impl Simulator {
    pub(crate) fn look<T>(&self, look: impl FnOnce(&porteur::simulator::Simulator) -> T) -> PyResult<T> {
        self.0.get(look).ok_or_else(|| exception(porteur::Error::Cancelled))
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // Without an interpreter nobody holds the GIL, and the field is dropped as it is.
        Python::try_attach(|py| self.stop(py));
    }
}

/// Messages to send, as the arguments of `send`.
#[pyfunction]
pub(crate) fn messages(py: Python<'_>, seed: i128, count: i64) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let seed = u64::try_from(seed).map_err(|_| invalid("seed", format!("expected 0 to {}, got {seed}", u64::MAX)))?;
    let count = whole("count", Some(count))?.unwrap_or_default();
    porteur::simulator::messages(seed).take(count).map(|message| arguments(py, message)).collect()
}

fn parse<T: DeserializeOwned>(field: &str, text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|error| invalid(field, error.to_string()))
}

fn json(value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| invalid("simulator", error.to_string()))
}
