//! SHA-256 of bytes, and of all the chunks of a file at once.
//!
//! Uploads are proven chunk by chunk, and chunks are independent: 16 of them are hashed side by side on one core where the
//! CPU allows it (see `lanes`), and groups of 16 on all cores. Plain synchronous code; the caller picks the thread.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod constants;
mod hmac;
mod lanes;
mod plan;
#[cfg(target_arch = "x86_64")]
mod shani;
mod value;
mod windows;

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::slice;

use self::plan::Plan;
use crate::error::Result;
use crate::file::StillFile;

pub(crate) use self::hmac::Signer;
pub(crate) use self::lanes::LANES;
pub use self::value::Sha256;
pub(crate) use self::windows::{Crc64, Hasher, file_chunks};

/// The digest of `bytes`.
///
/// ```
/// let digest = porteur::sha256(b"abc");
/// assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
/// ```
pub fn sha256(bytes: &[u8]) -> Sha256 {
    byte_chunks(&[bytes])[0]
}

/// How [`sha256_chunks`] cuts and hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashChunks {
    /// Bytes a chunk; the last one may be shorter. At least 1, and large enough for at most 16 777 216 chunks.
    pub chunk_size: u64,
    /// Whether the digest of all bytes is wanted too. Default: no. It is one stream and cannot be shared between cores: it
    /// runs on a thread of its own, beside `threads`, and a file is read twice.
    pub whole: bool,
    /// How many threads hash chunks. Default: one for each core.
    pub threads: Option<NonZeroUsize>,
}

impl HashChunks {
    /// Chunks of `chunk_size` bytes.
    pub fn new(chunk_size: u64) -> Self {
        Self { chunk_size, whole: false, threads: None }
    }

    /// Whether the digest of all bytes is wanted too.
    pub fn whole(mut self, whole: bool) -> Self {
        self.whole = whole;
        self
    }

    /// How many threads hash chunks.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }
}

/// What [`sha256_chunks`] reads: a file or bytes.
#[derive(Debug, Clone, Copy)]
pub enum HashSource<'a> {
    /// A regular file.
    Path(&'a Path),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// The digests of the chunks of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkDigests {
    /// Bytes in all.
    pub size: u64,
    /// Bytes a chunk; the last one may be shorter.
    pub chunk_size: u64,
    /// One digest a chunk, in order; at least one, because an empty source is one empty chunk.
    pub chunks: Vec<Sha256>,
    /// The digest of all bytes, when it was asked for.
    pub whole: Option<Sha256>,
}

/// Hashes every chunk of a file or of bytes, on all cores.
///
/// A file needs 1 MiB of memory a thread, whatever its size.
///
/// ```
/// # fn main() -> porteur::Result<()> {
/// use porteur::{HashChunks, sha256, sha256_chunks};
///
/// let digests = sha256_chunks(b"0123456789".as_slice(), &HashChunks::new(4).whole(true))?;
/// assert_eq!(digests.chunks, [sha256(b"0123"), sha256(b"4567"), sha256(b"89")]);
/// assert_eq!(digests.whole, Some(sha256(b"0123456789")));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`crate::Error::InvalidInput`] for a `chunk_size` of 0 or one that makes too many chunks. [`crate::Error::File`] when the file is
/// missing, is not a regular file, or cannot be read. [`crate::Error::SourceChanged`] when its size or modification time changes
/// while it is read.
pub fn sha256_chunks<'a>(source: impl Into<HashSource<'a>>, request: &HashChunks) -> Result<ChunkDigests> {
    match source.into() {
        HashSource::Bytes(bytes) => {
            let plan = Plan::parse(request, bytes.len() as u64)?;
            let place = |at: u64| usize::try_from(at).expect("within the length of a slice");
            let chunks = |ranges: &[Range<u64>]| {
                let chunks: Vec<&[u8]> =
                    ranges.iter().map(|range| &bytes[place(range.start)..place(range.end)]).collect();
                Ok(byte_chunks(&chunks))
            };
            let Ok::<_, Infallible>(digests) = plan.run(chunks, || Ok(byte_chunks(&[bytes])[0]));
            Ok(digests)
        }
        HashSource::Path(path) => of_file(path, request),
    }
}

fn of_file(path: &Path, request: &HashChunks) -> Result<ChunkDigests> {
    let source = StillFile::open(path)?;
    let plan = Plan::parse(request, source.size)?;
    let chunks = |ranges: &[Range<u64>]| windows::hash_ranges(&source.file, ranges, |_, _| Ok(()));
    let digests = plan
        .run(chunks, || Ok(chunks(slice::from_ref(&(0..source.size)))?[0]))
        .map_err(|error| source.unreadable(error))?;
    source.unchanged()?;
    Ok(digests)
}

/// The SHA-256 of each of `chunks`, which are in memory, side by side.
pub(crate) fn byte_chunks(chunks: &[&[u8]]) -> Vec<Sha256> {
    lanes::digests(chunks)
}

impl<'a> From<&'a Path> for HashSource<'a> {
    fn from(path: &'a Path) -> Self {
        Self::Path(path)
    }
}

impl<'a> From<&'a PathBuf> for HashSource<'a> {
    fn from(path: &'a PathBuf) -> Self {
        Self::Path(path)
    }
}

impl<'a> From<&'a [u8]> for HashSource<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for HashSource<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// What each kernel of this CPU makes of `streams`, for the fuzzer, which sees only what is public.
#[cfg(fuzzing)]
pub fn digests_by_each_kernel(streams: &[&[u8]]) -> Vec<(&'static str, Vec<Sha256>)> {
    lanes::digests_by_each_kernel(streams)
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;
    use crate::error::Error;

    #[test]
    fn a_file_and_its_bytes_have_the_same_digests_on_any_number_of_threads() {
        let bytes: Vec<u8> = (0..600_001_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
        let path = file_with(&bytes);
        for chunk_size in [70_000, 600_001] {
            let size = usize::try_from(chunk_size).unwrap();
            let expected: Vec<Sha256> = bytes.chunks(size).map(sha256).collect();
            for threads in [1, 2] {
                let request = HashChunks::new(chunk_size).whole(true).threads(NonZeroUsize::new(threads).unwrap());
                let of_bytes = sha256_chunks(&bytes, &request).unwrap();
                assert_eq!(of_bytes.chunks, expected, "{chunk_size} bytes a chunk, {threads} threads");
                assert_eq!(of_bytes.whole, Some(sha256(&bytes)));
                assert_eq!((of_bytes.size, of_bytes.chunk_size), (600_001, chunk_size));
                assert_eq!(sha256_chunks(&*path, &request).unwrap(), of_bytes, "{chunk_size} {threads}");
            }
        }
    }

    #[test]
    fn an_empty_source_is_one_empty_chunk() {
        let path = file_with(b"");
        let request = HashChunks::new(5).whole(true);
        let digests = sha256_chunks(&*path, &request).unwrap();
        assert_eq!((digests.size, digests.whole), (0, Some(sha256(b""))));
        assert_eq!(digests.chunks, [sha256(b"")]);
        assert_eq!(sha256_chunks(&Vec::new(), &request).unwrap(), digests);
    }

    #[test]
    fn chunks_of_nothing_are_refused() {
        let error = sha256_chunks(b"abc".as_slice(), &HashChunks::new(0)).unwrap_err();
        assert_eq!(error.to_string(), "invalid chunk_size: expected at least 1 byte, got 0");
    }

    #[test]
    fn so_many_chunks_that_their_digests_fill_the_memory_are_refused() {
        let path = file_with(b"");
        OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        let error = sha256_chunks(&*path, &HashChunks::new(1024)).unwrap_err();
        let expected = "expected at least 65536 bytes (at most 16777216 chunks of 1099511627776 bytes), got 1024";
        assert_eq!(error.to_string(), format!("invalid chunk_size: {expected}"));
    }

    #[test]
    fn a_missing_file_and_a_directory_are_file_errors() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        for (path, action) in [(missing.as_path(), "could not open"), (folder.path(), "could not read")] {
            let error = sha256_chunks(path, &HashChunks::new(5)).unwrap_err();
            assert!(
                matches!(&error, Error::File { action: done, path: named, .. } if *done == action && named == path),
                "{error:?}"
            );
        }
    }

    fn file_with(bytes: &[u8]) -> tempfile::TempPath {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file.into_temp_path()
    }
}
