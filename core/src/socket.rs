//! The only room that knows tungstenite: a WebSocket as what is heard on it and how it ends.
//!
//! It never waits: [`Socket::poll`] writes what is to be written and hears what there is, and whoever polls it decides for
//! how long. A peer that breaks the protocol is told so (RFC 6455, 7.4.1) and not listened to any more.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{FutureExt as _, Sink as _, Stream as _};
use reqwest::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tracing::debug;

use crate::ear::Ear;
use crate::http::Upgraded;

/// An open WebSocket.
pub(crate) struct Socket {
    stream: WebSocketStream<Upgraded>,
    /// For what there is to hear: an attempt to read clears the library's buffer first, and most polls are about something else.
    ear: Ear,
    /// Whether something that was written has not left yet.
    unsent: bool,
    /// Why nothing can be written any more, until it is told.
    full: Option<Ending>,
}

/// What is heard on a socket.
#[derive(Debug)]
pub(crate) enum Heard {
    /// UTF-8.
    Text(Bytes),
    /// The answer to a ping, with what the ping carried.
    Pong(Bytes),
    /// The last thing that is heard; [`Socket::linger`] is left.
    End(Ending),
}

/// How a socket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The close code of the peer, or the one it was told when it broke the protocol; none for a connection that was lost.
    pub(crate) code: Option<u16>,
    /// In words, for logs and errors.
    pub(crate) reason: String,
}

/// What a handshake asks with, and what its answer has to say.
pub(crate) struct Handshake {
    pub(crate) headers: HeaderMap,
    accept: String,
}

impl Handshake {
    /// One that was never asked before (RFC 6455, 4.1).
    pub(crate) fn new() -> Self {
        // It tells answers apart and protects nothing, so any random bytes will do.
        let key = STANDARD.encode(fastrand::u128(..).to_be_bytes());
        let accept = derive_accept_key(key.as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
        headers.insert("sec-websocket-key", HeaderValue::try_from(key).expect("Base64 is visible ASCII"));
        Self { headers, accept }
    }

    /// The socket, if the answer belongs to this handshake.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub(crate) fn finish(self, answer: &HeaderMap, connection: Upgraded) -> Result<Socket, String> {
        let header = |name: &str| answer.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !header("upgrade").eq_ignore_ascii_case("websocket") {
            return Err(format!("expected the upgrade websocket, got {:?}", header("upgrade")));
        }
        if header("sec-websocket-accept") != self.accept {
            return Err("sec-websocket-accept does not belong to what was asked".to_owned());
        }
        Ok(Socket::open(connection))
    }
}

impl Socket {
    fn open(connection: Upgraded) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(MAX_UNSENT)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let stream = WebSocketStream::from_raw_socket(connection, Role::Client, Some(config));
        let stream = stream.now_or_never().expect("nothing is read yet");
        Self { stream, ear: Ear::new(), unsent: false, full: None }
    }

    /// Queues a text. It leaves while the socket is polled.
    pub(crate) fn write(&mut self, text: String) {
        self.queue(Message::text(text));
    }

    /// Queues a ping that carries `payload`.
    pub(crate) fn ping(&mut self, payload: Bytes) {
        self.queue(Message::Ping(payload));
    }

    /// Whether all that was queued has left this process.
    pub(crate) fn is_sent(&self) -> bool {
        !self.unsent
    }

    /// Writes what is queued and hears what there is.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        loop {
            if let Some(ending) = self.full.take() {
                return Poll::Ready(Heard::End(ending));
            }
            // A peer that hung up may have said why before: that is heard first.
            let unsent = match self.poll_sent(cx) {
                Poll::Ready(Err(error)) => Some(Ending::lost(&error)),
                _ => None,
            };
            let Self { stream, ear, .. } = self;
            let heard = ear.poll(cx, unsent.is_some(), |cx| Pin::new(stream).poll_next(cx));
            let message = match (heard, unsent) {
                (Poll::Ready(Some(Ok(message))), _) => message,
                (_, Some(ending)) => return Poll::Ready(Heard::End(ending)),
                (Poll::Pending, None) => return Poll::Pending,
                (Poll::Ready(None), None) => {
                    return Poll::Ready(Heard::End(Ending::lost(&tungstenite::Error::ConnectionClosed)));
                }
                (Poll::Ready(Some(Err(error))), None) => {
                    let Some(code) = breach(&error) else { return Poll::Ready(Heard::End(Ending::lost(&error))) };
                    self.end(code);
                    let _ = self.poll_sent(cx);
                    return Poll::Ready(Heard::End(Ending { code: Some(code.into()), reason: error.to_string() }));
                }
            };
            match message {
                Message::Text(text) => return Poll::Ready(Heard::Text(text.into())),
                Message::Pong(payload) => return Poll::Ready(Heard::Pong(payload)),
                Message::Close(frame) => {
                    // The library has queued the answer, which leaves now or while lingering.
                    self.unsent = true;
                    let _ = self.poll_sent(cx);
                    return Poll::Ready(Heard::End(frame.map_or_else(Ending::silent, Ending::from)));
                }
                // So it has here.
                Message::Ping(_) => self.unsent = true,
                Message::Binary(bytes) => debug!(bytes = bytes.len(), "a binary message is none of ours"),
                Message::Frame(_) => {}
            }
        }
    }

    /// Says that this is the end, and waits until the peer agrees. Whoever awaits this sets a limit.
    pub(crate) async fn close(mut self) {
        self.end(CloseCode::Normal);
        std::future::poll_fn(|cx| {
            while !matches!(ready!(self.poll(cx)), Heard::End(_)) {}
            Poll::Ready(())
        })
        .await;
    }

    /// Ends when the peer has hung up. A connection that is dropped with bytes unread is reset, and what we said last, the close
    /// code, would be lost with it. Whoever awaits this sets a limit.
    pub(crate) async fn linger(mut self) {
        let mut scrap = [0; 1024];
        std::future::poll_fn(|cx| {
            // What cannot be sent any more is as good as sent: the reading below hears why.
            let _ = self.poll_sent(cx);
            loop {
                let mut rest = ReadBuf::new(&mut scrap);
                let read = ready!(Pin::new(self.stream.get_mut()).poll_read(cx, &mut rest));
                if read.is_err() || rest.filled().is_empty() {
                    return Poll::Ready(());
                }
            }
        })
        .await;
    }

    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<tungstenite::Result<()>> {
        if self.unsent {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unsent = false;
        }
        Poll::Ready(Ok(()))
    }

    fn queue(&mut self, message: Message) {
        if let Err(error) = Pin::new(&mut self.stream).start_send(message) {
            debug!(%error, "not written");
            self.full = Some(Ending::lost(&error));
        }
        self.unsent = true;
    }

    fn end(&mut self, code: CloseCode) {
        self.queue(Message::Close(Some(CloseFrame { code, reason: tungstenite::Utf8Bytes::default() })));
    }
}

impl Ending {
    fn lost(error: &tungstenite::Error) -> Self {
        Self { code: None, reason: error.to_string() }
    }

    /// A close frame may be empty (RFC 6455, 7.1.5).
    fn silent() -> Self {
        Self { code: None, reason: "closed without a code".to_owned() }
    }
}

impl From<CloseFrame> for Ending {
    fn from(frame: CloseFrame) -> Self {
        Self { code: Some(frame.code.into()), reason: frame.reason.as_str().to_owned() }
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("unsent", &self.unsent).finish_non_exhaustive()
    }
}

/// What a peer that broke the protocol is told; nothing for a connection that was lost.
fn breach(error: &tungstenite::Error) -> Option<CloseCode> {
    match error {
        tungstenite::Error::Utf8(_) => Some(CloseCode::Invalid),
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(CloseCode::Size),
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        tungstenite::Error::Protocol(_) | tungstenite::Error::Capacity(_) => Some(CloseCode::Protocol),
        _ => None,
    }
}

/// The largest message that is taken, in bytes, over all of its fragments. Answers of the gateway have a few hundred.
const MAX_MESSAGE: usize = 1 << 20;
/// The library's default of 128 KiB would be most of what an idle session costs.
const READ_BUFFER: usize = 4 << 10;
/// More than a portion of frames and the pongs between them: a peer that pings and does not read is given up.
const MAX_UNSENT: usize = 2 << 20;
/// So many bytes are gathered at most before they leave; a poll sends what there is.
const WRITE_BUFFER: usize = 16 << 10;
