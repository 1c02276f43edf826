//! The vertical half of a reduction by Lanczos3: fewer rows of the same length.
//!
//! Rows first and columns afterwards is the cheap way round: whole rows are added to each other in wide registers,
//! without a shuffle, and what is left to do across is as many times less as there are fewer rows. Samples are 16 bits
//! with six behind the point.

use std::f64::consts::PI;
use std::ops::Range;

use super::wide::{Work, wide};

/// How samples of a kind become 16 bits, and again what the other half takes.
pub(super) trait Samples {
    type Reduced: Copy + Default;

    /// 0 to 255 as 0 to 32 640.
    fn widened(samples: &[u8], line: &mut [i16]);

    /// From sums, in which 255 is 16 320.
    fn narrowed(sums: &[i16], reduced: &mut [Self::Reduced]);
}

/// Every sample for itself.
pub(super) struct Plain;

/// `N` samples a pixel, the last of which is alpha: colours are multiplied by it, 255 of both being 65 025.
pub(super) struct WithAlpha<const N: usize>;

/// `rows` rows made of the part of `samples` that begins at `top` and is `height` rows high; a row has `length` samples.
///
/// None when the part is less than two times as high, or so much higher that 16 bits would not do: there are at most 63
/// rows in a sum, or what rounds each product off would in sum be worth more than half a level.
pub(super) fn fewer_rows<S: Samples>(
    samples: &[u8],
    length: usize,
    (top, height): (f64, f64),
    rows: u32,
) -> Option<Vec<S::Reduced>> {
    let step = height / f64::from(rows);
    if step < 2.0 || 2.0 * LANCZOS_RADIUS * step > MOST_TAPS {
        return None;
    }
    let stored = samples.len() / length;
    let sums: Vec<Sum> = (0..rows).map(|row| Sum::of(top + (f64::from(row) + 0.5) * step, step, stored)).collect();
    Some(wide(FewerRows::<S> { samples, length, sums: &sums, kind: std::marker::PhantomData }))
}

/// What a row is made of.
struct Sum {
    /// The rows that are added.
    rows: Range<usize>,
    /// How much of each; 32 768 in all.
    weights: Vec<i16>,
}

impl Sum {
    fn of(center: f64, step: f64, stored: usize) -> Self {
        let reach = LANCZOS_RADIUS * step;
        let first = whole(center - reach + 0.5);
        let last = whole(center + reach + 0.5).min(stored);
        let weights: Vec<f64> = (first..last).map(|row| lanczos((row as f64 + 0.5 - center) / step)).collect();
        let sum: f64 = weights.iter().sum();
        let mut weights: Vec<i16> = weights.iter().map(|weight| fixed(weight / sum * f64::from(ONE))).collect();
        // What rounding left over goes where it is least: an even surface has to stay as it is.
        let over = ONE - weights.iter().map(|weight| i32::from(*weight)).sum::<i32>();
        if let Some(largest) = weights.iter_mut().max() {
            *largest = largest.saturating_add(i16::try_from(over).unwrap_or(0));
        }
        Self { rows: first..last, weights }
    }
}

struct FewerRows<'a, S> {
    samples: &'a [u8],
    length: usize,
    sums: &'a [Sum],
    kind: std::marker::PhantomData<S>,
}

impl<S: Samples> Work for FewerRows<'_, S> {
    type Result = Vec<S::Reduced>;

    #[inline(always)]
    fn run(self) -> Vec<S::Reduced> {
        let length = self.length;
        let held = self.sums.iter().map(|sum| sum.rows.len()).max().unwrap_or(0);
        // The lines that the sum in work needs: that of row n is the remainder of n.
        let mut lines = vec![0_i16; held * length];
        let mut sums = vec![0_i16; length];
        let mut reduced = vec![S::Reduced::default(); self.sums.len() * length];
        let mut next = 0;
        for (sum, reduced) in self.sums.iter().zip(reduced.chunks_exact_mut(length)) {
            for row in next.max(sum.rows.start)..sum.rows.end {
                let line = &mut lines[row % held * length..][..length];
                S::widened(&self.samples[row * length..][..length], line);
            }
            next = next.max(sum.rows.end);
            sums.fill(0);
            let line = |row: usize| &lines[row.min(sum.rows.end - 1) % held * length..][..length];
            for (at, weights) in (sum.rows.start..).step_by(4).zip(sum.weights.chunks(4)) {
                let four = [line(at), line(at + 1), line(at + 2), line(at + 3)];
                let weight = |at: usize| weights.get(at).copied().unwrap_or(0);
                add(&mut sums, four, [weight(0), weight(1), weight(2), weight(3)]);
            }
            S::narrowed(&sums, reduced);
        }
        reduced
    }
}

/// Adds four lines to `sums`, each times its weight.
///
/// Products are rounded down in two of them and up in the other two, so that in sum it comes out even, and nothing
/// times any weight is nothing: a bias put right by a constant would give colours to what is transparent.
#[inline(always)]
fn add(sums: &mut [i16], [a, b, c, d]: [&[i16]; 4], [one, two, three, four]: [i16; 4]) {
    let (two, four) = (two.wrapping_neg(), four.wrapping_neg());
    for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let down = high(*a, one).wrapping_add(high(*c, three));
        let up = high(*b, two).wrapping_add(high(*d, four));
        *sum = sum.wrapping_add(down).wrapping_sub(up);
    }
}

/// The upper half of a product, rounded down: one instruction for many.
#[inline(always)]
fn high(sample: i16, weight: i16) -> i16 {
    ((i32::from(sample) * i32::from(weight)) >> 16) as i16
}

impl Samples for Plain {
    type Reduced = u8;

    #[inline(always)]
    fn widened(samples: &[u8], line: &mut [i16]) {
        for (wide, sample) in line.iter_mut().zip(samples) {
            *wide = i16::from(*sample) << 7;
        }
    }

    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "0 to 255")]
    fn narrowed(sums: &[i16], reduced: &mut [u8]) {
        for (sample, sum) in reduced.iter_mut().zip(sums) {
            *sample = (sum.saturating_add(32) >> 6).clamp(0, 255) as u8;
        }
    }
}

impl<const N: usize> Samples for WithAlpha<N> {
    type Reduced = u16;

    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "at most 32 512")]
    fn widened(samples: &[u8], line: &mut [i16]) {
        let (pixels, _) = samples.as_chunks::<N>();
        let (places, _) = line.as_chunks_mut::<N>();
        for (place, pixel) in places.iter_mut().zip(pixels) {
            let alpha = u16::from(pixel[N - 1]);
            for at in 0..N {
                let sample = if at == N - 1 { 255 } else { u16::from(pixel[at]) };
                place[at] = ((sample * alpha) >> 1) as i16;
            }
        }
    }

    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "not below 0")]
    fn narrowed(sums: &[i16], reduced: &mut [u16]) {
        for (sample, sum) in reduced.iter_mut().zip(sums) {
            *sample = ((*sum).clamp(0, FULL) << 2) as u16;
        }
    }
}

fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    if x.abs() < LANCZOS_RADIUS { sinc(x) * sinc(x / LANCZOS_RADIUS) } else { 0.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "a share of 32 768, at most half of it")]
fn fixed(weight: f64) -> i16 {
    weight.round() as i16
}

/// The whole part of a place in a picture; 0 above it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places in a picture")]
fn whole(place: f64) -> usize {
    place.max(0.0) as usize
}

const LANCZOS_RADIUS: f64 = 3.0;
const ONE: i32 = 1 << 15;
const MOST_TAPS: f64 = 62.0;
/// Sums of full alpha: 65 025 in quarters.
const FULL: i16 = 16_256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_surface_stays_as_it_is() {
        for (level, stored, rows) in [(255, 1080, 169), (0, 640, 63), (201, 421, 210), (128, 100, 11)] {
            let samples = vec![level; 5 * stored];
            let height = f64::from(u32::try_from(stored).unwrap());
            let reduced = fewer_rows::<Plain>(&samples, 5, (0.0, height), rows).unwrap();
            assert!(reduced.iter().all(|sample| *sample == level), "{level}: {reduced:?}");
            let reduced = fewer_rows::<WithAlpha<2>>(&[level, 255].repeat(stored), 2, (0.0, height), rows).unwrap();
            let full = u16::from(level) * 255;
            assert!(reduced.chunks(2).all(|pixel| pixel[0].abs_diff(full) < 128 && pixel[1].abs_diff(65_025) < 128));
        }
    }

    /// In floating point, and rounded once.
    #[test]
    fn sums_are_those_of_lanczos() {
        let mut random = fastrand::Rng::with_seed(6);
        for (stored, top, height, rows) in [(300, 0.0, 300.0, 47), (211, 10.5, 180.25, 80), (97, 0.0, 97.0, 10)] {
            let samples: Vec<u8> = (0..stored).map(|_| random.u8(..)).collect();
            let reduced = fewer_rows::<Plain>(&samples, 1, (top, height), rows).unwrap();
            let step = height / f64::from(rows);
            for (row, reduced) in (0..rows).zip(reduced) {
                let center = top + (f64::from(row) + 0.5) * step;
                let weight = |at: usize| lanczos((at as f64 + 0.5 - center) / step);
                let sum: f64 = (0..stored).map(weight).sum();
                let exact = (0..stored).map(|at| weight(at) * f64::from(samples[at])).sum::<f64>() / sum;
                let off = (exact.clamp(0.0, 255.0) - f64::from(reduced)).abs();
                assert!(off < 0.8, "row {row} of {rows}: {exact}, got {reduced}");
            }
        }
    }

    #[test]
    fn what_would_not_fit_sixteen_bits_is_left_alone() {
        let samples = vec![0; 4_000];
        assert!(fewer_rows::<Plain>(&samples, 1, (0.0, 4_000.0), 300).is_none());
        assert!(fewer_rows::<Plain>(&samples, 1, (0.0, 4_000.0), 2_100).is_none());
    }
}
