//! Ranges of a file, hashed in lanes from small windows.
//!
//! Files are read with positioned reads into windows that stay in the second-level cache.

use std::fs::File;
use std::io;
use std::ops::Range;

use sha2::Digest;

use super::Sha256;
use super::constants::START;
use super::lanes::{self, End, LANES, Lane};
use crate::file::read_exact_at;

/// What a range of a file was when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileChunk {
    /// For the platform.
    pub(crate) sha256: Sha256,
    /// CRC-64/NVME of the same bytes, from the same read. An upload reads the file again to send it and runs a [`Crc64`]
    /// along; when both agree, what was sent is what was hashed, at a tenth of the price of a second SHA-256.
    pub(crate) crc64: u64,
    /// Bytes.
    pub(crate) len: u64,
}

/// Reads and hashes `ranges` of `file`, any number of them, [`LANES`] at a time side by side. At most 1 MiB is held. Stops
/// soon after it is not `wanted` any more: chunks can be large.
///
/// # Errors
/// What reading gave; [`std::io::ErrorKind::UnexpectedEof`] when the file ends before a range does.
pub(crate) fn file_chunks(file: &File, ranges: &[Range<u64>], wanted: impl Fn() -> bool) -> io::Result<Vec<FileChunk>> {
    let mut crcs: Vec<Crc64> = ranges.iter().map(|_| Crc64::new()).collect();
    let digests = hash_ranges(file, ranges, |range, window| {
        crcs[range].update(window);
        if wanted() { Ok(()) } else { Err(io::Error::other("nobody waits for it any more")) }
    })?;
    let parts = digests.into_iter().zip(crcs).zip(ranges);
    Ok(parts.map(|((sha256, crc), range)| FileChunk { sha256, crc64: crc.finish(), len: len_of(range) }).collect())
}

/// The SHA-256 of each range. `seen` gets every window on its way, with the number of its range, in order for each range;
/// its error ends the reading.
pub(super) fn hash_ranges(
    file: &File,
    ranges: &[Range<u64>],
    mut seen: impl FnMut(usize, &[u8]) -> io::Result<()>,
) -> io::Result<Vec<Sha256>> {
    let mut digests = Vec::with_capacity(ranges.len());
    let mut buffer = Vec::new();
    for (group, ranges) in ranges.chunks(LANES).enumerate() {
        let longest = ranges.iter().map(len_of).max().unwrap_or_default();
        let window = usize::try_from(longest).map_or(WINDOW, |longest| longest.next_multiple_of(64).min(WINDOW));
        buffer.resize(buffer.len().max(ranges.len() * (window + GAP)), 0);
        let mut slots: Vec<&mut [u8]> = buffer.chunks_exact_mut(window + GAP).collect();
        let mut states = vec![START; ranges.len()];
        for done in (0..longest).step_by(window.max(64)) {
            let mut lanes = Vec::with_capacity(ranges.len());
            for (n, (range, slot)) in ranges.iter().zip(&mut slots).enumerate() {
                let left = len_of(range).saturating_sub(done);
                let bytes = &mut slot[..usize::try_from(left).map_or(window, |left| left.min(window))];
                if !bytes.is_empty() {
                    read_exact_at(file, bytes, range.start + done)?;
                    seen(group * LANES + n, bytes)?;
                }
                lanes.push(Lane { state: states[n], blocks: bytes.as_chunks().0 });
            }
            lanes::advance(&mut lanes);
            states = lanes.into_iter().map(|lane| lane.state).collect();
        }
        // A slot is not written again after the last window of its range, so the bytes after the last block are still there.
        let ends = ranges.iter().zip(states).zip(&slots);
        let ends: Vec<End<'_>> = ends
            .map(|((range, state), slot)| End { state, rest: rest_of(slot, len_of(range), window), len: len_of(range) })
            .collect();
        digests.extend(lanes::finish(&ends));
    }
    Ok(digests)
}

/// The bytes after the last whole block of a stream of `len` bytes that went through `slot` in windows.
fn rest_of(slot: &[u8], len: u64, window: usize) -> &[u8] {
    let last = usize::try_from(len % window.max(64) as u64).expect("less than a window");
    slot[..last].as_chunks::<64>().1
}

fn len_of(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

/// CRC-64/NVME of bytes as they come. Finds accidents, not forgers.
#[derive(Clone)]
pub(crate) struct Crc64(crc_fast::Digest);

impl Crc64 {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self(crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme))
    }

    /// Goes on with `bytes`.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all that came.
    pub(crate) fn finish(self) -> u64 {
        self.0.finalize()
    }
}

/// SHA-256 of one stream as it comes.
#[derive(Clone)]
pub(crate) struct Hasher(sha2::Sha256);

impl Hasher {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self(sha2::Sha256::new())
    }

    /// Goes on with `bytes`.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that came.
    pub(crate) fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

/// Bytes of one read. 16 of them fill the 1 MiB of second-level cache that a server core has at least.
const WINDOW: usize = 64 << 10;

/// Between two slots: at a distance of a power of two all lanes would compete for the same few places in the cache.
const GAP: usize = 192;

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};

    use super::*;
    use crate::digest::sha256;

    #[test]
    fn ranges_around_the_borders_of_a_window_are_hashed_to_the_last_byte() {
        let bytes = pattern(3 * WINDOW + 100);
        let file = file_of(&bytes);
        let near =
            [0, 1, 55, 64, WINDOW - 64, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + 64, 2 * WINDOW, 3 * WINDOW + 99];
        let ranges: Vec<Range<u64>> = near.iter().flat_map(|len| [0..*len as u64, 1..1 + *len as u64]).collect();
        assert!(ranges.len() > LANES, "more than one group");
        for (chunk, range) in file_chunks(&file, &ranges, || true).unwrap().iter().zip(&ranges) {
            let expected = &bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
            assert_eq!(chunk.sha256, sha256(expected), "{range:?}");
            assert_eq!(chunk.crc64, crc_fast::crc64_nvme(expected), "{range:?}");
            assert_eq!(chunk.len, expected.len() as u64);
        }
    }

    #[test]
    fn a_range_past_the_end_is_an_unexpected_end() {
        let file = file_of(&[7; 100]);
        let error = file_chunks(&file, &[0..50, 60..101], || true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_range_that_nobody_waits_for_is_left_after_its_first_window() {
        let file = file_of(&pattern(3 * WINDOW));
        let asked = std::cell::Cell::new(0);
        let wanted = || {
            asked.set(asked.get() + 1);
            false
        };
        let whole = 0..3 * WINDOW as u64;
        assert!(file_chunks(&file, &[whole], wanted).is_err());
        assert_eq!(asked.get(), 1);
    }

    #[test]
    fn no_ranges_are_no_chunks() {
        assert_eq!(file_chunks(&file_of(b"abc"), &[], || true).unwrap(), []);
    }

    #[test]
    fn a_checksum_in_pieces_is_the_checksum_of_the_whole() {
        let bytes = pattern(1000);
        let (mut crc, mut hasher) = (Crc64::new(), Hasher::new());
        for piece in [&bytes[..1], &bytes[1..1], &bytes[1..700], &bytes[700..]] {
            crc.update(piece);
            hasher.update(piece);
        }
        assert_eq!(crc.finish(), crc_fast::crc64_nvme(&bytes));
        assert_eq!(hasher.finish(), sha256(&bytes));
    }

    #[test]
    fn the_checksum_is_the_nvme_one() {
        let mut crc = Crc64::new();
        crc.update(b"123456789");
        // The check value of the catalogue of parametrised CRC algorithms.
        assert_eq!(crc.finish(), 0xae8b_1486_0a79_9888);
    }

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|n| ((n * n) >> 7).to_le_bytes()[0] ^ n.to_le_bytes()[0]).collect()
    }
}
