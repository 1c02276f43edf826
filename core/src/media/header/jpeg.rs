//! The header of a JPEG: its frame, and what the application segments before it carry.
//!
//! Source: ITU-T T.81 annex B (markers), CIPA DC-008 (EXIF), ICC.1 annex B.4 (profiles), Adobe TN 5116 (APP14).

use super::super::detect::SourceFormat;
use super::super::errors::{corrupt, too_large, unsupported};
use super::super::limits::MediaLimits;
use super::super::picture::Size;
use super::Facts;
use crate::error::Result;

/// How the picture is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Frame {
    pub(in super::super) size: Size,
    pub(in super::super) components: u8,
    /// Samples of all components together, as a share of those without subsampling: counted and out of.
    sampling: (u32, u32),
    /// Whether it comes in several scans of growing detail.
    pub(in super::super) progressive: bool,
    /// Whether the first scan holds all components.
    pub(in super::super) interleaved: bool,
    /// Whether an Adobe application wrote it; those store ink inverted.
    pub(in super::super) adobe: bool,
}

pub(super) fn facts(bytes: &[u8]) -> Result<Facts<'_>> {
    let mut facts = Facts { frames: 1, ..Facts::default() };
    for Segment { marker, payload } in Segments::new(bytes) {
        match marker {
            APP1 => facts.exif = facts.exif.or_else(|| payload.strip_prefix(EXIF)),
            APP2 => facts.has_icc |= payload.starts_with(ICC),
            _ if is_frame(marker) => {
                facts.size = size(payload)?;
                return Ok(facts);
            }
            _ => {}
        }
    }
    Err(corrupt(SourceFormat::Jpeg, "it ends before it says how large it is"))
}

impl Frame {
    /// Reads how `bytes` are coded, and refuses what no decoder of ours takes.
    pub(in super::super) fn read(bytes: &[u8]) -> Result<Self> {
        let refuse = |what: &str| Err(unsupported(SourceFormat::Jpeg, what));
        let mut adobe = false;
        for Segment { marker, payload } in Segments::new(bytes) {
            adobe |= marker == APP14 && payload.starts_with(b"Adobe");
            if !is_frame(marker) {
                continue;
            }
            let size = size(payload)?;
            return match (marker, payload.first(), payload.get(5)) {
                (0xC9..=0xCF, ..) => refuse("arithmetic coding is not taken"),
                (0xC3 | 0xC5..=0xC7, ..) => refuse("lossless and hierarchical coding are not taken"),
                (_, Some(bits), _) if *bits != 8 => refuse(&format!("expected 8 bits a sample, got {bits}")),
                (_, _, Some(components @ (1 | 3 | 4))) => {
                    let sampling = sampling(&payload[6..], *components);
                    Ok(Self {
                        size,
                        components: *components,
                        sampling,
                        progressive: marker == SOF2,
                        interleaved: interleaved(bytes, *components),
                        adobe,
                    })
                }
                (.., components) => refuse(&format!("expected 1, 3 or 4 components, got {}", components.unwrap_or(&0))),
            };
        }
        Err(corrupt(SourceFormat::Jpeg, "it ends before it says how large it is"))
    }
}

impl Frame {
    /// Whether some components have fewer samples than others.
    pub(in super::super) fn is_subsampled(&self) -> bool {
        let (counted, most) = self.sampling;
        counted != most * u32::from(self.components)
    }

    /// How many coefficients it has: one for every sample that is stored.
    pub(in super::super) fn coefficients(&self) -> u64 {
        let (counted, most) = self.sampling;
        self.size.pixels() * u64::from(counted) / u64::from(most.max(1))
    }
}

/// The ICC profile, put together from its segments; none when one of them is missing.
pub(in super::super) fn profile(bytes: &[u8], limits: &MediaLimits) -> Result<Option<Vec<u8>>> {
    let mut parts: Vec<(u8, &[u8])> = Segments::new(bytes)
        .take_while(|segment| segment.marker != SOS)
        .filter(|segment| segment.marker == APP2)
        .filter_map(|segment| match segment.payload.strip_prefix(ICC)? {
            [number, _count, part @ ..] => Some((*number, part)),
            _ => None,
        })
        .collect();
    limits.profile(SourceFormat::Jpeg, parts.iter().map(|(_, part)| part.len()).sum())?;
    parts.sort_by_key(|(number, _)| *number);
    let complete = !parts.is_empty() && parts.iter().zip(1..).all(|((number, _), expected)| *number == expected);
    Ok(complete.then(|| parts.iter().flat_map(|(_, part)| part.iter().copied()).collect()))
}

/// Counts the scans, and refuses those that would cost seconds between them.
///
/// A scan of no more than a marker still visits every block, so what counts is scans times pixels.
pub(in super::super) fn check_scans(bytes: &[u8], frame: &Frame, limits: &MediaLimits) -> Result<()> {
    let scans = Segments::new(bytes).filter(|segment| segment.marker == SOS).count() as u64;
    limits.scans(SourceFormat::Jpeg, scans)?;
    let visits = scans * frame.size.pixels();
    if visits > MAX_VISITS {
        return Err(too_large(Some(SourceFormat::Jpeg), "pixels in all scans", MAX_VISITS, visits));
    }
    Ok(())
}

fn size(frame: &[u8]) -> Result<Size> {
    let [_, y1, y0, x1, x0, ..] = frame else {
        return Err(corrupt(SourceFormat::Jpeg, "the frame header is cut off"));
    };
    let side = |high: u8, low: u8| u32::from(u16::from_be_bytes([high, low]));
    let size = Size { width: side(*x1, *x0), height: side(*y1, *y0) };
    if size.height == 0 && size.width > 0 {
        return Err(unsupported(SourceFormat::Jpeg, "a height that comes after the picture is not taken"));
    }
    Ok(size)
}

fn interleaved(bytes: &[u8], components: u8) -> bool {
    Segments::new(bytes)
        .find(|segment| segment.marker == SOS)
        .is_none_or(|scan| scan.payload.first().is_none_or(|count| *count >= components))
}

/// The samples of a unit of the picture, and how many of them the most finely sampled component has.
fn sampling(components: &[u8], count: u8) -> (u32, u32) {
    let factors = components.chunks_exact(3).take(count.into()).map(|component| component[1]);
    let products = factors.map(|factors| u32::from(factors >> 4) * u32::from(factors & 15));
    products.fold((0, 0), |(sum, most), product| (sum + product, most.max(product)))
}

fn is_frame(marker: u8) -> bool {
    // C4, C8 and CC are tables and a reserved marker in the same range.
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

struct Segment<'a> {
    marker: u8,
    payload: &'a [u8],
}

/// The segments in order; the codes of a scan, and bytes that belong to nothing, are passed over.
struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes.get(2..).unwrap_or_default() }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        loop {
            let at = self.rest.iter().position(|byte| *byte == 0xFF)?;
            let marker = *self.rest.get(at + 1)?;
            self.rest = &self.rest[at + 1..];
            match marker {
                // Fill bytes; the next look finds what they fill up to.
                0xFF => continue,
                EOI => return None,
                // Stuffing, and markers that stand alone.
                0x00 | 0x01 | 0xD0..=0xD8 => continue,
                _ => {}
            }
            let length = usize::from(u16::from_be_bytes(*self.rest.get(1..)?.first_chunk()?));
            let payload = self.rest.get(3..1 + length)?;
            self.rest = &self.rest[1 + length..];
            return Some(Segment { marker, payload });
        }
    }
}

/// A picture of 100 million pixels in the ten scans that libjpeg writes; about two seconds of one core.
const MAX_VISITS: u64 = 1 << 30;
const EXIF: &[u8] = b"Exif\0\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;
const SOF2: u8 = 0xC2;
const SOS: u8 = 0xDA;
const EOI: u8 = 0xD9;
