//! Opening the file: what it has to be, and what is made when there is none.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, ffi};

use crate::error::{Cause, Error, QueueErrorKind, Result};
use crate::file::open_private;

/// A connection to the file, and which file that was.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    identity: Option<(u64, u64)>,
    _counted: Counted,
}

impl Opened {
    /// Whether the path still leads to this file: what is written to one that was removed is lost.
    pub(super) fn is_in_place(&self, path: &Path) -> bool {
        self.identity == identity(path)
    }
}

/// Opens the file, or makes it, for its owner's eyes only.
///
/// # Errors
/// [`Error::Queue`].
pub(super) fn open(path: &Path, lock_wait: Duration) -> Result<Opened> {
    let counted = Counted::new(path)?;
    make(path)?;
    let opened = connect(path, lock_wait).map_err(|error| trouble(path, error))?;
    let (connection, found) = opened;
    match found {
        Found::Ours => {}
        Found::Newer => {
            let reason = format!("{} was written by a newer version", path.display());
            return Err(Error::queue(QueueErrorKind::Unavailable, reason));
        }
        Found::Foreign => {
            let reason = format!("{} is a database of something else", path.display());
            return Err(Error::queue(QueueErrorKind::Corrupt, reason));
        }
    }
    Ok(Opened { connection, identity: identity(path), _counted: counted })
}

/// What a failure of SQLite means.
pub(super) fn trouble(path: &Path, error: rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => QueueErrorKind::Locked,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => QueueErrorKind::Corrupt,
        Some(ErrorCode::DiskFull) => QueueErrorKind::Full,
        // The index of the log has its own file, and SQLite tells nothing more when there is no room for it.
        Some(ErrorCode::SystemIoFailure) if extended(&error) == Some(ffi::SQLITE_IOERR_SHMSIZE) => QueueErrorKind::Full,
        // A column that holds what no version of ours wrote.
        None => QueueErrorKind::Corrupt,
        Some(_) => QueueErrorKind::Unavailable,
    };
    Error::Queue { kind, reason: path.display().to_string(), source: Some(Cause::new(error)) }
}

fn extended(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

/// What a file turned out to be.
enum Found {
    Ours,
    Newer,
    Foreign,
}

/// SQLite would make it readable for all. The file is not opened when it is there: closing it would drop the locks that
/// another connection of this process has (POSIX).
fn make(path: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Error::Queue {
        kind: if error.kind() == ErrorKind::StorageFull { QueueErrorKind::Full } else { QueueErrorKind::Unavailable },
        reason: format!("could not open {}", path.display()),
        source: Some(Cause::new(error)),
    };
    match open_private(OpenOptions::new().write(true).create_new(true), path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match std::fs::metadata(path) {
            // A pipe would be waited for.
            Ok(found) if !found.is_file() => Err(failed(ErrorKind::InvalidInput.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(failed(error)),
        },
        Err(error) => Err(failed(error)),
    }
}

fn connect(path: &Path, lock_wait: Duration) -> rusqlite::Result<(Connection, Found)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(lock_wait)?;
    // Every commit is on disk before it is acknowledged.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    if look(&connection)? == (0, 0, 0) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been quicker.
        if look(&transaction)? == (0, 0, 0) {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
    }
    let found = match look(&connection)? {
        (APPLICATION, VERSION, _) => Found::Ours,
        (APPLICATION, version, _) if version > VERSION => Found::Newer,
        _ => Found::Foreign,
    };
    if matches!(found, Found::Ours) {
        // Kept in the file: asked for again it changes nothing.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
    }
    Ok((connection, found))
}

/// Whose it says it is, of which version, and how much is in it.
fn look(connection: &Connection) -> rusqlite::Result<(i32, i32, i64)> {
    let application = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let things = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok((application, version, things))
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// Elsewhere an open file cannot be moved or removed.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

/// An open connection, counted for its process.
///
/// SQLite remembers its locks in statics that a forked process inherits, while the locks themselves stay with its parent. A process
/// that was forked while one was open must not open any, even to another file with the same inode.
#[derive(Debug)]
struct Counted(());

impl Counted {
    fn new(path: &Path) -> Result<Self> {
        let mut owner = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        if *owner != process {
            if OPEN.load(Ordering::Acquire) > 0 {
                let reason = format!("{} was in use when this process was forked", path.display());
                return Err(Error::queue(QueueErrorKind::Unavailable, reason));
            }
            *owner = process;
        }
        OPEN.fetch_add(1, Ordering::AcqRel);
        Ok(Self(()))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The process that opened the first connection.
static OWNER: Mutex<u32> = Mutex::new(0);
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// States: 0 waiting, 1 taken, 2 dead, 3 finished. Each index holds the rows that its question is about and no others.
const SCHEMA: &str = "
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    state INTEGER NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    since INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    ended_at INTEGER,
    reason TEXT,
    UNIQUE (queue, key)
) STRICT;
CREATE INDEX jobs_visible ON jobs (queue, visible_at, id) WHERE state < 2;
CREATE INDEX jobs_since ON jobs (queue, since) WHERE state < 2;
CREATE INDEX jobs_dead ON jobs (queue, id) WHERE state = 2;
CREATE INDEX jobs_finished ON jobs (queue, ended_at) WHERE state = 3;
";

/// `port` in ASCII.
const APPLICATION: i32 = 0x706f_7274;
const VERSION: i32 = 1;
/// All of ours, which are about twenty.
const STATEMENTS: usize = 32;
