//! A platform that costs next to nothing: it answers every frame with its own id and looks at nothing else, so that only the client
//! is measured. transfer.py starts it.
//!
//! Prints where it is as `porteur simulate` does, and serves until it is interrupted.

use std::io::{Error, Result};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!(
        "GENESYS_BASE_URL=http://{}\nGENESYS_CLIENT_ID=gateway\nGENESYS_CLIENT_SECRET=gateway",
        listener.local_addr()?
    );
    tokio::select! {
        outcome = serve(listener) => outcome,
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

async fn serve(listener: TcpListener) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(converse(stream));
    }
}

/// One connection, from its first request to its end.
async fn converse(mut stream: TcpStream) -> Result<()> {
    let mut came = Vec::new();
    loop {
        let Some(end) = came.windows(4).position(|window| window == b"\r\n\r\n") else {
            if stream.read_buf(&mut came).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let head = String::from_utf8_lossy(&came[..end]).into_owned();
        let line = head.lines().next().unwrap_or_default().to_owned();
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        if line.starts_with("GET /api/v2/websocket") {
            let accept = derive_accept_key(header("sec-websocket-key").unwrap_or_default().as_bytes());
            let switch = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(switch.as_bytes()).await?;
            return frames(stream).await.map_err(Error::other);
        }
        let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while came.len() < end + 4 + length {
            if stream.read_buf(&mut came).await? == 0 {
                return Ok(());
            }
        }
        came.drain(..end + 4 + length);
        let body = match line.starts_with("POST /oauth/token") {
            true => r#"{"access_token":"gateway","token_type":"bearer","expires_in":3600}"#,
            false => r#"{"id":"interaction-1","state":"active"}"#,
        };
        let length = body.len();
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Answers what came in one go in one go.
async fn frames(stream: TcpStream) -> tokio_tungstenite::tungstenite::Result<()> {
    let config = WebSocketConfig::default().read_buffer_size(8 << 10);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    while let Some(message) = socket.next().await {
        let mut next = Some(message);
        while let Some(message) = next {
            if let Message::Text(text) = message? {
                // The first `id` of a frame is its own.
                let id = text
                    .split_once(r#""id":"#)
                    .and_then(|(_, rest)| rest.trim_start().strip_prefix('"')?.split('"').next());
                let id = id.unwrap_or_default();
                socket
                    .feed(Message::text(format!(r#"{{"id":"{id}","status":"codec_negotiated","codec":"opus"}}"#)))
                    .await?;
            }
            next = futures_util::FutureExt::now_or_never(socket.next()).flatten();
        }
        socket.flush().await?;
    }
    Ok(())
}
