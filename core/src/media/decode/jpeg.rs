//! JPEG: our own decoder at the scale that the result needs, and a general one for what it does not take.

use tracing::warn;

use super::super::encode::chroma;
use super::super::fit::Fit;
use super::super::jpeg::{self, Component, Condition, Header, Refusal, Scale};
use super::super::limits::MediaLimits;
use super::super::picture::{Picture, Plane, Planes, Size};
use super::super::resize::Chroma;
use super::super::value::{Effort, Format, Transform};
use super::{Decoded, zune};
use crate::error::Result;

pub(super) fn decode(bytes: &[u8], fit: &Fit, transform: &Transform) -> Result<Decoded> {
    let limits = &transform.limits;
    let header = Header::read(bytes, limits)?;
    let profile = header.profile(limits)?;
    let picture = match planes(bytes, &header, scale(fit, Detail::of(transform, &header)), limits) {
        Ok(planes) => Picture::Planes(planes),
        Err(Refusal::Unsupported(_)) => Picture::Pixels(zune::decode(bytes, &header, limits)?),
        Err(refusal) => return Err(refusal.into()),
    };
    Ok(Decoded { picture, profile })
}

/// The smallest scale whose part for the result still has a sample of luma for each of its pixels, in both directions.
///
/// [`Effort::Best`] wants more in two cases. An eighth has nothing but the means of blocks, so it is taken only with
/// two samples for each pixel a side: a 4 000 px photograph at 300 px (1.7 samples a pixel) comes out 1.2 points of
/// SSIMULACRA2 better from a quarter, and one of 6 000 px (2.5) loses nothing. Quarters and halves have detail of their
/// own, and came out within a point of the best peers with less than two. And a result that stores its
/// colours in whole size gets a sample of each for every pixel, from a file that stores them in half of it too.
fn scale(fit: &Fit, detail: Detail) -> Scale {
    let across = fit.crop.width / f64::from(fit.scaled.width);
    let down = fit.crop.height / f64::from(fit.scaled.height);
    let pixels = across.min(down);
    let samples = (across / f64::from(detail.chroma.0)).min(down / f64::from(detail.chroma.1));
    match pixels.min(samples) {
        least if least >= 8.0 && pixels >= detail.means => Scale::Eighth,
        least if least >= 4.0 => Scale::Quarter,
        least if least >= 2.0 => Scale::Half,
        _ => Scale::Full,
    }
}

/// How much of the detail a result needs.
#[derive(Debug, Clone, Copy)]
struct Detail {
    /// Pixels of the picture for each of the result, a side, from which on the means of blocks will do.
    means: f64,
    /// Pixels across and down for a sample of chroma, where that counts; 1 where it does not.
    chroma: (u8, u8),
}

impl Detail {
    fn of(transform: &Transform, header: &Header<'_>) -> Self {
        let whole = chroma(transform.format.unwrap_or(Format::Jpeg), transform.quality) == Chroma::Whole;
        let chroma = match (transform.effort, &*header.components) {
            (Effort::Best, [luma, chroma, ..]) if whole => (luma.across / chroma.across, luma.down / chroma.down),
            _ => (1, 1),
        };
        let means = match transform.effort {
            Effort::Fast => 8.0,
            Effort::Best => 16.0,
        };
        Self { means, chroma: (chroma.0.max(1), chroma.1.max(1)) }
    }
}

fn planes(bytes: &[u8], header: &Header<'_>, scale: Scale, limits: &MediaLimits) -> Result<Planes, Refusal> {
    let jpeg::Planes { luma, chroma, condition } = jpeg::decode(bytes, scale, limits)?;
    if condition == Condition::Damaged {
        warn!(bytes = bytes.len(), "a damaged JPEG is shown as far as it can be read");
    }
    let [first, ..] = &*header.components else { return Err(Refusal::Corrupt("it has no components")) };
    // The components of chroma are sampled alike, or they would not be here.
    let second = header.components.get(1).unwrap_or(first);
    let full = Size { width: header.width, height: header.height };
    let plane = |plane: jpeg::Plane, part: &Component| {
        let side = |pixels: u32, part: u8, whole: u8| {
            f64::from(pixels) * f64::from(part) / f64::from(whole) * scale.samples() as f64 / 8.0
        };
        let across = side(full.width, part.across, first.across);
        packed(plane, (across, side(full.height, part.down, first.down)))
    };
    Ok(Planes {
        luma: plane(luma, first),
        chroma: chroma.map(|planes| planes.map(|blue_or_red| plane(blue_or_red, second))),
    })
}

/// Without what stands between its rows. A width of whole blocks, as most cameras make, has nothing there.
fn packed(plane: jpeg::Plane, extent: (f64, f64)) -> Plane {
    let jpeg::Plane { width, height, stride, mut samples } = plane;
    if stride > width {
        for row in 1..height {
            samples.copy_within(row * stride..row * stride + width, row * width);
        }
    }
    samples.truncate(width * height);
    let side = |samples: usize| u32::try_from(samples).unwrap_or(u32::MAX);
    Plane { size: Size { width: side(width), height: side(height) }, extent, samples }
}

#[cfg(test)]
mod tests {
    use super::super::super::crop::Crop;
    use super::super::super::orientation::Orientation;
    use super::super::super::size::TargetSize;
    use super::*;

    const FAST: Detail = Detail { means: 8.0, chroma: (1, 1) };
    const BEST: Detail = Detail { means: 16.0, chroma: (1, 1) };

    #[test]
    fn colours_count_where_the_result_stores_them_whole_and_nobody_is_in_a_hurry() {
        let bytes = crate::media::jpeg::tests::fixtures::read("baseline-422.jpg");
        let header = Header::read(&bytes, &MediaLimits::default()).unwrap();
        let chroma = |wish: Transform| Detail::of(&wish, &header).chroma;
        assert_eq!(chroma(Transform::original().format(Format::Png)), (2, 1));
        assert_eq!(chroma(Transform::original().quality(90)), (2, 1));
        assert_eq!(chroma(Transform::original()), (1, 1));
        assert_eq!(chroma(Transform::original().quality(90).effort(Effort::Fast)), (1, 1));
        let stored = Size { width: 4000, height: 3000 };
        let fit = |width| {
            let target = TargetSize::Fit { max_width: width, max_height: width };
            Fit::plan(target, Crop::Center, false, stored, Orientation::UPRIGHT)
        };
        let whole = Detail { chroma: (2, 1), ..BEST };
        assert_eq!((scale(&fit(800), whole), scale(&fit(300), whole)), (Scale::Half, Scale::Quarter));
        assert_eq!((scale(&fit(1500), whole), scale(&fit(200), whole)), (Scale::Full, Scale::Eighth));
    }

    #[test]
    fn a_scale_has_the_samples_that_the_result_needs_and_the_best_no_bare_means() {
        let cases = [
            // 1.7 samples a pixel from an eighth.
            ((4000, 3000), (300, 300), Scale::Eighth, Scale::Quarter),
            ((6000, 4000), (300, 300), Scale::Eighth, Scale::Eighth),
            ((4800, 3600), (300, 300), Scale::Eighth, Scale::Eighth),
            ((1920, 1080), (300, 300), Scale::Quarter, Scale::Quarter),
            ((4000, 3000), (1920, 1080), Scale::Half, Scale::Half),
            ((4000, 3000), (2001, 2000), Scale::Full, Scale::Full),
            // Stretched: the narrower direction decides.
            ((4000, 3000), (100, 1500), Scale::Half, Scale::Half),
            ((40, 30), (80, 60), Scale::Full, Scale::Full),
        ];
        for ((width, height), (across, down), fast, best) in cases {
            let target = match (across, down) {
                (100 | 80, _) => TargetSize::Exact { width: across, height: down },
                _ => TargetSize::Fit { max_width: across, max_height: down },
            };
            let fit = Fit::plan(target, Crop::Center, false, Size { width, height }, Orientation::UPRIGHT);
            assert_eq!((scale(&fit, FAST), scale(&fit, BEST)), (fast, best), "{width} x {height} to {across} x {down}");
        }
    }

    #[test]
    fn a_part_needs_more_detail_than_the_whole() {
        let stored = Size { width: 8000, height: 1000 };
        let target = TargetSize::Cover { width: 200, height: 200 };
        let fit = Fit::plan(target, Crop::Center, false, stored, Orientation::UPRIGHT);
        assert_eq!(scale(&fit, FAST), Scale::Quarter);
    }

    #[test]
    fn rows_close_up_when_something_stands_between_them() {
        let plane = jpeg::Plane { width: 2, height: 3, stride: 4, samples: vec![1, 2, 9, 9, 3, 4, 9, 9, 5, 6, 9, 9] };
        let plane = packed(plane, (1.5, 3.0));
        assert_eq!((plane.samples, plane.size.width, plane.extent), (vec![1, 2, 3, 4, 5, 6], 2, (1.5, 3.0)));
    }

    #[test]
    fn planes_know_how_much_of_them_the_picture_covers() {
        // 83 x 61 pixels, chroma halved: 10.375 and 5.1875 samples across at an eighth.
        let bytes = crate::media::jpeg::tests::fixtures::read("baseline-420.jpg");
        let limits = MediaLimits::default();
        let header = Header::read(&bytes, &limits).unwrap();
        let planes = planes(&bytes, &header, Scale::Eighth, &limits).unwrap();
        let [blue, _] = planes.chroma.unwrap();
        let size = |plane: &Plane| (plane.size.width, plane.size.height);
        assert_eq!((planes.luma.extent, size(&planes.luma)), ((10.375, 7.625), (11, 8)));
        assert_eq!((blue.extent, size(&blue)), ((5.1875, 3.8125), (6, 4)));
    }
}
