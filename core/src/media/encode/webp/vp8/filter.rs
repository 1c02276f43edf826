//! How much a decoder smooths the edges of blocks.

use super::super::super::super::vp8::tables::STEPS;

/// The level for a quantiser index and how `busy` the segment's surroundings are beyond the easiest, 0 to 255: a step
/// of a quarter of the quantiser's is to be filtered, as libwebp does it at its usual strength (60).
pub(super) fn level(index: u8, busy: i32) -> u8 {
    let step = i32::from(STEPS[usize::from(index.min(127))] >> 2).min(MOST);
    let level = step * 5 * 60 / (256 + busy);
    if level < LEAST { 0 } else { u8::try_from(level.min(MOST)).unwrap_or(0) }
}

/// The level for macroblocks of means alone, whose largest step from block to block is `edge` of steps of `step`.
pub(super) fn level_of_means(edge: i16, step: i16) -> u8 {
    u8::try_from(((i32::from(edge) * i32::from(step)) >> 3).min(MOST)).unwrap_or(0)
}

/// Below it nobody sees a difference.
const LEAST: i32 = 2;
/// Source: RFC 6386, 9.6.
const MOST: i32 = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_and_easy_is_smoothed_most() {
        assert_eq!(level(0, 0), 0);
        assert_eq!(level(127, 0), 63);
        assert!(level(60, 0) > level(60, 255) && level(60, 255) > 0);
        assert_eq!(level_of_means(0, 440), 0);
        assert_eq!(level_of_means(2040, 440), 63);
    }
}
