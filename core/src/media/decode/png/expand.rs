//! Palettes, and grays of less than a byte: a table says which samples each value stands for.

use png::{BitDepth, Info};

/// What the values of a pixel stand for.
pub(super) struct Table {
    /// Bits of a value: 1, 2, 4 or 8.
    depth: usize,
    samples: Samples,
}

enum Samples {
    Gray(Box<[[u8; 1]; VALUES]>),
    Rgb(Box<[[u8; 3]; VALUES]>),
    Rgba(Box<[[u8; 4]; VALUES]>),
}

impl Table {
    /// The colours of a palette. A value beyond its end is black, as in the png crate, which also passes over
    /// alpha for more colours than there are.
    pub(super) fn of_palette(info: &Info<'_>) -> Option<Self> {
        let palette = info.palette.as_deref()?;
        let (colors, rest) = palette.as_chunks::<3>();
        if colors.len() > VALUES || !rest.is_empty() {
            return None;
        }
        let color = |value: usize| colors.get(value).copied().unwrap_or_default();
        let samples = match info.trns.as_deref() {
            None => Samples::Rgb(Box::new(std::array::from_fn(color))),
            Some(alpha) => {
                let alpha = if alpha.len() > colors.len() { &[] } else { alpha };
                Samples::Rgba(Box::new(std::array::from_fn(|value| {
                    let [red, green, blue] = color(value);
                    [red, green, blue, alpha.get(value).copied().unwrap_or(255)]
                })))
            }
        };
        Some(Self { depth: bits(info.bit_depth), samples })
    }

    /// Grays of less than eight bits, the largest of which is white.
    pub(super) fn of_gray(depth: BitDepth) -> Self {
        let depth = bits(depth);
        let step = 255 / ((1 << depth) - 1);
        let samples = std::array::from_fn(|value| [u8::try_from(value * step).unwrap_or(u8::MAX)]);
        Self { depth, samples: Samples::Gray(Box::new(samples)) }
    }

    /// The samples of a row of values.
    #[inline(always)]
    pub(super) fn expand(&self, values: &[u8], samples: &mut [u8]) {
        match &self.samples {
            Samples::Gray(table) => looked_up(values, self.depth, table, samples),
            Samples::Rgb(table) => looked_up(values, self.depth, table, samples),
            Samples::Rgba(table) => looked_up(values, self.depth, table, samples),
        }
    }
}

#[inline(always)]
fn looked_up<const N: usize>(values: &[u8], depth: usize, table: &[[u8; N]; VALUES], samples: &mut [u8]) {
    let (pixels, _) = samples.as_chunks_mut::<N>();
    if depth == 8 {
        for (pixel, value) in pixels.iter_mut().zip(values) {
            *pixel = table[usize::from(*value)];
        }
        return;
    }
    let mask = (1 << depth) - 1;
    for (pixels, byte) in pixels.chunks_mut(8 / depth).zip(values) {
        // The first pixel has the highest bits.
        for (at, pixel) in (1..).zip(pixels) {
            *pixel = table[usize::from(byte >> (8 - at * depth)) & mask];
        }
    }
}

fn bits(depth: BitDepth) -> usize {
    match depth {
        BitDepth::One => 1,
        BitDepth::Two => 2,
        BitDepth::Four => 4,
        BitDepth::Eight | BitDepth::Sixteen => 8,
    }
}

const VALUES: usize = 256;
