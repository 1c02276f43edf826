//! `GET /api/v2/websocket`: the handshake, and the frames that come on a socket. Strict about both.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONNECTION, UPGRADE};
use axum::http::{HeaderMap, HeaderName, Response, StatusCode};
use axum::{Extension, response::IntoResponse};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tracing::debug;

use super::faults::{self, DropAt, Effect, FrameEffect, merge};
use super::platform::{Exchange, Platform, PlatformClock, Refusal, locked};
use crate::gateway::wire::{TRANSFER, TransferFrame};

/// In the extensions of an answer: the connection is a socket from now on.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    exchange: Exchange,
    /// The request's, for the token in them.
    headers: HeaderMap,
}

/// `GET /api/v2/websocket`.
pub(super) async fn open(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Refusal> {
    for scope in ["websocket:use", "interaction:transfer"] {
        platform.authorise(&exchange, &headers, scope)?;
    }
    platform.without_body(&exchange, &body)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asks = header("upgrade").eq_ignore_ascii_case("websocket")
        && header("connection").to_ascii_lowercase().contains("upgrade")
        && header("sec-websocket-version") == "13";
    let key = header("sec-websocket-key");
    if !asks || key.is_empty() {
        platform.breach(&exchange, "asked for a socket without a handshake");
        return Err(exchange.bad("expected a WebSocket handshake of version 13"));
    }
    let accept = [
        (CONNECTION, "Upgrade".to_owned()),
        (UPGRADE, "websocket".to_owned()),
        (HeaderName::from_static("sec-websocket-accept"), derive_accept_key(key.as_bytes())),
    ];
    let opened = Opened { exchange, headers: headers.clone() };
    Ok((StatusCode::SWITCHING_PROTOCOLS, accept, Extension(opened)).into_response())
}

/// One socket from its handshake to its end. `read` is what came with the handshake.
pub(super) async fn serve(platform: &Platform, opened: Opened, stream: TcpStream, read: Bytes) {
    let stream = WebSocketStream::from_partially_read(stream, read.into(), Role::Server, None).await;
    let mut conversation = Conversation { platform, opened, stream, held: Vec::new() };
    while let Some(message) = conversation.stream.next().await {
        let ended = match message {
            Ok(Message::Text(text)) => conversation.frame(text.as_str()).await,
            Ok(Message::Ping(_)) => conversation.ping().await,
            Ok(Message::Binary(_)) => {
                platform.breach(&conversation.opened.exchange, "sent a binary message");
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => {
                debug!(%error, "the socket was lost");
                return;
            }
        };
        match ended {
            Ok(()) => {}
            Err(End::Reset) => {
                let _ = conversation.stream.get_mut().set_zero_linger();
                return;
            }
            Err(End::Gone) => break,
        }
    }
    let _ = conversation.stream.get_mut().shutdown().await;
}

/// Why a socket is not listened to any more.
enum End {
    /// The connection is to be reset.
    Reset,
    /// It is over.
    Gone,
}

struct Conversation<'a> {
    platform: &'a Platform,
    opened: Opened,
    stream: WebSocketStream<TcpStream>,
    /// Answers that wait for so many others.
    held: Vec<(u64, String)>,
}

impl Conversation<'_> {
    /// A ping is answered by the library, with the next read.
    async fn ping(&mut self) -> Result<(), End> {
        let effect = locked(&self.platform.script).next(&faults::ping(), "/");
        match effect {
            Some(Effect::Drop(_)) => Err(End::Reset),
            Some(Effect::Frame(FrameEffect::Close(code))) => self.close(code, "").await,
            Some(Effect::Stall { ms }) => {
                self.pass(ms);
                self.deaf().await
            }
            _ => Ok(()),
        }
    }

    async fn frame(&mut self, text: &str) -> Result<(), End> {
        let frame = match serde_json::from_str::<TransferFrame>(text) {
            Ok(frame) if frame.kind == TRANSFER => frame,
            Ok(frame) => {
                self.breach(&format!("sent a frame of the unknown type {:?}", frame.kind));
                return Ok(());
            }
            Err(error) => {
                self.breach(&format!("sent a frame that cannot be read: {error}"));
                return Ok(());
            }
        };
        let effect = locked(&self.platform.script).next(&faults::frame(), &format!("/{}", frame.kind));
        match effect {
            Some(Effect::Drop(DropAt::Before | DropAt::During)) => {
                self.note(&frame, "dropped");
                Err(End::Reset)
            }
            Some(Effect::Drop(DropAt::After)) => {
                self.carry_out(&frame);
                self.note(&frame, "dropped");
                Err(End::Reset)
            }
            Some(Effect::Stall { ms }) => {
                self.note(&frame, "silence");
                self.pass(ms);
                Ok(())
            }
            Some(Effect::ExpireToken) => {
                locked(&self.platform.tokens).forget(&self.opened.headers);
                self.note(&frame, "closed");
                self.close(TOKEN_EXPIRED, "the token has expired").await
            }
            Some(Effect::Edit(patch)) => {
                let mut answer = self.carry_out(&frame);
                merge(&mut answer, &patch);
                self.answer(&frame, &answer).await
            }
            Some(Effect::Frame(effect)) => self.misbehave(effect, &frame).await,
            _ => {
                let answer = self.carry_out(&frame);
                self.answer(&frame, &answer).await
            }
        }
    }

    async fn misbehave(&mut self, effect: FrameEffect, frame: &TransferFrame) -> Result<(), End> {
        match effect {
            FrameEffect::Reply(mut answer) => {
                answer["id"] = frame.id.as_str().into();
                self.answer(frame, &answer).await
            }
            FrameEffect::Close(code) => {
                self.note(frame, "closed");
                self.close(code, "").await
            }
            FrameEffect::Mute { ms } => {
                self.carry_out(frame);
                self.note(frame, "silence");
                self.pass(ms);
                Ok(())
            }
            FrameEffect::HoldBack(count) => {
                let answer = self.carry_out(frame);
                self.note(frame, status(&answer));
                self.held.push((count, answer.to_string()));
                Ok(())
            }
            FrameEffect::Noise(frames) => {
                for noise in frames {
                    self.send(noise.to_string()).await?;
                }
                let answer = self.carry_out(frame);
                self.answer(frame, &answer).await
            }
            FrameEffect::Raw(bytes) => {
                self.note(frame, "bytes");
                self.stream.get_mut().write_all(&bytes).await.map_err(|_| End::Gone)
            }
        }
    }

    fn carry_out(&self, frame: &TransferFrame) -> Value {
        let mut interactions = locked(&self.platform.interactions);
        let answer = interactions.carry_out(frame, &self.platform.settings.codecs).unwrap_or_else(|sentence| {
            self.breach(&sentence);
            let (id, status) = (frame.id.clone(), "id_in_use".to_owned());
            crate::gateway::wire::FrameAnswer { id, status, codec: None }
        });
        serde_json::to_value(answer).unwrap_or_default()
    }

    /// Sends an answer, and those whose turn has come with it.
    async fn answer(&mut self, frame: &TransferFrame, answer: &Value) -> Result<(), End> {
        self.note(frame, status(answer));
        self.send(answer.to_string()).await?;
        self.held.iter_mut().for_each(|(left, _)| *left = left.saturating_sub(1));
        for (_, text) in self.held.extract_if(.., |(left, _)| *left == 0).collect::<Vec<_>>() {
            self.send(text).await?;
        }
        Ok(())
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        self.stream.send(Message::text(text)).await.map_err(|_| End::Gone)
    }

    async fn close(&mut self, code: u16, reason: &'static str) -> Result<(), End> {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) };
        // The loop hears the client agree.
        self.stream.close(Some(frame)).await.map_err(|_| End::Gone)
    }

    /// Hears nothing any more, until the client hangs up.
    async fn deaf(&mut self) -> Result<(), End> {
        let mut scrap = [0; 256];
        while self.stream.get_mut().read(&mut scrap).await.is_ok_and(|count| count > 0) {}
        Err(End::Gone)
    }

    /// Lets the simulated time pass.
    fn pass(&self, ms: u64) {
        if let PlatformClock::Simulated(clock) = &self.platform.clock {
            clock.stall(Duration::from_millis(ms));
        }
    }

    fn note(&self, frame: &TransferFrame, outcome: &str) {
        locked(&self.platform.interactions).note(frame, outcome);
    }

    fn breach(&self, sentence: &str) {
        self.platform.breach(&self.opened.exchange, sentence);
    }
}

fn status(answer: &Value) -> &str {
    answer["status"].as_str().unwrap_or("no status")
}

/// Of those that applications may choose (RFC 6455, 7.4.2).
const TOKEN_EXPIRED: u16 = 4401;
