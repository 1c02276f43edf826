//! The one scan of a picture: its blocks in their order, from planes.

use super::super::super::picture::Size;
use super::super::super::wide::Work;
use super::entropy::{Sink, tell};
use super::forward::{Block, Divisors, SIDE, coefficients};
use super::planes::{Band, Source};

/// A plane with what its blocks are divided by and told in.
pub(super) struct Channel<'a> {
    width: usize,
    /// Blocks of it in a unit, across and down.
    pub(super) blocks: usize,
    divisors: &'a Divisors,
    /// Which codes: 0 for those of luma, 1 for those of chroma.
    kind: usize,
}

impl<'a> Channel<'a> {
    pub(super) fn new(size: Size, blocks: usize, divisors: &'a Divisors, kind: usize) -> Self {
        Self { width: size.width as usize, blocks, divisors, kind }
    }

    /// The blocks of the first eight rows of `samples`; the last one is repeated where there are less.
    ///
    /// One whose samples are all the same, as half of those of a screenshot are, is its mean; the others are
    /// collected until there are as many as are transformed at a time.
    #[inline(always)]
    fn row_of_blocks(&self, samples: &[u8], blocks: &mut [Block]) {
        let mut lines = [[].as_slice(); 8];
        let last = samples.len() / self.width - 1;
        for (row, line) in lines.iter_mut().enumerate() {
            *line = &samples[row.min(last) * self.width..][..self.width];
        }
        let mut samples = [[0; SIDE]; 8];
        let mut places = [0; SIDE / 8];
        let mut count = 0;
        for place in 0..blocks.len() {
            let rows = samples_of(&lines, place * 8);
            if let Some(sample) = only_sample(&rows) {
                let mean = self.divisors.mean(sample);
                blocks[place].values[0] = mean;
                blocks[place].some = u64::from(mean != 0);
                continue;
            }
            for (samples, row) in samples.iter_mut().zip(rows) {
                samples.as_chunks_mut::<8>().0[count] = row;
            }
            places[count] = place;
            count += 1;
            if count == places.len() {
                coefficients(&samples, self.divisors, blocks, &places);
                count = 0;
            }
        }
        if count > 0 {
            coefficients(&samples, self.divisors, blocks, &places[..count]);
        }
    }
}

/// The samples of a block; what is beyond the edge repeats the last one before it.
#[inline(always)]
fn samples_of(lines: &[&[u8]; 8], left: usize) -> [[u8; 8]; 8] {
    let mut rows = [[0; 8]; 8];
    for (row, line) in rows.iter_mut().zip(lines) {
        if let Some(whole) = line.get(left..).and_then(<[u8]>::first_chunk) {
            *row = *whole;
        } else {
            let rest = line.get(left..).unwrap_or_default();
            row[..rest.len()].copy_from_slice(rest);
            row[rest.len()..].fill(line[line.len() - 1]);
        }
    }
    rows
}

/// What all samples of a block are, if they are all the same.
#[inline(always)]
fn only_sample(rows: &[[u8; 8]; 8]) -> Option<u8> {
    let sample = rows[0][0];
    let same = u64::from_ne_bytes([sample; 8]);
    let mut other = 0;
    for row in rows {
        other |= u64::from_ne_bytes(*row) ^ same;
    }
    (other == 0).then_some(sample)
}

/// Tells all blocks of all channels, unit after unit. Source: T.81, A.2.3.
pub(super) struct Scan<'a, S> {
    pub(super) sink: S,
    pub(super) source: &'a Source<'a>,
    pub(super) channels: &'a [Channel<'a>],
}

impl<S: Sink> Work for Scan<'_, S> {
    /// The sink, which is in here by value so that what it holds stays in registers.
    type Result = S;

    #[inline(always)]
    fn run(self) -> S {
        let mut sink = self.sink;
        let Some(first) = self.channels.first() else { return sink };
        let size = self.source.size();
        let unit = first.blocks * 8;
        let (across, down) = ((size.width as usize).div_ceil(unit), (size.height as usize).div_ceil(unit));
        let strip = |channel: &Channel<'_>| vec![Block::EMPTY; across * channel.blocks * channel.blocks];
        let mut strips: Vec<Vec<Block>> = self.channels.iter().map(strip).collect();
        let mut means = vec![0; self.channels.len()];
        let mut band = Band::default();
        for y in 0..down {
            let rows = self.source.rows(y * unit, unit, &mut band);
            for ((channel, strip), samples) in self.channels.iter().zip(&mut strips).zip(rows) {
                for (row, blocks) in strip.chunks_exact_mut(across * channel.blocks).enumerate() {
                    let top = (row * 8 * channel.width).min(samples.len() - channel.width);
                    channel.row_of_blocks(&samples[top..], blocks);
                }
            }
            for x in 0..across {
                for ((channel, strip), mean) in self.channels.iter().zip(&strips).zip(&mut means) {
                    for row in strip.chunks_exact(across * channel.blocks) {
                        for block in &row[x * channel.blocks..][..channel.blocks] {
                            tell(block, *mean, channel.kind, &mut sink);
                            *mean = block.values[0];
                        }
                    }
                }
            }
        }
        sink
    }
}
