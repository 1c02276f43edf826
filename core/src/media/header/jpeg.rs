//! The header of a JPEG, which its decoder reads too.

use super::super::jpeg::Header;
use super::super::limits::MediaLimits;
use super::super::picture::Size;
use super::Facts;
use crate::error::Result;

pub(super) fn facts<'a>(bytes: &'a [u8], limits: &MediaLimits) -> Result<Facts<'a>> {
    let header = Header::read(bytes, limits)?;
    let size = Size { width: header.width, height: header.height };
    Ok(Facts { size, frames: 1, has_alpha: false, has_icc: header.has_profile(), exif: header.exif })
}
