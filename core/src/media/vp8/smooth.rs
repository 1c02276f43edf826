//! The filter that smooths the edges between blocks, over the whole picture once all of it is there: what blocks are
//! predicted from is what they were before. Source: RFC 6386, 15.

use super::canvas::Canvas;

/// What the header says of the filter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Filter {
    /// Luma alone, and two pixels at an edge.
    pub(super) simple: bool,
    pub(super) level: i32,
    pub(super) sharpness: i32,
    /// What is added to the level everywhere, and on top of that in macroblocks that are told in small blocks.
    pub(super) always: i32,
    pub(super) fine: i32,
}

/// How the edges of a macroblock are smoothed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Edges {
    /// How far the two sides of an edge may differ: between macroblocks, and within one. Nothing is smoothed at 0.
    outer: i16,
    inner: i16,
    /// How far pixels of one side may differ.
    flat: i16,
    /// From which difference on a side has a step of its own.
    step: i16,
    /// Whether there are edges within: not where nothing was added to a prediction as a whole.
    within: bool,
}

impl Filter {
    /// For a macroblock of a segment whose level is `level`.
    #[inline(always)]
    pub(super) fn edges(&self, level: i32, fine: bool, filled: bool) -> Edges {
        let level = (level + self.always + if fine { self.fine } else { 0 }).clamp(0, 63);
        if level == 0 {
            return Edges::default();
        }
        let flat = match self.sharpness {
            0 => level,
            sharpness => (level >> if sharpness > 4 { 2 } else { 1 }).min(9 - sharpness),
        };
        let flat = flat.max(1);
        let step = if level >= 40 { 2 } else { i32::from(level >= 15) };
        let limits = [2 * (level + 2) + flat, 2 * level + flat, flat, step];
        let [outer, inner, flat, step] = limits.map(|limit| i16::try_from(limit).unwrap_or(i16::MAX));
        Edges { outer, inner, flat, step, within: fine || filled }
    }
}

/// Smooths the edges of the macroblock at `x` and `y`. Macroblocks come row after row.
#[inline(always)]
pub(super) fn macroblock(canvas: &mut Canvas, x: usize, y: usize, edges: Edges, simple: bool) {
    if edges.outer == 0 {
        return;
    }
    let stride = canvas.stride;
    let from = y * 16 * stride + x * 16;
    let luma = &mut canvas.luma;
    let inner: &[usize] = if edges.within { &[4, 8, 12] } else { &[] };
    if x > 0 {
        across(luma, from, stride, edges, Side::Outer(simple));
    }
    for at in inner {
        across(luma, from + at, stride, edges, Side::Inner(simple));
    }
    if y > 0 {
        down(luma, from, stride, edges, Side::Outer(simple));
    }
    for at in inner {
        down(luma, from + at * stride, stride, edges, Side::Inner(simple));
    }
    if simple {
        return;
    }
    let stride = stride / 2;
    let from = y * 8 * stride + x * 8;
    let chroma = &mut canvas.chroma;
    if x > 0 {
        across_both(chroma, from, stride, edges, Side::Outer(false));
    }
    if edges.within {
        across_both(chroma, from + 4, stride, edges, Side::Inner(false));
    }
    if y > 0 {
        down_both(chroma, from, stride, edges, Side::Outer(false));
    }
    if edges.within {
        down_both(chroma, from + 4 * stride, stride, edges, Side::Inner(false));
    }
}

const LANES: usize = 16;
type Lanes = [i16; LANES];

/// Sixteen places along an edge: four pixels before it and four behind.
struct Line([Lanes; 8]);

/// Which edges these are, and whether the simple filter is wanted.
#[derive(Clone, Copy)]
enum Side {
    Outer(bool),
    Inner(bool),
}

impl Line {
    #[inline(always)]
    fn smooth(&mut self, edges: Edges, side: Side) {
        match side {
            Side::Outer(simple) => self.outer(edges, simple),
            Side::Inner(simple) => self.inner(edges, simple),
        }
    }

    /// An edge between macroblocks.
    #[inline(always)]
    fn outer(&mut self, edges: Edges, simple: bool) {
        if simple {
            return self.two(edges.outer);
        }
        let [p3, mut p2, mut p1, mut p0, mut q0, mut q1, mut q2, q3] = self.0;
        for at in 0..LANES {
            let (a, b, c, d) = (p3[at], p2[at], p1[at], p0[at]);
            let (e, f, g, h) = (q0[at], q1[at], q2[at], q3[at]);
            let smooth = flat([a, b, c, d, e, f, g, h], edges.outer, edges.flat);
            let steep = (c - d).abs().max((f - e).abs()) > edges.step;
            // Where a side has a step two pixels are moved, elsewhere six.
            let weight = bounded(bounded(c - f) + 3 * (e - d)) & mask(smooth);
            let (two, six) = (weight & mask(steep), weight & !mask(steep));
            let (down, up) = (bounded(two + 4) >> 3, bounded(two + 3) >> 3);
            let [first, second, third] = [27, 18, 9].map(|part| (part * six + 63) >> 7);
            p2[at] = pixel(b + third);
            p1[at] = pixel(c + second);
            p0[at] = pixel(d + first + up);
            q0[at] = pixel(e - first - down);
            q1[at] = pixel(f - second);
            q2[at] = pixel(g - third);
        }
        self.0 = [p3, p2, p1, p0, q0, q1, q2, q3];
    }

    /// An edge between the small blocks of a macroblock.
    #[inline(always)]
    fn inner(&mut self, edges: Edges, simple: bool) {
        if simple {
            return self.two(edges.inner);
        }
        let [p3, p2, mut p1, mut p0, mut q0, mut q1, q2, q3] = self.0;
        for at in 0..LANES {
            let (a, b, c, d) = (p3[at], p2[at], p1[at], p0[at]);
            let (e, f, g, h) = (q0[at], q1[at], q2[at], q3[at]);
            let smooth = flat([a, b, c, d, e, f, g, h], edges.inner, edges.flat);
            let steep = mask((c - d).abs().max((f - e).abs()) > edges.step);
            let weight = bounded((bounded(c - f) & steep) + 3 * (e - d)) & mask(smooth);
            let (down, up) = (bounded(weight + 4) >> 3, bounded(weight + 3) >> 3);
            let second = ((down + 1) >> 1) & !steep;
            p1[at] = pixel(c + second);
            p0[at] = pixel(d + up);
            q0[at] = pixel(e - down);
            q1[at] = pixel(f - second);
        }
        self.0 = [p3, p2, p1, p0, q0, q1, q2, q3];
    }

    /// The simple filter.
    #[inline(always)]
    fn two(&mut self, limit: i16) {
        let [_, _, p1, p0, q0, q1, _, _] = self.0;
        for at in 0..LANES {
            let (c, d, e, f) = (p1[at], p0[at], q0[at], q1[at]);
            let smooth = (d - e).abs() * 2 + ((c - f).abs() >> 1) <= limit;
            let weight = bounded(bounded(c - f) + 3 * (e - d));
            self.0[3][at] = if smooth { (d + (bounded(weight + 3) >> 3)).clamp(0, 255) } else { d };
            self.0[4][at] = if smooth { (e - (bounded(weight + 4) >> 3)).clamp(0, 255) } else { e };
        }
    }
}

/// Whether both sides are flat, and their edge is low enough to be one that coding made.
#[inline(always)]
fn flat([a, b, c, d, e, f, g, h]: [i16; 8], edge: i16, flat: i16) -> bool {
    let apart = |a: i16, b: i16| (a - b).abs();
    let sides = apart(a, b).max(apart(b, c)).max(apart(c, d)).max(apart(e, f)).max(apart(f, g)).max(apart(g, h));
    (sides <= flat) & (apart(d, e) * 2 + (apart(c, f) >> 1) <= edge)
}

/// All ones, or none.
#[inline(always)]
fn mask(set: bool) -> i16 {
    -i16::from(set)
}

#[inline(always)]
fn pixel(value: i16) -> i16 {
    value.clamp(0, 255)
}

/// Within the range of a signed byte.
#[inline(always)]
fn bounded(value: i16) -> i16 {
    value.clamp(-128, 127)
}

/// An edge that lies across: eight rows around `from`.
#[inline(always)]
fn down(plane: &mut [u8], from: usize, stride: usize, edges: Edges, side: Side) {
    let mut line = Line([[0; LANES]; 8]);
    let rows = &mut plane[from - 4 * stride..][..7 * stride + LANES];
    for (at, lanes) in line.0.iter_mut().enumerate() {
        *lanes = wide(&rows[at * stride..]);
    }
    line.smooth(edges, side);
    for (at, lanes) in line.0.iter().enumerate().take(7).skip(1) {
        rows[at * stride..][..LANES].copy_from_slice(&narrow(lanes));
    }
}

/// An edge that stands: eight columns around `from`, of sixteen rows.
#[inline(always)]
fn across(plane: &mut [u8], from: usize, stride: usize, edges: Edges, side: Side) {
    let rows = &mut plane[from - 4..][..15 * stride + 8];
    let mut square = [[0; 8]; LANES];
    for (at, row) in square.iter_mut().enumerate() {
        row.copy_from_slice(&rows[at * stride..][..8]);
    }
    let square = smoothed(&square, edges, side);
    for (at, row) in square.iter().enumerate() {
        rows[at * stride..][..8].copy_from_slice(row);
    }
}

/// Both planes of chroma at once, which have eight pixels each.
#[inline(always)]
fn down_both(planes: &mut [Vec<u8>; 2], from: usize, stride: usize, edges: Edges, side: Side) {
    let mut line = Line([[0; LANES]; 8]);
    for (at, lanes) in line.0.iter_mut().enumerate() {
        let mut both = [0; LANES];
        for (half, plane) in both.chunks_exact_mut(8).zip(&*planes) {
            half.copy_from_slice(&plane[from + at * stride - 4 * stride..][..8]);
        }
        *lanes = wide(&both);
    }
    line.smooth(edges, side);
    for (at, lanes) in line.0.iter().enumerate().take(7).skip(1) {
        for (half, plane) in narrow(lanes).chunks_exact(8).zip(&mut *planes) {
            plane[from + at * stride - 4 * stride..][..8].copy_from_slice(half);
        }
    }
}

#[inline(always)]
fn across_both(planes: &mut [Vec<u8>; 2], from: usize, stride: usize, edges: Edges, side: Side) {
    let mut square = [[0; 8]; LANES];
    for (half, plane) in square.chunks_exact_mut(8).zip(&*planes) {
        for (at, row) in half.iter_mut().enumerate() {
            row.copy_from_slice(&plane[from + at * stride - 4..][..8]);
        }
    }
    let square = smoothed(&square, edges, side);
    for (half, plane) in square.chunks_exact(8).zip(planes) {
        for (at, row) in half.iter().enumerate() {
            plane[from + at * stride - 4..][..8].copy_from_slice(row);
        }
    }
}

/// Columns of sixteen rows as lines, and back.
#[inline(always)]
fn smoothed(square: &[[u8; 8]; LANES], edges: Edges, side: Side) -> [[u8; 8]; LANES] {
    let (halves, _) = square.as_chunks::<8>();
    let turned = [turned(&halves[0]), turned(&halves[1])];
    let mut line = Line([[0; LANES]; 8]);
    for (at, lanes) in line.0.iter_mut().enumerate() {
        for lane in 0..8 {
            lanes[lane] = turned[0][at][lane].into();
            lanes[lane + 8] = turned[1][at][lane].into();
        }
    }
    line.smooth(edges, side);
    let mut halves = [[[0; 8]; 8]; 2];
    let [upper, lower] = &mut halves;
    for (lanes, (upper, lower)) in line.0.iter().zip(upper.iter_mut().zip(lower)) {
        let lanes = narrow(lanes);
        upper.copy_from_slice(&lanes[..8]);
        lower.copy_from_slice(&lanes[8..]);
    }
    let mut out = [[0; 8]; LANES];
    out[..8].copy_from_slice(&self::turned(&halves[0]));
    out[8..].copy_from_slice(&self::turned(&halves[1]));
    out
}

/// Rows as columns: halves of the square change places, then quarters within them, then single bytes.
#[inline(always)]
fn turned(square: &[[u8; 8]; 8]) -> [[u8; 8]; 8] {
    let mut rows = square.map(u64::from_le_bytes);
    for (step, kept) in [(4, 0x0000_0000_FFFF_FFFF), (2, 0x0000_FFFF_0000_FFFF), (1, 0x00FF_00FF_00FF_00FF_u64)] {
        for row in (0..8).filter(|row| row & step == 0) {
            let (upper, lower) = (rows[row], rows[row + step]);
            let shift = 8 * step;
            rows[row] = upper & kept | (lower & kept) << shift;
            rows[row + step] = upper >> shift & kept | lower & !kept;
        }
    }
    rows.map(u64::to_le_bytes)
}

#[inline(always)]
fn wide(pixels: &[u8]) -> Lanes {
    let mut lanes = [0; LANES];
    for (lane, pixel) in lanes.iter_mut().zip(&pixels[..LANES]) {
        *lane = i16::from(*pixel);
    }
    lanes
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "0 to 255")]
fn narrow(lanes: &Lanes) -> [u8; LANES] {
    lanes.map(|lane| lane as u8)
}
