//! Reading lines without trusting their length: a file may hold anything.

use std::io::{self, BufRead};

use super::entry::MAX_LINE;

/// Reads lines one after the other in 64 KiB of memory.
pub(super) struct Lines<R> {
    input: R,
    /// Bytes from the start of the file.
    offset: u64,
    number: u64,
    buffer: Vec<u8>,
}

/// One line of a file.
#[derive(Debug, PartialEq)]
pub(super) struct Line<'a> {
    /// From 1 where the reading began.
    pub(super) number: u64,
    /// Where it begins and where the next one does, in bytes from the start of the file.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) text: Text<'a>,
}

/// What a line holds, without its newline.
#[derive(Debug, PartialEq)]
pub(super) enum Text<'a> {
    Whole(&'a [u8]),
    /// Longer than an entry can be; its first bytes.
    TooLong(&'a [u8]),
    /// The file ends before a newline does; the first bytes of it.
    Torn(&'a [u8]),
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`, whose first byte is at `offset` of the file.
    pub(super) fn new(input: R, offset: u64) -> Self {
        Self { input, offset, number: 0, buffer: Vec::new() }
    }

    /// The next line; nothing at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let start = self.offset;
        let mut length = 0;
        let ended = loop {
            let piece = match self.input.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let newline = piece.iter().position(|byte| *byte == b'\n');
            let text = &piece[..newline.unwrap_or(piece.len())];
            let room = MAX_LINE - self.buffer.len();
            self.buffer.extend_from_slice(&text[..text.len().min(room)]);
            length += text.len();
            let (read, at_end) = (newline.map_or(text.len(), |at| at + 1), piece.is_empty());
            self.input.consume(read);
            self.offset += read as u64;
            if newline.is_some() || at_end {
                break newline.is_some();
            }
        };
        if !ended && length == 0 {
            return Ok(None);
        }
        self.number += 1;
        let text = match ended {
            false => Text::Torn(&self.buffer),
            true if length > MAX_LINE => Text::TooLong(&self.buffer),
            true => Text::Whole(&self.buffer),
        };
        Ok(Some(Line { number: self.number, start, end: self.offset, text }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn lines_are_told_apart_by_how_they_end_and_how_long_they_are() {
        let long = "x".repeat(MAX_LINE);
        let text = format!("first\n\n{long}\n{long}x\ntorn");
        // Pieces shorter than a line, as files are read.
        let mut lines = Lines::new(BufReader::with_capacity(7, text.as_bytes()), 100);
        let first = Line { number: 1, start: 100, end: 106, text: Text::Whole(b"first") };
        assert_eq!(lines.next().unwrap(), Some(first));
        assert_eq!(lines.next().unwrap().unwrap().text, Text::Whole(b""));
        assert_eq!(lines.next().unwrap().unwrap().text, Text::Whole(long.as_bytes()));
        assert_eq!(lines.next().unwrap().unwrap().text, Text::TooLong(long.as_bytes()));
        let torn = lines.next().unwrap().unwrap();
        assert_eq!((torn.number, torn.end), (5, 100 + text.len() as u64));
        assert_eq!(torn.text, Text::Torn(b"torn"));
        assert_eq!(lines.next().unwrap(), None);
    }
}
