//! The audit endpoint: signatures, chains, and what is sent twice.

use hmac::{Hmac, KeyInit, Mac};

use super::*;

/// The line `sequence` of `log` behind `before`, as a log file holds it.
fn line(log: &str, sequence: u64, before: Option<&str>) -> String {
    let previous = before.map_or_else(|| "0".repeat(64), |line| sha256_hex(line.as_bytes()));
    format!(r#"{{"sequence":{sequence}, "kind":"message", "log":"{log}", "previous":"{previous}", "status":"read"}}"#)
}

/// Three lines of one log.
fn chain(log: &str) -> [String; 3] {
    let first = line(log, 1, None);
    let second = line(log, 2, Some(&first));
    let third = line(log, 3, Some(&second));
    [first, second, third]
}

fn batch(lines: &[&String]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
    format!("[{}]", lines.join(",\n "))
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Caller {
    fn signed(&self, body: &str) -> reqwest::RequestBuilder {
        let request = self.request("POST", "/audit").header(CONTENT_TYPE, "application/json");
        request.header("X-Audit-Signature", signature(self.simulator.audit_secret(), body)).body(body.to_owned())
    }

    async fn audit(&self, lines: &[&String]) -> u16 {
        self.send(self.signed(&batch(lines))).await.status
    }

    fn trail(&self) -> Vec<(String, u64)> {
        let entry = |entry: Value| (entry["log"].as_str().unwrap().to_owned(), entry["sequence"].as_u64().unwrap());
        self.simulator.state().audit.into_iter().map(entry).collect()
    }
}

#[tokio::test]
async fn a_signed_batch_is_taken_in_order() {
    let caller = Caller::new(json!({})).await;
    let ([a1, a2, a3], [b1, b2, _]) = (chain("a"), chain("b"));
    assert_eq!(caller.audit(&[&a1, &b1, &a2]).await, 200);
    assert_eq!(caller.audit(&[&a3, &b2]).await, 200);
    let expected = [("a", 1), ("b", 1), ("a", 2), ("a", 3), ("b", 2)];
    assert_eq!(caller.trail(), expected.map(|(log, sequence)| (log.to_owned(), sequence)));
    let entry = json!({ "sequence": 1, "kind": "message", "log": "a", "status": "read" });
    assert_eq!(caller.simulator.state().audit[0], entry, "without what names the line before");
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_entry_that_is_sent_again_is_there_once() {
    let caller = Caller::new(json!({})).await;
    let [a1, a2, a3] = chain("a");
    for lines in [&[&a1, &a2][..], &[&a1, &a2], &[&a2, &a3], &[&a3, &a3], &[]] {
        assert_eq!(caller.audit(lines).await, 200);
    }
    assert_eq!(caller.trail().len(), 3);
    assert_eq!(caller.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_chain_that_does_not_hold_is_a_conflict_and_nothing_of_its_batch_is_taken() {
    let [a1, a2, a3] = chain("a");
    let changed = a1.replace("read", "lost");
    let behind_changed = line("a", 2, Some(&changed));
    for (first, second, sentence) in [
        (vec![], vec![&a2], "leaves a gap before it: 2 of log a"),
        (vec![&a1], vec![&a3], "leaves a gap before it: 3 of log a"),
        (vec![], vec![&a1, &a3, &a2], "leaves a gap before it: 3 of log a"),
        (vec![&a1], vec![&changed], "is not the line that was sent with this sequence before: 1 of log a"),
        (vec![], vec![&a1, &changed], "is not the line that was sent with this sequence before: 1 of log a"),
        (vec![&a1], vec![&behind_changed], "does not name the digest of the line before it: 2 of log a"),
        (vec![], vec![&a1, &behind_changed], "does not name the digest of the line before it: 2 of log a"),
    ] {
        let caller = Caller::new(json!({})).await;
        assert_eq!(caller.audit(&first).await, 200);
        let answer = caller.send(caller.signed(&batch(&second))).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (409, Some("conflict")), "{sentence}");
        assert!(caller.breach().ends_with(sentence), "{}", caller.breach());
        assert_eq!(caller.trail().len(), first.len(), "{sentence}");
    }
}

#[tokio::test]
async fn a_space_more_is_another_line() {
    let caller = Caller::new(json!({})).await;
    let [a1, ..] = chain("a");
    let first = a1.replace(", ", ",");
    assert_eq!(caller.audit(&[&first]).await, 200);
    assert_eq!(caller.audit(&[&line("a", 2, Some(&a1))]).await, 409);
    assert_eq!(caller.audit(&[&line("a", 2, Some(&first))]).await, 200);
}

#[tokio::test]
async fn a_signature_that_does_not_fit_is_a_breach() {
    let caller = Caller::new(json!({ "audit_secret": "s" })).await;
    let [a1, ..] = chain("a");
    let body = batch(&[&a1]);
    for signature in [signature("t", &body), signature("s", &format!("{body} ")), signature("s", &body).to_uppercase()]
    {
        let request = caller.request("POST", "/audit").header(CONTENT_TYPE, "application/json").body(body.clone());
        assert_eq!(caller.send(request.header("X-Audit-Signature", signature)).await.status, 401);
        assert!(caller.simulator.violations().pop().unwrap().ends_with("sent a batch whose signature does not fit"));
    }
    let bare = caller.request("POST", "/audit").header(CONTENT_TYPE, "application/json").body(body.clone());
    assert_eq!(caller.send(bare).await.status, 401);
    assert!(caller.simulator.violations()[3].ends_with("sent a batch without a signature"));
    assert_eq!(caller.trail(), []);
}

#[tokio::test]
async fn a_bearer_token_does_not_belong_to_the_audit_endpoint() {
    let caller = Caller::new(json!({})).await;
    let [a1, ..] = chain("a");
    assert_eq!(caller.send(caller.signed(&batch(&[&a1])).bearer_auth(&caller.token)).await.status, 400);
    assert!(caller.breach().ends_with("sent an Authorization header to the audit endpoint"));
}

#[tokio::test]
async fn a_body_that_is_no_list_of_entries_is_a_breach() {
    let [a1, ..] = chain("a");
    for body in
        [a1.clone(), "[1]".to_owned(), format!("[{a1}"), "[{}]".to_owned(), format!("[{}]", a1.replace("1", "0"))]
    {
        let caller = Caller::new(json!({})).await;
        assert_eq!(caller.send(caller.signed(&body)).await.status, 400, "{body}");
        assert!(caller.breach().contains("POST /audit: sent "), "{}", caller.breach());
        assert_eq!(caller.trail(), []);
    }
}

#[tokio::test]
async fn a_fault_hits_the_audit_endpoint_like_any_other() {
    let caller = Caller::new(json!({ "faults": [{ "on": "POST /audit", "status": 503, "retry_after": 1 }] })).await;
    let [a1, ..] = chain("a");
    assert_eq!(caller.audit(&[&a1]).await, 503);
    assert_eq!(caller.trail(), []);
    assert_eq!(caller.audit(&[&a1]).await, 200);
}
