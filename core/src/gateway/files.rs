//! Announcing and completing an upload. Source: docs/platform.md, "Uploads".

use reqwest::{Method, Url};

use super::wire::{CHECKSUM_PREFIX, CompleteUpload, CompletedUpload, InitiateUpload, Part, UploadSession};
use super::{Endpoint, Gateway};
use crate::digest::Sha256;
use crate::error::{Error, Result};
use crate::pace::Repeat;

/// Where the platform wants the bytes, and how it wants them cut.
#[derive(Clone)]
pub(crate) enum Targets {
    /// One URL for all chunks, each with its range.
    Ranged(Url),
    /// One URL a chunk.
    Parts(Vec<Url>),
}

impl Gateway {
    /// Announces a file. An announced upload that is never completed is harmless.
    pub(crate) async fn initiate_upload(&self, name: &str, content_type: &str, size: u64) -> Result<UploadSession> {
        let body =
            InitiateUpload { file_name: name.to_owned(), content_type: content_type.to_owned(), total_size: size };
        self.ask(&INITIATE, name)?.json(&body).as_client().await
    }

    /// The URLs of a session, each of them one that bytes may be sent to.
    pub(crate) fn targets(&self, session: &UploadSession) -> Result<Targets> {
        match (&session.part_urls, &session.presigned_url) {
            (Some(urls), _) if !urls.is_empty() => {
                let parts = urls.iter().map(|url| self.storage_url("partUrls", url));
                Ok(Targets::Parts(parts.collect::<Result<_>>()?))
            }
            (_, Some(url)) => Ok(Targets::Ranged(self.storage_url("presignedUrl", url)?)),
            (_, None) => Err(broken_session("expected presignedUrl or partUrls, got neither")),
        }
    }

    /// Confirms the checksums; the same answer again when it is repeated.
    pub(crate) async fn complete_upload(
        &self,
        upload: &str,
        content_type: &str,
        checksums: &[Sha256],
        parts: Option<Vec<Part>>,
    ) -> Result<CompletedUpload> {
        let checksums = checksums.iter().map(|sum| format!("{CHECKSUM_PREFIX}{sum}")).collect();
        let body = CompleteUpload { checksums, content_type: content_type.to_owned(), parts };
        self.ask(&COMPLETE, upload)?.json(&body).as_client().await.map_err(mismatch)
    }

    fn storage_url(&self, member: &str, text: &str) -> Result<Url> {
        let url = Url::parse(text).map_err(|error| broken_session(format!("{member}: expected a URL: {error}")))?;
        match crate::http::unfit(&url, self.allow_plain_http) {
            None => Ok(url),
            Some(why) => Err(broken_session(format!("{member}: {why}"))),
        }
    }
}

/// [`Error::Protocol`] about an announced upload.
pub(crate) fn broken_session(reason: impl Into<String>) -> Error {
    Error::protocol(INITIATE.label(), reason)
}

/// A 400 that speaks of checksums; the chunks are the numbers it names.
fn mismatch(error: Error) -> Error {
    let (reason, named, answer) = match &error {
        Error::InvalidInput { field, reason, answer: Some(answer) } => (reason, field.as_str(), answer),
        Error::Api { message, answer, .. } if answer.status == 400 => (message, "", answer),
        _ => return error,
    };
    if !reason.to_ascii_lowercase().contains("checksum") {
        return error;
    }
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
    };
    let chunks = if named.starts_with("checksums[") { numbers(named) } else { numbers(after_chunk(reason)) };
    Error::ChecksumMismatch { reason: reason.clone(), chunks, answer: answer.clone() }
}

/// Digits before the word are none of ours: `sha256`, sizes.
fn after_chunk(reason: &str) -> &str {
    reason.find("chunk").map_or("", |at| &reason[at..])
}

const HINT: &str = "scope files:upload; are file uploads enabled for the organisation?";

const INITIATE: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v2/files/uploads",
    // An orphan session is harmless.
    repeat: Repeat::Safe,
    success: &[201, 200],
    what: "upload",
    hint: HINT,
};

const COMPLETE: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v2/files/uploads/{id}/complete",
    // The same answer again.
    repeat: Repeat::Safe,
    success: &[200],
    what: "upload",
    hint: HINT,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Answer;

    #[test]
    fn a_400_that_speaks_of_checksums_names_its_chunks() {
        let answer = Answer { status: 400, request_id: None };
        let told = |field: &str, reason: &str| Error::InvalidInput {
            field: field.to_owned(),
            reason: reason.to_owned(),
            answer: Some(answer.clone()),
        };
        for (error, expected) in [
            (told("checksums[3]", "checksum mismatch"), vec![3]),
            (told("checksums[0], checksums[12]", "checksum mismatch of sha256 over 2 chunks"), vec![0, 12]),
            (told("checksums", "the sha256 checksum of chunks 0 and 12 is wrong"), vec![0, 12]),
            (told("checksums", "a checksum is wrong"), vec![]),
        ] {
            match mismatch(error) {
                Error::ChecksumMismatch { chunks, .. } => assert_eq!(chunks, expected),
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(mismatch(told("contentType", "unknown type")), Error::InvalidInput { .. }));
    }
}
