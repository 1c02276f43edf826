//! From differences to bytes: the five filters of PNG undone. Source: PNG, third edition, 9.
//!
//! A byte that was filtered with Paeth or Average needs the one to its left first, so a row is work that waits for
//! itself: eight cycles a pixel. Four rows are not: each can go on one pixel behind the row above it, four pixels in a
//! step that takes about ten cycles.

use super::lanes::{Lanes, PIXELS};

/// Undoes the filters of `filtered`, whose rows have a byte of filter each, into `rows` of `length` bytes. The row above
/// the first one is `above`. `N` is how many bytes a pixel has.
///
/// The answer is how many rows are done: less than four may be left, for a call that has more, unless these are the
/// `last`. None for a filter that does not exist.
#[inline(always)]
pub(super) fn unfilter<const N: usize>(
    filtered: &[u8],
    above: &[u8],
    rows: &mut [u8],
    length: usize,
    last: bool,
) -> Option<usize> {
    let count = rows.len() / length;
    let mut done = 0;
    while done < count {
        let (before, rest) = rows.split_at_mut(done * length);
        let above = before.len().checked_sub(length).map_or(above, |start| &before[start..]);
        let row = |at: usize| {
            let start = (done + at) * (length + 1);
            Some((Filter::of(*filtered.get(start)?)?, filtered.get(start + 1..start + length + 2)?))
        };
        let (filter, differences) = row(0)?;
        let waits = matches!(filter, Filter::Paeth | Filter::Average);
        if !waits {
            alone::<N>(filter, &differences[..length], above, &mut rest[..length]);
            done += 1;
            continue;
        }
        let together = PIXELS.min(count - done);
        if together < PIXELS && !last {
            break;
        }
        // Rows that there are not are of no bytes, and cost nothing that is not spent anyway.
        let mut wave = [const { (Filter::None, [].as_slice()) }; PIXELS];
        for (at, place) in wave.iter_mut().enumerate().take(together) {
            *place = row(at)?;
        }
        let mut places = rest.chunks_exact_mut(length).take(together);
        let rows = [(); PIXELS].map(|()| places.next().unwrap_or_default());
        if wave.iter().all(|(filter, _)| *filter == Filter::Paeth) {
            side_by_side::<N, false>(wave, above, rows);
        } else {
            side_by_side::<N, true>(wave, above, rows);
        }
        done += together;
    }
    Some(done)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    None,
    Sub,
    Up,
    Average,
    Paeth,
}

impl Filter {
    fn of(byte: u8) -> Option<Self> {
        [Self::None, Self::Sub, Self::Up, Self::Average, Self::Paeth].get(usize::from(byte)).copied()
    }
}

/// A row that does not wait for itself, or not for long.
#[inline(always)]
fn alone<const N: usize>(filter: Filter, differences: &[u8], above: &[u8], row: &mut [u8]) {
    match filter {
        Filter::Sub => {
            let mut left = 0;
            for at in (0..row.len()).step_by(N) {
                left = bytes_added(left, pixel::<N>(differences, at));
                put::<N>(row, at, left);
            }
        }
        Filter::Up => {
            for ((byte, difference), above) in row.iter_mut().zip(differences).zip(above) {
                *byte = difference.wrapping_add(*above);
            }
        }
        _ => row.copy_from_slice(differences),
    }
}

/// The sums of the bytes of two words, modulo 256 each: the highest bits are added without their carry.
#[inline(always)]
fn bytes_added(a: u32, b: u32) -> u32 {
    const LOW: u32 = 0x7F7F_7F7F;
    ((a & LOW) + (b & LOW)) ^ ((a ^ b) & !LOW)
}

/// Four rows, each a pixel behind the one above it. Only where their filters are `MIXED` is it asked which they are.
#[inline(always)]
fn side_by_side<const N: usize, const MIXED: bool>(
    wave: [(Filter, &[u8]); PIXELS],
    above: &[u8],
    mut rows: [&mut [u8]; PIXELS],
) {
    let width = above.len() / N;
    let differences = wave.map(|(_, differences)| differences);
    let mut wave = Wave::<MIXED>::new(wave.map(|(filter, _)| filter));
    let whole = rows.iter().all(|row| row.len() == above.len());
    let begun = if whole { (PIXELS - 1).min(width) } else { width + PIXELS - 1 };
    for step in 0..begun {
        wave.careful_step::<N>(step, differences, above, &mut rows);
    }
    if !whole {
        return;
    }
    // All four are under way. Slices of one length are asked for their length once.
    let (length, first) = ((width - begun) * N, [3, 2, 1, 0].map(|pixel: usize| pixel.min(begun) * N));
    let over = &above[first[0]..][..length];
    let from = [0, 1, 2, 3].map(|row| &differences[row][first[row]..][..length + 1]);
    let [a, b, c, d] = &mut rows;
    let (a, b) = (&mut a[first[0]..][..length], &mut b[first[1]..][..length]);
    let (c, d) = (&mut c[first[2]..][..length], &mut d[first[3]..][..length]);
    let mut at = 0;
    while at + N <= length {
        let words = [word::<N>(from[0], at), word::<N>(from[1], at), word::<N>(from[2], at), word::<N>(from[3], at)];
        let pixels = wave.step(words, pixel::<N>(over, at));
        put::<N>(a, at, pixels[0]);
        put::<N>(b, at, pixels[1]);
        put::<N>(c, at, pixels[2]);
        put::<N>(d, at, pixels[3]);
        at += N;
    }
    for step in width..width + PIXELS - 1 {
        wave.careful_step::<N>(step, differences, above, &mut rows);
    }
}

/// Where four rows stand.
struct Wave<const MIXED: bool> {
    /// The pixels that were just made, each to the left of the next one.
    left: Lanes,
    /// Those above them.
    corner: Lanes,
    /// All bits of the rows that have this filter.
    paeth: Lanes,
    average: Lanes,
    sub: Lanes,
    up: Lanes,
}

impl<const MIXED: bool> Wave<MIXED> {
    #[inline(always)]
    fn new(filters: [Filter; PIXELS]) -> Self {
        let of = |wanted| Lanes::of(filters.map(|filter| if filter == wanted { u32::MAX } else { 0 }));
        let [paeth, average, sub, up] = [of(Filter::Paeth), of(Filter::Average), of(Filter::Sub), of(Filter::Up)];
        Self { left: Lanes::of([0; PIXELS]), corner: Lanes::of([0; PIXELS]), paeth, average, sub, up }
    }

    /// The next pixel of each row, made of its differences and of the one above the first row.
    #[inline(always)]
    fn step(&mut self, differences: [u32; PIXELS], above: u32) -> [u32; PIXELS] {
        let (left, corner, differences) = (self.left, self.corner, Lanes::of(differences));
        let over = left.moved_up(above);
        // Paeth takes the nearest to left + over - corner of the three. With `low` and `high` of left and over that is
        // `low` where the corner is at least twice as far above it as it is below `high`, `high` the other way
        // round, and the corner between.
        let (low, high) = (left.smaller(over), left.larger(over));
        let (down, upward) = (corner.above(low), high.above(corner));
        let to_low = upward.above(down.above(upward)).zeros().and(down);
        let to_high = down.above(upward.above(down)).zeros().and(upward);
        let change = to_high.minus(to_low);
        let pixels = if MIXED {
            let simple = left.and(self.sub).plus(over.and(self.up)).plus(left.mean(over).and(self.average));
            differences.plus(corner.and(self.paeth)).plus(simple).plus(change.and(self.paeth))
        } else {
            differences.plus(corner).plus(change)
        };
        (self.left, self.corner) = (pixels, over);
        pixels.pixels()
    }

    /// A step where not every row has begun, or some have ended: those are at a place that they do not have.
    #[inline(never)]
    fn careful_step<const N: usize>(
        &mut self,
        step: usize,
        differences: [&[u8]; PIXELS],
        above: &[u8],
        rows: &mut [&mut [u8]; PIXELS],
    ) {
        let places: [usize; PIXELS] = std::array::from_fn(|row| step.wrapping_sub(row).wrapping_mul(N));
        let words = std::array::from_fn(|row| word::<N>(differences[row], places[row]));
        let pixels = self.step(words, pixel::<N>(above, places[0]));
        for ((row, place), pixel) in rows.iter_mut().zip(places).zip(pixels) {
            put::<N>(row, place, pixel);
        }
    }
}

/// Writes a pixel to `at`; nothing beyond the end.
#[inline(always)]
fn put<const N: usize>(bytes: &mut [u8], at: usize, pixel: u32) {
    let place = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<N>);
    if let (Some(place), Some(bytes)) = (place, pixel.to_le_bytes().first_chunk()) {
        *place = *bytes;
    }
}

/// A pixel from `at` on, of three bytes with the next one behind it, since that is read faster; 0 beyond the end.
#[inline(always)]
fn word<const N: usize>(bytes: &[u8], at: usize) -> u32 {
    if N == 3 { pixel::<4>(bytes, at) } else { pixel::<N>(bytes, at) }
}

/// A pixel from `at` on; 0 beyond the end.
#[inline(always)]
fn pixel<const N: usize>(bytes: &[u8], at: usize) -> u32 {
    let mut word = 0;
    if let Some(pixel) = bytes.get(at..).and_then(<[u8]>::first_chunk::<N>) {
        for (at, byte) in pixel.iter().enumerate() {
            word |= u32::from(*byte) << (8 * at);
        }
    }
    word
}
