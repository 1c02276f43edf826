//! A PNG as the png crate is shown it: without its EXIF.
//!
//! Version 0.18 cannot be told to pass over eXIf chunks. It copies them and counts them against the limit that is there
//! for profiles, so a picture would be too large for what nobody asked for. What is asked for was read from the file
//! itself, with the header.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::chunks::{IMAGE_DATA, OVERHEAD, SIGNATURE, head};

/// The bytes of a file but for the eXIf chunks before its pixels; the crate is done before it comes to those behind.
pub(super) struct WithoutExif<'a> {
    /// What is shown next.
    shown: &'a [u8],
    /// The chunks behind that.
    rest: &'a [u8],
}

impl<'a> WithoutExif<'a> {
    pub(super) fn of(file: &'a [u8]) -> Self {
        let (shown, rest) = file.split_at(SIGNATURE.min(file.len()));
        Self { shown, rest }
    }

    /// Passes over EXIF, and shows everything up to the next one.
    fn go_on(&mut self) {
        while let Some((EXIF, data)) = head(self.rest) {
            self.rest = after(self.rest, data);
        }
        let mut behind = self.rest;
        loop {
            match head(behind) {
                Some((EXIF, _)) => break,
                Some((kind, data)) if kind != IMAGE_DATA => behind = after(behind, data),
                _ => behind = &[],
            }
            if behind.is_empty() {
                break;
            }
        }
        (self.shown, self.rest) = self.rest.split_at(self.rest.len() - behind.len());
    }
}

/// What stands behind a chunk with so many bytes of data.
fn after(chunk: &[u8], data: usize) -> &[u8] {
    data.checked_add(OVERHEAD).and_then(|end| chunk.get(end..)).unwrap_or_default()
}

impl BufRead for WithoutExif<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.shown.is_empty() {
            self.go_on();
        }
        Ok(self.shown)
    }

    fn consume(&mut self, amount: usize) {
        self.shown = self.shown.get(amount..).unwrap_or_default();
    }
}

impl Read for WithoutExif<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// The crate asks for it in its signature and never seeks.
impl Seek for WithoutExif<'_> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

const EXIF: &[u8; 4] = b"eXIf";
