//! Where the blocks of a window begin: segments are searched side by side, and put together where they agree.
//!
//! A segment begins at any byte, as if a unit began there. What is read then is wrong at first, but Huffman codes fall
//! into step by themselves, and after some blocks it is right (Klein and Wiseman 2003, "Parallel Huffman decoding with
//! applications to JPEG files"). Whether it is, is not guessed: the blocks before the segment are followed into it until
//! one of them begins where the segment has one that begins, of the same number within its unit. From there on both
//! read the same bits with the same tables.

use super::looks::{ADVANCE, END, Looks, NONE, PLACES, Steps, WINDOW, length};
use super::unstuffed::Unstuffed;

/// A stretch of a window. Places are in bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) from: u32,
    pub(super) to: u32,
    /// Where its beginnings of blocks are in the list.
    pub(super) list: u32,
    /// How many there are, the end of the last block included.
    pub(super) count: u32,
}

/// The segments of a window and what was found in them.
#[derive(Default)]
pub(super) struct Segments {
    pub(super) all: Vec<Segment>,
    /// For each segment, [`MOST`] places at which blocks begin.
    pub(super) starts: Vec<u32>,
    /// The segment that is followed, and the place in its list.
    followed: Option<(usize, usize)>,
    /// The one that may be met next, and the place in its list.
    next: (usize, usize),
}

impl Segments {
    /// Cuts the window into segments, the first one from bit `from` on.
    pub(super) fn cut(&mut self, window: &Unstuffed<'_>, from: u32) {
        self.all.clear();
        (self.followed, self.next) = (None, (0, 0));
        let (mut at, mut list) = (from, 0);
        for end in window.ends().chain([window.len()]).map(bits_of) {
            while at < end {
                let to = if end - at < 2 * SEGMENT { end } else { (at + SEGMENT) & !7 };
                self.all.push(Segment { from: at, to, list, count: 0 });
                (at, list) = (to, list + MOST);
            }
        }
        let needed = list as usize;
        if self.starts.len() < needed {
            self.starts.resize(needed, 0);
        }
    }

    /// Appends where the next `count` blocks begin, the first of which is the first of a unit and begins at `from`.
    /// Returns where they end; none when they are not what an encoder writes.
    pub(super) fn follow(
        &mut self,
        data: &[u8],
        looks: &Looks,
        from: u32,
        count: usize,
        places: &mut Vec<u32>,
    ) -> Option<u32> {
        let unit = looks.blocks.len();
        let (mut at, mut left, mut number) = (from, count, 0);
        while left > 0 {
            self.meet(at, number, unit);
            let Some((segment, place)) = self.followed else {
                places.push(at);
                at = pass_block(data, looks, at, number)?;
                (left, number) = (left - 1, if number + 1 == unit { 0 } else { number + 1 });
                continue;
            };
            let list = list_of(&self.all, &self.starts, segment);
            // Up to the next segment there is nobody to meet; from there on it is looked for at every block.
            let border = self.all.get(self.next.0).map_or(u32::MAX, |next| next.from);
            let run = if at < border { list[place..list.len() - 1].partition_point(|at| *at < border) } else { 1 };
            let run = run.min(left);
            places.extend_from_slice(&list[place..place + run]);
            at = list[place + run];
            self.followed = (place + run + 1 < list.len()).then_some((segment, place + run));
            (left, number) = (left - run, (number + run) % unit);
        }
        Some(at)
    }

    /// Goes over to the next segment if it has a block `number` that begins at `at`.
    #[inline(always)]
    fn meet(&mut self, at: u32, number: usize, unit: usize) {
        while let Some(segment) = self.all.get(self.next.0).copied()
            && segment.from <= at
        {
            let list = list_of(&self.all, &self.starts, self.next.0);
            let mut place = self.next.1;
            while list.get(place).is_some_and(|start| *start < at) {
                place += 1;
            }
            self.next.1 = place;
            if place + 1 < list.len() && list[place] == at && place % unit == number {
                self.followed = Some((self.next.0, place));
                self.next = (self.next.0 + 1, 0);
                return;
            }
            if at < segment.to {
                return;
            }
            self.next = (self.next.0 + 1, 0);
        }
    }

    /// Forgets where it was: another interval begins.
    pub(super) fn leave(&mut self) {
        self.followed = None;
    }
}

fn list_of<'a>(all: &[Segment], starts: &'a [u32], segment: usize) -> &'a [u32] {
    let segment = all[segment];
    &starts[segment.list as usize..][..segment.count as usize]
}

/// Where the block `number` of a unit, which begins at `at`, ends; none when it is not what an encoder writes.
fn pass_block(data: &[u8], looks: &Looks, at: u32, number: usize) -> Option<u32> {
    let block = looks.blocks[number];
    let (mut at, mut place, mut table, mut steps) = (at, 0, block.start, block.mean);
    loop {
        let window = ahead(data, at);
        let mut entry = looks.entries[(table + (window >> (32 - WINDOW))) as usize];
        let mut to = place + (u32::from(entry) >> PLACES & 63) + u32::from(entry >> 15);
        if entry == NONE || to > 63 {
            entry = one_step(looks, steps, window)?;
            to = place + (u32::from(entry) >> ADVANCE & 31) + u32::from(entry >> 15);
        }
        at += length(entry);
        if to >= 63 || entry & END != 0 {
            return (to <= 63).then_some(at);
        }
        (place, table, steps) = (to, block.more, block.detail);
    }
}

/// The step that begins a window of at least 16 bits.
#[inline(always)]
pub(super) fn one_step(looks: &Looks, steps: Steps, window: u32) -> Option<u16> {
    let mut entry = looks.entries[(steps.short + (window >> (32 - WINDOW))) as usize];
    if entry == NONE {
        let above = (window >> 16).saturating_sub(steps.first).min(steps.last);
        entry = looks.entries[(steps.long + above) as usize];
    }
    (entry != NONE).then_some(entry)
}

/// The 25 bits from bit `at` on, and some more, on top of the others.
#[inline(always)]
pub(super) fn ahead(data: &[u8], at: u32) -> u32 {
    let bytes = data.get(at as usize / 8..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes) << (at % 8))
}

pub(super) fn bits_of(bytes: usize) -> u32 {
    u32::try_from(8 * bytes).expect("a window is less than a megabyte")
}

/// Bits of a segment. Half and twice as many are as fast within what can be measured.
pub(super) const SEGMENT: u32 = 8 * 4096;

/// Places that are noted of a segment at most. A photograph has 30 to 100 bits a block; what is over 16 bits a block is
/// followed without lanes.
pub(super) const MOST: u32 = SEGMENT / 16;

/// Bits by which a segment is searched beyond its end, so that it is mostly lanes that follow it until it meets the next
/// one. In a photograph that takes 50 blocks with two kinds of tables.
pub(super) const OVERLAP: u32 = 8 * 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::MediaLimits;
    use crate::media::jpeg::Header;
    use crate::media::jpeg::grid::Grid;
    use crate::media::jpeg::scan::Layout;
    use crate::media::jpeg::script::Script;
    use crate::media::jpeg::tests::fixtures;

    #[test]
    fn a_segment_is_taken_from_where_it_agrees_and_to_its_end() {
        let bytes = fixtures::read("baseline-420.jpg");
        let grid = Grid::of(&Header::read(&bytes, &MediaLimits::default()).unwrap()).unwrap();
        let scan = Script::new(&bytes).unwrap().next(&grid).unwrap().unwrap();
        let looks = Looks::of(&scan, &Layout::of(&grid, &scan)).unwrap();
        let mut window = Unstuffed::new(&bytes, scan.place, 1 << 20);
        assert!(window.slide(0));
        let follow = |segments: &mut Segments| {
            let mut places = Vec::new();
            let end = segments.follow(window.data(), &looks, 0, 60, &mut places);
            (places, end.unwrap())
        };
        let (places, end) = follow(&mut Segments::default());
        // Two blocks that are none, then right ones from the fourteenth on, which is number 2 of its unit.
        let list: Vec<u32> =
            [places[13] - 5, places[13] - 2].into_iter().chain(places[14..40].iter().copied()).collect();
        let met = |shift: usize| {
            let starts: Vec<u32> = std::iter::repeat_n(places[13] - 9, shift).chain(list.iter().copied()).collect();
            let count = u32::try_from(starts.len()).unwrap();
            let all = vec![Segment { from: places[13] - 9, to: places[30], list: 0, count }];
            let mut segments = Segments { all, starts, ..Segments::default() };
            assert_eq!(follow(&mut segments), (places.clone(), end), "{shift}");
            segments.next.0 > 0 && segments.next.1 == 0
        };
        assert!((0..6).all(met));
        let damaged: Vec<u8> = window.data().iter().map(|_| 0xFF).collect();
        assert_eq!(Segments::default().follow(&damaged, &looks, 0, 6, &mut Vec::new()), None);
    }
}
