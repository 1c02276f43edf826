//! How far the endpoint acknowledged the log file, and who may post: only the process that holds this file's lock.
//!
//! The offset is signed with a hash of what stands before it. A cursor that does not fit the log, because the log was moved or
//! replaced, or because somebody would like entries to be skipped, counts as none: everything is posted again, and folded at
//! the other end.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::append::beside;
use crate::digest::{Sha256, Signer, sha256};
use crate::error::{Error, Result};
use crate::file::{open_private, protect, read_exact_at};

/// The locked cursor of a log.
#[derive(Debug)]
pub(super) struct Cursor {
    file: File,
    path: PathBuf,
    signer: Signer,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    /// Bytes of the log that are acknowledged.
    offset: u64,
    /// SHA-256 of the last of them: [`TAIL`] bytes, or all when there are fewer. The last acknowledged line is in it.
    tail: String,
    signature: String,
}

impl Cursor {
    /// Takes the lock, if nobody has it.
    pub(super) fn take(log: &Path, signer: &Signer) -> Result<Option<Self>> {
        let path = beside(log, SUFFIX);
        let file = open_private(OpenOptions::new().read(true).write(true).truncate(false), &path)
            .and_then(|file| protect(&file).map(|()| file))
            .map_err(|error| Error::file("could not open the audit cursor", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file, path, signer: signer.clone() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::file("could not lock the audit cursor", path, error)),
        }
    }

    /// What is acknowledged of `log`, in bytes.
    pub(super) fn offset(&mut self, log: &File) -> Result<u64> {
        let read = |error| Error::file("could not read the audit cursor", &self.path, error);
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0)).map_err(read)?;
        (&self.file).take(LONGEST).read_to_end(&mut text).map_err(read)?;
        if text.is_empty() {
            return Ok(0);
        }
        let saved = Saved::read(&text, &self.signer);
        let fitting = match &saved {
            Some(saved) => tail(log, saved.offset).map_err(read)?.is_some_and(|tail| tail.to_string() == saved.tail),
            None => false,
        };
        match saved {
            Some(saved) if fitting => Ok(saved.offset),
            _ => {
                warn!(cursor = %self.path.display(), "the cursor is of another audit log: all of this one is posted");
                Ok(0)
            }
        }
    }

    /// Writes down that everything before `offset` of `log` is acknowledged.
    pub(super) fn advance(&mut self, log: &File, offset: u64) -> Result<()> {
        let write = |error| Error::file("could not write the audit cursor", &self.path, error);
        let tail = tail(log, offset).map_err(write)?.ok_or_else(|| write(ErrorKind::UnexpectedEof.into()))?;
        let line = Saved::line(offset, &tail, &self.signer);
        // A process that is killed between these two leaves a cursor whose signature does not fit.
        self.file.seek(SeekFrom::Start(0)).map_err(write)?;
        self.file.write_all(&line).and_then(|()| self.file.set_len(line.len() as u64)).map_err(write)
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        // By name, not by closing: a forked process holds the same lock through its copy of the file.
        let _ = self.file.unlock();
    }
}

/// What some process has had acknowledged of the log at this path, in bytes, as far as that can be seen without the lock.
pub(super) fn acknowledged(log: &Path, signer: &Signer) -> Option<u64> {
    let mut text = Vec::new();
    File::open(beside(log, SUFFIX)).ok()?.take(LONGEST).read_to_end(&mut text).ok()?;
    Saved::read(&text, signer).map(|saved| saved.offset)
}

impl Saved {
    fn line(offset: u64, tail: &Sha256, signer: &Signer) -> Vec<u8> {
        let tail = tail.to_string();
        let signature = signer.sign(&canonical(offset, &tail)).to_string();
        let mut line = serde_json::to_vec(&Self { offset, tail, signature }).expect("our own shapes are JSON");
        line.push(b'\n');
        line
    }

    fn read(text: &[u8], signer: &Signer) -> Option<Self> {
        let saved: Self = serde_json::from_slice(text).ok()?;
        let signature: Sha256 = saved.signature.parse().ok()?;
        signer.fits(&canonical(saved.offset, &saved.tail), signature.as_bytes()).then_some(saved)
    }
}

fn canonical(offset: u64, tail: &str) -> Vec<u8> {
    format!("porteur audit cursor 1\n{offset}\n{tail}\n").into_bytes()
}

/// The hash of what stands before `offset`; nothing when the log ends before it.
fn tail(log: &File, offset: u64) -> io::Result<Option<Sha256>> {
    let mut bytes = vec![0; usize::try_from(offset.min(TAIL)).expect("at most 64 KiB")];
    let start = offset - bytes.len() as u64;
    match read_exact_at(log, &mut bytes, start) {
        Ok(()) => Ok(Some(sha256(&bytes))),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is behind the name of the log file.
const SUFFIX: &str = ".cursor";
/// Bytes; as much as the longest line with its newline, and a little more.
const TAIL: u64 = (64 << 10) + 64;
/// A cursor is about 180 bytes.
const LONGEST: u64 = 1 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_does_not_fit_the_log_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let signer = Signer::new(b"secret");
        let log = |text: &str| {
            std::fs::write(&path, text).unwrap();
            File::open(&path).unwrap()
        };
        let file = log("first\nsecond\n");
        Cursor::take(&path, &signer).unwrap().unwrap().advance(&file, 6).unwrap();
        let offset = |file: &File, signer: &Signer| Cursor::take(&path, signer).unwrap().unwrap().offset(file).unwrap();
        assert_eq!(offset(&file, &signer), 6);
        assert_eq!(acknowledged(&path, &signer), Some(6));
        assert_eq!(offset(&file, &Signer::new(b"other")), 0);
        assert_eq!(offset(&log("First\nsecond\n"), &signer), 0, "another log");
        assert_eq!(offset(&log("fir"), &signer), 0, "a shorter log");
        let cursor = beside(&path, SUFFIX);
        let forged = std::fs::read_to_string(&cursor).unwrap().replace("\"offset\":6", "\"offset\":13");
        std::fs::write(cursor, forged).unwrap();
        assert_eq!(offset(&log("first\nsecond\n"), &signer), 0, "a forged offset");
        assert_eq!(acknowledged(&path, &signer), None);
    }

    #[test]
    fn only_one_posts_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let signer = Signer::new(b"secret");
        let first = Cursor::take(&path, &signer).unwrap();
        assert!(first.is_some());
        assert!(Cursor::take(&path, &signer).unwrap().is_none());
        drop(first);
        assert!(Cursor::take(&path, &signer).unwrap().is_some());
    }
}
