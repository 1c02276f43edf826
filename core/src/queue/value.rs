//! What goes into a queue and comes out of it, and what of it is acceptable.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::error::{Error, QueueErrorKind, Result};

/// How a queue is to behave. All processes that open one queue should agree on it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueSettings {
    /// The name: one file or server can hold several. Lower-case letters, digits and `_`, 40 at most; `previews` by default.
    pub name: String,
    /// For how long a job that was taken is hidden from others, unless the call says otherwise; 60 s by default, at most 12 hours.
    ///
    /// That is what a preview takes when it meets the limits of its fetch (30 s), its publishing (15 s) and its message (15 s) all at
    /// once; whoever takes longer extends.
    pub visibility: Duration,
    /// How often a job is handed out before it is a dead letter; 5 by default.
    pub max_attempts: u32,
    /// How long the key of a finished job is known, so that a repeated delivery is folded; 7 days by default.
    pub remember: Duration,
    /// How long a call waits for the lock of a file while others write; 10 s by default, which a hundred of them with slow disks stay below.
    pub lock_wait: Duration,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            name: "previews".to_owned(),
            visibility: Duration::from_secs(60),
            max_attempts: 5,
            remember: Duration::from_secs(7 * 24 * 3600),
            lock_wait: Duration::from_secs(10),
        }
    }
}

impl QueueSettings {
    /// Sets [`QueueSettings::name`].
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets [`QueueSettings::visibility`].
    #[must_use]
    pub fn visibility(mut self, visibility: Duration) -> Self {
        self.visibility = visibility;
        self
    }

    /// Sets [`QueueSettings::max_attempts`].
    #[must_use]
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// Sets [`QueueSettings::remember`].
    #[must_use]
    pub fn remember(mut self, remember: Duration) -> Self {
        self.remember = remember;
        self
    }

    /// Sets [`QueueSettings::lock_wait`].
    #[must_use]
    pub fn lock_wait(mut self, lock_wait: Duration) -> Self {
        self.lock_wait = lock_wait;
        self
    }

    /// Whether all of it can be.
    pub(super) fn check(&self) -> Result<()> {
        let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if self.name.is_empty() || self.name.len() > MAX_NAME || !self.name.bytes().all(named) {
            let reason = format!("expected 1 to {MAX_NAME} of a-z, 0-9 and _, got {:?}", self.name);
            return Err(Error::invalid("name", reason));
        }
        check_visibility("visibility", self.visibility)?;
        if !(1..=MAX_ATTEMPTS).contains(&self.max_attempts) {
            let reason = format!("expected 1 to {MAX_ATTEMPTS}, got {}", self.max_attempts);
            return Err(Error::invalid("max_attempts", reason));
        }
        if self.remember > MAX_REMEMBER {
            return Err(Error::invalid("remember", format!("expected 366 days at most, got {:?}", self.remember)));
        }
        if self.lock_wait > MAX_LOCK_WAIT {
            return Err(Error::invalid("lock_wait", format!("expected 10 min at most, got {:?}", self.lock_wait)));
        }
        Ok(())
    }
}

/// What became of a job that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It was not known, and is stored.
    Stored,
    /// Its key is known already: waiting, taken, dead, or finished and still remembered. Nothing was changed.
    Known,
}

/// A job that was handed out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Job {
    /// What folds it.
    pub key: String,
    /// What was enqueued.
    pub body: Bytes,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Whether it was handed out before, counted or not, or was a dead letter: then its effect may be there already.
    pub repeated: bool,
    /// When it was enqueued, by the clock of the queue.
    pub enqueued_at: SystemTime,
    /// The right to end this attempt.
    pub receipt: JobReceipt,
}

/// The right to say what becomes of a job, for as long as nobody else has it: a job and how often it went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobReceipt {
    pub(super) id: i64,
    pub(super) generation: i64,
    pub(super) attempt: u32,
}

impl JobReceipt {
    /// Its job went on without whoever holds this.
    pub(super) fn stale(&self) -> Error {
        let Self { id, attempt, .. } = self;
        Error::queue(QueueErrorKind::Stale, format!("attempt {attempt} at job {id} is over"))
    }
}

/// Whether an attempt that came to nothing is one of those that a job has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It failed, maybe because of the job.
    Counted,
    /// It never had a chance: a breaker is open, a service is down, we are stopping.
    GivenBack,
}

/// What became of a job that was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// It will be handed out again.
    Waiting,
    /// That was its last attempt.
    Dead,
}

/// A job that nobody will try again by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Where it stands among them: give that of the last one for the next page.
    pub position: u64,
    /// What folds it.
    pub key: String,
    /// What was enqueued.
    pub body: Bytes,
    /// Why it is here.
    pub reason: String,
    /// How often it was handed out.
    pub attempts: u32,
    /// When it was enqueued.
    pub enqueued_at: SystemTime,
    /// When it was given up.
    pub died_at: SystemTime,
}

/// How much there is of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStats {
    /// Jobs that the next receive may hand out.
    pub waiting: u64,
    /// Jobs that somebody has.
    pub taken: u64,
    /// Jobs that were given back with a delay that is not over.
    pub delayed: u64,
    /// Dead letters.
    pub dead: u64,
    /// Finished keys that are still known.
    pub remembered: u64,
    /// How long ago the oldest job was enqueued that is not finished and not dead.
    pub oldest: Option<Duration>,
}

/// Where a queue is.
pub(super) enum Place {
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Server,
}

impl Place {
    pub(super) fn parse(place: &str) -> Result<Self> {
        let server = ["postgres://", "postgresql://"].iter().any(|scheme| place.starts_with(scheme));
        #[cfg(feature = "postgres")]
        if server {
            return Ok(Self::Server);
        }
        // Whatever else it is may hold a secret, so it is not repeated.
        if server || place.contains("://") {
            let expected = if cfg!(feature = "postgres") { "a path or a postgres:// URL" } else { "a path" };
            return Err(Error::invalid("queue", format!("expected {expected}, got another URL")));
        }
        let path = Path::new(place);
        if place.starts_with(':') || place.contains('\0') || path.file_name().is_none() {
            return Err(Error::invalid("queue", format!("expected the path of a file, got {place:?}")));
        }
        Ok(Self::File(path.to_owned()))
    }
}

pub(super) fn check_key(key: &str) -> Result<()> {
    // PostgreSQL stores no NUL in text.
    if key.is_empty() || key.len() > MAX_KEY || key.contains('\0') {
        let reason = format!("expected 1 to {MAX_KEY} bytes without NUL, got {}", key.len());
        return Err(Error::invalid("key", reason));
    }
    Ok(())
}

pub(super) fn check_body(body: &Bytes) -> Result<()> {
    if body.len() > MAX_BODY {
        let reason = format!("expected at most {MAX_BODY} bytes, got {}", body.len());
        return Err(Error::TooLarge { what: "the body of a job".to_owned(), reason, answer: None });
    }
    Ok(())
}

pub(super) fn check_visibility(field: &str, wait: Duration) -> Result<()> {
    if wait < MIN_VISIBILITY {
        return Err(Error::invalid(field, format!("expected at least {MIN_VISIBILITY:?}, got {wait:?}")));
    }
    check_wait(field, wait)
}

pub(super) fn check_wait(field: &str, wait: Duration) -> Result<()> {
    if wait > MAX_WAIT {
        return Err(Error::invalid(field, format!("expected at most 12 hours, got {wait:?}")));
    }
    Ok(())
}

/// A reason that does not fill the disk; without NUL, which PostgreSQL stores in no text.
pub(super) fn shortened(reason: &str) -> String {
    reason.replace('\0', " ").chars().take(MAX_REASON).collect()
}

/// Why a job is dead whose last attempt nobody ended.
pub(super) fn not_ended(attempts: u32) -> String {
    format!("attempt {attempts} did not end: its process died, or took longer than it said")
}

/// Whole milliseconds, in which all drivers count.
pub(super) fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

/// A wait that is longer is a mistake, or a clock that jumped. It is also SQS's limit.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(12 * 3600);
const MIN_VISIBILITY: Duration = Duration::from_millis(1);
/// PGMQ makes the names of tables, indexes and sequences of it, and the server takes 63 bytes.
const MAX_NAME: usize = 40;
/// Ours are SHA-256 in hex, 64 bytes.
const MAX_KEY: usize = 512;
/// SQS's limit for decades; a preview's event has about 1 KiB.
const MAX_BODY: usize = 256 * 1024;
const MAX_REASON: usize = 2_000;
const MAX_ATTEMPTS: u32 = 1_000_000;
const MAX_REMEMBER: Duration = Duration::from_secs(366 * 24 * 3600);
const MAX_LOCK_WAIT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_path_or_a_server_and_no_other_url_is_repeated() {
        assert!(matches!(Place::parse("queues/previews.db"), Ok(Place::File(_))));
        for wrong in ["", ":memory:", "..", "mysql://user:secret@host/", "file:///a.db", "nul\0.db"] {
            let error = Place::parse(wrong).err().map(|error| error.facts()).unwrap();
            assert_eq!((error.code, error.details["field"].as_str()), ("invalid_input", "queue"), "{wrong}");
            assert!(!error.message.contains("secret"));
        }
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        let day = Duration::from_secs(24 * 3600);
        let settings = QueueSettings::default;
        settings().check().unwrap();
        for (field, wrong) in [
            ("name", settings().name("")),
            ("name", settings().name("Previews")),
            ("name", settings().name("a'b")),
            ("name", settings().name("a".repeat(41))),
            ("visibility", settings().visibility(Duration::ZERO)),
            ("visibility", settings().visibility(day)),
            ("max_attempts", settings().max_attempts(0)),
            ("remember", settings().remember(day * 400)),
            ("lock_wait", settings().lock_wait(day)),
        ] {
            assert_eq!(wrong.check().unwrap_err().facts().details["field"], field);
        }
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(shortened("a\0b"), "a b");
        assert_eq!(shortened(&"é".repeat(5_000)).chars().count(), 2_000);
    }
}
