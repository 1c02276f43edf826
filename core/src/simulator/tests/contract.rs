//! Every breach of the contract is refused and noted.

use super::*;

#[tokio::test]
async fn a_range_that_is_not_due_is_a_breach() {
    for (range, body) in [
        ("8-15/19", "89abcdef"),
        ("0-3/19", "0123"),
        ("0-15/19", "0123456789abcdef"),
        ("0-7/20", "01234567"),
        ("0-7/19", "0123"),
        ("*/0", ""),
        ("0-7", "01234567"),
    ] {
        let caller = Caller::new(json!({})).await;
        let session = caller.initiate(TEXT.len()).await;
        assert_eq!(caller.put(&session, range, body.as_bytes()).await.status, 400, "{range}");
        let breach = caller.breach();
        assert!(breach.starts_with("request 3, PUT /storage/upload-1: sent ") && breach.contains(range), "{breach}");
        assert_eq!(caller.simulator.state().uploads[0].received, 0);
    }
}

#[tokio::test]
async fn a_chunk_without_its_headers_is_a_breach() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    let bare = || caller.http.put(&session.url);
    caller.send(bare().header(CONTENT_RANGE, "bytes 0-7/19").body("01234567")).await;
    caller.send(bare().header(CONTENT_TYPE, "text/plain").body("01234567")).await;
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("01234567")]));
    let request = bare().header(CONTENT_TYPE, "text/plain").header(CONTENT_RANGE, "bytes 0-7/19").body(chunked);
    assert_eq!(caller.send(request).await.status, 411);
    let expected = [
        "request 3, PUT /storage/upload-1: sent content type none, declared was text/plain",
        "request 4, PUT /storage/upload-1: sent a chunk without Content-Range",
        "request 5, PUT /storage/upload-1: sent a chunk without Content-Length",
    ];
    assert_eq!(caller.simulator.violations(), expected);
}

#[tokio::test]
async fn a_bearer_token_does_not_belong_to_the_storage() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    let request =
        caller.range(&session, "0-7/19", &TEXT[..8]).header(AUTHORIZATION, format!("Bearer {}", caller.token));
    assert_eq!(caller.send(request).await.status, 400);
    assert!(caller.breach().ends_with("sent an Authorization header to the storage"));
    assert_eq!(caller.last().headers["authorization"], "client");
}

#[tokio::test]
async fn a_url_that_was_changed_is_not_ours() {
    let caller = Caller::new(json!({})).await;
    let mut session = caller.initiate(TEXT.len()).await;
    session.url = session.url.replace("expires=", "expires=9");
    let answer = caller.put(&session, "0-7/19", &TEXT[..8]).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text.contains("SignatureDoesNotMatch"), "{answer:?}");
    assert!(caller.breach().ends_with("whose signature is not ours"));
}

#[tokio::test]
async fn a_wrong_checksum_names_its_chunk_counted_from_zero() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    caller.put_all(&session).await;
    let mut sums = sums_of_text();
    sums[2] = sums[0].clone();
    let answer = caller.complete(&session, sums).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["message"], "the checksums do not match what is stored for chunks 2");
    assert_eq!(answer.json()["details"], json!([{ "errorCode": "checksum.mismatch", "fieldName": "checksums[2]" }]));
    assert!(caller.breach().contains("wrong for chunks 2"));
}

#[tokio::test]
async fn an_upload_that_is_incomplete_cannot_be_completed() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    caller.put(&session, "0-7/19", &TEXT[..8]).await;
    assert_eq!(caller.complete(&session, sums_of_text()).await.status, 400);
    assert!(caller.breach().ends_with("completed an upload of which 8 of 19 bytes are stored"));
}

#[tokio::test]
async fn completing_twice_with_other_content_is_a_conflict() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    caller.put_all(&session).await;
    caller.complete(&session, sums_of_text()).await;
    assert_eq!(caller.complete(&session, json!(["sha256:00"])).await.status, 409);
    assert!(caller.breach().ends_with("a second time with different content"));
    assert_eq!(caller.put(&session, "0-7/19", &TEXT[..8]).await.status, 409, "nothing more is stored");
}

#[tokio::test]
async fn parts_are_completed_with_the_etags_they_were_given() {
    let caller = Caller::new(json!({ "multipart": true })).await;
    let session = caller.initiate(3).await;
    let stale = caller.send(caller.http.put(&session.part_urls[0]).body("abc")).await;
    caller.send(caller.http.put(&session.part_urls[0]).body("XYZ")).await;
    let path = format!("/api/v2/files/uploads/{}/complete", session.id);
    let sums = json!(checksums(&[b"XYZ"]));
    let parts = json!([{ "partNumber": 1, "etag": stale.header("etag") }]);
    let body = json!({ "checksums": sums, "contentType": "text/plain", "parts": parts });
    assert_eq!(caller.api(&path, body).await.status, 400);
    assert!(caller.breach().ends_with("named other part numbers or etags than those that are stored"));
    caller.complete(&session, sums).await;
    assert!(caller.simulator.violations()[1].ends_with("without naming them"));
}

#[tokio::test]
async fn a_part_of_another_length_is_a_breach() {
    let caller = Caller::new(json!({ "multipart": true })).await;
    let session = caller.initiate(TEXT.len()).await;
    assert_eq!(caller.send(caller.http.put(&session.part_urls[2]).body("XYZW")).await.status, 400);
    assert!(caller.breach().ends_with("sent part 3 with 4 bytes where 3 were due"));
}

#[tokio::test]
async fn several_chunks_to_a_url_signed_for_one_object_are_a_breach() {
    let caller = Caller::new(json!({ "aws_signed": true })).await;
    let session = caller.initiate(TEXT.len()).await;
    assert!(session.url.contains("X-Amz-Signature="), "{}", session.url);
    assert_eq!(caller.put(&session, "0-7/19", &TEXT[..8]).await.status, 400);
    assert!(caller.breach().ends_with("which keeps only the last"));
    let small = caller.initiate(8).await;
    assert_eq!(caller.put(&small, "0-7/8", &TEXT[..8]).await.status, 200, "one chunk is the whole object");
}

#[tokio::test]
async fn more_chunks_than_allowed_are_a_breach_when_the_first_one_comes() {
    let caller = Caller::new(json!({ "max_chunks": 2 })).await;
    let session = caller.initiate(TEXT.len()).await;
    assert_eq!(caller.put(&session, "0-7/19", &TEXT[..8]).await.status, 400);
    assert!(caller.breach().ends_with("sent one of 3 chunks where 2 are allowed"));
}

#[tokio::test]
async fn a_token_request_that_is_not_what_oauth_says_is_a_breach() {
    let caller = Caller::new(json!({})).await;
    for (form, sentence) in [
        ("", "asked for a token without a grant_type"),
        ("grant_type=password", "asked for another grant than client_credentials"),
        ("grant_type=client_credentials&client_secret=x", "sent the client's secret in the form"),
    ] {
        assert_eq!(caller.ask_token(form).await.status, 400, "{form}");
        assert!(caller.simulator.violations().pop().unwrap().ends_with(sentence), "{form}");
    }
    let json = caller.request("POST", "/oauth/token").basic_auth("simulator", Some("simulator-secret"));
    assert_eq!(caller.send(json.header(CONTENT_TYPE, "application/json").body("{}")).await.status, 400);
    assert_eq!(caller.simulator.violations().len(), 4);
}

#[tokio::test]
async fn an_unknown_guest_token_is_a_breach_and_so_is_another_guests() {
    let caller = Caller::new(json!({})).await;
    let (_, token) = caller.guest().await;
    let (second, _) = caller.guest().await;
    assert_eq!(caller.message("made-up", &second, "file-1").await.status, 401);
    assert!(caller.breach().ends_with("sent an unknown guest token"));
    let other = caller.message(&token, &second, "file-1").await;
    assert_eq!((other.status, other.json()["details"][0]["fieldName"].as_str()), (400, Some("guestId")));
    assert_eq!(caller.simulator.violations().len(), 2);
}

#[tokio::test]
async fn a_call_without_a_bearer_or_with_the_wrong_kind_is_a_breach() {
    let caller = Caller::new(json!({})).await;
    let bare = caller.request("POST", "/api/v2/files/uploads").header(CONTENT_TYPE, "application/json").body("{}");
    let answer = caller.send(bare).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
    let (_, token) = caller.guest().await;
    assert_eq!(caller.send(caller.post("/api/v2/files/uploads", &token, &json!({}))).await.status, 403);
    assert_eq!(caller.simulator.violations().len(), 2);
}

#[tokio::test]
async fn a_member_that_is_missing_is_named() {
    let caller = Caller::new(json!({})).await;
    let answer = caller.api("/api/v2/files/uploads", json!({ "fileName": "a", "contentType": "text/plain" })).await;
    assert_eq!((answer.status, answer.json()["details"][0]["fieldName"].as_str()), (400, Some("totalSize")));
    assert!(caller.breach().contains("missing field `totalSize`"));
}
