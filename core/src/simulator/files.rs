//! Announcing and completing uploads: `POST /api/v2/files/uploads` and `.../{uploadId}/complete`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use bytes::Bytes;

use super::platform::{Exchange, Platform, Refusal, locked};
use super::storage::url_of;
use super::uploads::{Content, Upload, checksums_of};
use crate::gateway::wire::{CompleteUpload, CompletedUpload, InitiateUpload, Part, UploadSession};

/// `POST /api/v2/files/uploads`.
pub(super) async fn initiate(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<UploadSession>), Refusal> {
    platform.authorise(&exchange, &headers, SCOPE)?;
    let wish: InitiateUpload = platform.read(&exchange, &headers, &body)?;
    if wish.file_name.is_empty() {
        return Err(exchange.bad("a file name is required").field("fileName"));
    }
    if !wish.content_type.split_once('/').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty()) {
        return Err(exchange.bad("expected a content type such as text/plain").field("contentType"));
    }
    let settings = &platform.settings;
    if let Some(limit) = settings.max_total_size.filter(|limit| wish.total_size > *limit) {
        let message = format!("expected at most {limit} bytes, got {}", wish.total_size);
        return Err(exchange.refuse(StatusCode::PAYLOAD_TOO_LARGE, "too.large", &message).field("totalSize"));
    }
    let expires_s = platform.date_s().saturating_add(settings.url_life_s);
    let mut uploads = locked(&platform.uploads);
    let upload = uploads.add(|id| Upload {
        id,
        name: wish.file_name,
        content_type: wish.content_type,
        total: wish.total_size,
        chunk_size: settings.chunk_size,
        expires_s,
        expired: false,
        chunks: BTreeMap::new(),
        ranges: Vec::new(),
        received: 0,
        revisions: 0,
        completed: None,
    });
    // A client that has more chunks than it may have sends none of them, so it needs no more URLs than that.
    let part_urls = settings.multipart.then(|| {
        let count = upload.chunk_count().min(settings.max_chunks);
        (1..=count).map(|part| url_of(&platform, upload, Some(part))).collect()
    });
    let session = UploadSession {
        upload_id: upload.id.clone(),
        presigned_url: (!platform.settings.multipart).then(|| url_of(&platform, upload, None)),
        chunk_size: i64::try_from(settings.chunk_size).unwrap_or(i64::MAX),
        max_chunks: i64::try_from(settings.max_chunks).unwrap_or(i64::MAX),
        part_urls,
    };
    Ok((StatusCode::CREATED, Json(session)))
}

/// `POST /api/v2/files/uploads/{uploadId}/complete`.
pub(super) async fn complete(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<CompletedUpload>, Refusal> {
    platform.authorise(&exchange, &headers, SCOPE)?;
    let request: CompleteUpload = platform.read(&exchange, &headers, &body)?;
    let (contents, damaged) = {
        let mut uploads = locked(&platform.uploads);
        let upload = uploads.find(&id).ok_or_else(|| exchange.missing("upload", &id))?;
        if let Some((first, answer)) = &upload.completed {
            if same(first, &request) {
                return Ok(Json(answer.clone()));
            }
            platform.breach(&exchange, "completed an upload a second time with different content");
            let message = "the upload was completed with different content";
            return Err(exchange.refuse(StatusCode::CONFLICT, "conflict", message));
        }
        check(upload, &request).map_err(|(field, sentence)| {
            platform.breach(&exchange, &sentence);
            exchange.bad(&sentence).field(field)
        })?;
        let contents: Vec<Content> = upload.chunks.values().map(|chunk| chunk.content.clone()).collect();
        let damaged: Vec<bool> = upload.chunks.values().map(|chunk| chunk.damaged).collect();
        (contents, damaged)
    };
    // A gigabyte takes a second: other uploads go on meanwhile.
    let hashed = tokio::task::spawn_blocking(move || (checksums_of(&contents), contents)).await;
    let (stored, contents) = hashed.map_err(|_| {
        exchange.refuse(StatusCode::INTERNAL_SERVER_ERROR, "internal.error", "the checksums could not be made")
    })?;
    let wrong: Vec<usize> = (0..stored.len()).filter(|index| stored[*index] != request.checksums[*index]).collect();
    if wrong.is_empty() {
        let done = locked(&platform.uploads).complete(&id, request, contents);
        return done.map(Json).ok_or_else(|| exchange.missing("upload", &id));
    }
    let numbers = wrong.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    if wrong.iter().any(|index| !damaged[*index]) {
        platform.breach(&exchange, &format!("sent checksums that are wrong for chunks {numbers} (counted from 0)"));
    }
    let refusal = exchange.bad(&format!("the checksums do not match what is stored for chunks {numbers}"));
    Err(wrong
        .iter()
        .fold(refusal, |refusal, index| refusal.detail("checksum.mismatch", &format!("checksums[{index}]"))))
}

/// The field and what is wrong with it, when `request` does not complete `upload`.
fn check(upload: &Upload, request: &CompleteUpload) -> Result<(), (&'static str, String)> {
    if !upload.is_whole() {
        let sentence = format!("completed an upload of which {} of {} bytes are stored", upload.received, upload.total);
        return Err(("uploadId", sentence));
    }
    if request.content_type != upload.content_type {
        let sentence =
            format!("completed with content type {}, declared was {}", request.content_type, upload.content_type);
        return Err(("contentType", sentence));
    }
    if request.checksums.len() as u64 != upload.chunk_count() {
        let sentence = format!("sent {} checksums for {} chunks", request.checksums.len(), upload.chunk_count());
        return Err(("checksums", sentence));
    }
    let parts: Option<Vec<Part>> =
        upload.chunks.iter().map(|(index, chunk)| part(*index, chunk.etag.as_ref()?)).collect();
    match (parts, &request.parts) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(("parts", "named parts of an upload that has none".to_owned())),
        (Some(_), None) => Err(("parts", "completed an upload of parts without naming them".to_owned())),
        (Some(stored), Some(named)) => {
            let named: Option<Vec<Part>> =
                named.iter().map(|named| part(named.part_number.checked_sub(1)?, &named.etag)).collect();
            if named.as_ref() == Some(&stored) {
                return Ok(());
            }
            Err(("parts", "named other part numbers or etags than those that are stored".to_owned()))
        }
    }
}

/// A part with the quotes of its etag, which S3 lets a client leave out, taken off.
fn part(index: u64, etag: &str) -> Option<Part> {
    Some(Part { part_number: index + 1, etag: etag.trim_matches('"').to_owned() })
}

fn same(one: &CompleteUpload, other: &CompleteUpload) -> bool {
    one.checksums == other.checksums && one.content_type == other.content_type && one.parts == other.parts
}

const SCOPE: &str = "files:upload";
