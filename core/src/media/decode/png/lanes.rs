//! Sixteen bytes side by side: a pixel of up to four bytes in each of four rows.

use wide::{u8x16, u32x4};

/// Pixels in lanes.
pub(super) const PIXELS: usize = 4;

#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes(u8x16);

impl Lanes {
    #[inline(always)]
    pub(super) fn of(pixels: [u32; PIXELS]) -> Self {
        Self(bytemuck::cast(u32x4::new(pixels)))
    }

    #[inline(always)]
    pub(super) fn pixels(self) -> [u32; PIXELS] {
        bytemuck::cast::<_, u32x4>(self.0).to_array()
    }

    /// Each pixel one place on, and `first` in front of them.
    #[inline(always)]
    pub(super) fn moved_up(self, first: u32) -> Self {
        let [a, b, c, _] = self.pixels();
        Self::of([first, a, b, c])
    }

    #[inline(always)]
    pub(super) fn smaller(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    #[inline(always)]
    pub(super) fn larger(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// The sum, modulo 256.
    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// The difference, modulo 256.
    #[inline(always)]
    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    /// How much more this is than `other`; 0 where it is less.
    #[inline(always)]
    pub(super) fn above(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// All bits of the bytes that are 0.
    #[inline(always)]
    pub(super) fn zeros(self) -> Self {
        Self(self.0.simd_eq(u8x16::ZERO))
    }

    #[inline(always)]
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The mean, rounded down.
    #[inline(always)]
    pub(super) fn mean(self, other: Self) -> Self {
        let odd = (self.0 ^ other.0) & u8x16::splat(0xFE);
        // Half of each byte: a shift of words whose bytes have nothing to lose to each other.
        let half: u8x16 = bytemuck::cast(bytemuck::cast::<_, u32x4>(odd) >> 1_u32);
        Self((self.0 & other.0) + half)
    }
}
