//! A request whose answer turns the connection into something else.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};
use tracing::debug;

use super::{Http, Progress, Response, failure, kind_of, read};
use crate::error::{Cause, NetworkKind};
use crate::pace::Failure;

/// The bytes of a connection that speaks HTTP no more.
pub(crate) use reqwest::Upgraded;

/// How a request to speak something else was answered.
pub(crate) enum Upgrade {
    /// 101: with these headers, and this is the connection.
    Switched(HeaderMap, Upgraded),
    /// Anything else, read whole.
    Refused(Response),
}

impl Http {
    /// Asks `url` to switch protocols; `headers` say to which one. Over the same TLS, roots and proxy as every other call.
    pub(crate) async fn upgrade(
        &self,
        endpoint: &str,
        url: Url,
        headers: HeaderMap,
        within: Duration,
    ) -> Result<Upgrade, Failure> {
        let progress = Progress::new(self.clock.clone());
        let call = async {
            let mut response = self.client.request(Method::GET, url).headers(headers).send().await?;
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                return Ok(read(response, &progress).await?.map(Upgrade::Refused));
            }
            let headers = std::mem::take(response.headers_mut());
            Ok(Some(Upgrade::Switched(headers, response.upgrade().await?)))
        };
        let outcome = tokio::select! {
            biased;
            outcome = call => outcome,
            () = self.clock.deadline(within) => return Err(failure(NetworkKind::Timeout, endpoint, None)),
        };
        match outcome {
            Ok(Some(upgrade)) => {
                debug!(endpoint, switched = matches!(upgrade, Upgrade::Switched(..)), "answered");
                Ok(upgrade)
            }
            Ok(None) => Err(Failure::last(super::overlong(endpoint))),
            Err(error) => Err(failure(kind_of(&error), endpoint, Some(Cause::new(reqwest::Error::without_url(error))))),
        }
    }
}
