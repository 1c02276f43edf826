//! JSON as plain Python objects: None, bool, int, float, str, list and dict.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use serde_json::{Map, Number, Value};

use crate::errors::invalid;

/// A JSON value that becomes a Python object when somebody looks.
#[derive(Clone, PartialEq)]
pub(crate) struct Json(pub(crate) Value);

/// The JSON of an argument. What JSON cannot express is named by its place, as in `json.items[3]`.
pub(crate) fn parse(field: &str, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    value(&mut field.to_owned(), object, 0)
}

/// The members of an argument that is an object.
pub(crate) fn members(field: &str, object: &Bound<'_, PyMapping>) -> PyResult<Map<String, Value>> {
    map(&mut field.to_owned(), object, 0)
}

fn value(place: &mut String, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if depth > DEEPEST {
        return Err(invalid(&place[..place.floor_char_boundary(SHOWN)], format!("expected at most {DEEPEST} levels")));
    }
    if object.is_none() {
        return Ok(Value::Null);
    }
    // Before numbers: in Python it is one.
    if let Ok(boolean) = object.cast::<PyBool>() {
        return Ok(Value::Bool(boolean.is_true()));
    }
    if let Ok(number) = object.cast::<PyInt>() {
        return whole(place, number);
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        let number = number.value();
        let number = Number::from_f64(number);
        return number
            .map(Value::Number)
            .ok_or_else(|| invalid(place, format!("expected a finite number, got {object}")));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return self::text(place, text).map(Value::String);
    }
    if let Ok(list) = object.cast::<PyList>() {
        return array(place, list.iter(), depth);
    }
    if let Ok(tuple) = object.cast::<PyTuple>() {
        return array(place, tuple.iter(), depth);
    }
    if let Ok(mapping) = object.cast::<PyMapping>() {
        return map(place, mapping, depth).map(Value::Object);
    }
    let kind = object.get_type().name()?;
    Err(PyTypeError::new_err(format!("{place}: expected something that JSON can express, got {kind}")))
}

fn array<'py>(place: &mut String, items: impl Iterator<Item = Bound<'py, PyAny>>, depth: usize) -> PyResult<Value> {
    let items = items.enumerate().map(|(index, item)| within(place, &format!("[{index}]"), &item, depth));
    items.collect::<PyResult<_>>().map(Value::Array)
}

fn map(place: &mut String, mapping: &Bound<'_, PyMapping>, depth: usize) -> PyResult<Map<String, Value>> {
    let mut members = Map::new();
    for item in mapping.items()?.iter() {
        let (key, item): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let Ok(key) = key.cast::<PyString>() else {
            let kind = key.get_type().name()?;
            return Err(PyTypeError::new_err(format!("{place}: expected keys of str, got {kind}")));
        };
        let key = text(place, key)?;
        let item = within(place, &format!(".{key}"), &item, depth)?;
        members.insert(key, item);
    }
    Ok(members)
}

/// A value one level deeper.
fn within(place: &mut String, step: &str, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    let here = place.len();
    place.push_str(step);
    let value = value(place, object, depth + 1)?;
    place.truncate(here);
    Ok(value)
}

fn whole(place: &str, number: &Bound<'_, PyInt>) -> PyResult<Value> {
    if let Ok(number) = number.extract::<i64>() {
        return Ok(number.into());
    }
    // A float in its place would be another number.
    let number = number.extract::<u64>();
    number.map(Value::from).map_err(|_| invalid(place, "expected a whole number of at most 64 bits, got a larger one"))
}

fn text(place: &str, text: &Bound<'_, PyString>) -> PyResult<String> {
    let text = text.extract();
    text.map_err(|_| invalid(place, "expected text that UTF-8 can express, got half of a surrogate pair"))
}

impl<'py> IntoPyObject<'py> for &Json {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        object(py, &self.0)
    }
}

pub(crate) fn object<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(boolean) => PyBool::new(py, *boolean).to_owned().into_any(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into_pyobject(py)?.into_any(),
            (None, Some(number)) => number.into_pyobject(py)?.into_any(),
            (None, None) => number.as_f64().into_pyobject(py)?.into_any(),
        },
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let items = items.iter().map(|item| object(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any()
        }
        Value::Object(members) => {
            let dict = PyDict::new(py);
            for (name, member) in members {
                dict.set_item(name, object(py, member)?)?;
            }
            dict.into_any()
        }
    })
}

/// As deep as `serde_json` reads an answer; also what ends a list that contains itself.
const DEEPEST: usize = 127;

/// Bytes of a place that are shown where it has no end.
const SHOWN: usize = 60;
