//! Makes a smaller JPEG and a thumbnail of an attachment, and puts both beside it on the platform.
//!
//! `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET` and `GENESYS_BASE_URL` say where; `porteur simulate` prints all three.
//!
//! ```sh
//! cargo run --release --package porteur-examples --bin attachment -- attachment-1
//! ```

use porteur::{AttachmentDirective, Client, Config, Error, Format};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let id = std::env::args().nth(1).ok_or("usage: attachment ID")?;
    let client = Client::new(Config::from_env()?)?;
    let directive = AttachmentDirective::new(id, Format::Jpeg, 1920, 1080).thumbnail(200);
    let transformed = client.transform_attachment(directive).await;
    client.close().await;
    let transformed = match transformed {
        Ok(transformed) => transformed,
        Err(error @ Error::Unfinished { .. }) => {
            // What is there already is of no use as it is: whoever cleans up needs to know it.
            return Err(format!("left behind: {}: {error}", error.facts().details["uploaded"]).into());
        }
        Err(error) => return Err(error.into()),
    };
    println!("{} of {} x {} px, {} bytes", transformed.id, transformed.width, transformed.height, transformed.size);
    if let Some(thumbnail) = &transformed.thumbnail_id {
        println!("thumbnail: {thumbnail}");
    }
    Ok(())
}
