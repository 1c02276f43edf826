//! The planes of a picture in whole macroblocks, and a macroblock with what it is predicted from.

/// Luma, and chroma of half the size.
pub(super) struct Canvas {
    /// Bytes from row to row of luma; half as many of chroma.
    pub(super) stride: usize,
    pub(super) luma: Vec<u8>,
    pub(super) chroma: [Vec<u8>; 2],
}

impl Canvas {
    pub(super) fn new(across: usize, down: usize) -> Self {
        let plane = vec![0; across * 8 * down * 8];
        Self { stride: across * 16, luma: vec![0; across * 16 * down * 16], chroma: [plane.clone(), plane] }
    }
}

/// A macroblock that is being made, below and to the right of the pixels that it is predicted from.
pub(super) struct Bench {
    /// Luma: a row above, and to the left a column; four pixels more to the right of the row above.
    pub(super) luma: [u8; STRIDE * 17],
    /// Both planes of chroma side by side.
    pub(super) chroma: [u8; STRIDE * 9],
}

impl Bench {
    pub(super) fn new() -> Self {
        Self { luma: [0; STRIDE * 17], chroma: [0; STRIDE * 9] }
    }

    /// Brings the pixels around the macroblock at `x` and `y`.
    #[inline(always)]
    pub(super) fn surround(&mut self, canvas: &Canvas, x: usize, y: usize, across: usize) {
        // To the left is what was made before, unless a row begins.
        for row in 1..17 {
            self.luma[row * STRIDE + LUMA - 1] = if x > 0 { self.luma[row * STRIDE + LUMA + 15] } else { LEFT };
        }
        for row in 1..9 {
            for plane in CHROMA {
                let at = row * STRIDE + plane;
                self.chroma[at - 1] = if x > 0 { self.chroma[at + 7] } else { LEFT };
            }
        }
        let corner = |row: &[u8], at: usize| match (x, y) {
            (_, 0) => ABOVE,
            (0, _) => LEFT,
            _ => row[at - 1],
        };
        if y == 0 {
            self.luma[LUMA - 1..LUMA + 20].fill(ABOVE);
            for plane in CHROMA {
                self.chroma[plane - 1..plane + 8].fill(ABOVE);
            }
        } else {
            let row = &canvas.luma[(y * 16 - 1) * canvas.stride..][..canvas.stride];
            self.luma[LUMA - 1] = corner(row, x * 16);
            self.luma[LUMA..LUMA + 16].copy_from_slice(&row[x * 16..][..16]);
            // Behind the last macroblock its own last pixel goes on.
            let ahead = if x + 1 < across { row[x * 16 + 16..][..4].first_chunk().copied() } else { None };
            self.luma[LUMA + 16..LUMA + 20].copy_from_slice(&ahead.unwrap_or([row[x * 16 + 15]; 4]));
            let stride = canvas.stride / 2;
            for (at, plane) in CHROMA.into_iter().zip(&canvas.chroma) {
                let row = &plane[(y * 8 - 1) * stride..][..stride];
                self.chroma[at - 1] = corner(row, x * 8);
                self.chroma[at..at + 8].copy_from_slice(&row[x * 8..][..8]);
            }
        }
        // The lower small blocks at the right edge look at the same four pixels.
        let ahead: [u8; 4] = [16, 17, 18, 19].map(|at| self.luma[LUMA + at]);
        for row in [4, 8, 12] {
            self.luma[row * STRIDE + LUMA + 16..][..4].copy_from_slice(&ahead);
        }
    }

    /// Puts the macroblock into its place.
    #[inline(always)]
    pub(super) fn put(&self, canvas: &mut Canvas, x: usize, y: usize) {
        let stride = canvas.stride;
        for row in 0..16 {
            let line = &self.luma[(row + 1) * STRIDE + LUMA..][..16];
            canvas.luma[(y * 16 + row) * stride + x * 16..][..16].copy_from_slice(line);
        }
        let stride = stride / 2;
        for (at, plane) in CHROMA.into_iter().zip(&mut canvas.chroma) {
            for row in 0..8 {
                let line = &self.chroma[(row + 1) * STRIDE + at..][..8];
                plane[(y * 8 + row) * stride + x * 8..][..8].copy_from_slice(line);
            }
        }
    }
}

/// Bytes from row to row of a bench.
pub(super) const STRIDE: usize = 32;
/// Where luma begins in a row.
pub(super) const LUMA: usize = 8;
/// Where each plane of chroma begins.
pub(super) const CHROMA: [usize; 2] = [4, 20];
/// What stands for pixels above and to the left of the picture. Source: RFC 6386, 12.2.
const ABOVE: u8 = 127;
const LEFT: u8 = 129;
