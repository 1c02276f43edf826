//! VP8 key frames, the pictures inside of lossy WebP, as planes. Source: RFC 6386.
//!
//! The samples stay as they are stored: planes go to the resizer and to an encoder without a turn through RGB.

mod boolean;
mod canvas;
mod coefficients;
mod header;
mod inverse;
mod modes;
mod predict;
mod smooth;
pub(super) mod tables;
#[cfg(test)]
mod tests;

use self::canvas::{Bench, CHROMA, Canvas, LUMA, STRIDE};
pub(super) use self::header::size;
use self::header::{Header, Segment};
use self::modes::{Luma, Whole};
use self::smooth::Edges;
use super::wide::{Work, wide};

/// The planes of a picture, in the range of BT.601: 16 to 235, and 16 to 240 for chroma.
pub(super) struct Planes {
    /// Rows without gaps.
    pub(super) luma: Vec<u8>,
    /// Half of both sides, rounded up.
    pub(super) chroma: [Vec<u8>; 2],
}

/// What is wrong with a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Damage(pub(super) &'static str);

/// Whether the edges between blocks are smoothed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Smooth {
    Edges,
    Nothing,
}

/// Decodes the key frame in `data`.
pub(super) fn decode(data: &[u8], smooth: Smooth) -> Result<Planes, Damage> {
    let header = Header::read(data)?;
    let (width, height) = (header.width, header.height);
    if width == 0 || height == 0 {
        return Err(Damage("it has no pixels"));
    }
    let canvas = wide(Read { header, smooth })?;
    let stride = canvas.stride;
    let [blue, red] = canvas.chroma.map(|plane| cropped(plane, stride / 2, width.div_ceil(2), height.div_ceil(2)));
    Ok(Planes { luma: cropped(canvas.luma, stride, width, height), chroma: [blue, red] })
}

/// Without what only fills the last macroblocks.
fn cropped(mut plane: Vec<u8>, stride: usize, width: usize, height: usize) -> Vec<u8> {
    if stride > width {
        for row in 1..height {
            plane.copy_within(row * stride..row * stride + width, row * width);
        }
    }
    plane.truncate(width * height);
    plane
}

struct Read<'a> {
    header: Header<'a>,
    smooth: Smooth,
}

/// Whether the blocks above or to the left have coefficients: four of luma, two of each plane of chroma, and the means.
#[derive(Clone, Copy, Default)]
struct Filled {
    luma: [u8; 4],
    chroma: [[u8; 2]; 2],
    means: u8,
}

impl Work for Read<'_> {
    type Result = Result<Canvas, Damage>;

    #[inline(always)]
    fn run(self) -> Result<Canvas, Damage> {
        let Self { mut header, smooth } = self;
        let (across, down) = (header.width.div_ceil(16), header.height.div_ceil(16));
        let mut canvas = Canvas::new(across, down);
        let mut bench = Bench::new();
        let mut edges = vec![Edges::default(); if smooth == Smooth::Edges { across * down } else { 0 }];
        let mut modes_above = vec![[0; 4]; across];
        let mut filled_above = vec![Filled::default(); across];
        for y in 0..down {
            // A hundred million pixels may be promised by ten bytes.
            if header.modes.overrun() {
                return Err(Damage("it ends before its last macroblock"));
            }
            let mut modes_left = [0; 4];
            let mut filled_left = Filled::default();
            let partition = y % header.partitions.len();
            for x in 0..across {
                let bits = &mut header.modes;
                let segment = header.segment_chances.map_or(0, |chances| modes::segment(bits, chances));
                let segment = &header.segments[segment];
                let empty = header.filled_chance.is_some_and(|chance| bits.next(chance));
                let luma = modes::luma(bits, &mut modes_above[x], &mut modes_left);
                let chroma = modes::chroma(bits);
                let mut block = Macroblock { luma, chroma, coefficients: [[0; 16]; 25], ends: [0; 25] };
                let (above, left) = (&mut filled_above[x], &mut filled_left);
                let filled = if empty {
                    block.skip(above, left);
                    false
                } else {
                    block.read(&mut header.partitions[partition], &header.coefficients, segment, above, left)
                };
                bench.surround(&canvas, x, y, across);
                block.make(&mut bench, (y > 0, x > 0));
                bench.put(&mut canvas, x, y);
                if let Some(edges) = edges.get_mut(y * across + x) {
                    *edges = header.filter.edges(segment.level, matches!(luma, Luma::Fine(_)), filled);
                }
            }
        }
        if header.modes.overrun() || header.partitions.iter().any(boolean::Booleans::overrun) {
            return Err(Damage("it ends before its last macroblock"));
        }
        for (at, edges) in edges.into_iter().enumerate() {
            smooth::macroblock(&mut canvas, at % across, at / across, edges, header.filter.simple);
        }
        Ok(canvas)
    }
}

/// A macroblock as it is told.
struct Macroblock {
    luma: Luma,
    chroma: Whole,
    /// Sixteen blocks of luma, four of each plane of chroma, and the means of luma.
    coefficients: [[i16; 16]; 25],
    /// How many coefficients of each there are.
    ends: [usize; 25],
}

impl Macroblock {
    #[inline(always)]
    fn skip(&self, above: &mut Filled, left: &mut Filled) {
        for filled in [above, left] {
            // Who has no means of its own leaves those of its neighbours alone.
            let means = if matches!(self.luma, Luma::Fine(_)) { filled.means } else { 0 };
            *filled = Filled { means, ..Filled::default() };
        }
    }

    /// Reads its coefficients, and answers whether there are any.
    #[inline(always)]
    fn read(
        &mut self,
        bits: &mut boolean::Booleans<'_>,
        chances: &tables::Probabilities,
        segment: &Segment,
        above: &mut Filled,
        left: &mut Filled,
    ) -> bool {
        // On its own, so that the decoder's state stays in registers.
        let mut own = bits.clone();
        let mut any = 0;
        let (kind, first) = match self.luma {
            Luma::Fine(_) => (FINE, 0),
            Luma::Whole(_) => {
                let context = above.means + left.means;
                let block = &mut self.coefficients[MEANS];
                let end = coefficients::block(&mut own, &chances[TWICE], context, 0, segment.means, block);
                (above.means, left.means) = (u8::from(end > 0), u8::from(end > 0));
                any |= end;
                if end > 0 {
                    let means = inverse::means(&self.coefficients[MEANS]);
                    for (block, mean) in self.coefficients.iter_mut().zip(means) {
                        block[0] = mean;
                    }
                }
                (REST, 1)
            }
        };
        for row in 0..4 {
            for column in 0..4 {
                let (above, left) = (&mut above.luma[column], &mut left.luma[row]);
                let at = row * 4 + column;
                let block = &mut self.coefficients[at];
                let end = coefficients::block(&mut own, &chances[kind], *above + *left, first, segment.luma, block);
                (*above, *left) = (u8::from(end > first), u8::from(end > first));
                self.ends[at] = end;
                any |= if end > first { end } else { 0 };
            }
        }
        for plane in 0..2 {
            for at in 0..4 {
                let (above, left) = (&mut above.chroma[plane][at % 2], &mut left.chroma[plane][at / 2]);
                let place = 16 + plane * 4 + at;
                let block = &mut self.coefficients[place];
                let end =
                    coefficients::block(&mut own, &chances[CHROMA_KIND], *above + *left, 0, segment.chroma, block);
                (*above, *left) = (u8::from(end > 0), u8::from(end > 0));
                self.ends[place] = end;
                any |= end;
            }
        }
        *bits = own;
        any > 0
    }

    /// Predicts it, and adds what was told.
    #[inline(always)]
    fn make(&self, bench: &mut Bench, real: (bool, bool)) {
        let place = |at: usize| (1 + at / 4 * 4) * STRIDE + LUMA + at % 4 * 4;
        match self.luma {
            Luma::Whole(mode) => {
                predict::whole::<16>(mode, &mut bench.luma, STRIDE + LUMA, STRIDE, real);
                for at in 0..16 {
                    self.add(at, &mut bench.luma, place(at));
                }
            }
            Luma::Fine(modes) => {
                for (at, mode) in modes.into_iter().enumerate() {
                    predict::fine(mode, &mut bench.luma, place(at), STRIDE);
                    self.add(at, &mut bench.luma, place(at));
                }
            }
        }
        for (plane, from) in CHROMA.into_iter().enumerate() {
            predict::whole::<8>(self.chroma, &mut bench.chroma, STRIDE + from, STRIDE, real);
            for at in 0..4 {
                self.add(16 + plane * 4 + at, &mut bench.chroma, (1 + at / 2 * 4) * STRIDE + from + at % 2 * 4);
            }
        }
    }

    #[inline(always)]
    fn add(&self, at: usize, pixels: &mut [u8], place: usize) {
        let coefficients = &self.coefficients[at];
        if self.ends[at] > 1 {
            inverse::add(coefficients, pixels, place, STRIDE);
        } else if coefficients[0] != 0 {
            inverse::add_mean(coefficients[0], pixels, place, STRIDE);
        }
    }
}

/// Where the means of a macroblock's blocks of luma are among its blocks.
const MEANS: usize = 24;
/// Kinds of blocks in the order of their chances: luma without its means, means, chroma, and luma.
const REST: usize = 0;
const TWICE: usize = 1;
const CHROMA_KIND: usize = 2;
const FINE: usize = 3;
