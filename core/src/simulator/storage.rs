//! The storage behind the pre-signed URLs: `PUT /storage/{uploadId}` in ranges, `PUT /storage/{uploadId}/{part}` whole.
//!
//! It knows no bearer tokens, only signatures, and answers errors in XML as S3 does. A chunk is stored when all of it
//! has come; what a lost connection left behind is thrown away.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE};
use axum::http::{HeaderValue, StatusCode, request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;

use super::faults::StorageEffect;
use super::journal::content_length;
use super::platform::{Exchange, Platform, locked};
use super::uploads::Upload;
use crate::digest::sha256;

/// `PUT /storage/{uploadId}`.
pub(super) async fn put_range(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let door = Door { platform: &platform, exchange: &exchange, id: &id, head: &head };
    let admitted = match door.admit_range() {
        Ok(admitted) => admitted,
        Err(refusal) => return refuse(body, refusal).await,
    };
    let Admitted::Store { start, length } = admitted else {
        return match drain(body).await {
            Ok(()) => door.range_answer(false),
            Err(Broken) => broken().into_response(),
        };
    };
    let keep = match exchange.effect {
        Some(StorageEffect::StoreBytes(count)) => count.min(length),
        _ => length,
    };
    let flip = exchange.effect == Some(StorageEffect::FlipBit);
    let Ok(content) = receive(body, keep, flip).await else { return broken().into_response() };
    if let Err(refusal) = door.store_range(start, length, keep, content, flip) {
        return refusal.into_response();
    }
    door.range_answer(keep < length)
}

/// `PUT /storage/{uploadId}/{part}`, parts counted from 1, in any order and as often as one likes.
pub(super) async fn put_part(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path((id, part)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let door = Door { platform: &platform, exchange: &exchange, id: &id, head: &head };
    let (index, length) = match door.admit_part(&part) {
        Ok(admitted) => admitted,
        Err(refusal) => return refuse(body, refusal).await,
    };
    let flip = exchange.effect == Some(StorageEffect::FlipBit);
    let Ok(content) = receive(body, length, flip).await else { return broken().into_response() };
    let etag = locked(&platform.uploads).find(&id).filter(|upload| upload.completed.is_none()).map(|upload| {
        let etag = upload.put_part(index, content, flip);
        upload.let_go(platform.settings.keep_bytes);
        etag
    });
    match etag {
        Some(etag) => ([(ETAG, etag)], StatusCode::OK).into_response(),
        None => door.breach(StatusCode::CONFLICT, "sent a part while the upload was completed").into_response(),
    }
}

/// The URL of an upload, or of one of its parts, as it is handed out.
pub(super) fn url_of(platform: &Platform, upload: &Upload, part: Option<u64>) -> String {
    format!("{}{}?{}", platform.url, path_of(upload, part), query_of(platform, upload, part))
}

fn path_of(upload: &Upload, part: Option<u64>) -> String {
    let id = &upload.id;
    part.map_or_else(|| format!("/storage/{id}"), |part| format!("/storage/{id}/{part}"))
}

/// The signed query: in the S3 manner for parts, and for the one URL when the settings say so.
fn query_of(platform: &Platform, upload: &Upload, part: Option<u64>) -> String {
    let path = path_of(upload, part);
    let (life, expires) = (platform.settings.url_life_s, upload.expires_s);
    if part.is_none() && !platform.settings.aws_signed {
        return format!("expires={expires}&signature={}", sha256(format!("{SIGNING_KEY} {path} {expires}").as_bytes()));
    }
    let date = amz_date(expires - life);
    let signature = sha256(format!("{SIGNING_KEY} {path} {date} {life}").as_bytes());
    format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-Expires={life}&X-Amz-Signature={signature}")
}

/// `20260101T000000Z`, made from the HTTP form of the date.
fn amz_date(seconds: u64) -> String {
    let text = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let month = MONTHS.iter().position(|month| *month == &text[8..11]).map_or(0, |index| index + 1);
    format!("{}{month:02}{}T{}Z", &text[12..16], &text[5..7], text[17..25].replace(':', ""))
}

/// Where a request is looked at before its body is.
struct Door<'a> {
    platform: &'a Platform,
    exchange: &'a Exchange,
    id: &'a str,
    head: &'a request::Parts,
}

/// What to do with a range.
enum Admitted {
    Store {
        start: u64,
        length: u64,
    },
    /// It is stored already: the answer was lost, and this is the repeat.
    Again,
}

impl Door<'_> {
    fn admit_range(&self) -> Result<Admitted, Xml> {
        let mut uploads = locked(&self.platform.uploads);
        let upload = self.admit(uploads.find(self.id), None)?;
        if self.platform.settings.multipart {
            return Err(self.breach(StatusCode::BAD_REQUEST, "sent a range of an upload that wants parts"));
        }
        if self.platform.settings.aws_signed && upload.chunk_count() > 1 {
            let sentence = "sent one of several chunks to a URL signed for one object, which keeps only the last";
            return Err(self.breach(StatusCode::BAD_REQUEST, sentence));
        }
        let declared = self.header(CONTENT_TYPE);
        if declared != Some(upload.content_type.as_str()) {
            let sentence =
                format!("sent content type {}, declared was {}", declared.unwrap_or("none"), upload.content_type);
            return Err(self.breach(StatusCode::BAD_REQUEST, &sentence));
        }
        let length = self.length()?;
        let Some(range) = self.header(CONTENT_RANGE) else {
            return Err(self.breach(StatusCode::BAD_REQUEST, "sent a chunk without Content-Range"));
        };
        let wrong = |sentence: String| Err(self.breach(StatusCode::BAD_REQUEST, &sentence));
        if upload.total == 0 {
            if range != "bytes */0" || length != 0 {
                return wrong(format!("sent `{range}` with {length} bytes for an empty file"));
            }
            let again = upload.is_whole();
            return Ok(if again { Admitted::Again } else { Admitted::Store { start: 0, length } });
        }
        let Some((start, end, total)) = parse_range(range) else {
            return wrong(format!("sent a Content-Range that cannot be read: `{range}`"));
        };
        if total != upload.total {
            return wrong(format!("sent `{range}` of a file that was announced with {} bytes", upload.total));
        }
        if length != end - start + 1 {
            return wrong(format!("sent `{range}` with a Content-Length of {length}"));
        }
        if upload.ranges.contains(&(start, end)) {
            return Ok(Admitted::Again);
        }
        if upload.due() == Some((start, end)) {
            return Ok(Admitted::Store { start, length });
        }
        let due = upload.due().map_or("nothing".to_owned(), |(start, end)| format!("bytes {start}-{end}"));
        wrong(format!("sent `{range}` where {due} was due"))
    }

    /// The part's index, counted from 0, and its length.
    fn admit_part(&self, part: &str) -> Result<(u64, u64), Xml> {
        let mut uploads = locked(&self.platform.uploads);
        let upload = uploads.find(self.id);
        let count =
            upload.as_ref().filter(|_| self.platform.settings.multipart).map_or(0, |upload| upload.chunk_count());
        let Some(number) = part.parse().ok().filter(|number| (1..=count).contains(number)) else {
            return Err(self.breach(StatusCode::NOT_FOUND, "sent a part that the upload does not have"));
        };
        let upload = self.admit(upload, Some(number))?;
        let (length, due) = (self.length()?, upload.chunk_length(number - 1));
        if length != due {
            let sentence = format!("sent part {number} with {length} bytes where {due} were due");
            return Err(self.breach(StatusCode::BAD_REQUEST, &sentence));
        }
        Ok((number - 1, length))
    }

    /// What ranges and parts have in common: no bearer, a good signature in time, an upload that is open.
    fn admit<'u>(&self, upload: Option<&'u mut Upload>, part: Option<u64>) -> Result<&'u mut Upload, Xml> {
        if self.head.headers.contains_key(AUTHORIZATION) {
            return Err(self.breach(StatusCode::BAD_REQUEST, "sent an Authorization header to the storage"));
        }
        let Some(upload) = upload else {
            return Err(self.breach(StatusCode::NOT_FOUND, "sent a chunk of an unknown upload"));
        };
        if self.head.uri.query() != Some(&query_of(self.platform, upload, part)) {
            return Err(self.breach(StatusCode::FORBIDDEN, "sent a chunk to a URL whose signature is not ours"));
        }
        upload.expired |= self.exchange.effect == Some(StorageEffect::ExpireUrl);
        if upload.has_expired(self.platform.date_s()) {
            return Err(Xml { status: StatusCode::FORBIDDEN, code: "AccessDenied", message: EXPIRED.to_owned() });
        }
        if upload.completed.is_some() {
            return Err(self.breach(StatusCode::CONFLICT, "sent a chunk of an upload that is completed"));
        }
        let (count, most) = (upload.chunk_count(), self.platform.settings.max_chunks);
        if count > most {
            let sentence = format!("sent one of {count} chunks where {most} are allowed");
            return Err(self.breach(StatusCode::BAD_REQUEST, &sentence));
        }
        Ok(upload)
    }

    fn length(&self) -> Result<u64, Xml> {
        content_length(&self.head.headers)
            .ok_or_else(|| self.breach(StatusCode::LENGTH_REQUIRED, "sent a chunk without Content-Length"))
    }

    fn header(&self, name: axum::http::HeaderName) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// Stores the first `keep` bytes of a range, unless another connection was faster.
    fn store_range(&self, start: u64, length: u64, keep: u64, content: Bytes, damaged: bool) -> Result<(), Xml> {
        let mut uploads = locked(&self.platform.uploads);
        let Some(upload) = uploads.find(self.id).filter(|upload| upload.completed.is_none()) else {
            return Err(self.breach(StatusCode::CONFLICT, "sent a chunk while the upload was completed"));
        };
        if upload.received == start && !upload.is_whole() {
            upload.append(keep, content, damaged);
            upload.let_go(self.platform.settings.keep_bytes);
        } else if length > 0 && !upload.ranges.contains(&(start, start + length - 1)) {
            return Err(self.breach(StatusCode::CONFLICT, "sent two chunks of one URL at the same time"));
        }
        Ok(())
    }

    /// The answer to a stored range; `cut` when less of it was stored than came.
    fn range_answer(&self, cut: bool) -> Response {
        let mut uploads = locked(&self.platform.uploads);
        let Some(upload) = uploads.find(self.id) else { return broken().into_response() };
        let (status, whole) = (self.platform.settings.store_status, upload.is_whole());
        if !cut && (status != 308 || whole) {
            let status = if whole && status == 308 { 200 } else { status };
            return StatusCode::from_u16(status).unwrap_or(StatusCode::OK).into_response();
        }
        let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
        let range =
            upload.received.checked_sub(1).and_then(|last| HeaderValue::try_from(format!("bytes=0-{last}")).ok());
        if let Some(range) = range {
            response.headers_mut().insert(RANGE, range);
        }
        response
    }

    fn breach(&self, status: StatusCode, sentence: &str) -> Xml {
        self.platform.breach(self.exchange, sentence);
        let code = match status {
            StatusCode::FORBIDDEN => "SignatureDoesNotMatch",
            StatusCode::NOT_FOUND => "NoSuchUpload",
            StatusCode::LENGTH_REQUIRED => "MissingContentLength",
            _ => "InvalidRequest",
        };
        Xml { status, code, message: format!("The request {sentence}") }
    }
}

/// `bytes a-b/total`, with `a <= b < total`.
fn parse_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end, total) = (start.parse().ok()?, end.parse().ok()?, total.parse().ok()?);
    (start <= end && end < total).then_some((start, end, total))
}

/// Reads a body into memory that is there once and for all; what comes after the first `keep` bytes is thrown away. `flip`
/// damages the first bit.
async fn receive(mut body: Body, keep: u64, flip: bool) -> Result<Bytes, Broken> {
    let mut kept = Vec::new();
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    // Where this much is not to be had, growing step by step may still do.
    let _ = kept.try_reserve_exact(keep);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Broken)?.into_data() else { continue };
        kept.extend_from_slice(&data[..data.len().min(keep - kept.len())]);
    }
    if let (true, Some(first)) = (flip, kept.first_mut()) {
        *first ^= 1;
    }
    Ok(kept.into())
}

/// The connection was lost in the middle of a body.
struct Broken;

async fn drain(mut body: Body) -> Result<(), Broken> {
    while let Some(frame) = body.frame().await {
        frame.map_err(|_| Broken)?;
    }
    Ok(())
}

/// Refuses after the body is read: who still sends would see a reset instead of the answer.
async fn refuse(body: Body, refusal: Xml) -> Response {
    match drain(body).await {
        Ok(()) => refusal.into_response(),
        Err(Broken) => broken().into_response(),
    }
}

/// What nobody reads, since the connection is gone.
fn broken() -> Xml {
    Xml { status: StatusCode::BAD_REQUEST, code: "IncompleteBody", message: "The body broke off".to_owned() }
}

/// An error in the form of S3.
struct Xml {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl IntoResponse for Xml {
    fn into_response(self) -> Response {
        let message = self.message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{message}</Message></Error>",
            self.code
        );
        (self.status, [(CONTENT_TYPE, "application/xml")], text).into_response()
    }
}

/// Signs URLs. No secret: whoever runs the platform on loopback may forge them.
const SIGNING_KEY: &str = "simulated storage";

/// S3's words, by which a client knows that a new URL helps.
const EXPIRED: &str = "Request has expired";

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_a_signed_url_is_written_in_the_s3_manner() {
        assert_eq!(amz_date(1_767_225_600), "20260101T000000Z");
        assert_eq!(amz_date(1_798_761_599), "20261231T235959Z");
    }

    #[test]
    fn a_range_that_ends_behind_the_file_is_no_range() {
        assert_eq!(parse_range("bytes 8-15/19"), Some((8, 15, 19)));
        for wrong in ["bytes 8-19/19", "bytes 9-8/19", "8-15/19", "bytes 8-15", "bytes */19"] {
            assert_eq!(parse_range(wrong), None, "{wrong}");
        }
    }
}
