//! A storm of disconnects: whatever becomes of a connection, what became of each transfer is known, and none is made twice.

use std::collections::BTreeMap;
use std::time::Duration;

use libtest_mimic::Trial;
use porteur::{Audio, Error, Session, Transfer, TransferOutcome};
use serde_json::{Value, json};

use crate::support::{Random, block_on, simulator, unhurried};

pub(super) fn tests() -> Vec<Trial> {
    crate::support::tests![no_disconnect_makes_a_transfer_twice_or_leaves_it_unknown]
}

/// `PORTEUR_STORM_DISCONNECTS` says how many connections are lost; 200 by default.
fn no_disconnect_makes_a_transfer_twice_or_leaves_it_unknown() {
    let most = std::env::var("PORTEUR_STORM_DISCONNECTS").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let (mut lost, mut transfers, mut asked_again) = (0, 0, 0);
    let mut seed = 0;
    let mut ends: BTreeMap<&str, u32> = BTreeMap::new();
    while lost < most {
        let round = block_on(Round::new(seed).play());
        lost += round.lost;
        transfers += TRANSFERS;
        asked_again += round.asked_again;
        for end in round.ends {
            *ends.entry(end).or_default() += 1;
        }
        seed += 1;
    }
    println!(
        "{lost} disconnects during {transfers} transfers: {ends:?}; {asked_again} asked again; 0 twice, 0 unknown"
    );
    assert!(asked_again > 0, "a storm that is always weathered at once is none");
}

/// Transfers that share a session while connections are lost.
struct Round {
    faults: Vec<Value>,
    tells_transfers: bool,
    /// Whether the first media are supported.
    falls_back: bool,
}

struct Played {
    lost: usize,
    asked_again: usize,
    ends: Vec<&'static str>,
}

impl Round {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let faults = (0..FAULTS).map(|_| {
            let on = *random.one_of(&["FRAME /", "FRAME /", "FRAME /", "PING /", "GET /api/v2/websocket"]);
            let effect = match (random.below(6), on) {
                (0, "FRAME /") => json!({ "close": 1008 }),
                (1, "FRAME /") => json!({ "close": 1001 }),
                (2 | 3, "FRAME /") => json!({ "drop": "after" }),
                (4, "FRAME /") => json!({ "reply": { "status": "rate_limited" } }),
                _ => json!({ "drop": "before" }),
            };
            let mut fault = json!({ "on": on, "nth": 1 + random.below(40), "times": 1 + random.below(2) });
            fault.as_object_mut().expect("an object").extend(effect.as_object().expect("an object").clone());
            fault
        });
        Self { faults: faults.collect(), tells_transfers: seed.is_multiple_of(2), falls_back: seed % 3 == 1 }
    }

    async fn play(self) -> Played {
        let interactions: Vec<Value> = (0..TRANSFERS).map(|n| json!({ "id": format!("interaction-{n}") })).collect();
        let codecs = if self.falls_back { vec!["pcmu"] } else { vec!["opus", "pcmu"] };
        let settings = json!({
            "interactions": interactions,
            "faults": self.faults,
            "tells_transfers": self.tells_transfers,
            "codecs": codecs,
        });
        let simulator = simulator(settings);
        let client = unhurried(&simulator);
        let session = loop {
            if let Ok(session) = client.connect().await {
                break session;
            }
        };
        let all = futures_util::future::join_all((0..TRANSFERS).map(|number| settle(&session, number))).await;
        let frames = simulator.state().frames;
        let lost = frames.iter().filter(|frame| matches!(frame.outcome.as_str(), "dropped" | "closed")).count();
        let mut ends = Vec::new();
        for (number, (outcome, _)) in all.iter().enumerate() {
            let made = &simulator.state().interactions[number].transfers;
            assert_eq!(made.len(), 1, "interaction {number}: {made:?}\n{:#?}", self.faults);
            assert_eq!(made[0].id, outcome.id, "the outcome names another frame");
            ends.push(if outcome.retries == 0 { "at once" } else { "after retries" });
        }
        assert_eq!(simulator.violations(), Vec::<String>::new());
        Played { lost, asked_again: all.iter().map(|(_, again)| again).sum(), ends }
    }
}

/// Transfers until the outcome is known, the way a caller does: with the id that an error names. How often that took asking again.
async fn settle(session: &Session, number: usize) -> (TransferOutcome, usize) {
    let mut transfer = Transfer::new(format!("interaction-{number}"), "genesys://user/agent-9");
    transfer = transfer.media(Audio::opus(64)).media(Audio::new("pcmu", 64)).within(Duration::from_secs(3600));
    for again in 0..50 {
        match session.transfer(transfer.clone()).await {
            Ok(outcome) => return (outcome, again),
            Err(Error::Unconfirmed { client_id: id, .. } | Error::TransferTimeout { id, .. }) => {
                transfer = transfer.id(id);
            }
            // Nothing was sent.
            Err(Error::Network { .. } | Error::RateLimited { .. } | Error::Unavailable { .. }) => {}
            Err(error) => panic!("interaction {number}: {error:?}"),
        }
    }
    panic!("interaction {number} does not settle");
}

const TRANSFERS: usize = 20;
const FAULTS: u64 = 24;
