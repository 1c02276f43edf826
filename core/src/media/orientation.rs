//! The eight ways a camera can be held, and how to turn what it stored upright.

use super::picture::{Rect, Size};

/// How stored pixels must be turned to stand upright: the values 1 to 8 of EXIF.
///
/// All eight are made of three steps, in this order when walking from an upright place to the stored one: swap the
/// axes, then mirror the stored picture left to right, then top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Orientation(u8);

impl Orientation {
    pub(super) const UPRIGHT: Self = Self(1);

    pub(super) fn new(value: u32) -> Option<Self> {
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value)).map(Self)
    }

    /// The number of EXIF.
    pub(super) fn value(self) -> u8 {
        self.0
    }

    /// The size on the screen of what is stored as `size`, and the other way round.
    pub(super) fn turned(self, size: Size) -> Size {
        if self.swaps_axes() { Size { width: size.height, height: size.width } } else { size }
    }

    /// Where an upright rectangle lies in the stored picture.
    pub(super) fn stored(self, upright: Rect, stored: Size) -> Rect {
        let mut rect = upright;
        if self.swaps_axes() {
            rect = Rect { left: rect.top, top: rect.left, width: rect.height, height: rect.width };
        }
        if self.mirrors_x() {
            // What rounding leaves below zero is zero.
            rect.left = (f64::from(stored.width) - rect.left - rect.width).max(0.0);
        }
        if self.mirrors_y() {
            rect.top = (f64::from(stored.height) - rect.top - rect.height).max(0.0);
        }
        rect
    }

    /// `samples` (`channels` bytes a pixel, `stored` in size) turned upright.
    pub(super) fn turn(self, samples: Vec<u8>, stored: Size, channels: usize) -> Vec<u8> {
        match channels {
            _ if self == Self::UPRIGHT => samples,
            1 => self.turn_pixels::<1>(&samples, stored),
            2 => self.turn_pixels::<2>(&samples, stored),
            3 => self.turn_pixels::<3>(&samples, stored),
            _ => self.turn_pixels::<4>(&samples, stored),
        }
    }

    fn turn_pixels<const N: usize>(self, samples: &[u8], stored: Size) -> Vec<u8> {
        let (pixels, _) = samples.as_chunks::<N>();
        let (width, height) = (stored.width as usize, stored.height as usize);
        let mut turned = Vec::with_capacity(samples.len());
        let upright = self.turned(stored);
        for y in 0..upright.height as usize {
            for x in 0..upright.width as usize {
                let (u, v) = if self.swaps_axes() { (y, x) } else { (x, y) };
                let u = if self.mirrors_x() { width - 1 - u } else { u };
                let v = if self.mirrors_y() { height - 1 - v } else { v };
                turned.extend_from_slice(&pixels[v * width + u]);
            }
        }
        turned
    }

    fn swaps_axes(self) -> bool {
        self.0 >= 5
    }

    fn mirrors_x(self) -> bool {
        matches!(self.0, 2 | 3 | 7 | 8)
    }

    fn mirrors_y(self) -> bool {
        matches!(self.0, 3 | 4 | 6 | 7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_eight_brings_the_letter_back_upright() {
        // Upright: 1 2 3
        //          4 5 6
        let upright = [1, 2, 3, 4, 5, 6];
        let stored: [(u32, u32, [u8; 6]); 8] = [
            (3, 2, [1, 2, 3, 4, 5, 6]),
            (3, 2, [3, 2, 1, 6, 5, 4]),
            (3, 2, [6, 5, 4, 3, 2, 1]),
            (3, 2, [4, 5, 6, 1, 2, 3]),
            (2, 3, [1, 4, 2, 5, 3, 6]),
            (2, 3, [3, 6, 2, 5, 1, 4]),
            (2, 3, [6, 3, 5, 2, 4, 1]),
            (2, 3, [4, 1, 5, 2, 6, 3]),
        ];
        for (value, (width, height, samples)) in (1..).zip(stored) {
            let orientation = Orientation::new(value).unwrap();
            let size = Size { width, height };
            assert_eq!(orientation.turned(size), Size { width: 3, height: 2 }, "orientation {value}");
            assert_eq!(orientation.turn(samples.to_vec(), size, 1), upright, "orientation {value}");
        }
    }

    #[test]
    fn a_rectangle_holds_the_same_pixels_wherever_it_is_looked_up() {
        let stored = Size { width: 4, height: 3 };
        let samples: Vec<u8> = (0..12).collect();
        for value in 1..=8 {
            let orientation = Orientation::new(value).unwrap();
            let upright = orientation.turned(stored);
            let turned = orientation.turn(samples.clone(), stored, 1);
            let corner = Rect { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };
            let place = orientation.stored(corner, stored);
            let at = samples.iter().position(|sample| *sample == turned[0]).unwrap();
            assert_eq!((place.left, place.top), ((at % 4) as f64, (at / 4) as f64), "orientation {value}");
            let whole = orientation.stored(Rect::of(upright), stored);
            assert_eq!(whole, Rect::of(stored));
        }
    }
}
