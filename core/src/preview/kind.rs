//! What a file was declared to be, held against what is taken and against what it is.

use crate::error::{Error, MediaErrorKind, Result};
use crate::media::{SourceFormat, detect};

/// The kind of file that a MIME type declares; its parameters and its case do not count.
///
/// # Errors
/// [`Error::Media`], `Unsupported`, for a type of which no preview is made: known before anything is downloaded.
pub(crate) fn declared(mime_type: &str) -> Result<SourceFormat> {
    let essence = mime_type.split(';').next().unwrap_or_default().trim();
    let known = TAKEN.iter().find(|(name, _)| name.eq_ignore_ascii_case(essence));
    known.map(|(_, format)| *format).ok_or_else(|| {
        let types: Vec<&str> = TAKEN.iter().map(|(name, _)| *name).collect();
        // What others wrote is quoted without what could break a line.
        unsupported(None, format!("expected the type {}, got {essence:?}", types.join(", ")))
    })
}

/// Holds the first bytes of a file, at least 1 KiB of them where there are as many, against its declared type.
///
/// # Errors
/// [`Error::Media`]: as [`declared`], and `Unsupported` for what is of another kind or of none that is taken, with both named.
pub(crate) fn agrees(mime_type: &str, bytes: &[u8]) -> Result<SourceFormat> {
    let expected = declared(mime_type)?;
    let found = detect(bytes)?;
    if found == expected {
        return Ok(found);
    }
    let reason = format!("expected {}, as its type {mime_type:?} declares, got {}", expected.name(), found.name());
    Err(unsupported(Some(found.name()), reason))
}

fn unsupported(format: Option<&'static str>, reason: String) -> Error {
    Error::Media { kind: MediaErrorKind::Unsupported, format, reason }
}

/// The types of which previews are made. Some senders write the file extension after the slash.
const TAKEN: [(&str, SourceFormat); 6] = [
    ("image/png", SourceFormat::Png),
    ("image/jpeg", SourceFormat::Jpeg),
    ("image/jpg", SourceFormat::Jpeg),
    ("image/gif", SourceFormat::Gif),
    ("image/webp", SourceFormat::WebP),
    ("application/pdf", SourceFormat::Pdf),
];

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1A\n....";

    #[test]
    fn parameters_and_case_of_a_type_do_not_count_and_jpg_is_jpeg() {
        for (mime_type, format) in [
            ("image/png", SourceFormat::Png),
            ("Image/PNG", SourceFormat::Png),
            ("image/jpg", SourceFormat::Jpeg),
            (" image/jpeg ; charset=binary", SourceFormat::Jpeg),
            ("application/pdf;version=1.7", SourceFormat::Pdf),
        ] {
            assert_eq!(declared(mime_type).unwrap(), format, "{mime_type}");
        }
    }

    #[test]
    fn a_type_that_is_not_taken_is_known_before_a_byte_came() {
        for mime_type in ["image/bmp", "image/svg+xml", "image/heic", "text/html", "image/png\r\nx", "image", "", "*/*"]
        {
            let error = declared(mime_type).unwrap_err();
            assert!(matches!(error, Error::Media { kind: MediaErrorKind::Unsupported, .. }), "{mime_type}: {error}");
            assert!(!error.to_string().contains('\n'));
        }
    }

    #[test]
    fn bytes_that_are_not_what_was_declared_are_refused_with_both_names() {
        assert_eq!(agrees("image/png", PNG).unwrap(), SourceFormat::Png);
        let error = agrees("image/jpeg", PNG).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"png is unsupported: expected jpeg, as its type "image/jpeg" declares, got png"#
        );
        let error = agrees("image/png", b"<!doctype html><p>sign in").unwrap_err();
        assert!(matches!(error, Error::Media { kind: MediaErrorKind::Unsupported, .. }), "{error}");
        assert!(agrees("image/png", b"").is_err());
    }
}
