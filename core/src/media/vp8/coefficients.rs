//! The coefficients of a block. Source: RFC 6386, 13.

use super::boolean::{Booleans, EVEN};
use super::header::Steps;
use super::tables::{BANDS, CATEGORIES, ZIGZAG};

/// The chances for one kind of block.
pub(super) type Kind = [[[u8; 11]; 3]; 8];

/// Reads a block's coefficients from number `first` on, multiplied by their steps, and answers how many there are, the
/// zeros between them included. `context` counts the neighbours that have some.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "of what no encoder writes, the low bits are left, as in every decoder"
)]
pub(super) fn block(
    bits: &mut Booleans<'_>,
    kind: &Kind,
    context: u8,
    first: usize,
    steps: Steps,
    block: &mut [i16; 16],
) -> usize {
    let mut at = first;
    let mut chances = &kind[usize::from(BANDS[at])][usize::from(context.min(2))];
    while at < 16 {
        if !bits.next(chances[0]) {
            return at;
        }
        while !bits.next(chances[1]) {
            at += 1;
            if at == 16 {
                return 16;
            }
            chances = &kind[usize::from(BANDS[at])][0];
        }
        let (level, next) = if bits.next(chances[2]) { (large(bits, chances), 2) } else { (1, 1) };
        let level = if bits.next(EVEN) { -level } else { level };
        block[usize::from(ZIGZAG[at])] = (level * steps.0[usize::from(at > 0)]) as i16;
        at += 1;
        chances = &kind[usize::from(BANDS[at])][next];
    }
    16
}

#[inline(always)]
fn large(bits: &mut Booleans<'_>, chances: &[u8; 11]) -> i32 {
    if !bits.next(chances[3]) {
        return if bits.next(chances[4]) { 3 + i32::from(bits.next(chances[5])) } else { 2 };
    }
    let category = if !bits.next(chances[6]) {
        usize::from(bits.next(chances[7]))
    } else {
        let high = usize::from(bits.next(chances[8]));
        2 + 2 * high + usize::from(bits.next(chances[9 + high]))
    };
    let (least, behind) = CATEGORIES[category];
    behind.iter().fold(0, |level, chance| level << 1 | i32::from(bits.next(*chance))) + i32::from(least)
}
