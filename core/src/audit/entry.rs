//! An entry: as the caller wishes it, as it is checked at the door, and as it stands in the file.

use std::borrow::Cow;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Something that happened, to be kept in the audit log.
///
/// ```
/// let entry = porteur::AuditEntry::new("export").field("rows", 12).field("by", "agent@example.com");
/// assert_eq!(entry.fields["rows"], 12);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// What sort of thing happened: 1 to 64 characters of `a-z`, `0-9`, `_` and `-`.
    pub kind: String,
    /// What there is to say about it. `kind`, `log`, `sequence` and `previous` are the log's own; a `timestamp` (RFC 3339, UTC)
    /// is put in when there is none.
    pub fields: Map<String, Value>,
}

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuditReceipt {
    /// The id of the chain that this process writes.
    pub log: String,
    /// The number of the entry in that chain, from 1.
    pub sequence: u64,
}

impl AuditEntry {
    /// An entry without fields.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), fields: Map::new() }
    }

    /// Adds one name and value.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Checks it and writes down what does not depend on its place in the file.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about the kind or a field, [`Error::TooLarge`].
    pub(super) fn parse(self, date: SystemTime) -> Result<Parsed> {
        if !is_kind(&self.kind) {
            let reason = format!("expected 1 to 64 characters of a-z, 0-9, _ and -, got {:?}", self.kind);
            return Err(Error::invalid("kind", reason));
        }
        let mut fields = Vec::with_capacity(256);
        if !self.fields.contains_key("timestamp") {
            let now = Timestamp::try_from(date)
                .map_err(|error| Error::invalid("timestamp", format!("the clock shows no date: {error}")))?;
            fields.extend_from_slice(format!(",\"timestamp\":\"{now:.3}\"").as_bytes());
        }
        for (name, value) in &self.fields {
            if RESERVED.contains(&name.as_str()) {
                return Err(Error::invalid(name, "expected a name that is not the log's own"));
            }
            if deeper_than(value, DEEPEST) {
                return Err(Error::invalid(
                    name,
                    format!("expected at most {DEEPEST} levels of lists and objects, got more"),
                ));
            }
            fields.push(b',');
            serde_json::to_writer(&mut fields, name).expect("a string is JSON");
            fields.push(b':');
            serde_json::to_writer(&mut fields, value).expect("a value is JSON");
        }
        let longest = self.kind.len() + fields.len() + HEADER;
        if longest > MAX_LINE {
            let reason = format!("expected a line of at most {MAX_LINE} bytes, got up to {longest}");
            return Err(Error::TooLarge { what: "audit entry".to_owned(), reason, answer: None });
        }
        Ok(Parsed { kind: self.kind, fields })
    }
}

/// An entry that can be written.
#[derive(Debug)]
pub(super) struct Parsed {
    kind: String,
    /// Each with a comma before it.
    fields: Vec<u8>,
}

impl Parsed {
    /// The line for this place in a chain, with its newline. The log's own fields come first and in this order.
    pub(super) fn line(&self, log: &str, sequence: u64, previous: &str) -> Vec<u8> {
        let Self { kind, fields } = self;
        let mut line =
            format!(r#"{BEGINNING}{kind}","log":"{log}","sequence":{sequence},"previous":"{previous}""#).into_bytes();
        line.reserve_exact(fields.len() + 2);
        line.extend_from_slice(fields);
        line.extend_from_slice(b"}\n");
        line
    }
}

/// The log's own fields of a line in the file.
#[derive(Debug, Deserialize)]
pub(super) struct Stored<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) log: Cow<'a, str>,
    pub(super) sequence: u64,
    #[serde(borrow)]
    pub(super) previous: Cow<'a, str>,
}

impl<'a> Stored<'a> {
    /// Nothing when the line is no entry.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        // Looked at as a whole: serde does not look into strings that nobody asks for.
        let text = std::str::from_utf8(line).ok()?;
        let stored: Self = serde_json::from_str(text).ok()?;
        let fits = is_kind(&stored.kind) && is_log(&stored.log) && stored.sequence > 0 && is_digest(&stored.previous);
        fits.then_some(stored)
    }
}

/// What stood in a line that is no entry any more, as far as it can still be read.
pub(super) fn salvage(line: &[u8]) -> Option<(String, u64)> {
    let text = String::from_utf8_lossy(line);
    let after = |name: &str| text.split_once(name).map(|(_, rest)| rest);
    let log = after(r#""log":""#)?.split('"').next().filter(|log| is_log(log))?;
    let digits = after(r#""sequence":"#)?;
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    Some((log.to_owned(), digits[..end].parse().ok()?))
}

/// Whether this is an id of a chain: the form of a UUID, in lower case.
pub(super) fn is_log(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

/// Whether this is a SHA-256 as it is stored.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_kind(text: &str) -> bool {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|item| deeper_than(item, levels - 1)),
        Value::Object(members) => levels == 0 || members.values().any(|member| deeper_than(member, levels - 1)),
        _ => false,
    }
}

/// What every log file begins with: anything else is somebody's file.
pub(super) const BEGINNING: &str = r#"{"kind":""#;
/// The longest line that is written, in bytes, without its newline.
pub(super) const MAX_LINE: usize = 64 << 10;
/// The `previous` of the first entry of a chain.
pub(super) const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What the log's own fields need at most: 46 bytes of JSON, an id of 36, a number of up to 20 digits, a digest of 64.
const HEADER: usize = 46 + 36 + 20 + 64;
const RESERVED: [&str; 4] = ["kind", "log", "sequence", "previous"];
/// Parsers of JSON stop at 128 levels and less; the endpoint has to read it.
const DEEPEST: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LOG: &str = "01993b1e-0000-7000-8000-000000000001";

    fn parse(entry: AuditEntry) -> Result<Parsed> {
        entry.parse(SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_line_begins_with_the_logs_own_fields_and_is_dated() {
        let entry = parse(AuditEntry::new("message").field("status", "queued\n")).unwrap();
        let line = String::from_utf8(entry.line(LOG, 7, NOTHING_BEFORE)).unwrap();
        let expected = format!(
            r#"{{"kind":"message","log":"{LOG}","sequence":7,"previous":"{NOTHING_BEFORE}","timestamp":"1970-01-01T00:00:00.000Z","status":"queued\n"}}"#
        );
        assert_eq!(line, expected + "\n");
        let stored = Stored::parse(line.trim_end().as_bytes()).unwrap();
        assert_eq!((&*stored.log, stored.sequence, &*stored.previous), (LOG, 7, NOTHING_BEFORE));
        assert_eq!(salvage(line.as_bytes()), Some((LOG.to_owned(), 7)));
    }

    #[test]
    fn a_timestamp_of_the_callers_own_stays() {
        let entry = parse(AuditEntry::new("message").field("timestamp", "yesterday")).unwrap();
        assert_eq!(entry.fields, br#","timestamp":"yesterday""#);
    }

    #[test]
    fn kinds_and_fields_that_cannot_be_are_refused_by_name() {
        let mut deep = json!(1);
        for _ in 0..=DEEPEST {
            deep = json!([deep]);
        }
        for (entry, field) in [
            (AuditEntry::new(""), "kind"),
            (AuditEntry::new("Message"), "kind"),
            (AuditEntry::new("a".repeat(65)), "kind"),
            (AuditEntry::new("message").field("previous", "x"), "previous"),
            (AuditEntry::new("message").field("tree", deep), "tree"),
        ] {
            assert_eq!(parse(entry).unwrap_err().facts().details["field"], field);
        }
    }

    #[test]
    fn the_longest_entry_fits_into_64_kib_whatever_its_number() {
        let frame = r#","timestamp":"1970-01-01T00:00:00.000Z","text":"""#.len() + "note".len() + HEADER;
        let longest = parse(AuditEntry::new("note").field("text", "x".repeat(MAX_LINE - frame))).unwrap();
        assert_eq!(longest.line(LOG, u64::MAX, NOTHING_BEFORE).len(), MAX_LINE + 1);
        let error = parse(AuditEntry::new("note").field("text", "x".repeat(MAX_LINE - frame + 1))).unwrap_err();
        assert_eq!(error.facts().code, "too_large");
    }

    #[test]
    fn a_line_that_is_no_entry_is_not_taken_for_one() {
        let entry = parse(AuditEntry::new("note")).unwrap().line(LOG, 1, NOTHING_BEFORE);
        let text = String::from_utf8(entry).unwrap();
        for wrong in [
            text.replace("\"sequence\":1", "\"sequence\":0"),
            text.replace("\"sequence\":1", "\"sequence\":\"1\""),
            text.replace("\"log\"", "\"lag\""),
            text.replace(LOG, &LOG.to_uppercase().replace('B', "G")),
            text.replace(NOTHING_BEFORE, "0"),
            text.replace("\"kind\":", "\"log\":"),
            text.replace('}', "}}"),
        ] {
            assert!(Stored::parse(wrong.trim_end().as_bytes()).is_none(), "{wrong}");
        }
        let mut broken = text.into_bytes();
        let at = broken.iter().rposition(|byte| *byte == b'Z').unwrap();
        broken[at] = 0xff;
        assert!(Stored::parse(broken.trim_ascii_end()).is_none());
    }
}
