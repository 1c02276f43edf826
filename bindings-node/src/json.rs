//! JSON on its way in and out, as text: `JSON.stringify` and `JSON.parse` say what JavaScript means by it.

use napi::Env;
use napi::bindgen_prelude::{JsObjectValue as _, Object, Unknown};
use serde_json::{Map, Value};

use crate::convert::argument;
use crate::errors::Failed;
use crate::hooks;

/// The value called `name`. What JSON cannot express is refused by its place in it, and not left out.
pub(crate) fn value(env: &Env, name: &str, value: Unknown<'_>) -> Result<Value, Failed> {
    let printed: Object<'_> = hooks::call(env, "stringify", (value,))?;
    if let Some(reason) = printed.get::<String>("reason")? {
        return Err(Failed::invalid(name, reason));
    }
    let text: String = argument(name, printed.get_named_property("json")?)?;
    serde_json::from_str(&text).map_err(|error| Failed::invalid(name, error.to_string()))
}

/// The object called `name`.
pub(crate) fn members(env: &Env, name: &str, object: Unknown<'_>) -> Result<Map<String, Value>, Failed> {
    match value(env, name, object)? {
        Value::Object(members) => Ok(members),
        _ => Err(Failed::invalid(name, "expected an object, got something else")),
    }
}

/// The value as JavaScript has it.
pub(crate) fn parsed<'env>(env: &'env Env, value: &Value) -> napi::Result<Unknown<'env>> {
    hooks::call(env, "parse", (value.to_string(),))
}
