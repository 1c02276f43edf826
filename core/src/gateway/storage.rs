//! One PUT to a URL that the platform signed. Source: docs/platform.md, "Uploads".
//!
//! The URL is its own permission: no bearer token, no redirect. A URL that ran out is told from a refusal, because a
//! new one can be had.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::Gateway;
use crate::error::Error;
use crate::http::{Asked, Body, Patience, Request, Response, refusal};
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
                received(&response).map(Stored::UpTo).map_err(|reason| broken(&response, reason))
            }
            (200 | 201 | 204, Piece::Part) => match response.header("etag") {
                Some(etag) => Ok(Stored::Part { etag: etag.to_owned() }),
                None => Err(broken(&response, "expected an ETag with the stored part, got none")),
            },
            (200..=399, _) => Err(broken(&response, "this status is not one for a stored piece")),
            (400 | 403, _) if self.ran_out(url, &response) => {
                let reason = "the storage does not take it any more".to_owned();
                Err(Failure::last(Error::Expired { reason, answer: response.answer() }))
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
        let over =
            |(date, life): (SystemTime, Duration)| date.checked_add(life).is_some_and(|end| self.clock.date() > end);
        said || response.status == 403 && date_and_life(url).is_some_and(over)
    }
}

fn broken(response: &Response, reason: impl Into<String>) -> Failure {
    Failure::last(response.broken(ENDPOINT, reason))
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

/// Whether S3 would take each ranged PUT for the whole object.
pub(crate) fn signed_for_one_object(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("X-Amz-Signature")) || date_and_life(url).is_some()
}

/// [`Error::Protocol`] about what a storage said.
pub(crate) fn broken_storage(reason: impl Into<String>) -> Error {
    Error::protocol(ENDPOINT, reason)
}

/// When a signed URL was made and how long it lives, where its query says so in the S3 way.
fn date_and_life(url: &Url) -> Option<(SystemTime, Duration)> {
    let value = |name: &str| {
        url.query_pairs().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
    };
    let life = Duration::from_secs(value("X-Amz-Expires")?.parse().ok()?);
    let stamp = value("X-Amz-Date")?;
    // 20260101T120000Z as the RFC 3339 date that the HTTP date reader does not know.
    let number = |range: std::ops::Range<usize>| stamp.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let (hour, minute, second) = (number(9..11)?, number(11..13)?, number(13..15)?);
    let seconds = ((days(year, month, day)? * 24 + hour) * 60 + minute) * 60 + second;
    Some((SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), life))
}

/// Days from 1970-01-01, by counting: a signed URL is never far from today.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let months = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let before: u64 = months.iter().take(usize::try_from(month).ok()? - 1).sum();
    Some(years + before + day - 1)
}

const ENDPOINT: &str = "PUT storage";
const HINT: &str = "was the signed URL changed on its way, or does its signature cover other headers?";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_ends_with_the_last_byte_and_not_after_it() {
        assert_eq!(content_range(&(0..5), 12), "bytes 0-4/12");
        assert_eq!(content_range(&(10..12), 12), "bytes 10-11/12");
        assert_eq!(content_range(&(0..0), 0), "bytes */0");
    }

    #[test]
    fn an_s3_date_is_read_to_the_second_across_leap_years() {
        let url = Url::parse("https://b.example/k?X-Amz-Date=20240229T235958Z&X-Amz-Expires=900").unwrap();
        let (date, life) = date_and_life(&url).expect("both are there");
        assert_eq!(date.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(), 1_709_251_198);
        assert_eq!(life, Duration::from_secs(900));
    }

    #[test]
    fn a_date_that_is_none_gives_no_life() {
        for stamp in ["", "20241301T000000Z", "yesterday", "2024", "20240100T000000Z"] {
            let url = Url::parse(&format!("https://b.example/k?X-Amz-Date={stamp}&X-Amz-Expires=900")).unwrap();
            assert!(date_and_life(&url).is_none(), "{stamp}");
        }
    }
}
