//! The endpoint, up and down, on a real socket and a simulated clock.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::*;
use crate::audit::cursor::Cursor;
use crate::audit::log::locked;
use crate::audit::post::{Portion, Posted};
use crate::audit::{AuditReceipt, WhenFull, verify_audit};
use crate::digest::Signer;
use crate::simulator::SimulatedClock;

/// An audit endpoint that answers as it is told.
struct Endpoint {
    url: String,
    script: Arc<Mutex<VecDeque<Answer>>>,
    posts: watch::Sender<Vec<Post>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Takes,
    Refuses(u16),
    /// Takes it, and hangs up without a word.
    TakesSilently,
    /// Takes it, and keeps the connection open without a word.
    Stalls,
}

#[derive(Debug, Clone)]
struct Post {
    answer: Answer,
    signature: String,
    body: Vec<u8>,
}

impl Endpoint {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/audit", listener.local_addr().unwrap());
        let (script, posts) = (Arc::default(), watch::Sender::default());
        let endpoint = Self { url, script, posts };
        let (script, posts) = (endpoint.script.clone(), endpoint.posts.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, script.clone(), posts.clone()));
            }
        });
        endpoint
    }

    /// What the next posts are answered with; later ones are taken.
    fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        locked(&self.script).extend(answers);
    }

    fn posts(&self) -> Vec<Post> {
        self.posts.borrow().clone()
    }

    /// Waits for so many posts.
    async fn seen(&self, posts: usize) {
        self.posts.subscribe().wait_for(|seen| seen.len() >= posts).await.unwrap();
    }

    /// How many entries were in each post.
    fn sizes(&self) -> Vec<usize> {
        self.posts().iter().map(|post| post.entries().len()).collect()
    }

    /// The entries that were taken, folded by log and sequence; fails when one comes before its predecessor.
    fn folded(&self) -> BTreeMap<String, Vec<u64>> {
        let mut logs: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for post in self.posts().iter().filter(|post| !matches!(post.answer, Answer::Refuses(_))) {
            assert!(Signer::new(SECRET.as_bytes()).fits(&post.body, &unhex(&post.signature)));
            for entry in post.entries() {
                let known = logs.entry(entry["log"].as_str().unwrap().to_owned()).or_default();
                let sequence = entry["sequence"].as_u64().unwrap();
                if sequence > known.len() as u64 {
                    assert_eq!(sequence, known.len() as u64 + 1, "an entry before its predecessor");
                    known.push(entry["number"].as_u64().unwrap());
                }
            }
        }
        logs
    }
}

impl Post {
    fn entries(&self) -> Vec<Value> {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn unhex(text: &str) -> Vec<u8> {
    text.parse::<crate::Sha256>().unwrap().as_bytes().to_vec()
}

async fn converse(stream: TcpStream, script: Arc<Mutex<VecDeque<Answer>>>, posts: watch::Sender<Vec<Post>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut signature) = (0, String::new());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("x-audit-signature", value)) => signature = value.to_owned(),
                Some(("content-type", value)) => assert_eq!(value, "application/json"),
                Some(("authorization", _)) => panic!("a token for the audit endpoint"),
                _ if line == "\r\n" => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let answer = locked(&script).pop_front().unwrap_or(Answer::Takes);
        posts.send_modify(|posts| posts.push(Post { answer, signature, body }));
        let status = match answer {
            Answer::Takes => 202,
            Answer::Refuses(status) => status,
            Answer::TakesSilently => return,
            Answer::Stalls => std::future::pending().await,
        };
        let answer = format!("HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn simulated(audit: Audit) -> (AuditLog, SimulatedClock) {
    let clock = SimulatedClock::new();
    (paced(audit, Pace::default(), Arc::new(clock.clone())), clock)
}

async fn push(log: &AuditLog, numbers: std::ops::Range<usize>) -> AuditReceipt {
    let mut last = None;
    for number in numbers {
        last = Some(log.push(note(number)).await.unwrap());
    }
    last.unwrap()
}

#[tokio::test]
async fn a_batch_leaves_when_it_is_full_as_the_exact_lines_of_the_file() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, clock) = simulated(place.audit().endpoint(&endpoint.url));
    push(&log, 0..73).await;
    endpoint.seen(1).await;
    let expected = format!("[{}]", place.lines()[..50].join(","));
    assert_eq!(String::from_utf8(endpoint.posts()[0].body.clone()).unwrap(), expected);
    log.flush().await.unwrap();
    assert_eq!(endpoint.sizes(), [50, 23]);
    log.flush().await.unwrap();
    assert_eq!(endpoint.sizes(), [50, 23], "nothing is left");
    assert_eq!(clock.slept(), []);
}

#[tokio::test]
async fn fewer_entries_than_a_batch_leave_after_a_while() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, clock) = simulated(place.audit().endpoint(&endpoint.url));
    push(&log, 0..3).await;
    // The task has to begin to wait first.
    while endpoint.posts().is_empty() {
        tokio::task::yield_now().await;
        clock.stall(Duration::from_secs(5));
    }
    assert_eq!(endpoint.sizes(), [3]);
}

#[tokio::test]
async fn while_the_endpoint_is_down_nothing_is_lost_and_the_order_is_kept() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, clock) = simulated(place.audit().endpoint(&endpoint.url).batch(10));
    endpoint.answers([Answer::Takes, Answer::TakesSilently]);
    endpoint.answers([Answer::Refuses(503); 9]);
    endpoint.answers([Answer::Takes, Answer::Refuses(500), Answer::TakesSilently]);
    let mut outages = 0;
    for round in 0..10 {
        push(&log, round * 12..(round + 1) * 12).await;
        if log.flush().await.is_err() {
            outages += 1;
            clock.advance(Duration::from_secs(30));
        }
    }
    log.flush().await.unwrap();
    assert!(outages > 0);
    let folded = endpoint.folded();
    assert_eq!(folded.into_values().collect::<Vec<_>>(), [(0..120).collect::<Vec<u64>>()]);
    log.close().await;
    assert_eq!(verify_audit(&place.file, SECRET).unwrap().signed, 120);
}

#[tokio::test]
async fn whoever_posts_posts_what_a_killed_process_left() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (killed, _) = simulated(place.audit());
    let old = push(&killed, 0..7).await;
    kill(killed);
    let (log, _) = simulated(place.audit().endpoint(&endpoint.url));
    let new = push(&log, 7..9).await;
    log.close().await;
    assert_eq!(endpoint.sizes(), [9]);
    let folded = endpoint.folded();
    assert_eq!(folded[&old.log], [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(folded[&new.log], [7, 8]);
}

#[tokio::test]
async fn two_logs_on_one_file_post_each_line_once() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let audit = || place.audit().endpoint(&endpoint.url).batch(5);
    let ((one, _), (other, _)) = (simulated(audit()), simulated(audit()));
    for round in 0..10 {
        push(&one, round * 4..(round + 1) * 4).await;
        push(&other, round * 4..(round + 1) * 4).await;
        let (first, second) = tokio::join!(one.flush(), other.flush());
        first.unwrap();
        second.unwrap();
    }
    let folded: Vec<_> = endpoint.folded().into_values().collect();
    assert_eq!(folded, [(0..40).collect::<Vec<u64>>(), (0..40).collect()]);
    assert_eq!(endpoint.sizes().iter().sum::<usize>(), 80, "none twice");
}

#[tokio::test]
async fn nobody_posts_while_another_process_does() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, _) = simulated(place.audit().endpoint(&endpoint.url));
    push(&log, 0..3).await;
    let other = Cursor::take(&place.file, &Signer::new(SECRET.as_bytes())).unwrap().unwrap();
    assert_eq!(log.post(Portion::All).await.unwrap(), Posted::Elsewhere);
    drop(other);
    assert_eq!(log.post(Portion::All).await.unwrap(), Posted::Done);
    assert_eq!(endpoint.sizes(), [3]);
}

#[tokio::test]
async fn a_torn_line_is_never_posted() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, _) = simulated(place.audit().endpoint(&endpoint.url));
    push(&log, 0..2).await;
    let torn = place.lines()[1][..50].to_owned();
    std::fs::write(&place.file, text(&place.file) + &torn).unwrap();
    log.flush().await.unwrap();
    assert_eq!(endpoint.sizes(), [2]);
    push(&log, 2..3).await;
    log.flush().await.unwrap();
    assert_eq!(endpoint.sizes(), [2, 1]);
    assert_eq!(place.lines().len(), 3, "cut off");
}

#[tokio::test]
async fn a_line_that_is_no_entry_holds_nothing_up() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, _) = simulated(place.audit().endpoint(&endpoint.url));
    push(&log, 0..2).await;
    std::fs::write(&place.file, text(&place.file) + "what\n" + &"x".repeat(200_000) + "\n").unwrap();
    push(&log, 2..4).await;
    log.flush().await.unwrap();
    assert_eq!(endpoint.folded().into_values().collect::<Vec<_>>(), [[0, 1, 2, 3]]);
}

#[tokio::test]
async fn a_cursor_that_was_lost_costs_a_second_post_and_no_second_entry() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, _) = simulated(place.audit().endpoint(&endpoint.url));
    push(&log, 0..3).await;
    log.flush().await.unwrap();
    std::fs::remove_file(place.beside(".cursor")).unwrap();
    push(&log, 3..4).await;
    log.flush().await.unwrap();
    assert_eq!(endpoint.sizes(), [3, 4]);
    assert_eq!(endpoint.folded().into_values().collect::<Vec<_>>(), [[0, 1, 2, 3]]);
}

#[tokio::test]
async fn a_flush_that_nobody_waits_for_any_more_loses_nothing() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, _) = simulated(place.audit().endpoint(&endpoint.url));
    push(&log, 0..3).await;
    endpoint.answers([Answer::Stalls]);
    tokio::select! {
        _ = log.flush() => panic!("it was not answered"),
        () = endpoint.seen(1) => {}
    }
    log.flush().await.unwrap();
    assert_eq!(endpoint.folded().into_values().collect::<Vec<_>>(), [[0, 1, 2]]);
}

#[tokio::test]
async fn a_refused_batch_stays_and_rests_before_it_is_tried_again() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, clock) = simulated(place.audit().endpoint(&endpoint.url));
    push(&log, 0..3).await;
    endpoint.answers([Answer::Refuses(403)]);
    let error = log.flush().await.unwrap_err();
    assert_eq!(error.facts().details["hint"], "the audit endpoint and its secret");
    assert_eq!(log.post(Portion::Rest).await.unwrap(), Posted::Paused(Duration::from_secs(5)));
    clock.advance(Duration::from_secs(5));
    assert_eq!(log.post(Portion::Rest).await.unwrap(), Posted::Done);
    assert_eq!(endpoint.sizes(), [3, 3]);
}

#[tokio::test]
async fn a_redirect_is_no_acknowledgement() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    let (log, _) = simulated(place.audit().endpoint(&endpoint.url));
    push(&log, 0..1).await;
    endpoint.answers([Answer::Refuses(302)]);
    assert_eq!(log.flush().await.unwrap_err().facts().code, "protocol");
    log.flush().await.unwrap();
    assert_eq!(endpoint.sizes(), [1, 1]);
}

#[tokio::test]
async fn a_full_log_fails_if_that_was_chosen_and_takes_outcomes_all_the_same() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    endpoint.answers([Answer::Refuses(403); 2]);
    let audit = place.audit().endpoint(&endpoint.url).limit_bytes(1_000).when_full(WhenFull::Fail);
    let (log, _) = simulated(audit);
    let mut taken = 0;
    let error = loop {
        match log.push(note(taken)).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    let (facts, size) = (error.facts(), std::fs::metadata(&place.file).unwrap().len());
    assert_eq!((facts.code, facts.retryable), ("unavailable", true));
    assert!(facts.message.contains("audit.jsonl is full: 1000 bytes wait"), "{}", facts.message);
    assert!(taken > 1 && size <= 1_000, "{size} bytes");
    log.push_outcome(note(taken)).await.unwrap();
    // The failed push woke the task, whose post was refused; or it will be.
    while log.flush().await.is_err() {}
    log.push(note(taken + 1)).await.unwrap();
    log.flush().await.unwrap();
    let everything: Vec<u64> = (0..taken as u64 + 2).collect();
    assert_eq!(endpoint.folded().into_values().collect::<Vec<_>>(), [everything]);
}

#[tokio::test]
async fn a_push_into_a_full_log_waits_until_the_endpoint_is_back() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    endpoint.answers([Answer::Refuses(403); 3]);
    let (log, clock) = simulated(place.audit().endpoint(&endpoint.url).limit_bytes(1_000));
    let pushes = (0..30).map(|number| {
        let log = log.clone();
        async move { log.push(note(number)).await.map(drop) }
    });
    futures_util::future::try_join_all(pushes).await.unwrap();
    assert!(clock.now() >= Duration::from_secs(15), "three refusals, each followed by a rest");
    log.close().await;
    let mut folded: Vec<Vec<u64>> = endpoint.folded().into_values().collect();
    folded[0].sort_unstable();
    assert_eq!(folded, [(0..30).collect::<Vec<u64>>()]);
    assert!(endpoint.sizes().iter().all(|size| *size <= 4), "never more than the limit: {:?}", endpoint.sizes());
}

#[tokio::test]
async fn closing_tries_for_a_while_and_leaves_the_rest_to_the_next_client() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    endpoint.answers([Answer::Refuses(500); 200]);
    let audit = || place.audit().endpoint(&endpoint.url);
    // The breaker's own pause is longer than closing may take; on this clock it would pass at once.
    let (pace, clock) = (Pace::default().attempts(1).breaker_after(100), SimulatedClock::new());
    let log = paced(audit(), pace, Arc::new(clock.clone()));
    push(&log, 0..3).await;
    log.close().await;
    assert_eq!(endpoint.posts().len(), 10, "once a second");
    assert!(clock.now() < Duration::from_secs(10), "{:?}", clock.now());
    assert_eq!(log.waiting(), 3);
    assert_eq!(verify_audit(&place.file, SECRET).unwrap().signed, 3, "signed all the same");
    locked(&endpoint.script).clear();
    let (next, _) = simulated(audit());
    next.close().await;
    assert_eq!(endpoint.folded().into_values().collect::<Vec<_>>(), [[0, 1, 2]]);
    assert_eq!(next.waiting(), 0);
}

#[tokio::test]
async fn closing_ends_when_its_time_is_over_though_the_endpoint_is_silent() {
    let (place, endpoint) = (Place::new(), Endpoint::start().await);
    endpoint.answers([Answer::Stalls]);
    let (log, clock) = simulated(place.audit().endpoint(&endpoint.url).drain(Duration::from_secs(3)));
    push(&log, 0..1).await;
    let silence = async {
        endpoint.seen(1).await;
        // Shorter than the time-out of the post, as long as closing may take.
        clock.stall(Duration::from_secs(3));
    };
    tokio::join!(log.close(), silence);
    assert_eq!(log.waiting(), 1);
}
