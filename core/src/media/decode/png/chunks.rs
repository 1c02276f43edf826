//! The chunks that hold the pixels of a PNG. Source: PNG, third edition, 5.3 and 11.2.3.

/// The data of the IDAT chunks, one after the other, each held against its checksum.
///
/// As in browsers and in the png crate, the checksum of each chunk counts and that of the zlib stream inside does not:
/// it covers the same bytes again. A CRC-32 costs a fortieth of inflating what it covers.
#[derive(Debug, Clone)]
pub(super) struct ImageData<'a> {
    rest: &'a [u8],
    pub(super) damaged: bool,
}

impl<'a> ImageData<'a> {
    /// None when the file has no such chunk.
    pub(super) fn of(file: &'a [u8]) -> Option<Self> {
        let mut rest = file.get(SIGNATURE..)?;
        loop {
            let (kind, data) = head(rest)?;
            if kind == IMAGE_DATA {
                return Some(Self { rest, damaged: false });
            }
            rest = rest.get(OVERHEAD.checked_add(data)?..)?;
        }
    }

    /// Whether the data that was not asked for is whole too, and another chunk follows.
    pub(super) fn ends_well(mut self) -> bool {
        for _ in self.by_ref() {}
        !self.damaged
    }

    fn chunk(&mut self) -> Option<&'a [u8]> {
        let (_, length) = head(self.rest)?;
        let (data, rest) = self.rest.get(HEAD..)?.split_at_checked(length)?;
        let (sum, rest) = rest.split_first_chunk()?;
        let mut crc = crc32fast::Hasher::new();
        crc.update(IMAGE_DATA);
        crc.update(data);
        self.rest = rest;
        (crc.finalize() == u32::from_be_bytes(*sum)).then_some(data)
    }
}

impl<'a> Iterator for ImageData<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.damaged {
            return None;
        }
        match head(self.rest) {
            Some((kind, _)) if kind != IMAGE_DATA => None,
            _ => {
                let data = self.chunk();
                self.damaged = data.is_none();
                data
            }
        }
    }
}

/// The kind of the chunk that begins here, and how many bytes of data it says it has.
pub(super) fn head(bytes: &[u8]) -> Option<(&[u8; 4], usize)> {
    let (length, rest) = bytes.split_first_chunk()?;
    Some((rest.first_chunk()?, usize::try_from(u32::from_be_bytes(*length)).ok()?))
}

pub(super) const IMAGE_DATA: &[u8; 4] = b"IDAT";
pub(super) const SIGNATURE: usize = 8;
/// Bytes of a chunk before its data: length and kind.
const HEAD: usize = 8;
/// Bytes of a chunk beside its data: length, kind and checksum.
pub(super) const OVERHEAD: usize = 12;
