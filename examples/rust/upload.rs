//! Uploads a file and sends it to somebody as a guest.
//!
//! `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET` and `GENESYS_BASE_URL` say where; `porteur simulate` prints all three.
//!
//! ```sh
//! cargo run --release --package porteur-examples --bin upload -- invoice.pdf +15550100
//! ```

use porteur::{Client, Config, Error, GuestMessage, NewGuest, Upload};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(recipient)) = (arguments.next(), arguments.next()) else {
        return Err("usage: upload FILE RECIPIENT".into());
    };
    let client = Client::new(Config::from_env()?)?;

    // With a journal the same command goes on where an interrupted one stopped.
    let upload = Upload::path(&path).journal(format!("{path}.journal"));
    let file = match client.upload(upload).await {
        Ok(file) => file,
        Err(error @ Error::RateLimited { .. }) => {
            return Err(format!("the platform is busy, try again later: {error}").into());
        }
        Err(error) => return Err(error.into()),
    };
    println!("uploaded {} as {}: {} bytes in {} chunks", file.name, file.id, file.size, file.checksums.len());

    let guest = client.guest(NewGuest::new("en-US")).await?;
    let message = GuestMessage::new("Here is the file.").to(recipient).attach(&file);
    let sent = client.send_as_guest(&guest, message).await?;
    println!("sent as {}", sent.id);
    Ok(())
}
