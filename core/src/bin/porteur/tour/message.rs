//! A message to a conversation: sent through a lost answer, waited for, held against a promise.

use std::time::{Duration, Instant};

use clap::Args;
use porteur::simulator::{Fault, Outcome, Simulator};
use porteur::{Delivery, Error, Message, Result, SentMessage, UploadedFile};

use super::Tour;

/// Where the message goes on a real platform: all three are named, or none.
#[derive(Args)]
pub(super) struct Address {
    /// A conversation that gets a message; on a real platform there is none without it
    #[arg(long, value_name = "ID", required = false, requires_all = ["sender", "recipient"])]
    pub(super) conversation: String,
    /// Who sends it: an agent of the conversation
    #[arg(long = "from", value_name = "SENDER", required = false, requires = "conversation")]
    sender: String,
    /// Who is to read it
    #[arg(long = "to", value_name = "RECIPIENT", required = false, requires = "conversation")]
    recipient: String,
}

impl Address {
    /// The conversation that every simulated platform has.
    pub(super) fn simulated() -> Self {
        Self {
            conversation: "conversation-1".to_owned(),
            sender: "agent@example.com".to_owned(),
            recipient: "customer@example.com".to_owned(),
        }
    }

    /// The platform takes the first message, and nobody hears of it.
    pub(super) fn fault(&self) -> Fault {
        let fault = format!(r#"{{"on": "POST {}", "drop": "after"}}"#, self.path());
        serde_json::from_str(&fault).expect("this is a fault")
    }

    fn path(&self) -> String {
        format!("/api/v2/conversations/{}/messages", self.conversation)
    }
}

/// Sends it with the files, and waits until it is there.
pub(super) async fn send(tour: &mut Tour, address: &Address, files: &[UploadedFile]) -> Result<()> {
    let start = Instant::now();
    let message = Message::text("Here are the files.").sender(&address.sender).to(&address.recipient);
    let message = files.iter().fold(message, Message::attach);
    let sent = tour.client.send(&address.conversation, message).await?;
    let what = format!("{} with {} attachment(s), {}", sent.id, files.len(), sent.status);
    tour.account.step("send", &what, Some(start.elapsed()));
    if let Some(simulator) = &tour.simulator {
        let (answers, there) = (answers(simulator, address), there(simulator, &sent));
        let holds = answers == [Outcome::Dropped, Outcome::Answered(202)];
        tour.account.check("the first answer was lost, and asked for again", holds, &format!("{answers:?}"));
        tour.account.check("the conversation has the message once", there == [sent.id.as_str()], &format!("{there:?}"));
    }
    arrived(tour, &sent).await
}

/// Waits for the delivery; a message that is late or lost is told of, and the tour goes on.
async fn arrived(tour: &mut Tour, sent: &SentMessage) -> Result<()> {
    let start = Instant::now();
    let mut delivery = Delivery::default().sla(SLA);
    if tour.simulator.is_some() {
        delivery = delivery.interval(SIMULATED_INTERVAL);
    }
    let receipt = match tour.client.await_delivery(sent, &delivery).await {
        Ok(receipt) => receipt,
        Err(error @ (Error::DeliveryFailed { .. } | Error::DeliveryTimeout { .. })) => {
            tour.account.step("delivery", &sent.id, Some(start.elapsed()));
            tour.account.check("the message was delivered", false, &error.facts().message);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let what = format!("{} {:.2} s after it was created", receipt.status, receipt.elapsed.as_secs_f64());
    tour.account.step("delivery", &what, Some(start.elapsed()));
    let kept = receipt.sla.is_some_and(|sla| !sla.violated);
    let claim = format!("that is within the SLA of {} s", SLA.as_secs());
    tour.account.check(&claim, kept, &format!("{:?}", receipt.sla));
    Ok(())
}

/// How each attempt to send ended.
fn answers(simulator: &Simulator, address: &Address) -> Vec<Outcome> {
    let sends = simulator.journal().into_iter().filter(|entry| entry.method == "POST" && entry.path == address.path());
    sends.map(|entry| entry.status).collect()
}

/// What the conversation holds, by its ids.
fn there(simulator: &Simulator, sent: &SentMessage) -> Vec<String> {
    let conversations = simulator.state().conversations;
    let messages = conversations.into_iter().filter(|one| one.id == sent.conversation).flat_map(|one| one.messages);
    messages.map(|message| message.id).collect()
}

/// What is promised: half of the time that we wait for at most.
const SLA: Duration = Duration::from_secs(10);
/// Between two questions to a platform that delivers at the second one.
const SIMULATED_INTERVAL: Duration = Duration::from_millis(250);
