//! A body that goes on to its reader piece by piece, and is never held whole.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::HeaderMap;
use tracing::debug;

use super::{Http, Patience, Peer, Progress, Response, failure, kind_of, read};
use crate::error::{Cause, Error, NetworkKind, Result};
use crate::pace::Failure;

/// One attempt at a GET whose body may be large.
pub(crate) struct Download<'a> {
    /// Method and path for logs and errors; never a query.
    pub(crate) endpoint: &'a str,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// From the first byte that is sent to the last that comes.
    pub(crate) total: Duration,
    /// Without a byte that comes.
    pub(crate) stall: Duration,
    /// What is downloaded, as in `attachment`.
    pub(crate) what: &'a str,
    /// More than this is [`Error::TooLarge`]: from the announced length where there is one, else when it comes.
    pub(crate) max_bytes: u64,
}

/// How a download was answered.
pub(crate) enum Downloaded {
    /// 200: everything went to the reader.
    Whole { headers: HeaderMap, bytes: u64 },
    /// Anything else, a redirect too, read whole.
    Else(Response),
}

impl Http {
    /// Downloads once. `take` gets each piece as it comes; what it refuses ends the download.
    ///
    /// What `take` got before a failure is not all of it: the next attempt begins anew.
    pub(crate) async fn download(
        &self,
        download: Download<'_>,
        mut take: impl FnMut(Bytes) -> Result<()>,
    ) -> Result<Downloaded, Failure> {
        let Download { endpoint, url, headers, total, stall, what, max_bytes } = download;
        let progress = Progress::new(self.clock.clone());
        let lost = |error: reqwest::Error| match refused(&error) {
            Some(refusal) => Failure::last(refusal.clone()),
            None => failure(kind_of(&error), endpoint, Some(Cause::new(error.without_url()))),
        };
        let too_large = |bytes: u64| {
            let reason = format!("expected at most {max_bytes} bytes, got {bytes} or more");
            Failure::last(Error::TooLarge { what: what.to_owned(), reason, answer: None })
        };
        let call = async {
            let mut response = self.client.get(url).headers(headers).send().await.map_err(lost)?;
            progress.made();
            if response.status() != reqwest::StatusCode::OK {
                if self.peer == Peer::Stranger {
                    let headers = std::mem::take(response.headers_mut());
                    let status = response.status().as_u16();
                    return Ok(Downloaded::Else(Response { status, headers, body: Bytes::new() }));
                }
                let answer = read(response, &progress).await.map_err(lost)?;
                return answer.map(Downloaded::Else).ok_or_else(|| Failure::last(super::overlong(endpoint)));
            }
            if let Some(announced) = response.content_length().filter(|announced| *announced > max_bytes) {
                return Err(too_large(announced));
            }
            let headers = std::mem::take(response.headers_mut());
            let mut bytes = 0;
            while let Some(piece) = response.chunk().await.map_err(lost)? {
                progress.made();
                bytes += piece.len() as u64;
                if bytes > max_bytes {
                    return Err(too_large(bytes));
                }
                take(piece).map_err(Failure::last)?;
            }
            Ok(Downloaded::Whole { headers, bytes })
        };
        let outcome = tokio::select! {
            biased;
            outcome = call => outcome,
            () = progress.impatient(&*self.clock, Patience::Total(total)) => Err(failure(NetworkKind::Timeout, endpoint, None)),
            () = progress.impatient(&*self.clock, Patience::Stall(stall)) => Err(failure(NetworkKind::Timeout, endpoint, None)),
        };
        if let Ok(Downloaded::Whole { bytes, .. }) = &outcome {
            debug!(endpoint, bytes, "downloaded");
        }
        outcome
    }
}

/// What a guard said to the addresses of a host.
fn refused(error: &reqwest::Error) -> Option<&Error> {
    let mut causes = std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source());
    causes.find_map(|cause| cause.downcast_ref())
}
