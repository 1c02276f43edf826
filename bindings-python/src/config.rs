//! What a client is made from. Defaults are the core's: only what the caller gave is passed on.

use std::time::Duration;

use porteur::Config;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::audit::Audit;
use crate::callback::Told;
use crate::errors::{seconds, whole};
use crate::media::MediaLimits;

/// The options of a client, as its constructors take them.
pub(crate) struct Options<'py> {
    pub(crate) environment: Option<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) allow_plain_http: Option<bool>,
    pub(crate) renew_before: Option<f64>,
    pub(crate) pace: Option<PyRef<'py, Pace>>,
    pub(crate) timeouts: Option<PyRef<'py, Timeouts>>,
    pub(crate) limits: Option<PyRef<'py, Limits>>,
    pub(crate) audit: Option<PyRef<'py, Audit>>,
    pub(crate) transfer_callback: Option<Told<'py>>,
    pub(crate) attachment_callback: Option<Told<'py>>,
}

impl Options<'_> {
    pub(crate) fn over(self, config: Config) -> PyResult<Config> {
        let renew_before = seconds("renew_before", self.renew_before)?;
        Ok(config
            .given(self.environment, Config::environment)
            .given(self.base_url, Config::base_url)
            .given(self.scopes, Config::scopes)
            .given(self.allow_plain_http, Config::allow_plain_http)
            .given(renew_before, Config::renew_before)
            .given(self.pace, |config, pace| config.pace(pace.0.clone()))
            .given(self.timeouts, |config, timeouts| config.timeouts(timeouts.0.clone()))
            .given(self.limits, |config, limits| config.limits(limits.0.clone()))
            .given(self.audit, |config, audit| config.audit(audit.0.clone()))
            .given(self.transfer_callback, |config, callback| config.transfer_callback(callback.callback()))
            .given(self.attachment_callback, |config, callback| config.attachment_callback(callback.callback())))
    }
}

/// A setter for what may be left out.
pub(crate) trait Given: Sized {
    fn given<T>(self, value: Option<T>, set: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => set(self, value),
            None => self,
        }
    }
}

impl<S> Given for S {}

/// How often and how fast the client knocks.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Pace(porteur::Pace);

#[pymethods]
impl Pace {
    #[new]
    #[pyo3(signature = (*, attempts=None, base=None, cap=None, budget=None, per_minute=None, burst=None, breaker_after=None, breaker_pause=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        attempts: Option<i64>,
        base: Option<f64>,
        cap: Option<f64>,
        budget: Option<f64>,
        per_minute: Option<i64>,
        burst: Option<i64>,
        breaker_after: Option<i64>,
        breaker_pause: Option<f64>,
    ) -> PyResult<Self> {
        let pace = porteur::Pace::default()
            .given(whole("attempts", attempts)?, porteur::Pace::attempts)
            .given(seconds("base", base)?, porteur::Pace::base)
            .given(seconds("cap", cap)?, porteur::Pace::cap)
            .given(seconds("budget", budget)?, porteur::Pace::budget)
            .given(whole("per_minute", per_minute)?, porteur::Pace::per_minute)
            .given(whole("burst", burst)?, porteur::Pace::burst)
            .given(whole("breaker_after", breaker_after)?, porteur::Pace::breaker_after)
            .given(seconds("breaker_pause", breaker_pause)?, porteur::Pace::breaker_pause);
        Ok(Self(pace))
    }

    #[getter]
    fn attempts(&self) -> u32 {
        self.0.attempts
    }

    #[getter]
    fn base(&self) -> f64 {
        self.0.base.as_secs_f64()
    }

    #[getter]
    fn cap(&self) -> f64 {
        self.0.cap.as_secs_f64()
    }

    #[getter]
    fn budget(&self) -> f64 {
        self.0.budget.as_secs_f64()
    }

    #[getter]
    fn per_minute(&self) -> u32 {
        self.0.per_minute
    }

    #[getter]
    fn burst(&self) -> u32 {
        self.0.burst
    }

    #[getter]
    fn breaker_after(&self) -> u32 {
        self.0.breaker_after
    }

    #[getter]
    fn breaker_pause(&self) -> f64 {
        self.0.breaker_pause.as_secs_f64()
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let fields = fields(py, &[("base", self.0.base), ("cap", self.0.cap), ("budget", self.0.budget)])?;
        fields.set_item("breaker_pause", self.breaker_pause())?;
        fields.set_item("attempts", self.0.attempts)?;
        fields.set_item("per_minute", self.0.per_minute)?;
        fields.set_item("burst", self.0.burst)?;
        fields.set_item("breaker_after", self.0.breaker_after)?;
        Ok((PyTuple::empty(py), fields))
    }

    fn __repr__(&self) -> String {
        format!(
            "Pace(attempts={}, base={:?}, cap={:?}, budget={:?}, per_minute={}, burst={}, breaker_after={}, \
             breaker_pause={:?})",
            self.0.attempts,
            self.base(),
            self.cap(),
            self.budget(),
            self.0.per_minute,
            self.0.burst,
            self.0.breaker_after,
            self.breaker_pause()
        )
    }
}

/// How long the client waits for an answer.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Timeouts(porteur::Timeouts);

#[pymethods]
impl Timeouts {
    #[new]
    #[pyo3(signature = (*, connect=None, token=None, call=None, stall=None, audit=None, ping=None, callback=None, attachment_callback=None, download=None, download_stall=None, publish=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        connect: Option<f64>,
        token: Option<f64>,
        call: Option<f64>,
        stall: Option<f64>,
        audit: Option<f64>,
        ping: Option<f64>,
        callback: Option<f64>,
        attachment_callback: Option<f64>,
        download: Option<f64>,
        download_stall: Option<f64>,
        publish: Option<f64>,
    ) -> PyResult<Self> {
        let defaults = porteur::Timeouts::default();
        Ok(Self(porteur::Timeouts {
            connect: seconds("connect", connect)?.unwrap_or(defaults.connect),
            token: seconds("token", token)?.unwrap_or(defaults.token),
            call: seconds("call", call)?.unwrap_or(defaults.call),
            stall: seconds("stall", stall)?.unwrap_or(defaults.stall),
            audit: seconds("audit", audit)?.unwrap_or(defaults.audit),
            ping: seconds("ping", ping)?.unwrap_or(defaults.ping),
            callback: seconds("callback", callback)?.unwrap_or(defaults.callback),
            attachment_callback: seconds("attachment_callback", attachment_callback)?
                .unwrap_or(defaults.attachment_callback),
            download: seconds("download", download)?.unwrap_or(defaults.download),
            download_stall: seconds("download_stall", download_stall)?.unwrap_or(defaults.download_stall),
            publish: seconds("publish", publish)?.unwrap_or(defaults.publish),
        }))
    }

    #[getter]
    fn connect(&self) -> f64 {
        self.0.connect.as_secs_f64()
    }

    #[getter]
    fn token(&self) -> f64 {
        self.0.token.as_secs_f64()
    }

    #[getter]
    fn call(&self) -> f64 {
        self.0.call.as_secs_f64()
    }

    #[getter]
    fn stall(&self) -> f64 {
        self.0.stall.as_secs_f64()
    }

    #[getter]
    fn audit(&self) -> f64 {
        self.0.audit.as_secs_f64()
    }

    #[getter]
    fn ping(&self) -> f64 {
        self.0.ping.as_secs_f64()
    }

    #[getter]
    fn callback(&self) -> f64 {
        self.0.callback.as_secs_f64()
    }

    #[getter]
    fn attachment_callback(&self) -> f64 {
        self.0.attachment_callback.as_secs_f64()
    }

    #[getter]
    fn download(&self) -> f64 {
        self.0.download.as_secs_f64()
    }

    #[getter]
    fn download_stall(&self) -> f64 {
        self.0.download_stall.as_secs_f64()
    }

    #[getter]
    fn publish(&self) -> f64 {
        self.0.publish.as_secs_f64()
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        Ok((PyTuple::empty(py), fields(py, &self.each())?))
    }

    fn __repr__(&self) -> String {
        let each = self.each().map(|(name, timeout)| format!("{name}={:?}", timeout.as_secs_f64()));
        format!("Timeouts({})", each.join(", "))
    }
}

impl Timeouts {
    fn each(&self) -> [(&'static str, Duration); 11] {
        let timeouts = &self.0;
        [
            ("connect", timeouts.connect),
            ("token", timeouts.token),
            ("call", timeouts.call),
            ("stall", timeouts.stall),
            ("audit", timeouts.audit),
            ("ping", timeouts.ping),
            ("callback", timeouts.callback),
            ("attachment_callback", timeouts.attachment_callback),
            ("download", timeouts.download),
            ("download_stall", timeouts.download_stall),
            ("publish", timeouts.publish),
        ]
    }
}

/// How much the client takes on.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Limits(porteur::Limits);

#[pymethods]
impl Limits {
    #[new]
    #[pyo3(signature = (*, max_chunk_bytes=None, max_bandwidth_kbps=None, codecs=None, max_fps=None, media=None))]
    fn new(
        max_chunk_bytes: Option<i64>,
        max_bandwidth_kbps: Option<i64>,
        codecs: Option<Vec<String>>,
        max_fps: Option<i64>,
        media: Option<PyRef<'_, MediaLimits>>,
    ) -> PyResult<Self> {
        let defaults = porteur::Limits::default();
        Ok(Self(porteur::Limits {
            max_chunk_bytes: whole("max_chunk_bytes", max_chunk_bytes)?.unwrap_or(defaults.max_chunk_bytes),
            max_bandwidth_kbps: whole("max_bandwidth_kbps", max_bandwidth_kbps)?.unwrap_or(defaults.max_bandwidth_kbps),
            codecs: codecs.unwrap_or(defaults.codecs),
            max_fps: whole("max_fps", max_fps)?.unwrap_or(defaults.max_fps),
            media: media.map_or(defaults.media, |media| media.0.clone()),
        }))
    }

    #[getter]
    fn max_chunk_bytes(&self) -> u64 {
        self.0.max_chunk_bytes
    }

    #[getter]
    fn max_bandwidth_kbps(&self) -> u32 {
        self.0.max_bandwidth_kbps
    }

    #[getter]
    fn codecs(&self) -> &[String] {
        &self.0.codecs
    }

    #[getter]
    fn max_fps(&self) -> u32 {
        self.0.max_fps
    }

    #[getter]
    fn media(&self) -> MediaLimits {
        MediaLimits(self.0.media.clone())
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let porteur::Limits { max_chunk_bytes, max_bandwidth_kbps, codecs, max_fps, .. } = &self.0;
        let fields = PyDict::new(py);
        fields.set_item("max_chunk_bytes", max_chunk_bytes)?;
        fields.set_item("max_bandwidth_kbps", max_bandwidth_kbps)?;
        fields.set_item("codecs", codecs)?;
        fields.set_item("max_fps", max_fps)?;
        fields.set_item("media", self.media())?;
        Ok((PyTuple::empty(py), fields))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let porteur::Limits { max_chunk_bytes, max_bandwidth_kbps, codecs, max_fps, .. } = &self.0;
        let media = self.media().__repr__(py)?;
        Ok(format!(
            "Limits(max_chunk_bytes={max_chunk_bytes}, max_bandwidth_kbps={max_bandwidth_kbps}, codecs={codecs:?}, \
             max_fps={max_fps}, media={media})"
        ))
    }
}

fn fields<'py>(py: Python<'py>, durations: &[(&str, Duration)]) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    for (name, duration) in durations {
        fields.set_item(name, duration.as_secs_f64())?;
    }
    Ok(fields)
}
