//! A guest's picture: the webhook comes in, a preview goes out, and the conversation says where it is.

use std::path::Path;
use std::time::Instant;

use porteur::simulator::{HostedFile, webhook_signature};
use porteur::{Error, Previews, Publish, Result};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::Tour;
use crate::worker::{doors, receiver};

/// What the guest attached, where it lies about.
pub(super) fn hosted() -> Vec<HostedFile> {
    let path = Path::new(PICTURE);
    let file = |path: &Path| HostedFile { name: NAME.to_owned(), path: Some(path.to_owned()), ..HostedFile::default() };
    path.is_file().then(|| file(path)).into_iter().collect()
}

/// Takes the webhook on a socket, as the platform posts it, and works until nothing is left to do.
pub(super) async fn make(tour: &mut Tour, conversation: &str) -> Result<()> {
    let Some(simulator) = tour.simulator.as_ref().filter(|_| Path::new(PICTURE).is_file()) else { return Ok(()) };
    let folder = tempfile::tempdir().map_err(|error| local("could not make a folder in", error))?;
    let publish = Publish::template(format!("{}/cdn/{{id}}.webp", simulator.url()));
    let worker = tour.client.previews(
        Previews::new(publish)
            .queue(folder.path().join("previews.db").to_string_lossy())
            .spool(folder.path().join("spool"))
            .webhook_secrets([SECRET])
            .allow_private(true),
    )?;
    let start = Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| local("could not listen on", error))?;
    let address = listener.local_addr().map_err(|error| local("could not listen on", error))?;
    let (_open, closing) = watch::channel(());
    let serving = tokio::spawn(doors::serve(listener, receiver::routes(PATH, worker.clone()), closing));
    let data = json!({
        "conversationId": conversation, "attachmentUrl": format!("{}/hosted/{NAME}", simulator.url()),
        "fileName": NAME, "mimeType": "image/jpeg",
    });
    let body = json!({ "event": "webchat:attachment", "data": data }).to_string();
    let mut answers = Vec::new();
    // The platform may deliver an event twice.
    for _ in 0..2 {
        answers.push(post(address, &body).await.map_err(|error| local("could not post to", error))?);
    }
    serving.abort();
    worker.drain().await?;
    let made = worker.recent();
    let what = made.first().map_or_else(String::new, |made| {
        format!("{} x {}, {} bytes from {}", made.width, made.height, made.bytes.len(), made.source_bytes)
    });
    tour.account.step("preview", &what, Some(start.elapsed()));
    let queued = answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200") && answer.contains("queued"));
    tour.account.check("the signed webhook was taken, and again when it came again", queued, &format!("{answers:?}"));
    let state = simulator.state();
    let stored = made.len() == 1
        && state.objects.len() == 1
        && state.objects[0].sha256 == porteur::sha256(&made[0].bytes).to_string();
    tour.account.check("one preview was published, as it was made", stored, &format!("{:?}", state.objects));
    let posted: Vec<_> = state.conversations.iter().flat_map(|conversation| &conversation.posted).collect();
    let linked = posted.len() == 1 && made.len() == 1 && posted[0].text.contains(&made[0].url);
    tour.account.check("the conversation was told once where it is", linked, &format!("{posted:?}"));
    Ok(())
}

/// One POST, signed, and the answer to it as it came.
async fn post(address: std::net::SocketAddr, body: &str) -> std::io::Result<String> {
    let signature = webhook_signature(SECRET, body.as_bytes());
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         X-Hub-Signature-256: {signature}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn local(action: &'static str, error: std::io::Error) -> Error {
    Error::File { action, path: std::env::temp_dir(), source: error.into() }
}

/// Where the repository has it; an installed command goes without.
const PICTURE: &str = "tests/media/landscape.jpg";
const NAME: &str = "landscape.jpg";
const PATH: &str = "/webhooks/genesys/attachments";
const SECRET: &str = "tour-webhook-secret";
