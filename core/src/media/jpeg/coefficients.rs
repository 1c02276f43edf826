//! What a progressive file is gathered in: the first coefficients of every block, until all scans are read.

use super::super::wide::{Work, wide};
use super::inverse::{Blocks, LANES, NOWHERE, by_place, flat, places, transform};
use super::planes::Canvas;

/// What is known of a channel: the first coefficients of each block, in zigzag order.
pub(super) struct Coefficients {
    values: Vec<i16>,
    pub(super) kept: usize,
    /// Blocks in a row.
    across: usize,
}

impl Coefficients {
    pub(super) fn new(across: usize, blocks: usize, kept: usize) -> Self {
        Self { values: vec![0; blocks * kept], kept, across }
    }

    #[inline(always)]
    pub(super) fn block(&mut self, x: usize, y: usize) -> &mut [i16] {
        let at = (y * self.across + x) * self.kept;
        &mut self.values[at..at + self.kept]
    }

    /// Makes samples of them. `lacking` says how many bits each one lacks because scans were left out.
    pub(super) fn paint<const N: usize>(&self, multipliers: &[f32; 64], lacking: &[u32; 64], canvas: &mut Canvas) {
        // In the middle of what the missing bits may say.
        let middles = lacking.map(|bits| ((1_u32 << bits) - 1) as f32 / 2.0);
        let paint = Paint::<N> { coefficients: self, multipliers, middles: &middles, canvas };
        if N == 8 { paint.one_by_one() } else { wide(paint) }
    }
}

/// The way from coefficients to samples.
struct Paint<'c, const N: usize> {
    coefficients: &'c Coefficients,
    multipliers: &'c [f32; 64],
    middles: &'c [f32; 64],
    canvas: &'c mut Canvas,
}

impl<const N: usize> Paint<'_, N> {
    /// At full size most coefficients are 0, and looking for the others is quicker than moving all of them.
    fn one_by_one(self) {
        let Coefficients { values, kept, across } = self.coefficients;
        let mut block = [0.0; 64];
        for (n, values) in values.chunks_exact(*kept).enumerate() {
            let (samples, at, stride) = self.canvas.block::<N>(n % across, n / across);
            let level = f32::from(values[0]) * self.multipliers[0];
            let mut detail = false;
            block.fill(0.0);
            for (n, (value, place)) in values.iter().zip(const { places::<N>() }).enumerate().skip(1) {
                if *value != 0 && (N == 8 || place != NOWHERE) {
                    block[usize::from(place)] = finer(*value, self.middles[n]) * self.multipliers[n];
                    detail = true;
                }
            }
            if detail {
                block[0] = level;
                transform::<N>(&block, samples, at, stride);
            } else {
                flat::<N>(level, samples, at, stride);
            }
        }
    }
}

impl<const N: usize> Work for Paint<'_, N> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let Coefficients { values, kept, across } = self.coefficients;
        let multipliers = by_place::<N>(self.multipliers);
        let wanted = places::<N>().into_iter().enumerate().take(*kept);
        let wanted: Vec<(usize, u8)> = wanted.filter(|(n, place)| *n == 0 || N == 8 || *place != NOWHERE).collect();
        let mut blocks = Blocks::new();
        for (y, row) in values.chunks_exact(kept * across).enumerate() {
            for (number, group) in row.chunks(kept * LANES).enumerate() {
                for (lane, block) in group.chunks_exact(*kept).enumerate() {
                    for (n, place) in &wanted {
                        blocks.values[usize::from(*place)][lane & (LANES - 1)] = finer(block[*n], self.middles[*n]);
                    }
                }
                let (x, width) = (number * LANES, group.len() / kept * N);
                let (samples, at, stride) = self.canvas.block::<N>(x, y);
                blocks.samples::<N>(&multipliers, |v, row| {
                    let at = at + v * stride;
                    samples[at..at + width].copy_from_slice(&row[..width]);
                });
            }
        }
    }
}

/// A coefficient in the middle of what its missing bits may say.
#[inline(always)]
fn finer(value: i16, middle: f32) -> f32 {
    let value = f32::from(value);
    if value == 0.0 { 0.0 } else { value + middle.copysign(value) }
}

#[cfg(test)]
mod tests {
    use super::super::super::limits::MediaLimits;
    use super::super::grid::Grid;
    use super::super::header::Header;
    use super::super::tests::fixtures;
    use super::*;

    #[test]
    fn missing_bits_are_taken_for_half_of_what_they_can_be() {
        assert_eq!([finer(0, 1.5), finer(4, 1.5), finer(-4, 1.5), finer(-3, 0.0)], [0.0, 5.5, -5.5, -3.0]);
    }

    #[test]
    fn blocks_beside_each_other_become_what_each_becomes_alone() {
        beside_each_other::<1>(1);
        beside_each_other::<2>(5);
        beside_each_other::<4>(25);
        beside_each_other::<8>(64);
    }

    fn beside_each_other<const N: usize>(kept: usize) {
        let bytes = fixtures::read("grey-progressive.jpg");
        let limits = MediaLimits::default();
        let grid = Grid::of(&Header::read(&bytes, &limits).unwrap()).unwrap();
        let (across, down) = (grid.channels[0].across, grid.channels[0].down);
        let mut coefficients = Coefficients::new(across, across * down, kept);
        for (n, value) in (-999..).zip(&mut coefficients.values) {
            *value = if n % 3 == 0 { n % 120 } else { 0 };
        }
        let mut canvases = [(); 2].map(|()| Canvas::all(&grid, N, 0, &limits).unwrap().remove(0));
        let (multipliers, middles) = ([0.7; 64], [0.0; 64]);
        for (number, canvas) in canvases.iter_mut().enumerate() {
            let paint =
                Paint::<N> { coefficients: &coefficients, multipliers: &multipliers, middles: &middles, canvas };
            if number == 0 { paint.one_by_one() } else { paint.run() }
        }
        let [alone, beside] = canvases.map(Canvas::finish);
        assert_eq!(alone, beside, "{N}");
    }
}
