//! How each macroblock is told. Source: RFC 6386, 8.1, 10 and 11.

use super::boolean::{Booleans, EVEN};
use super::tables::MODES;

/// How a macroblock, or its chroma, is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    Mean,
    Slope,
    Down,
    Across,
}

/// How luma is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Luma {
    Whole(Whole),
    /// Each small block in its own way, by the numbers of [`super::predict::fine`].
    Fine([u8; 16]),
}

/// The way of a macroblock's luma. `above` and `left` are the ways of the small blocks around it, and become those of its
/// own last row and column.
#[inline(always)]
pub(super) fn luma(bits: &mut Booleans<'_>, above: &mut [u8; 4], left: &mut [u8; 4]) -> Luma {
    if !bits.next(145) {
        let mut modes = [0; 16];
        for row in 0..4 {
            for column in 0..4 {
                let chances = &MODES[usize::from(above[column])][usize::from(left[row])];
                let mode = fine(bits, chances);
                modes[row * 4 + column] = mode;
                (above[column], left[row]) = (mode, mode);
            }
        }
        return Luma::Fine(modes);
    }
    let mode = if bits.next(156) {
        if bits.next(EVEN) { Whole::Slope } else { Whole::Across }
    } else if bits.next(163) {
        Whole::Down
    } else {
        Whole::Mean
    };
    // Neighbours take it for small blocks that are predicted alike; those are numbered in the same order.
    (*above, *left) = ([mode as u8; 4], [mode as u8; 4]);
    Luma::Whole(mode)
}

#[inline(always)]
pub(super) fn chroma(bits: &mut Booleans<'_>) -> Whole {
    if !bits.next(142) {
        Whole::Mean
    } else if !bits.next(114) {
        Whole::Down
    } else if bits.next(183) {
        Whole::Slope
    } else {
        Whole::Across
    }
}

/// The number of a macroblock's segment.
#[inline(always)]
pub(super) fn segment(bits: &mut Booleans<'_>, chances: [u8; 3]) -> usize {
    if bits.next(chances[0]) { 2 + usize::from(bits.next(chances[2])) } else { usize::from(bits.next(chances[1])) }
}

#[inline(always)]
fn fine(bits: &mut Booleans<'_>, chances: &[u8; 9]) -> u8 {
    if !bits.next(chances[0]) {
        return 0;
    }
    if !bits.next(chances[1]) {
        return 1;
    }
    if !bits.next(chances[2]) {
        return 2;
    }
    if !bits.next(chances[3]) {
        if !bits.next(chances[4]) {
            return 3;
        }
        return 5 + u8::from(bits.next(chances[5]));
    }
    if !bits.next(chances[6]) {
        return 4;
    }
    if !bits.next(chances[7]) {
        return 7;
    }
    8 + u8::from(bits.next(chances[8]))
}
