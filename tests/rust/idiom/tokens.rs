//! One token for a thousand callers, and none for whoever looks at `Debug`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use libtest_mimic::Trial;
use porteur::simulator::Simulator;
use porteur::{Client, Config, Error, NewGuest, Upload};
use serde_json::json;

use super::settled;
use crate::support::{block_on, client, count, requests, simulator, unhurried};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_thousand_callers_on_an_expired_token_ask_for_one,
        callers_that_go_away_take_no_token_from_the_others,
        a_fetch_that_was_lost_with_its_runtime_is_made_again,
        a_refused_fetch_is_the_answer_to_everyone_who_waits,
        the_old_token_serves_while_a_new_one_is_fetched,
        neither_client_nor_config_nor_guest_nor_upload_shows_a_secret,
        an_error_of_the_storage_shows_no_signature,
    ]
}

fn a_thousand_callers_on_an_expired_token_ask_for_one() {
    let simulator = simulator(json!({}));
    let client = unhurried(&simulator);
    block_on(async {
        client.guest(NewGuest::new("en-US")).await.unwrap();
        simulator.advance(Duration::from_secs(86_400)).unwrap();
        let outcomes = callers(&client, &simulator, 1000, |_| true).await;
        assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    });
    assert_eq!(count(&simulator, "POST /oauth/token"), 2);
    assert_eq!(simulator.state().guests.len(), 1001);
}

fn callers_that_go_away_take_no_token_from_the_others() {
    let simulator = simulator(json!({}));
    let client = unhurried(&simulator);
    block_on(async {
        // The one who asked first is among those who leave.
        let outcomes = callers(&client, &simulator, 100, |caller| caller >= 90).await;
        assert!(outcomes.len() == 10 && outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    });
    assert_eq!(count(&simulator, "POST /oauth/token"), 1);
    assert_eq!(simulator.state().guests.len(), 10);
}

fn a_fetch_that_was_lost_with_its_runtime_is_made_again() {
    let simulator = simulator(json!({ "faults": [{ "on": "POST /oauth", "stall_ms": 1 }] }));
    let client = client(&simulator);
    block_on(async {
        let asked = async {
            while count(&simulator, "POST /oauth/token") == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            outcome = client.guest(NewGuest::new("en-US")) => panic!("{outcome:?}"),
            () = asked => {}
        }
    });
    assert!(block_on(client.guest(NewGuest::new("en-US"))).is_ok());
    assert_eq!(count(&simulator, "POST /oauth/token"), 2);
}

fn a_refused_fetch_is_the_answer_to_everyone_who_waits() {
    let refusal = json!({ "on": "POST /oauth", "status": 401, "body": { "error": "invalid_client" } });
    let simulator = simulator(json!({ "faults": [refusal] }));
    let client = unhurried(&simulator);
    block_on(async {
        let outcomes = callers(&client, &simulator, 1000, |_| true).await;
        let codes: Vec<&str> =
            outcomes.iter().filter_map(|outcome| Some(outcome.as_ref().err()?.facts().code)).collect();
        assert_eq!(codes, ["unauthenticated"; 1000]);
    });
    assert_eq!(requests(&simulator), ["POST /oauth/token 401"]);
}

/// As many callers as you like create a guest each; those who do not stay leave when all of them wait.
async fn callers(
    client: &Client,
    simulator: &Simulator,
    number: usize,
    stays: impl Fn(usize) -> bool,
) -> Vec<Result<(), Error>> {
    let asked = count(simulator, "POST /oauth/token");
    let begun = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..number)
        .map(|_| {
            let (client, begun) = (client.clone(), begun.clone());
            tokio::spawn(async move {
                begun.fetch_add(1, Ordering::Relaxed);
                client.guest(NewGuest::new("en-US")).await.map(drop)
            })
        })
        .collect();
    settled(|| begun.load(Ordering::Relaxed) == number && count(simulator, "POST /oauth/token") > asked).await;
    for (_, caller) in callers.iter().enumerate().filter(|(index, _)| !stays(*index)) {
        caller.abort();
    }
    let mut outcomes = Vec::new();
    for caller in callers {
        outcomes.extend(caller.await);
    }
    outcomes
}

fn the_old_token_serves_while_a_new_one_is_fetched() {
    let silence = json!({ "on": "POST /oauth", "nth": 2, "stall_ms": 1 });
    let simulator = simulator(json!({ "token_life_s": 3600, "faults": [silence] }));
    let client = client(&simulator);
    block_on(async {
        client.guest(NewGuest::new("en-US")).await.unwrap();
        simulator.advance(Duration::from_secs(3500)).unwrap();
        client.guest(NewGuest::new("en-US")).await.unwrap();
        settled(|| count(&simulator, "POST /oauth/token") == 2).await;
        client.guest(NewGuest::new("en-US")).await.unwrap();
    });
    assert_eq!(count(&simulator, "POST /oauth/token"), 2, "one renewal is under way, and that is enough");
    assert_eq!(count(&simulator, "POST /api/v2/conversations/messaging/guests 201"), 3);
}

fn neither_client_nor_config_nor_guest_nor_upload_shows_a_secret() {
    let simulator = simulator(json!({}));
    let config = Config::simulated(&simulator);
    let client = Client::new(config.clone()).unwrap();
    let guest = block_on(client.guest(NewGuest::new("en-US"))).unwrap();
    let upload = Upload::bytes("the content", "a.txt");
    let shown =
        format!("{client:#?} {config:#?} {guest:#?} {upload:#?} {:#?} {client:?} {config:?}", config.credentials);
    let basic = "c2ltdWxhdG9y"; // Base64 of `simulator`, as the credentials begin.
    for secret in [simulator.client_secret(), "client-token-1", guest.expose_token(), basic, "the content"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("guest-1"), "what is no secret is shown");
}

fn an_error_of_the_storage_shows_no_signature() {
    for effect in [json!({ "status": 403, "text": "denied" }), json!({ "drop": "before", "times": 4 })] {
        let mut effect = effect;
        effect["on"] = json!("PUT /storage");
        let simulator = simulator(json!({ "multipart": true, "faults": [effect] }));
        let error = block_on(client(&simulator).upload(Upload::bytes("abc", "a.txt"))).unwrap_err();
        let shown = format!("{error} {error:?} {:?}", error.facts());
        assert!(!shown.contains("X-Amz") && !shown.contains("client-token"), "{shown}");
    }
}
