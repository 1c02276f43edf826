//! Takes a webhook about an attachment, makes its preview, and links it into the conversation.
//!
//! `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET` and `GENESYS_BASE_URL` say where the platform is; `porteur simulate` prints all
//! three. `CDN_PRESIGNED_URL_TEMPLATE` says where previews go, and `PORTEUR_QUEUE` where jobs are kept.
//!
//! ```sh
//! cargo run --release --package porteur-examples --bin preview_worker -- webhook.json
//! ```

use porteur::{Client, Config, Previews, Submitted};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // PDFs are drawn by a child process, which is this program.
    porteur::be_media_child();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path] = arguments.as_slice() else {
        return Err("usage: preview_worker WEBHOOK".into());
    };
    let client = Client::new(Config::from_env()?)?;
    let previews = Previews::from_env()?
        .queue(std::env::var("PORTEUR_QUEUE").unwrap_or_else(|_| "previews.db".to_owned()))
        // This webhook came as a file and not from the network, so it is not signed.
        .unsigned(true)
        // With attachments on this machine, as the simulator has them.
        .allow_private(std::env::var_os("PREVIEWS_ALLOW_PRIVATE").is_some());
    let worker = client.previews(previews)?;
    if let Submitted::Ignored { reason } = worker.submit(&std::fs::read(path)?, [("", ""); 0]).await? {
        return Err(format!("ignored: {reason}").into());
    }
    // A service runs until it is told to stop: worker.run().
    worker.drain().await?;
    for outcome in worker.recent() {
        let (width, height) = (outcome.width, outcome.height);
        println!("{}: {width} x {height}, linked by {}", outcome.url, outcome.message);
    }
    let dead = worker.queue().dead_letters(None, 1).await?;
    client.close().await;
    match dead.first() {
        Some(letter) => Err(format!("no preview after {} attempts: {}", letter.attempts, letter.reason).into()),
        None => Ok(()),
    }
}
