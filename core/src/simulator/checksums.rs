//! SHA-256 of what the storage holds.

use crate::digest::{Hasher, byte_chunks, sha256};
use crate::gateway::wire::CHECKSUM_PREFIX;

/// SHA-256 of `bytes` in lower-case hex.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    sha256(bytes).to_string()
}

/// What came so far, in lower-case hex.
pub(super) fn hex(hasher: &Hasher) -> String {
    hasher.clone().finish().to_string()
}

/// The checksums of `chunks` as the platform writes them.
pub(super) fn checksums(chunks: &[&[u8]]) -> Vec<String> {
    byte_chunks(chunks).iter().map(|digest| written(&digest.to_string())).collect()
}

/// A checksum as the platform writes it.
pub(super) fn written(hex: &str) -> String {
    format!("{CHECKSUM_PREFIX}{hex}")
}
