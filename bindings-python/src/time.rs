//! Points in time as `datetime`, spans of it as seconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDelta, PyDeltaAccess as _, PyFloat, PyTzInfo};

/// A point in time, in microseconds since 1970: as fine as a `datetime` is, so that it is the same after pickling.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Moment(i64);

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => micros(since),
            Err(before) => -micros(before.duration()),
        })
    }
}

impl<'py> IntoPyObject<'py> for Moment {
    type Target = PyDateTime;
    type Output = Bound<'py, PyDateTime>;
    type Error = PyErr;

    /// In UTC. An `OverflowError` beyond the years that Python knows.
    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let (days, rest) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (seconds, micros) = (i32::try_from(rest / SECOND)?, i32::try_from(rest % SECOND)?);
        let since = PyDelta::new(py, i32::try_from(days)?, seconds, micros, false)?;
        Ok(epoch(py)?.add(since)?.cast_into()?)
    }
}

impl<'py> FromPyObject<'_, 'py> for Moment {
    type Error = PyErr;

    /// A `TypeError` without a time zone.
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let since = object.cast::<PyDateTime>()?.sub(epoch(object.py())?)?.cast_into::<PyDelta>()?;
        let seconds = i64::from(since.get_seconds()) * SECOND;
        Ok(Self(i64::from(since.get_days()) * DAY + seconds + i64::from(since.get_microseconds())))
    }
}

/// A span of time, which Python has in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Seconds(pub(crate) Duration);

impl<'py> IntoPyObject<'py> for Seconds {
    type Target = PyFloat;
    type Output = Bound<'py, PyFloat>;
    type Error = std::convert::Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        self.0.as_secs_f64().into_pyobject(py)
    }
}

fn epoch(py: Python<'_>) -> PyResult<Bound<'_, PyDateTime>> {
    let utc = PyTzInfo::utc(py)?;
    PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, Some(&utc))
}

/// In microseconds.
const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 60 * 60 * SECOND;
