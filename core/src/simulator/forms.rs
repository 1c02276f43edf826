//! Forms that carry one file, read as strictly as RFC 7578 and RFC 2046 allow. Written for this end alone: what the client's writer got wrong, its
//! reader must not forgive.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;

/// The file of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormFile {
    pub(super) field: String,
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// Reads a form of exactly one part. `Err` says what is wrong with it, as what the client did.
pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<FormFile, &'static str> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(("multipart/form-data", parameters)) = content_type.split_once(';') else {
        return Err("sent a file that is not in a form");
    };
    let Some(boundary) = parameters.trim().strip_prefix("boundary=").filter(|boundary| is_boundary(boundary)) else {
        return Err("sent a form without a boundary that may be one");
    };
    let rest = body.strip_prefix(format!("--{boundary}\r\n").as_bytes());
    let rest = rest.ok_or("sent a form that does not begin with its boundary")?;
    let end_of_head = rest.windows(4).position(|four| four == b"\r\n\r\n");
    let end_of_head = end_of_head.ok_or("sent a part whose headers do not end")?;
    let (head, content) = (&rest[..end_of_head], &rest[end_of_head + 4..]);
    let delimiter = format!("\r\n--{boundary}");
    let length = ends(content, delimiter.as_bytes()).ok_or("sent a form that does not end")?;
    match &content[length + delimiter.len()..] {
        b"--\r\n" | b"--" => {}
        [b'\r', b'\n', ..] => return Err("sent a form with more than the file"),
        _ => return Err("sent a form that goes on behind its end"),
    }
    let head = std::str::from_utf8(head).map_err(|_| "sent a part whose headers are not UTF-8")?;
    let part = Part::read(head)?;
    let bytes = body.slice_ref(&content[..length]);
    Ok(FormFile { field: part.field, name: part.name, content_type: part.content_type, bytes })
}

struct Part {
    field: String,
    name: String,
    content_type: String,
}

impl Part {
    fn read(head: &str) -> Result<Self, &'static str> {
        let (mut disposition, mut content_type) = (None, None);
        for line in head.split("\r\n") {
            let (name, value) = line.split_once(": ").ok_or("sent a part with a header that is none")?;
            let seen = match name.to_ascii_lowercase().as_str() {
                "content-disposition" => &mut disposition,
                "content-type" => &mut content_type,
                _ => return Err("sent a part with a header that forms do not have"),
            };
            if seen.replace(value).is_some() {
                return Err("sent a part with a header twice");
            }
        }
        let disposition = disposition.and_then(|value| value.strip_prefix("form-data; name=\""));
        let names = disposition.and_then(|rest| rest.split_once("\"; filename=\""));
        let names = names.and_then(|(field, name)| Some((field, name.strip_suffix('"')?)));
        let (field, name) = names.ok_or("sent a part without the name of a field and of a file")?;
        let tricks = |c: char| c.is_control() || matches!(c, '"' | '/' | '\\');
        if name.is_empty() || name.contains(tricks) || field.contains(tricks) {
            return Err("sent a file by a name that is none");
        }
        let content_type = content_type.ok_or("sent a file without its type")?;
        Ok(Self { field: field.to_owned(), name: name.to_owned(), content_type: content_type.to_owned() })
    }
}

/// Where `delimiter`, which begins with a carriage return, stands first.
fn ends(content: &[u8], delimiter: &[u8]) -> Option<usize> {
    let mut at = 0;
    for piece in content.split_inclusive(|byte| *byte == b'\r') {
        at += piece.len();
        let from = at.checked_sub(1)?;
        if content[from..].starts_with(delimiter) {
            return Some(from);
        }
    }
    None
}

/// 1 to 70 characters that need no quotation marks (RFC 2046, 5.1.1).
fn is_boundary(text: &str) -> bool {
    (1..=70).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'+_-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &str) -> Result<FormFile, &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "multipart/form-data; boundary=b-1".parse().unwrap());
        read(&headers, &Bytes::copy_from_slice(body.as_bytes()))
    }

    const HEAD: &str =
        "--b-1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n";

    #[test]
    fn a_file_is_what_stands_between_the_boundaries() {
        let read = form(&format!("{HEAD}one\r\n--b-2\rtwo\r\n--b-1--\r\n")).unwrap();
        assert_eq!((&*read.field, &*read.name, &*read.content_type), ("file", "a.png", "image/png"));
        assert_eq!(read.bytes, "one\r\n--b-2\rtwo");
        assert!(form(&format!("{HEAD}\r\n--b-1--")).unwrap().bytes.is_empty());
    }

    #[test]
    fn whatever_is_not_well_formed_is_named() {
        for (body, sentence) in [
            (String::new(), "does not begin"),
            (format!("junk\r\n{HEAD}x\r\n--b-1--\r\n"), "does not begin"),
            ("--b-1\r\nContent-Type: image/png\r\n".to_owned(), "headers do not end"),
            (format!("{HEAD}x"), "does not end"),
            (format!("{HEAD}x\n--b-1--\n"), "does not end"),
            (format!("{HEAD}x\r\n--b-1--\r\nmore"), "goes on behind its end"),
            (format!("{HEAD}x\r\n{HEAD}y\r\n--b-1--\r\n"), "more than the file"),
            (HEAD.replace("a.png", "../a.png") + "x\r\n--b-1--\r\n", "name that is none"),
            (HEAD.replace("a.png", "a\"; x=\"b") + "x\r\n--b-1--\r\n", "name that is none"),
            (HEAD.replace("filename", "file") + "x\r\n--b-1--\r\n", "without the name"),
            (HEAD.replace("Content-Type", "X-Type") + "x\r\n--b-1--\r\n", "forms do not have"),
        ] {
            let refused = form(&body).unwrap_err();
            assert!(refused.contains(sentence), "{body:?}: {refused}");
        }
    }
}
