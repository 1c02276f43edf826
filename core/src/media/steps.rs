//! One direction after the other, for a picture of which a band for a few rows of the result would take too much memory
//! in the wide form in which colours with alpha are scaled.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::{PixelTrait, Resizer};

use super::alpha::{multiplied, multiply};
use super::errors::not_scaled;
use super::picture::{Rect, Size};
use super::resize::{LANCZOS_RADIUS, lanczos, whole_pixels};
use crate::error::Result;

/// Whether less is held in between when rows are made shorter before columns are.
pub(super) fn narrows_first(stored: Size, part: Rect, size: Size) -> bool {
    let (narrow, low) = (f64::from(size.width) * part.height, f64::from(stored.width) * f64::from(size.height));
    // Nothing is held for a direction that stays as it is.
    narrow <= low || part.height == f64::from(size.height)
}

/// The part for a step that changes heights alone.
pub(super) fn downwards(part: Rect, width: u32) -> Rect {
    Rect { left: 0.0, width: width.into(), ..part }
}

/// The part for a step that changes widths alone.
pub(super) fn sideways(part: Rect, height: u32) -> Rect {
    Rect { top: 0.0, height: height.into(), ..part }
}

/// In bands of rows: each is made as wide as the result, and all of them are then made as low.
pub(super) fn narrowed_first<const N: usize, P: PixelTrait>(
    pixels: &[[u8; N]],
    stored: Size,
    part: Rect,
    size: Size,
    band: usize,
    of: impl Fn([u16; N]) -> P,
) -> Result<TypedImage<'static, P>> {
    let (width, mut resizer) = (stored.width as usize, Resizer::new());
    let (first, rows) = used_rows(stored, part, size);
    let across = |rows: u32| Rect { top: 0.0, height: rows.into(), ..part };
    let mut narrow = Vec::with_capacity(size.width as usize * rows as usize);
    for rows in pixels[first * width..(first + rows as usize) * width].chunks(band.div_ceil(width) * width) {
        let source = multiplied(rows, &of);
        let whole = Size { height: side(rows.len() / width), ..stored };
        let source = TypedImageRef::new(whole.width, whole.height, &source).map_err(not_scaled)?;
        let mut scaled = TypedImage::<P>::new(size.width, whole.height);
        let options = lanczos(across(whole.height), whole);
        resizer.resize_typed(&source, &mut scaled, &options).map_err(not_scaled)?;
        narrow.extend_from_slice(scaled.pixels());
    }
    let whole = Size { width: size.width, height: rows };
    let part = Rect { top: part.top - first as f64, ..downwards(part, size.width) };
    let narrow = TypedImageRef::new(whole.width, whole.height, &narrow).map_err(not_scaled)?;
    let mut scaled = TypedImage::new(size.width, size.height);
    resizer.resize_typed(&narrow, &mut scaled, &lanczos(part, whole)).map_err(not_scaled)?;
    Ok(scaled)
}

/// In bands of columns: each is made as low as the result, and all of them are then made as narrow.
pub(super) fn lowered_first<const N: usize, P: PixelTrait>(
    pixels: &[[u8; N]],
    stored: Size,
    part: Rect,
    size: Size,
    band: usize,
    of: impl Fn([u16; N]) -> P,
) -> Result<TypedImage<'static, P>> {
    let (width, mut resizer) = (stored.width as usize, Resizer::new());
    let (first, rows) = used_rows(stored, part, size);
    let low = Size { width: stored.width, height: size.height };
    let mut lowered = vec![P::default(); width * size.height as usize];
    let columns = (band / rows as usize).max(1);
    for left in (0..width).step_by(columns) {
        let right = (left + columns).min(width);
        let used = pixels.chunks_exact(width).skip(first).take(rows as usize);
        let mut tall = vec![P::default(); (right - left) * rows as usize];
        for (place, row) in tall.chunks_exact_mut(right - left).zip(used) {
            multiply(&row[left..right], place, &of);
        }
        let whole = Size { width: side(right - left), height: rows };
        let part = Rect { top: part.top - first as f64, ..downwards(part, whole.width) };
        let tall = TypedImageRef::new(whole.width, whole.height, &tall).map_err(not_scaled)?;
        let mut scaled = TypedImage::<P>::new(whole.width, size.height);
        resizer.resize_typed(&tall, &mut scaled, &lanczos(part, whole)).map_err(not_scaled)?;
        for (row, scaled) in lowered.chunks_exact_mut(width).zip(scaled.pixels().chunks_exact(right - left)) {
            row[left..right].copy_from_slice(scaled);
        }
    }
    let lowered = TypedImageRef::new(low.width, low.height, &lowered).map_err(not_scaled)?;
    let mut scaled = TypedImage::new(size.width, size.height);
    let part = sideways(part, size.height);
    resizer.resize_typed(&lowered, &mut scaled, &lanczos(part, low)).map_err(not_scaled)?;
    Ok(scaled)
}

/// The first row that counts for the result, and how many do.
fn used_rows(stored: Size, part: Rect, size: Size) -> (usize, u32) {
    let step = part.height / f64::from(size.height);
    let reach = (LANCZOS_RADIUS * step.max(1.0)).ceil() + 1.0;
    let first = whole_pixels((part.top - reach).max(0.0));
    let last = whole_pixels((part.top + part.height + reach).min(f64::from(stored.height)));
    (first, side(last - first))
}

/// A side of a picture, which was one before.
fn side(pixels: usize) -> u32 {
    u32::try_from(pixels).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use fast_image_resize::pixels::U16x2;

    use super::*;

    #[test]
    fn one_direction_after_the_other_comes_to_the_same_in_either_order() {
        let stored = Size { width: 96, height: 512 };
        let mut random = fastrand::Rng::with_seed(1);
        let pixels: Vec<[u8; 2]> = (0..96 * 512).map(|_| [random.u8(..), random.u8(..)]).collect();
        let part = Rect { left: 3.25, top: 7.5, width: 90.0, height: 500.25 };
        let size = Size { width: 31, height: 200 };
        let rows = |band| narrowed_first(&pixels, stored, part, size, band, U16x2::new).unwrap();
        let columns = |band| lowered_first(&pixels, stored, part, size, band, U16x2::new).unwrap();
        let whole = rows(usize::MAX / 2);
        for banded in [rows(1), rows(96 * 16), rows(96 * 37), columns(usize::MAX / 2), columns(1), columns(512 * 7)] {
            let pairs = whole.pixels().iter().zip(banded.pixels());
            // Each direction rounds to 65 025 steps, and cuts off overshoot at either end, in another order.
            let off: u32 = pairs.map(|(a, b)| u32::from(a.0[0].abs_diff(b.0[0]) > 255)).sum();
            assert!(off < 31 * 200 / 50, "{off} of {} pixels", 31 * 200);
        }
    }

    #[test]
    fn what_is_held_in_between_is_the_smaller_of_two() {
        let stored = Size { width: 8192, height: 4096 };
        let first = |width, height| narrows_first(stored, Rect::of(stored), Size { width, height });
        assert!(first(1, 300) && first(300, 150) && !first(300, 1) && !first(4096, 1000) && first(9000, 4096));
    }
}
