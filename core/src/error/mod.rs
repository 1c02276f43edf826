//! What can go wrong, by what the caller can do about it.
//!
//! Across a language border an error is its [`ErrorFacts`]: bindings map facts, never variants, so a new variant asks
//! them for one class and nothing else.

mod facts;

use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use facts::ErrorFacts;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed; one variant for each thing a caller can do about it.
///
/// Errors are cheap to clone, because one failed token request can be the answer to many waiting callers.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value from the caller is not acceptable; correct it. `answer` is there when the platform said so.
    #[error("invalid {field}: {reason}{}", Request(.answer.as_ref()))]
    InvalidInput {
        /// The field or environment variable, named as the caller wrote it.
        field: String,
        /// What was expected and what came.
        reason: String,
        /// The platform's answer, when it was the one to refuse.
        answer: Option<Answer>,
    },
    /// The credentials or the token were refused; check client id and secret.
    #[error("not authenticated: {reason}{}", Request(.answer.as_ref()))]
    Unauthenticated {
        /// The platform's words, or its `WWW-Authenticate` header.
        reason: String,
        /// The platform's answer.
        answer: Option<Answer>,
    },
    /// The platform knows who asks and says no; `hint` says what to check.
    #[error("permission denied: {reason} ({hint}){}", Request(Some(.answer)))]
    PermissionDenied {
        /// The platform's words.
        reason: String,
        /// The scopes and settings to look at.
        hint: String,
        /// The platform's answer.
        answer: Answer,
    },
    /// There is no such thing on the platform.
    #[error("{what} not found: {id}{}", Request(Some(.answer)))]
    NotFound {
        /// What was looked for, as in `upload`.
        what: String,
        /// Its id.
        id: String,
        /// The platform's answer.
        answer: Answer,
    },
    /// It is on the platform and cannot be had, mostly not yet.
    #[error("{what} {id} is not available: the platform says {status}")]
    NotAvailable {
        /// What was looked for, as in `attachment`.
        what: String,
        /// Its id.
        id: String,
        /// The platform's word for its status.
        status: String,
    },
    /// Larger than a limit, ours or the platform's.
    #[error("{what} is too large: {reason}{}", Request(.answer.as_ref()))]
    TooLarge {
        /// What was too large.
        what: String,
        /// The limit and the size.
        reason: String,
        /// The platform's answer, when it was the one to refuse.
        answer: Option<Answer>,
    },
    /// The platform asked us to slow down until patience ran out; come back after `retry_after`.
    #[error("rate limited: gave up after {attempts} attempt(s){}{}", Later(.retry_after), Request(.answer.as_ref()))]
    RateLimited {
        /// How often it was tried; 0 when an earlier call was told to wait for longer than this one may.
        attempts: u32,
        /// How long the platform asked to wait, when it did.
        retry_after: Option<Duration>,
        /// The last answer; none when the call was held back.
        answer: Option<Answer>,
    },
    /// The service is down, or was down so often that the breaker keeps us from knocking.
    #[error("unavailable: {reason}{}{}", Later(.retry_after), Request(.answer.as_ref()))]
    Unavailable {
        /// What is down, and how that was noticed.
        reason: String,
        /// How often it was tried; 0 when the breaker was open.
        attempts: u32,
        /// When knocking again makes sense.
        retry_after: Option<Duration>,
        /// The last answer; none when the breaker was open.
        answer: Option<Answer>,
    },
    /// Any other refusal by the platform.
    #[error("{endpoint} answered {}: {message}{}", .answer.status, Request(Some(.answer)))]
    Api {
        /// Method and path.
        endpoint: String,
        /// The platform's words.
        message: String,
        /// The platform's error code, when it gave one.
        code: Option<String>,
        /// How often it was tried.
        attempts: u32,
        /// The platform's answer.
        answer: Answer,
    },
    /// The network failed.
    #[error("network failure ({kind}) at {endpoint} after {attempts} attempt(s)")]
    Network {
        /// How it failed.
        kind: NetworkKind,
        /// Method and path.
        endpoint: String,
        /// How often it was tried.
        attempts: u32,
        /// The failure below.
        source: Option<Cause>,
    },
    /// The platform answered something that its contract does not allow.
    #[error("unexpected answer from {endpoint}: {reason}{}", Request(.answer.as_ref()))]
    Protocol {
        /// Method and path.
        endpoint: String,
        /// What was expected and what came.
        reason: String,
        /// The platform's answer.
        answer: Option<Answer>,
    },
    /// What is stored is not what was sent. `chunks` are counted from 0; empty when the platform named none.
    #[error("checksum mismatch: {reason}{}", Request(Some(.answer)))]
    ChecksumMismatch {
        /// The platform's words.
        reason: String,
        /// The chunks it named.
        chunks: Vec<u64>,
        /// The platform's answer.
        answer: Answer,
    },
    /// The source changed while it was read; nothing was completed.
    #[error("{} changed while it was read: {reason}", .path.display())]
    SourceChanged {
        /// The file.
        path: PathBuf,
        /// How that was noticed.
        reason: String,
    },
    /// A URL is not to be used: an upload would lose data there, or a stranger's URL leads where strangers have no business.
    /// Nothing was sent to it.
    #[error("unsafe target: {reason}")]
    UnsafeTarget {
        /// What would be lost, or the rule that refused and what it refused.
        reason: String,
    },
    /// The upload URL expired more often than a new one could be had, or the source cannot be read again; start over.
    #[error("the upload URL expired: {reason}")]
    Expired {
        /// Why it was not renewed.
        reason: String,
        /// The storage's answer.
        answer: Answer,
    },
    /// Whether a message or a transfer was taken is unknown: it may be there. Send it again with this id, which never makes a
    /// second one.
    #[error("whether {what} {client_id} was taken is unknown")]
    Unconfirmed {
        /// What it is: `message` or `transfer`.
        what: &'static str,
        /// The id that it was sent with: a message's deduplication id, or the id of a transfer.
        client_id: String,
        /// Why there is no answer.
        source: Arc<Error>,
    },
    /// An attachment was transformed, and then something failed that leaves files on the platform: those that are named, and perhaps
    /// one more. The same call uploads anew, so find them again or remove them first.
    #[error("attachment {attachment} was left unfinished at {stage}: {}", Left(.uploaded, *.uncertain))]
    Unfinished {
        /// The attachment that was to be transformed.
        attachment: String,
        /// What failed: `upload`, `thumbnail` (its upload) or `patch`.
        stage: &'static str,
        /// The ids of what was uploaded: the result, then its thumbnail.
        uploaded: Vec<String>,
        /// Whether one more upload may have arrived, whose id nobody knows because its answer was lost.
        uncertain: bool,
        /// What failed below.
        source: Arc<Error>,
    },
    /// The platform says that the message was not delivered; asking longer does not help.
    #[error("message {message_id} was not delivered: the platform says {status}")]
    DeliveryFailed {
        /// The platform's id of the message.
        message_id: String,
        /// Its conversation.
        conversation: String,
        /// The platform's word for it.
        status: String,
    },
    /// The message was not delivered in time; it may be later.
    #[error("message {message_id} was not delivered within {waited:.1?}: the platform says {status}")]
    DeliveryTimeout {
        /// The platform's id of the message.
        message_id: String,
        /// Its conversation.
        conversation: String,
        /// The last status that was seen; `unknown` when the conversation did not list it.
        status: String,
        /// How long was waited.
        waited: Duration,
        /// How it stands with the SLA, when one was asked for.
        sla: Option<Sla>,
    },
    /// The interaction is in no state to be transferred, mostly since it is over; nothing was sent.
    #[error("interaction {interaction} cannot be transferred: expected active or queued, got {state}")]
    InteractionNotActive {
        /// Its id.
        interaction: String,
        /// The platform's word for its state.
        state: String,
    },
    /// The gateway says no; asking again does not help.
    #[error("transfer {id} of interaction {interaction} was rejected: the gateway says {status}")]
    TransferRejected {
        /// The interaction.
        interaction: String,
        /// The id of the transfer.
        id: String,
        /// The gateway's word: `codec_unsupported` when it supports none of the media.
        status: String,
    },
    /// The gateway said nothing in time. Whether the transfer was carried out is unknown when `sent`: the same transfer with this `id`
    /// finds out, and never makes a second one.
    #[error("transfer {id} of interaction {interaction} was not settled within {waited:.1?}{}", if *.sent { "; whether it was carried out is unknown" } else { "; nothing was sent" })]
    TransferTimeout {
        /// The interaction.
        interaction: String,
        /// The id of the transfer.
        id: String,
        /// How long was waited.
        waited: Duration,
        /// Whether a frame may have left.
        sent: bool,
    },
    /// A picture that cannot be worked on: not of a kind that is taken, damaged, over a limit, or locked.
    #[error("{} is {}: {reason}", .format.unwrap_or("the picture"), .kind.adjective())]
    Media {
        /// What is wrong with it.
        kind: MediaErrorKind,
        /// What it is, as far as its first bytes tell: `jpeg`, `heic`.
        format: Option<&'static str>,
        /// What was expected and what came.
        reason: String,
    },
    /// The queue of jobs could not do it, and `kind` says what helps. Nothing was lost.
    #[error("the queue {}: {reason}", .kind.trouble())]
    Queue {
        /// What is in the way.
        kind: QueueErrorKind,
        /// Where, and what was found.
        reason: String,
        /// The failure below.
        source: Option<Cause>,
    },
    /// A delivery to a webhook is not acceptable; nothing was queued.
    #[error("webhook rejected: {}{reason}", .field.map(|field| format!("{field}: ")).unwrap_or_default())]
    WebhookRejected {
        /// The member of its body that is wrong, when it is one.
        field: Option<&'static str>,
        /// What was expected and what came.
        reason: String,
        /// The HTTP status to answer its sender with: 400, 401 or 413.
        status: u16,
    },
    /// A local file could not be read or written.
    #[error("{action} {}: {source}", .path.display())]
    File {
        /// What was tried, as in `could not open`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The failure below.
        source: Cause,
    },
    /// The client, or the session that the call belongs to, was closed while the call ran, or before.
    #[error("cancelled: the client or its session is closed")]
    Cancelled,
}

/// The status and the request id of an answer that was an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The id to give to the platform's support.
    pub request_id: Option<String>,
}

/// How a delivery stands against the time that was promised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sla {
    /// The time from creation to delivery that was promised.
    pub threshold: Duration,
    /// The time it took, or took so far.
    pub elapsed: Duration,
    /// Whether that is too long.
    pub violated: bool,
}

/// How the network failed; decides what was tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkKind {
    /// No connection: nothing was sent.
    Connect,
    /// The certificate or the TLS handshake was not acceptable: not the host we meant.
    Tls,
    /// Nothing came in time; whether the request arrived is unknown.
    Timeout,
    /// The connection was lost midway; whether the request arrived is unknown.
    Lost,
}

/// What is wrong with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum MediaErrorKind {
    /// A format, or a variety of one, that is not taken.
    Unsupported,
    /// Damaged, cut off, or never what its first bytes say.
    Corrupt,
    /// Over one of the limits.
    TooLarge,
    /// Locked with a password.
    Encrypted,
}

/// What keeps a queue from doing something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueErrorKind {
    /// The receipt is of an attempt that is over: somebody else has the job, or it is finished. Nothing was changed.
    Stale,
    /// Others held the lock for longer than was to be waited. Try again.
    Locked,
    /// What is stored is damaged, or was never a queue. It is left as it is.
    Corrupt,
    /// The disk is full. Nothing was stored, what was there before still is.
    Full,
    /// The file cannot be opened, or the server is not there or not set up. Try again.
    Unavailable,
}

/// The failure below an [`Error`], shared so that errors can be cloned.
#[derive(Debug, Clone)]
pub struct Cause(Arc<dyn StdError + Send + Sync>);

impl Error {
    /// An [`Error::InvalidInput`] found by ourselves.
    pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidInput { field: field.into(), reason: reason.into(), answer: None }
    }

    /// An [`Error::Protocol`]: the platform broke its contract in a way we noticed after a good status.
    pub(crate) fn protocol(endpoint: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Protocol { endpoint: endpoint.into(), reason: reason.into(), answer: None }
    }

    /// An [`Error::Queue`] that nothing below caused.
    #[cfg(feature = "previews")]
    pub(crate) fn queue(kind: QueueErrorKind, reason: impl Into<String>) -> Self {
        Self::Queue { kind, reason: reason.into(), source: None }
    }

    /// An [`Error::WebhookRejected`] about a member of the body.
    #[cfg(feature = "previews")]
    pub(crate) fn bad_delivery(field: &'static str, reason: impl Into<String>) -> Self {
        Self::WebhookRejected { field: Some(field), reason: reason.into(), status: 400 }
    }

    /// An [`Error::File`].
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File { action, path: path.into(), source: Cause::new(source) }
    }
}

impl From<std::io::Error> for Cause {
    fn from(error: std::io::Error) -> Self {
        Self::new(error)
    }
}

impl Cause {
    pub(crate) fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// The operating system's number for it, when it was the one to refuse.
    fn os_error(&self) -> Option<i32> {
        self.0.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error)
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl std::fmt::Display for NetworkKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Lost => "lost",
        })
    }
}

impl MediaErrorKind {
    fn adjective(self) -> &'static str {
        if self == Self::TooLarge { "too large" } else { self.name() }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Corrupt => "corrupt",
            Self::TooLarge => "too_large",
            Self::Encrypted => "encrypted",
        }
    }
}

impl std::fmt::Display for MediaErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl QueueErrorKind {
    fn trouble(self) -> &'static str {
        match self {
            Self::Stale => "went on without this receipt",
            Self::Locked => "is locked by others",
            Self::Corrupt => "cannot be read",
            Self::Full => "has no space left",
            Self::Unavailable => "is not available",
        }
    }
}

impl std::fmt::Display for QueueErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stale => "stale",
            Self::Locked => "locked",
            Self::Corrupt => "corrupt",
            Self::Full => "full",
            Self::Unavailable => "unavailable",
        })
    }
}

/// ` [request abc]`, where the platform named the request.
struct Request<'a>(Option<&'a Answer>);

impl std::fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.and_then(|answer| answer.request_id.as_deref()) {
            Some(id) => write!(f, " [request {id}]"),
            None => Ok(()),
        }
    }
}

/// What an attachment that was left unfinished leaves behind.
struct Left<'a>(&'a [String], bool);

impl std::fmt::Display for Left<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(uploaded, uncertain) = self;
        match (uploaded.is_empty(), uncertain) {
            (true, _) => f.write_str("whether its result was uploaded is unknown"),
            (false, false) => write!(f, "uploaded as {}", uploaded.join(", ")),
            (false, true) => {
                write!(f, "uploaded as {}, and whether one more was uploaded is unknown", uploaded.join(", "))
            }
        }
    }
}

/// `; try again in 2s`, where that is known.
struct Later<'a>(&'a Option<Duration>);

impl std::fmt::Display for Later<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(wait) => write!(f, "; try again in {wait:?}"),
            None => Ok(()),
        }
    }
}
