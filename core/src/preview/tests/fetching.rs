//! What comes of a fetch, against the simulated host of guests' files.

use std::net::Ipv4Addr;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use super::*;
use crate::error::{Error, NetworkKind, Result};
use crate::preview::fetch::{Fetched, Sink};
use crate::simulator::{Simulator, SimulatorSettings};

/// A host with these files and faults, and somebody who fetches from it.
struct Host {
    simulator: Simulator,
    fetcher: Fetcher,
}

impl Host {
    fn new(hosted: Value, faults: Value) -> Self {
        Self::with(hosted, faults, FetchLimits::default())
    }

    fn with(hosted: Value, faults: Value, limits: FetchLimits) -> Self {
        let settings = json!({ "hosted": hosted, "faults": faults });
        let settings: SimulatorSettings = serde_json::from_value(settings).unwrap();
        let simulator = Simulator::start(settings).unwrap();
        let own = simulator.url().trim_start_matches("http://").to_owned();
        let guard = Guard::new(true, [own]).unwrap();
        let fetcher = fetcher(guard, limits, simulator.clock(), || vec![Ipv4Addr::LOCALHOST.into()]);
        Self { simulator, fetcher }
    }

    fn url(&self, name: &str) -> String {
        format!("{}/hosted/{name}", self.simulator.url())
    }

    async fn fetch(&self, name: &str) -> (Result<Fetched>, Vec<u8>) {
        let mut sink = Vec::new();
        (self.fetcher.fetch(&self.url(name), None, &mut sink).await, sink)
    }

    async fn refusal(&self, name: &str) -> Error {
        self.fetch(name).await.0.expect_err(name)
    }

    fn requests(&self) -> usize {
        self.simulator.journal().len()
    }

    async fn token(&self) -> HeaderValue {
        let request = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = request.post(format!("{}/oauth/token", self.simulator.url()));
        let request = request.basic_auth(self.simulator.client_id(), Some(self.simulator.client_secret()));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body("grant_type=client_credentials").send().await.unwrap().bytes().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        format!("Bearer {}", answer["access_token"].as_str().unwrap()).parse().unwrap()
    }
}

#[tokio::test]
async fn a_file_comes_whole_and_without_a_token() {
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
    let host = Host::new(json!([{ "name": "a.png", "base64": text }]), json!([]));
    let (fetched, sink) = host.fetch("a.png").await;
    assert_eq!(fetched.unwrap(), Fetched { bytes: 800_000, redirects: 0 });
    assert!(sink == bytes);
    assert_eq!(host.simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn redirects_are_followed_five_times() {
    let hop = |number: u32| json!({ "name": number.to_string(), "status": 302, "location": (number + 1).to_string() });
    let mut files: Vec<Value> = (0..6).map(hop).collect();
    files.push(json!({ "name": "6", "text": "here" }));
    let host = Host::new(json!(files), json!([]));
    let (fetched, sink) = host.fetch("1").await;
    assert_eq!((fetched.unwrap().redirects, sink.as_slice()), (5, &b"here"[..]));
    let error = host.refusal("0").await;
    assert_eq!(error.to_string(), "unexpected answer from GET 127.0.0.1: expected at most 5 redirects, got more");
    assert_eq!(host.requests(), 6 + 6);
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_is_not_followed() {
    let host = Host::new(
        json!([
            { "name": "none", "status": 302 },
            { "name": "strange", "status": 302, "location": "https://[" },
            { "name": "plain", "status": 302, "location": "http://files.example.com/?SECRET" },
            { "name": "less", "status": 204 },
            { "name": "part", "status": 206, "text": "par" },
        ]),
        json!([]),
    );
    for name in ["none", "strange", "less", "part"] {
        assert!(matches!(host.refusal(name).await, Error::Protocol { .. }), "{name}");
    }
    let error = host.refusal("plain").await;
    assert_eq!(error.to_string(), "unsafe target: a redirect of 127.0.0.1: expected https, got http");
    assert_eq!(host.requests(), 5, "none of them is repeated");
}

#[tokio::test]
async fn a_token_goes_to_the_platforms_own_host_and_not_along_with_a_redirect() {
    let host = Host::new(
        json!([
            { "name": "own", "text": "own", "wants_token": true },
            { "name": "guest", "text": "a guest's" },
        ]),
        json!([]),
    );
    let token = host.token().await;
    let mut sink = Vec::new();
    assert!(host.fetcher.trusts(&host.url("own")));
    host.fetcher.fetch(&host.url("own"), Some(&token), &mut sink).await.unwrap();
    assert_eq!(sink, b"own");
    assert!(matches!(host.refusal("own").await, Error::Unauthenticated { .. }), "without one");

    // The same machine by another name is another host.
    let stranger = host.url("guest").replace("127.0.0.1", "localhost");
    assert!(!host.fetcher.trusts(&stranger));
    host.fetcher.fetch(&stranger, Some(&token), &mut sink).await.unwrap();
    assert_eq!(sink, b"a guest's");
    let before = host.simulator.violations();
    let elsewhere = Host::new(json!([{ "name": "guest", "text": "elsewhere" }]), json!([]));
    let redirecting = Host::new(
        json!([{ "name": "away", "status": 307, "location": elsewhere.url("guest"), "wants_token": true }]),
        json!([]),
    );
    let token = redirecting.token().await;
    redirecting.fetcher.fetch(&redirecting.url("away"), Some(&token), &mut sink).await.unwrap();
    assert_eq!(sink, b"elsewhere");
    assert_eq!((before, elsewhere.simulator.violations()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_refusal_is_final_and_quotes_no_words_of_the_host() {
    for (status, code) in
        [(403, "permission_denied"), (404, "not_found"), (410, "api"), (400, "api"), (401, "unauthenticated")]
    {
        let fault = json!([{ "on": "GET /hosted", "status": status, "times": 9, "text": "SECRET",
            "headers": { "www-authenticate": "SECRET", "inin-correlation-id": "SECRET" } }]);
        let host = Host::new(json!([{ "name": "a" }]), fault);
        let facts = host.refusal("a").await.facts();
        assert_eq!((facts.code, facts.status), (code, Some(status)));
        assert!(!format!("{facts:?}").contains("SECRET"), "{facts:?}");
        assert_eq!(host.requests(), 1);
    }
}

#[tokio::test]
async fn a_host_that_is_busy_is_asked_again_when_it_says() {
    let fault = json!([{ "on": "GET /hosted", "status": 503, "retry_after": 2 }, { "on": "GET /hosted", "nth": 2, "status": 500 }]);
    let host = Host::new(json!([{ "name": "a", "text": "there" }]), fault);
    let (fetched, sink) = host.fetch("a").await;
    assert_eq!((fetched.unwrap().bytes, sink.as_slice()), (5, &b"there"[..]));
    let slept = host.simulator.slept();
    assert!(slept.len() == 2 && slept[0] == Duration::from_secs(2), "{slept:?}");
}

#[tokio::test]
async fn a_silent_host_is_given_up_after_ten_seconds_and_asked_again() {
    let fault = json!([{ "on": "GET /hosted", "stall_ms": 10_000 }]);
    let host = Host::new(json!([{ "name": "a", "text": "there" }]), fault);
    assert_eq!(host.fetch("a").await.0.unwrap().bytes, 5);
    assert_eq!(host.requests(), 2);
    let fault = json!([{ "on": "GET /hosted", "times": 9, "stall_ms": 10_000 }]);
    let host = Host::new(json!([{ "name": "a" }]), fault);
    assert!(matches!(host.refusal("a").await, Error::Network { kind: NetworkKind::Timeout, attempts: 4, .. }));
}

#[tokio::test]
async fn a_body_that_is_shorter_than_it_was_said_to_be_is_lost_and_each_attempt_begins_anew() {
    let host = Host::new(json!([{ "name": "a", "text": "half of", "content_length": 14 }]), json!([]));
    let (fetched, sink) = host.fetch("a").await;
    assert!(matches!(fetched, Err(Error::Network { kind: NetworkKind::Lost, attempts: 4, .. })), "{fetched:?}");
    assert_eq!(sink, b"half of", "what the last attempt left behind");
}

#[tokio::test]
async fn a_body_ends_where_it_was_said_to_end() {
    let host = Host::new(json!([{ "name": "a", "text": "all of it", "content_length": 3 }]), json!([]));
    let (fetched, sink) = host.fetch("a").await;
    assert_eq!((fetched.unwrap().bytes, sink.as_slice()), (3, &b"all"[..]));
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_by_its_announcement() {
    let limits = FetchLimits { max_bytes: 8, ..FetchLimits::default() };
    let files = json!([{ "name": "fits", "text": "12345678" }, { "name": "more", "text": "123456789" }]);
    let host = Host::with(files, json!([]), limits);
    assert!(host.fetch("fits").await.0.is_ok());
    let (fetched, sink) = host.fetch("more").await;
    let error = fetched.unwrap_err();
    assert_eq!(error.to_string(), "attachment is too large: expected at most 8 bytes, got 9 or more");
    assert!(sink.is_empty());
    assert_eq!(host.requests(), 2);
}

#[tokio::test]
async fn a_body_in_a_content_encoding_is_no_file() {
    let files = json!([
        { "name": "a", "text": "packed", "content_encoding": "gzip" },
        { "name": "b", "text": "plain", "content_encoding": "Identity" },
    ]);
    let host = Host::new(files, json!([]));
    assert!(matches!(host.refusal("a").await, Error::Protocol { .. }));
    assert_eq!(host.requests(), 1);
    assert_eq!(host.fetch("b").await.0.unwrap().bytes, 5);
}

#[tokio::test]
async fn what_a_sink_refuses_with_is_what_the_fetch_ends_with() {
    struct Full;

    impl Sink for Full {
        fn begin(&mut self) -> Result<()> {
            Ok(())
        }

        fn take(&mut self, _: Bytes) -> Result<()> {
            Err(Error::file("could not write", "spool", std::io::Error::other("no space left on device")))
        }
    }

    let host = Host::new(json!([{ "name": "a", "text": "there" }]), json!([]));
    let error = host.fetcher.fetch(&host.url("a"), None, &mut Full).await.unwrap_err();
    assert_eq!(error.facts().message, "could not write spool: no space left on device");
    assert_eq!(host.requests(), 1);
}

#[tokio::test]
async fn a_name_that_is_not_known_is_asked_for_again() {
    let simulator = Simulator::start(SimulatorSettings::default()).unwrap();
    let clock = simulator.clock();
    let lookup: Lookup = Arc::new(|_| Box::pin(ready(Err("no such name".into()))));
    let pacer = Arc::new(Pacer::new(Pace::default(), clock.clone()));
    let fetcher = Fetcher::with_lookup(Guard::default(), FetchLimits::default(), lookup, pacer, clock).unwrap();
    let error = fetcher.fetch("https://files.example.com/a", None, &mut Vec::<u8>::new()).await.unwrap_err();
    assert!(matches!(error, Error::Network { kind: NetworkKind::Connect, attempts: 4, .. }), "{error:?}");
}
