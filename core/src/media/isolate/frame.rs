//! What goes over a line: frames, each with a head in JSON and a body of bytes as they are.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A frame that came.
#[derive(Debug)]
pub(super) struct Frame<T> {
    pub(super) head: T,
    pub(super) body: Vec<u8>,
}

/// Sends one frame, whose body is `parts` one after the other.
pub(super) fn write(line: &mut impl Write, head: &impl Serialize, parts: &[&[u8]]) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let length = |bytes: usize| u32::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput));
    let mut start = MARK.to_vec();
    start.extend(length(head.len())?.to_le_bytes());
    start.extend(length(parts.iter().map(|part| part.len()).sum())?.to_le_bytes());
    start.extend(head);
    line.write_all(&start)?;
    parts.iter().try_for_each(|part| line.write_all(part))?;
    line.flush()
}

/// Reads one frame; none when the other side hung up before it.
pub(super) fn read<T: DeserializeOwned>(line: &mut impl Read) -> io::Result<Option<Frame<T>>> {
    let mut start = [0; 12];
    // The first byte alone may be missing.
    let (first, rest) = start.split_at_mut(1);
    if line.read(first)? == 0 {
        return Ok(None);
    }
    line.read_exact(rest)?;
    let [m, a, r, k, h0, h1, h2, h3, b0, b1, b2, b3] = start;
    if [m, a, r, k] != MARK {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no frame"));
    }
    let head = bytes(line, u32::from_le_bytes([h0, h1, h2, h3]))?;
    let body = bytes(line, u32::from_le_bytes([b0, b1, b2, b3]))?;
    Ok(Some(Frame { head: serde_json::from_slice(&head)?, body }))
}

/// Exactly `length` bytes; memory for them is taken at once only as far as honest lengths go.
fn bytes(line: &mut impl Read, length: u32) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length.min(USUAL_LENGTH) as usize);
    let read = line.take(length.into()).read_to_end(&mut bytes)?;
    if read == length as usize { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

const MARK: [u8; 4] = *b"pmc1";
/// The default of [`crate::MediaLimits::max_input_bytes`].
const USUAL_LENGTH: u32 = 25 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_as_it_was_sent() {
        let mut line = Vec::new();
        write(&mut line, &("wish", 7), &[b"ab", b"", b"c"]).unwrap();
        write(&mut line, &("other", 8), &[]).unwrap();
        let mut line = line.as_slice();
        let first: Frame<(String, u32)> = read(&mut line).unwrap().unwrap();
        assert_eq!((first.head.0.as_str(), first.head.1, first.body.as_slice()), ("wish", 7, &b"abc"[..]));
        assert!(read::<(String, u32)>(&mut line).unwrap().is_some_and(|frame| frame.body.is_empty()));
        assert!(read::<(String, u32)>(&mut line).unwrap().is_none());
    }

    #[test]
    fn what_is_no_frame_or_half_of_one_is_an_error() {
        assert!(read::<u32>(&mut &b"Traceback (most recent call last):"[..]).is_err());
        let mut line = Vec::new();
        write(&mut line, &1, &[&[0; 100]]).unwrap();
        for end in 1..line.len() {
            assert!(read::<u32>(&mut &line[..end]).is_err(), "{end}");
        }
    }
}
