//! Conversations: what is sent in them, and how it fares.

use super::*;

fn attached(attachment: Value) -> Value {
    text_with(json!({ "attachments": [attachment] }))
}

impl Caller {
    /// The messages as a read of the conversation shows them.
    async fn look(&self) -> Value {
        self.get("/api/v2/conversations/conversation-1").await.json()["messages"].clone()
    }

    async fn statuses(&self) -> Vec<String> {
        let messages = self.look().await;
        messages.as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_conversation_is_there_without_being_asked_for() {
    let caller = Caller::new(json!({})).await;
    let answer = caller.get("/api/v2/conversations/conversation-1").await;
    let expected = json!({ "id": "conversation-1", "channelType": "webchat", "messages": [], "participants": [
        { "from": { "id": "agent@example.com" }, "role": "agent" },
        { "from": { "id": "customer@example.com" }, "role": "customer" },
    ] });
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(caller.get("/api/v2/conversations/conversation-2").await.status, 404);
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_message_is_queued_when_it_is_taken_and_delivered_at_the_second_look() {
    let caller = Caller::new(json!({})).await;
    let answer = caller.say("conversation-1", "a", &text()).await;
    assert_eq!((answer.status, answer.json()), (202, json!({ "id": "sent-1", "status": "queued" })));
    assert_eq!(caller.last().headers["x-genesys-client-id"], "a");
    let created = "2026-01-01T00:00:00.000Z";
    let queued = json!([{ "id": "sent-1", "status": "queued", "createdTimestamp": created, "statusTimestamps": {} }]);
    assert_eq!(caller.look().await, queued);
    caller.simulator.advance(std::time::Duration::from_millis(2500)).unwrap();
    let delivered = json!([{ "id": "sent-1", "status": "delivered", "createdTimestamp": created,
                             "statusTimestamps": { "delivered": "2026-01-01T00:00:02.500Z" } }]);
    assert_eq!(caller.look().await, delivered);
    caller.simulator.advance(std::time::Duration::from_secs(60)).unwrap();
    assert_eq!(caller.look().await, delivered, "the first time that it was seen stays");
}

#[tokio::test]
async fn every_message_fares_as_its_turn_says_and_later_ones_as_the_last() {
    let deliveries = json!([
        { "outcome": "read", "after_polls": 0, "after_ms": 4000 },
        { "outcome": "failed", "after_polls": 2 },
        { "outcome": "never" },
    ]);
    let caller = Caller::new(json!({ "deliveries": deliveries })).await;
    for client_id in ["a", "b", "c", "d"] {
        caller.say("conversation-1", client_id, &text()).await;
    }
    assert_eq!(caller.statuses().await, ["read", "queued", "queued", "queued"]);
    assert_eq!(caller.statuses().await, ["read", "queued", "queued", "queued"]);
    let third = caller.look().await;
    let at = |seconds: u64| format!("2026-01-01T00:00:0{seconds}.000Z");
    assert_eq!(third[0]["statusTimestamps"], json!({ "delivered": at(4), "read": at(4) }));
    assert_eq!((&third[1]["status"], &third[1]["statusTimestamps"]), (&json!("failed"), &json!({ "failed": at(0) })));
    assert_eq!(caller.statuses().await[2..], ["queued", "queued"], "for ever");
    assert_eq!(caller.sent(0)[1]["status"], "failed");
}

#[tokio::test]
async fn reads_before_a_message_do_not_count_for_it() {
    let caller = Caller::new(json!({})).await;
    for _ in 0..5 {
        caller.look().await;
    }
    caller.say("conversation-1", "a", &text()).await;
    assert_eq!(caller.statuses().await, ["queued"]);
    caller.say("conversation-1", "b", &text()).await;
    assert_eq!(caller.statuses().await, ["delivered", "queued"]);
}

#[tokio::test]
async fn the_same_deduplication_id_is_the_same_message_in_its_conversation_alone() {
    let caller = Caller::new(json!({ "conversations": [{ "id": "one" }, { "id": "two" }] })).await;
    let first = caller.say("one", "a", &text()).await;
    assert_eq!(caller.say("one", "a", &text()).await.text, first.text);
    assert_eq!(caller.say("two", "a", &text()).await.json()["id"], "sent-2");
    assert_eq!(caller.say("one", "b", &text()).await.json()["id"], "sent-3");
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
    let counts: Vec<usize> = (0..2).map(|index| caller.sent(index).as_array().unwrap().len()).collect();
    assert_eq!(counts, [2, 1]);
}

#[tokio::test]
async fn a_deduplication_id_for_another_message_is_a_breach_and_the_first_one_stands() {
    let inline = |content: &str| attached(json!({ "type": "a/b", "filename": "a", "content": content }));
    for (first, second) in
        [(text(), text_with(json!({ "content": "bye" }))), (inline("AAAA"), inline("AAAB")), (text(), inline("AAAA"))]
    {
        let caller = Caller::new(json!({})).await;
        caller.say("conversation-1", "a", &first).await;
        let answer = caller.say("conversation-1", "a", &second).await;
        assert_eq!((answer.status, answer.json()["id"].as_str()), (202, Some("sent-1")));
        assert!(caller.breach().ends_with("sent another message with the deduplication id of sent-1"));
        assert_eq!(caller.sent(0).as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_state_shows_what_was_sent() {
    let caller = Caller::new(json!({})).await;
    let session = caller.initiate(TEXT.len()).await;
    caller.put_all(&session).await;
    caller.complete(&session, sums_of_text()).await;
    let files = json!([
        { "type": "image/png", "filename": "a.png", "content": "AAECAw==" },
        { "type": "image/png", "filename": "b.png", "url": "https://cdn.example.com/b.png" },
        { "type": "text/plain", "filename": "c.txt", "id": "file-1" },
    ]);
    let message = text_with(json!({ "type": "application/json", "content": { "a": [1] }, "attachments": files }));
    assert_eq!(caller.say("conversation-1", "a", &message).await.status, 202);
    let expected = json!([{
        "id": "sent-1", "client_id": "a", "status": "queued", "sender": "agent@example.com",
        "to": ["customer@example.com"], "type": "application/json", "content": { "a": [1] },
        "attachments": [
            { "type": "image/png", "filename": "a.png", "bytes": 4, "sha256": sha256_hex(&[0, 1, 2, 3]) },
            { "type": "image/png", "filename": "b.png", "url": "https://cdn.example.com/b.png" },
            { "type": "text/plain", "filename": "c.txt", "id": "file-1" },
        ],
    }]);
    assert_eq!(caller.sent(0), expected);
}

#[tokio::test]
async fn a_message_without_a_deduplication_id_is_a_breach() {
    let caller = Caller::new(json!({})).await;
    let path = "/api/v2/conversations/conversation-1/messages";
    for request in [caller.post(path, &caller.token, &text()), {
        caller.post(path, &caller.token, &text()).header("X-Genesys-Client-Id", "")
    }] {
        let answer = caller.send(request).await;
        assert_eq!(refused(&answer), (400, "X-Genesys-Client-Id".to_owned()));
    }
    assert_eq!(caller.simulator.violations().len(), 2);
    assert_eq!(caller.sent(0), json!([]));
}

#[tokio::test]
async fn every_rule_that_is_broken_names_its_field() {
    let caller = Caller::new(json!({})).await;
    let file = |members: Value| {
        let mut file = json!({ "type": "image/png", "filename": "a.png" });
        file.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        attached(file)
    };
    for (message, field) in [
        (text_with(json!({ "from": "" })), "from"),
        (text_with(json!({ "from": "customer@example.com" })), "from"),
        (text_with(json!({ "to": [] })), "to"),
        (text_with(json!({ "to": ["a", ""] })), "to"),
        (text_with(json!({ "type": "text/markdown" })), "type"),
        (text_with(json!({ "content": "" })), "content"),
        (text_with(json!({ "content": null })), "content"),
        (text_with(json!({ "type": "text/html", "content": {} })), "content"),
        (text_with(json!({ "type": "application/json" })), "content"),
        (file(json!({})), "attachments[0]"),
        (file(json!({ "content": "AAAA", "url": "https://a.example" })), "attachments[0]"),
        (file(json!({ "content": "AAA" })), "attachments[0].content"),
        (file(json!({ "content": "AA-_" })), "attachments[0].content"),
        (file(json!({ "url": "a.png" })), "attachments[0].url"),
        (file(json!({ "id": "file-1" })), "attachments[0].id"),
        (file(json!({ "content": "", "filename": "" })), "attachments[0].filename"),
        (file(json!({ "content": "", "type": "png" })), "attachments[0].type"),
    ] {
        let before = caller.simulator.violations().len();
        let answer = caller.say("conversation-1", "a", &message).await;
        assert_eq!(refused(&answer), (400, field.to_owned()), "{message}");
        let violations = caller.simulator.violations();
        assert_eq!(violations.len(), before + 1, "{message}");
        assert!(violations[before].contains("/conversation-1/messages: sent "), "{violations:?}");
    }
    assert_eq!(caller.sent(0), json!([]));
}

#[tokio::test]
async fn a_sender_whom_nobody_lists_may_send_and_one_without_a_role_may_not() {
    let participants =
        json!([{ "id": "somebody" }, { "id": "both", "role": "customer" }, { "id": "both", "role": "agent" }]);
    let caller = Caller::new(json!({ "conversations": [{ "id": "one", "participants": participants }] })).await;
    for (sender, status) in [("stranger", 202), ("both", 202), ("somebody", 400)] {
        let answer = caller.say("one", sender, &text_with(json!({ "from": sender }))).await;
        assert_eq!(answer.status, status, "{sender}");
    }
}

#[tokio::test]
async fn an_sms_takes_no_html_and_no_attachment_above_a_mebibyte_decoded() {
    use base64::Engine;
    let caller = Caller::new(json!({ "conversations": [{ "id": "one", "channel": "sms" }] })).await;
    let html = caller.say("one", "a", &text_with(json!({ "type": "text/html", "content": "<p>" }))).await;
    assert_eq!(refused(&html), (400, "type".to_owned()));
    for (size, status) in [(1 << 20, 202), ((1 << 20) + 1, 400)] {
        let content = base64::engine::general_purpose::STANDARD.encode(vec![0; size]);
        let message = attached(json!({ "type": "image/png", "filename": "a.png", "content": content }));
        assert_eq!(caller.say("one", &size.to_string(), &message).await.status, status, "{size}");
    }
    assert_eq!(caller.simulator.violations().len(), 2);
    assert_eq!(caller.sent(0)[0]["attachments"][0]["bytes"], 1 << 20);
}

#[tokio::test]
async fn reading_and_sending_take_their_scopes_and_the_clients_token() {
    let caller = Caller::new(json!({ "scopes": ["messaging:guest"] })).await;
    let history = "/api/v2/conversations/messages?conversationId=conversation-1";
    for (answer, scope) in [
        (caller.get("/api/v2/conversations/conversation-1").await, "conversation:read"),
        (caller.get(history).await, "conversation:read"),
        (caller.say("conversation-1", "a", &text()).await, "conversation:send"),
    ] {
        assert_eq!(answer.status, 403);
        assert!(answer.text.contains(scope), "{answer:?}");
    }
    let (_, token) = caller.guest().await;
    let as_guest = caller.request("GET", "/api/v2/conversations/conversation-1").bearer_auth(token);
    assert_eq!(caller.send(as_guest).await.status, 403);
    assert!(caller.breach().ends_with("sent a guest's token where the client's is due"));
}

#[tokio::test]
async fn a_get_with_a_body_is_a_breach() {
    let caller = Caller::new(json!({})).await;
    for path in ["/api/v2/conversations/conversation-1", "/api/v2/conversations/messages?conversationId=conversation-1"]
    {
        let request = caller.request("GET", path).bearer_auth(&caller.token).body("null");
        assert_eq!(caller.send(request).await.status, 400);
        assert!(caller.simulator.violations().pop().unwrap().ends_with("sent a body with a GET"));
    }
}

#[tokio::test]
async fn a_message_to_an_unknown_conversation_is_not_found() {
    let caller = Caller::new(json!({ "conversations": [] })).await;
    assert_eq!(caller.say("conversation-1", "a", &text()).await.status, 404);
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lost_answer_leaves_a_message_that_the_repeat_finds() {
    let fault = json!({ "on": "POST /api/v2/conversations/conversation-1/messages", "drop": "after" });
    let caller = Caller::new(json!({ "faults": [fault] })).await;
    let path = "/api/v2/conversations/conversation-1/messages";
    let request = caller.post(path, &caller.token, &text()).header("X-Genesys-Client-Id", "a");
    caller.try_send(request).await.unwrap_err();
    assert_eq!(caller.say("conversation-1", "a", &text()).await.json()["id"], "sent-1");
    assert_eq!(caller.sent(0).as_array().unwrap().len(), 1);
}
