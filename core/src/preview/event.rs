//! What the platform posts when a guest attached a file: read from the raw body, right or refused. Source:
//! docs/platform.md, "Previews".
//!
//! A delivery carries a stranger's words. What goes on from here has a known length and no control characters, and a file's
//! name is for people to read and never a path.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::name::{UNKNOWN, harmless};
use crate::digest::{Sha256, sha256};
use crate::error::{Error, Result};

/// How much of a delivery is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WebhookLimits {
    /// Bytes of its body. Default 64 KiB: an event has less than 4, a long signed URL included.
    pub(crate) max_body: usize,
    /// Objects and arrays inside each other. Default 16: an event has two.
    pub(crate) max_depth: usize,
}

impl Default for WebhookLimits {
    fn default() -> Self {
        Self { max_body: 64 << 10, max_depth: 16 }
    }
}

/// What a delivery is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WebhookEvent {
    /// A guest attached a file.
    Attachment(AttachmentEvent),
    /// Anything else, which is acknowledged and left alone.
    Other { event: String },
}

/// A file that a guest attached: what a webhook says in its `data`. As JSON it has the platform's names.
///
/// ```
/// let data = r#"{"conversationId":"c","attachmentUrl":"https://files.example.com/a.png","mimeType":"image/png"}"#;
/// let event = porteur::AttachmentEvent::parse(data.as_bytes())?;
/// assert_eq!(event.file_name, "unknown");
/// # Ok::<(), porteur::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AttachmentEvent {
    /// The conversation that it was attached in.
    pub conversation_id: String,
    /// Where it is; `Debug` hides the query, which may be a signature.
    pub attachment_url: String,
    /// For people to read: one line, and the last part alone of what looks like a path.
    pub file_name: String,
    /// Its type as it was declared, parameters included.
    pub mime_type: String,
}

/// Reads a delivery whose signature was good.
///
/// # Errors
/// [`Error::WebhookRejected`]: 413 for a body over its limit, 400 for everything else, with the name of the member that is
/// missing or wrong.
pub(crate) fn parse(body: &[u8], limits: &WebhookLimits) -> Result<WebhookEvent> {
    limits.check(body)?;
    let Envelope { event, data } = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let event = text("event", event, MAX_EVENT)?;
    if event != ATTACHMENT {
        return Ok(WebhookEvent::Other { event });
    }
    let data = data.map(RawValue::get).filter(|data| data.starts_with('{'));
    let data = data.ok_or_else(|| Error::bad_delivery("data", "expected an object"))?;
    AttachmentEvent::read(data.as_bytes()).map(WebhookEvent::Attachment)
}

impl AttachmentEvent {
    /// Reads what a webhook says in its `data`: for hosts that have looked at the signature and at the kind of event themselves.
    ///
    /// # Errors
    /// [`Error::WebhookRejected`], with the name of the member that is missing or wrong.
    pub fn parse(data: &[u8]) -> Result<Self> {
        WebhookLimits::default().check(data)?;
        Self::read(data)
    }

    fn read(data: &[u8]) -> Result<Self> {
        let data: Data = serde_json::from_slice(data).map_err(|error| unreadable(&error))?;
        let conversation_id = text("conversationId", data.conversation_id, MAX_ID)?;
        let attachment_url = text("attachmentUrl", data.attachment_url, MAX_URL)?;
        if attachment_url.contains(char::is_whitespace) {
            return Err(Error::bad_delivery("attachmentUrl", "expected a URL, got one with spaces in it"));
        }
        let mime_type = text("mimeType", data.mime_type, MAX_TYPE)?;
        // A name that is no string is as good as none: the file is what matters.
        let file_name = data.file_name.as_ref().and_then(Value::as_str).map_or_else(|| UNKNOWN.to_owned(), harmless);
        Ok(Self { conversation_id, attachment_url, file_name, mime_type })
    }

    /// The name of its job; see [`key`].
    pub(crate) fn key(&self) -> Sha256 {
        key(&self.conversation_id, &self.attachment_url)
    }
}

/// The same file in the same conversation has the same key, however its URL was signed: what follows `?` or `#` does not
/// count. Checked by tests/vectors/webhooks.json.
///
/// No URL has a line break in it, so the last one is where it begins, and no two pairs make the same text.
pub(crate) fn key(conversation: &str, url: &str) -> Sha256 {
    sha256(format!("{conversation}\n{}", without_query(url)).as_bytes())
}

/// The part of a URL that is no secret.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

impl fmt::Debug for AttachmentEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachmentEvent")
            .field("conversation_id", &self.conversation_id)
            .field("attachment_url", &without_query(&self.attachment_url))
            .field("file_name", &self.file_name)
            .field("mime_type", &self.mime_type)
            .finish()
    }
}

impl WebhookLimits {
    /// Before anything is allocated for it.
    fn check(&self, body: &[u8]) -> Result<()> {
        let rejected = |reason: String, status| Err(Error::WebhookRejected { field: None, reason, status });
        if body.len() > self.max_body {
            return rejected(format!("expected at most {} bytes, got {}", self.max_body, body.len()), 413);
        }
        // serde would take an array for an object whose names were left out.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return rejected("expected a JSON object".to_owned(), 400);
        }
        let depth = depth(body);
        if depth > self.max_depth {
            return rejected(format!("expected a depth of at most {}, got {depth}", self.max_depth), 400);
        }
        Ok(())
    }
}

/// How many objects and arrays are inside each other; brackets in strings are none.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What every delivery has. A member that comes twice is refused by serde: whoever looked at the other one was fooled.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    event: Option<Value>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

/// What a file has; values of any type, so that the one that is wrong can be named.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    conversation_id: Option<Value>,
    attachment_url: Option<Value>,
    file_name: Option<Value>,
    mime_type: Option<Value>,
}

/// A member that has to be there, and on one line.
fn text(field: &'static str, value: Option<Value>, most: usize) -> Result<String> {
    let wrong = |reason: String| Err(Error::bad_delivery(field, reason));
    let text = match value {
        None | Some(Value::Null) => return wrong("expected a string, got nothing".to_owned()),
        Some(Value::String(text)) => text,
        Some(_) => return wrong("expected a string, got something else".to_owned()),
    };
    if text.trim().is_empty() {
        return wrong("expected a value, got an empty string".to_owned());
    }
    if text.len() > most {
        return wrong(format!("expected at most {most} bytes, got {}", text.len()));
    }
    if text.chars().any(char::is_control) {
        return wrong("expected no control characters, got some".to_owned());
    }
    Ok(text)
}

/// Without the values that serde quotes: a URL may be signed.
fn unreadable(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let reason = match text.split(" at ").next() {
        Some(twice) if twice.starts_with("duplicate field") => format!("expected each member once, got {twice}"),
        _ => format!("expected JSON, got something else in line {}, column {}", error.line(), error.column()),
    };
    Error::WebhookRejected { field: None, reason, status: 400 }
}

/// The event that is acted upon.
const ATTACHMENT: &str = "webchat:attachment";
/// Bytes of an event's name; the platform's have about 20.
const MAX_EVENT: usize = 128;
/// Bytes of a conversation's id; UUIDs have 36.
const MAX_ID: usize = 256;
/// Bytes of a URL: what servers take, and four times what one has that is signed with temporary credentials.
const MAX_URL: usize = 8 << 10;
/// Bytes of a type: 127 each side of its slash (RFC 6838).
const MAX_TYPE: usize = 255;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn event(data: &Value) -> Result<WebhookEvent> {
        parse(json!({ "event": "webchat:attachment", "data": data }).to_string().as_bytes(), &WebhookLimits::default())
    }

    fn attachment() -> Value {
        json!({
            "conversationId": "conversation-1", "attachmentUrl": "https://files.example.com/a.png?sig=SECRET",
            "fileName": "a.png", "mimeType": "image/png",
        })
    }

    fn refused(body: &[u8]) -> (u16, Option<&'static str>, String) {
        match parse(body, &WebhookLimits::default()) {
            Err(Error::WebhookRejected { field, reason, status }) => (status, field, reason),
            other => panic!("{}: {other:?}", String::from_utf8_lossy(body)),
        }
    }

    #[test]
    fn an_attachment_is_read_and_survives_the_queue() {
        let WebhookEvent::Attachment(event) = event(&attachment()).unwrap() else { panic!("it is an attachment") };
        assert_eq!((event.file_name.as_str(), event.mime_type.as_str()), ("a.png", "image/png"));
        let job = serde_json::to_value(&event).unwrap();
        assert_eq!(job, attachment(), "the job has the platform's names");
        assert_eq!(serde_json::from_value::<AttachmentEvent>(job).unwrap(), event);
        assert!(!format!("{event:?}").contains("SECRET"));
    }

    #[test]
    fn a_member_that_is_missing_or_wrong_is_named() {
        for field in ["conversationId", "attachmentUrl", "mimeType"] {
            for wrong in
                [json!(null), json!(""), json!("  "), json!(5), json!({}), json!("a\r\nb"), json!("x".repeat(9_000))]
            {
                let mut data = attachment();
                data[field] = wrong.clone();
                let error = event(&data).unwrap_err().facts();
                assert_eq!((error.status, error.details["field"].as_str()), (Some(400), field), "{wrong}");
                assert!(
                    error.message.starts_with(&format!("webhook rejected: {field}: expected ")),
                    "{}",
                    error.message
                );
            }
            let mut data = attachment();
            data.as_object_mut().unwrap().remove(field);
            assert_eq!(event(&data).unwrap_err().facts().details["field"], field);
        }
        let mut data = attachment();
        data["attachmentUrl"] = json!("https://files.example.com/a b");
        assert_eq!(event(&data).unwrap_err().facts().details["field"], "attachmentUrl");
    }

    #[test]
    fn a_file_without_a_name_is_unknown() {
        for name in [json!(null), json!(7), json!(""), json!("..")] {
            let mut data = attachment();
            data["fileName"] = name;
            assert!(matches!(event(&data).unwrap(), WebhookEvent::Attachment(event) if event.file_name == "unknown"));
        }
    }

    #[test]
    fn other_events_are_left_alone_whatever_they_carry() {
        for data in ["null", "5", "[1]", r#"{"conversationId":7}"#] {
            let body = format!(r#"{{"event":"webchat:message","data":{data},"version":"2"}}"#);
            let parsed = parse(body.as_bytes(), &WebhookLimits::default()).unwrap();
            assert_eq!(parsed, WebhookEvent::Other { event: "webchat:message".to_owned() });
        }
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for body in [
            &b""[..],
            b"null",
            b"[]",
            br#"["webchat:attachment",{"conversationId":"c"}]"#,
            br#"{"event":"webchat:attachment""#,
            b"{\"event\":\"\xFF\"}",
            br#"{"event":"a"}{"event":"b"}"#,
            br#"{"event":"\ud800"}"#,
        ] {
            let (status, field, _) = refused(body);
            assert_eq!((status, field), (400, None), "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(refused(b"{}").1, Some("event"));
        assert_eq!(refused(br#"{"event":7}"#).1, Some("event"));
        for data in ["", r#","data":null"#, r#","data":["c","u","n","m"]"#] {
            assert_eq!(refused(format!(r#"{{"event":"webchat:attachment"{data}}}"#).as_bytes()).1, Some("data"));
        }
    }

    #[test]
    fn a_member_that_comes_twice_is_refused_without_its_values() {
        let twice =
            br#"{"event":"webchat:attachment","data":{"attachmentUrl":"https://a/?SECRET","attachmentUrl":"b"}}"#;
        let (_, _, reason) = refused(twice);
        assert_eq!(reason, "expected each member once, got duplicate field `attachmentUrl`");
        assert!(refused(br#"{"event":"a","event":"b"}"#).2.contains("`event`"));
    }

    #[test]
    fn a_body_is_limited_in_bytes_and_in_depth() {
        let padded = |bytes: usize| format!(r#"{{"event":"x","pad":"{}"}}"#, "[".repeat(bytes - 22));
        assert!(parse(padded(64 << 10).as_bytes(), &WebhookLimits::default()).is_ok(), "brackets in a string");
        let (status, _, reason) = refused(padded((64 << 10) + 1).as_bytes());
        assert_eq!((status, reason.as_str()), (413, "expected at most 65536 bytes, got 65537"));
        let nested =
            |depth: usize| format!(r#"{{"event":"x","a":{}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(parse(nested(16).as_bytes(), &WebhookLimits::default()).is_ok());
        assert_eq!(refused(nested(17).as_bytes()).2, "expected a depth of at most 16, got 17");
        assert_eq!(refused(&b"{\"a\":[".repeat(10_000)).0, 400);
    }

    #[test]
    fn the_keys_are_those_of_the_vectors() {
        #[derive(Deserialize)]
        struct Vectors {
            keys: Vec<Case>,
        }
        #[derive(Deserialize)]
        struct Case {
            name: String,
            conversation: String,
            url: String,
            key: String,
        }
        let vectors: Vectors =
            serde_json::from_str(include_str!("../../../tests/vectors/webhooks.json")).expect("the vector is JSON");
        for case in vectors.keys {
            assert_eq!(key(&case.conversation, &case.url).to_string(), case.key, "{}", case.name);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_on_one_line_and_has_one_key(body in r#"[\PC\s"\\{}\[\]:,]{0,200}"#, id in "\\PC{1,20}", name in any::<String>()) {
            let _ = parse(body.as_bytes(), &WebhookLimits::default());
            let mut data = attachment();
            data["conversationId"] = json!(id);
            data["fileName"] = json!(name);
            if let Ok(WebhookEvent::Attachment(event)) = event(&data) {
                prop_assert!(!event.file_name.is_empty() && !event.file_name.contains(['/', '\\', '\r', '\n', '\0']));
                prop_assert_eq!(event.key(), key(&id, "https://files.example.com/a.png"));
            }
        }
    }
}
