//! What the fast path is held against: another decoder, and bytes that no encoder wrote.

mod damage;
pub(in crate::media) mod fixtures;
mod oracle;

use super::*;
