//! JPEG at the size that is wanted: planes at 1/1, 1/2, 1/4 or 1/8, without the work for what nobody will see.
//!
//! A preview of a large photograph needs an eighth of its samples a side, and JPEG keeps the mean of every 8x8 block
//! apart from its detail. So the detail is passed over several coefficients at a time (`skip`), where the CPU has the
//! registers in many places of the file at once (`lanes`), scans of a progressive file that cannot matter are not read
//! at all (`plan`), and the samples stay in the colours of the file, ready to be resized and encoded without a turn
//! through RGB.
//!
//! Bytes come from strangers: limits hold before anything is allocated, damage is shown as far as it can be, and what
//! is not taken (12 bits, arithmetic or lossless coding, RGB, CMYK) is [`Refusal::Unsupported`], for the general
//! decoder.

mod bits;
mod coefficients;
mod grid;
mod header;
mod huffman;
mod inverse;
#[cfg(target_arch = "x86_64")]
mod lanes;
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

/// How sequential scans are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// In lanes where that is quicker and the CPU has them.
    Quickest,
    /// A look at a time, in safe code.
    #[cfg(any(test, fuzzing))]
    Plain,
    /// In lanes, however small it is.
    #[cfg(any(test, fuzzing))]
    Lanes,
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
    decode_by(Reader::Quickest, bytes, scale, limits)
}

fn decode_by(reader: Reader, bytes: &[u8], scale: Scale, limits: &MediaLimits) -> Result<Planes, Refusal> {
    match scale {
        Scale::Full => decode_at::<8>(reader, bytes, limits),
        Scale::Half => decode_at::<4>(reader, bytes, limits),
        Scale::Quarter => decode_at::<2>(reader, bytes, limits),
        Scale::Eighth => decode_at::<1>(reader, bytes, limits),
    }
}

/// The first scale at which lanes and the plain reader do not agree about `bytes` to the last bit.
#[cfg(any(test, fuzzing))]
pub(crate) fn readers_differ(bytes: &[u8], limits: &MediaLimits) -> Option<Scale> {
    let differ = |scale: &Scale| {
        decode_by(Reader::Lanes, bytes, *scale, limits) != decode_by(Reader::Plain, bytes, *scale, limits)
    };
    [Scale::Eighth, Scale::Quarter, Scale::Half, Scale::Full].into_iter().find(differ)
}

/// Decodes at `N` samples for eight.
fn decode_at<const N: usize>(reader: Reader, bytes: &[u8], limits: &MediaLimits) -> Result<Planes, Refusal> {
    let header = Header::read(bytes, limits)?;
    let grid = Grid::of(&header)?;
    let (canvases, whole) = match header.coding {
        Coding::Progressive => progressive::decode::<N>(bytes, &grid, limits)?,
        _ => sequential::decode::<N>(reader, bytes, &grid, limits)?,
    };
    let condition = if whole { Condition::Whole } else { Condition::Damaged };
    let mut planes = canvases.into_iter().map(Canvas::finish);
    let Some(luma) = planes.next() else { return Err(Refusal::Corrupt("it has no components")) };
    let chroma = planes.next().zip(planes.next()).map(|(blue, red)| [blue, red]);
    Ok(Planes { luma, chroma, condition })
}
