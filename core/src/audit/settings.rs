//! What an audit log is made from.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::digest::Signer;
use crate::error::{Error, Result};
use crate::http::unfit;

/// Where an audit trail is kept, and to whom it is posted. Source: docs/platform.md, "Audit trail".
///
/// ```
/// use porteur::{Audit, WhenFull};
/// let audit = Audit::file("/var/log/porteur/audit.jsonl", "my-secret")
///     .endpoint("https://audit.example.com/entries")
///     .when_full(WhenFull::Fail);
/// assert_eq!(audit.batch, 50);
/// assert!(!format!("{audit:?}").contains("my-secret"));
/// assert!(!format!("{audit:?}").contains("/entries"));
/// ```
#[derive(Clone)]
pub struct Audit {
    /// The log file. `FILE.checkpoints` lies beside it, and with an endpoint `FILE.cursor`. Several processes may share it.
    pub file: PathBuf,
    /// Signs checkpoints and posted batches; `Debug` hides it.
    secret: SecretString,
    /// Where entries are posted. Default nowhere: the log stays in its file.
    pub endpoint: Option<String>,
    /// When the file is synced to the disk. Default with every batch.
    pub sync: AuditSync,
    /// How many bytes of the file may wait for the endpoint; without one there is no limit. One
    /// entry always may. Default 64 MiB, about 200 000 entries.
    pub limit_bytes: u64,
    /// What becomes of an entry beyond that limit. Default it waits.
    pub when_full: WhenFull,
    /// How many entries are posted and signed at a time, 1 to 1000. Default 50.
    pub batch: usize,
    /// How long fewer entries than that wait for others, and how long a refused batch waits. Default 5 s.
    pub every: Duration,
    /// How long closing tries to get rid of what is left. Default 10 s.
    pub drain: Duration,
}

/// When the log file is synced, so that its entries outlive the machine. They outlive the process without it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AuditSync {
    /// Before a push returns. Pushes that come together share a sync.
    Entry,
    /// With every batch.
    #[default]
    Batch,
    /// Whenever the operating system likes.
    Never,
}

/// What becomes of an entry when the limit of bytes that wait for the endpoint is reached. No entry is ever dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// It waits until the endpoint takes some.
    #[default]
    Wait,
    /// It fails with [`Error::Unavailable`].
    Fail,
}

impl Audit {
    /// A log in this file, signed with this secret, that is posted nowhere.
    pub fn file(path: impl Into<PathBuf>, secret: impl Into<String>) -> Self {
        Self {
            file: path.into(),
            secret: secret.into().into(),
            endpoint: None,
            sync: AuditSync::default(),
            limit_bytes: 64 << 20,
            when_full: WhenFull::default(),
            batch: 50,
            every: Duration::from_secs(5),
            drain: Duration::from_secs(10),
        }
    }

    /// Sets where entries are posted.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sets when the file is synced.
    pub fn sync(mut self, sync: AuditSync) -> Self {
        self.sync = sync;
        self
    }

    /// Sets how many bytes may wait for the endpoint.
    pub fn limit_bytes(mut self, bytes: u64) -> Self {
        self.limit_bytes = bytes;
        self
    }

    /// Sets what becomes of an entry beyond that.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Sets how many entries are posted and signed at a time.
    pub fn batch(mut self, entries: usize) -> Self {
        self.batch = entries;
        self
    }

    /// Sets how long fewer entries than a batch wait, and how long a refused batch waits.
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// Sets how long closing tries to get rid of what is left.
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.file.file_name().is_none() {
            return Err(Error::invalid("file", format!("expected the path of a file, got {:?}", self.file)));
        }
        if self.secret.expose_secret().is_empty() {
            return Err(Error::invalid("secret", "expected a value, got an empty string"));
        }
        if !(1..=MAX_BATCH).contains(&self.batch) {
            return Err(Error::invalid("batch", format!("expected 1 to {MAX_BATCH} entries, got {}", self.batch)));
        }
        if self.limit_bytes == 0 {
            return Err(Error::invalid("limit_bytes", "expected at least 1, got 0"));
        }
        if self.every.is_zero() {
            return Err(Error::invalid("every", "expected more than 0 s, got 0"));
        }
        Ok(())
    }

    /// The endpoint, when it is one that the trail may go to. The reasons do not quote it: it may hold a password.
    pub(super) fn target(&self, allow_plain_http: bool) -> Result<Option<Url>> {
        let refused = |reason: String| Err(Error::invalid("endpoint", reason));
        let Some(endpoint) = &self.endpoint else { return Ok(None) };
        let url = match Url::parse(endpoint) {
            Ok(url) => url,
            Err(error) => return refused(format!("expected a URL: {error}")),
        };
        match unfit(&url, allow_plain_http) {
            Some(reason) => refused(reason),
            None if !url.username().is_empty() || url.password().is_some() => {
                refused("expected a URL without user and password, got one with them".to_owned())
            }
            None if url.fragment().is_some() => refused("expected a URL without a fragment, got one".to_owned()),
            None => Ok(Some(url)),
        }
    }

    pub(super) fn signer(&self) -> Signer {
        Signer::new(self.secret.expose_secret().as_bytes())
    }
}

impl fmt::Debug for Audit {
    /// Of the endpoint the host alone: path and query may be what lets us in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.endpoint.as_ref().map(|endpoint| Url::parse(endpoint).ok().as_ref().map(host));
        f.debug_struct("Audit").field("file", &self.file).field("endpoint", &endpoint).finish_non_exhaustive()
    }
}

/// The part of a URL that may be shown.
pub(super) fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

impl FromStr for AuditSync {
    type Err = Error;

    /// `entry`, `batch` or `never`.
    fn from_str(word: &str) -> Result<Self> {
        match word {
            "entry" => Ok(Self::Entry),
            "batch" => Ok(Self::Batch),
            "never" => Ok(Self::Never),
            other => Err(Error::invalid("sync", format!("expected entry, batch or never, got {other:?}"))),
        }
    }
}

impl FromStr for WhenFull {
    type Err = Error;

    /// `wait` or `fail`.
    fn from_str(word: &str) -> Result<Self> {
        match word {
            "wait" => Ok(Self::Wait),
            "fail" => Ok(Self::Fail),
            other => Err(Error::invalid("when_full", format!("expected wait or fail, got {other:?}"))),
        }
    }
}

/// More would make bodies that endpoints refuse.
const MAX_BATCH: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn field(error: Error) -> String {
        error.facts().details["field"].clone()
    }

    #[test]
    fn settings_that_cannot_be_are_refused_by_name() {
        let audit = || Audit::file("audit.jsonl", "secret");
        for (settings, expected) in [
            (Audit::file("", "secret"), "file"),
            (Audit::file("..", "secret"), "file"),
            (Audit::file("audit.jsonl", ""), "secret"),
            (audit().batch(0), "batch"),
            (audit().batch(1001), "batch"),
            (audit().limit_bytes(0), "limit_bytes"),
            (audit().every(Duration::ZERO), "every"),
        ] {
            assert_eq!(field(settings.check().unwrap_err()), expected);
        }
        audit().check().unwrap();
        assert_eq!(field("sometimes".parse::<AuditSync>().unwrap_err()), "sync");
        assert_eq!(field("drop".parse::<WhenFull>().unwrap_err()), "when_full");
        assert_eq!("never".parse::<AuditSync>().unwrap(), AuditSync::Never);
        assert_eq!("fail".parse::<WhenFull>().unwrap(), WhenFull::Fail);
    }

    #[test]
    fn an_endpoint_is_https_and_names_nobody() {
        let target = |url: &str, plain| Audit::file("audit.jsonl", "secret").endpoint(url).target(plain);
        for wrong in [
            "audit",
            "http://audit.example/",
            "ftp://audit.example/",
            "https://me:PASSWORD@audit.example/",
            "https://a/#b",
        ] {
            let error = target(wrong, false).unwrap_err();
            assert!(!error.to_string().contains("PASSWORD"), "{error}");
            assert_eq!(field(error), "endpoint", "{wrong}");
        }
        for right in ["https://audit.example/entries?tenant=1", "http://127.0.0.1:8080/audit", "http://localhost/"] {
            assert!(target(right, false).unwrap().is_some(), "{right}");
        }
        assert!(target("http://audit.example/", true).unwrap().is_some());
        assert!(Audit::file("audit.jsonl", "secret").target(false).unwrap().is_none());
    }
}
