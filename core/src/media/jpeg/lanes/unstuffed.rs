//! The codes of a scan without stuffed zeros and restart markers, a window of them at a time.

use std::collections::VecDeque;

use super::super::marker;

/// A window that slides over the codes of a scan.
pub(super) struct Unstuffed<'a> {
    bytes: &'a [u8],
    /// Where in the file it goes on.
    at: usize,
    /// The bytes of the window, then [`SPARE`] zeros.
    data: Vec<u8>,
    /// How many bytes of the window there are.
    len: usize,
    /// Where in the window intervals end, and the next one begins.
    ends: VecDeque<usize>,
    /// How many restart markers were met.
    markers: usize,
    /// Whether the window reaches to the end of the codes.
    pub(super) last: bool,
}

impl<'a> Unstuffed<'a> {
    /// Windows of `size` bytes over what begins at `at`.
    pub(super) fn new(bytes: &'a [u8], at: usize, size: usize) -> Self {
        let data = vec![0; size + SPARE];
        Self { bytes, at, data, len: 0, ends: VecDeque::new(), markers: 0, last: false }
    }

    /// The window and zeros behind it.
    pub(super) fn data(&self) -> &[u8] {
        &self.data[..self.len + SPARE]
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Where the interval that is read ends, if that is in the window.
    pub(super) fn end(&self) -> Option<usize> {
        self.ends.front().copied()
    }

    /// Where in the window intervals end, from the one that is read on.
    pub(super) fn ends(&self) -> impl Iterator<Item = usize> {
        self.ends.iter().copied()
    }

    /// Goes to the interval behind the next end.
    pub(super) fn pass_end(&mut self) {
        self.ends.pop_front();
    }

    /// A place in the file that the window reaches to.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Lets go of the first `done` bytes and takes as many new ones as there is room for.
    ///
    /// Returns whether all restart markers that were met come in their order.
    #[inline(always)]
    pub(super) fn slide(&mut self, done: usize) -> bool {
        self.data.copy_within(done..self.len, 0);
        self.len -= done;
        for end in &mut self.ends {
            *end = end.saturating_sub(done);
        }
        let room = self.data.len() - SPARE;
        let mut in_order = true;
        while self.len < room && !self.last {
            self.copy(room);
            match self.bytes.get(self.at..) {
                Some([0xFF, 0x00, ..]) => {
                    if self.len < room {
                        self.data[self.len] = 0xFF;
                        (self.len, self.at) = (self.len + 1, self.at + 2);
                    }
                }
                Some([0xFF, 0xFF, ..]) => self.at += 1,
                Some([0xFF, marker @ marker::RST0..=marker::RST7, ..]) => {
                    in_order &= usize::from(marker - marker::RST0) == self.markers % 8;
                    (self.markers, self.at) = (self.markers + 1, self.at + 2);
                    self.ends.push_back(self.len);
                }
                Some([0xFF, ..] | []) | None => self.last = true,
                Some(_) => {}
            }
        }
        self.data[self.len..self.len + SPARE].fill(0);
        in_order
    }

    /// Copies bytes up to the next one that is all ones.
    #[inline(always)]
    fn copy(&mut self, room: usize) {
        // In blocks that the compiler makes vector instructions of: of four, three have no such byte.
        while let Some(block) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<64>())
            && self.len + 64 <= room
        {
            self.data[self.len..self.len + 64].copy_from_slice(block);
            let clean = if block.iter().fold(false, |any, byte| any | (*byte == 0xFF)) {
                block.iter().position(|byte| *byte == 0xFF).unwrap_or(64)
            } else {
                64
            };
            (self.len, self.at) = (self.len + clean, self.at + clean);
            if clean < 64 {
                return;
            }
        }
        while let Some(byte) = self.bytes.get(self.at)
            && *byte != 0xFF
            && self.len < room
        {
            self.data[self.len] = *byte;
            (self.len, self.at) = (self.len + 1, self.at + 1);
        }
    }
}

/// Zeros behind a window: what a block that is cut off there may look at. A unit has ten blocks of 64 coefficients of at
/// most 31 bits.
pub(super) const SPARE: usize = 10 * 64 * 31 / 8 + 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_every_size_show_the_same_bytes() {
        let mut bytes: Vec<u8> = (0..400_u16).map(|n| (n * 7).to_le_bytes()[0].min(254)).collect();
        for (at, marker) in [(390, 0x00), (300, 0xD1), (299, 0x00), (150, 0xD0), (64, 0x00), (0, 0x00)] {
            bytes.splice(at..at, [0xFF, marker]);
        }
        bytes.splice(70..70, [0xFF, 0xFF, 0xFF, 0x00]);
        let clean = unstuffed(&bytes, 1000);
        assert_eq!((clean.0.len(), clean.1.len()), (400 + 5, 2));
        bytes.extend([0xFF, 0xD9, 1, 2, 3]);
        for size in 1..300 {
            assert_eq!(unstuffed(&bytes, size), clean, "{size}");
        }
    }

    #[test]
    fn markers_out_of_order_are_noticed() {
        let slide = |bytes: &[u8]| Unstuffed::new(bytes, 0, 100).slide(0);
        assert!(slide(&[1, 0xFF, 0xD0, 2, 0xFF, 0xD1, 3]));
        assert!(!slide(&[1, 0xFF, 0xD1]));
        assert!(!slide(&[1, 0xFF, 0xD0, 2, 0xFF, 0xD0]));
    }

    /// All bytes, window by window, and where intervals end.
    fn unstuffed(bytes: &[u8], size: usize) -> (Vec<u8>, Vec<usize>) {
        let (mut all, mut ends) = (Vec::new(), Vec::new());
        let mut window = Unstuffed::new(bytes, 0, size);
        let mut done = 0;
        while !window.last {
            assert!(window.slide(done));
            done = window.len();
            while let Some(end) = window.end() {
                ends.push(all.len() + end);
                window.pass_end();
            }
            all.extend_from_slice(&window.data()[..done]);
            assert!(window.data()[done..].iter().all(|byte| *byte == 0));
        }
        (all, ends)
    }
}
