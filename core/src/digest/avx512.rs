//! SHA-256 of 16 or 8 streams at once: word `n` of every stream sits in one vector, so one instruction works for all.
//!
//! A round is 17 vector operations and the schedule of a word 11, for all lanes together, because AVX-512 rotates in one
//! operation and joins three operands in another. 512-bit operations have two ports and 256-bit ones three, so 8 lanes
//! take about two thirds of the time of 16 rather than half: two kernels, and `lanes.rs` knows when which one pays.
//!
//! `unsafe` here is the loads and the promise that the CPU has the instructions, nothing else.
#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::array;

use super::constants::K;
use super::lanes::{Kernel, Lane};

/// Sixteen lanes, where the CPU has them.
pub(super) fn sixteen() -> Option<Kernel> {
    fn run(lanes: &mut [&mut Lane<'_>], blocks: usize) {
        // SAFETY: this function is private to `sixteen`, which hands it out only where the CPU has these instructions.
        unsafe { compress16(lanes, blocks) }
    }
    let there = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    there.then_some(Kernel { width: 16, run })
}

/// Eight lanes, where the CPU has them.
pub(super) fn eight() -> Option<Kernel> {
    fn run(lanes: &mut [&mut Lane<'_>], blocks: usize) {
        // SAFETY: this function is private to `eight`, which hands it out only where the CPU has these instructions.
        unsafe { compress8(lanes, blocks) }
    }
    let there = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
    (there && is_x86_feature_detected!("avx2")).then_some(Kernel { width: 8, run })
}

/// The same code for both widths; only the names of the instructions differ.
macro_rules! kernel {
    ($name:ident, $features:literal, $vector:ty, $lanes:literal, $words:ident, $load:ident, $store:ident, $set1:ident,
     $add:ident, $ror:ident, $shr:ident, $ternary:ident) => {
        /// Takes every lane `blocks` blocks further. Lanes that are missing repeat the last one and are thrown away.
        #[target_feature(enable = $features)]
        fn $name(lanes: &mut [&mut Lane<'_>], blocks: usize) {
            let last = lanes.len() - 1;
            let sources: [&[[u8; 64]]; $lanes] = array::from_fn(|lane| &lanes[lane.min(last)].blocks[..blocks]);
            let mut state: [$vector; 8] = array::from_fn(|word| {
                let column: [u32; $lanes] = array::from_fn(|lane| lanes[lane.min(last)].state[word]);
                // SAFETY: `column` is exactly one vector long, and the load asks for no alignment.
                unsafe { $load(column.as_ptr().cast()) }
            });
            for block in 0..blocks {
                let mut w = $words(&sources, block);
                let mut s = state;
                let (last, first) = K.split_last().expect("the rounds are not empty");
                for k in first {
                    unrolled!(I {
                        round!(s, I, $add($set1(k[I].cast_signed()), w[I]), $add, $ror, $ternary);
                        let near = w[(I + 1) % 16];
                        let far = w[(I + 14) % 16];
                        let near = $ternary::<XOR>($ror::<7>(near), $ror::<18>(near), $shr::<3>(near));
                        let far = $ternary::<XOR>($ror::<17>(far), $ror::<19>(far), $shr::<10>(far));
                        w[I] = $add($add(w[I], w[(I + 9) % 16]), $add(near, far));
                    });
                }
                unrolled!(I {
                    round!(s, I, $add($set1(last[I].cast_signed()), w[I]), $add, $ror, $ternary);
                });
                state = array::from_fn(|word| $add(state[word], s[word]));
            }
            for (word, vector) in state.into_iter().enumerate() {
                let mut column = [0u32; $lanes];
                // SAFETY: `column` is exactly one vector long, and the store asks for no alignment.
                unsafe { $store(column.as_mut_ptr().cast(), vector) };
                for (lane, value) in lanes.iter_mut().zip(column) {
                    lane.state[word] = value;
                }
            }
        }
    };
}

/// One round. The eight variables never move: their names do, with the number of the round.
macro_rules! round {
    ($s:ident, $i:ident, $input:expr, $add:ident, $ror:ident, $ternary:ident) => {
        let [a, b, c, d, e, f, g, h] = const {
            let mut place = [0; 8];
            let mut n = 0;
            while n < 8 {
                place[n] = (n + 64 - $i) % 8;
                n += 1;
            }
            place
        };
        let (va, ve) = ($s[a], $s[e]);
        let sum1 = $ternary::<XOR>($ror::<6>(ve), $ror::<11>(ve), $ror::<25>(ve));
        let choice = $ternary::<CHOOSE>(ve, $s[f], $s[g]);
        let t = $add($add($add($input, $s[h]), choice), sum1);
        let sum0 = $ternary::<XOR>($ror::<2>(va), $ror::<13>(va), $ror::<22>(va));
        let majority = $ternary::<MAJORITY>(va, $s[b], $s[c]);
        $s[d] = $add($s[d], t);
        $s[h] = $add($add(t, majority), sum0);
    };
}

/// Sixteen copies of a block of code; loops of this size are not unrolled by the compiler, and an index that is not a
/// constant would keep the vectors in memory.
macro_rules! unrolled {
    ($i:ident $body:block) => {
        unrolled!($i $body 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($i:ident $body:block $($n:literal)*) => {
        $({ const $i: usize = $n; $body })*
    };
}

kernel!(
    compress16,
    "avx512f,avx512bw",
    __m512i,
    16,
    words16,
    _mm512_loadu_si512,
    _mm512_storeu_si512,
    _mm512_set1_epi32,
    _mm512_add_epi32,
    _mm512_ror_epi32,
    _mm512_srli_epi32,
    _mm512_ternarylogic_epi32
);
kernel!(
    compress8,
    "avx512f,avx512vl,avx2",
    __m256i,
    8,
    words8,
    _mm256_loadu_si256,
    _mm256_storeu_si256,
    _mm256_set1_epi32,
    _mm256_add_epi32,
    _mm256_ror_epi32,
    _mm256_srli_epi32,
    _mm256_ternarylogic_epi32
);

/// Block `block` of each lane, turned so that vector `n` holds word `n` of all of them.
#[target_feature(enable = "avx512f,avx512bw")]
fn words16(sources: &[&[[u8; 64]]; 16], block: usize) -> [__m512i; 16] {
    let swap = _mm512_broadcast_i32x4(_mm_set_epi64x(SWAP.0, SWAP.1));
    let rows: [__m512i; 16] = array::from_fn(|lane| {
        let bytes: &[u8; 64] = &sources[lane][block];
        // SAFETY: a block is 64 bytes, exactly one vector, and the load asks for no alignment.
        _mm512_shuffle_epi8(unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }, swap)
    });
    // Four lanes at a time: quads[q][k] holds the words k, k + 4, k + 8 and k + 12 of the lanes 4q to 4q + 3.
    let quads: [[__m512i; 4]; 4] = array::from_fn(|q| {
        let [a, b, c, d] = array::from_fn(|lane| rows[4 * q + lane]);
        let (low, high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (low2, high2) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        [
            _mm512_unpacklo_epi64(low, low2),
            _mm512_unpackhi_epi64(low, low2),
            _mm512_unpacklo_epi64(high, high2),
            _mm512_unpackhi_epi64(high, high2),
        ]
    });
    let mut words = rows;
    for k in 0..4 {
        let [a, b, c, d] = array::from_fn(|q| quads[q][k]);
        let (even, odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xDD>(a, b));
        let (even2, odd2) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xDD>(c, d));
        words[k] = _mm512_shuffle_i32x4::<0x88>(even, even2);
        words[k + 4] = _mm512_shuffle_i32x4::<0x88>(odd, odd2);
        words[k + 8] = _mm512_shuffle_i32x4::<0xDD>(even, even2);
        words[k + 12] = _mm512_shuffle_i32x4::<0xDD>(odd, odd2);
    }
    words
}

/// As [`words16`], in two halves of eight words.
#[target_feature(enable = "avx512f,avx512vl,avx2")]
fn words8(sources: &[&[[u8; 64]]; 8], block: usize) -> [__m256i; 16] {
    let swap = _mm256_broadcastsi128_si256(_mm_set_epi64x(SWAP.0, SWAP.1));
    let mut words = [swap; 16];
    for half in [0, 8] {
        let rows: [__m256i; 8] = array::from_fn(|lane| {
            let bytes: &[u8; 64] = &sources[lane][block];
            // SAFETY: `half` is 0 or 8 words of 4 bytes, so 32 bytes of the 64 lie ahead; no alignment is asked for.
            _mm256_shuffle_epi8(unsafe { _mm256_loadu_si256(bytes.as_ptr().add(4 * half).cast()) }, swap)
        });
        let quads: [[__m256i; 4]; 2] = array::from_fn(|q| {
            let [a, b, c, d] = array::from_fn(|lane| rows[4 * q + lane]);
            let (low, high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
            let (low2, high2) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
            [
                _mm256_unpacklo_epi64(low, low2),
                _mm256_unpackhi_epi64(low, low2),
                _mm256_unpacklo_epi64(high, high2),
                _mm256_unpackhi_epi64(high, high2),
            ]
        });
        for k in 0..4 {
            words[half + k] = _mm256_permute2x128_si256::<0x20>(quads[0][k], quads[1][k]);
            words[half + k + 4] = _mm256_permute2x128_si256::<0x31>(quads[0][k], quads[1][k]);
        }
    }
    words
}

// Truth tables of `a ^ b ^ c`, `a ? b : c` and "two of three".
const XOR: i32 = 0x96;
const CHOOSE: i32 = 0xCA;
const MAJORITY: i32 = 0xE8;

/// Which byte goes where when big-endian words are read, high half first.
const SWAP: (i64, i64) = (0x0C0D_0E0F_0809_0A0B, 0x0405_0607_0001_0203);
