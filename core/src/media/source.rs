//! Where the bytes of a file come from. The one place of this room that touches the disk.

use std::path::PathBuf;

use bytes::Bytes;

use super::limits::MediaLimits;
use crate::error::Result;
use crate::file::{StillFile, read_exact_at};

/// What is worked on: a file on the disk, or bytes.
///
/// ```
/// use porteur::{MediaLimits, MediaSource, inspect};
///
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("a.gif");
/// # std::fs::write(&path, b"GIF89a\x20\0\x10\0\0\0\0,\0\0\0\0\x20\0\x10\0\0\x02\0\0;").expect("a file");
/// let limits = MediaLimits::default();
/// let info = inspect(&MediaSource::from(path).read(&limits)?, &limits)?;
/// assert_eq!(info.width, 32);
/// # Ok::<(), porteur::Error>(())
/// ```
#[derive(Debug, Clone)]
pub enum MediaSource {
    /// A regular file.
    Path(PathBuf),
    /// Bytes.
    Bytes(Bytes),
}

impl MediaSource {
    /// The bytes. A file that is larger than `limits` allow is not read.
    ///
    /// # Errors
    /// [`crate::Error::File`] when the file is missing, is not a regular file, or cannot be read.
    /// [`crate::Error::SourceChanged`] when its size or modification time changes meanwhile. [`crate::Error::Media`] of
    /// the kind `TooLarge`.
    pub fn read(self, limits: &MediaLimits) -> Result<Bytes> {
        let path = match self {
            Self::Bytes(bytes) => return Ok(bytes),
            Self::Path(path) => path,
        };
        let source = StillFile::open(&path)?;
        limits.input_size(source.size)?;
        // What does not fit into a `usize` is not there to be read either.
        let mut bytes = vec![0; usize::try_from(source.size).unwrap_or(usize::MAX)];
        read_exact_at(&source.file, &mut bytes, 0).map_err(|error| source.unreadable(error))?;
        source.unchanged()?;
        Ok(bytes.into())
    }
}

impl From<PathBuf> for MediaSource {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<Bytes> for MediaSource {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for MediaSource {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_just_the_limit_is_read_and_one_byte_more_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"abc").unwrap();
        let limits = |max_input_bytes| MediaLimits { max_input_bytes, ..MediaLimits::default() };
        let source = MediaSource::from(path);
        assert_eq!(source.clone().read(&limits(3)).unwrap(), "abc");
        let error = source.read(&limits(2)).unwrap_err();
        assert_eq!(error.to_string(), "the picture is too large: expected at most 2 bytes, got 3");
    }

    #[test]
    fn a_missing_file_and_a_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("missing"), folder.path().to_owned()] {
            let error = MediaSource::from(path.clone()).read(&MediaLimits::default()).unwrap_err();
            assert_eq!(error.facts().code, "file");
            assert_eq!(error.facts().details["path"], path.display().to_string());
        }
    }
}
