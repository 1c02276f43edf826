//! provisional
use crate::error::Result;
use sha2::Digest as _;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sha256([u8; 32]);
impl std::fmt::Display for Sha256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for b in self.0 {
            write!(f, "{b:02x}")?;
        }
        Ok(())
    }
}
pub fn sha256(b: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(b).into())
}
pub struct HashChunks;
pub struct ChunkDigests;
pub enum HashSource<'a> {
    Path(&'a Path),
}
pub fn sha256_chunks(_: HashSource<'_>, _: &HashChunks) -> Result<ChunkDigests> {
    Ok(ChunkDigests)
}
pub(crate) const LANES: usize = 16;
pub(crate) struct FileChunk {
    pub(crate) sha256: Sha256,
    pub(crate) crc64: u64,
}
pub(crate) fn file_chunks(f: &File, ranges: &[Range<u64>]) -> io::Result<Vec<FileChunk>> {
    ranges
        .iter()
        .map(|r| {
            let mut b = vec![0; (r.end - r.start) as usize];
            read_exact_at(f, &mut b, r.start)?;
            let mut c = Crc64::new();
            c.update(&b);
            Ok(FileChunk { sha256: sha256(&b), crc64: c.finish() })
        })
        .collect()
}
pub(crate) fn byte_chunks(c: &[&[u8]]) -> Vec<Sha256> {
    c.iter().map(|c| sha256(c)).collect()
}
pub(crate) struct Crc64(crc_fast::Digest);
impl Crc64 {
    pub(crate) fn new() -> Self {
        Self(crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme))
    }
    pub(crate) fn update(&mut self, b: &[u8]) {
        self.0.update(b)
    }
    pub(crate) fn finish(self) -> u64 {
        self.0.finalize()
    }
}
pub(crate) struct Hasher(sha2::Sha256);
impl Hasher {
    pub(crate) fn new() -> Self {
        Self(sha2::Sha256::new())
    }
    pub(crate) fn update(&mut self, b: &[u8]) {
        self.0.update(b)
    }
    pub(crate) fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}
pub(crate) fn read_exact_at(f: &File, b: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(f, b, at)
}
