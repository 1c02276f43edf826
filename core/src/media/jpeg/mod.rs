//! JPEG at the size that is wanted: planes at 1/1, 1/2, 1/4 or 1/8, without the work for what nobody will see.
//!
//! A preview of a large photograph needs an eighth of its samples a side, and JPEG keeps the mean of every 8x8 block
//! apart from its detail. So the detail is passed over several coefficients at a time (`skip`), scans of a progressive
//! file that cannot matter are not read at all (`plan`), and the samples stay in the colours of the file, ready to be
//! resized and encoded without a turn through RGB.
//!
//! Bytes come from strangers: limits hold before anything is allocated, damage is shown as far as it can be, and what
//! is not taken (12 bits, arithmetic or lossless coding, RGB, CMYK) is [`Refusal::Unsupported`], for the general
//! decoder.

mod bits;
mod grid;
mod header;
mod huffman;
mod inverse;
mod marker;
mod plan;
mod planes;
mod progressive;
mod refusal;
mod scan;
mod script;
mod sequential;
mod skip;
#[cfg(test)]
pub(super) mod tests;

use self::grid::Grid;
use self::planes::Canvas;
use super::limits::MediaLimits;

pub(crate) use self::header::{Coding, Component, Header};
pub(crate) use self::marker::scans;
pub(crate) use self::planes::{Condition, Plane, Planes};
pub(crate) use self::refusal::Refusal;

/// How much smaller a picture is decoded than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Full,
    Half,
    Quarter,
    /// The mean of each block.
    Eighth,
}

impl Scale {
    /// Samples for eight px a side.
    pub(crate) fn samples(self) -> usize {
        match self {
            Self::Full => 8,
            Self::Half => 4,
            Self::Quarter => 2,
            Self::Eighth => 1,
        }
    }
}

/// Decodes the picture in `bytes` at `scale`.
///
/// A side of `n` pixels becomes one of `n` times the scale, rounded up. Damaged and truncated files give what is there,
/// and say so by their [`Condition`].
///
/// # Errors
/// [`Refusal::Unsupported`] for what the general decoder must read, [`Refusal::TooLarge`] for what is over `limits`,
/// and [`Refusal::Corrupt`] when there is nothing to show.
pub(crate) fn decode(bytes: &[u8], scale: Scale, limits: &MediaLimits) -> Result<Planes, Refusal> {
    match scale {
        Scale::Full => decode_at::<8>(bytes, limits),
        Scale::Half => decode_at::<4>(bytes, limits),
        Scale::Quarter => decode_at::<2>(bytes, limits),
        Scale::Eighth => decode_at::<1>(bytes, limits),
    }
}

/// Decodes at `N` samples for eight.
fn decode_at<const N: usize>(bytes: &[u8], limits: &MediaLimits) -> Result<Planes, Refusal> {
    let header = Header::read(bytes, limits)?;
    let grid = Grid::of(&header)?;
    let (canvases, whole) = match header.coding {
        Coding::Progressive => progressive::decode::<N>(bytes, &grid, limits)?,
        _ => sequential::decode::<N>(bytes, &grid, limits)?,
    };
    let condition = if whole { Condition::Whole } else { Condition::Damaged };
    let mut planes = canvases.into_iter().map(Canvas::finish);
    let Some(luma) = planes.next() else { return Err(Refusal::Corrupt("it has no components")) };
    let chroma = planes.next().zip(planes.next()).map(|(blue, red)| [blue, red]);
    Ok(Planes { luma, chroma, condition })
}
