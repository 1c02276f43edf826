//! The ways to predict a macroblock or a small block, and the trees that name them. Source: RFC 6386, 8.1 and 11.

use super::boolean::EVEN;

/// How a whole macroblock, or its chroma, is predicted from the row above and the column to the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// Their mean.
    Mean,
    /// Above and left summed, less their corner.
    Slope,
    /// The row above, repeated.
    Down,
    /// The column to the left, repeated.
    Across,
}

impl Whole {
    pub(super) const ALL: [Self; 4] = [Self::Mean, Self::Slope, Self::Down, Self::Across];

    /// The way of a small block that is the same: what its neighbours take it for.
    pub(super) fn fine(self) -> u8 {
        self as u8
    }

    /// The bits that name it for luma, each with its chance to be 0.
    #[inline(always)]
    pub(super) fn luma_bits(self, mut each: impl FnMut(u8, bool)) {
        each(156, matches!(self, Self::Slope | Self::Across));
        match self {
            Self::Slope | Self::Across => each(EVEN, self == Self::Slope),
            Self::Mean | Self::Down => each(163, self == Self::Down),
        }
    }

    /// The bits that name it for chroma.
    #[inline(always)]
    pub(super) fn chroma_bits(self, mut each: impl FnMut(u8, bool)) {
        each(142, self != Self::Mean);
        if self != Self::Mean {
            each(114, self != Self::Down);
            if self != Self::Down {
                each(183, self != Self::Across);
            }
        }
    }
}

/// The branches that lead to a small block's mode, each by its number and which way to go. The modes are numbered as in
/// the tables: mean, slope, down, across, and six diagonals: left down, right down, and between those and the axes.
#[inline(always)]
pub(super) fn fine_bits(mode: u8, mut each: impl FnMut(usize, bool)) {
    for (branch, last) in (0..3).zip(0..) {
        each(branch, mode != last);
        if mode == last {
            return;
        }
    }
    // What is left: 3, 5 and 6 on one side, 4 and 7 to 9 on the other.
    let steep = matches!(mode, 4 | 7..=9);
    each(3, steep);
    if steep {
        each(6, mode != 4);
        if mode != 4 {
            each(7, mode != 7);
            if mode != 7 {
                each(8, mode != 8);
            }
        }
    } else {
        each(4, mode != 3);
        if mode != 3 {
            each(5, mode != 5);
        }
    }
}

/// How many ways there are for a small block.
pub(super) const FINE: usize = 10;
/// The chance that a macroblock is predicted in sixteen small blocks.
pub(super) const SPLIT: u8 = 145;
