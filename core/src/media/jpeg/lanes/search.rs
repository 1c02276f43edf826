//! The search: 32 lanes, each in a segment of its own, pass blocks and note where the next one begins.
//!
//! Sixteen lanes are a register. Two of them take turns, since a step is one long chain of two looks, and the CPU works
//! on the other's meanwhile.

use std::arch::x86_64::*;
use std::array;

use super::looks::{ADVANCE, Block, LENGTH_MASK, Looks, PLACES, Steps, WINDOW};
use super::memory::{ahead, all, look, note, numbers, vector};
use super::segments::{MOST, OVERLAP, Segments};
use super::values::LaneSteps;

/// Finds where blocks begin in all `segments`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
pub(super) fn search(data: &[u8], looks: &Looks, segments: &mut Segments) {
    let tables = Tables::of(looks);
    let mut queue = 0;
    let mut groups: [Group; 2] = array::from_fn(|_| Group::idle());
    for group in &mut groups {
        group.turn(u16::MAX, segments, &mut queue);
    }
    while groups[0].busy | groups[1].busy != 0 {
        let mut stopped = [0; 2];
        for (group, stopped) in groups.iter_mut().zip(&mut stopped) {
            *stopped = group.step(data, &looks.entries, &tables, &mut segments.starts);
        }
        for (group, stopped) in groups.iter_mut().zip(stopped).filter(|(_, stopped)| *stopped != 0) {
            group.turn(stopped, segments, &mut queue);
        }
    }
}

/// Where the tables of each block of a unit begin: lane `n` of a vector is for block `n`.
struct Tables {
    start: __m512i,
    more: __m512i,
    mean: LaneSteps,
    detail: LaneSteps,
    /// The number of the block behind.
    next: __m512i,
}

impl Tables {
    #[target_feature(enable = "avx512f")]
    fn of(looks: &Looks) -> Self {
        let lanes =
            |table: &dyn Fn(&Block) -> u32| vector(array::from_fn(|number| looks.blocks.get(number).map_or(0, table)));
        let steps = |steps: fn(&Block) -> Steps| LaneSteps {
            short: lanes(&|block| steps(block).short),
            long: lanes(&|block| steps(block).long),
            first: lanes(&|block| steps(block).first),
            last: lanes(&|block| steps(block).last),
        };
        let mut next = [0; 16];
        for (number, next) in (1..).zip(&mut next[..looks.blocks.len() - 1]) {
            *next = number;
        }
        Self {
            start: lanes(&|block| block.start),
            more: lanes(&|block| block.more),
            mean: steps(|block| block.mean),
            detail: steps(|block| block.detail),
            next: vector(next),
        }
    }
}

/// Sixteen lanes.
struct Group {
    /// Where each one is, in bits.
    at: __m512i,
    /// The last coefficient that it passed, in zigzag order.
    place: __m512i,
    /// The number of its block within the unit.
    number: __m512i,
    /// Where it notes the next beginning, and where there is no more room for one.
    note: __m512i,
    room: __m512i,
    /// Where it stops.
    to: __m512i,
    /// Lanes that are at the beginning of a block.
    fresh: u16,
    /// Lanes that have a segment.
    busy: u16,
    /// Lanes that just met what no encoder writes.
    lost: u16,
    segments: [usize; 16],
}

impl Group {
    #[target_feature(enable = "avx512f")]
    fn idle() -> Self {
        let zero = _mm512_setzero_si512();
        Self {
            at: zero,
            place: zero,
            number: zero,
            note: zero,
            room: zero,
            to: zero,
            fresh: 0,
            busy: 0,
            lost: 0,
            segments: [usize::MAX; 16],
        }
    }

    /// One look in each lane. Returns those that need another segment.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    #[inline]
    fn step(&mut self, data: &[u8], entries: &[u16], tables: &Tables, starts: &mut [u32]) -> u16 {
        let window = ahead(data, self.at);
        let more = _mm512_permutexvar_epi32(self.number, tables.more);
        let table = _mm512_mask_permutexvar_epi32(more, self.fresh, self.number, tables.start);
        let mut entry = look(entries, _mm512_add_epi32(table, _mm512_srli_epi32::<{ 32 - WINDOW }>(window)));
        let places = _mm512_and_si512(_mm512_srli_epi32::<PLACES>(entry), all(63));
        // An end of block counts as a place, so that behind the last coefficient there is no room for it.
        let mut to = _mm512_add_epi32(_mm512_add_epi32(self.place, places), _mm512_srli_epi32::<15>(entry));
        let odd = (_mm512_testn_epi32_mask(entry, entry) | _mm512_cmpgt_epu32_mask(to, all(63))) & self.busy;
        self.lost = 0;
        if odd != 0 {
            (entry, to) = self.single(odd, window, (entry, to), entries, tables);
            self.lost = (_mm512_testn_epi32_mask(entry, entry) | _mm512_cmpgt_epu32_mask(to, all(63))) & odd;
        }
        self.at = _mm512_add_epi32(self.at, _mm512_and_si512(entry, all(LENGTH_MASK)));
        let ended = _mm512_test_epi32_mask(entry, all(1 << 15)) | _mm512_cmpeq_epi32_mask(to, all(63));
        let done = ended & self.busy & !self.lost;
        note(starts, done, self.note, self.at);
        self.note = _mm512_mask_add_epi32(self.note, done, self.note, all(1));
        self.number = _mm512_mask_permutexvar_epi32(self.number, done, self.number, tables.next);
        self.place = _mm512_maskz_mov_epi32(!done, to);
        self.fresh = done;
        let arrived = _mm512_mask_cmpge_epu32_mask(done, self.at, self.to);
        arrived | _mm512_mask_cmpeq_epi32_mask(done, self.note, self.room) | self.lost
    }

    /// For the lanes that are `odd` the next step alone: their code is longer than a window, or their block ends
    /// within the stride. One in ten thousand looks of a photograph.
    #[cold]
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn single(
        &self,
        odd: u16,
        window: __m512i,
        (entry, to): (__m512i, __m512i),
        entries: &[u16],
        tables: &Tables,
    ) -> (__m512i, __m512i) {
        let pick = |mean: __m512i, detail: __m512i| {
            let detail = _mm512_permutexvar_epi32(self.number, detail);
            _mm512_mask_permutexvar_epi32(detail, self.fresh, self.number, mean)
        };
        let (mean, detail) = (&tables.mean, &tables.detail);
        let steps = LaneSteps {
            short: pick(mean.short, detail.short),
            long: pick(mean.long, detail.long),
            first: pick(mean.first, detail.first),
            last: pick(mean.last, detail.last),
        };
        let step = steps.next(entries, window);
        let advance = _mm512_and_si512(_mm512_srli_epi32::<ADVANCE>(step), all(31));
        let stepped = _mm512_add_epi32(_mm512_add_epi32(self.place, advance), _mm512_srli_epi32::<15>(step));
        (_mm512_mask_mov_epi32(entry, odd, step), _mm512_mask_mov_epi32(to, odd, stepped))
    }

    /// Gives the lanes that stopped another segment, as long as there are some.
    #[target_feature(enable = "avx512f")]
    fn turn(&mut self, stopped: u16, segments: &mut Segments, queue: &mut usize) {
        let vectors = [self.at, self.place, self.number, self.note, self.room, self.to];
        let [mut at, mut place, mut number, mut note, mut room, mut to] = vectors.map(|lanes| numbers(lanes));
        for lane in (0..16).filter(|lane| stopped >> lane & 1 == 1) {
            let bit = 1 << lane;
            let again = match segments.all.get_mut(self.segments[lane]) {
                // What it noted so far was out of step. It begins anew, at a byte.
                Some(own) if self.lost & bit != 0 && at[lane] + NEAR < own.to => Some((at[lane] + 8) & !7),
                Some(own) => {
                    own.count = note[lane] - own.list;
                    None
                }
                None => None,
            };
            if again.is_none() {
                self.segments[lane] = *queue;
                *queue += 1;
            }
            let Some(own) = segments.all.get(self.segments[lane]) else {
                self.busy &= !bit;
                continue;
            };
            let from = again.unwrap_or(own.from);
            segments.starts[own.list as usize] = from;
            (at[lane], place[lane], number[lane], note[lane]) = (from, 0, 0, own.list + 1);
            (room[lane], to[lane]) = (own.list + MOST, own.to + OVERLAP);
            self.busy |= bit;
            self.fresh |= bit;
        }
        let arrays = [at, place, number, note, room, to];
        [self.at, self.place, self.number, self.note, self.room, self.to] = arrays.map(|lanes| vector(lanes));
    }
}

/// Bits before the end of a segment in which a lane that is lost does not begin anew: an interval ends with a few that
/// belong to no block.
const NEAR: u32 = 64;
