//! A PNG of the common kinds: not interlaced, not animated, 8 bits a sample at most, without a colour that means
//! transparent.

use png::{BitDepth, ColorType, Info};

use super::super::super::wide::{Work, wide};
use super::chunks::ImageData;
use super::expand::Table;
use super::rows::Rows;
use super::unfilter::unfilter;

/// The samples, of `size` bytes, of the file that `info` is about. None when it is of another kind, or anything is
/// wrong with it.
pub(super) fn decode(file: &[u8], info: &Info<'_>, size: usize) -> Option<Vec<u8>> {
    if info.interlaced || info.animation_control.is_some() {
        return None;
    }
    let length = info.raw_row_length().checked_sub(1)?;
    let way = match (info.color_type, info.bit_depth) {
        (ColorType::Indexed, _) => Way::ByTable(Table::of_palette(info)?),
        _ if info.trns.is_some() => return None,
        (ColorType::Grayscale, BitDepth::One | BitDepth::Two | BitDepth::Four) => {
            Way::ByTable(Table::of_gray(info.bit_depth))
        }
        (color, BitDepth::Eight) => Way::Plain(color.samples()),
        _ => return None,
    };
    let height = usize::try_from(info.height).ok()?;
    if length == 0 || !size.is_multiple_of(height) {
        return None;
    }
    let rows = Rows::new(ImageData::of(file)?, length + 1, BATCH.min(height));
    wide(Whole { rows, way, length, height, size })
}

struct Whole<'a> {
    rows: Rows<'a>,
    way: Way,
    /// Bytes of a row without its filter.
    length: usize,
    height: usize,
    size: usize,
}

/// From bytes to samples.
enum Way {
    /// They are the samples, so many a pixel.
    Plain(usize),
    ByTable(Table),
}

impl Work for Whole<'_> {
    type Result = Option<Vec<u8>>;

    #[inline(always)]
    fn run(self) -> Option<Vec<u8>> {
        match self.way {
            Way::Plain(1) => self.plain::<1>(),
            Way::Plain(2) => self.plain::<2>(),
            Way::Plain(3) => self.plain::<3>(),
            Way::Plain(_) => self.plain::<4>(),
            Way::ByTable(_) => self.by_table(),
        }
    }
}

impl Whole<'_> {
    /// Each row is unfiltered to where it stays.
    #[inline(always)]
    fn plain<const N: usize>(mut self) -> Option<Vec<u8>> {
        // Zeroed a batch at a time: when it is overwritten it is still in the nearest cache.
        let mut samples = Vec::with_capacity(self.size);
        let nothing = vec![0; self.length];
        let mut done = 0;
        while done < self.height {
            let count = BATCH.min(self.height - done);
            samples.resize((done + count) * self.length, 0);
            let (before, rest) = samples.split_at_mut(done * self.length);
            let above = before.len().checked_sub(self.length).map_or(&*nothing, |start| &before[start..]);
            let rows = &mut rest[..count * self.length];
            let last = done + count == self.height;
            let more = unfilter::<N>(self.rows.next(count)?, above, rows, self.length, last)?;
            self.rows.done_with(more);
            done += more;
        }
        self.rows.end_well().then_some(samples)
    }

    /// Rows are unfiltered aside and looked up from there.
    #[inline(always)]
    fn by_table(mut self) -> Option<Vec<u8>> {
        let Way::ByTable(table) = &self.way else { return None };
        let mut samples = vec![0; self.size];
        // The row above, and the batch.
        let mut aside = vec![0; (BATCH + 1) * self.length];
        let mut done = 0;
        while done < self.height {
            let count = BATCH.min(self.height - done);
            let (above, rows) = aside.split_at_mut(self.length);
            let rows = &mut rows[..count * self.length];
            let last = done + count == self.height;
            let more = unfilter::<1>(self.rows.next(count)?, above, rows, self.length, last)?;
            let places = samples.chunks_exact_mut(self.size / self.height).skip(done);
            for (row, place) in rows.chunks_exact(self.length).zip(places).take(more) {
                table.expand(row, place);
            }
            above.copy_from_slice(&rows[(more - 1) * self.length..more * self.length]);
            self.rows.done_with(more);
            done += more;
        }
        self.rows.end_well().then_some(samples)
    }
}

/// Rows that are inflated and unfiltered at a time: enough that four that belong together are seldom parted, few enough
/// to stay in the nearest cache.
const BATCH: usize = 8;
