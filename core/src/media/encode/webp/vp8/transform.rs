//! Transforms of blocks of 4 x 4, sixteen blocks side by side.
//!
//! What a decoder does is laid down to the last bit (RFC 6386, 14); the way there is ours to choose. Every loop is over
//! the blocks and does all of the work for each, which a compiler turns into wide registers as it is.

/// A value of each of sixteen blocks. Which sixteen is up to the caller: those of a macroblock, or one block as each
/// of the ways to predict it leaves it.
pub(super) type Lanes = [i16; LANES];
/// For each place in a block, row after row, its value in sixteen blocks: pixels, differences or coefficients.
pub(super) type Blocks = [Lanes; 16];

/// The coefficients of `source - prediction`.
///
/// A decoder rounds down at every step. What is added here before rounding makes up for it, as in libvpx.
#[inline(always)]
pub(super) fn forward(source: &Blocks, prediction: &Blocks) -> Blocks {
    let mut rows = NONE;
    for row in (0..16).step_by(4) {
        for lane in 0..LANES {
            let [a, b, c, d] = line(source, row, lane);
            let [p, q, r, s] = line(prediction, row, lane);
            let (a, b, c, d) = (a - p, b - q, c - r, d - s);
            let (outer, inner, slope, bend) = (a + d, b + c, (a - d) << 6, (b - c) << 6);
            rows[row][lane] = (outer + inner) << 3;
            rows[row + 1][lane] = high_half(slope, 2 * LONG) + high_half(bend, 2 * SHORT) + 1;
            rows[row + 2][lane] = (outer - inner) << 3;
            rows[row + 3][lane] = high_half(slope, 2 * SHORT) - high_half(bend, 2 * LONG);
        }
    }
    let mut coefficients = NONE;
    for column in 0..4 {
        for lane in 0..LANES {
            let [a, b, c, d] = column_of(&rows, column, lane);
            let (outer, inner, slope, bend) = (a + d, b + c, (a - d) << 1, (b - c) << 1);
            let steep = if slope == 0 { 1 } else { 3 };
            coefficients[column][lane] = (outer + inner + 7) >> 4;
            coefficients[column + 4][lane] = (high_half(slope, LONG) + high_half(bend, SHORT) + steep) >> 1;
            coefficients[column + 8][lane] = (outer - inner + 7) >> 4;
            coefficients[column + 12][lane] = (high_half(slope, SHORT) - high_half(bend, LONG) + 1) >> 1;
        }
    }
    coefficients
}

#[inline(always)]
fn line(blocks: &Blocks, at: usize, lane: usize) -> [i16; 4] {
    [blocks[at][lane], blocks[at + 1][lane], blocks[at + 2][lane], blocks[at + 3][lane]]
}

#[inline(always)]
fn column_of(blocks: &Blocks, at: usize, lane: usize) -> [i16; 4] {
    [blocks[at][lane], blocks[at + 4][lane], blocks[at + 8][lane], blocks[at + 12][lane]]
}

/// The pixels that a decoder makes of `coefficients` and `prediction`. Source: RFC 6386, 14.3.
#[inline(always)]
pub(super) fn inverse(coefficients: &Blocks, prediction: &Blocks) -> Blocks {
    let mut columns = NONE;
    for column in 0..4 {
        for lane in 0..LANES {
            let [a, b, c, d] = unturned(column_of(coefficients, column, lane));
            columns[column][lane] = a;
            columns[column + 4][lane] = b;
            columns[column + 8][lane] = c;
            columns[column + 12][lane] = d;
        }
    }
    let mut pixels = NONE;
    for row in (0..16).step_by(4) {
        for lane in 0..LANES {
            let [mean, b, c, d] = line(&columns, row, lane);
            let [a, b, c, d] = unturned([mean + 4, b, c, d]);
            let [p, q, r, s] = line(prediction, row, lane);
            pixels[row][lane] = (p + (a >> 3)).clamp(0, 255);
            pixels[row + 1][lane] = (q + (b >> 3)).clamp(0, 255);
            pixels[row + 2][lane] = (r + (c >> 3)).clamp(0, 255);
            pixels[row + 3][lane] = (s + (d >> 3)).clamp(0, 255);
        }
    }
    pixels
}

#[inline(always)]
fn unturned([a, b, c, d]: [i16; 4]) -> [i16; 4] {
    let (even, odd) = (a + c, a - c);
    let (low, high) = (by_sine(b) - by_cosine(d), by_cosine(b) + by_sine(d));
    [even + high, odd + low, odd - low, even - high]
}

/// Times 35 468 of 65 536: the sine of an eighth of a half turn and the root of 2. The factor is too large for a
/// signed half word by 65 536, which is the value itself.
#[inline(always)]
fn by_sine(value: i16) -> i16 {
    value + high_half(value, -30_068)
}

/// Times 1 and 20 091 of 65 536: the cosine.
#[inline(always)]
fn by_cosine(value: i16) -> i16 {
    value + high_half(value, 20_091)
}

#[inline(always)]
fn high_half(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b)) >> 16) as i16
}

/// The coefficients of the means of a macroblock's sixteen blocks.
pub(super) fn forward_means(means: &Lanes) -> Lanes {
    let means = means.map(i32::from);
    let mut rows = [0; 16];
    for at in (0..16).step_by(4) {
        let [a, b, c, d] = [means[at], means[at + 1], means[at + 2], means[at + 3]];
        rows[at..at + 4].copy_from_slice(&[a + b + c + d, a + b - c - d, a - b - c + d, a - b + c - d]);
    }
    let mut coefficients = [0; 16];
    for at in 0..4 {
        let [a, b, c, d] = [rows[at], rows[at + 4], rows[at + 8], rows[at + 12]];
        let column = [a + b + c + d, a + b - c - d, a - b - c + d, a - b + c - d];
        for (row, value) in column.into_iter().enumerate() {
            coefficients[at + row * 4] = halved(value);
        }
    }
    coefficients
}

#[expect(clippy::cast_possible_truncation, reason = "half of sixteen means of twelve bits and a sign")]
fn halved(value: i32) -> i16 {
    (value >> 1) as i16
}

/// The means that a decoder makes of their coefficients. Source: RFC 6386, 14.3.
pub(super) fn inverse_means(coefficients: &Lanes) -> Lanes {
    let values = coefficients.map(i32::from);
    let mut columns = [0; 16];
    for at in 0..4 {
        let [a, b, c, d] = [values[at], values[at + 4], values[at + 8], values[at + 12]];
        let column = [a + b + c + d, a + b - c - d, a - b - c + d, a - b + c - d];
        for (row, value) in column.into_iter().enumerate() {
            columns[at + row * 4] = value;
        }
    }
    let mut means = [0; 16];
    for at in (0..16).step_by(4) {
        let [a, b, c, d] = [columns[at], columns[at + 1], columns[at + 2], columns[at + 3]];
        let row = [a + b + c + d, a + b - c - d, a - b - c + d, a - b + c - d];
        for (mean, value) in means[at..at + 4].iter_mut().zip(row) {
            *mean = eighth(value);
        }
    }
    means
}

#[expect(clippy::cast_possible_truncation, reason = "as large as the means it was made of")]
fn eighth(value: i32) -> i16 {
    ((value + 3) >> 3) as i16
}

/// Sums of squares of what differs in each block.
#[inline(always)]
pub(super) fn squares(a: &Blocks, b: &Blocks) -> [u32; LANES] {
    let mut sums = [0; LANES];
    for lane in 0..LANES {
        let mut sum = 0;
        for at in 0..16 {
            let distance = (a[at][lane] - b[at][lane]).cast_unsigned();
            // 255 times 255 is still a half word.
            sum += u32::from(distance.wrapping_mul(distance));
        }
        sums[lane] = sum;
    }
    sums
}

/// How much texture each block has: its Hadamard coefficients without their signs, the lower ones weighing more.
#[inline(always)]
pub(super) fn texture(pixels: &Blocks) -> [u16; LANES] {
    let mut rows = NONE;
    for row in (0..16).step_by(4) {
        for lane in 0..LANES {
            let [a, b, c, d] = spread(line(pixels, row, lane));
            rows[row][lane] = a;
            rows[row + 1][lane] = b;
            rows[row + 2][lane] = c;
            rows[row + 3][lane] = d;
        }
    }
    let mut sums = [0; LANES];
    for lane in 0..LANES {
        let mut sum = 0;
        for column in 0..4 {
            let weights = &TEXTURE[column];
            let [a, b, c, d] = spread(column_of(&rows, column, lane));
            sum += weigh(a, weights[0]) + weigh(b, weights[1]) + weigh(c, weights[2]) + weigh(d, weights[3]);
        }
        sums[lane] = sum;
    }
    sums
}

/// An eighth of the product, of factors that fill a half word each. The sum over a block is at most 79, the root of the
/// squared weights, times 4 080, and an eighth of that fits into a half word too.
#[inline(always)]
fn weigh(value: i16, weight: u16) -> u16 {
    ((u32::from(value.unsigned_abs() << 3) * u32::from(weight << 10)) >> 16) as u16
}

#[inline(always)]
fn spread([a, b, c, d]: [i16; 4]) -> [i16; 4] {
    let (even, odd, rise, fall) = (a + c, b + d, a - c, b - d);
    [even + odd, rise + fall, rise - fall, even - odd]
}

pub(super) const LANES: usize = 16;
pub(super) const NONE: Blocks = [[0; LANES]; 16];
/// Cosine and sine of an eighth of a half turn, times the root of 2 and 4 096.
const LONG: i16 = 5352;
const SHORT: i16 = 2217;
/// How much the eye makes of each frequency, as libwebp weighs it; symmetrical.
const TEXTURE: [[u16; 4]; 4] = [[38, 32, 20, 9], [32, 28, 17, 7], [20, 17, 10, 4], [9, 7, 4, 2]];

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u64) -> Blocks {
        let mut random = fastrand::Rng::with_seed(seed);
        [(); 16].map(|()| [(); LANES].map(|()| random.i16(0..=255)))
    }

    #[test]
    fn blocks_come_back_from_their_coefficients() {
        for seed in 0..200 {
            let (source, prediction) = (noise(seed), noise(seed + 1000));
            let pixels = inverse(&forward(&source, &prediction), &prediction);
            for (pixels, source) in pixels.as_flattened().iter().zip(source.as_flattened()) {
                assert!(pixels.abs_diff(*source) <= 2, "{pixels} of {source}");
            }
        }
    }

    #[test]
    fn the_largest_differences_fit() {
        let (black, white) = ([[0; LANES]; 16], [[255; LANES]; 16]);
        assert_eq!(inverse(&forward(&white, &black), &black), white);
        assert_eq!(inverse(&forward(&black, &white), &white), black);
        let means = forward_means(&forward(&white, &black)[0]);
        assert_eq!(inverse_means(&means), [2040; 16]);
    }

    #[test]
    fn means_come_back_from_their_coefficients() {
        for seed in 0..200 {
            let means = noise(seed)[0].map(|mean| mean * 16 - 2040);
            for (after, before) in inverse_means(&forward_means(&means)).iter().zip(means) {
                assert!(after.abs_diff(before) <= 1, "{after} of {before}");
            }
        }
    }

    #[test]
    fn only_what_differs_counts() {
        let (a, mut b) = (noise(1), noise(1));
        assert_eq!(squares(&a, &b), [0; LANES]);
        b[3][5] = if a[3][5] > 127 { a[3][5] - 100 } else { a[3][5] + 100 };
        assert_eq!(squares(&a, &b)[5], 10_000);
        assert_eq!(squares(&a, &b).iter().sum::<u32>(), 10_000);
    }

    #[test]
    fn a_flat_block_has_less_texture_than_a_pattern() {
        let (flat, mut pattern) = ([[128; LANES]; 16], [[128; LANES]; 16]);
        pattern.iter_mut().step_by(2).for_each(|lanes| lanes[0] = 140);
        pattern.iter_mut().skip(1).step_by(2).for_each(|lanes| lanes[0] = 116);
        let (flat, pattern) = (texture(&flat), texture(&pattern));
        assert!(pattern[0] > flat[0] && pattern[1] == flat[1]);
        // All there is at its most: 16 times 255 in the mean, which weighs 38 eighths.
        assert_eq!(texture(&[[255; LANES]; 16])[0], (255 * 16 / 8) * 38);
    }
}
