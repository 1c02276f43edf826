//! What is uploaded: a file, bytes, or a stream of known length.

use std::path::PathBuf;
use std::pin::Pin;
use std::time::SystemTime;

use bytes::Bytes;
use futures_core::Stream;

use crate::error::Result;
use crate::file::StillFile;

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
    File(StillFile),
    Bytes(Bytes),
    /// The pieces are taken by the first session.
    Stream {
        pieces: Option<Pieces>,
        size: u64,
    },
}

impl Source {
    pub(super) fn open(wish: Wish) -> Result<Self> {
        match wish {
            Wish::Path(path) => StillFile::open(&path).map(Self::File),
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
