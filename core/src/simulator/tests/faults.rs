//! Each fault does what it says.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::*;

async fn with(fault: Value) -> Caller {
    Caller::new(json!({ "faults": [fault] })).await
}

#[tokio::test]
async fn a_scripted_status_answers_and_does_nothing() {
    let caller = with(json!({ "on": "PUT /storage", "nth": 2, "status": 429, "retry_after": 2 })).await;
    let session = caller.initiate(TEXT.len()).await;
    assert_eq!(caller.put(&session, "0-7/19", &TEXT[..8]).await.status, 200);
    let limited = caller.put(&session, "8-15/19", &TEXT[8..16]).await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, "2"));
    assert_eq!(limited.json()["code"], "too.many.requests");
    assert_eq!(caller.last().body_bytes, 8, "the body was read");
    assert_eq!(caller.simulator.state().uploads[0].received, 8, "and not stored");
    assert_eq!(caller.put(&session, "8-15/19", &TEXT[8..16]).await.status, 200, "once only");
}

#[tokio::test]
async fn a_date_to_come_back_is_ahead_of_the_platforms_clock() {
    let caller = with(json!({ "on": "* /", "nth": 2, "status": 503, "retry_after_date": 90 })).await;
    caller.simulator.advance(Duration::from_secs(30)).unwrap();
    let answer = caller.api("/api/v2/files/uploads", json!({})).await;
    assert_eq!(answer.header("retry-after"), "Thu, 01 Jan 2026 00:02:00 GMT");
    assert_eq!(answer.header("date"), "Thu, 01 Jan 2026 00:00:30 GMT");
}

#[tokio::test]
async fn a_scripted_answer_carries_what_it_was_given() {
    let caller = Caller::new(json!({ "faults": [
        { "on": "GET /a", "status": 502, "text": "<html>", "headers": { "X-Genesys-Request-Id": "r", "date": "never" } },
        { "on": "GET /b", "status": 400, "body": { "message": "no" } },
    ] }))
    .await;
    let raw = caller.send(caller.request("GET", "/a")).await;
    assert_eq!((raw.status, raw.text.as_str()), (502, "<html>"));
    assert_eq!((raw.header("x-genesys-request-id"), raw.header("date")), ("r", "never"));
    assert_eq!(caller.send(caller.request("GET", "/b")).await.json(), json!({ "message": "no" }));
}

#[test]
fn a_dropped_connection_is_reset() {
    for (drop, body) in [("before", 0), ("during", 4), ("after", 8)] {
        let fault = json!({ "faults": [{ "on": "POST /", "drop": drop }] });
        let simulator = Simulator::start(serde_json::from_value(fault).unwrap()).unwrap();
        let mut stream = TcpStream::connect(simulator.url().trim_start_matches("http://")).unwrap();
        write!(stream, "POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\n0123").unwrap();
        if body == 8 {
            write!(stream, "4567").unwrap();
        }
        let end = stream.read(&mut [0; 64]).unwrap_err();
        assert_eq!(end.kind(), ErrorKind::ConnectionReset, "{drop}");
        let entry = simulator.journal().pop().unwrap();
        assert_eq!((entry.status, entry.body_bytes), (Outcome::Dropped, body), "{drop}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_one_to_a_request_that_was_carried_out() {
    let caller = with(json!({ "on": "PUT /storage", "drop": "after" })).await;
    let session = caller.initiate(TEXT.len()).await;
    let lost = caller.try_send(caller.range(&session, "0-7/19", &TEXT[..8])).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(caller.simulator.state().uploads[0].received, 8);
    caller.put_all(&session).await;
    assert_eq!(caller.complete(&session, sums_of_text()).await.status, 200);
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_connection_lost_before_or_during_the_body_stores_nothing() {
    for drop in ["before", "during"] {
        let caller = with(json!({ "on": "PUT /storage", "drop": drop })).await;
        let session = caller.initiate(TEXT.len()).await;
        assert!(caller.try_send(caller.range(&session, "0-7/19", &TEXT[..8])).await.is_err(), "{drop}");
        assert_eq!(caller.simulator.state().uploads[0].received, 0, "{drop}");
        assert_eq!(caller.put(&session, "0-7/19", &TEXT[..8]).await.status, 200, "{drop}");
    }
}

#[tokio::test]
async fn a_slow_answer_takes_its_time_and_is_complete() {
    let caller = with(json!({ "on": "GET /", "slow_ms": 40 })).await;
    let start = Instant::now();
    let answer = caller.send(caller.request("GET", "/nowhere")).await;
    assert!(start.elapsed() >= Duration::from_millis(40), "{:?}", start.elapsed());
    assert_eq!(answer.json()["code"], "not.found");
    assert_eq!(caller.simulator.slept(), [], "that is the platform's time, not the caller's");
}

#[tokio::test]
async fn a_stall_reaches_the_callers_deadline_and_only_that_once() {
    let caller = with(json!({ "on": "GET /", "stall_ms": 30_000 })).await;
    let clock = caller.simulator.clock();
    let (send, deadline) = (caller.send(caller.request("GET", "/a")), clock.deadline(Duration::from_secs(30)));
    tokio::select! {
        answer = send => panic!("expected silence, got {answer:?}"),
        () = deadline => {}
    }
    assert_eq!(clock.now(), Duration::from_secs(30));
    assert_eq!(caller.last().status, Outcome::Dropped);
    let (send, deadline) = (caller.send(caller.request("GET", "/a")), clock.deadline(Duration::from_secs(30)));
    tokio::select! {
        answer = send => assert_eq!(answer.status, 404),
        () = deadline => panic!("the silence is over"),
    }
}

#[tokio::test]
async fn a_flipped_bit_is_found_by_its_checksum_and_is_not_the_clients_mistake() {
    for keep_bytes in [true, false] {
        let fault = json!({ "on": "PUT /storage", "nth": 2, "flip_bit": true });
        let caller = Caller::new(json!({ "keep_bytes": keep_bytes, "faults": [fault] })).await;
        let session = caller.initiate(TEXT.len()).await;
        caller.put_all(&session).await;
        let answer = caller.complete(&session, sums_of_text()).await;
        assert_eq!((answer.status, answer.json()["details"][0]["fieldName"].as_str()), (400, Some("checksums[1]")));
        assert_eq!(caller.simulator.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_range_that_was_cut_goes_on_where_the_storage_stopped() {
    for keep_bytes in [true, false] {
        let fault = json!({ "on": "PUT /storage", "nth": 2, "store_bytes": 3 });
        let caller = Caller::new(json!({ "keep_bytes": keep_bytes, "faults": [fault] })).await;
        let session = caller.initiate(TEXT.len()).await;
        caller.put(&session, "0-7/19", &TEXT[..8]).await;
        let cut = caller.put(&session, "8-15/19", &TEXT[8..16]).await;
        assert_eq!((cut.status, cut.header("range")), (308, "bytes=0-10"));
        assert_eq!(caller.put(&session, "11-15/19", &TEXT[11..16]).await.status, 200);
        caller.put(&session, "16-18/19", &TEXT[16..]).await;
        assert_eq!(caller.complete(&session, sums_of_text()).await.status, 200, "keep_bytes: {keep_bytes}");
    }
}

#[tokio::test]
async fn a_storage_that_kept_nothing_names_no_range() {
    let caller = with(json!({ "on": "PUT /storage", "store_bytes": 0 })).await;
    let session = caller.initiate(TEXT.len()).await;
    let cut = caller.put(&session, "0-7/19", &TEXT[..8]).await;
    assert_eq!((cut.status, cut.header("range")), (308, ""));
    caller.put_all(&session).await;
    assert_eq!(caller.complete(&session, sums_of_text()).await.status, 200);
}

#[tokio::test]
async fn an_expired_url_stays_expired_and_a_new_upload_helps() {
    let caller = with(json!({ "on": "PUT /storage", "nth": 2, "expire_url": true })).await;
    let session = caller.initiate(TEXT.len()).await;
    caller.put(&session, "0-7/19", &TEXT[..8]).await;
    for _ in 0..2 {
        let answer = caller.put(&session, "8-15/19", &TEXT[8..16]).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text.contains("Request has expired"), "{answer:?}");
    }
    let again = caller.initiate(TEXT.len()).await;
    caller.put_all(&again).await;
    assert_eq!(caller.complete(&again, sums_of_text()).await.status, 200);
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_forgotten_token_is_refused_until_there_is_a_new_one() {
    let mut caller = with(json!({ "on": "POST /api", "expire_token": true })).await;
    for _ in 0..2 {
        let answer = caller.api("/api/v2/files/uploads", json!({})).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
    }
    let token = caller.ask_token("grant_type=client_credentials").await.json();
    caller.token = token["access_token"].as_str().unwrap().to_owned();
    caller.initiate(1).await;
    assert_eq!(caller.simulator.state().tokens_issued, 2);
}

#[tokio::test]
async fn an_edited_answer_is_one_to_a_request_that_was_carried_out() {
    let caller = with(json!({ "on": "POST /api", "edit": { "chunkSize": 0, "maxChunks": null } })).await;
    let wish = json!({ "fileName": "a", "contentType": "text/plain", "totalSize": 1 });
    let session = caller.api("/api/v2/files/uploads", wish).await.json();
    assert_eq!((&session["chunkSize"], session.get("maxChunks")), (&json!(0), None));
    assert_eq!(session["uploadId"], "upload-1");
    assert_eq!(caller.simulator.state().uploads.len(), 1);
}

#[tokio::test]
async fn a_fault_that_is_added_later_counts_from_then_on() {
    let caller = Caller::new(json!({})).await;
    let fault = json!({ "on": "POST /api", "status": 500 });
    caller.simulator.add_fault(serde_json::from_value(fault).unwrap()).unwrap();
    assert_eq!(caller.api("/api/v2/files/uploads", json!({})).await.status, 500);
    let wrong = serde_json::from_value(json!({ "on": "POST /api" })).unwrap();
    assert!(caller.simulator.add_fault(wrong).unwrap_err().to_string().starts_with("invalid fault.effect:"));
}
