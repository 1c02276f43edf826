//! Where lanes touch memory: two looks, one note, and vectors from and to arrays.
//!
//! # Why there is `unsafe` here
//! Sixteen lanes read from sixteen places with one instruction, which takes a pointer, and every place is moved into the
//! slice before that. Vectors and arrays of the same size are each other's bits. And a function compiled for
//! instructions that the CPU lacks must not be called: the one call of such a function from others stands behind the
//! question whether it has them.
#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::mem::transmute;

use super::super::grid::Grid;
use super::super::planes::Canvas;
use super::super::scan::Reading;
use super::super::script::Scan;

/// Reads a scan at `N` samples for eight; none when the CPU has no AVX-512, and when the scan has something that no
/// encoder writes. The canvases then hold what came before that.
pub(in super::super) fn read<const N: usize>(
    bytes: &[u8],
    grid: &Grid,
    scan: &Scan<'_>,
    canvases: &mut [Canvas],
) -> Option<Reading> {
    if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
    {
        // SAFETY: the CPU has what the function is compiled for.
        return unsafe { super::read_here::<N>(bytes, grid, scan, canvases) };
    }
    None
}

/// For each lane the 25 bits from bit `at` of `data` on, and some more, on top of the others.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
pub(super) fn ahead(data: &[u8], at: __m512i) -> __m512i {
    let last = last_of(data, 4);
    let place = _mm512_min_epu32(_mm512_srli_epi32::<3>(at), last);
    // SAFETY: four bytes are read from each place, and it is at most four before the end of the slice.
    let words = unsafe { _mm512_i32gather_epi32::<1>(place, data.as_ptr().cast()) };
    let swap = _mm512_broadcast_i32x4(_mm_set_epi64x(SWAP.0, SWAP.1));
    _mm512_sllv_epi32(_mm512_shuffle_epi8(words, swap), _mm512_and_si512(at, _mm512_set1_epi32(7)))
}

/// For each lane the entry at `index`.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn look(entries: &[u16], index: __m512i) -> __m512i {
    let index = _mm512_min_epu32(index, last_of(entries, 2));
    // SAFETY: two entries are read from each index, and it is at most two before the end of the slice.
    let pairs = unsafe { _mm512_i32gather_epi32::<2>(index, entries.as_ptr().cast()) };
    _mm512_and_si512(pairs, _mm512_set1_epi32(0xFFFF))
}

/// Notes the values of `lanes` at their indices. Where two of them are the same, the later lane's is left.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn note<T: Word>(list: &mut [T], lanes: u16, index: __m512i, values: __m512i) {
    let index = _mm512_min_epu32(index, last_of(list, 1));
    // SAFETY: a word is written to each index, which is at most the last of the slice; any bits are a number.
    unsafe { _mm512_mask_i32scatter_epi32::<4>(list.as_mut_ptr().cast(), lanes, index, values) };
}

/// Numbers of 32 bits.
pub(super) trait Word {}

impl Word for u32 {}
impl Word for f32 {}

/// In all lanes, the last index from which `count` elements can be read.
#[target_feature(enable = "avx512f")]
#[inline]
fn last_of<T>(slice: &[T], count: usize) -> __m512i {
    // Every index is below 2^28, so that no instruction takes it for a negative one.
    assert!((count..1 << 28).contains(&slice.len()), "lanes look into {} elements", slice.len());
    _mm512_set1_epi32(i32::try_from(slice.len() - count).expect("below 2^28"))
}

#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn vector(lanes: [u32; 16]) -> __m512i {
    // SAFETY: both are 64 bytes, and any bits are valid in both.
    unsafe { transmute(lanes) }
}

#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn vector_of_halves(lanes: [u16; 32]) -> __m512i {
    // SAFETY: both are 64 bytes, and any bits are valid in both.
    unsafe { transmute(lanes) }
}

#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn numbers(vector: __m512i) -> [u32; 16] {
    // SAFETY: both are 64 bytes, and any bits are valid in both.
    unsafe { transmute(vector) }
}

/// The number in all lanes.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn all(number: u32) -> __m512i {
    _mm512_set1_epi32(number.cast_signed())
}

/// Which byte goes where when big-endian words are read, high half first.
const SWAP: (i64, i64) = (0x0C0D_0E0F_0809_0A0B, 0x0405_0607_0001_0203);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_behind_the_end_is_the_last_one() {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
            // SAFETY: the CPU has what the function is compiled for.
            unsafe { looks_and_notes() }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn looks_and_notes() {
        let places = vector(std::array::from_fn(|lane| if lane < 8 { u32::try_from(lane).unwrap() } else { u32::MAX }));
        let bytes: Vec<u8> = (1..=7).collect();
        let words = numbers(ahead(&bytes, places));
        assert_eq!(words[..2], [0x0102_0304, 0x0102_0304 << 1]);
        assert_eq!(words[8..], [0x0405_0607 << 7; 8]);
        let entries = numbers(look(&[5, 6, 7, 8, 9], places));
        assert_eq!((entries[..4].to_vec(), entries[4], entries[15]), (vec![5, 6, 7, 8], 8, 8));
        let mut list = [0_u32; 4];
        note(&mut list, 0x8005, places, all(3));
        assert_eq!(list, [3, 0, 3, 3]);
    }
}
