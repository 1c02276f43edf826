//! An interaction that goes elsewhere: past a codec that is not supported, and through a socket that is closed for its rate.

use std::time::Instant;

use porteur::simulator::Fault;
use porteur::{Audio, Result, Transfer};

use super::Tour;

/// The gateway closes the socket at the second frame, the one with the codec that it supports.
pub(super) fn fault() -> Fault {
    serde_json::from_str(r#"{"on": "FRAME /interaction.transfer", "nth": 2, "close": 1008}"#).expect("this is a fault")
}

/// Transfers the interaction that every simulated platform has. A real platform's are left where they are.
pub(super) async fn transfer(tour: &mut Tour) -> Result<()> {
    let Some(simulator) = &tour.simulator else { return Ok(()) };
    let start = Instant::now();
    let transfer = Transfer::new("interaction-1", "genesys://user/agent-9");
    let transfer = transfer.media(Audio::opus(64)).media(Audio::new(CODEC, 64));
    let outcome = tour.client.transfer(transfer).await?;
    let what = format!("{}, {}, retries: {}", outcome.status, outcome.codec, outcome.retries);
    tour.account.step("transfer", &what, Some(start.elapsed()));
    let state = simulator.state();
    let frames: Vec<_> = state.frames.iter().map(|frame| format!("{} {}", frame.codec, frame.outcome)).collect();
    let expected = ["opus codec_unsupported", "pcmu closed", "pcmu codec_negotiated"];
    tour.account.check("it went through a fallback and a close with 1008", frames == expected, &format!("{frames:?}"));
    let made = &state.interactions[0].transfers;
    let once = made.len() == 1 && made[0].id == outcome.id;
    tour.account.check("the interaction was transferred once", once, &format!("{made:?}"));
    Ok(())
}

/// The one codec that the simulated gateway of the tour supports.
pub(super) const CODEC: &str = "pcmu";
