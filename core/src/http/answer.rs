//! What an answer that is not a success means. Source: docs/platform.md, "Every call".

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;
use tracing::warn;

use super::{Response, redact};
use crate::error::Error;
use crate::pace::{Class, Failure, Health};

/// What the caller asked for, so that a refusal can say what to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Method and path.
    pub(crate) endpoint: &'a str,
    /// What it was about, as in `upload`, and its id.
    pub(crate) what: &'a str,
    pub(crate) id: &'a str,
    /// What a 403 says to check.
    pub(crate) hint: &'a str,
}

/// The failure that this answer is. `date` is for a `Retry-After` in the form of a date.
pub(crate) fn refusal(asked: Asked<'_>, response: &Response, date: SystemTime) -> Failure {
    let status = response.status;
    let body = ErrorBody::read(&response.body);
    let answer = response.answer();
    if status >= 500 {
        let text = redact::text(&response.body);
        warn!(endpoint = asked.endpoint, status, request = ?answer.request_id, body = %text, "server fault");
    }
    let reason = body.message.clone().unwrap_or_else(|| format!("no reason given (status {status})"));
    let retry_after = retry_after(response, date);
    let health = if matches!(status, 500 | 502 | 503 | 504) { Health::Faulty } else { Health::Works };
    let class = match status {
        429 | 503 => Class::Busy { retry_after },
        408 | 500 | 502 | 504 => Class::Unclear,
        _ => Class::Final,
    };
    let error = match status {
        400 if body.field.is_some() => {
            Error::InvalidInput { field: body.field.unwrap_or_default(), reason, answer: Some(answer) }
        }
        401 => Error::Unauthenticated {
            reason: response.header("www-authenticate").map_or(reason, redact::line),
            answer: Some(answer),
        },
        403 => Error::PermissionDenied { reason, hint: asked.hint.to_owned(), answer },
        404 => Error::NotFound { what: asked.what.to_owned(), id: asked.id.to_owned(), answer },
        413 => Error::TooLarge { what: asked.what.to_owned(), reason, answer: Some(answer) },
        429 => Error::RateLimited { attempts: 1, retry_after, answer: Some(answer) },
        503 => Error::Unavailable { reason, attempts: 1, retry_after, answer: Some(answer) },
        _ => Error::Api { endpoint: asked.endpoint.to_owned(), message: reason, code: body.code, attempts: 1, answer },
    };
    Failure { error, class, health }
}

/// `Retry-After` in both forms: seconds (some servers send fractions), or an HTTP date.
fn retry_after(response: &Response, date: SystemTime) -> Option<Duration> {
    let value = response.header("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(date).unwrap_or_default())
}

/// The parts of an error body that are used; any of it may be missing, and it may not be JSON.
#[derive(Default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    /// All fields that the details name.
    field: Option<String>,
}

impl ErrorBody {
    fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Wire {
            code: Option<String>,
            message: Option<String>,
            /// Whatever it is: a message is not to be lost because the details are unusual.
            #[serde(default)]
            details: Value,
            // The token endpoint speaks RFC 6749.
            error: Option<String>,
            error_description: Option<String>,
        }
        if let Ok(wire) = serde_json::from_slice::<Wire>(body) {
            let details = wire.details.as_array().map(Vec::as_slice).unwrap_or_default();
            let fields: Vec<&str> = details.iter().filter_map(|detail| detail.get("fieldName")?.as_str()).collect();
            return Self {
                field: (!fields.is_empty()).then(|| fields.join(", ")),
                message: wire
                    .message
                    .or(wire.error_description)
                    .or_else(|| wire.error.clone())
                    .map(|text| redact::line(&text)),
                code: wire.code.or(wire.error),
            };
        }
        let text = redact::text(body);
        let message = element(&text, "Message").map(str::to_owned).or((!text.is_empty()).then_some(text.clone()));
        Self { code: element(&text, "Code").map(str::to_owned), message, field: None }
    }
}

/// The text of an XML element, as storage writes its errors.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("<{name}>"))?;
    Some(after.split_once("</")?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_retry_after_are_understood() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (value, expected) in [
            ("2", Some(2)),
            (" 7 ", Some(7)),
            ("soon", None),
            ("-1", None),
            ("Mon, 12 Jan 1970 13:46:45 GMT", Some(5)),
            ("Mon, 12 Jan 1970 13:46:35 GMT", Some(0)),
        ] {
            let mut response = Response { status: 429, headers: Default::default(), body: Default::default() };
            response.headers.insert("retry-after", value.parse().unwrap());
            assert_eq!(retry_after(&response, now).map(|wait| wait.as_secs()), expected, "{value}");
        }
    }

    #[test]
    fn a_body_names_all_fields_and_is_read_however_its_details_look() {
        let body =
            ErrorBody::read(br#"{"message":"no","details":[{"fieldName":"a"},{"errorCode":"x"},{"fieldName":"b"}]}"#);
        assert_eq!(body.field.as_deref(), Some("a, b"));
        for details in ["null", "{}", "\"text\"", "[1]"] {
            let body = ErrorBody::read(format!(r#"{{"message":"no","details":{details}}}"#).as_bytes());
            assert_eq!((body.message.as_deref(), body.field), (Some("no"), None), "{details}");
        }
    }

    #[test]
    fn the_token_endpoints_words_are_read() {
        let body = ErrorBody::read(br#"{"error":"invalid_client","error_description":"no such client"}"#);
        assert_eq!((body.code.as_deref(), body.message.as_deref()), (Some("invalid_client"), Some("no such client")));
    }

    #[test]
    fn storage_errors_are_read_from_their_xml() {
        let body = ErrorBody::read(b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>");
        assert_eq!(body.code.as_deref(), Some("AccessDenied"));
        assert_eq!(body.message.as_deref(), Some("Request has expired"));
    }
}
