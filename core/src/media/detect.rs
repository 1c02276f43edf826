//! What the bytes are, by their first few: names and declared types are never asked.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, MediaErrorKind, Result};

/// A kind of file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SourceFormat {
    /// JPEG.
    Jpeg,
    /// PNG, and the first picture of an animated one.
    Png,
    /// GIF.
    Gif,
    /// WebP, lossy or lossless.
    WebP,
    /// PDF, whose pages become pictures.
    Pdf,
}

impl SourceFormat {
    /// The name, as in `jpeg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Pdf => "pdf",
        }
    }

    /// The MIME type, as in `image/jpeg`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Pdf => "application/pdf",
        }
    }
}

impl FromStr for SourceFormat {
    type Err = Error;

    /// Reads a name, as in `jpeg`.
    fn from_str(text: &str) -> Result<Self> {
        match FORMATS.into_iter().find(|format| format.name() == text) {
            Some(format) => Ok(format),
            None => {
                Err(Error::invalid("format", format!("expected {}, got {text:?}", FORMATS.map(Self::name).join(", "))))
            }
        }
    }
}

/// What kind of file `bytes` are.
pub(crate) fn detect(bytes: &[u8]) -> Result<SourceFormat> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Ok(SourceFormat::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(SourceFormat::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(SourceFormat::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(SourceFormat::WebP),
        _ if contains(bytes, b"%PDF-") => Ok(SourceFormat::Pdf),
        [] => {
            Err(Error::Media { kind: MediaErrorKind::Corrupt, format: None, reason: "there are no bytes".to_owned() })
        }
        _ => {
            let format = foreign(bytes);
            let reason = format!("expected jpeg, png, gif, webp or pdf, got {}", format.unwrap_or("something else"));
            Err(Error::Media { kind: MediaErrorKind::Unsupported, format, reason })
        }
    }
}

/// The name of a format that is often sent and not taken, so that the error can name it.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [b'B', b'M', ..] => "bmp",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "tiff",
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => "avif",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', b'e' | b'i', ..] => "heic",
        [0, 0, 1, 0, ..] => "ico",
        [b'8', b'B', b'P', b'S', ..] => "psd",
        [0xFF, 0x0A, ..] | [0, 0, 0, 0x0C, b'J', b'X', b'L', b' ', ..] => "jxl",
        [0, 0, 0, 0x0C, b'j', b'P', b' ', b' ', ..] => "jpeg2000",
        _ if contains(bytes, b"<svg") => "svg",
        _ => return None,
    })
}

/// The name of a format as one of ours: what an error says of a file that was looked at elsewhere.
pub(super) fn name(text: &str) -> Option<&'static str> {
    FORMATS.map(SourceFormat::name).into_iter().chain(FOREIGN).find(|name| *name == text)
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes[..bytes.len().min(FIRST_BYTES)].windows(mark.len()).any(|window| window == mark)
}

const FORMATS: [SourceFormat; 5] =
    [SourceFormat::Jpeg, SourceFormat::Png, SourceFormat::Gif, SourceFormat::WebP, SourceFormat::Pdf];

/// The names of what is known and not taken.
const FOREIGN: [&str; 9] = ["bmp", "tiff", "avif", "heic", "ico", "psd", "jxl", "jpeg2000", "svg"];

/// Where text formats carry their mark: PDF readers look at the first 1024 bytes.
const FIRST_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_named() {
        let named = |bytes: &[u8]| detect(bytes).unwrap_err().facts().details.get("format").cloned();
        assert_eq!(named(b"\0\0\0\x18ftypheic").as_deref(), Some("heic"));
        assert_eq!(named(b"\0\0\0\x18ftypavif").as_deref(), Some("avif"));
        assert_eq!(named(b"MM\0*\0\0").as_deref(), Some("tiff"));
        assert_eq!(named(b"<?xml version='1.0'?><svg>").as_deref(), Some("svg"));
        assert_eq!(named(b"hello"), None);
        let error = detect(b"BM....").unwrap_err();
        assert_eq!(error.to_string(), "bmp is unsupported: expected jpeg, png, gif, webp or pdf, got bmp");
    }

    #[test]
    fn a_pdf_may_have_other_bytes_before_it() {
        assert_eq!(detect(b"junk\n%PDF-1.7").unwrap(), SourceFormat::Pdf);
    }

    #[test]
    fn formats_are_read_by_their_names() {
        for format in FORMATS {
            assert_eq!(format.name().parse::<SourceFormat>().unwrap(), format);
        }
        let error = "tiff".parse::<SourceFormat>().unwrap_err();
        assert_eq!(error.to_string(), "invalid format: expected jpeg, png, gif, webp, pdf, got \"tiff\"");
    }

    #[test]
    fn no_bytes_are_no_picture() {
        assert_eq!(detect(b"").unwrap_err().to_string(), "the picture is corrupt: there are no bytes");
    }
}
