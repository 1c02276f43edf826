//! The audit log as a whole: written, posted, examined.

mod mutations;
#[cfg(feature = "simulator")]
mod posting;
mod verifying;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::{Audit, AuditEntry, AuditLog};
use crate::clock::{Clock, SystemClock};
use crate::http::Http;
use crate::pace::{Pace, Pacer};

const SECRET: &str = "s3cret";

/// A folder that is gone when the test is, with a log in it.
struct Place {
    _folder: TempDir,
    file: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        Self { _folder: folder, file }
    }

    fn audit(&self) -> Audit {
        Audit::file(&self.file, SECRET)
    }

    fn log(&self) -> AuditLog {
        open(self.audit())
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        super::append::beside(&self.file, suffix)
    }

    fn lines(&self) -> Vec<String> {
        text(&self.file).lines().map(str::to_owned).collect()
    }

    fn checkpoints(&self) -> usize {
        text(&self.beside(".checkpoints")).lines().count()
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn open(audit: Audit) -> AuditLog {
    paced(audit, Pace::default(), Arc::new(SystemClock::new()))
}

fn paced(audit: Audit, pace: Pace, clock: Arc<dyn Clock>) -> AuditLog {
    let http = Http::new(Duration::from_secs(5), true, clock.clone()).unwrap();
    let pacer = Arc::new(Pacer::new(pace, clock.clone()));
    AuditLog::new(audit, http, pacer, clock, Duration::from_secs(10), false).unwrap()
}

/// An entry that says which one it is.
fn note(number: usize) -> AuditEntry {
    AuditEntry::new("note").field("number", number)
}

/// A process that is killed runs no destructors.
fn kill(log: AuditLog) {
    std::mem::forget(log);
}
