//! Colours multiplied by their alpha and back: the form in which they are scaled, so that invisible ones do not bleed
//! into visible ones.
//!
//! A product of two bytes fits 16 bits without rounding, so nothing of the colour is lost before it is scaled. Full
//! colour at full alpha is 65 025. `of` makes a pixel for the resizer of its samples, `samples_of` is the way back.

use fast_image_resize::PixelTrait;

use super::wide::{Work, wide};

/// The pixels with their colours times alpha.
pub(super) fn multiplied<const N: usize, P: PixelTrait>(pixels: &[[u8; N]], of: impl Fn([u16; N]) -> P) -> Vec<P> {
    let mut places = vec![P::default(); pixels.len()];
    multiply(pixels, &mut places, of);
    places
}

/// The same, into as many places.
pub(super) fn multiply<const N: usize, P>(pixels: &[[u8; N]], places: &mut [P], of: impl Fn([u16; N]) -> P) {
    wide(Multiply { pixels, places, of });
}

/// Appends the samples of pixels whose colours were multiplied.
pub(super) fn divide<const N: usize, P>(pixels: &[P], samples: &mut Vec<u8>, samples_of: impl Fn(&P) -> [u16; N]) {
    let start = samples.len();
    samples.resize(start + pixels.len() * N, 0);
    wide(Divide { pixels, places: samples[start..].as_chunks_mut().0, samples_of });
}

struct Multiply<'a, const N: usize, P, F> {
    pixels: &'a [[u8; N]],
    places: &'a mut [P],
    of: F,
}

impl<const N: usize, P, F: Fn([u16; N]) -> P> Work for Multiply<'_, N, P, F> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        for (place, pixel) in self.places.iter_mut().zip(self.pixels) {
            let alpha = u16::from(pixel[N - 1]);
            let mut product = [255 * alpha; N];
            for at in 0..N - 1 {
                product[at] = u16::from(pixel[at]) * alpha;
            }
            *place = (self.of)(product);
        }
    }
}

struct Divide<'a, const N: usize, P, F> {
    pixels: &'a [P],
    places: &'a mut [[u8; N]],
    samples_of: F,
}

impl<const N: usize, P, F: Fn(&P) -> [u16; N]> Work for Divide<'_, N, P, F> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        for (place, pixel) in self.places.iter_mut().zip(self.pixels) {
            let product = (self.samples_of)(pixel);
            let alpha = product[N - 1];
            for at in 0..N - 1 {
                place[at] = over(product[at], alpha);
            }
            // Lanczos may overshoot.
            place[N - 1] = ((u32::from(alpha) + 127) / 255).min(255) as u8;
        }
    }
}

/// The colour that, times `alpha`, is `product`; 0 where there is no alpha.
///
/// Numbers below 2^24 are exact in `f32`, and a quotient up to 255 that is not whole is further from the next whole
/// number than rounding takes it, so this is what whole numbers come to. Wide registers divide no whole numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
#[inline(always)]
fn over(product: u16, alpha: u16) -> u8 {
    let color = (f32::from(product) * 255.0 + f32::from(alpha / 2)) / f32::from(alpha.max(1));
    if alpha == 0 { 0 } else { color.min(255.0) as u8 }
}

#[cfg(test)]
mod tests {
    use fast_image_resize::pixels::U16x2;

    use super::*;

    #[test]
    fn colours_come_back_from_any_alpha_that_shows_them() {
        for alpha in 1..=255_u8 {
            let pixels: Vec<[u8; 2]> = (0..=255).map(|color| [color, alpha]).collect();
            let mut samples = Vec::new();
            divide(&multiplied(&pixels, U16x2::new), &mut samples, |pixel| pixel.0);
            assert_eq!(samples, pixels.as_flattened());
        }
    }

    #[test]
    fn quotients_are_those_of_whole_numbers() {
        for alpha in (1..=u16::MAX).step_by(7) {
            // About each product at which the colour changes, and those that Lanczos overshoots to.
            let steps = (0..=256_u32).map(|color| (color * 2 * u32::from(alpha) - u32::from(alpha).min(color)) / 510);
            for product in steps.flat_map(|product| [product, product + 1]).chain([65_535]) {
                let exact = (product * 255 + u32::from(alpha) / 2) / u32::from(alpha);
                let product = u16::try_from(product.min(65_535)).unwrap();
                if exact <= 255 || product == 65_535 {
                    assert_eq!(u32::from(over(product, alpha)), exact.min(255), "{product} of {alpha}");
                }
            }
        }
        assert_eq!([over(0, 0), over(9, 0)], [0, 0]);
    }
}
