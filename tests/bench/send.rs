//! Sends with porteur from Rust: `send SENDS IN_FLIGHT`, through one client. send.py calls it.

use std::collections::HashSet;
use std::time::Instant;

use porteur::{Client, Config, Message, Pace};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<usize> = std::env::args().skip(1).map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    let [sends, in_flight] = arguments[..] else { return Err("usage: send SENDS IN_FLIGHT".into()) };
    let started = Instant::now();
    let client = Client::new(Config::from_env()?.pace(Pace::default().per_minute(FAST).burst(FAST)))?;
    let message = Message::text("Your invoice.").sender("agent@example.com").to("customer@example.com");
    let messages = (0..sends).map(|_| ("conversation-1".to_owned(), message.clone()));
    let mut ids = HashSet::new();
    for outcome in client.send_many(messages, in_flight).await? {
        ids.insert(outcome?.id);
    }
    client.close().await;
    println!(r#"{{"seconds": {}, "sent": {}}}"#, started.elapsed().as_secs_f64(), ids.len());
    Ok(())
}

/// A million a minute and at once: so fast that the rate does not matter. The rules are checked as always.
const FAST: u32 = 1_000_000;
