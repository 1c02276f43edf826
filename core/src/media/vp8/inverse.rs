//! From coefficients to differences, as laid down to the last bit. Source: RFC 6386, 14.3 and 14.4.

/// Adds the block behind `coefficients` to the 4 x 4 pixels at `from`.
#[inline(always)]
pub(super) fn add(coefficients: &[i16; 16], pixels: &mut [u8], from: usize, stride: usize) {
    let rows: [[i32; 4]; 4] = std::array::from_fn(|row| std::array::from_fn(|at| coefficients[row * 4 + at].into()));
    let turned = transposed(halfway(rows));
    let rows = transposed(halfway(turned));
    for (row, differences) in rows.into_iter().enumerate() {
        let Some(line) = pixels.get_mut(from + row * stride..).and_then(<[u8]>::first_chunk_mut::<4>) else { return };
        for (pixel, difference) in line.iter_mut().zip(differences) {
            *pixel = (i32::from(*pixel) + ((difference + 4) >> 3)).clamp(0, 255) as u8;
        }
    }
}

/// The same for a block that has nothing but a mean.
#[inline(always)]
pub(super) fn add_mean(mean: i16, pixels: &mut [u8], from: usize, stride: usize) {
    let difference = (i32::from(mean) + 4) >> 3;
    for row in 0..4 {
        let Some(line) = pixels.get_mut(from + row * stride..).and_then(<[u8]>::first_chunk_mut::<4>) else { return };
        for pixel in line {
            *pixel = (i32::from(*pixel) + difference).clamp(0, 255) as u8;
        }
    }
}

/// One direction, all four columns at once. What no encoder writes wraps around.
#[inline(always)]
fn halfway(rows: [[i32; 4]; 4]) -> [[i32; 4]; 4] {
    let mut out = [[0; 4]; 4];
    for at in 0..4 {
        let [first, second, third, fourth] = [rows[0][at], rows[1][at], rows[2][at], rows[3][at]];
        let (outer, inner) = (first.wrapping_add(third), first.wrapping_sub(third));
        let bend = sine(second).wrapping_sub(cosine(fourth));
        let slope = cosine(second).wrapping_add(sine(fourth));
        out[0][at] = outer.wrapping_add(slope);
        out[1][at] = inner.wrapping_add(bend);
        out[2][at] = inner.wrapping_sub(bend);
        out[3][at] = outer.wrapping_sub(slope);
    }
    out
}

/// Times the sine of an eighth of a turn and the root of two.
#[inline(always)]
fn sine(value: i32) -> i32 {
    value.wrapping_mul(35_468) >> 16
}

/// Times the cosine.
#[inline(always)]
fn cosine(value: i32) -> i32 {
    value.wrapping_add(value.wrapping_mul(20_091) >> 16)
}

#[inline(always)]
fn transposed(rows: [[i32; 4]; 4]) -> [[i32; 4]; 4] {
    std::array::from_fn(|row| std::array::from_fn(|column| rows[column][row]))
}

/// The means of a macroblock's sixteen blocks. Source: RFC 6386, 14.3.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "of what no encoder writes, the low bits are left")]
pub(super) fn means(coefficients: &[i16; 16]) -> [i16; 16] {
    let mut between = [0_i32; 16];
    for at in 0..4 {
        let [a, b, c, d] = [0, 4, 8, 12].map(|row| i32::from(coefficients[row + at]));
        let (outer, inner, slope, bend) = (a + d, b + c, a - d, b - c);
        between[at] = outer + inner;
        between[at + 4] = bend + slope;
        between[at + 8] = outer - inner;
        between[at + 12] = slope - bend;
    }
    let mut means = [0; 16];
    for row in 0..4 {
        let [a, b, c, d] = [0, 1, 2, 3].map(|at| between[row * 4 + at]);
        let (outer, inner, slope, bend) = (a + d, b + c, a - d, b - c);
        for (at, value) in [outer + inner, bend + slope, outer - inner, slope - bend].into_iter().enumerate() {
            means[row * 4 + at] = ((value + 3) >> 3) as i16;
        }
    }
    means
}
