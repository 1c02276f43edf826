//! Every SHA-256 kernel of this CPU against `sha2`, on any set of streams.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz digest`

#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use porteur::digests_by_each_kernel;
use sha2::Digest;

/// Streams are places in the same bytes, so that few bytes of input make many and long ones that differ.
#[derive(Arbitrary, Debug)]
struct Input {
    seed: Vec<u8>,
    places: Vec<(u16, u16)>,
}

fuzz_target!(|input: Input| {
    let bytes: Vec<u8> =
        (0..SPACE).map(|n| input.seed.get(n % input.seed.len().max(1)).map_or(0, |byte| byte ^ fold(n))).collect();
    let place = |(start, len): &(u16, u16)| {
        let start = usize::from(*start) % SPACE;
        &bytes[start..SPACE.min(start + usize::from(*len) % SPACE)]
    };
    let streams: Vec<&[u8]> = input.places.iter().take(MOST).map(place).collect();
    let expected: Vec<[u8; 32]> = streams.iter().map(|stream| sha2::Sha256::digest(stream).into()).collect();
    for (kernel, digests) in digests_by_each_kernel(&streams) {
        let digests: Vec<[u8; 32]> = digests.iter().map(|digest| *digest.as_bytes()).collect();
        assert_eq!(digests, expected, "{kernel}");
    }
});

/// No two blocks alike.
fn fold(n: usize) -> u8 {
    (n.wrapping_mul(0x9e37_79b9) >> 11).to_le_bytes()[0]
}

const SPACE: usize = 3000;

const MOST: usize = 40;
