//! What goes wrong, and when: scripted faults, counted by the requests they match.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// One thing that goes wrong: when (`on`, `nth`, `times`), and exactly one effect.
///
/// ```
/// # use porteur::simulator::Fault;
/// let fault: Fault = serde_json::from_str(r#"{ "on": "PUT /storage", "nth": 2, "status": 429, "retry_after": 2 }"#)?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// Method and path prefix, as in `PUT /storage`; `* /` matches every request. The query is not looked at. What comes on a socket is
    /// `FRAME /` and the frame's type, or `PING /`.
    pub on: String,
    /// The first request that is hit, counted from 1 (default) among those that match `on`.
    pub nth: u64,
    /// How many matching requests in a row are hit; default 1.
    pub times: u64,
    /// Effect: the request is read, nothing is done, this is the status of the answer.
    pub status: Option<u16>,
    /// With `status`: `Retry-After` in seconds.
    pub retry_after: Option<u64>,
    /// With `status`: `Retry-After` as an HTTP date, so many seconds ahead of the platform's clock.
    pub retry_after_date: Option<u64>,
    /// With `status`: more headers.
    pub headers: BTreeMap<String, String>,
    /// With `status`: the answer's JSON body instead of the platform's error body.
    pub body: Option<Value>,
    /// With `status`: the answer's body as it is.
    pub text: Option<String>,
    /// Effect: the connection is reset.
    pub drop: Option<DropAt>,
    /// Effect: the answer takes so many real milliseconds and comes in small pieces.
    pub slow_ms: Option<u64>,
    /// Effect: no answer until the client hangs up; the simulated clock moves on by so many milliseconds.
    pub stall_ms: Option<u64>,
    /// Effect: the storage keeps the body with one bit flipped.
    pub flip_bit: bool,
    /// Effect: the storage keeps only so many bytes of this range, and answers 308 with how far it got.
    pub store_bytes: Option<u64>,
    /// Effect: this and all later PUTs of that upload are answered with 403, `Request has expired`.
    pub expire_url: bool,
    /// Effect: the bearer token that was sent is forgotten, and the answer is 401.
    pub expire_token: bool,
    /// Effect: the request is carried out, and the answer's JSON changed by this merge patch (RFC 7396).
    pub edit: Option<Value>,
    /// Effect on a frame: it is not carried out, and these are the members of its answer besides the id.
    pub reply: Option<Value>,
    /// Effect on a frame or a ping: nothing is done, and the socket is closed with this code.
    pub close: Option<u16>,
    /// Effect on a frame: it is carried out and never answered; the simulated clock moves on by so many milliseconds.
    pub mute_ms: Option<u64>,
    /// Effect on a frame: it is carried out, and answered when so many more were.
    pub hold_back: Option<u64>,
    /// Effect on a frame: these frames are sent before its answer.
    pub noise: Option<Vec<Value>>,
    /// Effect on a frame: it is not carried out, and these bytes, in hex, are written as they are.
    pub raw: Option<String>,
}

/// Where in a request the connection is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropAt {
    /// Before the body is read.
    Before,
    /// In the middle of the body.
    During,
    /// After the request was carried out: the answer is lost.
    After,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            on: String::new(),
            nth: 1,
            times: 1,
            status: None,
            retry_after: None,
            retry_after_date: None,
            headers: BTreeMap::new(),
            body: None,
            text: None,
            drop: None,
            slow_ms: None,
            stall_ms: None,
            flip_bit: false,
            store_bytes: None,
            expire_url: false,
            expire_token: false,
            edit: None,
            reply: None,
            close: None,
            mute_ms: None,
            hold_back: None,
            noise: None,
            raw: None,
        }
    }
}

/// The script: faults that cannot be wrong, each with its own count.
#[derive(Debug, Default)]
pub(super) struct Script {
    lines: Vec<Line>,
}

/// What a fault does, parsed.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    Answer(Box<Scripted>),
    Drop(DropAt),
    Slow { ms: u64 },
    Stall { ms: u64 },
    Storage(StorageEffect),
    ExpireToken,
    Edit(Value),
    Frame(FrameEffect),
}

/// What happens to a frame of a socket.
#[derive(Debug, Clone)]
pub(super) enum FrameEffect {
    Reply(Value),
    Close(u16),
    Mute { ms: u64 },
    HoldBack(u64),
    Noise(Vec<Value>),
    Raw(Vec<u8>),
}

/// What happens to a chunk on its way into the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StorageEffect {
    FlipBit,
    StoreBytes(u64),
    ExpireUrl,
}

/// A whole scripted answer.
#[derive(Debug, Clone)]
pub(super) struct Scripted {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Seconds ahead of the clock, written as a date when the answer is made.
    pub(super) retry_after_date: Option<u64>,
    pub(super) body: ScriptedBody,
}

#[derive(Debug, Clone)]
pub(super) enum ScriptedBody {
    /// The platform's error body for the status.
    Platform,
    Json(Value),
    Text(String),
}

impl Script {
    /// Adds `fault`; `name` is what an error calls it.
    pub(super) fn add(&mut self, fault: Fault, name: &str, multipart: bool) -> Result<()> {
        self.lines.push(Line::parse(fault, name, multipart)?);
        Ok(())
    }

    /// The effect on this request. Every fault counts it; the first one whose turn it is takes it.
    pub(super) fn next(&mut self, method: &Method, path: &str) -> Option<Effect> {
        let mut effect = None;
        for line in self.lines.iter_mut().filter(|line| line.matches(method, path)) {
            line.seen += 1;
            if effect.is_none() && line.seen >= line.nth && line.seen - line.nth < line.times {
                effect = Some(line.effect.clone());
            }
        }
        effect
    }
}

#[derive(Debug)]
struct Line {
    /// `None` matches every method.
    method: Option<Method>,
    path: String,
    nth: u64,
    times: u64,
    seen: u64,
    effect: Effect,
}

impl Line {
    fn parse(fault: Fault, name: &str, multipart: bool) -> Result<Self> {
        let wrong = |field: &str, reason: String| Err(Error::invalid(format!("{name}.{field}"), reason));
        let Some((method, path)) = fault.on.split_once(' ').filter(|(_, path)| path.starts_with('/')) else {
            return wrong("on", format!("expected a method and a path as in `PUT /storage`, got `{}`", fault.on));
        };
        let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, frame(), ping()];
        let method =
            known.into_iter().find(|known| known.as_str() == method).map(Some).or((method == "*").then_some(None));
        let Some(method) = method else {
            return wrong(
                "on",
                format!("expected GET, POST, PUT, PATCH, DELETE, FRAME, PING or *, got `{}`", fault.on),
            );
        };
        for (field, value) in [("nth", fault.nth), ("times", fault.times)] {
            if value == 0 {
                return wrong(field, "expected at least 1, got 0".to_owned());
            }
        }
        let path = path.to_owned();
        let (nth, times) = (fault.nth, fault.times);
        let fault_on = fault.on.clone();
        let effect = fault.effect(name)?;
        if let Effect::Storage(_) = effect
            && !path.starts_with("/storage")
        {
            return wrong("on", format!("expected a path under /storage for a storage effect, got `{path}`"));
        }
        let on_socket = method.as_ref().is_some_and(|method| *method == frame() || *method == ping());
        let fits = match &effect {
            Effect::Frame(FrameEffect::Close(_)) => on_socket,
            Effect::Frame(_) => method == Some(frame()),
            Effect::Drop(_) | Effect::Stall { .. } => true,
            Effect::Edit(_) | Effect::ExpireToken => method != Some(ping()),
            _ => !on_socket,
        };
        if !fits {
            return wrong("on", format!("expected what this effect can befall, got `{fault_on}`"));
        }
        if multipart && matches!(effect, Effect::Storage(StorageEffect::StoreBytes(_))) {
            return wrong("store_bytes", "expected ranged chunks, but the platform is set to multipart".to_owned());
        }
        Ok(Self { method, path, nth, times, seen: 0, effect })
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        let any = || *method != frame() && *method != ping();
        self.method.as_ref().map_or_else(any, |known| known == method) && path.starts_with(&self.path)
    }
}

impl Fault {
    fn effect(self, name: &str) -> Result<Effect> {
        let wrong = |field: &str, reason: String| Error::invalid(format!("{name}.{field}"), reason);
        let given = self.effects();
        let [_one] = given[..] else {
            let got = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
            return Err(wrong("effect", format!("expected exactly one of {}, got {got}", EFFECTS.join(", "))));
        };
        if let Some(field) = self.only_with_status().filter(|_| self.status.is_none()) {
            return Err(wrong(field, "expected a status beside it".to_owned()));
        }
        if let Some(status) = self.status {
            return Ok(Effect::Answer(Box::new(self.scripted(status, name)?)));
        }
        if let Some(patch) = self.edit {
            return Ok(Effect::Edit(patch));
        }
        if let Some(effect) = self.frame_effect() {
            return effect.map(Effect::Frame).map_err(|(field, reason)| wrong(field, reason));
        }
        let storage = match (self.flip_bit, self.store_bytes, self.expire_url) {
            (true, _, _) => Some(StorageEffect::FlipBit),
            (_, Some(count), _) => Some(StorageEffect::StoreBytes(count)),
            (_, _, true) => Some(StorageEffect::ExpireUrl),
            _ => None,
        };
        let effect = match (self.drop, self.slow_ms, self.stall_ms) {
            (Some(at), _, _) => Effect::Drop(at),
            (_, Some(ms), _) => Effect::Slow { ms },
            (_, _, Some(ms)) => Effect::Stall { ms },
            _ => storage.map_or(Effect::ExpireToken, Effect::Storage),
        };
        Ok(effect)
    }

    /// The names of the effects that are set.
    fn effects(&self) -> Vec<&'static str> {
        let set = [
            self.status.is_some(),
            self.drop.is_some(),
            self.slow_ms.is_some(),
            self.stall_ms.is_some(),
            self.flip_bit,
            self.store_bytes.is_some(),
            self.expire_url,
            self.expire_token,
            self.edit.is_some(),
            self.reply.is_some(),
            self.close.is_some(),
            self.mute_ms.is_some(),
            self.hold_back.is_some(),
            self.noise.is_some(),
            self.raw.is_some(),
        ];
        EFFECTS.into_iter().zip(set).filter_map(|(name, set)| set.then_some(name)).collect()
    }

    /// The effect on a frame, if it is one; `Err` names the field and what is wrong with it.
    fn frame_effect(&self) -> Option<Result<FrameEffect, (&'static str, String)>> {
        let effect = match (&self.reply, self.close, self.mute_ms, self.hold_back, &self.noise, &self.raw) {
            (Some(reply), ..) if !reply.is_object() => Err(("reply", "expected an object".to_owned())),
            (Some(reply), ..) => Ok(FrameEffect::Reply(reply.clone())),
            (_, Some(code), ..) if !(1000..5000).contains(&code) => {
                Err(("close", format!("expected a close code of 1000 to 4999, got {code}")))
            }
            (_, Some(code), ..) => Ok(FrameEffect::Close(code)),
            (_, _, Some(ms), ..) => Ok(FrameEffect::Mute { ms }),
            (_, _, _, Some(count), ..) => Ok(FrameEffect::HoldBack(count)),
            (.., Some(frames), _) => Ok(FrameEffect::Noise(frames.clone())),
            (.., Some(hex)) => {
                unhex(hex).map(FrameEffect::Raw).ok_or_else(|| ("raw", "expected hex digits".to_owned()))
            }
            _ => return None,
        };
        Some(effect)
    }

    fn only_with_status(&self) -> Option<&'static str> {
        let set = [
            ("retry_after", self.retry_after.is_some()),
            ("retry_after_date", self.retry_after_date.is_some()),
            ("headers", !self.headers.is_empty()),
            ("body", self.body.is_some()),
            ("text", self.text.is_some()),
        ];
        set.into_iter().find_map(|(name, set)| set.then_some(name))
    }

    fn scripted(self, status: u16, name: &str) -> Result<Scripted> {
        let wrong = |field: &str, reason: String| Error::invalid(format!("{name}.{field}"), reason);
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| (200..600).contains(&status.as_u16()))
            .ok_or_else(|| wrong("status", format!("expected 200 to 599, got {status}")))?;
        if self.retry_after.is_some() && self.retry_after_date.is_some() {
            return Err(wrong("retry_after", "expected seconds or a date, got both".to_owned()));
        }
        let body = match (self.body, self.text) {
            (Some(_), Some(_)) => return Err(wrong("body", "expected body or text, got both".to_owned())),
            (Some(json), None) => ScriptedBody::Json(json),
            (None, Some(text)) => ScriptedBody::Text(text),
            (None, None) => ScriptedBody::Platform,
        };
        let mut headers = HeaderMap::new();
        for (key, value) in &self.headers {
            let header = HeaderName::try_from(key).ok().zip(HeaderValue::try_from(value).ok());
            let (key, value) = header.ok_or_else(|| wrong("headers", format!("not a header: `{key}: {value}`")))?;
            headers.insert(key, value);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert("retry-after", HeaderValue::from(seconds));
        }
        if self.retry_after_date.is_some_and(|seconds| seconds > MAX_AHEAD_S) {
            return Err(wrong("retry_after_date", format!("expected at most {MAX_AHEAD_S} s")));
        }
        Ok(Scripted { status, headers, retry_after_date: self.retry_after_date, body })
    }
}

/// The method of a frame that comes on a socket.
pub(super) fn frame() -> Method {
    Method::from_bytes(b"FRAME").expect("letters are a method")
}

/// The method of a ping that comes on a socket.
pub(super) fn ping() -> Method {
    Method::from_bytes(b"PING").expect("letters are a method")
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<u32>>>()?;
    let bytes = digits.chunks_exact(2);
    bytes.remainder().is_empty().then(|| bytes.filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect())
}

/// Changes `target` by a JSON merge patch (RFC 7396): `null` removes a member, objects merge, all else replaces.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(target) = target {
        for (key, value) in patch {
            if value.is_null() {
                target.remove(key);
            } else {
                merge(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

/// In the order of [`Fault::effects`].
const EFFECTS: [&str; 15] = [
    "status",
    "drop",
    "slow_ms",
    "stall_ms",
    "flip_bit",
    "store_bytes",
    "expire_url",
    "expire_token",
    "edit",
    "reply",
    "close",
    "mute_ms",
    "hold_back",
    "noise",
    "raw",
];

/// A hundred years, so that the date can be written.
const MAX_AHEAD_S: u64 = 100 * 365 * 86_400;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(fault: Value) -> String {
        let fault = serde_json::from_value(fault).unwrap();
        Script::default().add(fault, "faults[0]", false).unwrap_err().to_string()
    }

    #[test]
    fn a_fault_without_an_effect_or_with_two_is_refused_by_name() {
        assert!(refusal(json!({"on": "* /"})).ends_with("got none"));
        let two = refusal(json!({"on": "* /", "status": 500, "drop": "after"}));
        assert!(two.starts_with("invalid faults[0].effect:") && two.ends_with("got status and drop"), "{two}");
    }

    #[test]
    fn every_other_mistake_names_its_field() {
        for (fault, field) in [
            (json!({"on": "/storage", "status": 500}), "on"),
            (json!({"on": "BREW /tea", "status": 500}), "on"),
            (json!({"on": "* /", "nth": 0, "status": 500}), "nth"),
            (json!({"on": "* /", "times": 0, "status": 500}), "times"),
            (json!({"on": "* /", "status": 100}), "status"),
            (json!({"on": "* /", "status": 500, "headers": {"a b": "c"}}), "headers"),
            (json!({"on": "* /", "status": 500, "body": {}, "text": ""}), "body"),
            (json!({"on": "* /", "drop": "after", "retry_after": 1}), "retry_after"),
            (json!({"on": "POST /oauth", "flip_bit": true}), "on"),
            (json!({"on": "GET /", "reply": {}}), "on"),
            (json!({"on": "PING /", "reply": {}}), "on"),
            (json!({"on": "FRAME /", "status": 500}), "on"),
            (json!({"on": "FRAME /", "reply": []}), "reply"),
            (json!({"on": "FRAME /", "close": 999}), "close"),
            (json!({"on": "FRAME /", "raw": "abc"}), "raw"),
        ] {
            let message = refusal(fault.clone());
            assert!(message.starts_with(&format!("invalid faults[0].{field}:")), "{fault}: {message}");
        }
        assert!(serde_json::from_value::<Fault>(json!({"on": "* /", "stauts": 500})).is_err());
    }

    #[test]
    fn a_fault_hits_the_nth_match_and_the_ones_after_it() {
        let mut script = Script::default();
        let fault = json!({"on": "PUT /storage", "nth": 2, "times": 2, "drop": "before"});
        script.add(serde_json::from_value(fault).unwrap(), "fault", false).unwrap();
        assert!(script.next(&Method::POST, "/storage/a").is_none(), "another method does not count");
        let hits: Vec<bool> = (0..4).map(|_| script.next(&Method::PUT, "/storage/a").is_some()).collect();
        assert_eq!(hits, [false, true, true, false]);
    }

    #[test]
    fn a_request_that_another_fault_took_is_counted_all_the_same() {
        let mut script = Script::default();
        for fault in [json!({"on": "* /", "slow_ms": 1}), json!({"on": "PUT /", "nth": 2, "stall_ms": 1})] {
            script.add(serde_json::from_value(fault).unwrap(), "fault", false).unwrap();
        }
        assert!(matches!(script.next(&Method::PUT, "/a"), Some(Effect::Slow { .. })));
        assert!(matches!(script.next(&Method::PUT, "/a"), Some(Effect::Stall { .. })));
    }

    #[test]
    fn a_merge_patch_adds_replaces_and_removes() {
        let mut target = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1]});
        merge(&mut target, &json!({"a": null, "b": {"c": 4}, "e": {"f": null}}));
        assert_eq!(target, json!({"b": {"c": 4, "d": 3}, "e": {}}));
    }
}
