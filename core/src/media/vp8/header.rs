//! What a key frame says before its macroblocks. Source: RFC 6386, 9 and 19.2.

use super::boolean::Booleans;
use super::tables::{COEFFICIENTS, MEAN_STEPS, Probabilities, STEPS, STEPS_OF_MEANS, UPDATES};
use super::{Damage, smooth::Filter};

/// The header of a key frame.
pub(super) struct Header<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Chances of the bits of a macroblock's segment, where the picture has some.
    pub(super) segment_chances: Option<[u8; 3]>,
    pub(super) segments: [Segment; SEGMENTS],
    pub(super) filter: Filter,
    pub(super) coefficients: Probabilities,
    /// The chance that a macroblock has coefficients, where the others are marked.
    pub(super) filled_chance: Option<u8>,
    /// Where the macroblocks are described.
    pub(super) modes: Booleans<'a>,
    /// Where the coefficients are, row after row in turn.
    pub(super) partitions: Vec<Booleans<'a>>,
}

/// What differs from segment to segment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Segment {
    pub(super) luma: Steps,
    /// The means of luma blocks.
    pub(super) means: Steps,
    pub(super) chroma: Steps,
    /// The level of the filter, 0 to 63.
    pub(super) level: i32,
}

/// What coefficients were divided by: the first, and all others.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Steps(pub(super) [i32; 2]);

/// Width and height, from the first ten bytes.
pub(in crate::media) fn size(data: &[u8]) -> Option<(usize, usize)> {
    let [tag, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1, ..] = *data else { return None };
    // The two bits above the side ask for an enlargement that nobody makes.
    let side = |bytes| usize::from(u16::from_le_bytes(bytes) & 0x3FFF);
    if tag & 1 == 0 { Some((side([w0, w1]), side([h0, h1]))) } else { None }
}

impl<'a> Header<'a> {
    pub(super) fn read(data: &'a [u8]) -> Result<Self, Damage> {
        let (width, height) = size(data).ok_or(Damage("it is no key frame"))?;
        let tag = u32::from_le_bytes([data[0], data[1], data[2], 0]);
        let first = (tag >> 5) as usize;
        let rest = &data[10..];
        if first > rest.len() {
            return Err(Damage("it ends within its header"));
        }
        let (modes, rest) = rest.split_at(first);
        let mut bits = Booleans::new(modes);
        // The space of its colours, of which there is one, and whether sums stay within bytes: they are kept there.
        bits.number(2);
        let (segment_chances, adjusted) = segments(&mut bits);
        let mut filter = Filter {
            simple: bits.flag(),
            level: bits.number(6).into(),
            sharpness: bits.number(3).into(),
            ..Filter::default()
        };
        if bits.flag() && bits.flag() {
            let mut changes = [0; 8];
            for change in &mut changes {
                *change = bits.optional(6).unwrap_or(0);
            }
            // Those of pictures that are told by themselves, and of macroblocks told in small blocks.
            (filter.always, filter.fine) = (changes[0], changes[4]);
        }
        let partitions = partitions(rest, 1 << bits.number(2))?;
        let segments = quantisers(&mut bits, adjusted, filter.level);
        // Whether the chances are kept for the next frame, which there is none.
        bits.flag();
        let mut coefficients = COEFFICIENTS;
        let chances = coefficients.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        for (chance, update) in chances.iter_mut().zip(UPDATES.as_flattened().as_flattened().as_flattened()) {
            if bits.next(*update) {
                *chance = bits.number(8);
            }
        }
        let filled_chance = if bits.flag() { Some(bits.number(8)) } else { None };
        Ok(Self {
            width,
            height,
            segment_chances,
            segments,
            filter,
            coefficients,
            filled_chance,
            modes: bits,
            partitions,
        })
    }
}

/// What the header says of segments: quantisers and filter levels, in place of the picture's own or on top of them.
#[derive(Default)]
struct Adjusted {
    absolute: bool,
    quantisers: [i32; SEGMENTS],
    levels: [i32; SEGMENTS],
}

fn segments(bits: &mut Booleans<'_>) -> (Option<[u8; 3]>, Adjusted) {
    let mut adjusted = Adjusted::default();
    if !bits.flag() {
        return (None, adjusted);
    }
    let (mapped, told) = (bits.flag(), bits.flag());
    if told {
        adjusted.absolute = bits.flag();
        for quantiser in &mut adjusted.quantisers {
            *quantiser = bits.optional(7).unwrap_or(0);
        }
        for level in &mut adjusted.levels {
            *level = bits.optional(6).unwrap_or(0);
        }
    }
    let mut chances = [255; 3];
    if mapped {
        for chance in &mut chances {
            if bits.flag() {
                *chance = bits.number(8);
            }
        }
    }
    (mapped.then_some(chances), adjusted)
}

fn quantisers(bits: &mut Booleans<'_>, adjusted: Adjusted, level: i32) -> [Segment; SEGMENTS] {
    let base = i32::from(bits.number(7));
    let mut change = || bits.optional(4).unwrap_or(0);
    let [luma_mean, means_mean, means, chroma_mean, chroma] = [change(), change(), change(), change(), change()];
    std::array::from_fn(|at| {
        let (own, own_level) = (adjusted.quantisers[at], adjusted.levels[at]);
        let (quantiser, level) = if adjusted.absolute { (own, own_level) } else { (base + own, level + own_level) };
        let index = |change: i32| (quantiser + change).clamp(0, 127) as usize;
        Segment {
            luma: Steps([MEAN_STEPS[index(luma_mean)].into(), STEPS[index(0)].into()]),
            means: Steps([2 * i32::from(MEAN_STEPS[index(means_mean)]), STEPS_OF_MEANS[index(means)].into()]),
            chroma: Steps([MEAN_STEPS[index(chroma_mean).min(117)].into(), STEPS[index(chroma)].into()]),
            level: level.clamp(0, 63),
        }
    })
}

/// The partitions behind the lengths of all but the last. Source: RFC 6386, 9.5.
fn partitions(rest: &[u8], count: usize) -> Result<Vec<Booleans<'_>>, Damage> {
    let cut = Damage("it ends within its partitions");
    let (lengths, mut rest) = rest.split_at_checked(3 * (count - 1)).ok_or(cut)?;
    let mut partitions = Vec::with_capacity(count);
    for length in lengths.chunks_exact(3) {
        let length = u32::from_le_bytes([length[0], length[1], length[2], 0]) as usize;
        let (partition, behind) = rest.split_at_checked(length).ok_or(cut)?;
        partitions.push(Booleans::new(partition));
        rest = behind;
    }
    partitions.push(Booleans::new(rest));
    Ok(partitions)
}

pub(super) const SEGMENTS: usize = 4;
