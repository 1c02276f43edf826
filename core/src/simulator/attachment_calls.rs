//! What attachments can be asked: `/api/v2/files/attachments`, and the URLs that its downloads may lead to.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use futures_util::stream;

use super::attachments::Attachment;
use super::forms;
use super::platform::{Exchange, Platform, Refusal, locked};
use crate::gateway::wire::{AVAILABLE, DescribedAttachment, FILE_FIELD, PatchAttachment};

/// `GET /api/v2/files/attachments/{id}`.
pub(super) async fn describe(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<DescribedAttachment>, Refusal> {
    platform.authorise(&exchange, &headers, READ)?;
    platform.without_body(&exchange, &body)?;
    let mut attachments = locked(&platform.attachments);
    let attachment = attachments.find(&id).ok_or_else(|| exchange.missing("attachment", &id))?;
    Ok(Json(attachment.described()))
}

/// `GET /api/v2/files/attachments/{id}/download`.
pub(super) async fn download(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    platform.authorise(&exchange, &headers, READ)?;
    platform.without_body(&exchange, &body)?;
    let mut attachments = locked(&platform.attachments);
    let attachment = attachments.find(&id).ok_or_else(|| exchange.missing("attachment", &id))?;
    let Some(place) = attachment.settings.redirect.as_deref() else { return content(attachment, &exchange) };
    let place = if place == "signed" { SIGNED } else { place };
    let port = platform.url.rsplit(':').next().unwrap_or_default();
    let place = place.replace("{port}", port).replace("{id}", &id).replace("{signature}", &signature(&id));
    let status = StatusCode::from_u16(attachment.settings.redirect_status).unwrap_or(StatusCode::FOUND);
    let place = HeaderValue::try_from(place).map_err(|_| exchange.bad("the redirect is no header"))?;
    Ok((status, [(LOCATION, place)]).into_response())
}

/// `GET /signed/attachments/{id}?signature=`: the URL is its own permission.
pub(super) async fn signed(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let elsewhere = host.is_none_or(|host| !platform.url.ends_with(&format!("//{host}")));
    if headers.contains_key(AUTHORIZATION) && elsewhere {
        platform.breach(&exchange, "sent the platform's token to another host");
    }
    if query.is_none_or(|query| query != format!("signature={}", signature(&id))) {
        return Err(exchange.refuse(StatusCode::FORBIDDEN, "access.denied", "the signature does not fit"));
    }
    let mut attachments = locked(&platform.attachments);
    let attachment = attachments.find(&id).ok_or_else(|| exchange.missing("attachment", &id))?;
    content(attachment, &exchange)
}

/// `POST /api/v2/files/attachments`.
pub(super) async fn upload(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<DescribedAttachment>), Refusal> {
    platform.authorise(&exchange, &headers, WRITE)?;
    let file = forms::read(&headers, &body).map_err(|sentence| {
        platform.breach(&exchange, sentence);
        exchange.bad("the form cannot be read")
    })?;
    if file.field != FILE_FIELD {
        platform.breach(&exchange, "sent a file in another field");
        return Err(exchange.bad("expected the field file").field(FILE_FIELD));
    }
    let state = locked(&platform.attachments).take(file, platform.settings.keep_bytes);
    let described = DescribedAttachment {
        id: state.id,
        name: state.name,
        content_type: state.content_type,
        size: state.size,
        status: Some(AVAILABLE.to_owned()),
        metadata: state.metadata,
    };
    Ok((StatusCode::CREATED, Json(described)))
}

/// `PATCH /api/v2/files/attachments/{id}`.
pub(super) async fn patch(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<DescribedAttachment>, Refusal> {
    platform.authorise(&exchange, &headers, WRITE)?;
    let patch: PatchAttachment = platform.read(&exchange, &headers, &body)?;
    let mut attachments = locked(&platform.attachments);
    if let Some((sentence, field)) = attachments.fault(&id, &patch) {
        platform.breach(&exchange, sentence);
        return Err(exchange.bad(sentence).field(field));
    }
    let attachment = attachments.find(&id).ok_or_else(|| exchange.missing("attachment", &id))?;
    attachment.patch(patch);
    Ok(Json(attachment.described()))
}

/// Its bytes as an answer.
fn content(attachment: &mut Attachment, exchange: &Exchange) -> Result<Response, Refusal> {
    let Some(bytes) = attachment.bytes() else {
        return Err(exchange.refuse(StatusCode::GONE, "gone", "the bytes of this upload were not kept"));
    };
    attachment.state.downloads += 1;
    let breaks_off = attachment.settings.breaks_off.filter(|_| attachment.state.downloads == 1);
    let length = bytes.len();
    let pieces = |bytes: Bytes| {
        let pieces = (0..bytes.len()).step_by(PIECE);
        pieces.map(move |at| Ok(bytes.slice(at..bytes.len().min(at + PIECE)))).collect::<Vec<_>>()
    };
    let body = match breaks_off {
        Some(count) => {
            let lost = Err(std::io::Error::other("this download breaks off"));
            Body::from_stream(stream::iter(pieces(bytes.slice(..count.min(length))).into_iter().chain([lost])))
        }
        None if attachment.settings.chunked => Body::from_stream(stream::iter(pieces(bytes))),
        None => Body::from(bytes),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    // A type that cannot be one is a setting too.
    let content_type = HeaderValue::try_from(&attachment.state.content_type);
    headers.insert(CONTENT_TYPE, content_type.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    if !attachment.settings.chunked {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(response)
}

/// What makes a signed URL good for one attachment.
fn signature(id: &str) -> String {
    crate::digest::sha256(id.as_bytes()).to_string()
}

/// By another name of this machine, which is another host.
const SIGNED: &str = "http://localhost:{port}/signed/attachments/{id}?signature={signature}";
const READ: &str = "file:attachment:read";
const WRITE: &str = "file:attachment:write";

/// Bytes that are sent at a time where that is not left to hyper.
const PIECE: usize = 16 << 10;
