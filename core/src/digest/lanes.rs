//! Many SHA-256 streams side by side, whatever their lengths.
//!
//! One stream cannot be hashed faster than its rounds follow each other. Several can: the CPU works on 16 at once where it
//! has AVX-512, on two where it has the SHA extensions. A kernel takes all its lanes the same number of blocks further;
//! here is decided which lanes go together, and that too few of them go one after the other instead.
//!
//! `sha2` is the oracle: the tests compare every kernel this CPU has with it, and so does the fuzzer (`tests/fuzz`).

use std::sync::LazyLock;

use sha2::block_api::compress256;

use super::Sha256;
use super::constants::START;
#[cfg(target_arch = "x86_64")]
use super::{avx512, shani};

/// A stream on its way: what came out so far and the whole blocks that come next.
pub(super) struct Lane<'a> {
    pub(super) state: [u32; 8],
    pub(super) blocks: &'a [[u8; 64]],
}

/// Code that takes up to `width` lanes the same number of blocks further. It does not move `blocks`.
#[derive(Clone, Copy)]
pub(super) struct Kernel {
    pub(super) width: usize,
    pub(super) run: fn(&mut [&mut Lane<'_>], usize),
}

/// The end of a stream: what its whole blocks came to, the bytes after them, and its length in bytes.
pub(super) struct End<'a> {
    pub(super) state: [u32; 8],
    pub(super) rest: &'a [u8],
    pub(super) len: u64,
}

/// The digest of each stream.
pub(super) fn digests(streams: &[&[u8]]) -> Vec<Sha256> {
    digests_with(&LADDER, streams)
}

fn digests_with(ladder: &[Rung], streams: &[&[u8]]) -> Vec<Sha256> {
    let mut lanes: Vec<Lane<'_>> =
        streams.iter().map(|stream| Lane { state: START, blocks: stream.as_chunks().0 }).collect();
    advance_with(ladder, &mut lanes);
    let ends: Vec<End<'_>> = lanes
        .iter()
        .zip(streams)
        .map(|(lane, stream)| End { state: lane.state, rest: stream.as_chunks::<64>().1, len: stream.len() as u64 })
        .collect();
    finish_with(ladder, &ends)
}

/// Takes every lane to the end of its blocks.
pub(super) fn advance(lanes: &mut [Lane<'_>]) {
    advance_with(&LADDER, lanes);
}

fn advance_with(ladder: &[Rung], lanes: &mut [Lane<'_>]) {
    let mut waiting: Vec<&mut Lane<'_>> = lanes.iter_mut().filter(|lane| !lane.blocks.is_empty()).collect();
    // The longest go first, at the back: a long lane that is left alone at the end is what costs time.
    waiting.sort_by_key(|lane| lane.blocks.len());
    for rung in ladder {
        while waiting.len() >= rung.fewest {
            let start = waiting.len().saturating_sub(rung.kernel.width);
            let busy = &mut waiting[start..];
            let blocks = busy.iter().map(|lane| lane.blocks.len()).min().unwrap_or_default();
            (rung.kernel.run)(busy, blocks);
            for lane in busy {
                lane.blocks = &lane.blocks[blocks..];
            }
            waiting.extract_if(start.., |lane| lane.blocks.is_empty()).for_each(drop);
        }
    }
}

/// The digest of each stream, from its end. The padding goes through the lanes like the rest: with small chunks it is
/// half of the work.
pub(super) fn finish(ends: &[End<'_>]) -> Vec<Sha256> {
    finish_with(&LADDER, ends)
}

fn finish_with(ladder: &[Rung], ends: &[End<'_>]) -> Vec<Sha256> {
    let tails: Vec<Tail> = ends.iter().map(Tail::of).collect();
    let mut lanes: Vec<Lane<'_>> = ends
        .iter()
        .zip(&tails)
        .map(|(end, tail)| Lane { state: end.state, blocks: &tail.blocks[..tail.used] })
        .collect();
    advance_with(ladder, &mut lanes);
    lanes.iter().map(|lane| sha256_of(lane.state)).collect()
}

/// The last one or two blocks of a stream.
struct Tail {
    blocks: [[u8; 64]; 2],
    used: usize,
}

impl Tail {
    /// The rest, a one bit, zeros, and the length in bits as the last eight bytes of a block (FIPS 180-4, 5.1.1).
    fn of(end: &End<'_>) -> Self {
        let used = if end.rest.len() < 56 { 1 } else { 2 };
        let mut blocks = [[0; 64]; 2];
        let bytes = blocks.as_flattened_mut();
        bytes[..end.rest.len()].copy_from_slice(end.rest);
        bytes[end.rest.len()] = 0x80;
        bytes[used * 64 - 8..used * 64].copy_from_slice(&end.len.wrapping_mul(8).to_be_bytes());
        Self { blocks, used }
    }
}

fn sha256_of(state: [u32; 8]) -> Sha256 {
    let mut bytes = [0; 32];
    for (four, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *four = word.to_be_bytes();
    }
    Sha256(bytes)
}

/// A kernel and the fewest lanes for which it beats the rungs below it.
struct Rung {
    kernel: Kernel,
    fewest: usize,
}

/// What this CPU can do, widest first; the last rung takes whatever is left.
///
/// Eight lanes take 0.59 of the time of 16 (Cascade Lake, as all that follows where nothing else is said). One stream of
/// `sha2` in plain code takes 1.5 times as long as eight lanes, so without the SHA extensions even a single stream goes
/// through those. With them (Sapphire Rapids) a pair takes 0.38 of the time of eight lanes, so these are worth it from six
/// on, and 16 lanes from twelve.
static LADDER: LazyLock<Vec<Rung>> = LazyLock::new(|| {
    let mut ladder = Vec::new();
    #[cfg(target_arch = "x86_64")]
    if !cfg!(feature = "safe") {
        let two = shani::two();
        let (fewest_of_16, fewest_of_8) = if two.is_some() { (12, 6) } else { (9, 1) };
        ladder.extend(avx512::sixteen().map(|kernel| Rung { kernel, fewest: fewest_of_16 }));
        ladder.extend(avx512::eight().map(|kernel| Rung { kernel, fewest: fewest_of_8 }));
        ladder.extend(two.map(|kernel| Rung { kernel, fewest: 2 }));
    }
    ladder.push(Rung { kernel: ONE, fewest: 1 });
    ladder
});

/// `sha2`, for CPUs without our instructions and for the last stream of an odd number.
const ONE: Kernel = Kernel {
    width: 1,
    run: |lanes, blocks| {
        for lane in lanes {
            compress256(&mut lane.state, &lane.blocks[..blocks]);
        }
    },
};

/// The most lanes any kernel takes.
pub(crate) const LANES: usize = 16;

/// Every kernel this CPU has, each as the one that takes whatever comes, and the ladder itself: for comparing them.
#[cfg(any(test, fuzzing))]
pub(super) fn digests_by_each_kernel(streams: &[&[u8]]) -> Vec<(&'static str, Vec<Sha256>)> {
    let mut answers = vec![("the ladder", digests(streams))];
    let mut alone = |name, kernel: Option<Kernel>| {
        answers.extend(kernel.map(|kernel| (name, digests_with(&[Rung { kernel, fewest: 1 }], streams))));
    };
    #[cfg(target_arch = "x86_64")]
    {
        alone("16 lanes", avx512::sixteen());
        alone("8 lanes", avx512::eight());
        alone("2 lanes", shani::two());
    }
    alone("1 lane", Some(ONE));
    answers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::Digest;

    use super::*;

    #[test]
    fn every_kernel_agrees_with_sha2_on_every_length_to_300() {
        let bytes = noise(300);
        let streams: Vec<&[u8]> = (0..=300).map(|len| &bytes[..len]).collect();
        compare(&streams);
        for stream in streams {
            compare(&[stream]);
        }
    }

    #[test]
    fn every_kernel_agrees_with_sha2_on_any_number_of_streams_around_a_block() {
        let bytes = noise(200);
        for len in [55, 56, 63, 64, 65, 119, 120, 127, 128, 129] {
            for count in 1..=33 {
                let streams: Vec<&[u8]> = (0..count).map(|n| &bytes[n..n + len]).collect();
                compare(&streams);
            }
        }
    }

    #[test]
    fn a_long_lane_among_short_ones_is_hashed_to_its_end() {
        let bytes = noise(7_000);
        for long in 0..17 {
            let streams: Vec<&[u8]> =
                (0..17).map(|n| if n == long { &bytes[..] } else { &bytes[n..n + 64 * n] }).collect();
            compare(&streams);
        }
    }

    #[test]
    fn a_stream_in_pieces_of_whole_blocks_is_the_same_stream() {
        let bytes = noise(1000);
        let (blocks, rest) = bytes.as_chunks::<64>();
        let mut state = START;
        for piece in [&blocks[..1], &blocks[1..1], &blocks[1..9], &blocks[9..]] {
            let mut lanes = [Lane { state, blocks: piece }];
            advance(&mut lanes);
            state = lanes[0].state;
        }
        assert_eq!(finish(&[End { state, rest, len: 1000 }]), [by_sha2(&bytes)]);
    }

    #[test]
    fn a_cpu_with_avx512_or_the_sha_extensions_uses_them() {
        let widths: Vec<usize> = LADDER.iter().map(|rung| rung.kernel.width).collect();
        #[cfg(target_arch = "x86_64")]
        {
            assert_eq!(widths.contains(&16), is_x86_feature_detected!("avx512bw"), "{widths:?}");
            assert_eq!(widths.contains(&2), is_x86_feature_detected!("sha"), "{widths:?}");
        }
        assert_eq!(widths.last(), Some(&1));
    }

    proptest! {
        #[test]
        fn every_kernel_agrees_with_sha2_on_streams_of_any_lengths(
            streams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..40)
        ) {
            let streams: Vec<&[u8]> = streams.iter().map(Vec::as_slice).collect();
            compare(&streams);
        }
    }

    fn compare(streams: &[&[u8]]) {
        let expected: Vec<Sha256> = streams.iter().map(|stream| by_sha2(stream)).collect();
        for (kernel, digests) in digests_by_each_kernel(streams) {
            for (n, (digest, expected)) in digests.iter().zip(&expected).enumerate() {
                let (count, len) = (streams.len(), streams[n].len());
                assert_eq!(digest, expected, "{kernel}: stream {n} of {count}, {len} bytes");
            }
            assert_eq!(digests.len(), streams.len(), "{kernel}");
        }
    }

    fn by_sha2(bytes: &[u8]) -> Sha256 {
        Sha256(sha2::Sha256::digest(bytes).into())
    }

    /// Bytes in which no two words are alike, so that a mixed-up word or lane shows.
    fn noise(len: usize) -> Vec<u8> {
        let mut x = 0x9e37_79b9_7f4a_7c15_u64;
        let step = |_| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x.to_le_bytes()[0]
        };
        (0..len).map(step).collect()
    }
}
