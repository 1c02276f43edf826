//! A file that grows by whole lines only, whoever writes to it and whoever is killed while writing.
//!
//! Several processes may hold it. Each writes a line with one `write` at the end of the file, under a lock that it holds no
//! longer than that. What stands behind the last newline was being written by a process that is gone, for it would have the
//! lock otherwise; nobody was told that it is in the log, so it is cut off before the next line.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::warn;

use super::entry::MAX_LINE;
use crate::error::{Error, Result};
use crate::file::{leads_to, open_private, protect, read_exact_at};

/// An open file of lines.
#[derive(Debug)]
pub(super) struct AppendFile {
    file: Arc<File>,
    path: PathBuf,
    /// Where our last line ended, in bytes: if the file still ends there, it ends with a newline.
    end: u64,
}

impl AppendFile {
    /// Opens or creates it, for the owner's eyes only; a file that is no log keeps what it has, its mode included.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `file` when there is something whose first bytes are not `beginning`: it is somebody's.
    /// [`Error::File`].
    pub(super) fn open(path: PathBuf, beginning: &str) -> Result<Self> {
        // Asked before it is opened: opening a pipe would wait for somebody at its other end.
        if std::fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(something_else(&path));
        }
        let file = open_private(OpenOptions::new().read(true).append(true), &path)
            .map_err(|error| Error::file("could not open the audit log", &path, error))?;
        let mut found = Vec::new();
        (&file)
            .take(beginning.len() as u64)
            .read_to_end(&mut found)
            .map_err(|error| Error::file("could not read the audit log", &path, error))?;
        if !beginning.as_bytes().starts_with(&found) {
            return Err(something_else(&path));
        }
        protect(&file).map_err(|error| Error::file("could not protect the audit log", &path, error))?;
        Ok(Self { file: Arc::new(file), path, end: 0 })
    }

    /// What is at its path now.
    pub(super) fn reopen(&self, beginning: &str) -> Result<Self> {
        Self::open(self.path.clone(), beginning)
    }

    /// Locks it until the value is dropped, and cuts off a torn line.
    pub(super) fn lock(&mut self) -> Result<Locked<'_>> {
        self.file.lock().map_err(|error| Error::file("could not lock the audit log", &self.path, error))?;
        let mut locked = Locked { length: 0, file: self };
        locked.length = locked.mend()?;
        Ok(locked)
    }

    /// Appends one line, which ends with its newline.
    pub(super) fn append(&mut self, line: &[u8]) -> Result<()> {
        self.lock()?.append(line)
    }

    /// Whether its path still leads here: it does not after it was moved, replaced or removed.
    pub(super) fn is_in_place(&self) -> bool {
        leads_to(&self.path, &self.file)
    }

    /// For syncing while others write.
    pub(super) fn shared(&self) -> Syncing {
        Syncing { file: self.file.clone(), path: self.path.clone() }
    }
}

/// The right to append.
pub(super) struct Locked<'a> {
    file: &'a mut AppendFile,
    /// Bytes in the file, all of them in whole lines.
    pub(super) length: u64,
}

impl Locked<'_> {
    /// Appends one line, which ends with its newline. It is in the file or it is not, never half.
    pub(super) fn append(self, line: &[u8]) -> Result<()> {
        let written = (&*self.file.file).write_all(line);
        if let Err(error) = written {
            // A full disk may have taken half of it. If this fails too, whoever comes next cuts it off.
            let _ = self.file.file.set_len(self.length);
            return Err(Error::file("could not write the audit log", &self.file.path, error));
        }
        self.file.end = self.length + line.len() as u64;
        Ok(())
    }

    /// The length, after a torn line was cut off.
    fn mend(&self) -> Result<u64> {
        let AppendFile { file, path, end } = &*self.file;
        let length =
            file.metadata().map_err(|error| Error::file("could not look at the audit log", path, error))?.len();
        if length == *end || length == 0 {
            return Ok(length);
        }
        let read = |bytes: &mut [u8], offset| {
            read_exact_at(file, bytes, offset).map_err(|error| Error::file("could not read the audit log", path, error))
        };
        let mut last = [0];
        read(&mut last, length - 1)?;
        if last == *b"\n" {
            return Ok(length);
        }
        let mut tail = vec![0; usize::try_from(length).unwrap_or(MAX_LINE).min(MAX_LINE)];
        let start = length - tail.len() as u64;
        read(&mut tail, start)?;
        let mended = match tail.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => start + at as u64 + 1,
            None if start == 0 => 0,
            None => {
                // Longer than a line of ours: not torn, but tampered with. It stays, for `verify_audit` to find.
                let ended = (&**file).write_all(b"\n");
                ended.map_err(|error| Error::file("could not write the audit log", path, error))?;
                return Ok(length + 1);
            }
        };
        warn!(file = %path.display(), bytes = length - mended, "a line that was never finished is cut off");
        file.set_len(mended).map_err(|error| Error::file("could not mend the audit log", path, error))?;
        Ok(mended)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // By name, not by closing: a forked process holds the same lock through its copy of the file.
        let _ = self.file.file.unlock();
    }
}

/// A file to sync.
pub(super) struct Syncing {
    file: Arc<File>,
    path: PathBuf,
}

impl Syncing {
    /// Returns when what was written is on the disk, which takes milliseconds.
    pub(super) fn sync(self) -> Result<()> {
        self.file.sync_data().map_err(|error| Error::file("could not sync the audit log", self.path, error))
    }
}

/// `path` with something behind its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn something_else(path: &Path) -> Error {
    Error::invalid("file", format!("expected an audit log or no file yet, {} is something else", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(before: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::fs::write(&path, before).unwrap();
        let mut file = AppendFile::open(path.clone(), "").unwrap();
        file.append(b"new\n").unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_torn_line_is_cut_off_and_whole_lines_stay() {
        assert_eq!(written(b""), b"new\n");
        assert_eq!(written(b"torn"), b"new\n");
        assert_eq!(written(b"whole\n"), b"whole\nnew\n");
        assert_eq!(written(b"whole\ntorn"), b"whole\nnew\n");
    }

    #[test]
    fn what_is_longer_than_a_line_is_kept_as_evidence() {
        let long = vec![b'x'; MAX_LINE + 1];
        assert_eq!(written(&long), [&long[..], b"\nnew\n"].concat());
    }

    #[test]
    fn somebodys_file_is_never_taken_for_a_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thesis.txt");
        std::fs::write(&path, "chapter one").unwrap();
        let before = std::fs::metadata(&path).unwrap().permissions();
        for place in [&path, folder.path()] {
            let error = AppendFile::open(place.to_owned(), super::super::entry::BEGINNING).unwrap_err();
            assert_eq!(error.facts().details["field"], "file");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "chapter one");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions(), before);
    }

    #[test]
    fn a_file_that_was_moved_or_removed_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("audit.jsonl"), folder.path().join("audit.1"));
        let file = AppendFile::open(path.clone(), "").unwrap();
        assert!(file.is_in_place());
        std::fs::rename(&path, &other).unwrap();
        assert!(!file.is_in_place());
        std::fs::write(&path, "").unwrap();
        assert!(!file.is_in_place(), "another one");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        // As `touch` leaves it.
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        AppendFile::open(path.clone(), "").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
