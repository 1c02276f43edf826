//! Which parts of a picture bear coarser steps, and how coarse each is told.
//!
//! Where a macroblock is busy, the eye misses less: its coefficients spread over many sizes. Macroblocks of a kind make
//! one of four segments, as libwebp does it at its usual strength (`sns` 50), so that a quality means the same.

use super::super::super::super::wide::Work;
use super::filter;
use super::frame::{Border, Frame, chroma_ends, luma_ends};
use super::modes::Whole;
use super::predict::Sides;
use super::quantiser::Quantiser;
use super::transform::{Blocks, LANES, forward};

/// The segments of a picture.
pub(super) struct Segments {
    /// One to four.
    pub(super) segments: Vec<Segment>,
    /// Which one each macroblock belongs to.
    pub(super) map: Vec<u8>,
    /// How much coarser than luma chroma is told: its means and the rest.
    pub(super) chroma: [i8; 2],
}

pub(super) struct Segment {
    pub(super) quantiser: Quantiser,
    /// The level of the loop filter.
    pub(super) filter: u8,
}

impl Segments {
    pub(super) fn new(analysis: &Analysis, quality: u8) -> Self {
        let (centres, kinds, average) = means(&analysis.ease);
        let (least, most) = (centres[0], centres[COUNT - 1]);
        let span = (most - least).max(1);
        let base = compression(quality);
        let blue = (i32::from(analysis.chroma) - 64) * 10 / 70 / 2;
        let chroma = [-2, i8::try_from(blue.clamp(-4, 6)).unwrap_or(0)];
        let mut segments: Vec<Segment> = Vec::new();
        let mut kept = [0; COUNT];
        for (kept, centre) in kept.iter_mut().zip(centres) {
            let ease = (255 * (centre - average) / span).clamp(-127, 127);
            let exponent = 1.0 - f64::from(ease) * 0.9 * 0.5 / 128.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 127")]
            let index = (127.0 * (1.0 - base.powf(exponent))) as u8;
            let filter = filter::level(index, 255 * (centre - least) / span);
            let same = |segment: &Segment| segment.quantiser.index == index && segment.filter == filter;
            *kept = segments.iter().position(same).unwrap_or_else(|| {
                segments.push(Segment { quantiser: Quantiser::new(index, chroma), filter });
                segments.len() - 1
            });
        }
        let map = analysis.ease_of.iter().map(|ease| kept[usize::from(kinds[usize::from(*ease)])] as u8);
        Self { map: map.collect(), segments, chroma }
    }

    /// Has the loop filter smooth the `edges` that each segment was found to have.
    pub(super) fn smooth(&mut self, edges: [i16; 4]) {
        for (segment, edge) in self.segments.iter_mut().zip(edges) {
            segment.filter = segment.filter.max(filter::level_of_means(edge, segment.quantiser.means.step[1][0]));
        }
    }
}

/// How well a quality of 0 to 100 compresses, as libwebp counts it: bytes are about the cube of this.
fn compression(quality: u8) -> f64 {
    let share = f64::from(quality.min(100)) / 100.0;
    let linear = if share < 0.75 { share * 2.0 / 3.0 } else { 2.0 * share - 1.0 };
    linear.cbrt()
}

/// The four centres that values gather around, which of them is nearest to each value, and the average of all.
fn means(counts: &[u32; 256]) -> ([i32; COUNT], [u8; 256], i32) {
    let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    let (low, range) = (first as i32, (last - first) as i32);
    let mut centres: [i32; COUNT] = std::array::from_fn(|at| low + (2 * at as i32 + 1) * range / (2 * COUNT as i32));
    let mut kinds = [0; 256];
    let mut average = 0;
    // They are where they stay after a few rounds.
    for _ in 0..6 {
        let mut sums = [(0_i64, 0_i64); COUNT];
        let mut kind = 0;
        for (value, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let distance = |kind: usize| (value as i32 - centres[kind]).abs();
            while kind + 1 < COUNT && distance(kind + 1) < distance(kind) {
                kind += 1;
            }
            kinds[value] = kind as u8;
            sums[kind].0 += value as i64 * i64::from(*count);
            sums[kind].1 += i64::from(*count);
        }
        let mut moved = 0;
        let mut total = (0, 0);
        for (centre, (sum, count)) in centres.iter_mut().zip(sums).filter(|(_, (_, count))| *count > 0) {
            let place = ((sum + count / 2) / count) as i32;
            moved += (*centre - place).abs();
            *centre = place;
            total = (total.0 + i64::from(place) * count, total.1 + count);
        }
        average = ((total.0 + total.1 / 2) / total.1.max(1)) as i32;
        if moved < 5 {
            break;
        }
    }
    (centres, kinds, average)
}

/// What is found out about a picture before it is coded.
pub(super) struct Analysis {
    /// How easy each macroblock is, 0 to 255.
    pub(super) ease_of: Vec<u8>,
    /// How many macroblocks are as easy as that.
    pub(super) ease: [u32; 256],
    /// How busy chroma is on average.
    pub(super) chroma: u16,
}

/// Looks at a whole picture, as if it could be told without loss.
pub(super) struct Analyse<'a>(pub(super) &'a Frame<'a>);

impl Work for Analyse<'_> {
    type Result = Analysis;

    #[inline(always)]
    fn run(self) -> Analysis {
        let (across, down) = self.0.macroblocks();
        let mut analysis = Analysis { ease_of: Vec::with_capacity(across * down), ease: [0; 256], chroma: 0 };
        let mut border = Border::new(across);
        let mut busy = 0;
        for y in 0..down {
            for x in 0..across {
                let source = self.0.macroblock(x, y);
                let around = border.around(x, y);
                let mut luma = 0;
                let sides = Sides::of_luma(&around.luma);
                for mode in [Whole::Mean, Whole::Slope] {
                    let prediction = sides.predict(mode);
                    luma = luma.max(spread(&forward(&source.luma, &prediction), 0..16));
                }
                let mut chroma = 0;
                if self.0.chroma.is_some() {
                    let prediction = Sides::of_chroma(&around.chroma).predict_two([Whole::Mean, Whole::Slope]);
                    let coefficients = forward(&source.chroma, &prediction);
                    chroma = spread(&coefficients, 0..8).max(spread(&coefficients, 8..16));
                }
                busy += u64::from(chroma);
                let ease = 255 - ((3 * luma + chroma + 2) >> 2).min(255);
                analysis.ease_of.push(ease as u8);
                analysis.ease[ease as usize] += 1;
                border.put(x, luma_ends(&source.luma), chroma_ends(&source.chroma, 0));
            }
        }
        analysis.chroma = (busy / (across * down) as u64) as u16;
        analysis
    }
}

/// How far coefficients spread: the largest size there is, against how many share the most frequent one.
#[inline(always)]
fn spread(coefficients: &Blocks, lanes: std::ops::Range<usize>) -> u32 {
    // Four counts side by side, since most are of the same size and would wait for each other.
    let mut counts = [[0_u16; 4]; 32];
    for at in 0..16 {
        let coefficients = &coefficients[at];
        let mut sizes = [0; LANES];
        for lane in 0..LANES {
            sizes[lane] = (coefficients[lane].unsigned_abs() >> 3).min(31);
        }
        for lane in lanes.start..lanes.end {
            counts[usize::from(sizes[lane]) % 32][lane % 4] += 1;
        }
    }
    let (mut most, mut last) = (0, 1);
    for size in 0..32 {
        let [a, b, c, d] = counts[size];
        let count = u32::from(a + b + c + d);
        most = most.max(count);
        last = if count > 0 { (size as u32).max(1) } else { last };
    }
    if most > 1 { 510 * last / most } else { 0 }
}

/// How many segments there are at most.
const COUNT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_gather_around_four_centres() {
        let mut counts = [0; 256];
        for value in [10, 11, 12, 80, 81, 82, 150, 151, 152, 240, 241, 242] {
            counts[value] = 5;
        }
        let (centres, kinds, average) = means(&counts);
        assert_eq!(centres, [11, 81, 151, 241]);
        assert_eq!([kinds[10], kinds[82], kinds[150], kinds[242]], [0, 1, 2, 3]);
        assert_eq!(average, 121);
    }

    #[test]
    fn one_kind_of_macroblock_is_one_segment() {
        let mut ease = [0; 256];
        ease[200] = 9;
        let segments = Segments::new(&Analysis { ease_of: vec![200; 9], ease, chroma: 64 }, 75);
        assert_eq!((segments.segments.len(), segments.map), (1, vec![0; 9]));
    }

    #[test]
    fn a_quality_is_as_coarse_as_that_of_libwebp() {
        // 127 less its 127th parts of the cube root: what libwebp counts from.
        let index = |quality| {
            let mut ease = [0; 256];
            ease[255] = 1;
            Segments::new(&Analysis { ease_of: vec![255], ease, chroma: 0 }, quality).segments[0].quantiser.index
        };
        assert_eq!([0, 25, 50, 75, 85, 95, 100].map(index), [127, 57, 38, 26, 14, 4, 0]);
    }
}
