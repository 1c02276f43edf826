//! Attachments on their way: files of this user's alone, gone when their job ends, and swept when a process died before that.
//!
//! What is fetched goes to the disk and not into memory: many jobs fetch at a time, few have a processor, and only those hold
//! their file in memory.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tracing::{debug, warn};

use super::fetch::Sink;
use crate::error::{Error, Result};
use crate::file::open_private;

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Spool {
    folder: PathBuf,
}

/// A file in it; dropping it removes it.
#[derive(Debug)]
pub(super) struct SpoolFile {
    file: File,
    path: PathBuf,
}

impl Spool {
    /// Opens the folder, and makes it for this user alone when it is not there.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be made, or others could have put something there.
    pub(super) fn open(folder: Option<PathBuf>) -> Result<Self> {
        let folder = folder.unwrap_or_else(default_folder);
        let made = make(&folder);
        made.and_then(|()| private(&folder)).map_err(|error| Error::file("could not use the spool", &folder, error))?;
        Ok(Self { folder })
    }

    /// A new file for what is fetched.
    pub(super) fn file(&self) -> Result<SpoolFile> {
        let path = self.folder.join(format!("{}{SUFFIX}", uuid::Uuid::now_v7()));
        let file = open_private(OpenOptions::new().read(true).write(true).create_new(true), &path);
        let file = file.map_err(|error| Error::file("could not make", &path, error))?;
        Ok(SpoolFile { file, path })
    }

    /// Removes files that are so old that whoever made them is gone.
    pub(super) fn sweep(&self) {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) => return warn!(folder = %self.folder.display(), %error, "the spool could not be swept"),
        };
        // By the clock that the file system writes with, not the one of the platform.
        let old = SystemTime::now().checked_sub(OLD);
        for entry in entries.flatten() {
            // What is not ours by its name stays.
            if !entry.file_name().to_string_lossy().ends_with(SUFFIX) {
                continue;
            }
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            if !modified.is_ok_and(|modified| Some(modified) < old) {
                continue;
            }
            match std::fs::remove_file(entry.path()) {
                Ok(()) => debug!(file = %entry.path().display(), "left over from a job whose worker is gone"),
                Err(error) => warn!(file = %entry.path().display(), %error, "could not be removed"),
            }
        }
    }
}

impl SpoolFile {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn unwritable(&self, error: io::Error) -> Error {
        Error::file("could not write", &self.path, error)
    }
}

impl Sink for SpoolFile {
    fn begin(&mut self) -> Result<()> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.rewind());
        cleared.map_err(|error| self.unwritable(error))
    }

    fn take(&mut self, piece: Bytes) -> Result<()> {
        self.file.write_all(&piece).map_err(|error| self.unwritable(error))
    }
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            warn!(file = %self.path.display(), %error, "could not be removed");
        }
    }
}

/// One of this user's in the system's folder for temporary files.
fn default_folder() -> PathBuf {
    #[cfg(unix)]
    let name = format!("porteur-previews-{}", rustix::process::getuid().as_raw());
    // Elsewhere that folder is the user's own.
    #[cfg(not(unix))]
    let name = "porteur-previews";
    std::env::temp_dir().join(name)
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Refuses a folder that somebody else made first, or may write to: in a shared folder for temporary files that is anybody.
fn private(folder: &Path) -> io::Result<()> {
    let found = std::fs::symlink_metadata(folder)?;
    if !found.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "not a folder"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let (owner, mode) = (found.uid(), found.mode());
        if owner != rustix::process::getuid().as_raw() || mode & 0o022 != 0 {
            let reason = "it is another user's, or others may write to it";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
        }
    }
    Ok(())
}

/// Files with another ending are not ours.
const SUFFIX: &str = ".attachment";
/// The tutorial's age; the longest job is minutes.
const OLD: Duration = Duration::from_secs(60 * 60);
/// How often is looked for old files, as in the tutorial.
pub(super) const SWEEP_EVERY: Duration = Duration::from_secs(30 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn spool() -> (tempfile::TempDir, Spool) {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(Some(folder.path().join("spool"))).unwrap();
        (folder, spool)
    }

    #[test]
    fn a_file_is_gone_with_its_job_and_is_nobody_elses_before() {
        let (_folder, spool) = spool();
        let mut file = spool.file().unwrap();
        for attempt in ["the first attempt", "second"] {
            file.begin().unwrap();
            file.take(Bytes::from_static(attempt.as_bytes())).unwrap();
        }
        let path = file.path().to_owned();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_dead_process_left_goes_after_an_hour_and_nothing_else_does() {
        let (_folder, spool) = spool();
        let made = |name: &str, minutes: u64| {
            let path = spool.folder.join(name);
            let file = File::create(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(minutes * 60)).unwrap();
            path
        };
        let (old, young, foreign) =
            (made("a.attachment", 61), made("b.attachment", 59), made("somebody-elses.jpg", 600));
        spool.sweep();
        assert_eq!((old.exists(), young.exists(), foreign.exists()), (false, true, true));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_to_or_a_link_is_refused() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let (folder, spool) = spool();
        let link = folder.path().join("link");
        symlink(&spool.folder, &link).unwrap();
        assert!(Spool::open(Some(link)).is_err());
        std::fs::set_permissions(&spool.folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        let error = Spool::open(Some(spool.folder)).unwrap_err();
        assert!(error.facts().message.contains("others may write"), "{error}");
    }
}
