//! Markers: what a JPEG is made of between its runs of Huffman codes (ITU-T T.81, annex B).

use super::refusal::Refusal;

/// A marker and what its segment holds, without the two bytes of the length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    pub(super) payload: &'a [u8],
}

/// Walks from marker to marker.
#[derive(Debug, Clone)]
pub(super) struct Markers<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Markers<'a> {
    /// Begins behind the start-of-image marker.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, Refusal> {
        match bytes {
            [0xFF, SOI, 0xFF, ..] => Ok(Self { bytes, at: 2 }),
            _ => Err(Refusal::Corrupt("it does not begin as one")),
        }
    }

    /// The next marker with a segment, or the end of the image; none when the bytes run out first.
    ///
    /// Bytes that belong to no segment are passed over, as all decoders do: cameras leave some.
    pub(super) fn next(&mut self) -> Result<Option<Segment<'a>>, Refusal> {
        loop {
            let Some(at) = find(self.bytes, self.at) else { return Ok(None) };
            self.at = at + 2;
            let marker = self.bytes[at + 1];
            match marker {
                EOI => return Ok(Some(Segment { marker, payload: &[] })),
                // These stand alone: TEM, the restart markers, and a second start.
                0x01 | RST0..=RST7 | SOI => {}
                _ => {
                    let Some(payload) = self.payload()? else { return Ok(None) };
                    return Ok(Some(Segment { marker, payload }));
                }
            }
        }
    }

    fn payload(&mut self) -> Result<Option<&'a [u8]>, Refusal> {
        let Some([high, low]) = self.bytes.get(self.at..self.at + 2) else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length < 2 {
            return Err(Refusal::Corrupt("a segment is shorter than its own length"));
        }
        let payload = self.bytes.get(self.at + 2..self.at + length);
        self.at += length;
        Ok(payload)
    }

    /// Where the walk stands: behind a segment, at its first byte of Huffman codes if it was a start of scan.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Goes on from a place that was reached by reading codes.
    pub(super) fn resume(&mut self, at: usize) {
        self.at = self.at.max(at);
    }

    /// Passes over the codes of a scan, restart markers included.
    pub(super) fn skip_codes(&mut self) {
        while let Some(at) = find(self.bytes, self.at) {
            if !matches!(self.bytes[at + 1], RST0..=RST7) {
                self.at = at;
                return;
            }
            self.at = at + 2;
        }
        self.at = self.bytes.len();
    }
}

/// How many scans there are up to the end of the image, or to the first marker that makes no sense.
pub(crate) fn scans(bytes: &[u8]) -> u64 {
    let Ok(mut markers) = Markers::new(bytes) else { return 0 };
    let mut scans = 0;
    while let Ok(Some(segment)) = markers.next() {
        match segment.marker {
            EOI => break,
            SOS => scans += 1,
            _ => {}
        }
    }
    scans
}

/// Where the next marker begins at or after `from`: a byte of ones that is followed by neither a stuffed zero nor
/// another one of its kind.
pub(super) fn find(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let rest = bytes.get(from..)?;
        // Whole chunks without such a byte are passed with vector instructions, which is most of a scan.
        let (chunks, _) = rest.as_chunks::<32>();
        let clean = chunks.iter().take_while(|chunk| !chunk.iter().fold(false, |any, byte| any | (*byte == 0xFF)));
        from += 32 * clean.count();
        let at = from + bytes[from..].iter().position(|byte| *byte == 0xFF)?;
        match *bytes.get(at + 1)? {
            0x00 => from = at + 2,
            0xFF => from = at + 1,
            _ => return Some(at),
        }
    }
}

pub(super) const SOI: u8 = 0xD8;
pub(super) const EOI: u8 = 0xD9;
pub(super) const SOS: u8 = 0xDA;
pub(super) const DQT: u8 = 0xDB;
pub(super) const DHT: u8 = 0xC4;
pub(super) const DRI: u8 = 0xDD;
pub(super) const DNL: u8 = 0xDC;
pub(super) const RST0: u8 = 0xD0;
pub(super) const RST7: u8 = 0xD7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_zeros_and_fill_bytes_are_no_markers() {
        let mut bytes = vec![0x11; 100];
        bytes.extend([0xFF, 0x00, 0xFF, 0xFF, 0xD3, 0xFF]);
        assert_eq!(find(&bytes, 0), Some(103));
        assert_eq!(find(&bytes, 104), None);
    }

    #[test]
    fn a_segment_that_is_cut_off_ends_the_walk() {
        let mut markers = Markers::new(&[0xFF, 0xD8, 0xFF, 0xDB, 0x00, 0x43, 0x00]).unwrap();
        assert!(markers.next().unwrap().is_none());
    }

    #[test]
    fn restart_markers_belong_to_the_codes() {
        let bytes = [0xFF, 0xD8, 0xFF, 0xDA, 0x00, 0x02, 1, 2, 0xFF, 0xD0, 3, 0xFF, 0x00, 0xFF, 0xD9];
        let mut markers = Markers::new(&bytes).unwrap();
        assert_eq!(markers.next().unwrap().unwrap().marker, SOS);
        markers.skip_codes();
        assert_eq!((markers.place(), markers.next().unwrap().unwrap().marker), (13, EOI));
        assert_eq!(scans(&bytes), 1);
    }
}
