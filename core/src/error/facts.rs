//! What an error carries across a language border: the same seven facts for every variant.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;

use super::{Answer, Error, NetworkKind, QueueErrorKind};

/// What every error carries across a language border.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorFacts {
    /// The variant in snake_case; part of the API.
    pub code: &'static str,
    /// The text of the error with its causes.
    pub message: String,
    /// Whether the same call may succeed when it is made again.
    pub retryable: bool,
    /// How long to wait before that, when known.
    pub retry_after: Option<Duration>,
    /// HTTP status, when the platform answered; of a delivery to a webhook that was rejected, the one to answer with.
    pub status: Option<u16>,
    /// The id to give to the platform's support.
    pub request_id: Option<String>,
    /// What else is known: field, reason, hint, what, id, attempts, kind, endpoint, platform_code, chunks, path, errno, format,
    /// client_id, cause, message_id, conversation, status, waited_seconds, elapsed_seconds, sla_seconds, sla_violation,
    /// interaction, state, sent, attachment, stage, uploaded, uncertain.
    pub details: BTreeMap<&'static str, String>,
}

impl Error {
    /// The seven facts of this error, for logs and language borders.
    pub fn facts(&self) -> ErrorFacts {
        let answer = self.answer();
        ErrorFacts {
            code: self.code(),
            message: self.message(),
            retryable: self.retryable(),
            retry_after: self.retry_after(),
            status: match self {
                Self::WebhookRejected { status, .. } => Some(*status),
                _ => answer.map(|answer| answer.status),
            },
            request_id: answer.and_then(|answer| answer.request_id.clone()),
            details: self.details(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput { .. } => "invalid_input",
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::PermissionDenied { .. } => "permission_denied",
            Self::NotFound { .. } => "not_found",
            Self::NotAvailable { .. } => "not_available",
            Self::TooLarge { .. } => "too_large",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::Api { .. } => "api",
            Self::Network { .. } => "network",
            Self::Protocol { .. } => "protocol",
            Self::ChecksumMismatch { .. } => "checksum_mismatch",
            Self::SourceChanged { .. } => "source_changed",
            Self::UnsafeTarget { .. } => "unsafe_target",
            Self::Expired { .. } => "expired",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Unfinished { .. } => "unfinished",
            Self::DeliveryFailed { .. } => "delivery_failed",
            Self::DeliveryTimeout { .. } => "delivery_timeout",
            Self::InteractionNotActive { .. } => "interaction_not_active",
            Self::TransferRejected { .. } => "transfer_rejected",
            Self::TransferTimeout { .. } => "transfer_timeout",
            Self::Media { .. } => "media",
            Self::Queue { .. } => "queue",
            Self::WebhookRejected { .. } => "webhook_rejected",
            Self::File { .. } => "file",
            Self::Cancelled => "cancelled",
        }
    }

    /// `Display` leaves causes to [`StdError::source`]; a language without such chains gets them in one line.
    fn message(&self) -> String {
        let mut message = self.to_string();
        let mut cause = self.source();
        while let Some(below) = cause {
            let text = below.to_string();
            if !message.ends_with(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = below.source();
        }
        message
    }

    fn retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Expired { .. } => true,
            Self::SourceChanged { .. } | Self::ChecksumMismatch { .. } | Self::NotAvailable { .. } => true,
            Self::Unconfirmed { .. } | Self::DeliveryTimeout { .. } | Self::TransferTimeout { .. } => true,
            Self::Network { kind, .. } => *kind != NetworkKind::Tls,
            Self::Queue { kind, .. } => !matches!(kind, QueueErrorKind::Stale | QueueErrorKind::Corrupt),
            Self::Api { answer, .. } => answer.status >= 500 || answer.status == 408,
            _ => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Unconfirmed { source, .. } | Self::Unfinished { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    fn answer(&self) -> Option<&Answer> {
        match self {
            Self::InvalidInput { answer, .. }
            | Self::Unauthenticated { answer, .. }
            | Self::TooLarge { answer, .. }
            | Self::RateLimited { answer, .. }
            | Self::Unavailable { answer, .. }
            | Self::Protocol { answer, .. } => answer.as_ref(),
            Self::PermissionDenied { answer, .. }
            | Self::NotFound { answer, .. }
            | Self::Api { answer, .. }
            | Self::ChecksumMismatch { answer, .. }
            | Self::Expired { answer, .. } => Some(answer),
            Self::Unconfirmed { source, .. } | Self::Unfinished { source, .. } => source.answer(),
            Self::Network { .. }
            | Self::NotAvailable { .. }
            | Self::SourceChanged { .. }
            | Self::UnsafeTarget { .. }
            | Self::DeliveryFailed { .. }
            | Self::DeliveryTimeout { .. }
            | Self::InteractionNotActive { .. }
            | Self::TransferRejected { .. }
            | Self::TransferTimeout { .. }
            | Self::Media { .. }
            | Self::Queue { .. }
            | Self::WebhookRejected { .. }
            | Self::File { .. }
            | Self::Cancelled => None,
        }
    }

    fn details(&self) -> BTreeMap<&'static str, String> {
        let mut details = BTreeMap::new();
        match self {
            Self::InvalidInput { field, reason, .. } => {
                details.insert("field", field.clone());
                details.insert("reason", reason.clone());
            }
            Self::Unauthenticated { reason, .. } | Self::UnsafeTarget { reason } | Self::Expired { reason, .. } => {
                details.insert("reason", reason.clone());
            }
            Self::PermissionDenied { reason, hint, .. } => {
                details.insert("reason", reason.clone());
                details.insert("hint", hint.clone());
            }
            Self::NotFound { what, id, .. } => {
                details.insert("what", what.clone());
                details.insert("id", id.clone());
            }
            Self::NotAvailable { what, id, status } => {
                details.insert("what", what.clone());
                details.insert("id", id.clone());
                details.insert("status", status.clone());
            }
            Self::TooLarge { what, reason, .. } => {
                details.insert("what", what.clone());
                details.insert("reason", reason.clone());
            }
            Self::RateLimited { attempts, .. } => {
                details.insert("attempts", attempts.to_string());
            }
            Self::Unavailable { reason, attempts, .. } => {
                details.insert("reason", reason.clone());
                details.insert("attempts", attempts.to_string());
            }
            Self::Api { endpoint, message, code, attempts, .. } => {
                details.insert("endpoint", endpoint.clone());
                details.insert("reason", message.clone());
                details.insert("attempts", attempts.to_string());
                if let Some(code) = code {
                    details.insert("platform_code", code.clone());
                }
            }
            Self::Network { kind, endpoint, attempts, .. } => {
                details.insert("kind", kind.to_string());
                details.insert("endpoint", endpoint.clone());
                details.insert("attempts", attempts.to_string());
            }
            Self::Protocol { endpoint, reason, .. } => {
                details.insert("endpoint", endpoint.clone());
                details.insert("reason", reason.clone());
            }
            Self::ChecksumMismatch { reason, chunks, .. } => {
                details.insert("reason", reason.clone());
                let chunks: Vec<String> = chunks.iter().map(u64::to_string).collect();
                details.insert("chunks", chunks.join(","));
            }
            Self::SourceChanged { path, reason } => {
                details.insert("path", path.display().to_string());
                details.insert("reason", reason.clone());
            }
            Self::Unconfirmed { what, client_id, source } => {
                details.extend(source.details());
                details.insert("what", (*what).to_owned());
                details.insert("client_id", client_id.clone());
                details.insert("cause", source.code().to_owned());
            }
            Self::Unfinished { attachment, stage, uploaded, uncertain, source } => {
                details.extend(source.details());
                details.insert("attachment", attachment.clone());
                details.insert("stage", (*stage).to_owned());
                details.insert("uploaded", uploaded.join(","));
                details.insert("uncertain", uncertain.to_string());
                details.insert("cause", source.code().to_owned());
            }
            Self::DeliveryFailed { message_id, conversation, status } => {
                details.insert("message_id", message_id.clone());
                details.insert("conversation", conversation.clone());
                details.insert("status", status.clone());
            }
            Self::DeliveryTimeout { message_id, conversation, status, waited, sla } => {
                details.insert("message_id", message_id.clone());
                details.insert("conversation", conversation.clone());
                details.insert("status", status.clone());
                details.insert("waited_seconds", waited.as_secs_f64().to_string());
                if let Some(sla) = sla {
                    details.insert("elapsed_seconds", sla.elapsed.as_secs_f64().to_string());
                    details.insert("sla_seconds", sla.threshold.as_secs_f64().to_string());
                    details.insert("sla_violation", sla.violated.to_string());
                }
            }
            Self::InteractionNotActive { interaction, state } => {
                details.insert("interaction", interaction.clone());
                details.insert("state", state.clone());
            }
            Self::TransferRejected { interaction, id, status } => {
                details.insert("interaction", interaction.clone());
                details.insert("id", id.clone());
                details.insert("status", status.clone());
            }
            Self::TransferTimeout { interaction, id, waited, sent } => {
                details.insert("interaction", interaction.clone());
                details.insert("id", id.clone());
                details.insert("waited_seconds", waited.as_secs_f64().to_string());
                details.insert("sent", sent.to_string());
            }
            Self::Media { kind, format, reason } => {
                details.insert("kind", kind.to_string());
                details.insert("reason", reason.clone());
                if let Some(format) = format {
                    details.insert("format", (*format).to_owned());
                }
            }
            Self::Queue { kind, reason, .. } => {
                details.insert("kind", kind.to_string());
                details.insert("reason", reason.clone());
            }
            Self::WebhookRejected { field, reason, .. } => {
                details.insert("reason", reason.clone());
                if let Some(field) = field {
                    details.insert("field", (*field).to_owned());
                }
            }
            Self::File { action, path, source } => {
                details.insert("reason", (*action).to_owned());
                details.insert("path", path.display().to_string());
                if let Some(number) = source.os_error() {
                    details.insert("errno", number.to_string());
                }
            }
            Self::Cancelled => {}
        }
        details
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_across_a_border_names_every_cause_once() {
        let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = Error::file("could not open", "invoice.pdf", missing);
        assert_eq!(error.facts().message, "could not open invoice.pdf: no such file");
    }

    #[test]
    fn a_file_error_names_the_number_of_the_operating_system() {
        let error = Error::file("could not open", "invoice.pdf", std::io::Error::from_raw_os_error(2));
        assert_eq!(error.facts().details["errno"], "2");
    }

    #[test]
    fn a_request_id_is_part_of_the_text() {
        let answer = Answer { status: 404, request_id: Some("abc".to_owned()) };
        let error = Error::NotFound { what: "upload".to_owned(), id: "u-1".to_owned(), answer };
        assert_eq!(error.to_string(), "upload not found: u-1 [request abc]");
        assert_eq!(error.facts().status, Some(404));
    }
}
