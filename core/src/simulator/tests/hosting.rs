//! The host of guests' files: what it gives, and what may not come there.

use super::*;

#[tokio::test]
async fn a_file_is_given_as_its_settings_say() {
    let caller = Caller::new(json!({ "hosted": [
        { "name": "a.txt", "text": "hello", "content_type": "text/plain", "content_encoding": "gzip" },
        { "name": "b.png", "base64": "iVBORw==" },
        { "name": "gone", "status": 410 },
        { "name": "away", "status": 302, "location": "{url}/hosted/a.txt" },
    ] }))
    .await;
    let answer = caller.send(caller.request("GET", "/hosted/a.txt")).await;
    assert_eq!((answer.status, answer.text.as_str(), answer.header("content-length")), (200, "hello", "5"));
    assert_eq!((answer.header("content-type"), answer.header("content-encoding")), ("text/plain", "gzip"));
    let answer = caller.send(caller.request("GET", "/hosted/b.png")).await;
    assert_eq!((answer.header("content-length"), answer.header("content-type")), ("4", "application/octet-stream"));
    assert_eq!(caller.send(caller.request("GET", "/hosted/gone")).await.status, 410);
    assert_eq!(caller.send(caller.request("GET", "/hosted/other")).await.status, 404);
    // The client follows it.
    assert_eq!(caller.send(caller.request("GET", "/hosted/away")).await.text, "hello");
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_length_that_is_not_that_of_the_file_ends_the_connection_early() {
    let caller = Caller::new(json!({ "hosted": [{ "name": "a", "text": "hello", "content_length": 50 }] })).await;
    assert!(caller.try_send(caller.request("GET", "/hosted/a")).await.is_err());
}

#[tokio::test]
async fn a_token_is_a_breach_where_it_is_not_wanted() {
    let caller = Caller::new(json!({ "hosted": [{ "name": "a" }, { "name": "own", "wants_token": true }] })).await;
    assert_eq!(caller.get("/hosted/own").await.status, 200);
    assert_eq!(caller.send(caller.request("GET", "/hosted/own")).await.status, 401);
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
    assert_eq!(caller.get("/hosted/a").await.status, 400);
    assert!(caller.breach().ends_with("sent a token to a host that is not the platform's"), "{}", caller.breach());
}
