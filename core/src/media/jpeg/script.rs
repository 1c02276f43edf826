//! The scans of a JPEG and the tables that hold for each: what is left of a file without its codes.

use super::grid::Grid;
use super::huffman::Definition;
use super::marker::{DHT, DNL, DQT, DRI, EOI, Markers, SOS, Segment};
use super::refusal::Refusal;

/// Reads scan after scan.
pub(super) struct Script<'a> {
    markers: Markers<'a>,
    tables: Tables<'a>,
    /// Units between two restart markers; 0 for none.
    restart: usize,
    /// Whether the end of the image was seen.
    pub(super) ended: bool,
}

/// The tables that hold at a place of the file, by their number.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables<'a> {
    /// In zigzag order, as in the file.
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    pub(super) dc: [Option<Definition<'a>>; 4],
    pub(super) ac: [Option<Definition<'a>>; 4],
}

/// One scan: which channels, which coefficients, which bits of them.
#[derive(Debug, Clone)]
pub(super) struct Scan<'a> {
    pub(super) parts: Vec<Part>,
    /// First coefficient, in zigzag order.
    pub(super) first: usize,
    /// Last coefficient.
    pub(super) last: usize,
    /// The bit that earlier scans went down to; 0 when this is the first of its coefficients.
    pub(super) high: u32,
    /// The bit that this one goes down to.
    pub(super) low: u32,
    pub(super) tables: Tables<'a>,
    /// Units between two restart markers; 0 for none.
    pub(super) restart: usize,
    /// Where its codes begin in the file.
    pub(super) place: usize,
}

/// A channel of a scan and the numbers of its Huffman tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) channel: usize,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

impl<'a> Script<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, Refusal> {
        Ok(Self { markers: Markers::new(bytes)?, tables: Tables::default(), restart: 0, ended: false })
    }

    /// The next scan; none at the end of the image or of the bytes.
    ///
    /// The caller then says where its codes end, with [`Script::resume`] or [`Script::skip_codes`].
    pub(super) fn next(&mut self, grid: &Grid) -> Result<Option<Scan<'a>>, Refusal> {
        while let Some(segment) = self.markers.next()? {
            match segment.marker {
                EOI => {
                    self.ended = true;
                    return Ok(None);
                }
                SOS => return self.scan(&segment, grid).map(Some),
                DQT => self.tables.quantise(&segment)?,
                DHT => self.tables.define(&segment)?,
                DRI => {
                    let Some(units) = segment.payload.first_chunk() else {
                        return Err(Refusal::Corrupt("the restart interval is cut off"));
                    };
                    self.restart = usize::from(u16::from_be_bytes(*units));
                }
                DNL => return Err(Refusal::Unsupported("a height that comes behind the picture")),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Goes on from `place`, behind what was read of a scan.
    pub(super) fn resume(&mut self, place: usize) {
        self.markers.resume(place);
        self.markers.skip_codes();
    }

    /// Goes on behind the codes of the last scan without reading them.
    pub(super) fn skip_codes(&mut self) {
        self.markers.skip_codes();
    }

    fn scan(&self, segment: &Segment<'a>, grid: &Grid) -> Result<Scan<'a>, Refusal> {
        const BROKEN: Refusal = Refusal::Corrupt("a scan header makes no sense");
        let [count, rest @ ..] = segment.payload else { return Err(BROKEN) };
        let (pairs, rest) = rest.split_at_checked(2 * usize::from(*count)).ok_or(BROKEN)?;
        let [first, last, bits, ..] = rest else { return Err(BROKEN) };
        let pairs = pairs.as_chunks::<2>().0;
        let mut parts: Vec<Part> = Vec::with_capacity(pairs.len().min(4));
        for [id, tables] in pairs {
            let channel = grid.channels.iter().position(|channel| channel.id == *id).ok_or(BROKEN)?;
            if parts.iter().any(|part| part.channel >= channel) {
                return Err(BROKEN);
            }
            parts.push(Part { channel, dc: usize::from(tables >> 4), ac: usize::from(tables & 15) });
        }
        if parts.is_empty() || parts.iter().any(|part| part.dc > 3 || part.ac > 3) {
            return Err(BROKEN);
        }
        Ok(Scan {
            parts,
            first: usize::from(*first),
            last: usize::from(*last),
            high: u32::from(bits >> 4),
            low: u32::from(bits & 15),
            tables: self.tables.clone(),
            restart: self.restart,
            place: self.markers.place(),
        })
    }
}

impl<'a> Tables<'a> {
    fn quantise(&mut self, segment: &Segment<'a>) -> Result<(), Refusal> {
        const BROKEN: Refusal = Refusal::Corrupt("a quantisation table makes no sense");
        let mut rest = segment.payload;
        while let [kind, values @ ..] = rest {
            let slot = self.quantisation.get_mut(usize::from(kind & 15)).ok_or(BROKEN)?;
            let mut table = [0; 64];
            match kind >> 4 {
                0 => {
                    let bytes = values.first_chunk::<64>().ok_or(BROKEN)?;
                    table = bytes.map(u16::from);
                    rest = &values[64..];
                }
                1 => {
                    let bytes = values.first_chunk::<128>().ok_or(BROKEN)?;
                    for (value, pair) in table.iter_mut().zip(bytes.as_chunks().0) {
                        *value = u16::from_be_bytes(*pair);
                    }
                    rest = &values[128..];
                }
                _ => return Err(BROKEN),
            }
            *slot = Some(table);
        }
        Ok(())
    }

    fn define(&mut self, segment: &Segment<'a>) -> Result<(), Refusal> {
        const BROKEN: Refusal = Refusal::Corrupt("a Huffman table makes no sense");
        let mut rest = segment.payload;
        while let [kind, table @ ..] = rest {
            let (definition, behind) = Definition::read(table).ok_or(BROKEN)?;
            let tables = match kind >> 4 {
                // A symbol of a DC table is a number of bits.
                0 if definition.symbols.iter().all(|symbol| *symbol <= 15) => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(BROKEN),
            };
            *tables.get_mut(usize::from(kind & 15)).ok_or(BROKEN)? = Some(definition);
            rest = behind;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::limits::MediaLimits;
    use super::super::header::Header;
    use super::super::tests::fixtures;
    use super::*;

    #[test]
    fn a_scan_names_each_channel_once_and_in_their_order() {
        let bytes = fixtures::read("baseline-420.jpg");
        let grid = Grid::of(&Header::read(&bytes, &MediaLimits::default()).unwrap()).unwrap();
        let start = bytes.windows(2).position(|pair| pair == [0xFF, SOS]).unwrap();
        assert_eq!(bytes[start + 4..start + 11], [3, 1, 0x00, 2, 0x11, 3, 0x11]);
        let scan = |names: [u8; 3]| {
            let mut bytes = bytes.clone();
            for (place, name) in (start + 5..).step_by(2).zip(names) {
                bytes[place] = name;
            }
            Script::new(&bytes).unwrap().next(&grid).map(|scan| scan.unwrap().parts.len())
        };
        assert_eq!(scan([1, 2, 3]), Ok(3));
        for names in [[1, 2, 2], [1, 1, 3], [2, 1, 3], [1, 2, 4]] {
            assert_eq!(scan(names), Err(Refusal::Corrupt("a scan header makes no sense")), "{names:?}");
        }
    }
}
