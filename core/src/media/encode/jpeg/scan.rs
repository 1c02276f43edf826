//! The one scan of a picture: its blocks in their order, from planes.

use super::super::super::picture::Plane;
use super::super::super::wide::Work;
use super::entropy::{Bits, Codes};
use super::forward::{Divisors, SIDE, coefficients};

/// A plane with what its blocks are divided by and told in.
pub(super) struct Channel<'a> {
    samples: &'a [u8],
    width: usize,
    height: usize,
    /// Blocks of it in a unit, across and down.
    pub(super) blocks: usize,
    divisors: &'a Divisors,
    codes: &'a Codes,
}

impl<'a> Channel<'a> {
    pub(super) fn new(plane: &'a Plane, blocks: usize, divisors: &'a Divisors, codes: &'a Codes) -> Self {
        let (width, height) = (plane.size.width as usize, plane.size.height as usize);
        Self { samples: &plane.samples, width, height, blocks, divisors, codes }
    }

    /// The blocks of eight rows from `top` on; what is beyond the edge repeats the last sample before it.
    #[inline(always)]
    fn row_of_blocks(&self, top: usize, blocks: &mut [[i16; 64]]) {
        let mut samples = [[0; SIDE]; 8];
        for (at, blocks) in blocks.chunks_mut(SIDE / 8).enumerate() {
            let left = at * SIDE;
            for (row, samples) in (top..).zip(&mut samples) {
                let line = &self.samples[row.min(self.height - 1) * self.width..][..self.width];
                if let Some(whole) = line.get(left..left + SIDE) {
                    samples.copy_from_slice(whole);
                } else {
                    let rest = line.get(left..).unwrap_or_default();
                    samples[..rest.len()].copy_from_slice(rest);
                    samples[rest.len()..].fill(line[self.width - 1]);
                }
            }
            coefficients(&samples, self.divisors, blocks);
        }
    }
}

/// Writes all blocks of all channels, unit after unit. Source: T.81, A.2.3.
pub(super) struct Scan<'a> {
    pub(super) bits: &'a mut Bits,
    pub(super) channels: &'a [Channel<'a>],
}

impl Work for Scan<'_> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let Some(first) = self.channels.first() else { return };
        let across = first.width.div_ceil(first.blocks * 8);
        let down = first.height.div_ceil(first.blocks * 8);
        let strip = |channel: &Channel<'_>| vec![[0; 64]; across * channel.blocks * channel.blocks];
        let mut strips: Vec<Vec<[i16; 64]>> = self.channels.iter().map(strip).collect();
        let mut means = vec![0; self.channels.len()];
        for y in 0..down {
            for (channel, strip) in self.channels.iter().zip(&mut strips) {
                for (row, blocks) in strip.chunks_exact_mut(across * channel.blocks).enumerate() {
                    channel.row_of_blocks((y * channel.blocks + row) * 8, blocks);
                }
            }
            for x in 0..across {
                for ((channel, strip), mean) in self.channels.iter().zip(&strips).zip(&mut means) {
                    for row in strip.chunks_exact(across * channel.blocks) {
                        for block in &row[x * channel.blocks..][..channel.blocks] {
                            self.bits.block(block, *mean, channel.codes);
                            *mean = block[0];
                        }
                    }
                }
            }
        }
    }
}
