//! Visiting the blocks of a scan in their order, from restart marker to restart marker.

use super::super::wide::{Work, wide};
use super::bits::{Bits, Entry};
use super::grid::Grid;
use super::script::Scan;

/// Reads the blocks of one scan.
pub(super) trait Coder {
    /// Forgets what was remembered from block to block: an interval begins.
    fn restart(&mut self);

    /// Reads the block at column `x` and row `y` of the channel that is number `part` of the scan.
    fn block(&mut self, bits: &mut Bits<'_>, part: usize, x: usize, y: usize);
}

/// How far a scan was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// Units that were there.
    pub(super) units: usize,
    /// Whether that was all of them, and nothing was met that no encoder writes.
    pub(super) whole: bool,
    /// A place in the file from which the end of the scan can be looked for.
    pub(super) place: usize,
}

/// Has `coder` read all blocks of `scan`; those that are missing are not visited.
pub(super) fn read<C: Coder>(bytes: &[u8], grid: &Grid, scan: &Scan<'_>, coder: &mut C) -> Reading {
    wide(Read { bytes, grid, scan, coder })
}

struct Read<'a, 's, C> {
    bytes: &'a [u8],
    grid: &'a Grid,
    scan: &'a Scan<'s>,
    coder: &'a mut C,
}

impl<C: Coder> Work for Read<'_, '_, C> {
    type Result = Reading;

    #[inline(always)]
    fn run(self) -> Reading {
        let Self { bytes, grid, scan, coder } = self;
        let layout = Layout::of(grid, scan);
        let mut bits = Bits::new(bytes, scan.place);
        let total = layout.across * layout.down;
        let interval = if scan.restart == 0 { total } else { scan.restart };
        let (mut read, mut lost) = (0, false);
        for (number, start) in (0..total).step_by(interval).enumerate() {
            if number > 0 {
                // Restart markers count from 0 to 7 and over again.
                match bits.restart((number - 1).to_le_bytes()[0] & 7) {
                    Entry::Here => {}
                    Entry::Lost => {
                        lost = true;
                        continue;
                    }
                    Entry::End => {
                        lost = true;
                        break;
                    }
                }
            }
            coder.restart();
            let units = layout.interval(&mut bits, coder, start, interval.min(total - start));
            read += units;
            lost |= units < interval.min(total - start);
        }
        Reading { units: read, whole: !lost && !bits.broken, place: bits.place() }
    }
}

/// The units of a scan.
pub(super) struct Layout {
    /// Units in a row.
    pub(super) across: usize,
    /// Rows of units.
    pub(super) down: usize,
    /// The blocks of a unit in their order.
    pub(super) blocks: Vec<Place>,
}

/// A block of a unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The number of its channel within the scan.
    pub(super) part: usize,
    /// Its column and row within the unit.
    pub(super) x: usize,
    pub(super) y: usize,
    /// Columns and rows that a unit has of this channel.
    pub(super) across: usize,
    pub(super) down: usize,
}

impl Layout {
    pub(super) fn of(grid: &Grid, scan: &Scan<'_>) -> Self {
        if let [part] = &*scan.parts {
            let channel = &grid.channels[part.channel];
            let blocks = vec![Place { part: 0, x: 0, y: 0, across: 1, down: 1 }];
            return Self { across: channel.own_across(), down: channel.own_down(), blocks };
        }
        let mut blocks = Vec::with_capacity(10);
        for (number, part) in scan.parts.iter().enumerate() {
            let channel = &grid.channels[part.channel];
            let (across, down) = (channel.unit_across, channel.unit_down);
            let spots = (0..down).flat_map(|y| (0..across).map(move |x| (x, y)));
            blocks.extend(spots.map(|(x, y)| Place { part: number, x, y, across, down }));
        }
        Self { across: grid.across, down: grid.down, blocks }
    }

    /// Reads up to `count` units from unit `start`, and returns how many were there. The one in which the codes end
    /// counts: most of it may be right.
    #[inline(always)]
    fn interval(&self, bits: &mut Bits<'_>, coder: &mut impl Coder, start: usize, count: usize) -> usize {
        let (mut row, mut column) = (start / self.across, start % self.across);
        for n in 0..count {
            for place in &self.blocks {
                coder.block(bits, place.part, column * place.across + place.x, row * place.down + place.y);
            }
            if bits.overrun() {
                return n;
            }
            column += 1;
            if column == self.across {
                (row, column) = (row + 1, 0);
            }
        }
        count
    }
}
