//! A regular file that is read by position, and that must not change meanwhile.
//!
//! Never mapped: a file that shrinks under a mapping kills the process, here it is an error.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::{Error, Result};

/// An open file with what it looked like when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct StillFile {
    pub(crate) file: Arc<File>,
    pub(crate) path: PathBuf,
    /// Bytes.
    pub(crate) size: u64,
    /// None on a file system without modification times, which is believed.
    pub(crate) modified: Option<SystemTime>,
}

impl StillFile {
    /// Opens a regular file.
    ///
    /// # Errors
    /// [`Error::File`] when it is missing, is a directory or another thing that is no file, or may not be read.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        // Asked before it is opened: opening a pipe would wait for somebody to write.
        let found = std::fs::metadata(path).map_err(|error| Error::file("could not open", path, error))?;
        if !found.is_file() {
            let kind = if found.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
            return Err(Error::file("could not read", path, io::Error::new(kind, "not a regular file")));
        }
        let file = File::open(path).map_err(|error| Error::file("could not open", path, error))?;
        let metadata = look(&file, path)?;
        let modified = metadata.modified().ok();
        Ok(Self { file: Arc::new(file), path: path.to_owned(), size: metadata.len(), modified })
    }

    /// Fails when the file is not what it was when it was opened.
    ///
    /// # Errors
    /// [`Error::SourceChanged`].
    pub(crate) fn unchanged(&self) -> Result<()> {
        let now = look(&self.file, &self.path)?;
        if now.len() != self.size {
            Err(self.changed(format!("it had {} bytes and has {}", self.size, now.len())))
        } else if now.modified().ok() != self.modified {
            Err(self.changed("it was written to".to_owned()))
        } else {
            Ok(())
        }
    }

    /// [`Error::SourceChanged`] about this file.
    pub(crate) fn changed(&self, reason: String) -> Error {
        Error::SourceChanged { path: self.path.clone(), reason }
    }

    /// What a failed read means: a file that ends early has shrunk.
    pub(crate) fn unreadable(&self, error: io::Error) -> Error {
        match error.kind() {
            ErrorKind::UnexpectedEof => self.changed(error.to_string()),
            _ => Error::file("could not read", &self.path, error),
        }
    }
}

/// Fills `bytes` from `offset`; the file's own position is not used.
///
/// # Errors
/// What reading gave; [`ErrorKind::UnexpectedEof`] when the file ends before `bytes` are full.
pub(crate) fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    use std::os::unix::fs::FileExt;
    #[cfg(windows)]
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        #[cfg(unix)]
        let read = file.read_at(bytes, offset);
        #[cfg(windows)]
        let read = file.seek_read(bytes, offset);
        match read {
            Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, format!("the file ends at byte {offset}"))),
            Ok(length) => {
                bytes = &mut bytes[length..];
                offset += length as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn look(file: &File, path: &Path) -> Result<Metadata> {
    file.metadata().map_err(|error| Error::file("could not look at", path, error))
}

/// Opens a file, and creates it for its owner's eyes only when it is not there.
pub(crate) fn open_private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Closes a file that was there before to everybody but its owner; for whoever knows that it is theirs.
#[cfg(unix)]
pub(crate) fn protect(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
pub(crate) fn protect(_: &File) -> io::Result<()> {
    Ok(())
}

/// Whether `path` still leads to `file`: it does not after that was moved, replaced or removed.
#[cfg(unix)]
pub(crate) fn leads_to(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Elsewhere an open file cannot be moved or removed.
#[cfg(not(unix))]
pub(crate) fn leads_to(_: &Path, _: &File) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_that_was_written_to_or_resized_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "abc").unwrap();
        let still = StillFile::open(&path).unwrap();
        still.unchanged().unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.set_modified(still.modified.unwrap() + std::time::Duration::from_secs(1)).unwrap();
        assert!(still.unchanged().unwrap_err().to_string().ends_with("it was written to"));
        file.write_all(b"d").unwrap();
        assert!(still.unchanged().unwrap_err().to_string().ends_with("it had 3 bytes and has 4"));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_without_waiting_for_a_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(StillFile::open(&path).unwrap_err().to_string().contains("not a regular file"));
    }
}
