//! From the places of blocks to samples, a row of blocks at a time.

use super::super::grid::Grid;
use super::super::inverse::{Blocks, LANES, by_place, multipliers};
use super::super::planes::Canvas;
use super::super::scan::{Layout, Place};
use super::super::script::Scan;
use super::looks::{Looks, Steps};
use super::values::{Detail, differences};

/// Paints the channels of a scan.
pub(super) struct Rows<'t, const N: usize> {
    entries: &'t [u16],
    parts: Vec<Part<'t>>,
    /// The rows of blocks of a row of units.
    rows: Vec<Row>,
    /// For each block of a unit the number of its row, and where it is in that.
    blocks: Vec<(usize, Place)>,
    scratch: Box<Blocks>,
}

struct Part<'t> {
    /// By the place of the coefficient.
    multipliers: [f32; 64],
    /// What the difference of the next block is added to.
    prediction: i32,
    canvas: &'t mut Canvas,
}

/// Blocks of a channel beside each other.
struct Row {
    /// The first one of a unit.
    first: Place,
    mean: Steps,
    detail: Steps,
    /// Where they begin; then where their detail does.
    places: Vec<u32>,
    /// By how much their means differ; then the means.
    levels: Vec<i32>,
}

impl<'t, const N: usize> Rows<'t, N> {
    /// None when a quantisation table is missing.
    pub(super) fn new(
        grid: &Grid,
        scan: &Scan<'_>,
        layout: &Layout,
        looks: &'t Looks,
        canvases: &'t mut [Canvas],
    ) -> Option<Self> {
        let mut parts = Vec::with_capacity(scan.parts.len());
        let mut canvases = canvases.iter_mut().enumerate();
        for part in &scan.parts {
            let slot = grid.channels[part.channel].quantisation;
            let quantisation = scan.tables.quantisation.get(slot)?.as_ref()?;
            // A scan names its channels in their order, so each is still ahead.
            let (_, canvas) = canvases.find(|(number, _)| *number == part.channel)?;
            parts.push(Part { multipliers: by_place::<N>(&multipliers::<N>(quantisation)), prediction: 0, canvas });
        }
        let (mut rows, mut blocks) = (Vec::new(), Vec::new());
        for (place, block) in layout.blocks.iter().zip(&looks.blocks) {
            if place.x == 0 {
                let (mean, detail) = (block.mean, block.detail);
                rows.push(Row { first: *place, mean, detail, places: Vec::new(), levels: Vec::new() });
            }
            blocks.push((rows.len() - 1, *place));
        }
        Some(Self { entries: &looks.entries, parts, rows, blocks, scratch: Box::new(Blocks::new()) })
    }

    /// Forgets the means so far: an interval begins.
    pub(super) fn restart(&mut self) {
        for part in &mut self.parts {
            part.prediction = 0;
        }
    }

    /// Paints units beside each other, from the one at `column` and `row` on, whose blocks begin at `places`.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    pub(super) fn paint(&mut self, data: &[u8], places: &[u32], row: usize, column: usize) {
        let units = places.len() / self.blocks.len();
        for row in &mut self.rows {
            // Lanes without a block read at the place of some other, and nobody asks for it.
            let count = (units * row.first.across).next_multiple_of(LANES);
            row.places.resize(count, 0);
            row.levels.resize(count, 0);
        }
        for (number, (row, place)) in self.blocks.iter().enumerate() {
            let targets = self.rows[*row].places.iter_mut().skip(place.x).step_by(place.across);
            for (target, from) in targets.zip(places.iter().skip(number).step_by(self.blocks.len())) {
                *target = *from;
            }
        }
        for row in &mut self.rows {
            differences(data, self.entries, row.mean, &mut row.places, &mut row.levels);
        }
        self.add_up(units);
        for line in &mut self.rows {
            let first = line.first;
            let part = &mut self.parts[first.part];
            let (x, y) = (column * first.across, row * first.down + first.y);
            let (samples, at, stride) = part.canvas.block::<N>(x, y);
            let mut target = Target { samples: &mut samples[at..], stride, width: units * first.across * N };
            line.paint::<N>(data, self.entries, &part.multipliers, &mut self.scratch, &mut target);
        }
    }

    /// Turns differences into means, in the order of the scan.
    fn add_up(&mut self, units: usize) {
        for unit in 0..units {
            for (row, place) in &self.blocks {
                let prediction = &mut self.parts[place.part].prediction;
                let level = &mut self.rows[*row].levels[unit * place.across + place.x];
                *prediction = prediction.wrapping_add(*level);
                *level = *prediction;
            }
        }
    }
}

/// Where a row of blocks goes.
struct Target<'a> {
    samples: &'a mut [u8],
    stride: usize,
    /// Samples beside each other.
    width: usize,
}

impl Row {
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn paint<const N: usize>(
        &self,
        data: &[u8],
        entries: &[u16],
        multipliers: &[f32; 64],
        blocks: &mut Blocks,
        target: &mut Target<'_>,
    ) {
        let detail = Detail::<N>::new(self.detail);
        let groups = self.places.as_chunks::<LANES>().0.iter().zip(self.levels.as_chunks::<LANES>().0);
        for (number, (places, levels)) in groups.enumerate() {
            if N > 1 {
                blocks.values[1..N * N].fill([0.0; LANES]);
                detail.read(data, entries, places, &mut blocks.values);
            }
            blocks.values[0] = levels.map(|level| level as f32);
            let from = number * LANES * N;
            let width = (target.width - from).min(LANES * N);
            blocks.samples::<N>(multipliers, |y, row| {
                let at = y * target.stride + from;
                target.samples[at..at + width].copy_from_slice(&row[..width]);
            });
        }
    }
}
