//! Which scans of a progressive file matter at a scale.
//!
//! Scans bring bands of coefficients, some of them one more bit of what earlier ones brought. Such a refinement cannot
//! be read without its band as it was before, so what matters is found from the last scan to the first. Nor can it be
//! read without all of its band, even if most of that is for nobody: it is left out where what it brings is too little to
//! be seen.

use std::array;

use super::super::limits::MediaLimits;
use super::grid::Grid;
use super::inverse::{NOWHERE, multipliers, places};
use super::refusal::{Refusal, within};
use super::script::{Part, Scan, Script};

/// The scans to read and the coefficients to remember.
pub(super) struct Plan<'a> {
    /// The scans that matter, in their order.
    pub(super) scans: Vec<Scan<'a>>,
    /// For each channel, how many coefficients in zigzag order a block is remembered by.
    pub(super) kept: Vec<usize>,
    /// For each channel, how many bits its coefficients lack, because the scans that bring them do not matter.
    pub(super) lacking: Vec<[u32; 64]>,
    /// Whether the file has its end, and each channel a scan.
    pub(super) whole: bool,
}

impl<'a> Plan<'a> {
    /// The plan for `N` samples for eight.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] for more scans, or for more work in them, than `limits` allow.
    pub(super) fn of<const N: usize>(bytes: &'a [u8], grid: &Grid, limits: &MediaLimits) -> Result<Self, Refusal> {
        let (mut scans, mut whole) = all_scans(bytes, grid, limits)?;
        let mut needed: Vec<u64> = grid.channels.iter().map(|_| wanted::<N>()).collect();
        let mut visits = 0;
        let mut matters = Vec::with_capacity(scans.len());
        let mut lacking: Vec<[u32; 64]> = grid.channels.iter().map(|_| [0; 64]).collect();
        // What refinements that are read build on: those before them are read too.
        let mut built_on: Vec<u64> = grid.channels.iter().map(|_| 0).collect();
        for scan in scans.iter().rev() {
            let band = band(scan);
            if let [Part { channel, .. }] = *scan.parts
                && scan.first > 0
                && scan.high > 0
                && built_on[channel] & band == 0
                && let Some(without) = unseen::<N>(grid, &scans, scan, channel, &lacking[channel])
            {
                lacking[channel] = without;
                matters.push(false);
                continue;
            }
            let any = scan.parts.iter().any(|part| needed[part.channel] & band != 0);
            matters.push(any);
            for part in scan.parts.iter().filter(|_| any) {
                if scan.high > 0 {
                    needed[part.channel] |= band;
                    built_on[part.channel] |= band;
                }
                visits += grid.channels[part.channel].blocks() * u64::from(band.count_ones());
            }
        }
        within("coefficients to visit", MAX_VISITS, visits)?;
        let mut matters = matters.into_iter().rev();
        scans.retain(|_| matters.next() == Some(true));
        let seen = |channel| scans.iter().any(|scan| scan.parts.iter().any(|part| part.channel == channel));
        whole &= (0..grid.channels.len()).all(seen);
        let kept = needed.iter().map(|coefficients| 64 - coefficients.leading_zeros() as usize).collect();
        Ok(Self { scans, kept, lacking, whole })
    }
}

/// How many bits the coefficients of `channel` lack without the refinement `scan`, when they lack `so_far` without those
/// behind it; none when that is too much to be left out.
fn unseen<const N: usize>(
    grid: &Grid,
    scans: &[Scan<'_>],
    scan: &Scan<'_>,
    channel: usize,
    so_far: &[u32; 64],
) -> Option<[u32; 64]> {
    let own = scans.iter().find(|scan| scan.parts.iter().any(|part| part.channel == channel))?;
    let slot = grid.channels[channel].quantisation;
    let multipliers = multipliers::<N>(own.tables.quantisation.get(slot)?.as_ref()?);
    let (band, wanted) = (band(scan), wanted::<N>());
    let lacking = array::from_fn(|n| if band >> n & 1 == 1 { so_far[n].max(scan.high) } else { so_far[n] });
    let worst = |n: usize| multipliers[n] * ((1_u32 << lacking[n]) - 1) as f32;
    let levels: f32 = (0..64).filter(|n| wanted >> n & 1 == 1).map(worst).sum();
    (levels <= UNSEEN).then_some(lacking)
}

/// All scans up to the end, or up to the first that makes no sense, and whether the end was reached.
fn all_scans<'a>(bytes: &'a [u8], grid: &Grid, limits: &MediaLimits) -> Result<(Vec<Scan<'a>>, bool), Refusal> {
    let mut script = Script::new(bytes)?;
    let mut scans = Vec::new();
    loop {
        let scan = match script.next(grid) {
            Ok(Some(scan)) if makes_sense(&scan) => scan,
            Ok(None) => return Ok((scans, script.ended)),
            Ok(Some(_)) if scans.is_empty() => return Err(Refusal::Corrupt("its progression makes no sense")),
            Err(refusal) if scans.is_empty() => return Err(refusal),
            Ok(Some(_)) | Err(_) => return Ok((scans, false)),
        };
        scans.push(scan);
        within("scans", limits.max_scans.into(), scans.len() as u64)?;
        script.skip_codes();
    }
}

/// T.81, G.1.1.1.
fn makes_sense(scan: &Scan<'_>) -> bool {
    let band = match scan.first {
        0 => scan.last == 0,
        first => first <= scan.last && scan.last <= 63 && scan.parts.len() == 1,
    };
    band && scan.low <= 13 && (scan.high == 0 || scan.high == scan.low + 1)
}

/// The coefficients of a scan, one bit each.
fn band(scan: &Scan<'_>) -> u64 {
    (u64::MAX >> (63 - scan.last)) & (u64::MAX << scan.first)
}

/// The coefficients that an NxN picture is made of.
fn wanted<const N: usize>() -> u64 {
    let places = places::<N>().into_iter().enumerate();
    places.filter(|(_, place)| N == 8 || *place != NOWHERE).fold(0, |mask, (n, _)| mask | 1 << n)
}

/// Levels of 255 by which no sample is off more when refinements are left out: the sum of all that the missing bits of a
/// block can be. At a quarter a photograph of quality 90 is off by half a level in the mean (12 million pixels in 12 ms
/// instead of 113: refinements are most of the bits), one of quality 75 by 0.7, and one of 60 is read whole.
const UNSEEN: f32 = 2.5;

/// Coefficients that scans may visit between them. A picture of 100 million pixels with the scans that libjpeg writes
/// visits 0.4 of that. Scans of nearly no bytes that visit all of it take half a second; a hundred of them could ask for
/// ten times as much.
const MAX_VISITS: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::super::header::Header;
    use super::super::tests::fixtures;
    use super::*;

    /// Pillow writes the ten scans of libjpeg: two of DC, three of each chroma plane's detail or less, the rest of
    /// luma.
    #[test]
    fn an_eighth_needs_the_scans_of_the_means_alone() {
        assert_eq!(scans_and_kept::<1>(), (2, vec![1, 1, 1]));
        assert_eq!(scans_and_kept::<8>(), (10, vec![64, 64, 64]));
    }

    #[test]
    fn a_refinement_needs_its_whole_band() {
        // The last two luma scans refine 1 to 63, so the first scan of 6 to 63 is needed for them.
        assert_eq!(scans_and_kept::<4>(), (10, vec![64, 64, 64]));
    }

    #[test]
    fn refinements_of_too_little_to_be_seen_are_left_out() {
        let bytes = fixtures::read("progressive-420.jpg");
        let grid = Grid::of(&Header::read(&bytes, &MediaLimits::default()).unwrap()).unwrap();
        let plan = Plan::of::<2>(&bytes, &grid, &MediaLimits::default()).unwrap();
        let worst = |channel: usize| {
            let slot = grid.channels[channel].quantisation;
            let multipliers = multipliers::<2>(plan.scans[0].tables.quantisation[slot].as_ref().unwrap());
            [1, 2, 4].map(|n| multipliers[n] * ((1_u32 << plan.lacking[channel][n]) - 1) as f32).iter().sum::<f32>()
        };
        assert!((0..3).all(|channel| worst(channel) <= UNSEEN), "{:?}", plan.lacking);
        assert!(plan.scans.len() < 10 && plan.whole, "{} scans", plan.scans.len());
    }

    #[test]
    fn scans_are_counted_before_any_is_read() {
        let bytes = fixtures::read("progressive-420.jpg");
        let grid = Grid::of(&Header::read(&bytes, &MediaLimits::default()).unwrap()).unwrap();
        let plan = |limits| Plan::of::<8>(&bytes, &grid, &limits).map(|_| ());
        let refused = |limits| plan(limits).unwrap_err().to_string();
        assert_eq!(refused(MediaLimits { max_scans: 9, ..MediaLimits::default() }), "scans: at most 9, got 10");
    }

    fn scans_and_kept<const N: usize>() -> (usize, Vec<usize>) {
        let bytes = fixtures::read("progressive-420.jpg");
        let grid = Grid::of(&Header::read(&bytes, &MediaLimits::default()).unwrap()).unwrap();
        let plan = Plan::of::<N>(&bytes, &grid, &MediaLimits::default()).unwrap();
        assert!(plan.whole);
        (plan.scans.len(), plan.kept)
    }
}
