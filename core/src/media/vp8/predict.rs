//! What a block is expected to look like, from the pixels around it. Source: RFC 6386, 12.

use super::modes::Whole;

/// Fills a square of `N` pixels a side whose first pixel is at `from`, below and to the right of what it is made from.
/// `real` says whether there are pixels above, and to the left.
#[inline(always)]
pub(super) fn whole<const N: usize>(mode: Whole, pixels: &mut [u8], from: usize, stride: usize, real: (bool, bool)) {
    let above: [u8; N] = row(pixels, from - stride);
    let left: [u8; N] = std::array::from_fn(|at| pixels[from - 1 + at * stride]);
    let corner = pixels[from - stride - 1];
    let mean = mean(&above, &left, real);
    for at in 0..N {
        let line: [u8; N] = match mode {
            Whole::Mean => [mean; N],
            Whole::Down => above,
            Whole::Across => [left[at]; N],
            Whole::Slope => {
                let slope = i16::from(left[at]) - i16::from(corner);
                above.map(|pixel| (i16::from(pixel) + slope).clamp(0, 255) as u8)
            }
        };
        pixels[from + at * stride..][..N].copy_from_slice(&line);
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "sides of 8 and 16, and a mean of bytes")]
fn mean<const N: usize>(above: &[u8; N], left: &[u8; N], real: (bool, bool)) -> u8 {
    let sum = |pixels: &[u8; N]| pixels.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
    let n = N as u32;
    let mean = match real {
        (true, true) => (sum(above) + sum(left) + n) / (2 * n),
        (true, false) => (sum(above) + n / 2) / n,
        (false, true) => (sum(left) + n / 2) / n,
        (false, false) => 128,
    };
    mean as u8
}

/// Fills the 4 x 4 pixels at `from` in the way of number `mode`.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "means of bytes")]
pub(super) fn fine(mode: u8, pixels: &mut [u8], from: usize, stride: usize) {
    let above: [u8; 8] = row(pixels, from - stride);
    let left: [u8; 4] = std::array::from_fn(|at| pixels[from - 1 + at * stride]);
    let corner = pixels[from - stride - 1];
    // From the lowest pixel to the left over the corner to the eighth above.
    let mut edge = [0_u32; 13];
    for at in 0..4 {
        edge[3 - at] = left[at].into();
    }
    edge[4] = corner.into();
    for at in 0..8 {
        edge[5 + at] = above[at].into();
    }
    let smooth = |at: usize| ((edge[at - 1] + 2 * edge[at] + edge[at + 1] + 2) >> 2) as u8;
    let middle = |at: usize| ((edge[at] + edge[at + 1] + 1) >> 1) as u8;
    let low = ((edge[1] + 3 * edge[0] + 2) >> 2) as u8;
    let high = ((edge[11] + 3 * edge[12] + 2) >> 2) as u8;
    let block: [[u8; 4]; 4] = match mode {
        MEAN => {
            let sum: u32 = edge[0..4].iter().sum::<u32>() + edge[5..9].iter().sum::<u32>();
            [[((sum + 4) >> 3) as u8; 4]; 4]
        }
        SLOPE => std::array::from_fn(|y| {
            std::array::from_fn(|x| (i32::from(left[y]) + i32::from(above[x]) - i32::from(corner)).clamp(0, 255) as u8)
        }),
        DOWN => [std::array::from_fn(|x| smooth(5 + x)); 4],
        ACROSS => [[smooth(3); 4], [smooth(2); 4], [smooth(1); 4], [low; 4]],
        LEFT_DOWN => {
            let line: [u8; 7] = [smooth(6), smooth(7), smooth(8), smooth(9), smooth(10), smooth(11), high];
            std::array::from_fn(|y| std::array::from_fn(|x| line[x + y]))
        }
        RIGHT_DOWN => {
            let line: [u8; 7] = [smooth(1), smooth(2), smooth(3), smooth(4), smooth(5), smooth(6), smooth(7)];
            std::array::from_fn(|y| std::array::from_fn(|x| line[3 + x - y]))
        }
        STEEP_RIGHT => [
            [middle(4), middle(5), middle(6), middle(7)],
            [smooth(4), smooth(5), smooth(6), smooth(7)],
            [smooth(3), middle(4), middle(5), middle(6)],
            [smooth(2), smooth(4), smooth(5), smooth(6)],
        ],
        STEEP_LEFT => [
            [middle(5), middle(6), middle(7), middle(8)],
            [smooth(6), smooth(7), smooth(8), smooth(9)],
            [middle(6), middle(7), middle(8), smooth(10)],
            [smooth(7), smooth(8), smooth(9), smooth(11)],
        ],
        FLAT_DOWN => [
            [middle(3), smooth(4), smooth(5), smooth(6)],
            [middle(2), smooth(3), middle(3), smooth(4)],
            [middle(1), smooth(2), middle(2), smooth(3)],
            [middle(0), smooth(1), middle(1), smooth(2)],
        ],
        _ => {
            let last = left[3];
            [
                [middle(2), smooth(2), middle(1), smooth(1)],
                [middle(1), smooth(1), middle(0), low],
                [middle(0), low, last, last],
                [last; 4],
            ]
        }
    };
    for (y, line) in block.into_iter().enumerate() {
        pixels[from + y * stride..][..4].copy_from_slice(&line);
    }
}

#[inline(always)]
fn row<const N: usize>(pixels: &[u8], from: usize) -> [u8; N] {
    let mut row = [0; N];
    row.copy_from_slice(&pixels[from..][..N]);
    row
}

const MEAN: u8 = 0;
const SLOPE: u8 = 1;
const DOWN: u8 = 2;
const ACROSS: u8 = 3;
const LEFT_DOWN: u8 = 4;
const RIGHT_DOWN: u8 = 5;
const STEEP_RIGHT: u8 = 6;
const STEEP_LEFT: u8 = 7;
const FLAT_DOWN: u8 = 8;
