//! A platform that costs next to nothing: it answers every frame with its own id and looks at nothing else, so that only the client
//! is measured. transfer.py starts it.
//!
//! Prints where it is as `porteur simulate` does, and serves until it is interrupted.

use std::io::Result;
use std::ops::Range;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

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
            return frames(stream).await;
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

/// Answers what came in one go in one go. The frames of the protocol (RFC 6455, 5.2) are read and written by hand: a library between them would
/// cost as much as the clients that are measured.
async fn frames(mut stream: TcpStream) -> Result<()> {
    let (mut came, mut answers) = (Vec::with_capacity(BUFFER), Vec::with_capacity(BUFFER));
    while stream.read_buf(&mut came).await? > 0 {
        let mut taken = 0;
        while let Some((opcode, payload)) = frame(&mut came[taken..]) {
            match opcode {
                TEXT => answer(&mut answers, TEXT, &[br#"{"id":""#, id(&came[taken..][payload.clone()]), REST]),
                PING => answer(&mut answers, PONG, &[&came[taken..][payload.clone()]]),
                CLOSE => answer(&mut answers, CLOSE, &[&came[taken..][payload.clone()]]),
                _ => {}
            }
            taken += payload.end;
        }
        came.drain(..taken);
        stream.write_all(&answers).await?;
        answers.clear();
    }
    Ok(())
}

/// The first frame, if all of it came: its opcode, and where its payload is, unmasked.
fn frame(came: &mut [u8]) -> Option<(u8, Range<usize>)> {
    let (length, start) = match *came.get(1)? & 0x7f {
        126 => (u16::from_be_bytes(came.get(2..4)?.try_into().ok()?).into(), 8),
        127 => (u64::from_be_bytes(came.get(2..10)?.try_into().ok()?).try_into().ok()?, 14),
        length => (usize::from(length), 6),
    };
    let mask: [u8; 4] = came.get(start - 4..start)?.try_into().ok()?;
    let payload = start..start + length;
    let (words, rest) = came.get_mut(payload.clone())?.as_chunks_mut();
    let whole = u32::from_ne_bytes(mask);
    words.iter_mut().for_each(|word| *word = (u32::from_ne_bytes(*word) ^ whole).to_ne_bytes());
    rest.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    Some((came[0] & 0xf, payload))
}

/// The first `id` of a frame, which is its own.
fn id(text: &[u8]) -> &[u8] {
    let key = text.windows(5).position(|window| window == br#""id":"#);
    let mut strings = text[key.map_or(text.len(), |key| key + 5)..].split(|byte| *byte == b'"');
    strings.nth(1).unwrap_or_default()
}

/// Queues a frame whose payload has fewer than 64 KiB.
fn answer(answers: &mut Vec<u8>, opcode: u8, payload: &[&[u8]]) {
    let length = payload.iter().map(|part| part.len()).sum::<usize>();
    answers.push(0x80 | opcode);
    match u8::try_from(length) {
        Ok(length @ ..126) => answers.push(length),
        _ => {
            answers.push(126);
            answers.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    payload.iter().for_each(|part| answers.extend_from_slice(part));
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// What follows the id in an answer.
const REST: &[u8] = br#"","status":"codec_negotiated","codec":"opus"}"#;
/// Bytes: more than 64 frames at once.
const BUFFER: usize = 32 << 10;
