//! Scaling with Lanczos3, in the form in which the picture came: planes as planes, ink as ink, colours with alpha
//! multiplied by it in 16 bits.

use std::iter::repeat_n;

use fast_image_resize::images::{Image, ImageRef, TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U16x2, U16x4};
use fast_image_resize::{FilterType, PixelTrait, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::alpha::{divide, multiplied};
use super::errors::not_scaled;
use super::fit::Fit;
use super::picture::{Kind, Picture, Pixels, Plane, Planes, Rect, Size};
use super::reduce::{Plain, WithAlpha, fewer_rows};
use super::steps::{downwards, lowered_first, narrowed_first, narrows_first, sideways};
use crate::error::Result;

/// How large chroma planes are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chroma {
    /// As large as luma: for encoders that take whole pixels.
    Whole,
    /// Half of luma in both directions: as lossy encoders store them.
    Halved,
}

/// The part of `picture` that `fit` names, in its size, still the way it was stored.
pub(super) fn resize(picture: Picture, fit: &Fit, chroma: Chroma) -> Result<Picture> {
    Ok(match picture {
        Picture::Pixels(pixels) => Picture::Pixels(resize_pixels(pixels, fit)?),
        Picture::Planes(Planes { luma, chroma: planes }) => {
            let size = if chroma == Chroma::Halved { fit.scaled.halved() } else { fit.scaled };
            // A halved odd side ends in a sample that belongs to the picture only in part.
            let part = (f64::from(fit.scaled.width) / 2.0, f64::from(fit.scaled.height) / 2.0);
            let extent = if chroma == Chroma::Halved { part } else { whole(size) };
            let chroma = match planes {
                Some([blue, red]) => {
                    Some([resize_plane(blue, fit, size, extent)?, resize_plane(red, fit, size, extent)?])
                }
                None => None,
            };
            Picture::Planes(Planes { luma: resize_plane(luma, fit, fit.scaled, whole(fit.scaled))?, chroma })
        }
    })
}

fn resize_pixels(pixels: Pixels, fit: &Fit) -> Result<Pixels> {
    let size = fit.scaled;
    if fit.keeps_pixels() {
        return Ok(cut(pixels, fit.crop, size));
    }
    let Pixels { kind, size: stored, ref samples } = pixels;
    let samples = match kind {
        Kind::Gray => convolve(samples, stored, PixelType::U8, fit.crop, size),
        Kind::Rgb | Kind::Ycc => convolve(samples, stored, PixelType::U8x3, fit.crop, size),
        Kind::Cmyk => convolve(samples, stored, PixelType::U8x4, fit.crop, size),
        Kind::GrayAlpha => convolve_with_alpha(samples, stored, fit.crop, size, U16x2::new, |pixel| pixel.0),
        Kind::Rgba => convolve_with_alpha(samples, stored, fit.crop, size, U16x4::new, |pixel| pixel.0),
    };
    Ok(Pixels { kind, size, samples: samples? })
}

/// `extent` is how much of the new plane the picture covers.
fn resize_plane(plane: Plane, fit: &Fit, size: Size, extent: (f64, f64)) -> Result<Plane> {
    let across = plane.extent.0 / f64::from(fit.stored.width);
    let down = plane.extent.1 / f64::from(fit.stored.height);
    let Rect { left, top, width, height } = fit.crop;
    // What hangs over the picture at the edge of the old plane is what hangs over at the edge of the new one.
    let part = Rect {
        left: left * across,
        top: top * down,
        width: width * across * f64::from(size.width) / extent.0,
        height: height * down * f64::from(size.height) / extent.1,
    };
    let plane = reaching(plane, part);
    let kept = part == Rect::of(size) && plane.size == size;
    let samples = if kept { plane.samples } else { convolve(&plane.samples, plane.size, PixelType::U8, part, size)? };
    Ok(Plane { size, extent, samples })
}

/// The plane with its last column and row repeated, as far as `part` reaches beyond them.
///
/// Half a sample of the new plane may hang over, which is more than one of the old. Without it everything would be
/// stretched: colours of a photograph that comes out 225 rows high lay a quarter of a pixel too low.
fn reaching(plane: Plane, part: Rect) -> Plane {
    let end =
        |start: f64, length: f64, side: u32| (start + length - f64::from(side) * HAIR).max(f64::from(side)).ceil();
    let (old_width, old_height) = (plane.size.width as usize, plane.size.height as usize);
    let width = whole_pixels(end(part.left, part.width, plane.size.width));
    let height = whole_pixels(end(part.top, part.height, plane.size.height));
    if (width, height) == (old_width, old_height) {
        return plane;
    }
    let mut samples = Vec::with_capacity(width * height);
    for row in plane.samples.chunks_exact(old_width) {
        samples.extend_from_slice(row);
        samples.extend(repeat_n(row[old_width - 1], width - old_width));
    }
    for _ in old_height..height {
        samples.extend_from_within(samples.len() - width..);
    }
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    Plane { size: Size { width: side(width), height: side(height) }, extent: plane.extent, samples }
}

/// The pixels of a part that begins and ends at whole ones.
pub(super) fn cut(pixels: Pixels, part: Rect, size: Size) -> Pixels {
    if pixels.size == size {
        return pixels;
    }
    let channels = pixels.kind.channels();
    let (left, top) = (whole_pixels(part.left) * channels, whole_pixels(part.top));
    let length = size.width as usize * channels;
    let rows = pixels.samples.chunks_exact(pixels.size.width as usize * channels).skip(top).take(size.height as usize);
    let samples = rows.flat_map(|row| row[left..left + length].iter().copied()).collect();
    Pixels { kind: pixels.kind, size, samples }
}

fn convolve(samples: &[u8], stored: Size, kind: PixelType, part: Rect, size: Size) -> Result<Vec<u8>> {
    let length = stored.width as usize * kind.size();
    if let Some(rows) = fewer_rows::<Plain>(samples, length, (part.top, part.height), size.height) {
        return across(&rows, stored.width, kind, part, size);
    }
    convolve_whole(samples, stored, kind, part, size)
}

/// The other half of a reduction, when the rows are those of the result.
fn across(rows: &[u8], width: u32, kind: PixelType, part: Rect, size: Size) -> Result<Vec<u8>> {
    let stored = Size { width, height: size.height };
    let part = Rect { top: 0.0, height: size.height.into(), ..part };
    convolve_whole(rows, stored, kind, part, size)
}

fn convolve_whole(samples: &[u8], stored: Size, kind: PixelType, part: Rect, size: Size) -> Result<Vec<u8>> {
    let source = ImageRef::new(stored.width, stored.height, samples, kind).map_err(not_scaled)?;
    let mut resizer = Resizer::new();
    let mut scaled = Image::new(size.width, size.height, kind);
    if narrows_first(stored, part, size) {
        resizer.resize(&source, &mut scaled, &lanczos(part, stored)).map_err(not_scaled)?;
        return Ok(scaled.into_vec());
    }
    // The resizer makes rows shorter first: 100 MB in between from 8 192 px a side to 4 096 x 1 px of RGB.
    let low = Size { width: stored.width, height: size.height };
    let mut lowered = Image::new(low.width, low.height, kind);
    resizer.resize(&source, &mut lowered, &lanczos(downwards(part, stored.width), stored)).map_err(not_scaled)?;
    resizer.resize(&lowered, &mut scaled, &lanczos(sideways(part, size.height), low)).map_err(not_scaled)?;
    Ok(scaled.into_vec())
}

/// Scales colours that are multiplied by their alpha. `of` and `samples_of` are those of [`super::alpha`].
///
/// The wide copy is made a band at a time: at 8 bytes a pixel the whole would take more memory than everything else.
/// A band of a few rows of the result may still be most of a large source. Then each direction is a step of its own.
fn convolve_with_alpha<const N: usize, P: PixelTrait>(
    samples: &[u8],
    stored: Size,
    part: Rect,
    size: Size,
    of: impl Fn([u16; N]) -> P,
    samples_of: impl Fn(&P) -> [u16; N],
) -> Result<Vec<u8>> {
    let samples_of_all = |scaled: &TypedImage<'_, P>| {
        let mut samples = Vec::with_capacity(scaled.pixels().len() * N);
        divide(scaled.pixels(), &mut samples, &samples_of);
        samples
    };
    let length = stored.width as usize * N;
    if let Some(rows) = fewer_rows::<WithAlpha<N>>(samples, length, (part.top, part.height), size.height) {
        let pixels: Vec<P> = rows.as_chunks::<N>().0.iter().map(|pixel| of(*pixel)).collect();
        let stored = Size { width: stored.width, height: size.height };
        let part = Rect { top: 0.0, height: size.height.into(), ..part };
        let scaled = resize_typed(&mut Resizer::new(), &pixels, stored, part, size)?;
        return Ok(samples_of_all(&scaled));
    }
    let step = part.height / f64::from(size.height);
    let band = (BAND_PIXELS / f64::from(stored.width) / step).max(MIN_BAND_ROWS).min(size.height.into());
    let rows = band * step + 2.0 * LANCZOS_RADIUS * step.max(1.0);
    if rows * f64::from(stored.width) <= MOST_BAND_PIXELS {
        let band = u32::try_from(whole_pixels(band)).unwrap_or(u32::MAX).max(1);
        return convolve_bands(samples, stored, part, size, band, of, samples_of);
    }
    let pixels = samples.as_chunks::<N>().0;
    let scaled = if narrows_first(stored, part, size) {
        narrowed_first(pixels, stored, part, size, STEP_PIXELS, of)?
    } else {
        lowered_first(pixels, stored, part, size, STEP_PIXELS, of)?
    };
    Ok(samples_of_all(&scaled))
}

/// As above, `band` rows of the result at a time.
fn convolve_bands<const N: usize, P: PixelTrait>(
    samples: &[u8],
    stored: Size,
    part: Rect,
    size: Size,
    band: u32,
    of: impl Fn([u16; N]) -> P,
    samples_of: impl Fn(&P) -> [u16; N],
) -> Result<Vec<u8>> {
    let (pixels, width) = (samples.as_chunks::<N>().0, stored.width as usize);
    let step = part.height / f64::from(size.height);
    let reach = (LANCZOS_RADIUS * step.max(1.0)).ceil() + 1.0;
    let mut resizer = Resizer::new();
    let mut scaled = Vec::with_capacity(size.width as usize * size.height as usize * N);
    let mut row = 0;
    while row < size.height {
        let rows = band.min(size.height - row);
        let top = part.top + f64::from(row) * step;
        let height = f64::from(rows) * step;
        let first = whole_pixels((top - reach).max(0.0));
        let last = whole_pixels((top + height + reach).min(f64::from(stored.height)));
        let source = multiplied(&pixels[first * width..last * width], &of);
        let part = Rect { left: part.left, top: top - first as f64, width: part.width, height };
        let wide = Size { width: stored.width, height: u32::try_from(last - first).unwrap_or(u32::MAX) };
        let size = Size { width: size.width, height: rows };
        divide(resize_typed(&mut resizer, &source, wide, part, size)?.pixels(), &mut scaled, &samples_of);
        row += rows;
    }
    Ok(scaled)
}

/// The scaled part of `source`, which is `stored` large.
fn resize_typed<P: PixelTrait>(
    resizer: &mut Resizer,
    source: &[P],
    stored: Size,
    part: Rect,
    size: Size,
) -> Result<TypedImage<'static, P>> {
    let source = TypedImageRef::new(stored.width, stored.height, source).map_err(not_scaled)?;
    let mut scaled = TypedImage::<P>::new(size.width, size.height);
    resizer.resize_typed(&source, &mut scaled, &lanczos(part, stored)).map_err(not_scaled)?;
    Ok(scaled)
}

pub(super) fn lanczos(part: Rect, whole: Size) -> ResizeOptions {
    let width = within(part.left, part.width, whole.width);
    let height = within(part.top, part.height, whole.height);
    ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(part.left, part.top, width, height)
        .use_alpha(false)
}

/// `length`, or what is left of `whole` behind `start` when rounding made it end a hair beyond.
fn within(start: f64, length: f64, whole: u32) -> f64 {
    let whole = f64::from(whole);
    if start + length <= whole { length } else { whole - start - whole * HAIR }
}

fn whole(size: Size) -> (f64, f64) {
    (size.width.into(), size.height.into())
}

/// The whole part of a length that is neither negative nor larger than a picture.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths within a picture")]
pub(super) fn whole_pixels(length: f64) -> usize {
    length as usize
}

/// What rounding may add to a sum of lengths, as a share of it.
const HAIR: f64 = 1e-12;
pub(super) const LANCZOS_RADIUS: f64 = 3.0;
/// Source pixels of a band: 4 MiB of them at 8 bytes each, which stay in the caches.
const BAND_PIXELS: f64 = 524_288.0;
/// Source pixels of the largest band: 12 MiB of them at 8 bytes each.
const MOST_BAND_PIXELS: f64 = 1_572_864.0;
/// Source pixels of a band that is scaled in one direction: 4 MiB of them at 8 bytes each. The resizer computes its weights
/// anew for each, which at a quarter of this took longer than scaling where they are many (16 384 px to 300).
const STEP_PIXELS: usize = 524_288;
/// Rows of the result in a band at least, so that the rows that two bands share stay few.
const MIN_BAND_ROWS: f64 = 16.0;

#[cfg(test)]
mod tests {
    use super::super::crop::Crop;
    use super::super::orientation::Orientation;
    use super::super::size::TargetSize;
    use super::*;

    fn fit(stored: Size, target: TargetSize) -> Fit {
        Fit::plan(target, Crop::Center, false, stored, Orientation::UPRIGHT)
    }

    fn exact(width: u32, height: u32) -> TargetSize {
        TargetSize::Exact { width, height }
    }

    #[test]
    fn colours_that_nobody_sees_do_not_bleed() {
        let stored = Size { width: 64, height: 64 };
        // Left half opaque red, right half invisible green.
        let pixel = |x: u32| if x < 32 { [255, 0, 0, 255] } else { [0, 255, 0, 0] };
        let samples = (0..64 * 64).flat_map(|at| pixel(at % 64)).collect();
        let scaled =
            resize_pixels(Pixels { kind: Kind::Rgba, size: stored, samples }, &fit(stored, exact(15, 15))).unwrap();
        for pixel in scaled.samples.chunks(4).filter(|pixel| pixel[3] > 0) {
            assert_eq!((pixel[0], pixel[1]), (255, 0), "{pixel:?}");
        }
    }

    #[test]
    fn faint_colours_keep_their_tone() {
        let stored = Size { width: 40, height: 40 };
        let samples = [201, 150, 99, 9].repeat(40 * 40);
        let scaled =
            resize_pixels(Pixels { kind: Kind::Rgba, size: stored, samples }, &fit(stored, exact(13, 13))).unwrap();
        for pixel in scaled.samples.chunks(4) {
            assert!(pixel.iter().zip([201, 150, 99, 9]).all(|(a, b)| a.abs_diff(b) <= 1), "{pixel:?}");
        }
    }

    #[test]
    fn bands_leave_no_seams() {
        let stored = Size { width: 96, height: 512 };
        let mut random = fastrand::Rng::with_seed(1);
        let samples: Vec<u8> = (0..2 * 96 * 512).map(|_| random.u8(..)).collect();
        let part = Rect { left: 3.25, top: 7.5, width: 90.0, height: 500.25 };
        let size = Size { width: 31, height: 200 };
        let scaled = |band| convolve_bands(&samples, stored, part, size, band, U16x2::new, |pixel| pixel.0).unwrap();
        let whole = scaled(200);
        for band in [1, 16, 37] {
            let banded = scaled(band);
            let largest = whole.iter().zip(&banded).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(largest <= Some(1), "{band} rows a band: {largest:?}");
        }
    }

    #[test]
    fn a_part_in_its_own_size_is_cut_out_unchanged() {
        let stored = Size { width: 5, height: 4 };
        let samples: Vec<u8> = (0..20).collect();
        let target = TargetSize::Cover { width: 30, height: 20 };
        let fit = Fit::plan(target, Crop::BottomRight, false, stored, Orientation::UPRIGHT);
        let part = resize_pixels(Pixels { kind: Kind::Gray, size: stored, samples }, &fit).unwrap();
        assert_eq!((part.size, part.samples[0]), (Size { width: 5, height: 3 }, 5));
    }

    #[test]
    fn colours_stay_where_they_are_when_the_result_has_an_odd_side() {
        // A ramp of chroma whose half size does not end with a sample: 75 of 150 rows become 37.5.
        let stored = Size { width: 200, height: 150 };
        let ramp = |size: Size, rows: f64| Plane {
            size,
            extent: (size.width.into(), rows),
            samples: (0..size.height).flat_map(|row| vec![row.to_le_bytes()[0]; size.width as usize]).collect(),
        };
        let half = ramp(Size { width: 100, height: 75 }, 75.0);
        let picture = Picture::Planes(Planes { luma: ramp(stored, 150.0), chroma: Some([half.clone(), half]) });
        let fit = fit(stored, exact(100, 75));
        let Picture::Planes(scaled) = resize(picture, &fit, Chroma::Halved).unwrap() else { panic!("planes") };
        let [blue, _] = scaled.chroma.unwrap();
        assert_eq!(blue.size, Size { width: 50, height: 38 });
        for row in 4..34_u32 {
            let sample = blue.samples[row as usize * 50];
            // Row n of the result shows rows 2n and 2n + 1 of the source.
            assert!(f64::from(sample) - f64::from(2 * row) - 0.5 <= 0.51, "row {row}: {sample}");
            assert!(f64::from(2 * row) + 0.5 - f64::from(sample) <= 0.51, "row {row}: {sample}");
        }
    }

    #[test]
    fn planes_of_a_reduced_odd_picture_stay_in_place() {
        // 17 x 1 reduced to an eighth is 2.125 samples, of which the third counts for an eighth only.
        let stored = Size { width: 17, height: 8 };
        let luma = Plane { size: Size { width: 3, height: 1 }, extent: (2.125, 1.0), samples: vec![0, 100, 255] };
        let half = Plane { size: Size { width: 2, height: 1 }, extent: (1.0625, 0.5), samples: vec![10, 200] };
        let chroma = Some([half.clone(), half]);
        let planes = Picture::Planes(Planes { luma, chroma });
        let Picture::Planes(scaled) = resize(planes, &fit(stored, exact(3, 1)), Chroma::Halved).unwrap() else {
            panic!("planes")
        };
        assert_eq!(scaled.luma.size, Size { width: 3, height: 1 });
        assert!(scaled.luma.samples[2] < 160, "{:?}", scaled.luma.samples);
        assert_eq!(scaled.chroma.unwrap()[0].size, Size { width: 2, height: 1 });
    }
}
