//! Sequential scans with AVX-512: where every block begins, found by 32 lanes at once, then what is needed of the
//! blocks, 16 at a time.
//!
//! One Huffman code begins where the one before it ends, so a scan is read one look after the other, however wide the
//! CPU is. But it can be begun in many places, and falls into step by itself (`segments`). That alone says where blocks
//! begin; with that known they depend on each other no more, but for their means, which are sums.
//!
//! The plain decoder is the oracle, and the way out. Here only scans are read to their end in which there is nothing
//! that no encoder writes: no code that is not in the tables, no coefficient behind the last one, no restart marker out
//! of order, and all bits there. What is painted is equal to the last bit, and whatever is met otherwise makes this
//! decoder give up, and the plain one read the scan from its start.

mod looks;
mod memory;
mod rows;
mod search;
mod segments;
mod unstuffed;
mod values;

use self::looks::Looks;
use self::rows::Rows;
use self::segments::{Segments, bits_of};
use self::unstuffed::Unstuffed;
use super::grid::Grid;
use super::planes::Canvas;
use super::scan::{Layout, Reading};
use super::script::Scan;

pub(super) use self::memory::read;

/// Whether a scan is worth its tables and windows: so many bytes of the file, and so many for each restart interval.
pub(super) fn worth(bytes: &[u8], grid: &Grid, scan: &Scan<'_>) -> bool {
    let intervals = match scan.restart {
        0 => 1,
        units => (grid.across * grid.down).div_ceil(units),
    };
    let left = bytes.len().saturating_sub(scan.place);
    left >= FEWEST_BYTES && left / intervals >= FEWEST_BYTES_OF_AN_INTERVAL
}

/// Reads a scan at `N` samples for eight, fewer than eight; none when it has something that no encoder writes.
#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
fn read_here<const N: usize>(bytes: &[u8], grid: &Grid, scan: &Scan<'_>, canvases: &mut [Canvas]) -> Option<Reading> {
    let layout = Layout::of(grid, scan);
    let total = layout.across * layout.down;
    let interval = if scan.restart == 0 { total } else { scan.restart };
    let looks = Looks::of(scan, &layout)?;
    let mut rows = Rows::<N>::new(grid, scan, &layout, &looks, canvases)?;
    let mut stretch = Stretch::new(bytes, scan.place, &looks)?;
    let mut places = Vec::new();
    let mut done = 0;
    while done < total {
        let (row, column) = (done / layout.across, done % layout.across);
        let (behind, left) = (done % interval, total - done);
        if behind == 0 && done > 0 {
            stretch.next_interval()?;
            rows.restart();
        }
        let wanted = (layout.across - column).min(interval - behind).min(left);
        places.clear();
        let units = stretch.units(wanted, &mut places)?;
        rows.paint(stretch.window.data(), &places, row, column);
        done += units;
        if units < wanted {
            stretch.slide()?;
        }
    }
    Some(Reading { units: total, whole: true, place: stretch.window.place() })
}

/// A window of the scan, its segments, and how far they were followed.
struct Stretch<'a> {
    looks: &'a Looks,
    window: Unstuffed<'a>,
    segments: Segments,
    /// Where the next unit begins, in bits of the window.
    at: u32,
}

impl<'a> Stretch<'a> {
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn new(bytes: &'a [u8], place: usize, looks: &'a Looks) -> Option<Self> {
        let window = Unstuffed::new(bytes, place, WINDOW_BYTES);
        let mut stretch = Self { looks, window, segments: Segments::default(), at: 0 };
        stretch.slide()?;
        Some(stretch)
    }

    /// Moves the window up to the next unit.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn slide(&mut self) -> Option<()> {
        let done = self.at / 8;
        let in_order = self.window.slide(done as usize);
        self.at -= 8 * done;
        self.segments.cut(&self.window, self.at);
        search::search(self.window.data(), self.looks, &mut self.segments);
        in_order.then_some(())
    }

    /// Goes behind the next restart marker.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn next_interval(&mut self) -> Option<()> {
        loop {
            if let Some(end) = self.window.end() {
                self.at = bits_of(end);
                self.window.pass_end();
                self.segments.leave();
                return Some(());
            }
            // What is left of the interval is passed over, as the plain decoder does.
            self.at = bits_of(self.window.len());
            if self.window.last {
                return None;
            }
            self.slide()?;
        }
    }

    /// Appends where the blocks of up to `wanted` units begin, and returns of how many: fewer when the window ends.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn units(&mut self, wanted: usize, places: &mut Vec<u32>) -> Option<usize> {
        let blocks = self.looks.blocks.len();
        let end = bits_of(self.window.end().unwrap_or(self.window.len()));
        let behind = self.segments.follow(self.window.data(), self.looks, self.at, wanted * blocks, places);
        if let Some(behind) = behind.filter(|behind| *behind <= end) {
            self.at = behind;
            return Some(wanted);
        }
        if self.window.end().is_some() || self.window.last {
            return None;
        }
        // What ends within the window was read from bits that are there, whatever was made of zeros behind them.
        let begun = places.iter().step_by(blocks).take_while(|place| **place <= end).count();
        let units = begun.saturating_sub(1);
        let moved = places[units * blocks] / 8 > 0;
        self.at = places[units * blocks];
        places.truncate(units * blocks);
        moved.then_some(units)
    }
}

/// Bytes of a window. Half of a nearest-but-one cache of today goes to it and to what is found in it.
const WINDOW_BYTES: usize = 256 << 10;

/// Below that the plain decoder is as fast: at 43 kB lanes take the same time, at 81 kB 0.8 of it.
const FEWEST_BYTES: usize = 48 << 10;

/// An interval has to be longer than what its lanes take to be given out.
const FEWEST_BYTES_OF_AN_INTERVAL: usize = 2 << 10;
