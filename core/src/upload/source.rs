//! What is uploaded: a file, bytes, or a stream of known length.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_core::Stream;

use crate::error::{Error, Result};

/// A stream as an upload takes it.
pub(super) type Pieces = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// The source as the caller named it.
pub(super) enum Wish {
    Path(PathBuf),
    Bytes(Bytes),
    Stream { pieces: Pieces, size: u64 },
}

/// The source, there and open.
pub(super) enum Source {
    File(OpenFile),
    Bytes(Bytes),
    /// The pieces are taken by the first session.
    Stream {
        pieces: Option<Pieces>,
        size: u64,
    },
}

/// A file with what it looked like when the upload began.
#[derive(Clone)]
pub(super) struct OpenFile {
    pub(super) file: Arc<File>,
    pub(super) path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

impl Source {
    pub(super) fn open(wish: Wish) -> Result<Self> {
        match wish {
            Wish::Path(path) => OpenFile::open(path).map(Self::File),
            Wish::Bytes(bytes) => Ok(Self::Bytes(bytes)),
            Wish::Stream { pieces, size } => Ok(Self::Stream { pieces: Some(pieces), size }),
        }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::File(file) => file.size,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream { size, .. } => *size,
        }
    }

    /// When the file was changed last.
    pub(super) fn modified(&self) -> Option<SystemTime> {
        match self {
            Self::File(file) => file.modified,
            Self::Bytes(_) | Self::Stream { .. } => None,
        }
    }

    /// Whether a new session could read it from the start.
    pub(super) fn can_be_read(&self) -> bool {
        !matches!(self, Self::Stream { pieces: None, .. })
    }

    /// Fails when the file is not what it was when the upload began.
    pub(super) fn unchanged(&self) -> Result<()> {
        match self {
            Self::File(file) => file.unchanged(),
            Self::Bytes(_) | Self::Stream { .. } => Ok(()),
        }
    }
}

impl OpenFile {
    fn open(path: PathBuf) -> Result<Self> {
        // Asked before opening: to open a pipe would wait for a writer.
        let found = std::fs::metadata(&path).map_err(|error| Error::file("could not open", &path, error))?;
        regular(&path, &found)?;
        let file = File::open(&path).map_err(|error| Error::file("could not open", &path, error))?;
        let metadata = file.metadata().map_err(|error| Error::file("could not look at", &path, error))?;
        regular(&path, &metadata)?;
        Ok(Self { file: Arc::new(file), size: metadata.len(), modified: metadata.modified().ok(), path })
    }

    fn unchanged(&self) -> Result<()> {
        let now = self.file.metadata().map_err(|error| Error::file("could not look at", &self.path, error))?;
        if now.len() != self.size {
            return Err(self.changed(format!("it had {} bytes and now has {}", self.size, now.len())));
        }
        if now.modified().ok() != self.modified {
            return Err(self.changed("its modification time is another one now".to_owned()));
        }
        Ok(())
    }

    pub(super) fn changed(&self, reason: String) -> Error {
        Error::SourceChanged { path: self.path.clone(), reason }
    }

    /// What a failed read means: a file that ends early has shrunk.
    pub(super) fn unreadable(&self, error: std::io::Error) -> Error {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            return self.changed(format!("it had {} bytes and ends earlier now", self.size));
        }
        Error::file("could not read", &self.path, error)
    }
}

fn regular(path: &Path, metadata: &Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let kind = if metadata.is_dir() { "a directory" } else { "something that is not a file" };
    Err(Error::invalid("path", format!("expected a file, got {kind}: {}", path.display())))
}
