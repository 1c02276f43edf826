//! What is posted at a time: the next lines of the file, exactly as they stand there.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use tracing::warn;

use super::entry::Stored;
use super::reader::{Lines, Text};

/// Lines of the file from some offset on.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// A JSON array of the lines.
    pub(super) body: Vec<u8>,
    pub(super) entries: usize,
    /// The first and the last sequence of the chain that was asked for.
    pub(super) own: Option<(u64, u64)>,
    /// Where the next batch begins.
    pub(super) end: u64,
    /// Whether waiting for more lines would not make it larger.
    pub(super) full: bool,
}

impl Batch {
    /// Reads at most `most` entries of a range of bytes, and about 1 MiB. `log` is the chain to look out for.
    ///
    /// A line that is not whole ends the batch. A line that is no entry is left out: as part of an array that
    /// is not JSON it would keep everything behind it from leaving for ever. The endpoint sees the gap in the sequence.
    pub(super) fn read(file: &File, range: Range<u64>, most: usize, log: &str) -> io::Result<Self> {
        let (mut input, offset) = (file, range.start);
        input.seek(SeekFrom::Start(offset))?;
        let mut lines = Lines::new(BufReader::new(input.take(range.end.saturating_sub(offset))), offset);
        let mut batch = Self { end: offset, ..Self::default() };
        while !batch.full
            && let Some(line) = lines.next()?
        {
            let text = match line.text {
                Text::Torn(_) => break,
                Text::TooLong(_) => None,
                Text::Whole(text) => Stored::parse(text).map(|stored| (text, stored)),
            };
            match text {
                Some((text, stored)) => {
                    batch.body.push(if batch.entries == 0 { b'[' } else { b',' });
                    batch.body.extend_from_slice(text);
                    batch.entries += 1;
                    if stored.log == log {
                        let first = batch.own.map_or(stored.sequence, |(first, _)| first);
                        batch.own = Some((first, stored.sequence));
                    }
                    batch.full = batch.entries == most || batch.body.len() >= ENOUGH;
                }
                None => warn!(offset = line.start, "a line of the audit log is no entry and is not posted"),
            }
            batch.end = line.end;
        }
        if batch.entries > 0 {
            batch.body.push(b']');
        }
        Ok(batch)
    }
}

/// How many whole lines stand behind `offset`.
pub(super) fn lines_from(file: &File, offset: u64) -> io::Result<u64> {
    let mut input = file;
    input.seek(SeekFrom::Start(offset))?;
    let mut lines = Lines::new(BufReader::new(input), offset);
    let mut count = 0;
    while let Some(line) = lines.next()? {
        count += u64::from(!matches!(line.text, Text::Torn(_)));
    }
    Ok(count)
}

/// Bytes. Servers refuse bodies of 1 to 2 MiB by default; one line more, of 64 KiB at most, is below that.
const ENOUGH: usize = (1 << 20) - (128 << 10);
