//! A guest, and a message that carries the files.

use std::time::Instant;

use porteur::{GuestMessage, NewGuest, Result, UploadedFile};

use super::Tour;

pub(super) async fn send(tour: &mut Tour, files: &[UploadedFile]) -> Result<()> {
    let start = Instant::now();
    let guest = tour.client.guest(NewGuest::new("en-US").metadata("source", "tour")).await?;
    tour.account.step("guest", &guest.id, Some(start.elapsed()));

    let start = Instant::now();
    let message = GuestMessage::new("Here are the files.").to("+15550100");
    let message = files.iter().fold(message, GuestMessage::attach);
    let sent = tour.client.send_as_guest(&guest, message).await?;
    tour.account.step("message", &format!("{} with {} attachment(s)", sent.id, files.len()), Some(start.elapsed()));

    if let Some(simulator) = &tour.simulator {
        let messages = simulator.state().messages;
        let attached: Vec<&str> =
            messages.iter().flat_map(|message| &message.attachments).map(|attachment| attachment.id.as_str()).collect();
        let expected: Vec<&str> = files.iter().map(|file| file.id.as_str()).collect();
        let holds = messages.len() == 1 && attached == expected;
        tour.account.check("the platform has one message, with every file", holds, &format!("{attached:?}"));
    }
    Ok(())
}
