//! Sends, waits and pages that are dropped, a client that closes, and two clients that keep one audit log.

use std::path::Path;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, TryStreamExt as _};
use libtest_mimic::Trial;
use porteur::simulator::Simulator;
use porteur::{Audit, AuditEntry, Client, Config, Delivery, Error, History, Message, verify_audit};
use serde_json::{Value, json};

use super::{polled, settled, still, until};
use crate::support::{block_on, client, count, fault, requests, simulator};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_dropped_send_is_sent_again_as_the_same_message,
        a_dropped_batch_sends_no_more,
        a_message_that_takes_long_holds_no_other_up,
        a_dropped_wait_asks_no_more,
        whoever_asked_first_may_go_away_and_the_others_have_their_answer,
        a_dropped_history_reads_no_more_pages,
        a_history_is_not_read_before_somebody_asks,
        nothing_follows_the_error_of_a_history,
        closing_a_client_ends_the_send_that_is_under_way_and_its_log_tells_of_it,
        closing_a_client_ends_the_wait_and_the_history_that_are_under_way,
        a_full_batch_leaves_by_itself,
        a_log_that_is_full_keeps_its_callers_waiting_until_there_is_room,
        two_clients_on_one_log_have_chains_of_their_own,
        a_second_client_takes_over_what_the_first_could_not_post,
        neither_client_nor_message_nor_audit_shows_a_secret,
    ]
}

fn a_dropped_send_is_sent_again_as_the_same_message() {
    let simulator = simulator(json!({}));
    // The answer takes its time: the message is there when the caller goes away.
    simulator.add_fault(fault(json!({ "on": SEND, "slow_ms": 60_000 }))).unwrap();
    let client = client(&simulator);
    block_on(async {
        let mut first = Box::pin(client.send(CONVERSATION, message("hello").client_id("order-17")));
        until(&mut first, || messages(&simulator) == 1).await;
        drop(first);
        let sent = client.send(CONVERSATION, message("hello").client_id("order-17")).await.unwrap();
        assert_eq!(sent.id, "sent-1");
    });
    assert_eq!(messages(&simulator), 1);
    assert_eq!(count(&simulator, SEND), 2);
}

fn a_dropped_batch_sends_no_more() {
    let simulator = simulator(json!({ "faults": [{ "on": SEND, "nth": 3, "stall_ms": 1 }] }));
    let client = client(&simulator);
    block_on(async {
        let wishes = (0..10).map(|n| (CONVERSATION.to_owned(), message(&n.to_string())));
        let mut batch = Box::pin(client.send_many(wishes, 1));
        until(&mut batch, || count(&simulator, SEND) == 3).await;
        drop(batch);
        still(&mut std::future::pending::<()>()).await;
    });
    assert_eq!(count(&simulator, SEND), 3);
    assert_eq!(messages(&simulator), 2);
}

fn a_message_that_takes_long_holds_no_other_up() {
    let simulator = simulator(json!({ "faults": [{ "on": SEND, "stall_ms": 1 }] }));
    let client = client(&simulator);
    block_on(async {
        let wishes = (0..10).map(|n| (CONVERSATION.to_owned(), message(&n.to_string())));
        let mut batch = Box::pin(client.send_many(wishes, 2));
        // One of the first two is never answered; the others leave past it.
        until(&mut batch, || messages(&simulator) == 9).await;
    });
}

fn a_dropped_wait_asks_no_more() {
    let simulator = simulator(json!({ "faults": [{ "on": READ, "nth": 2, "stall_ms": 1 }] }));
    let client = client(&simulator);
    block_on(async {
        let sent = client.send(CONVERSATION, message("hello")).await.unwrap();
        let delivery = Delivery::default();
        let mut waiting = Box::pin(client.await_delivery(&sent, &delivery));
        until(&mut waiting, || count(&simulator, READ) == 2).await;
        drop(waiting);
        still(&mut std::future::pending::<()>()).await;
        assert_eq!(count(&simulator, READ), 2);
        // The question that nobody waits for any more is not in the way of a new one.
        assert_eq!(client.await_delivery(&sent, &delivery).await.unwrap().status, "delivered");
    });
}

fn whoever_asked_first_may_go_away_and_the_others_have_their_answer() {
    let simulator = simulator(json!({ "deliveries": [{ "after_polls": 0 }] }));
    simulator.add_fault(fault(json!({ "on": READ, "nth": 2, "slow_ms": 50 }))).unwrap();
    let client = client(&simulator);
    block_on(async {
        let sent = client.send(CONVERSATION, message("hello")).await.unwrap();
        let delivery = Delivery::default();
        let mut first = Box::pin(client.await_delivery(&sent, &delivery));
        until(&mut first, || count(&simulator, READ) == 2).await;
        let mut second = Box::pin(client.await_delivery(&sent, &delivery));
        assert!(polled(&mut second).await.is_pending());
        drop(first);
        assert_eq!(second.await.unwrap().status, "delivered");
    });
    assert_eq!(count(&simulator, READ), 2, "{:#?}", requests(&simulator));
}

fn a_dropped_history_reads_no_more_pages() {
    let simulator = with_history(100);
    let client = client(&simulator);
    block_on(async {
        let mut history = client.history(CONVERSATION, History::default().page_size(10));
        for n in 1..=11 {
            assert_eq!(history.try_next().await.unwrap().unwrap().id, format!("older-{n}"));
        }
        drop(history);
        still(&mut std::future::pending::<()>()).await;
    });
    assert_eq!(count(&simulator, HISTORY), 2);
}

fn a_history_is_not_read_before_somebody_asks() {
    let simulator = with_history(1);
    let client = client(&simulator);
    block_on(async {
        let _history = client.history(CONVERSATION, History::default());
        still(&mut std::future::pending::<()>()).await;
    });
    assert_eq!(requests(&simulator), Vec::<String>::new());
}

fn nothing_follows_the_error_of_a_history() {
    let simulator = with_history(20);
    simulator.add_fault(fault(json!({ "on": HISTORY, "nth": 2, "status": 403 }))).unwrap();
    let client = client(&simulator);
    let outcomes: Vec<_> = block_on(client.history(CONVERSATION, History::default().page_size(10)).collect::<Vec<_>>());
    assert_eq!(outcomes.len(), 11);
    assert!(outcomes[..10].iter().all(Result::is_ok));
    assert!(matches!(outcomes[10], Err(Error::PermissionDenied { .. })), "{:?}", outcomes[10]);
    assert_eq!(count(&simulator, HISTORY), 2);
}

fn closing_a_client_ends_the_send_that_is_under_way_and_its_log_tells_of_it() {
    let simulator = simulator(json!({ "faults": [{ "on": SEND, "stall_ms": 1 }] }));
    let folder = tempfile::tempdir().unwrap();
    let client = audited(&simulator, &folder.path().join("audit.log"), |audit| audit);
    block_on(async {
        let mut send = Box::pin(client.send(CONVERSATION, message("hello").client_id("order-17")));
        until(&mut send, || count(&simulator, SEND) == 1).await;
        client.clone().close().await;
        assert!(matches!(send.await, Err(Error::Cancelled)));
    });
    let audit = simulator.state().audit;
    assert_eq!(audit.len(), 1, "what became of it nobody knows: {audit:#?}");
    assert_eq!((&audit[0]["status"], &audit[0]["client_id"]), (&json!("sending"), &json!("order-17")));
}

fn closing_a_client_ends_the_wait_and_the_history_that_are_under_way() {
    let simulator = simulator(json!({ "faults": [{ "on": "GET /api/v2/", "nth": 2, "times": 2, "stall_ms": 1 }] }));
    let client = client(&simulator);
    block_on(async {
        let sent = client.send(CONVERSATION, message("hello")).await.unwrap();
        let delivery = Delivery::default();
        let mut waiting = Box::pin(client.await_delivery(&sent, &delivery));
        until(&mut waiting, || count(&simulator, READ) == 2).await;
        let mut history = client.history(CONVERSATION, History::default());
        let mut page = Box::pin(history.next());
        until(&mut page, || count(&simulator, HISTORY) == 1).await;
        client.close().await;
        assert!(matches!(waiting.await, Err(Error::Cancelled)));
        assert!(matches!(page.await, Some(Err(Error::Cancelled))));
        assert!(history.next().await.is_none(), "nothing follows");
    });
}

fn a_full_batch_leaves_by_itself() {
    let simulator = simulator(json!({}));
    let folder = tempfile::tempdir().unwrap();
    let client = audited(&simulator, &folder.path().join("audit.log"), |audit| audit);
    block_on(async {
        for n in 0..49 {
            client.record(AuditEntry::new("note").field("n", n)).await.unwrap();
        }
        still(&mut std::future::pending::<()>()).await;
        assert_eq!(requests(&simulator), Vec::<String>::new(), "a batch has fifty");
        client.record(AuditEntry::new("note").field("n", 49)).await.unwrap();
        settled(|| simulator.state().audit.len() == 50).await;
    });
    assert_eq!(requests(&simulator), ["POST /audit 200"]);
}

fn a_log_that_is_full_keeps_its_callers_waiting_until_there_is_room() {
    let simulator = simulator(json!({ "faults": [{ "on": "POST /audit", "stall_ms": 1 }] }));
    let folder = tempfile::tempdir().unwrap();
    let client = audited(&simulator, &folder.path().join("audit.log"), |audit| audit.limit_bytes(300));
    block_on(async {
        client.record(AuditEntry::new("note").field("n", 1)).await.unwrap();
        // It makes room by itself, and the endpoint is silent.
        let mut second = Box::pin(client.record(AuditEntry::new("note").field("n", 2)));
        until(&mut second, || count(&simulator, "POST /audit") == 1).await;
        still(&mut second).await;
        drop(second);
        // The endpoint is back, and an entry whose caller went away is not in the log.
        let receipt = client.record(AuditEntry::new("note").field("n", 3)).await.unwrap();
        assert_eq!(receipt.sequence, 2);
        client.close().await;
    });
    assert_eq!(numbers(&simulator), [json!(1), json!(3)]);
}

fn two_clients_on_one_log_have_chains_of_their_own() {
    let simulator = simulator(json!({}));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.log");
    let clients = [audited(&simulator, &file, |audit| audit), audited(&simulator, &file, |audit| audit)];
    block_on(async {
        for n in 0..10 {
            for client in &clients {
                client.record(AuditEntry::new("note").field("n", n)).await.unwrap();
            }
        }
        join_all(clients.iter().map(Client::close)).await;
    });
    let report = verify_audit(&file, SECRET).unwrap();
    assert!(report.is_intact() && !report.torn, "{report:#?}");
    assert_eq!((report.logs, report.entries, report.signed), (2, 20, 20));
    let sequences: Vec<Value> = simulator.state().audit.iter().map(|entry| entry["sequence"].clone()).collect();
    let expected: Vec<Value> = (1..=10).flat_map(|n| [json!(n), json!(n)]).collect();
    assert_eq!(sequences, expected, "posted in the order of the file");
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

fn a_second_client_takes_over_what_the_first_could_not_post() {
    let simulator = simulator(json!({ "faults": [{ "on": "POST /audit", "times": 4, "status": 503 }] }));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.log");
    block_on(async {
        let first = audited(&simulator, &file, |audit| audit);
        first.record(AuditEntry::new("note").field("n", 1)).await.unwrap();
        assert!(matches!(first.flush_audit().await, Err(Error::Unavailable { .. })));
        // Without closing, which would try again.
        drop(first);
        let second = audited(&simulator, &file, |audit| audit);
        second.record(AuditEntry::new("note").field("n", 2)).await.unwrap();
        second.close().await;
    });
    assert_eq!(numbers(&simulator), [json!(1), json!(2)]);
    let report = verify_audit(&file, SECRET).unwrap();
    assert_eq!((report.is_intact(), report.logs, report.signed), (true, 2, 2));
}

/// The member `n` of each entry that was posted.
fn numbers(simulator: &Simulator) -> Vec<Value> {
    simulator.state().audit.iter().map(|entry| entry["n"].clone()).collect()
}

fn neither_client_nor_message_nor_audit_shows_a_secret() {
    let simulator = simulator(json!({}));
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::file(folder.path().join("audit.log"), SECRET);
    let config = Config::simulated(&simulator).audit(audit.clone());
    let client = Client::new(config.clone()).unwrap();
    let shown = format!("{audit:#?} {audit:?} {config:?} {client:#?} {client:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    assert!(shown.contains("audit.log"), "what is no secret is shown");
}

fn message(text: &str) -> Message {
    Message::text(text).sender("agent@example.com").to("customer@example.com")
}

/// How many messages the platform has.
fn messages(simulator: &Simulator) -> usize {
    simulator.state().conversations.iter().map(|conversation| conversation.messages.len()).sum()
}

fn with_history(messages: u32) -> Simulator {
    simulator(json!({ "conversations": [{ "id": CONVERSATION, "history": messages }] }))
}

/// A client that keeps an audit log in `file`.
fn audited(simulator: &Simulator, file: &Path, with: impl Fn(Audit) -> Audit) -> Client {
    let audit = Audit::file(file, SECRET).endpoint(format!("{}/audit", simulator.url()));
    Client::new(Config::simulated(simulator).audit(with(audit))).unwrap()
}

const CONVERSATION: &str = "conversation-1";
const SEND: &str = "POST /api/v2/conversations/conversation-1/messages";
const READ: &str = "GET /api/v2/conversations/conversation-1";
const HISTORY: &str = "GET /api/v2/conversations/messages";
/// What the simulator takes by default.
const SECRET: &str = "simulator-audit-secret";
