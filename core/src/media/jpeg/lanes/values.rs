//! Coefficients of 16 blocks at once, when it is known where they begin.

use std::arch::x86_64::*;
use std::array;

use super::super::inverse::{LANES, NOWHERE, last, places};
use super::looks::{ADVANCE, LENGTH_MASK, SIZE, Steps, WINDOW};
use super::memory::{ahead, all, look, note, numbers, vector, vector_of_halves};

/// Reads the mean of each block, less that of the one before: places in, places behind it out.
#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
pub(super) fn differences(data: &[u8], entries: &[u16], steps: Steps, places: &mut [u32], levels: &mut [i32]) {
    let steps = LaneSteps::same(steps);
    let groups = places.as_chunks_mut::<LANES>().0.iter_mut().zip(levels.as_chunks_mut::<LANES>().0);
    for (places, levels) in groups {
        let at = vector(*places);
        let step = steps.value(data, entries, at);
        *places = numbers(_mm512_add_epi32(at, step.length));
        *levels = numbers(step.value).map(u32::cast_signed);
    }
}

/// Reads the detail that `N` samples for eight need.
pub(super) struct Detail<const N: usize> {
    steps: LaneSteps,
    /// [`places`], in two halves.
    places: [__m512i; 2],
}

impl<const N: usize> Detail<N> {
    #[target_feature(enable = "avx512f")]
    pub(super) fn new(steps: Steps) -> Self {
        let places = const { places::<N>() };
        let half = |from: usize| vector_of_halves(array::from_fn(|n| places[from + n].into()));
        Self { steps: LaneSteps::same(steps), places: [half(0), half(32)] }
    }

    /// Reads what begins at `from` into `values`, by place.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    #[inline]
    pub(super) fn read(&self, data: &[u8], entries: &[u16], from: &[u32; LANES], values: &mut [[f32; LANES]; 64]) {
        let last = all(u32::try_from(const { last::<N>() }).expect("a block has 64 places"));
        let lanes = vector(LANE);
        let (mut at, mut n) = (vector(*from), _mm512_setzero_si512());
        let mut busy = u16::MAX;
        while busy != 0 {
            let step = self.steps.value(data, entries, at);
            let value = _mm512_castps_si512(_mm512_cvtepi32_ps(step.value));
            at = _mm512_add_epi32(at, step.length);
            let advance = _mm512_and_si512(step.entry, all(31 << ADVANCE));
            n = _mm512_add_epi32(n, _mm512_srli_epi32::<ADVANCE>(advance));
            // An end of block goes no further, and neither does a place that belongs to no block.
            busy &= _mm512_test_epi32_mask(advance, advance);
            let place = _mm512_and_si512(_mm512_permutex2var_epi16(self.places[0], n, self.places[1]), all(0xFFFF));
            let wanted = _mm512_mask_cmple_epu32_mask(busy, n, last);
            let wanted = _mm512_mask_cmpneq_epi32_mask(wanted, place, all(NOWHERE.into()));
            if N == 2 {
                for (n, values) in (1..).zip(&mut values[1..4]) {
                    let here = _mm512_mask_cmpeq_epi32_mask(wanted, place, all(n));
                    let before = vector(values.map(f32::to_bits));
                    *values = numbers(_mm512_mask_mov_epi32(before, here, value)).map(f32::from_bits);
                }
            } else {
                let index = _mm512_add_epi32(_mm512_slli_epi32::<4>(place), lanes);
                note(values.as_flattened_mut(), wanted, index, value);
            }
            busy &= _mm512_cmplt_epu32_mask(n, last);
        }
    }
}

/// Where the steps of each lane begin.
pub(super) struct LaneSteps {
    pub(super) short: __m512i,
    pub(super) long: __m512i,
    pub(super) first: __m512i,
    pub(super) last: __m512i,
}

/// A step in each lane.
struct Values {
    entry: __m512i,
    length: __m512i,
    value: __m512i,
}

impl LaneSteps {
    /// The same ones in all lanes.
    #[target_feature(enable = "avx512f")]
    fn same(steps: Steps) -> Self {
        let Steps { short, long, first, last } = steps;
        Self { short: all(short), long: all(long), first: all(first), last: all(last) }
    }

    /// The entry of the step that begins each window; [`super::looks::NONE`] where there is none.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn next(&self, entries: &[u16], window: __m512i) -> __m512i {
        let short = _mm512_add_epi32(self.short, _mm512_srli_epi32::<{ 32 - WINDOW }>(window));
        let entry = look(entries, short);
        let long = _mm512_testn_epi32_mask(entry, entry);
        if long == 0 {
            return entry;
        }
        let above = _mm512_sub_epi32(_mm512_srli_epi32::<16>(window), self.first);
        let longer = look(entries, _mm512_add_epi32(self.long, _mm512_min_epu32(above, self.last)));
        _mm512_mask_mov_epi32(entry, long, longer)
    }

    /// The step at bit `at` of each lane.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    #[inline]
    fn value(&self, data: &[u8], entries: &[u16], at: __m512i) -> Values {
        let window = ahead(data, at);
        let entry = self.next(entries, window);
        let length = _mm512_and_si512(entry, all(LENGTH_MASK));
        let size = _mm512_and_si512(_mm512_srli_epi32::<SIZE>(entry), all(15));
        let code = _mm512_sub_epi32(length, size);
        let mut rest = _mm512_sllv_epi32(window, code);
        let far = _mm512_cmpgt_epu32_mask(length, all(25));
        if far != 0 {
            rest = _mm512_mask_mov_epi32(rest, far, ahead(data, _mm512_add_epi32(at, code)));
        }
        // A shift by all 32, where the size is 0, leaves nothing.
        let raw = _mm512_srlv_epi32(rest, _mm512_sub_epi32(all(32), size));
        // The lower half of the numbers is negative (T.81, F.2.2.1).
        let most = _mm512_sub_epi32(_mm512_sllv_epi32(all(1), size), all(1));
        let value = _mm512_mask_sub_epi32(raw, !_mm512_movepi32_mask(rest), raw, most);
        Values { entry, length, value }
    }
}

const LANE: [u32; LANES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
