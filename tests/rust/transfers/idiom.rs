//! What is special to Rust: dropping a transfer, a session that outlives its client, and many transfers at once.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use libtest_mimic::Trial;
use porteur::{Audio, Callback, Client, Config, Error, SessionEvent, Transfer};
use serde_json::json;

use crate::idiom::until;
use crate::support::{block_on, client, count, simulator};

pub(super) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_transfer_that_was_dropped_leaves_its_session_to_the_others,
        the_answer_to_a_dropped_transfer_is_an_event,
        a_session_goes_on_when_its_client_is_dropped,
        the_last_session_that_is_dropped_closes_the_socket,
        closing_a_session_ends_the_transfer_that_is_under_way,
        a_thousand_transfers_share_one_socket_and_few_pings,
        events_that_nobody_takes_are_counted,
        the_path_of_a_callback_is_in_no_debug,
        a_callback_of_the_environment_that_cannot_be_makes_no_client,
    ]
}

fn transfer(number: usize) -> Transfer {
    Transfer::new(format!("interaction-{number}"), "genesys://user/agent-9")
}

fn interactions(count: usize) -> serde_json::Value {
    (0..count).map(|number| json!({ "id": format!("interaction-{number}") })).collect()
}

fn a_transfer_that_was_dropped_leaves_its_session_to_the_others() {
    let faults = json!([{ "on": "FRAME /", "stall_ms": 1 }]);
    let simulator = simulator(json!({ "interactions": interactions(2), "faults": faults }));
    block_on(async {
        let session = client(&simulator).connect().await.unwrap();
        let mut first = Box::pin(session.transfer(transfer(0)));
        until(&mut first, || simulator.state().frames.len() == 1).await;
        drop(first);
        assert_eq!(session.transfer(transfer(1)).await.unwrap().retries, 0);
    });
    assert_eq!(count(&simulator, "GET /api/v2/websocket"), 1);
}

fn the_answer_to_a_dropped_transfer_is_an_event() {
    let faults = json!([{ "on": "FRAME /", "hold_back": 1 }]);
    let simulator = simulator(json!({ "interactions": interactions(2), "faults": faults }));
    block_on(async {
        let session = client(&simulator).connect().await.unwrap();
        let mut events = session.events();
        let mut first = Box::pin(session.transfer(transfer(0).id("frame-1")));
        until(&mut first, || simulator.state().frames.len() == 1).await;
        drop(first);
        session.transfer(transfer(1)).await.unwrap();
        let Some(SessionEvent::Frame(frame)) = events.next().await else { panic!("no frame") };
        assert_eq!(frame["id"], "frame-1");
    });
}

fn a_session_goes_on_when_its_client_is_dropped() {
    let simulator = simulator(json!({ "faults": [{ "on": "FRAME /", "close": 1001 }] }));
    block_on(async {
        let client = client(&simulator);
        let session = client.connect().await.unwrap();
        drop(client);
        let outcome = session.transfer(Transfer::new("interaction-1", "genesys://user/agent-9")).await.unwrap();
        assert_eq!(outcome.retries, 1);
    });
}

fn the_last_session_that_is_dropped_closes_the_socket() {
    let simulator = simulator(json!({}));
    block_on(async {
        let session = client(&simulator).connect().await.unwrap();
        let mut events = session.events();
        let other = session.clone();
        drop(session);
        other.transfer(Transfer::new("interaction-1", "genesys://user/agent-9")).await.unwrap();
        drop(other);
        assert_eq!(events.next().await, Some(SessionEvent::Closed));
        assert_eq!(events.next().await, None);
    });
}

fn closing_a_session_ends_the_transfer_that_is_under_way() {
    let simulator = simulator(json!({ "faults": [{ "on": "FRAME /", "stall_ms": 1 }] }));
    block_on(async {
        let session = client(&simulator).connect().await.unwrap();
        let mut under_way = Box::pin(session.transfer(Transfer::new("interaction-1", "genesys://user/agent-9")));
        until(&mut under_way, || simulator.state().frames.len() == 1).await;
        session.close().await;
        assert!(matches!(under_way.await, Err(Error::Cancelled)));
        assert_eq!(session.events().next().await, Some(SessionEvent::Closed), "asked for when it was over");
    });
}

fn a_thousand_transfers_share_one_socket_and_few_pings() {
    let faults = json!([{ "on": "PING /", "nth": 100, "times": 1_000_000, "drop": "before" }]);
    let simulator = simulator(json!({ "interactions": interactions(1000), "faults": faults }));
    block_on(async {
        let session = crate::support::unhurried(&simulator).connect().await.unwrap();
        let outcomes = session.transfer_many((0..1000).map(transfer), 256).await.unwrap();
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_ok_and(|outcome| outcome.retries == 0)));
    });
    assert_eq!(count(&simulator, "GET /api/v2/websocket"), 1);
    assert!(simulator.state().interactions.iter().all(|interaction| interaction.transfers.len() == 1));
}

fn events_that_nobody_takes_are_counted() {
    let noise: Vec<_> = (0..300).map(|number| json!({ "topic": number })).collect();
    let simulator = simulator(json!({ "faults": [{ "on": "FRAME /", "noise": noise }] }));
    block_on(async {
        let session = client(&simulator).connect().await.unwrap();
        let mut events = session.events();
        session.transfer(Transfer::new("interaction-1", "genesys://user/agent-9")).await.unwrap();
        assert_eq!(events.next().await, Some(SessionEvent::Missed(44)));
        assert_eq!(events.next().await, Some(SessionEvent::Frame(json!({ "topic": 44 }))));
    });
}

fn the_path_of_a_callback_is_in_no_debug() {
    let callback = Callback::post("https://user:SECRET@media.example.com/SECRET?key=SECRET#SECRET");
    let text = format!("{:?}", transfer(0).media(Audio::opus(64)).callback(callback));
    assert!(text.contains("media.example.com") && !text.contains("SECRET"), "{text}");
}

fn a_callback_of_the_environment_that_cannot_be_makes_no_client() {
    let variables = [("GENESYS_CLIENT_ID", "id"), ("GENESYS_CLIENT_SECRET", "secret")];
    let variables = variables.into_iter().chain([("MEDIA_SERVER_WEBHOOK", "http://media.example.com/hook")]);
    let variables: HashMap<&str, &str> = variables.collect();
    let config = Config::from_variables(|name| variables.get(name).map(|value| (*value).to_owned())).unwrap();
    assert_eq!(Client::new(config).unwrap_err().facts().details["field"], "transfer_callback");
}
