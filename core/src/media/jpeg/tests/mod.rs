//! What the fast path is held against: another decoder, and bytes that no encoder wrote.

mod damage;
pub(in crate::media) mod fixtures;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod oracle;

use super::*;

impl Plane {
    /// The samples of each row.
    fn rows(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator {
        self.samples.chunks(self.stride).take(self.height).map(|row| &row[..self.width])
    }
}
