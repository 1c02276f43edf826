//! The limit on calls.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_call_too_many_is_refused_with_the_seconds_until_one_is_taken() {
    let caller = Caller::new(json!({ "rate_limit": { "per_minute": 20, "burst": 2 } })).await;
    let look = || caller.get("/api/v2/conversations/conversation-1");
    assert_eq!((look().await.status, look().await.status), (200, 200));
    let refused = look().await;
    assert_eq!((refused.status, refused.headers["retry-after"].to_str().unwrap()), (429, "3"));
    caller.simulator.advance(Duration::from_millis(3000)).unwrap();
    assert_eq!(look().await.status, 200);
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn who_comes_back_too_early_breaks_the_contract_with_whichever_call() {
    let caller = Caller::new(json!({ "rate_limit": { "per_minute": 20, "burst": 1 } })).await;
    caller.say("conversation-1", "a", &text()).await;
    assert_eq!(caller.say("conversation-1", "b", &text()).await.status, 429);
    caller.simulator.advance(Duration::from_millis(2999)).unwrap();
    caller.get("/api/v2/conversations/conversation-1").await;
    let violations = caller.simulator.violations();
    assert!(violations.len() == 1 && violations[0].contains("came 1ms before"), "{violations:?}");
    assert_eq!(caller.simulator.state().conversations[0].messages.len(), 1, "what is refused is not done");
}

#[tokio::test]
async fn tokens_and_what_needs_none_are_not_counted() {
    let caller = Caller::new(json!({ "rate_limit": { "per_minute": 20, "burst": 1 } })).await;
    for _ in 0..5 {
        assert_eq!(caller.ask_token("grant_type=client_credentials").await.status, 200);
        assert_eq!(caller.send(caller.request("POST", "/audit")).await.status, 401);
    }
    assert_eq!(caller.get("/api/v2/conversations/conversation-1").await.status, 200);
}
