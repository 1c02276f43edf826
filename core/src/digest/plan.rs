//! Which thread hashes which chunks.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::lanes::LANES;
use super::{ChunkDigests, HashChunks, Sha256};
use crate::error::{Error, Result};

/// A [`HashChunks`] that fits a source of `size` bytes.
pub(super) struct Plan {
    size: u64,
    chunk_size: u64,
    /// At most [`MAX_CHUNKS`].
    chunks: usize,
    whole: bool,
    threads: usize,
}

impl Plan {
    /// Checks the request against the source.
    pub(super) fn parse(request: &HashChunks, size: u64) -> Result<Self> {
        let HashChunks { chunk_size, whole, threads } = *request;
        if chunk_size == 0 {
            return Err(Error::invalid("chunk_size", "expected at least 1 byte, got 0"));
        }
        let chunks = usize::try_from(size.div_ceil(chunk_size)).ok().filter(|chunks| *chunks <= MAX_CHUNKS);
        let chunks = chunks.ok_or_else(|| {
            let fewest = size.div_ceil(MAX_CHUNKS as u64);
            let limit = format!("at most {MAX_CHUNKS} chunks of {size} bytes");
            Error::invalid("chunk_size", format!("expected at least {fewest} bytes ({limit}), got {chunk_size}"))
        })?;
        let threads = threads.unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)).get();
        let worth = usize::try_from(size / SHARE).map_or(threads, |shares| shares.max(1));
        Ok(Self { size, chunk_size, chunks: chunks.max(1), whole, threads: threads.min(worth) })
    }

    /// Runs `hash` on groups of ranges on all threads, and `whole` beside them when it is wanted. The first error stops all.
    pub(super) fn run<E: Send>(
        &self,
        hash: impl Fn(&[Range<u64>]) -> Result<Vec<Sha256>, E> + Sync,
        whole: impl FnOnce() -> Result<Sha256, E> + Send,
    ) -> Result<ChunkDigests, E> {
        let groups = self.groups();
        let next = AtomicUsize::new(0);
        // One chunk is the whole.
        let apart = self.whole && self.chunks > 1;
        let work = || {
            let mut done = Vec::new();
            while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                let ranges: Vec<Range<u64>> = group.clone().map(|chunk| self.range(chunk)).collect();
                match hash(&ranges) {
                    Ok(digests) => done.push((group.start, digests)),
                    Err(error) => {
                        next.store(groups.len(), Ordering::Relaxed);
                        return Err(error);
                    }
                }
            }
            Ok(done)
        };
        thread::scope(|scope| {
            let whole = apart.then(|| scope.spawn(whole));
            let others: Vec<_> = (1..self.threads.min(groups.len())).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                let more = other.join().unwrap_or_else(|panic| resume_unwind(panic));
                done = done.and_then(|mut done| {
                    done.extend(more?);
                    Ok(done)
                });
            }
            let whole = whole.map(|whole| whole.join().unwrap_or_else(|panic| resume_unwind(panic))).transpose();
            let (mut done, whole) = (done?, whole?);
            done.sort_unstable_by_key(|(first, _)| *first);
            let chunks: Vec<Sha256> = done.into_iter().flat_map(|(_, digests)| digests).collect();
            let whole = whole.or(self.whole.then(|| chunks[0]));
            Ok(ChunkDigests { size: self.size, chunk_size: self.chunk_size, chunks, whole })
        })
    }

    /// Chunks that are hashed together: as many full groups for every thread as there are, then what is left in equal
    /// shares. A group of 16 takes hardly longer than one of 9, so it would not do to give one thread 16 and another none.
    fn groups(&self) -> Vec<Range<usize>> {
        let full = self.chunks / (LANES * self.threads) * self.threads;
        let left = self.chunks - full * LANES;
        let mut groups: Vec<Range<usize>> = (0..full).map(|group| group * LANES..(group + 1) * LANES).collect();
        let mut start = full * LANES;
        for share in 0..self.threads.min(left) {
            let end = full * LANES + left * (share + 1) / self.threads.min(left);
            groups.push(start..end);
            start = end;
        }
        groups
    }

    fn range(&self, chunk: usize) -> Range<u64> {
        let start = chunk as u64 * self.chunk_size;
        start..self.size.min(start.saturating_add(self.chunk_size))
    }
}

/// Half a gigabyte of digests.
const MAX_CHUNKS: usize = 1 << 24;

/// Bytes for which another thread is worth its start (some 30 µs; this takes 100 µs at the very least).
const SHARE: u64 = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gigabyte_in_chunks_of_five_megabytes_is_shared_evenly_by_two_threads() {
        let plan = plan(1 << 30, 5 << 20, 2);
        let sizes: Vec<usize> = plan.groups().iter().map(ExactSizeIterator::len).collect();
        assert_eq!(sizes, [vec![16; 12], vec![6, 7]].concat());
    }

    #[test]
    fn groups_cover_every_chunk_once_and_fit_into_the_lanes() {
        for chunks in 1..=200 {
            for threads in 1..=9 {
                let plan = Plan { size: 0, chunk_size: 1, chunks, whole: false, threads };
                let groups = plan.groups();
                let covered: Vec<usize> = groups.iter().cloned().flatten().collect();
                assert_eq!(covered, (0..chunks).collect::<Vec<_>>(), "{chunks} chunks, {threads} threads");
                assert!(groups.iter().all(|group| (1..=LANES).contains(&group.len())), "{groups:?}");
            }
        }
    }

    #[test]
    fn the_last_chunk_is_shorter_and_ends_at_the_end() {
        let plan = plan(10, 4, 1);
        assert_eq!((0..plan.chunks).map(|chunk| plan.range(chunk)).collect::<Vec<_>>(), [0..4, 4..8, 8..10]);
        assert_eq!(self::plan(u64::MAX, u64::MAX - 1, 1).range(1), u64::MAX - 1..u64::MAX);
    }

    #[test]
    fn a_source_too_small_to_share_stays_on_one_thread() {
        assert_eq!(plan(SHARE * 2 - 1, 1024, 8).threads, 1);
        assert_eq!(plan(SHARE * 3, 1024, 8).threads, 3);
    }

    #[test]
    fn an_error_of_any_thread_is_the_answer() {
        let plan = plan(64 << 20, 1 << 20, 3);
        let failing = |ranges: &[Range<u64>]| {
            if ranges[0].start > 40 << 20 {
                Err("unreadable")
            } else {
                Ok(vec![super::super::sha256(b""); ranges.len()])
            }
        };
        assert_eq!(plan.run(failing, || Err("not asked for")).unwrap_err(), "unreadable");
    }

    fn plan(size: u64, chunk_size: u64, threads: usize) -> Plan {
        Plan::parse(&HashChunks::new(chunk_size).threads(NonZeroUsize::new(threads).unwrap()), size).unwrap()
    }
}
