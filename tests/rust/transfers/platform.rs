//! A platform of a few lines that writes what it is told on a socket, byte for byte, and hears what the client says to it.

use std::sync::Mutex;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The id of the one frame that is sent to it.
pub(super) const FRAME: &str = "frame-1";

/// Answers one connection. `pieces` are written after the first frame on a socket; what the client sent after it, up to its close
/// frame or its end, goes to `heard`.
pub(super) async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    pieces: &[Vec<u8>],
    heard: &Mutex<Vec<Said>>,
) -> std::io::Result<()> {
    loop {
        let head = head(&mut stream).await?;
        if head.is_empty() {
            return Ok(());
        }
        let line = head.lines().next().unwrap_or_default();
        if line.starts_with("GET /api/v2/websocket") {
            let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")).unwrap_or_default();
            let accept = derive_accept_key(key.as_bytes());
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-accept: {accept}\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await?;
            return socket(stream, pieces, heard).await;
        }
        let body = if line.starts_with("POST /oauth/token") {
            r#"{"access_token":"token","token_type":"bearer","expires_in":3600}"#.to_owned()
        } else {
            // So that a transfer whose socket was lost ends here.
            format!(
                r#"{{"id":"i","state":"active","transfer":{{"id":"{FRAME}","status":"transfer_initiated","codec":"found"}}}}"#
            )
        };
        let length = body.len();
        let answer =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// What a client said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Pong(Vec<u8>),
    /// The code, where there is one.
    Close(Option<u16>),
    Other(u8),
}

async fn socket(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    pieces: &[Vec<u8>],
    heard: &Mutex<Vec<Said>>,
) -> std::io::Result<()> {
    frame(&mut stream).await?;
    for piece in pieces {
        stream.write_all(piece).await?;
        stream.flush().await?;
    }
    loop {
        let (opcode, payload) = frame(&mut stream).await?;
        let said = match opcode {
            8 => Said::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
            10 => Said::Pong(payload),
            other => Said::Other(other),
        };
        let closed = matches!(said, Said::Close(_));
        heard.lock().unwrap().push(said);
        if closed {
            return Ok(());
        }
    }
}

/// A frame of the client: small, whole and masked.
async fn frame(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(u8, Vec<u8>)> {
    let opcode = stream.read_u8().await? & 15;
    let length = match stream.read_u8().await? & 127 {
        126 => stream.read_u16().await?.into(),
        short => u64::from(short),
    };
    let mut mask = [0; 4];
    stream.read_exact(&mut mask).await?;
    let mut payload = vec![0; usize::try_from(length).expect("a small frame")];
    stream.read_exact(&mut payload).await?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Ok((opcode, payload))
}

/// The head of a request in lower case for its names, and its body thrown away; empty at the end of the connection.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok(String::new());
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    Ok(head)
}
