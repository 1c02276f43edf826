//! Progressive files: coefficients are gathered scan by scan, then become samples (T.81, annex G).

use super::super::limits::MediaLimits;
use super::bits::Bits;
use super::coefficients::Coefficients;
use super::grid::Grid;
use super::huffman::{Codes, END_OF_BLOCK, Values};
use super::inverse::multipliers;
use super::plan::Plan;
use super::planes::Canvas;
use super::refusal::Refusal;
use super::scan::{self, Coder, Reading};
use super::script::Scan;
use super::skip::Skips;

/// Reads the scans that matter at `N` samples for eight. What is missing stays grey or coarse.
///
/// Returns whether all of it was there.
pub(super) fn decode<const N: usize>(
    bytes: &[u8],
    grid: &Grid,
    limits: &MediaLimits,
) -> Result<(Vec<Canvas>, bool), Refusal> {
    let plan = Plan::of::<N>(bytes, grid, limits)?;
    let values = grid.channels.iter().zip(&plan.kept).map(|(channel, kept)| channel.blocks() * *kept as u64);
    let mut canvases = Canvas::all(grid, N, 2 * values.sum::<u64>(), limits)?;
    let blocks = grid.channels.iter().map(|channel| (channel.across, channel.across * channel.down));
    let mut channels: Vec<Coefficients> =
        blocks.zip(&plan.kept).map(|((across, blocks), kept)| Coefficients::new(across, blocks, *kept)).collect();
    let (mut units, mut whole) = (0, plan.whole);
    for scan in &plan.scans {
        match one_scan(bytes, grid, scan, &mut channels) {
            Ok(reading) => (units, whole) = (units + reading.units, whole && reading.whole),
            Err(refusal) if units == 0 => return Err(refusal),
            Err(_) => whole = false,
        }
    }
    if units == 0 {
        return Err(Refusal::Corrupt("it ends before its first block"));
    }
    for (number, (coefficients, canvas)) in channels.iter().zip(&mut canvases).enumerate() {
        let own = |scan: &&Scan<'_>| scan.parts.iter().any(|part| part.channel == number);
        let slot = grid.channels[number].quantisation;
        // The tables of a channel are those that hold at its first scan.
        let tables = plan.scans.iter().find(own).map(|scan| &scan.tables.quantisation);
        match tables.and_then(|tables| tables.get(slot)?.as_ref()) {
            Some(quantisation) => {
                coefficients.paint::<N>(&multipliers::<N>(quantisation), &plan.lacking[number], canvas);
            }
            None => whole = false,
        }
    }
    Ok((canvases, whole))
}

fn one_scan(bytes: &[u8], grid: &Grid, scan: &Scan<'_>, channels: &mut [Coefficients]) -> Result<Reading, Refusal> {
    const MISSING: Refusal = Refusal::Unsupported("no Huffman tables");
    let part = scan.parts[0];
    let ac = || scan.tables.ac[part.ac].as_ref().ok_or(MISSING);
    let target = &mut channels[part.channel];
    Ok(match (scan.first, scan.high) {
        (0, 0) => {
            let table = |number: usize| scan.tables.dc[number].as_ref().map(Values::new).ok_or(MISSING);
            let tables = scan.parts.iter().map(|part| table(part.dc)).collect::<Result<Vec<_>, _>>()?;
            let targets = scan.parts.iter().map(|part| part.channel).collect();
            let predictions = vec![0; tables.len()];
            scan::read(bytes, grid, scan, &mut Means { tables, targets, predictions, low: scan.low, channels })
        }
        (0, _) => {
            let targets = scan.parts.iter().map(|part| part.channel).collect();
            scan::read(bytes, grid, scan, &mut FinerMeans { targets, low: scan.low, channels })
        }
        (first, 0) => {
            let table = Values::new(ac()?);
            // Most of a band may be more than what is kept.
            let skips = (scan.last == 63 && target.kept < 32).then(|| ac().map(Skips::progressive)).transpose()?;
            let mut coder = Detail { table, skips, first, last: scan.last, low: scan.low, run: 0, target };
            scan::read(bytes, grid, scan, &mut coder)
        }
        (first, _) => {
            let table = Codes::new(ac()?);
            let mut coder = FinerDetail { table, first, last: scan.last, low: scan.low, run: 0, target };
            scan::read(bytes, grid, scan, &mut coder)
        }
    })
}

/// The first scan of the means (DC) of one or all channels.
struct Means<'c> {
    tables: Vec<Values>,
    targets: Vec<usize>,
    predictions: Vec<i32>,
    low: u32,
    channels: &'c mut [Coefficients],
}

impl Coder for Means<'_> {
    fn restart(&mut self) {
        self.predictions.fill(0);
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, part: usize, x: usize, y: usize) {
        bits.fill();
        let prediction = &mut self.predictions[part];
        *prediction = prediction.wrapping_add(self.tables[part].step(bits).value);
        self.channels[self.targets[part]].block(x, y)[0] = shifted(*prediction, self.low);
    }
}

/// One more bit of the means.
struct FinerMeans<'c> {
    targets: Vec<usize>,
    low: u32,
    channels: &'c mut [Coefficients],
}

impl Coder for FinerMeans<'_> {
    fn restart(&mut self) {}

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, part: usize, x: usize, y: usize) {
        // Half of the bits are set: no guess about them would be right.
        self.channels[self.targets[part]].block(x, y)[0] |= shifted(i32::from(bits.bit()), self.low);
    }
}

/// The first scan of a band of detail (AC) of one channel.
struct Detail<'c> {
    table: Values,
    /// For a band that goes on behind what is kept.
    skips: Option<Skips>,
    first: usize,
    last: usize,
    low: u32,
    /// How many blocks from here on have no more of this band.
    run: u32,
    target: &'c mut Coefficients,
}

impl Coder for Detail<'_> {
    fn restart(&mut self) {
        self.run = 0;
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, _part: usize, x: usize, y: usize) {
        if self.run > 0 {
            self.run -= 1;
            return;
        }
        let block = self.target.block(x, y);
        let mut at = self.first - 1;
        while at < self.last {
            if at + 1 >= block.len()
                && let Some(skips) = &self.skips
            {
                let Some(next) = skips.pass_some(bits, at) else { return };
                at = next;
            }
            bits.fill();
            let (advance, value) = match self.table.quick(bits) {
                Some(step) => (step.advance, step.value),
                None => match symbol(&self.table.codes, bits) {
                    (run @ 0..15, 0) => {
                        self.run = end_of_blocks(run, bits) - 1;
                        return;
                    }
                    (run, size) => (run as usize + 1, bits.take_signed(size)),
                },
            };
            at += advance;
            if at > self.last {
                bits.broken |= at < usize::from(END_OF_BLOCK);
                return;
            }
            // Bands may reach beyond what is kept; a run of sixteen zeros brings one, which changes nothing.
            if value != 0
                && let Some(target) = block.get_mut(at)
            {
                *target = shifted(value, self.low);
            }
        }
    }
}

/// One more bit of a band of detail.
struct FinerDetail<'c> {
    table: Codes,
    first: usize,
    last: usize,
    low: u32,
    /// How many blocks from here on bring no new coefficients in this band.
    run: u32,
    target: &'c mut Coefficients,
}

impl Coder for FinerDetail<'_> {
    fn restart(&mut self) {
        self.run = 0;
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, _part: usize, x: usize, y: usize) {
        let one = shifted(1, self.low);
        // The plan keeps the whole band of a refinement.
        let band = &mut self.target.block(x, y)[self.first..=self.last];
        let mut at = 0;
        while self.run == 0 {
            if at == band.len() {
                return;
            }
            bits.fill();
            let (mut zeros, value) = match symbol(&self.table, bits) {
                (run @ 0..15, 0) => {
                    self.run = end_of_blocks(run, bits);
                    break;
                }
                (run, 0) => (run, 0),
                // New coefficients come with their first bit; there is no other size.
                (run, _) => (run, if bits.take(1) == 1 { one } else { -one }),
            };
            // The place is behind so many that are 0; those between that are not take a bit each.
            let mut placed = false;
            while !placed && at < band.len() {
                match (band[at], zeros) {
                    (0, 0) => (band[at], placed) = (value, true),
                    (0, _) => zeros -= 1,
                    _ => refine(&mut band[at], one, bits),
                }
                at += 1;
            }
            bits.broken |= !placed && value != 0;
        }
        for place in band[at..].iter_mut().filter(|place| **place != 0) {
            refine(place, one, bits);
        }
        self.run -= 1;
    }
}

/// Takes the next bit of a coefficient that is not 0.
#[inline(always)]
fn refine(value: &mut i16, one: i16, bits: &mut Bits<'_>) {
    if bits.bit() && *value & one == 0 {
        *value = if *value > 0 { value.wrapping_add(one) } else { value.wrapping_sub(one) };
    }
}

/// A symbol as run and size; a broken code ends its block.
#[inline(always)]
fn symbol(codes: &Codes, bits: &mut Bits<'_>) -> (u32, u32) {
    let symbol = codes.symbol(bits).unwrap_or(0);
    (u32::from(symbol >> 4), u32::from(symbol & 15))
}

/// How many blocks end with a symbol of this run (0 to 14), the one that is read included.
#[inline(always)]
fn end_of_blocks(run: u32, bits: &mut Bits<'_>) -> u32 {
    (1 << run) + bits.take(run).cast_unsigned()
}

/// A coefficient in its place of the bits; what is too large for any picture is cut off.
#[inline(always)]
fn shifted(value: i32, low: u32) -> i16 {
    let [low_byte, high_byte, ..] = (value << low).to_le_bytes();
    i16::from_le_bytes([low_byte, high_byte])
}
