//! The chunks that a WebP is made of. Source: RFC 9649, 2.

/// A piece of a WebP.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub(super) kind: &'a [u8; 4],
    /// What there is of it; the file may end inside.
    pub(super) data: &'a [u8],
}

/// The chunks of the file `bytes`, in their order.
pub(super) fn chunks(bytes: &[u8]) -> Chunks<'_> {
    Chunks { rest: bytes.get(HEAD..).unwrap_or_default() }
}

/// A chunk of our own behind the others.
pub(super) fn push_chunk(bytes: &mut Vec<u8>, Chunk { kind, data }: Chunk<'_>) {
    bytes.extend_from_slice(kind);
    bytes.extend(length(data).to_le_bytes());
    bytes.extend_from_slice(data);
    if data.len() % 2 == 1 {
        bytes.push(0);
    }
}

/// A file of our own around its chunks.
pub(super) fn file(chunks: &[u8]) -> Vec<u8> {
    let body = length(chunks).saturating_add(FORM);
    [b"RIFF".as_slice(), &body.to_le_bytes(), b"WEBP", chunks].concat()
}

/// Chunks of our own hold pictures within the limits, which are far below 4 GiB.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

pub(super) struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let kind = self.rest.first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*self.rest.get(4..)?.first_chunk()?)).ok()?;
        let data = self.rest.get(8..)?;
        // Chunks are padded to an even length.
        self.rest = length.checked_next_multiple_of(2).and_then(|next| data.get(next..)).unwrap_or_default();
        Some(Chunk { kind, data: data.get(..length).unwrap_or(data) })
    }
}

/// `RIFF`, its length, and `WEBP`.
const HEAD: usize = 12;
/// `WEBP` counts as part of what is inside.
const FORM: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_found_again() {
        let mut bytes = Vec::new();
        push_chunk(&mut bytes, Chunk { kind: b"ODD ", data: &[1, 2, 3] });
        push_chunk(&mut bytes, Chunk { kind: b"EVEN", data: &[4, 5] });
        let file = file(&bytes);
        assert_eq!(file[4..8], u32::try_from(file.len() - 8).unwrap().to_le_bytes());
        let found: Vec<_> = chunks(&file).map(|chunk| (chunk.kind, chunk.data)).collect();
        assert_eq!(found, [(b"ODD ", [1, 2, 3].as_slice()), (b"EVEN", &[4, 5])]);
    }

    #[test]
    fn a_chunk_whose_length_lies_is_as_long_as_the_file() {
        let found: Vec<_> = chunks(b"RIFF....WEBPVP8 \xFF\xFF\xFF\xFFab").map(|chunk| chunk.data).collect();
        assert_eq!(found, [b"ab"]);
    }
}
