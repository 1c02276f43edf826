//! Where the blocks of a picture lie: channels, units and planes, from the header alone.

use super::header::{Coding, Colour, Component, Header};
use super::refusal::Refusal;

/// The blocks of a picture that this decoder takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    /// Luma alone, or luma and two of chroma.
    pub(super) channels: Vec<Channel>,
    /// Units (all channels of one spot) that an interleaved scan has in a row.
    pub(super) across: usize,
    /// Rows of units.
    pub(super) down: usize,
}

/// One channel of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) id: u8,
    pub(super) quantisation: usize,
    /// Samples, at full size.
    pub(super) width: usize,
    /// Rows of samples, at full size.
    pub(super) height: usize,
    /// Blocks of a unit beside each other.
    pub(super) unit_across: usize,
    /// Blocks of a unit below each other.
    pub(super) unit_down: usize,
    /// Blocks in a row, those included that only fill the last unit.
    pub(super) across: usize,
    /// Rows of blocks, those included that only fill the last unit.
    pub(super) down: usize,
}

impl Grid {
    /// The grid of the picture behind `header`.
    ///
    /// # Errors
    /// [`Refusal::Unsupported`] for every kind that the general decoder must read.
    pub(super) fn of(header: &Header<'_>) -> Result<Self, Refusal> {
        match header.coding {
            Coding::Sequential | Coding::Progressive => {}
            Coding::Lossless => return Err(Refusal::Unsupported("lossless coding")),
            Coding::Hierarchical => return Err(Refusal::Unsupported("hierarchical coding")),
            Coding::Arithmetic => return Err(Refusal::Unsupported("arithmetic coding")),
        }
        if header.precision != 8 {
            return Err(Refusal::Unsupported("samples of other than 8 bits"));
        }
        match header.colour {
            Colour::Grey | Colour::YCbCr => {}
            Colour::Rgb => return Err(Refusal::Unsupported("RGB components")),
            Colour::Cmyk | Colour::Ycck => return Err(Refusal::Unsupported("four components")),
            Colour::Unknown => return Err(Refusal::Unsupported("two components")),
        }
        let factor = |value: u8| usize::from(value);
        let factors: Vec<(usize, usize)> = match &*header.components {
            // A unit of a single component is one block, whatever its factors say (T.81, A.2.2).
            [_] => vec![(1, 1)],
            components => components.iter().map(|part| (factor(part.across), factor(part.down))).collect(),
        };
        let (most_across, most_down) = factors[0];
        let fits = |(across, down): &(usize, usize)| most_across % across == 0 && most_down % down == 0;
        if !factors.iter().all(fits) || factors.get(1) != factors.get(2) {
            return Err(Refusal::Unsupported("unusual sampling"));
        }
        // More would not fit an interleaved scan (T.81, B.2.3).
        if factors.iter().map(|(across, down)| across * down).sum::<usize>() > 10 {
            return Err(Refusal::Corrupt("its units hold more than ten blocks"));
        }
        let size = |value: u32| usize::try_from(value).map_err(|_| Refusal::Unsupported("such a size"));
        let (width, height) = (size(header.width)?, size(header.height)?);
        let (across, down) = (width.div_ceil(8 * most_across), height.div_ceil(8 * most_down));
        let channel = |(component, (unit_across, unit_down)): (&Component, (usize, usize))| Channel {
            id: component.id,
            quantisation: usize::from(component.quantisation),
            width: (width * unit_across).div_ceil(most_across),
            height: (height * unit_down).div_ceil(most_down),
            unit_across,
            unit_down,
            across: across * unit_across,
            down: down * unit_down,
        };
        let channels = header.components.iter().zip(factors).map(channel).collect();
        Ok(Self { channels, across, down })
    }

    /// Blocks of all channels.
    pub(super) fn blocks(&self) -> u64 {
        self.channels.iter().map(Channel::blocks).sum()
    }
}

impl Channel {
    /// Blocks, those included that only fill the last units.
    pub(super) fn blocks(&self) -> u64 {
        self.across as u64 * self.down as u64
    }

    /// Blocks in a row of a scan that holds this channel alone: only those that hold samples (T.81, A.2.3).
    pub(super) fn own_across(&self) -> usize {
        self.width.div_ceil(8)
    }

    /// Rows of blocks of such a scan.
    pub(super) fn own_down(&self) -> usize {
        self.height.div_ceil(8)
    }
}
