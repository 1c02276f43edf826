//! The socket of the gateway: who may open it, what is said on it, and what its close codes mean.
//!
//! Source: docs/platform.md, "Transfers".

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use tracing::debug;

use super::Gateway;
use super::wire::FrameAnswer;
use crate::error::{Error, Result};
use crate::http::{Asked, Upgrade, refusal};
use crate::pace::{Door, Failure, Repeat};
use crate::socket::{Ending, Handshake, Socket};

/// What the gateway says to a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was carried out.
    Done { status: String, codec: Option<String> },
    /// Not with these media; others may do.
    CodecUnsupported,
    /// Not now.
    RateLimited,
    /// Never; the platform's word.
    Refused(String),
}

impl Verdict {
    pub(super) fn new(status: String, codec: Option<String>) -> Self {
        match status.as_str() {
            "codec_negotiated" | "transfer_initiated" => Self::Done { status, codec },
            CODEC_UNSUPPORTED => Self::CodecUnsupported,
            "rate_limited" => Self::RateLimited,
            _ => Self::Refused(status),
        }
    }
}

impl Gateway {
    /// Opens the socket, with the client's token.
    ///
    /// # Errors
    /// Those of every call; [`Error::Protocol`] when the answer is no handshake.
    pub(crate) async fn open_socket(&self) -> Result<Socket> {
        let host = self.api.host_str().unwrap_or_default();
        let opened = self.with_token(|authorization| {
            self.pacer.run(Door::Platform(host), Repeat::Safe, move |_| self.shake_hands(authorization.clone()))
        });
        opened.await.inspect(|_| debug!(scopes = self.tokens.granted(), "the socket is open"))
    }

    async fn shake_hands(&self, authorization: HeaderValue) -> Result<Socket, Failure> {
        let url = self.url(PATH, "").map_err(Failure::last)?;
        let handshake = Handshake::new();
        let mut headers = handshake.headers.clone();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        match self.http.upgrade(ENDPOINT, url, headers, self.call).await? {
            Upgrade::Switched(answer, connection) => {
                let broken = |reason| Failure::last(Error::protocol(ENDPOINT, reason));
                handshake.finish(&answer, connection).map_err(broken)
            }
            Upgrade::Refused(response) if response.status < 400 => {
                let reason = format!("expected status 101, got {}", response.status);
                Err(Failure::last(response.broken(ENDPOINT, reason)))
            }
            Upgrade::Refused(response) => {
                let asked = Asked { endpoint: ENDPOINT, what: "socket", id: "", hint: HINT };
                Err(refusal(asked, &response, self.clock.date()))
            }
        }
    }
}

/// The id of the frame that a text answers, and the verdict; nothing when it is no answer.
pub(crate) fn answer(text: &[u8]) -> Option<(String, Verdict)> {
    let answer: FrameAnswer = serde_json::from_slice(text)
        .inspect_err(|error| debug!(%error, bytes = text.len(), "no answer to a frame"))
        .ok()?;
    Some((answer.id, Verdict::new(answer.status, answer.codec)))
}

/// Whether the platform closed because too much was asked of it.
pub(crate) fn is_rate_limit(ending: &Ending) -> bool {
    ending.code == Some(1008)
}

/// [`Error::Network`] about the socket.
pub(crate) fn lost(ending: &Ending, attempts: u32) -> Error {
    let code = ending.code.map(|code| format!(" (code {code})")).unwrap_or_default();
    let source = std::io::Error::new(std::io::ErrorKind::ConnectionAborted, format!("{}{code}", ending.reason));
    Error::Network {
        kind: crate::error::NetworkKind::Lost,
        endpoint: ENDPOINT.to_owned(),
        attempts,
        source: Some(source.into()),
    }
}

/// The platform's word when all media were refused.
pub(crate) const CODEC_UNSUPPORTED: &str = "codec_unsupported";
const PATH: &str = "/api/v2/websocket";
const ENDPOINT: &str = "GET /api/v2/websocket";
const HINT: &str = "scopes interaction:transfer, websocket:use";
