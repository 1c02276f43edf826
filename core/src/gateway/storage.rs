//! One PUT to a URL that the platform signed. Source: docs/platform.md, "Uploads".
//!
//! The URL is its own permission: no bearer token, no redirect. A URL that ran out is told from a refusal, because a
//! new one can be had.

use std::ops::Range;

use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::Gateway;
use crate::error::{Answer, Error};
use crate::http::{Asked, Body, Patience, Request, Response, date_and_life, refusal};
use crate::pace::Failure;

/// What is put, and as which piece of the file.
pub(crate) struct Put<'a> {
    pub(crate) url: &'a Url,
    pub(crate) content_type: &'a str,
    pub(crate) piece: Piece,
    pub(crate) body: Body,
}

/// Which piece of a file a PUT carries.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// These bytes of a file of `total` bytes, by `Content-Range`.
    Range { bytes: Range<u64>, total: u64 },
    /// The part that the URL is signed for.
    Part,
}

/// What the storage said it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stored {
    /// The whole piece.
    All,
    /// A part, by this tag.
    Part { etag: String },
    /// The file up to here; go on from there.
    UpTo(u64),
}

impl Gateway {
    /// Puts once; a URL that ran out is [`Error::Expired`]. A 308 without `Location` is an answer, not a redirect: its `Range` says how far the storage got.
    pub(crate) async fn put(&self, put: Put<'_>) -> Result<Stored, Failure> {
        let Put { url, content_type, piece, body } = put;
        let mut headers = HeaderMap::new();
        let content_type = HeaderValue::from_str(content_type).expect("checked when the upload was parsed");
        headers.insert(CONTENT_TYPE, content_type);
        if let Piece::Range { bytes, total } = &piece {
            let range = HeaderValue::try_from(content_range(bytes, *total)).expect("digits and ASCII signs");
            headers.insert(CONTENT_RANGE, range);
        }
        let request = Request {
            endpoint: ENDPOINT,
            method: Method::PUT,
            url: url.clone(),
            headers,
            body,
            patience: Patience::Stall(self.stall),
        };
        let response = self.http.send(request).await?;
        match (response.status, &piece) {
            (200 | 201 | 204 | 206, Piece::Range { .. }) => Ok(Stored::All),
            (308, Piece::Range { .. }) if response.header("location").is_none() => {
                received(&response).map(Stored::UpTo).map_err(|reason| broken(&reason))
            }
            (200 | 201 | 204, Piece::Part) => match response.header("etag") {
                Some(etag) => Ok(Stored::Part { etag: etag.to_owned() }),
                None => Err(broken("expected an ETag with the stored part, got none")),
            },
            (200..=399, _) => Err(broken(&format!("status {} is not one for a stored piece", response.status))),
            (status @ (400 | 403), _) if self.ran_out(url, &response) => {
                let reason = "the storage does not take it any more".to_owned();
                Err(Failure::last(Error::Expired { reason, answer: Answer { status, request_id: None } }))
            }
            _ => {
                let asked = Asked { endpoint: ENDPOINT, what: "storage", id: url.path(), hint: HINT };
                Err(refusal(asked, &response, self.clock.date()))
            }
        }
    }

    /// Whether a refusal is about time: its body says so, or it is a 403 and the date and life in the URL have passed.
    fn ran_out(&self, url: &Url, response: &Response) -> bool {
        let body = String::from_utf8_lossy(&response.body);
        let said = body.contains("Request has expired") || body.contains("ExpiredToken");
        said || response.status == 403 && date_and_life(url).is_some_and(|(date, life)| self.clock.date() > date + life)
    }
}

fn broken(reason: &str) -> Failure {
    Failure::last(Error::protocol(ENDPOINT, reason))
}

/// How many bytes a 308 says the storage has: the end of its `Range`, none without one.
fn received(response: &Response) -> Result<u64, String> {
    let Some(range) = response.header("range") else { return Ok(0) };
    let end = range.trim().strip_prefix("bytes=0-").and_then(|end| end.parse::<u64>().ok());
    end.and_then(|end| end.checked_add(1)).ok_or_else(|| format!("expected `Range: bytes=0-N`, got `{range}`"))
}

/// The end is inclusive; an empty file has no range to name.
fn content_range(bytes: &Range<u64>, total: u64) -> String {
    if bytes.is_empty() {
        format!("bytes */{total}")
    } else {
        format!("bytes {}-{}/{total}", bytes.start, bytes.end - 1)
    }
}

const ENDPOINT: &str = "PUT storage";
const HINT: &str = "was the signed URL changed on its way, or does its signature cover other headers?";

#[cfg(test)]
mod tests {
    use super::content_range;

    #[test]
    fn a_content_range_ends_with_the_last_byte_and_not_after_it() {
        assert_eq!(content_range(&(0..5), 12), "bytes 0-4/12");
        assert_eq!(content_range(&(10..12), 12), "bytes 10-11/12");
        assert_eq!(content_range(&(0..0), 0), "bytes */0");
    }
}
