//! Attachments: described, downloaded, uploaded, patched. Source: docs/platform.md, "Attachments".

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use tracing::debug;

use super::wire::{AVAILABLE, DescribedAttachment, FILE_FIELD, PatchAttachment, UploadedAttachment};
use super::{Endpoint, Form, Gateway};
use crate::error::{Error, Result};
use crate::http::{Asked, Download, Downloaded, Response, refusal, unfit};
use crate::pace::{Door, Failure, Repeat};

/// An upload that failed.
#[derive(Debug)]
pub(crate) struct NotUploaded {
    pub(crate) error: Error,
    /// Whether the platform may have it all the same.
    pub(crate) may_be_there: bool,
}

impl Gateway {
    /// What an attachment is; one that cannot be had is [`Error::NotAvailable`].
    pub(crate) async fn attachment(&self, id: &str) -> Result<DescribedAttachment> {
        let described: DescribedAttachment = self.ask(&DESCRIBE, id)?.as_client().await?;
        match described.status.as_deref() {
            None | Some(AVAILABLE) => Ok(described),
            Some(status) => Err(Error::NotAvailable {
                what: DESCRIBE.what.to_owned(),
                id: id.to_owned(),
                status: status.to_owned(),
            }),
        }
    }

    /// The `size` bytes of an attachment, and no byte more than `max_bytes`.
    ///
    /// Redirects are followed by hand. The client's token goes along as long as scheme, host and port stay what they are, and never
    /// comes back.
    pub(crate) async fn download_attachment(&self, id: &str, size: u64, max_bytes: u64) -> Result<Bytes> {
        let mut url = self.ask(&DOWNLOAD, id)?.url;
        let label = DOWNLOAD.label();
        let mut known = true;
        for _ in 0..=MOST_REDIRECTS {
            let hop = Hop { endpoint: if known { &label } else { SIGNED }, id, url: &url, size, max_bytes };
            let fetched = if known {
                self.with_token(|authorization| self.fetch(&hop, Some(authorization))).await?
            } else {
                self.fetch(&hop, None).await?
            };
            let next = match fetched {
                Fetched::Whole(bytes) => return Ok(bytes),
                Fetched::Elsewhere(next) => next,
            };
            debug!(attachment = id, host = next.host_str(), "redirected");
            known = known && next.origin() == url.origin();
            url = next;
        }
        Err(Error::protocol(label, format!("expected at most {MOST_REDIRECTS} redirects, got more")))
    }

    /// Uploads a file; its id, and how much the platform says it has. Not repeated when it may have arrived, since that would be a
    /// second one.
    pub(crate) async fn upload_attachment(
        &self,
        name: &str,
        content_type: &str,
        file: Bytes,
    ) -> Result<UploadedAttachment, NotUploaded> {
        let not_sent = |error| NotUploaded { error, may_be_there: false };
        let call = self.ask(&UPLOAD, name).map_err(not_sent)?;
        let call = call.form(Form::of_file(FILE_FIELD, name, content_type, file));
        let uploaded: Result<UploadedAttachment> = call.as_client().await;
        match uploaded {
            Ok(uploaded) if uploaded.id.is_empty() => {
                let error = broken_attachment("expected an id, got an empty one");
                Err(NotUploaded { error, may_be_there: true })
            }
            Ok(uploaded) => Ok(uploaded),
            Err(error) => Err(NotUploaded { error, may_be_there: call.may_have_arrived() }),
        }
    }

    /// Names an attachment and says what it is, all in one call. Whoever does it twice has done it once.
    pub(crate) async fn patch_attachment(&self, id: &str, patch: &PatchAttachment) -> Result<()> {
        self.ask(&PATCH, id)?.json(patch).as_client_unread().await
    }

    /// One URL, as often as the pace allows.
    async fn fetch(&self, hop: &Hop<'_>, authorization: Option<HeaderValue>) -> Result<Fetched> {
        let host = hop.url.host_str().unwrap_or_default();
        let door = if authorization.is_some() { Door::Platform(host) } else { Door::Unmetered(host) };
        self.pacer.run(door, Repeat::Safe, |_| self.fetch_once(hop, authorization.clone())).await
    }

    /// One attempt; what came of an earlier one is not gone on from.
    async fn fetch_once(&self, hop: &Hop<'_>, authorization: Option<HeaderValue>) -> Result<Fetched, Failure> {
        let Hop { endpoint, url, size, max_bytes, .. } = *hop;
        let mut headers = HeaderMap::new();
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        let download = Download {
            endpoint,
            url: url.clone(),
            headers,
            total: self.download.total,
            stall: self.download.stall,
            what: DOWNLOAD.what,
            max_bytes,
        };
        let mut held = BytesMut::with_capacity(usize::try_from(size.min(max_bytes)).unwrap_or_default());
        let take = |piece: Bytes| {
            if (held.len() + piece.len()) as u64 > size {
                return Err(other_length(endpoint, size, "more"));
            }
            held.extend_from_slice(&piece);
            Ok(())
        };
        match self.http.download(download, take).await? {
            Downloaded::Whole { headers, .. } if headers.contains_key(CONTENT_ENCODING) => {
                let reason = "expected the bytes as they are, got a content encoding that nobody asked for";
                Err(Failure::last(Error::protocol(endpoint, reason)))
            }
            Downloaded::Whole { bytes, .. } if bytes == size => Ok(Fetched::Whole(held.freeze())),
            Downloaded::Whole { bytes, .. } => {
                Err(Failure::last(other_length(endpoint, size, &format!("the end after {bytes}"))))
            }
            Downloaded::Else(response) => self.answered(hop, &response),
        }
    }

    /// What an answer without the bytes means: a redirect that may be followed, or a failure.
    fn answered(&self, hop: &Hop<'_>, response: &Response) -> Result<Fetched, Failure> {
        let Hop { endpoint, id, url, .. } = *hop;
        let broken = |reason: String| Failure::last(response.broken(endpoint, reason));
        match response.status {
            301 | 302 | 303 | 307 | 308 => {
                let Some(location) = response.header("location") else {
                    return Err(broken("expected a location with the redirect, got none".to_owned()));
                };
                // Without the location: it may be signed.
                let next = url.join(location).map_err(|error| broken(format!("redirect: expected a URL: {error}")))?;
                match unfit(&next, self.allow_plain_http) {
                    None => Ok(Fetched::Elsewhere(next)),
                    Some(why) => Err(broken(format!("redirect: {why}"))),
                }
            }
            status if status < 400 => Err(broken(format!("expected 200 or a redirect, got {status}"))),
            _ => {
                let hint = if endpoint == SIGNED { SIGNED_HINT } else { DOWNLOAD.hint };
                let asked = Asked { endpoint, what: DOWNLOAD.what, id, hint };
                Err(refusal(asked, response, self.clock.date()))
            }
        }
    }
}

/// One URL on the way to the bytes.
struct Hop<'a> {
    endpoint: &'a str,
    id: &'a str,
    url: &'a Url,
    size: u64,
    max_bytes: u64,
}

enum Fetched {
    Whole(Bytes),
    /// They are there.
    Elsewhere(Url),
}

/// [`Error::Protocol`] about what the platform says it took.
pub(crate) fn broken_attachment(reason: impl Into<String>) -> Error {
    Error::protocol(UPLOAD.label(), reason)
}

fn other_length(endpoint: &str, size: u64, got: &str) -> Error {
    Error::protocol(endpoint, format!("expected {size} bytes, as the attachment is described, got {got}"))
}

/// Redirects that are followed: the platform makes one, and whoever makes many goes round in a circle.
const MOST_REDIRECTS: usize = 3;

/// What a signed URL is called in errors.
const SIGNED: &str = "GET signed attachment";
const SIGNED_HINT: &str = "was the signed URL changed on its way, or has it run out?";

const DESCRIBE: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v2/files/attachments/{id}",
    repeat: Repeat::Safe,
    success: &[200],
    what: "attachment",
    hint: "scope file:attachment:read; is it an attachment of a conversation that the client may see?",
};

const DOWNLOAD: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v2/files/attachments/{id}/download",
    repeat: Repeat::Safe,
    success: &[200],
    what: "attachment",
    hint: "scope file:attachment:read; is it an attachment of a conversation that the client may see?",
};

const UPLOAD: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v2/files/attachments",
    // The platform knows no id to fold it by.
    repeat: Repeat::OnlyIfUnsent,
    success: &[201, 200],
    what: "attachment",
    hint: "scope file:attachment:write",
};

const PATCH: Endpoint = Endpoint {
    method: Method::PATCH,
    path: "/api/v2/files/attachments/{id}",
    // The same fields again.
    repeat: Repeat::Safe,
    success: &[200, 204],
    what: "attachment",
    hint: "scope file:attachment:write",
};
