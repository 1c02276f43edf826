//! A form that carries one file (RFC 7578), written in pieces so that the file is copied nowhere.

use std::iter::once;

use bytes::Bytes;
use futures_util::stream;
use reqwest::header::HeaderValue;

use crate::http::Body;

/// A form with one field, which is a file.
pub(super) struct Form {
    boundary: String,
    /// Everything before the file.
    head: Bytes,
    file: Bytes,
    /// Everything after it.
    tail: Bytes,
}

impl Form {
    /// `file` in the field `field`, by the name `name`.
    pub(super) fn of_file(field: &str, name: &str, content_type: &str, file: Bytes) -> Self {
        let boundary = boundary(&file, || format!("porteur-{}", uuid::Uuid::now_v7().simple()));
        let (field, name) = (quoted(field), quoted(name));
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        Self { boundary, head: head.into(), file, tail: tail.into() }
    }

    pub(super) fn content_type(&self) -> HeaderValue {
        let text = format!("multipart/form-data; boundary={}", self.boundary);
        HeaderValue::try_from(text).expect("a boundary is letters, digits and a hyphen")
    }

    /// The whole form, for one attempt.
    pub(super) fn body(&self) -> Body {
        let Self { head, file, tail, .. } = self;
        let length = (head.len() + file.len() + tail.len()) as u64;
        let file = file.clone();
        let pieces = (0..file.len()).step_by(PIECE).map(move |at| file.slice(at..file.len().min(at + PIECE)));
        let pieces = once(head.clone()).chain(pieces).chain(once(tail.clone())).map(Ok);
        Body::Stream { pieces: Box::pin(stream::iter(pieces)), length }
    }
}

/// The first boundary of `make` that does not end the file too early.
fn boundary(file: &[u8], mut make: impl FnMut() -> String) -> String {
    loop {
        let boundary = make();
        let line = format!("\n--{boundary}");
        // A boundary stands behind a line break, so that is what is looked for: files hold few.
        if !file.split(|byte| *byte == b'\r').skip(1).any(|rest| rest.starts_with(line.as_bytes())) {
            return boundary;
        }
    }
}

/// What stands between quotation marks in a header of a part: the three characters that would end it are written as RFC 7578 (4.2) and
/// browsers do.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// Bytes of the file that are handed over at a time: what may leave before a stall is noticed.
const PIECE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    fn whole(form: &Form) -> Vec<u8> {
        let Body::Stream { pieces, length } = form.body() else { panic!("a form is a stream") };
        let pieces: Vec<_> = futures_util::FutureExt::now_or_never(pieces.collect()).expect("nothing waits");
        let bytes = pieces.into_iter().flat_map(Result::unwrap).collect::<Vec<u8>>();
        assert_eq!(bytes.len() as u64, length);
        bytes
    }

    #[test]
    fn a_form_can_be_sent_twice_and_its_length_is_what_it_says() {
        let file: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let form = Form::of_file("file", "transformed.png", "image/png", file.clone().into());
        let bytes = whole(&form);
        assert_eq!(bytes, whole(&form));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let boundary = &form.boundary;
        assert!(text.starts_with(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"transformed.png\"\r\n\
             Content-Type: image/png\r\n\r\n"
        )));
        assert!(text.ends_with(&format!("\r\n--{boundary}--\r\n")));
        assert!(bytes.windows(file.len()).any(|window| window == file));
    }

    #[test]
    fn a_boundary_that_stands_in_the_file_is_not_taken() {
        let mut made = ["taken", "free"].into_iter();
        let file = b"picture\r\n--taken\r\nmore";
        assert_eq!(boundary(file, || made.next().unwrap().to_owned()), "free");
        assert_eq!(boundary(b"--same\n--same", || "same".to_owned()), "same", "without a line break it ends nothing");
    }

    #[test]
    fn a_name_cannot_leave_its_quotation_marks() {
        assert_eq!(quoted("a\"; name=\"b\r\nX: y"), "a%22; name=%22b%0D%0AX: y");
    }
}
