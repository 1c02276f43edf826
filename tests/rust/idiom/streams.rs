//! What is in memory, what is under way, and what is told of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;
use porteur::simulator::{JournalEntry, Outcome};
use porteur::{Client, Clock, Config, Progress, Upload, UploadedFile, Wait};
use serde_json::json;

use super::{CHUNK, counted, polled, still, until};
use crate::support::{block_on, client, count, simulator, some_bytes};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_stream_for_one_url_is_read_one_chunk_ahead,
        a_stream_of_parts_is_read_one_chunk_ahead_of_those_under_way,
        progress_never_goes_back_and_ends_at_the_total,
        progress_of_parts_never_goes_back_and_ends_at_the_total,
        parts_travel_side_by_side_and_no_more_than_asked_for,
        chunks_of_one_url_travel_one_at_a_time,
    ]
}

fn a_stream_for_one_url_is_read_one_chunk_ahead() {
    stream_is_bounded(false, 2);
}

fn a_stream_of_parts_is_read_one_chunk_ahead_of_those_under_way() {
    stream_is_bounded(true, CONCURRENCY + 1);
}

/// Nothing is answered: what was read after a while is what may be in memory.
fn stream_is_bounded(multipart: bool, chunks: usize) {
    let silence = json!({ "on": "PUT /storage", "times": 1000, "stall_ms": 1 });
    let simulator = simulator(json!({ "chunk_size": CHUNK, "multipart": multipart, "faults": [silence] }));
    let pulled = Arc::new(AtomicUsize::new(0));
    let (stream, _alive) = counted(&some_bytes(20 * CHUNK), CHUNK / 2, pulled.clone());
    let client = client(&simulator);
    block_on(async {
        let upload = Upload::stream(stream, 20 * CHUNK as u64, "a.bin").concurrency(CONCURRENCY);
        let mut upload = Box::pin(client.upload(upload));
        let sent = if multipart { CONCURRENCY } else { 1 };
        until(&mut upload, || count(&simulator, "PUT") == sent && pulled.load(Ordering::Relaxed) == chunks * CHUNK)
            .await;
        still(&mut upload).await;
        assert_eq!(pulled.load(Ordering::Relaxed), chunks * CHUNK, "bytes of the stream that were read");
        assert_eq!(count(&simulator, "PUT"), sent);
    });
}

fn progress_never_goes_back_and_ends_at_the_total() {
    progress_is_monotone(false);
}

fn progress_of_parts_never_goes_back_and_ends_at_the_total() {
    progress_is_monotone(true);
}

fn progress_is_monotone(multipart: bool) {
    let faults = json!([
        { "on": "PUT /storage", "nth": 2, "drop": "during" },
        { "on": "PUT /storage", "nth": 4, "drop": "after" },
        { "on": "PUT /storage", "nth": 6, "status": 500 },
    ]);
    let chunk = 1000;
    let simulator = simulator(json!({ "chunk_size": chunk, "multipart": multipart, "faults": faults }));
    let total = 9500;
    let told = Arc::new(Mutex::new(Vec::<Progress>::new()));
    let listener = told.clone();
    // Each look at this clock finds that the next report is due.
    let config = Config::simulated(&simulator).clock(Arc::new(Hasty { below: simulator.clock(), looks: 0.into() }));
    let upload =
        Upload::bytes(some_bytes(total), "a.bin").on_progress(move |progress| listener.lock().unwrap().push(progress));
    block_on(Client::new(config).unwrap().upload(upload)).unwrap();
    let told = told.lock().unwrap();
    assert!(told.len() >= 10, "only {} reports", told.len());
    assert!(told.is_sorted_by_key(|progress| progress.acknowledged), "{told:#?}");
    assert!(told.iter().all(|progress| progress.acknowledged <= progress.sent && progress.sent <= progress.total));
    let last = told.last().unwrap();
    assert_eq!((last.acknowledged, last.sent, last.total), (total as u64, total as u64, total as u64));
}

/// A clock on which a tenth of a second passes whenever it is looked at.
#[derive(Debug)]
struct Hasty {
    below: Arc<dyn Clock>,
    looks: AtomicUsize,
}

impl Clock for Hasty {
    fn now(&self) -> Duration {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        self.below.now() + Duration::from_millis(100) * u32::try_from(looks).unwrap()
    }

    fn date(&self) -> SystemTime {
        self.below.date()
    }

    fn sleep(&self, wait: Duration) -> Wait {
        self.below.sleep(wait)
    }

    fn deadline(&self, limit: Duration) -> Wait {
        self.below.deadline(limit)
    }
}

fn parts_travel_side_by_side_and_no_more_than_asked_for() {
    assert_eq!(most_at_once(true), CONCURRENCY);
}

fn chunks_of_one_url_travel_one_at_a_time() {
    assert_eq!(most_at_once(false), 1);
}

/// How many PUTs were open at once while each of them took its time.
fn most_at_once(multipart: bool) -> usize {
    let slow = json!({ "on": "PUT /storage", "times": 1000, "slow_ms": 20 });
    let simulator = simulator(json!({ "chunk_size": CHUNK, "multipart": multipart, "faults": [slow] }));
    let client = client(&simulator);
    let mut most = 0;
    let file: UploadedFile = block_on(async {
        let upload = Upload::bytes(some_bytes(7 * CHUNK), "a.bin").concurrency(CONCURRENCY);
        let mut upload = Box::pin(client.upload(upload));
        loop {
            let journal = simulator.journal();
            let open = |entry: &&JournalEntry| entry.method == "PUT" && entry.status == Outcome::Open;
            most = most.max(journal.iter().filter(open).count());
            if let Poll::Ready(outcome) = polled(&mut upload).await {
                return outcome.unwrap();
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(file.checksums.len(), 7);
    most
}

const CONCURRENCY: usize = 3;
