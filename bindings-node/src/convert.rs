//! Values from JavaScript, each refused in our words: what was expected, and what kind of thing came. Never the value
//! itself, which may be a secret. And those on the way back that Node-API has no conversion for.

// Node-API conversions are unsafe by signature; here they only read arguments and make results of the call under way,
// on its thread.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use napi::bindgen_prelude::{
    FromNapiValue, Function, JsObjectValue as _, JsValuesTupleIntoVec, Object, ToNapiValue, Uint8ArraySlice, Unknown,
};
use napi::{Env, JsValue as _, Status, ValueType, sys};

use crate::errors::Failed;
use crate::json;
use crate::source::Source;
use crate::transfer::CallbackOptions;

/// A string.
#[derive(Default)]
pub struct Text(pub(crate) String);

/// A whole number from 0 to 2^53 - 1.
#[derive(Clone, Copy, Default)]
pub struct Whole(pub(crate) u64);

/// A number with fractions.
#[derive(Clone, Copy)]
pub struct Fraction(pub(crate) f64);

/// A whole number from 0 to 2^64 - 1; beyond 2^53 as a `bigint`.
#[derive(Clone, Copy)]
pub struct Seed(pub(crate) u64);

/// `true` or `false`.
#[derive(Clone, Copy)]
pub struct Flag(pub(crate) bool);

/// An array.
pub struct List<T>(pub(crate) Vec<T>);

/// An object with the members of `T`.
pub struct Members<T>(pub(crate) T);

/// An object whose values are strings.
pub struct TextByName(pub(crate) BTreeMap<String, String>);

/// The bytes of a `Uint8Array`, copied: JavaScript may change its own at any time.
pub struct Copied(pub(crate) Bytes);

/// One of many sources, as the hook `openMany` gives it.
pub struct Opened(pub(crate) Source);

/// A callback: an object that describes one, or a URL that is posted to.
pub struct CallbackOf(pub(crate) porteur::Callback);

/// A `Date` on its way to JavaScript.
pub struct Moment(pub(crate) SystemTime);

/// A value from the platform on its way to JavaScript, as `JSON.parse` has it.
pub struct Json(pub(crate) serde_json::Value);

impl Whole {
    /// As the core counts where a byte is enough; more becomes the most, which no limit of the core allows.
    pub(crate) fn to_u8(self) -> u8 {
        u8::try_from(self.0).unwrap_or(u8::MAX)
    }

    /// As the core counts where it counts in 32 bits; more becomes the most, which no limit of the core allows.
    pub(crate) fn to_u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }

    pub(crate) fn to_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// As milliseconds.
    pub(crate) fn to_duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

/// Milliseconds, as JavaScript counts time.
pub(crate) fn ms(duration: Duration) -> f64 {
    number(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// Milliseconds and what is less: stages of a small picture take less than one.
pub(crate) fn fraction(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A count as a JavaScript number; exact up to 2^53, which no count here comes near.
pub(crate) fn number(count: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let number = count as f64;
    number
}

/// How many threads are to work.
pub(crate) fn threads(threads: Option<Whole>) -> Result<Option<NonZeroUsize>, Failed> {
    let at_least_one = |threads: Whole| {
        NonZeroUsize::new(threads.to_usize()).ok_or_else(|| Failed::invalid("threads", "expected at least 1, got 0"))
    };
    threads.map(at_least_one).transpose()
}

/// The strings of a list.
pub(crate) fn texts(list: List<Text>) -> Vec<String> {
    list.0.into_iter().map(|text| text.0).collect()
}

/// The argument called `name`.
pub(crate) fn argument<T: FromNapiValue>(name: &str, value: Unknown<'_>) -> Result<T, Failed> {
    cast(value).map_err(|error| refusal(name, &error))
}

/// The options of a call; none are the same as an empty object.
pub(crate) fn options_of<T: FromNapiValue + Default>(value: Option<Unknown<'_>>) -> Result<T, Failed> {
    let Some(value) = value else { return Ok(T::default()) };
    match value.get_type()? {
        ValueType::Undefined | ValueType::Null => Ok(T::default()),
        ValueType::Object => argument("options", value),
        other => Err(Failed::invalid("options", expected("an object", other))),
    }
}

/// The function called `name`.
pub(crate) fn function<'env, Args: JsValuesTupleIntoVec, Return>(
    name: &str,
    value: Unknown<'env>,
) -> Result<Function<'env, Args, Return>, Failed> {
    match value.get_type()? {
        ValueType::Function => Ok(cast(value)?),
        other => Err(Failed::invalid(name, expected("a function", other))),
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Our own error for one of Node-API's. Its text ends in ` on Struct.member` for each object around the value.
fn refusal(argument: &str, error: &napi::Error) -> Failed {
    let (reason, place) = error.reason.split_once(" on ").unwrap_or((&error.reason, ""));
    if let Some(member) = reason.strip_prefix("Missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return Failed::invalid(&snake_case(member), "expected a value, got none");
    }
    let innermost = place.split(" on ").next().unwrap_or_default();
    let field = innermost.split_once('.').map_or(argument, |(_, member)| member);
    Failed::invalid(&snake_case(field), reason)
}

/// As the core names it; `errors.js` has the way back.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 1);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn expected(wanted: &str, came: ValueType) -> String {
    let came = match came {
        ValueType::Undefined => "undefined",
        ValueType::Null => "null",
        ValueType::Boolean => "a boolean",
        ValueType::Number => "a number",
        ValueType::String => "a string",
        ValueType::Symbol => "a symbol",
        ValueType::Object => "an object",
        ValueType::Function => "a function",
        _ => "something else",
    };
    format!("expected {wanted}, got {came}")
}

fn refused(reason: String) -> napi::Error {
    napi::Error::new(Status::InvalidArg, reason)
}

/// Reads a value of `kind`.
fn read<T: FromNapiValue>(value: Unknown<'_>, kind: ValueType, wanted: &str) -> napi::Result<T> {
    let came = value.get_type()?;
    if came != kind {
        return Err(refused(expected(wanted, came)));
    }
    cast(value)
}

fn cast<T: FromNapiValue>(value: Unknown<'_>) -> napi::Result<T> {
    let raw = value.value();
    // SAFETY: an `Unknown` lives no longer than the call that it is an argument of, so both handles are valid.
    unsafe { T::from_napi_value(raw.env, raw.value) }
}

/// The conversion that `#[napi]` asks for, by a function from [`Unknown`].
macro_rules! converted {
    ($($type:ident $(<$item:ident>)? by $convert:expr;)*) => {$(
        impl $(<$item: FromNapiValue>)? FromNapiValue for $type $(<$item>)? {
            unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
                // SAFETY: as of this very function.
                $convert(unsafe { Unknown::from_napi_value(env, value) }?).map(Self)
            }
        }
    )*};
}

converted! {
    Text by |value| read(value, ValueType::String, "a string");
    Flag by |value| read(value, ValueType::Boolean, "true or false");
    Whole by whole;
    Fraction by |value| read(value, ValueType::Number, "a number");
    Seed by seed;
    List<T> by list;
    Members<T> by |value| read(value, ValueType::Object, "an object");
    TextByName by text_by_name;
    Copied by copied;
    Opened by opened;
    CallbackOf by callback_of;
}

fn whole(value: Unknown<'_>) -> napi::Result<u64> {
    let value: f64 = read(value, ValueType::Number, "a whole number")?;
    if !(0.0..=MAX_SAFE_INTEGER).contains(&value) || value.fract() != 0.0 {
        return Err(refused(format!("expected a whole number from 0 to {MAX_SAFE_INTEGER}, got {value}")));
    }
    // In range and whole: nothing is lost.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(value as u64)
}

fn seed(value: Unknown<'_>) -> napi::Result<u64> {
    let came = value.get_type()?;
    if !matches!(came, ValueType::Number | ValueType::BigInt) {
        return Err(refused(expected("a whole number", came)));
    }
    let digits = value.coerce_to_string()?.into_utf8()?.into_owned()?;
    digits.parse().map_err(|_| refused(format!("expected a whole number from 0 to {}, got {digits}", u64::MAX)))
}

fn list<T: FromNapiValue>(value: Unknown<'_>) -> napi::Result<Vec<T>> {
    let list: Object<'_> = read(value, ValueType::Object, "an array")?;
    if !list.is_array()? {
        return Err(refused(expected("an array", ValueType::Object)));
    }
    (0..list.get_array_length()?).map(|index| list.get_element(index)).collect()
}

fn text_by_name(value: Unknown<'_>) -> napi::Result<BTreeMap<String, String>> {
    let object: Object<'_> = read(value, ValueType::Object, "an object of strings")?;
    let texts = Object::keys(&object)?.into_iter().map(|name| {
        let text = read(object.get_named_property(&name)?, ValueType::String, "an object of nothing but strings")?;
        Ok((name, text))
    });
    texts.collect()
}

fn copied(value: Unknown<'_>) -> napi::Result<Bytes> {
    let bytes: Uint8ArraySlice<'_> = cast(value)?;
    Ok(Bytes::copy_from_slice(&bytes))
}

fn opened(value: Unknown<'_>) -> napi::Result<Source> {
    let env = Env::from_raw(value.value().env);
    Source::read(value).map_err(|failed| failed.into_js(&env, None))
}

fn callback_of(value: Unknown<'_>) -> napi::Result<porteur::Callback> {
    match value.get_type()? {
        ValueType::String => Ok(porteur::Callback::post(cast::<String>(value)?)),
        ValueType::Object => Ok(cast::<CallbackOptions>(value)?.callback()),
        other => Err(refused(expected("a URL or an object with one", other))),
    }
}

impl ToNapiValue for Moment {
    unsafe fn to_napi_value(env: sys::napi_env, Self(moment): Self) -> napi::Result<sys::napi_value> {
        let since = match moment.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => ms(after),
            Err(error) => -ms(error.duration()),
        };
        Ok(Env::from_raw(env).create_date(since)?.raw())
    }
}

impl ToNapiValue for Json {
    unsafe fn to_napi_value(env: sys::napi_env, Self(value): Self) -> napi::Result<sys::napi_value> {
        Ok(json::parsed(&Env::from_raw(env), &value)?.raw())
    }
}

/// `Number.MAX_SAFE_INTEGER`.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
