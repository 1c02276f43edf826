//! Many wishes at once: those that can be done, and in their places those that cannot.

use pyo3::IntoPyObjectExt as _;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;

use crate::errors::{exception, is_ours, whole};
use crate::json;

/// The arguments of `send_many`, `transfer_many` and `transform_attachments`.
pub(crate) struct Many<T> {
    wishes: Vec<T>,
    /// The places of those that cannot be, and why.
    refused: Vec<(usize, PyErr)>,
    concurrency: usize,
}

impl<T> Many<T> {
    /// Takes each wish out of a dict with `read`, and makes with `parse` what the core does. What a wish cannot be is its
    /// outcome. What is none at all (a `TypeError`) is a mistake in the program, and raised before anything is sent.
    pub(crate) fn parse<'py, W>(
        name: &str,
        wishes: &Bound<'py, PyAny>,
        concurrency: Option<i64>,
        read: impl Fn(&Members<'py>) -> PyResult<W>,
        parse: impl Fn(W) -> PyResult<T>,
    ) -> PyResult<Self> {
        let concurrency = whole("concurrency", concurrency)?.unwrap_or(porteur::CONCURRENCY);
        let mut many = Self { wishes: Vec::new(), refused: Vec::new(), concurrency };
        for (index, wish) in wishes.try_iter()?.enumerate() {
            let members = Members::of(format!("{name}[{index}]"), &wish?)?;
            let wish = read(&members)?;
            members.taken()?;
            match parse(wish) {
                Ok(wish) => many.wishes.push(wish),
                Err(error) if is_ours(wishes.py(), &error)? => many.refused.push((index, error)),
                Err(error) => return Err(error),
            }
        }
        Ok(many)
    }

    /// What becomes of each, in order.
    pub(crate) async fn done<R, V: From<R>, F>(self, call: impl FnOnce(Vec<T>, usize) -> F) -> PyResult<Vec<Outcome<V>>>
    where
        F: Future<Output = porteur::Result<Vec<porteur::Result<R>>>>,
    {
        let outcome = |outcome: porteur::Result<R>| Outcome(outcome.map(V::from).map_err(exception));
        let done = call(self.wishes, self.concurrency).await.map_err(exception)?;
        let mut outcomes: Vec<_> = done.into_iter().map(outcome).collect();
        for (index, error) in self.refused {
            outcomes.insert(index, Outcome(Err(error)));
        }
        Ok(outcomes)
    }
}

/// What became of one of many: a value, or the exception that it would be alone.
pub(crate) struct Outcome<V>(PyResult<V>);

impl<'py, V: IntoPyObject<'py>> IntoPyObject<'py> for Outcome<V> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.0 {
            Ok(value) => value.into_bound_py_any(py),
            Err(error) => error.into_bound_py_any(py),
        }
    }
}

/// The members of one of many, taken out of its dict one by one; what is wrong with them names its place.
pub(crate) struct Members<'py> {
    place: String,
    members: Bound<'py, PyDict>,
}

impl<'py> Members<'py> {
    fn of(place: String, dict: &Bound<'py, PyAny>) -> PyResult<Self> {
        match dict.cast::<PyDict>() {
            Ok(dict) => Ok(Self { place, members: dict.copy()? }),
            Err(_) => {
                let kind = dict.get_type().name()?;
                Err(PyTypeError::new_err(format!("{place}: expected a dict, got {kind}")))
            }
        }
    }

    /// None is as good as nothing.
    pub(crate) fn optional<T: FromPyObjectOwned<'py>>(&self, name: &str) -> PyResult<Option<T>> {
        let Some(value) = self.members.get_item(name)? else { return Ok(None) };
        self.members.del_item(name)?;
        let wrong = |error: T::Error| PyTypeError::new_err(format!("{}.{name}: {}", self.place, error.into()));
        if value.is_none() { Ok(None) } else { value.extract().map(Some).map_err(wrong) }
    }

    pub(crate) fn required<T: FromPyObjectOwned<'py>>(&self, name: &str) -> PyResult<T> {
        let missing = || PyTypeError::new_err(format!("{}: the key '{name}' is missing", self.place));
        self.optional(name)?.ok_or_else(missing)
    }

    /// All of them, for whoever knows their names.
    pub(crate) fn json(&self) -> PyResult<Value> {
        let members = json::members(&self.place, self.members.as_mapping())?;
        self.members.clear();
        Ok(Value::Object(members))
    }

    /// Refuses members that nobody took.
    fn taken(&self) -> PyResult<()> {
        match self.members.keys().iter().next() {
            None => Ok(()),
            Some(unknown) => {
                Err(PyTypeError::new_err(format!("{}: got an unexpected key {}", self.place, unknown.repr()?)))
            }
        }
    }
}
