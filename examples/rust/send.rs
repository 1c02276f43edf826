//! Sends a message to a conversation and waits until it is delivered.
//!
//! `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET` and `GENESYS_BASE_URL` say where; `porteur simulate` prints all three. With
//! `PORTEUR_AUDIT_FILE` and `PORTEUR_AUDIT_SECRET` set, an audit trail is kept.
//!
//! ```sh
//! cargo run --release --package porteur-examples --bin send -- \
//!     conversation-1 agent@example.com customer@example.com 'Your invoice.'
//! ```

use std::time::Duration;

use porteur::{Client, Config, Delivery, Error, Message};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [conversation, sender, recipient, text] = arguments.as_slice() else {
        return Err("usage: send CONVERSATION SENDER RECIPIENT TEXT".into());
    };
    let client = Client::new(Config::from_env()?)?;
    let sent = client.send(conversation, Message::text(text).sender(sender).to(recipient)).await?;
    println!("sent as {}: {}", sent.id, sent.status);

    let delivery = Delivery::within(Duration::from_secs(20)).sla(Duration::from_secs(10));
    let outcome = client.await_delivery(&sent, &delivery).await;
    // Signs the audit trail, too.
    client.close().await;
    let receipt = match outcome {
        Ok(receipt) => receipt,
        Err(error @ Error::DeliveryTimeout { .. }) => {
            return Err(format!("not there yet, ask again later: {error}").into());
        }
        Err(error) => return Err(error.into()),
    };
    println!("{} after {:.1} s", receipt.status, receipt.elapsed.as_secs_f64());
    if let Some(sla) = receipt.sla.filter(|sla| sla.violated) {
        println!("later than the {} s that were promised", sla.threshold.as_secs());
    }
    Ok(())
}
