//! VP8 key frames, the pictures inside of lossy WebP, by an encoder of our own. Source: RFC 6386.

mod boolean;
mod chroma;
mod costs;
mod filter;
mod fine;
mod frame;
mod header;
mod macroblock;
mod modes;
mod predict;
mod quantiser;
mod segments;
mod tokens;
mod transform;
mod whole;

#[cfg(test)]
mod tests;

use self::boolean::Booleans;
pub(super) use self::frame::Frame;
use self::header::Header;
use self::macroblock::{Code, Coded, Rebuilt};
use self::segments::{Analyse, Segments};
use self::tokens::Tokens;
use super::super::super::vp8::tables::Probabilities;
use super::super::super::wide::{Work, wide};

/// A key frame of `frame`, of at most 16 383 pixels a side, at a quality of 0 to 100. None when how its macroblocks are
/// predicted takes more room than the format has, which is less than half a byte for each in the largest pictures.
pub(super) fn encode(frame: &Frame<'_>, quality: u8) -> Option<Vec<u8>> {
    let mut segments = Segments::new(&wide(Analyse(frame)), quality);
    let coded = wide(Code { frame, segments: &segments, sink: |_: usize, _: usize, _: Rebuilt<'_>| () });
    segments.smooth(coded.edges);
    written(frame, &segments, &coded)
}

fn written(frame: &Frame<'_>, segments: &Segments, coded: &Coded) -> Option<Vec<u8>> {
    let Coded { tokens, probabilities, predictions, .. } = coded;
    let (across, _) = frame.macroblocks();
    let header = Header { across, segments, probabilities, predictions }.write();
    let length = u32::try_from(header.len()).ok().filter(|length| *length < 1 << 19)?;
    let side = |side: usize| u16::try_from(side).ok().filter(|side| *side < 1 << 14).map(u16::to_le_bytes);
    let mut bytes = (length << 5 | SHOWN).to_le_bytes()[..3].to_vec();
    bytes.extend(START);
    bytes.extend(side(frame.width)?);
    bytes.extend(side(frame.height)?);
    bytes.extend(header);
    bytes.extend(wide(Coefficients { tokens, probabilities }));
    Some(bytes)
}

/// The partition of coefficients.
struct Coefficients<'a> {
    tokens: &'a Tokens,
    probabilities: &'a Probabilities,
}

impl Work for Coefficients<'_> {
    type Result = Vec<u8>;

    #[inline(always)]
    fn run(self) -> Vec<u8> {
        let mut booleans = Booleans::default();
        self.tokens.write(self.probabilities, &mut booleans);
        booleans.finish()
    }
}

/// A key frame of the first profile that is to be shown. Source: RFC 6386, 9.1.
const SHOWN: u32 = 1 << 4;
const START: [u8; 3] = [0x9D, 0x01, 0x2A];
