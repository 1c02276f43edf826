//! What chunks side by side are worth: 256 MiB in chunks of 5 MiB, against one stream of `sha2`.
//!
//! `cargo bench --bench digest`; the rows of a run are comparable with each other, not with those of another day.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::LazyLock;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use porteur::{HashChunks, sha256_chunks};
use sha2::Digest;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 2])]
fn chunks_of_bytes(bencher: Bencher<'_, '_>, threads: usize) {
    let request = request(threads);
    bencher.counter(BytesCount::new(SIZE)).bench(|| sha256_chunks(black_box(&*BYTES), &request).map(black_box));
}

#[divan::bench]
fn chunks_of_bytes_on_all_cores(bencher: Bencher<'_, '_>) {
    let request = HashChunks::new(CHUNK);
    bencher.counter(BytesCount::new(SIZE)).bench(|| sha256_chunks(black_box(&*BYTES), &request).map(black_box));
}

#[divan::bench(args = [1, 2])]
fn chunks_of_a_cached_file(bencher: Bencher<'_, '_>, threads: usize) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary folder");
    file.write_all(&BYTES).expect("room for 256 MiB");
    let request = request(threads);
    bencher.counter(BytesCount::new(SIZE)).bench(|| sha256_chunks(black_box(file.path()), &request).map(black_box));
}

/// A group of this many chunks on one thread: where the kernels change over.
#[divan::bench(args = [1, 2, 3, 4, 6, 7, 8, 9, 12, 16])]
fn a_group_of(bencher: Bencher<'_, '_>, chunks: usize) {
    let bytes = &BYTES[..chunks << 20];
    let request = HashChunks::new(1 << 20).threads(NonZeroUsize::MIN);
    bencher.counter(BytesCount::new(bytes.len())).bench(|| sha256_chunks(black_box(bytes), &request).map(black_box));
}

#[divan::bench]
fn one_stream_of_sha2(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::new(SIZE)).bench(|| black_box(sha2::Sha256::digest(black_box(&*BYTES))));
}

fn request(threads: usize) -> HashChunks {
    HashChunks::new(CHUNK).threads(NonZeroUsize::new(threads).expect("at least one"))
}

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| (0..SIZE).map(|n| (n >> 3).to_le_bytes()[0]).collect());

const SIZE: usize = 256 << 20;

/// The chunk size that the platform names most.
const CHUNK: u64 = 5 << 20;
