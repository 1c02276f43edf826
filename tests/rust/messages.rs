//! Messages by the thousand: each is there once whatever goes wrong, and whoever waits for them asks together.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use libtest_mimic::Trial;
use porteur::simulator::Simulator;
use porteur::{Client, Config, Delivery, Error, Message, SentMessage};
use serde_json::{Value, json};

use crate::support::{Random, block_on, count, requests, simulator, unhurried, unhurried_pace};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        no_message_is_missing_or_there_twice_after_a_storm_of_lost_answers_and_connections,
        a_thousand_who_wait_for_one_conversation_share_its_questions,
    ]
}

/// [`SENDS`] messages, or as many as [`SENDS_VARIABLE`] says, to [`CONVERSATIONS`] conversations.
fn no_message_is_missing_or_there_twice_after_a_storm_of_lost_answers_and_connections() {
    let sends = std::env::var(SENDS_VARIABLE).map_or(SENDS, |sends| sends.parse().expect("a number of sends"));
    let begun = Instant::now();
    let conversations: Vec<Value> = (0..CONVERSATIONS).map(|n| json!({ "id": conversation(n) })).collect();
    let simulator = simulator(json!({ "conversations": conversations, "faults": faults(sends) }));
    // With two attempts some messages stay unconfirmed, and the caller has to send them again.
    let client = Client::new(Config::simulated(&simulator).pace(unhurried_pace().attempts(2))).unwrap();
    let mut left: Vec<(usize, Message)> = (0..sends).map(|n| (n, message(n))).collect();
    let mut confirmed = BTreeMap::new();
    let mut unconfirmed = 0;
    block_on(async {
        while !left.is_empty() {
            let wishes = left.iter().map(|(n, message)| (conversation(*n), message.clone()));
            let outcomes = client.send_many(wishes, IN_FLIGHT).await.unwrap();
            let mut again = Vec::new();
            for ((n, message), outcome) in left.into_iter().zip(outcomes) {
                match outcome {
                    Ok(sent) => assert_eq!(confirmed.insert(n, sent.id), None),
                    Err(Error::Unconfirmed { client_id, .. }) => again.push((n, message.client_id(client_id))),
                    Err(other) => panic!("message {n}: {other:?} is no answer to a lost connection"),
                }
            }
            unconfirmed += again.len();
            left = again;
        }
    });
    let (there, messages) = taken(&simulator);
    let (missing, duplicates) = (sends - there.len(), messages - there.len());
    let lost = requests(&simulator).iter().filter(|request| request.ends_with(" dropped")).count();
    println!(
        "{sends} sends, {lost} lost on the way, {unconfirmed} unconfirmed and sent again: {duplicates} duplicates, \
         {missing} missing, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    assert_eq!((missing, duplicates), (0, 0));
    assert_eq!(there, confirmed, "the ids that were told are those of these messages");
    assert!(lost > sends / 10 && unconfirmed > 0, "a storm that nobody notices is none");
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

/// A tenth of the requests lose their answer, a twentieth their connection before they are read.
fn faults(sends: usize) -> Vec<Value> {
    let mut random = Random(SEED);
    let fault = |nth: usize| {
        let at = match random.below(100) {
            0..10 => "after",
            10..15 => "before",
            _ => return None,
        };
        Some(json!({ "on": "POST /api/v2/conversations/", "nth": nth, "drop": at }))
    };
    // More requests than sends, since those that are lost are made again.
    (1..=sends * 3 / 2).filter_map(fault).collect()
}

fn conversation(n: usize) -> String {
    format!("conversation-{}", n % CONVERSATIONS)
}

fn message(n: usize) -> Message {
    let message = Message::text(n.to_string()).sender("agent@example.com").to("customer@example.com");
    message.allow_unlisted_sender(true)
}

/// The number in each message and the platform's id of it, and how many messages there are.
fn taken(simulator: &Simulator) -> (BTreeMap<usize, String>, usize) {
    let state = simulator.state();
    let mut there = BTreeMap::new();
    let (mut messages, mut client_ids) = (0, BTreeSet::new());
    for conversation in state.conversations {
        for message in conversation.messages {
            let n: usize = message.content.as_str().and_then(|text| text.parse().ok()).expect("a number");
            assert_eq!(conversation.id, self::conversation(n));
            assert!(client_ids.insert(message.client_id), "a deduplication id is there twice");
            messages += 1;
            there.insert(n, message.id);
        }
    }
    (there, messages)
}

fn a_thousand_who_wait_for_one_conversation_share_its_questions() {
    let simulator = simulator(json!({ "deliveries": [{ "after_polls": 3 }] }));
    let client = unhurried(&simulator);
    let delivery = Delivery::default();
    let receipts = block_on(async {
        let sent = sent(&client, 1000).await;
        assert_eq!(count(&simulator, READ), 1, "one look for the rules");
        join_all(sent.iter().map(|sent| client.await_delivery(sent, &delivery))).await
    });
    assert_eq!(receipts.len(), 1000);
    for receipt in receipts {
        assert_eq!(receipt.unwrap().elapsed, Duration::from_secs(8));
    }
    assert_eq!(count(&simulator, READ), 1 + 4, "three questions find it queued, and the fourth delivered");
    assert_eq!(simulator.slept(), [Duration::from_secs(2); 4]);
}

/// So many messages to the simulator's own conversation.
async fn sent(client: &Client, messages: usize) -> Vec<SentMessage> {
    let wishes = (0..messages).map(|n| ("conversation-1".to_owned(), message(n)));
    client.send_many(wishes, IN_FLIGHT).await.unwrap().into_iter().collect::<Result<_, _>>().unwrap()
}

const SENDS: usize = 1000;
/// For the figure: 10,000 take a few seconds more.
const SENDS_VARIABLE: &str = "PORTEUR_STORM_SENDS";
const CONVERSATIONS: usize = 100;
const IN_FLIGHT: usize = 64;
const SEED: u64 = 4;
const READ: &str = "GET /api/v2/conversations/conversation-1";
