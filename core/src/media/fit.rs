//! Geometry, and the door: a wish and a header go in, a value that cannot be wrong comes out.
//!
//! Checked by tests/vectors/fit.json.

use super::crop::Crop;
use super::detect::SourceFormat;
use super::header::Header;
use super::orientation::Orientation;
use super::picture::{Rect, Size};
use super::size::TargetSize;
use super::value::{Format, Transform};
use crate::error::{Error, Result};

/// Which part of the stored picture becomes a result of which size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    /// The size of the stored picture.
    pub(super) stored: Size,
    /// The part that is used, in stored pixels.
    pub(super) crop: Rect,
    /// The size that the part is scaled to, before it is turned upright.
    pub(super) scaled: Size,
    /// How the scaled part is turned.
    pub(super) orientation: Orientation,
    /// The size of the result: `scaled`, turned.
    pub(super) output: Size,
}

impl Fit {
    /// Makes the wish right, or names the field that cannot be.
    pub(super) fn parse(transform: &Transform, header: &Header<'_>) -> Result<Self> {
        check(transform)?;
        let fit = Self::plan(transform.size, transform.crop, transform.enlarge, header.stored, header.orientation);
        fit.possible(transform, header.format)
    }

    /// Makes the wish right for a page that was drawn in the size `drawn`, to be shown in the size `output`.
    pub(super) fn of_page(transform: &Transform, drawn: Size, output: Size) -> Result<Self> {
        let target = TargetSize::Exact { width: output.width, height: output.height };
        let fit = Self::plan(target, transform.crop, transform.enlarge, drawn, Orientation::UPRIGHT);
        fit.possible(transform, SourceFormat::Pdf)
    }

    /// Itself, if a result of its size is allowed and can be encoded.
    fn possible(self, transform: &Transform, source: SourceFormat) -> Result<Self> {
        transform.limits.output(source, self.output)?;
        let format = transform.format.unwrap_or_else(|| source.into());
        let side = self.output.width.max(self.output.height);
        if side > format.max_side() {
            let name = format.name();
            let reason = format!("expected at most {} px a side for {name}, got {side}", format.max_side());
            return Err(Error::invalid("format", reason));
        }
        Ok(self)
    }

    /// The geometry alone: for sides of at least 1 px.
    pub(super) fn plan(target: TargetSize, crop: Crop, enlarge: bool, stored: Size, orientation: Orientation) -> Self {
        let source = orientation.turned(stored);
        let (output, part) = match target {
            TargetSize::Original => (source, Rect::of(source)),
            TargetSize::Exact { width, height } => (Size { width, height }, Rect::of(source)),
            TargetSize::Fit { max_width, max_height } => {
                let area = Size { width: max_width, height: max_height };
                let larger = max_width >= source.width && max_height >= source.height;
                let output = if larger && !enlarge { source } else { inscribed(source, area) };
                (output, Rect::of(source))
            }
            TargetSize::Cover { width, height } => cover(source, Size { width, height }, crop, enlarge),
        };
        Self { stored, crop: orientation.stored(part, stored), scaled: orientation.turned(output), orientation, output }
    }

    /// Whether the part is used pixel by pixel.
    pub(super) fn keeps_pixels(&self) -> bool {
        let Rect { left, top, width, height } = self.crop;
        let same = (width, height) == (self.scaled.width.into(), self.scaled.height.into());
        same && left.fract() == 0.0 && top.fract() == 0.0
    }
}

/// The size that `width` px of an upright picture come to, in the shape of `source`.
pub(super) fn thumbnail(source: Size, width: u32) -> Size {
    inscribed(source, Size { width: width.min(source.width), height: source.height })
}

/// The largest size in the shape of `source` that fits into `area`; sides are rounded to the nearest pixel.
fn inscribed(source: Size, area: Size) -> Size {
    if u64::from(source.width) * u64::from(area.height) > u64::from(source.height) * u64::from(area.width) {
        Size { width: area.width, height: scaled(source.height, area.width, source.width).min(area.height) }
    } else {
        Size { width: scaled(source.width, area.height, source.height).min(area.width), height: area.height }
    }
}

/// The size in the shape of `area` and the part of `source` that fills it.
fn cover(source: Size, area: Size, crop: Crop, enlarge: bool) -> (Size, Rect) {
    let (across, down) = crop.halves();
    let place = |whole: f64, part: f64, halves: u32| (whole - part) * f64::from(halves) / 2.0;
    let (width, height) = (f64::from(source.width), f64::from(source.height));
    if !enlarge && (source.width < area.width || source.height < area.height) {
        // A smaller box in the same shape is cut out as it is.
        let output = inscribed(area, source);
        let (used_width, used_height) = (f64::from(output.width), f64::from(output.height));
        let (left, top) = (place(width, used_width, across).floor(), place(height, used_height, down).floor());
        return (output, Rect { left, top, width: used_width, height: used_height });
    }
    let scale = (f64::from(area.width) / width).max(f64::from(area.height) / height);
    let used_width = (f64::from(area.width) / scale).min(width);
    let used_height = (f64::from(area.height) / scale).min(height);
    let (left, top) = (place(width, used_width, across), place(height, used_height, down));
    (area, Rect { left, top, width: used_width, height: used_height })
}

/// `side * up / down`, rounded to the nearest and at least 1.
fn scaled(side: u32, up: u32, down: u32) -> u32 {
    let (side, up, down) = (u64::from(side), u64::from(up), u64::from(down));
    u32::try_from((2 * side * up + down) / (2 * down)).unwrap_or(u32::MAX).max(1)
}

/// The fields of a wish that can be judged without the file.
pub(super) fn check(transform: &Transform) -> Result<()> {
    let max = transform.limits.max_output_side;
    match transform.size {
        TargetSize::Original => {}
        TargetSize::Fit { max_width, max_height } => {
            range("max_width", max_width, max, " px")?;
            range("max_height", max_height, max, " px")?;
        }
        TargetSize::Cover { width, height } | TargetSize::Exact { width, height } => {
            range("width", width, max, " px")?;
            range("height", height, max, " px")?;
        }
    }
    if let Some(format) = transform.format.filter(|format| transform.animated && *format != Format::WebP) {
        return Err(Error::invalid("animated", format!("expected format webp, or none, got {}", format.name())));
    }
    range("quality", transform.quality.into(), 100, "")?;
    range("thumbnail", transform.thumbnail.unwrap_or(1), max, " px")?;
    range("thumbnail_quality", transform.thumbnail_quality.into(), 100, "")
}

pub(super) fn range(field: &str, value: u32, max: u32, unit: &str) -> Result<()> {
    if (1..=max).contains(&value) {
        Ok(())
    } else {
        Err(Error::invalid(field, format!("expected 1 to {max}{unit}, got {value}")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        name: String,
        source: [u32; 2],
        #[serde(default = "upright")]
        orientation: u32,
        #[serde(flatten)]
        target: Target,
        #[serde(default)]
        enlarge: bool,
        #[serde(default = "center")]
        position: String,
        output: [u32; 2],
        /// Left, top, width, height in the stored picture.
        part: Option<[f64; 4]>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Target {
        Original(bool),
        Fit([u32; 2]),
        Cover([u32; 2]),
        Exact([u32; 2]),
    }

    fn upright() -> u32 {
        1
    }

    fn center() -> String {
        "center".to_owned()
    }

    #[test]
    fn the_geometry_is_that_of_the_vectors() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../tests/vectors/fit.json")).expect("the vector is JSON");
        assert!(cases.len() > 20);
        for case in cases {
            let target = match case.target {
                Target::Original(whole) => {
                    assert!(whole, "{}", case.name);
                    TargetSize::Original
                }
                Target::Fit([max_width, max_height]) => TargetSize::Fit { max_width, max_height },
                Target::Cover([width, height]) => TargetSize::Cover { width, height },
                Target::Exact([width, height]) => TargetSize::Exact { width, height },
            };
            let stored = Size { width: case.source[0], height: case.source[1] };
            let orientation = Orientation::new(case.orientation).unwrap();
            let fit = Fit::plan(target, case.position.parse().unwrap(), case.enlarge, stored, orientation);
            assert_eq!([fit.output.width, fit.output.height], case.output, "{}", case.name);
            assert_eq!(fit.scaled, orientation.turned(fit.output), "{}", case.name);
            if let Some(part) = case.part {
                let Rect { left, top, width, height } = fit.crop;
                let close =
                    [left, top, width, height].iter().zip(part).all(|(got, wanted)| (got - wanted).abs() < 1e-3);
                assert!(close, "{}: {:?}", case.name, fit.crop);
            }
        }
    }

    proptest! {
        #[test]
        fn a_result_keeps_to_its_box_its_source_and_its_shape(
            (width, height) in (1..20_000_u32, 1..20_000_u32),
            (box_width, box_height) in (1..5_000_u32, 1..5_000_u32),
            orientation in 1..=8_u32,
            enlarge: bool,
            covers: bool,
        ) {
            let stored = Size { width, height };
            let orientation = Orientation::new(orientation).unwrap();
            let source = orientation.turned(stored);
            let target = if covers {
                TargetSize::Cover { width: box_width, height: box_height }
            } else {
                TargetSize::Fit { max_width: box_width, max_height: box_height }
            };
            let Fit { crop, output, .. } = Fit::plan(target, Crop::Right, enlarge, stored, orientation);
            prop_assert!(output.width >= 1 && output.height >= 1);
            prop_assert!(output.width <= box_width && output.height <= box_height);
            prop_assert!(enlarge || (output.width <= source.width && output.height <= source.height));
            let inside = crop.left >= 0.0 && crop.top >= 0.0 && crop.width > 0.0 && crop.height > 0.0;
            let slack = 1e-6;
            prop_assert!(inside && crop.left + crop.width <= f64::from(width) + slack);
            prop_assert!(crop.top + crop.height <= f64::from(height) + slack);
            // The shape is that of the part up to the rounding of each side, unless a line of one pixel is all that is
            // left.
            let part = orientation.turned(stored) == stored;
            let (across, down) = if part { (crop.width, crop.height) } else { (crop.height, crop.width) };
            let wanted = f64::from(output.height) * across / down;
            let step = (across / down).max(1.0);
            let line = output.width == 1 || output.height == 1;
            prop_assert!(line || (f64::from(output.width) - wanted).abs() <= step, "{output:?} of {crop:?}");
        }

        #[test]
        fn a_thumbnail_is_never_larger_than_its_picture(
            (width, height) in (1..5_000_u32, 1..5_000_u32), wanted in 1..5_000_u32,
        ) {
            let size = thumbnail(Size { width, height }, wanted);
            prop_assert!((1..=width.min(wanted)).contains(&size.width));
            prop_assert!((1..=height).contains(&size.height));
        }
    }
}
