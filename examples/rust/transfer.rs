//! Transfers an interaction to somebody else: with a picture where the gateway can, or else with the sound of a telephone.
//!
//! `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET` and `GENESYS_BASE_URL` say where; `porteur simulate` prints all three.
//!
//! ```sh
//! cargo run --release --package porteur-examples --bin transfer -- interaction-1 genesys://user/agent-9
//! ```

use porteur::{Audio, Client, Config, Error, MediaMatrix, Transfer, Video};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [interaction, destination] = arguments.as_slice() else {
        return Err("usage: transfer INTERACTION DESTINATION".into());
    };
    let seen_and_heard = MediaMatrix::audio(Audio::new("opus", 64)).video(Video::new("vp8", "1280x720", 30));
    let telephone = Audio::new("pcmu", 64);

    let client = Client::new(Config::from_env()?)?;
    // A session carries any number of transfers, also at once.
    let session = client.connect().await?;
    let transfer = Transfer::new(interaction, destination).media(seen_and_heard).media(telephone);
    let outcome = session.transfer(transfer).await;
    session.close().await;
    client.close().await;
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error @ Error::TransferTimeout { .. }) => {
            let id = &error.facts().details["id"];
            return Err(format!("not settled, ask again with the id {id}: {error}").into());
        }
        Err(error) => return Err(error.into()),
    };
    println!("{} as {}: {} after {} ms", outcome.status, outcome.id, outcome.codec, outcome.latency.as_millis());
    if outcome.retries > 0 {
        println!("retries: {}", outcome.retries);
    }
    Ok(())
}
