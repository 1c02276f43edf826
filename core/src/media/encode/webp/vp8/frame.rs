//! The planes of a picture, and macroblocks out of them.

use super::predict::Edges;
use super::transform::{Blocks, NONE};

/// Planes in the range of BT.601, without gaps between rows.
pub(in super::super) struct Frame<'a> {
    pub(in super::super) width: usize,
    pub(in super::super) height: usize,
    pub(in super::super) luma: &'a [u8],
    /// Of half the size, rounded up. None when the picture is gray.
    pub(in super::super) chroma: Option<[&'a [u8]; 2]>,
}

/// The pixels of a macroblock: luma, a lane for each block, and the blocks of both planes of chroma, twice over.
pub(super) struct Macroblock {
    pub(super) luma: Blocks,
    pub(super) chroma: Blocks,
}

impl Frame<'_> {
    /// Macroblocks across and down.
    pub(super) fn macroblocks(&self) -> (usize, usize) {
        (self.width.div_ceil(16), self.height.div_ceil(16))
    }

    /// The macroblock at `x` and `y`. What is beyond the edge of the picture repeats its last pixels.
    #[inline(always)]
    pub(super) fn macroblock(&self, x: usize, y: usize) -> Macroblock {
        let mut luma = NONE;
        for row in 0..16 {
            let line = line::<16>(self.luma, self.width, self.height, x, y * 16 + row);
            for column in 0..16 {
                luma[row % 4 * 4 + column % 4][row / 4 * 4 + column / 4] = line[column].into();
            }
        }
        let mut chroma = [[128; 16]; 16];
        if let Some(planes) = self.chroma {
            let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
            for (plane, samples) in planes.into_iter().enumerate() {
                for row in 0..8 {
                    let line = line::<8>(samples, width, height, x, y * 8 + row);
                    for column in 0..8 {
                        let place = &mut chroma[row % 4 * 4 + column % 4];
                        let lane = plane * 4 + row / 4 * 2 + column / 4;
                        place[lane] = line[column].into();
                        place[lane + 8] = line[column].into();
                    }
                }
            }
        }
        Macroblock { luma, chroma }
    }
}

/// `N` pixels of a row of a plane, the `x`th of their kind.
#[inline(always)]
fn line<const N: usize>(plane: &[u8], width: usize, height: usize, x: usize, row: usize) -> [u8; N] {
    let line = &plane[row.min(height - 1) * width..][..width];
    let rest = &line[(x * N).min(width - 1)..];
    if let Some(whole) = rest.first_chunk() {
        return *whole;
    }
    let mut pixels = [rest[rest.len() - 1]; N];
    pixels[..rest.len()].copy_from_slice(rest);
    pixels
}

/// What a macroblock is predicted from, for its three planes.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) luma: Edges<16>,
    pub(super) chroma: [Edges<8>; 2],
    /// Four pixels above and to the right.
    pub(super) ahead: [u8; 4],
}

/// The lowest pixels of the macroblocks above and the last of the one to the left, while macroblocks are visited row
/// after row.
pub(super) struct Border {
    luma: Vec<u8>,
    chroma: [Vec<u8>; 2],
    here: Surroundings,
}

impl Border {
    pub(super) fn new(across: usize) -> Self {
        let edges = Edges { above: [ABOVE; 8], left: [LEFT; 8], corner: ABOVE, real: [false; 2] };
        let luma = Edges { above: [ABOVE; 16], left: [LEFT; 16], corner: ABOVE, real: [false; 2] };
        Self {
            // Behind the last macroblock there are four pixels more.
            luma: vec![ABOVE; across * 16 + 4],
            chroma: [vec![ABOVE; across * 8], vec![ABOVE; across * 8]],
            here: Surroundings { luma, chroma: [edges.clone(), edges], ahead: [ABOVE; 4] },
        }
    }

    /// The surroundings of the macroblock at `x` and `y`, whose predecessors were all [`put`](Self::put).
    #[inline(always)]
    pub(super) fn around(&mut self, x: usize, y: usize) -> &Surroundings {
        let real = [y > 0, x > 0];
        if x == 0 {
            let corner = if y > 0 { LEFT } else { ABOVE };
            (self.here.luma.left, self.here.luma.corner) = ([LEFT; 16], corner);
            for edges in &mut self.here.chroma {
                (edges.left, edges.corner) = ([LEFT; 8], corner);
            }
        }
        self.here.luma.above.copy_from_slice(&self.luma[x * 16..][..16]);
        self.here.ahead.copy_from_slice(&self.luma[x * 16 + 16..][..4]);
        self.here.luma.real = real;
        for (edges, plane) in self.here.chroma.iter_mut().zip(&self.chroma) {
            edges.above.copy_from_slice(&plane[x * 8..][..8]);
            edges.real = real;
        }
        &self.here
    }

    /// Keeps the last pixels of the macroblock at `x`: of `luma` the lowest row and the last column, and the same of
    /// chroma.
    #[inline(always)]
    pub(super) fn put(&mut self, x: usize, luma: [[u8; 16]; 2], chroma: [[[u8; 8]; 2]; 2]) {
        self.here.luma.corner = self.here.luma.above[15];
        self.here.luma.left = luma[1];
        self.luma[x * 16..][..16].copy_from_slice(&luma[0]);
        if (x + 1) * 16 + 4 == self.luma.len() {
            self.luma[x * 16 + 16..].fill(luma[0][15]);
        }
        for ((edges, plane), [lowest, last]) in self.here.chroma.iter_mut().zip(&mut self.chroma).zip(chroma) {
            edges.corner = edges.above[7];
            edges.left = last;
            plane[x * 8..][..8].copy_from_slice(&lowest);
        }
    }
}

/// The lowest row and the last column of luma, from its lanes.
#[inline(always)]
pub(super) fn luma_ends(luma: &Blocks) -> [[u8; 16]; 2] {
    let mut ends = [[0; 16]; 2];
    for at in 0..16 {
        ends[0][at] = luma[12 + at % 4][12 + at / 4] as u8;
        ends[1][at] = luma[at % 4 * 4 + 3][at / 4 * 4 + 3] as u8;
    }
    ends
}

/// The same of both planes of chroma, from the first lane of theirs on.
#[inline(always)]
pub(super) fn chroma_ends(chroma: &Blocks, first: usize) -> [[[u8; 8]; 2]; 2] {
    let mut ends = [[[0; 8]; 2]; 2];
    for (plane, ends) in ends.iter_mut().enumerate() {
        let lane = first + plane * 4;
        for at in 0..8 {
            ends[0][at] = chroma[12 + at % 4][lane + 2 + at / 4] as u8;
            ends[1][at] = chroma[at % 4 * 4 + 3][lane + at / 4 * 2 + 1] as u8;
        }
    }
    ends
}

/// What stands for pixels above and to the left of the picture. Source: RFC 6386, 12.2.
const ABOVE: u8 = 127;
const LEFT: u8 = 129;
