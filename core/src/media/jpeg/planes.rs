//! The decoded picture: one plane for each channel, in the file's own colours and sampling.

use super::super::limits::MediaLimits;
use super::grid::{Channel, Grid};
use super::refusal::{Refusal, within};

/// A decoded picture: luma alone when it is grey, or luma and chroma (Cb, Cr) in full-range BT.601 as JFIF has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planes {
    pub(crate) luma: Plane,
    pub(crate) chroma: Option<[Plane; 2]>,
    pub(crate) condition: Condition,
}

/// Whether a picture is all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Whole,
    /// Cut off or damaged: what could be read is there, and what could not is grey.
    Damaged,
}

/// The samples of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plane {
    /// Samples of a row.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// Bytes from row to row, at least `width`; what stands behind the width belongs to no picture.
    pub(crate) stride: usize,
    /// The rows, one after the other.
    pub(crate) samples: Vec<u8>,
}

/// A plane that is still being painted: whole blocks, more of them than the picture needs at its edges.
pub(super) struct Canvas {
    plane: Plane,
}

impl Canvas {
    /// Grey canvases for all channels at `scale` samples for eight.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] when they and `beside` bytes are more than may be allocated.
    pub(super) fn all(grid: &Grid, scale: usize, beside: u64, limits: &MediaLimits) -> Result<Vec<Self>, Refusal> {
        let samples = grid.blocks() * (scale * scale) as u64;
        within("bytes of memory", limits.max_allocation, samples + beside)?;
        Ok(grid.channels.iter().map(|channel| Self::of(channel, scale)).collect())
    }

    fn of(channel: &Channel, scale: usize) -> Self {
        let stride = channel.across * scale;
        let plane = Plane {
            width: (channel.width * scale).div_ceil(8),
            height: (channel.height * scale).div_ceil(8),
            stride,
            samples: vec![128; stride * channel.down * scale],
        };
        Self { plane }
    }

    /// The samples, where those of the block at column `x` and row `y` begin, and how far it is from row to row.
    #[inline(always)]
    pub(super) fn block<const N: usize>(&mut self, x: usize, y: usize) -> (&mut [u8], usize, usize) {
        let stride = self.plane.stride;
        (&mut self.plane.samples, y * N * stride + x * N, stride)
    }

    /// The finished plane.
    pub(super) fn finish(self) -> Plane {
        self.plane
    }
}
