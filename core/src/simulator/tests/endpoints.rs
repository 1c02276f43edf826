//! What the platform does for who keeps to the contract.

use super::*;

#[tokio::test]
async fn a_file_sent_in_ranges_is_stored_as_it_was_sent() {
    for keep_bytes in [true, false] {
        let caller = Caller::new(json!({ "keep_bytes": keep_bytes })).await;
        let session = caller.initiate(TEXT.len()).await;
        caller.put_all(&session).await;
        let done = caller.complete(&session, sums_of_text()).await;
        assert_eq!(done.json(), json!({ "fileId": "file-1", "name": "notes.txt" }));
        let stored = caller.simulator.file("file-1").unwrap();
        assert_eq!(stored.bytes.as_deref(), keep_bytes.then_some(TEXT));
        assert_eq!(stored.about.sha256, keep_bytes.then(|| sha256_hex(TEXT)));
        assert_eq!(caller.simulator.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_file_that_is_not_kept_is_checked_chunk_by_chunk_all_the_same() {
    let bytes: Vec<u8> = (0..=255).collect();
    for (flipped, status) in [(None, 200), (Some(2), 400), (Some(40), 400)] {
        let faults = flipped.map(|nth| json!({ "on": "PUT /storage", "nth": nth, "flip_bit": true }));
        let faults: Vec<Value> = faults.into_iter().collect();
        let caller = Caller::new(json!({ "keep_bytes": false, "chunk_size": 6, "faults": faults })).await;
        let session = caller.initiate(bytes.len()).await;
        for (index, chunk) in bytes.chunks(6).enumerate() {
            let start = index * 6;
            let range = format!("{start}-{}/{}", start + chunk.len() - 1, bytes.len());
            assert_eq!(caller.put(&session, &range, chunk).await.status, 200);
        }
        let sums = json!(checksums(&bytes.chunks(6).collect::<Vec<_>>()));
        assert_eq!(caller.complete(&session, sums).await.status, status, "{flipped:?}");
    }
}

#[tokio::test]
async fn an_empty_file_is_one_empty_chunk() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(0).await;
    assert_eq!(caller.complete(&session, json!([])).await.status, 400, "the chunk is missing");
    assert_eq!(caller.put(&session, "*/0", b"").await.status, 200);
    assert_eq!(caller.complete(&session, json!(checksums(&[b""]))).await.status, 200);
    assert_eq!(caller.simulator.file("file-1").unwrap().bytes.unwrap().len(), 0);
}

#[tokio::test]
async fn a_range_is_stored_once_however_often_it_is_repeated() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    assert_eq!(caller.put(&session, "0-7/19", &TEXT[..8]).await.status, 200);
    caller.put_all(&session).await;
    assert_eq!(caller.complete(&session, sums_of_text()).await.status, 200);
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn parts_come_in_any_order_and_the_last_one_of_a_number_counts() {
    for keep_bytes in [true, false] {
        let caller = Caller::new(json!({ "multipart": true, "keep_bytes": keep_bytes })).await;
        let session = caller.initiate(TEXT.len()).await;
        assert!(session.part_urls.iter().all(|url| url.contains("X-Amz-Signature=")), "{:?}", session.part_urls);
        let mut parts = vec![json!(null); 3];
        for (index, body) in [(2, "XYZ"), (0, "wrong..."), (1, "89abcdef"), (0, "01234567")] {
            let answer = caller.send(caller.http.put(&session.part_urls[index]).body(body)).await;
            parts[index] = json!({ "partNumber": index + 1, "etag": answer.header("etag") });
        }
        let path = format!("/api/v2/files/uploads/{}/complete", session.id);
        let body = json!({ "checksums": sums_of_text(), "contentType": "text/plain", "parts": parts });
        let done = caller.api(&path, body).await;
        assert_eq!(done.status, 200, "{done:?}");
        assert_eq!(caller.simulator.file("file-1").unwrap().bytes.as_deref(), keep_bytes.then_some(TEXT));
    }
}

#[tokio::test]
async fn a_resumable_storage_says_how_far_it_got_until_all_is_there() {
    let caller = Caller::new(json!({ "store_status": 308 })).await;
    let session = caller.initiate(TEXT.len()).await;
    let first = caller.put(&session, "0-7/19", &TEXT[..8]).await;
    assert_eq!((first.status, first.header("range"), first.header("location")), (308, "bytes=0-7", ""));
    caller.put(&session, "8-15/19", &TEXT[8..16]).await;
    assert_eq!(caller.put(&session, "16-18/19", &TEXT[16..]).await.status, 200);
}

#[tokio::test]
async fn completing_twice_with_the_same_content_gives_the_same_answer() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    caller.put_all(&session).await;
    let first = caller.complete(&session, sums_of_text()).await;
    assert_eq!(caller.complete(&session, sums_of_text()).await.text, first.text);
    assert_eq!(caller.simulator.state().files.len(), 1);
}

#[tokio::test]
async fn a_file_above_the_limit_is_too_large() {
    let caller = Caller::new(json!({ "max_total_size": 18 })).await;
    let wish = json!({ "fileName": "a", "contentType": "text/plain", "totalSize": 19 });
    let answer = caller.api("/api/v2/files/uploads", wish).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["details"][0]["fieldName"], "totalSize");
}

#[tokio::test]
async fn an_upload_url_lives_as_long_as_it_says() {
    let caller = Caller::new(json!({ "url_life_s": 60 })).await;
    let session = caller.initiate(TEXT.len()).await;
    caller.simulator.advance(std::time::Duration::from_secs(59)).unwrap();
    assert_eq!(caller.put(&session, "0-7/19", &TEXT[..8]).await.status, 200);
    caller.simulator.advance(std::time::Duration::from_secs(1)).unwrap();
    let late = caller.put(&session, "8-15/19", &TEXT[8..16]).await;
    assert_eq!(late.status, 403);
    assert!(late.text.contains("<Message>Request has expired</Message>"), "{late:?}");
    let state = serde_json::to_value(caller.simulator.state()).unwrap();
    assert_eq!(state["uploads"], json!([{ "id": "upload-1", "status": "expired", "received": 8 }]));
}

#[tokio::test]
async fn a_token_lives_as_long_as_it_says() {
    let caller = Caller::new(json!({ "token_life_s": 60 })).await;
    caller.initiate(1).await;
    caller.simulator.advance(std::time::Duration::from_secs(60)).unwrap();
    let late = caller.api("/api/v2/files/uploads", json!({})).await;
    assert_eq!((late.status, late.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
}

#[tokio::test]
async fn a_call_that_needs_a_scope_that_was_not_granted_is_forbidden() {
    let caller = Caller::new(json!({ "scopes": ["messaging:guest"] })).await;
    let refused = caller.api("/api/v2/files/uploads", json!({})).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("files:upload"), "{refused:?}");
    caller.guest().await;
}

#[tokio::test]
async fn a_wrong_secret_is_refused_in_the_words_of_oauth() {
    let caller = Caller::new(json!({})).await;
    let request = caller.request("POST", "/oauth/token").basic_auth("simulator", Some("guess"));
    let form = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body("grant_type=client_credentials");
    let answer = caller.send(form).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")));
}

#[tokio::test]
async fn credentials_are_form_decoded_before_they_are_compared() {
    let caller = Caller::new(json!({ "client_id": "a:b", "client_secret": "c d&e" })).await;
    assert_eq!(caller.token, "", "another client");
    let request = caller.request("POST", "/oauth/token").basic_auth("a%3Ab", Some("c+d%26e"));
    let form = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body("grant_type=client_credentials");
    assert_eq!(caller.send(form).await.status, 200);
}

#[tokio::test]
async fn a_guest_writes_with_an_uploaded_file() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    caller.put_all(&session).await;
    caller.complete(&session, sums_of_text()).await;
    let (guest, token) = caller.guest().await;
    assert_eq!(caller.message(&token, &guest, "file-1").await.json(), json!({ "id": "message-1" }));
    assert_eq!(caller.last().headers["authorization"], "guest");
    assert_eq!(caller.message(&caller.token, &guest, "file-1").await.status, 201, "the client may write for a guest");
    let unknown = caller.message(&token, &guest, "file-2").await;
    assert_eq!((unknown.status, unknown.json()["details"][0]["fieldName"].as_str()), (400, Some("attachments[0].id")));
    let state = serde_json::to_value(caller.simulator.state()).unwrap();
    assert_eq!(state["guests"], json!([{ "id": "guest-1", "language": "en", "metadata": { "source": "web" } }]));
    assert_eq!(
        state["messages"][0],
        json!({ "id": "message-1", "guest_id": "guest-1", "to": ["queue"], "text": "hi",
                "attachments": [{ "id": "file-1", "name": "a" }] })
    );
    let file = json!({ "id": "file-1", "name": "notes.txt", "content_type": "text/plain", "size": 19,
                       "sha256": sha256_hex(TEXT), "chunks": 3 });
    assert_eq!(state["files"], json!([file]));
    assert_eq!((&state["tokens_issued"], &state["token_requests"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn the_journal_tells_what_was_asked_and_keeps_no_token_or_signature() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    caller.put(&session, "0-7/19", &TEXT[..8]).await;
    let journal = serde_json::to_value(caller.simulator.journal()).unwrap();
    let put = json!({ "number": 3, "method": "PUT", "path": "/storage/upload-1", "status": 200, "body_bytes": 8, "at_ms": 0,
        "headers": { "authorization": "none", "content-length": "8", "content-range": "bytes 0-7/19",
                     "content-type": "text/plain" } });
    assert_eq!(journal[2], put);
    assert_eq!(journal[0]["headers"]["authorization"], "basic");
    assert_eq!(journal[1]["headers"]["authorization"], "client");
    let text = journal.to_string();
    assert!(!text.contains(&caller.token) && !text.contains("signature"), "{text}");
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let caller = Caller::new(json!({})).await;
    let answer = caller.send(caller.request("GET", "/nowhere")).await;
    assert_eq!((answer.status, answer.header("inin-correlation-id")), (404, "simulator-2"));
    assert_eq!(answer.json()["contextId"], "simulator-2");
    assert_eq!(answer.header("date"), "Thu, 01 Jan 2026 00:00:00 GMT");
    assert_eq!(caller.send(caller.request("GET", "/oauth/token")).await.status, 405);
}

#[test]
fn a_platform_starts_without_a_runtime_and_frees_its_port_when_it_stops() {
    let simulator = Simulator::start(Default::default()).unwrap();
    let port = simulator.url().rsplit(':').next().unwrap().parse().unwrap();
    let settings = crate::simulator::SimulatorSettings { port, ..Default::default() };
    let taken = Simulator::start(settings.clone()).unwrap_err().to_string();
    assert!(taken.starts_with(&format!("invalid port: {port} is not available")), "{taken}");
    simulator.stop();
    Simulator::start(settings).unwrap();
}
