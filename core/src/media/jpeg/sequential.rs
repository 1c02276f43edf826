//! Sequential scans: each block is read once, up to the last coefficient that the scale needs, and becomes samples at
//! once.

use super::super::limits::MediaLimits;
use super::Reader;
use super::bits::Bits;
use super::grid::Grid;
use super::huffman::{END_OF_BLOCK, STEPS, Values};
use super::inverse::{NOWHERE, flat, last, multipliers, places, transform};
#[cfg(target_arch = "x86_64")]
use super::lanes;
use super::planes::Canvas;
use super::refusal::{Refusal, within};
use super::scan::{self, Coder, Reading};
use super::script::{Scan, Script};
use super::skip::{LOOKS_BEHIND_A_MEAN, Skips};

/// Reads all channels at `N` samples for eight. What is missing stays grey.
///
/// Returns whether all of it was there.
pub(super) fn decode<const N: usize>(
    reader: Reader,
    bytes: &[u8],
    grid: &Grid,
    limits: &MediaLimits,
) -> Result<(Vec<Canvas>, bool), Refusal> {
    let mut canvases = Canvas::all(grid, N, 0, limits)?;
    let mut script = Script::new(bytes)?;
    let mut missing: Vec<bool> = grid.channels.iter().map(|_| true).collect();
    let (mut units, mut whole, mut count) = (0, true, 0);
    while missing.contains(&true) {
        let scan = match script.next(grid) {
            Ok(Some(scan)) => scan,
            Err(refusal) if units == 0 => return Err(refusal),
            Ok(None) | Err(_) => {
                whole = false;
                break;
            }
        };
        count += 1;
        within("scans", limits.max_scans.into(), count)?;
        let reading = one_scan::<N>(reader, bytes, grid, &scan, &mut canvases)?;
        for part in &scan.parts {
            missing[part.channel] = false;
        }
        (units, whole) = (units + reading.units, whole && reading.whole);
        script.resume(reading.place);
    }
    if units == 0 {
        return Err(Refusal::Corrupt("it ends before its first block"));
    }
    Ok((canvases, whole))
}

fn one_scan<const N: usize>(
    reader: Reader,
    bytes: &[u8],
    grid: &Grid,
    scan: &Scan<'_>,
    canvases: &mut [Canvas],
) -> Result<Reading, Refusal> {
    if let Some(reading) = in_lanes::<N>(reader, bytes, grid, scan, canvases) {
        return Ok(reading);
    }
    let tables = Tables::of::<N>(scan)?;
    let mut coder = Sequential::<N>::new(grid, scan, &tables, canvases)?;
    Ok(scan::read(bytes, grid, scan, &mut coder))
}

/// Reads the scan with AVX-512; none where the plain way is to be taken.
///
/// At full size all is needed of all blocks, and where they begin is known when they are read.
#[cfg(target_arch = "x86_64")]
fn in_lanes<const N: usize>(
    reader: Reader,
    bytes: &[u8],
    grid: &Grid,
    scan: &Scan<'_>,
    canvases: &mut [Canvas],
) -> Option<Reading> {
    let wanted = match reader {
        Reader::Quickest => !cfg!(feature = "safe") && lanes::worth(bytes, grid, scan),
        #[cfg(any(test, fuzzing))]
        Reader::Plain => false,
        #[cfg(any(test, fuzzing))]
        Reader::Lanes => true,
    };
    if N < 8 && wanted { lanes::read::<N>(bytes, grid, scan, canvases) } else { None }
}

#[cfg(not(target_arch = "x86_64"))]
fn in_lanes<const N: usize>(_: Reader, _: &[u8], _: &Grid, _: &Scan<'_>, _: &mut [Canvas]) -> Option<Reading> {
    None
}

/// The Huffman tables of a scan, made ready.
pub(super) struct Tables {
    dc: [Option<Box<Values>>; 4],
    ac: [Option<Box<Values>>; 4],
    skips: [Option<Skips>; 4],
}

impl Tables {
    /// Those that `scan` uses.
    fn of<const N: usize>(scan: &Scan<'_>) -> Result<Self, Refusal> {
        // The standard ones hold for files without any, as in moving pictures; the general decoder may know them.
        const MISSING: Refusal = Refusal::Unsupported("no Huffman tables");
        let mut tables = Self { dc: Default::default(), ac: Default::default(), skips: Default::default() };
        for part in &scan.parts {
            let dc = scan.tables.dc[part.dc].as_ref().ok_or(MISSING)?;
            let ac = scan.tables.ac[part.ac].as_ref().ok_or(MISSING)?;
            tables.dc[part.dc].get_or_insert_with(|| Box::new(Values::new(dc)));
            tables.ac[part.ac].get_or_insert_with(|| Box::new(Values::new(ac)));
            if N < 8 {
                tables.skips[part.ac].get_or_insert_with(|| Skips::new(ac));
            }
        }
        Ok(tables)
    }
}

struct Sequential<'t, const N: usize> {
    parts: Vec<Channel<'t>>,
    block: [f32; 64],
}

struct Channel<'t> {
    dc: &'t Values,
    ac: &'t Values,
    skips: Option<&'t Skips>,
    multipliers: [f32; 64],
    /// What the difference of the next block is added to.
    prediction: i32,
    canvas: &'t mut Canvas,
}

impl<'t, const N: usize> Sequential<'t, N> {
    fn new(grid: &Grid, scan: &Scan<'_>, tables: &'t Tables, canvases: &'t mut [Canvas]) -> Result<Self, Refusal> {
        const MISSING: Refusal = Refusal::Corrupt("a quantisation table is missing");
        let mut parts = Vec::with_capacity(scan.parts.len());
        let mut canvases = canvases.iter_mut().enumerate();
        for part in &scan.parts {
            let slot = grid.channels[part.channel].quantisation;
            let quantisation = scan.tables.quantisation.get(slot).and_then(Option::as_ref).ok_or(MISSING)?;
            // A scan names its channels in their order, so each is still ahead.
            let (_, canvas) = canvases.find(|(number, _)| *number == part.channel).ok_or(MISSING)?;
            let (Some(dc), Some(ac)) = (&tables.dc[part.dc], &tables.ac[part.ac]) else { return Err(MISSING) };
            let skips = tables.skips[part.ac].as_ref();
            parts.push(Channel { dc, ac, skips, multipliers: multipliers::<N>(quantisation), prediction: 0, canvas });
        }
        Ok(Self { parts, block: [0.0; 64] })
    }
}

impl<const N: usize> Coder for Sequential<'_, N> {
    fn restart(&mut self) {
        for part in &mut self.parts {
            part.prediction = 0;
        }
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, part: usize, x: usize, y: usize) {
        let part = &mut self.parts[part];
        bits.fill();
        part.prediction = part.prediction.wrapping_add(part.dc.step(bits).value);
        let level = part.prediction as f32 * part.multipliers[0];
        let (mut at, mut detail) = (0, false);
        // One of the steps was the mean.
        let mut ready = STEPS - 1;
        self.block[..if N > 1 { N * N } else { 0 }].fill(0.0);
        'block: while at < const { last::<N>() } {
            for _ in 0..ready {
                let step = part.ac.step(bits);
                at += step.advance;
                if at > 63 {
                    bits.broken |= at < usize::from(END_OF_BLOCK);
                    break 'block;
                }
                let place = const { places::<N>() }[at];
                self.block[usize::from(place & 63)] = step.value as f32 * part.multipliers[at];
                detail |= place != NOWHERE || N == 8;
                if at >= const { last::<N>() } {
                    break 'block;
                }
            }
            bits.fill();
            ready = STEPS;
        }
        if at < 63
            && let Some(skips) = part.skips
        {
            skips.pass_block(&part.ac.codes, bits, at, if N == 1 { LOOKS_BEHIND_A_MEAN } else { 0 });
        }
        let (samples, from, stride) = part.canvas.block::<N>(x, y);
        if detail {
            self.block[0] = level;
            transform::<N>(&self.block, samples, from, stride);
        } else {
            flat::<N>(level, samples, from, stride);
        }
    }
}
