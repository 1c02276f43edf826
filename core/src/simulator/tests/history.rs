//! What was said in a conversation, page by page.

use super::*;

#[tokio::test]
async fn a_history_is_read_from_the_oldest_message_on_page_by_page() {
    let caller = Caller::new(json!({ "conversations": [{ "id": "one", "history": 3, "participants": [
        { "id": "agent@example.com", "role": "agent" }, { "id": "customer@example.com", "role": "customer" }
    ] }] }))
    .await;
    caller.say("one", "a", &text()).await;
    caller.say("one", "b", &text_with(json!({ "type": "application/json", "content": {} }))).await;
    let path = "/api/v2/conversations/messages?conversationId=one&pageSize=2";
    let (mut ids, mut token) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = caller.get(&format!("{path}{token}")).await.json();
        let entities = page["entities"].as_array().unwrap();
        ids.extend(entities.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        token = page["nextPage"].as_str().map_or(String::new(), |token| format!("&pageToken={token}"));
    }
    assert_eq!(ids, ["older-1", "older-2", "older-3", "sent-1", "sent-2"]);
    assert_eq!(token, "", "that was the last page");
}

#[tokio::test]
async fn a_message_of_a_history_says_who_wrote_what_to_whom_and_when() {
    let caller = Caller::new(json!({ "conversations": [{ "id": "one", "history": 2, "participants": [
        { "id": "agent@example.com", "role": "agent" }, { "id": "customer@example.com", "role": "customer" }
    ] }] }))
    .await;
    caller.say("one", "a", &text()).await;
    let page = caller.get("/api/v2/conversations/messages?conversationId=one").await.json();
    let (agent, customer) = (json!({ "id": "agent@example.com" }), json!({ "id": "customer@example.com" }));
    let older = json!({ "id": "older-1", "from": customer, "to": [agent], "text": "Older message 1",
                        "status": "delivered", "createdTime": "2025-12-31T23:58:00.000Z" });
    let sent = json!({ "id": "sent-1", "from": agent, "to": [customer], "type": "text/plain", "content": "hello",
                       "status": "queued", "createdTime": "2026-01-01T00:00:00.000Z" });
    assert_eq!((&page["entities"][0], &page["entities"][2]), (&older, &sent));
    assert_eq!(page["nextPage"], Value::Null);
    assert!(page.as_object().unwrap().contains_key("nextPage"));
    assert_eq!(caller.sent(0).as_array().unwrap().len(), 1, "what is older is in the history alone");
}

#[tokio::test]
async fn reading_a_history_moves_nothing_on() {
    let caller = Caller::new(json!({})).await;
    caller.say("conversation-1", "a", &text()).await;
    for _ in 0..3 {
        let page = caller.get("/api/v2/conversations/messages?conversationId=conversation-1").await.json();
        assert_eq!(page["entities"][0]["status"], "queued");
    }
}

#[tokio::test]
async fn a_page_is_as_large_as_was_asked_for_unless_the_platform_gives_less() {
    let history = json!([{ "id": "one", "history": 200 }]);
    for (page_size, asked, expected) in
        [(100, "", 25), (100, "&pageSize=100", 100), (7, "&pageSize=100", 7), (7, "", 7)]
    {
        let caller = Caller::new(json!({ "conversations": history, "page_size": page_size })).await;
        let page = caller.get(&format!("/api/v2/conversations/messages?conversationId=one{asked}")).await.json();
        assert_eq!(page["entities"].as_array().unwrap().len(), expected, "{page_size} {asked}");
        assert!(page["nextPage"].is_string());
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_names_its_field() {
    let caller =
        Caller::new(json!({ "conversations": [{ "id": "one", "history": 9 }, { "id": "two", "history": 9 }] })).await;
    let path = "/api/v2/conversations/messages";
    let first = caller.get(&format!("{path}?conversationId=two&pageSize=3")).await.json();
    let foreign = format!("pageToken={}", first["nextPage"].as_str().unwrap());
    for (query, field) in [
        ("pageSize=0", "pageSize"),
        ("pageSize=101", "pageSize"),
        ("pageSize=x", "pageSize"),
        ("pageToken=", "pageToken"),
        ("pageToken=none-3", "pageToken"),
        (foreign.as_str(), "pageToken"),
    ] {
        let answer = caller.get(&format!("{path}?conversationId=one&{query}")).await;
        assert_eq!(refused(&answer), (400, field.to_owned()), "{query}");
    }
    assert_eq!(caller.get(&format!("{path}?conversationId=three")).await.status, 404);
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
    assert_eq!(refused(&caller.get(path).await), (400, "conversationId".to_owned()));
    assert!(caller.breach().ends_with("asked for a history without saying whose"));
}
