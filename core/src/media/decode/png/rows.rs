//! The filtered rows of a PNG, inflated a window at a time: what is in work stays in the caches.

use fdeflate::Decompressor;

use super::chunks::ImageData;

/// Rows of one length, each with its filter before it.
pub(super) struct Rows<'a> {
    data: ImageData<'a>,
    /// What is left of the chunk in work.
    chunk: &'a [u8],
    inflate: Box<Decompressor>,
    window: Vec<u8>,
    /// Where the rows begin that are not done with.
    start: usize,
    /// Where what was inflated ends.
    end: usize,
    length: usize,
}

impl<'a> Rows<'a> {
    /// Rows of `length` bytes, of which at most `most` are asked for at a time.
    pub(super) fn new(data: ImageData<'a>, length: usize, most: usize) -> Self {
        let mut inflate = Box::new(Decompressor::new());
        inflate.ignore_adler32();
        let window = vec![0; LOOK_BACK.max(most * length) + ROOM + SLACK];
        Self { data, chunk: &[], inflate, window, start: 0, end: 0, length }
    }

    /// The next `count` rows and [`SLACK`] bytes behind them. None when there are no more, or the data is damaged.
    pub(super) fn next(&mut self, count: usize) -> Option<&[u8]> {
        let wanted = count * self.length;
        while self.end - self.start < wanted {
            self.make_room();
            self.inflate()?;
        }
        self.window.get(self.start..self.start + wanted + SLACK)
    }

    /// So many of them will not be asked for again.
    pub(super) fn done_with(&mut self, count: usize) {
        self.start += count * self.length;
    }

    /// Whether what is left of the data is whole.
    pub(super) fn end_well(self) -> bool {
        self.data.ends_well()
    }

    fn make_room(&mut self) {
        if self.window.len() - SLACK - self.end >= ROOM {
            return;
        }
        // Later data may repeat earlier one from as far back as deflate reaches.
        let kept = self.start.min(self.end.saturating_sub(LOOK_BACK));
        self.window.copy_within(kept..self.end, 0);
        self.start -= kept;
        self.end -= kept;
    }

    fn inflate(&mut self) -> Option<()> {
        if self.chunk.is_empty() {
            self.chunk = self.data.next().unwrap_or_default();
        }
        let limit = self.window.len() - SLACK;
        let (read, made) = self.inflate.read(self.chunk, &mut self.window[..limit], self.end, false).ok()?;
        self.chunk = &self.chunk[read..];
        self.end += made;
        // An empty chunk is no end; one without any effect, or none, is.
        let stuck = made == 0 && read == 0 && !self.chunk.is_empty();
        let over = made == 0 && self.chunk.is_empty() && self.data.clone().next().is_none();
        (!stuck && !over).then_some(())
    }
}

/// How far back deflate reaches. Source: RFC 1951, 2.
const LOOK_BACK: usize = 32 << 10;
/// Inflated at a time at most.
const ROOM: usize = 64 << 10;
/// Bytes behind the last row, so that a pixel of three bytes can be read as four.
pub(super) const SLACK: usize = 1;
