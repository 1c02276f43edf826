//! Twenty processes are killed in the middle of an upload, each time another one goes on.
//!
//! The moment of the kill comes from a seed and is counted in requests that the simulator saw, not in time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use libtest_mimic::Trial;
use porteur::simulator::{JournalEntry, Simulator};
use porteur::{Client, Config, Result, Upload};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::PATIENCE;
use crate::support::{count, fault, requests, simulator, some_bytes};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        an_upload_that_was_killed_is_finished_by_another_process,
        an_upload_of_parts_that_was_killed_is_finished_by_another_process,
    ]
}

fn an_upload_that_was_killed_is_finished_by_another_process() {
    (0..KILLS).for_each(|seed| killed_and_resumed(seed, false));
}

fn an_upload_of_parts_that_was_killed_is_finished_by_another_process() {
    (0..KILLS).for_each(|seed| killed_and_resumed(seed, true));
}

fn killed_and_resumed(seed: u64, multipart: bool) {
    let simulator = simulator(json!({ "chunk_size": CHUNK, "multipart": multipart, "clock": "system" }));
    let content = some_bytes(CHUNKS * CHUNK - 7);
    let folder = tempfile::tempdir().unwrap();
    let (source, journal_file) = (folder.path().join("source.bin"), folder.path().join("journal"));
    std::fs::write(&source, &content).unwrap();
    let task = Task { url: simulator.url().to_owned(), source, journal: journal_file.clone() };
    let puts = 1 + usize::try_from(seed * 7 + 3).unwrap() % (CHUNKS - 2 * CONCURRENCY);
    // Half of them die while the storage is silent, half while it answers one chunk after the other.
    let trouble = if seed.is_multiple_of(2) {
        json!({ "on": "PUT /storage", "nth": puts, "times": 1, "stall_ms": 1 })
    } else {
        json!({ "on": "PUT /storage", "times": CHUNKS, "slow_ms": 2 })
    };
    simulator.add_fault(fault(trouble)).unwrap();

    let task = super::Task::Upload(task);
    let mut first = task.start();
    until(&simulator, || count(&simulator, "PUT") >= puts || first.has_ended());
    first.0.kill().unwrap();
    let ended = first.0.wait().unwrap();
    assert!(ended.code().is_none(), "seed {seed}: it ended by itself as {ended}, before it was killed");
    assert_eq!(simulator.state().files.len(), 0, "seed {seed}: nothing was completed");
    assert!(journal_file.exists(), "seed {seed}: the journal is still there");

    let ended = task.start().0.wait().unwrap();
    let journal = || requests(&simulator).join("\n  ");
    assert!(ended.success(), "seed {seed}: the second process ended as {ended}\n  {}", journal());
    let files = simulator.state().files;
    assert_eq!(files.len(), 1, "seed {seed}");
    let stored = simulator.file(&files[0].id).unwrap().bytes.unwrap();
    assert_eq!(stored, content, "seed {seed}: what is stored");
    assert_eq!(count(&simulator, "POST /api/v2/files/uploads "), 1, "seed {seed}: one session for both processes");
    let again = sent_again(&simulator.journal());
    assert!(again <= CONCURRENCY + 1, "seed {seed}: {again} chunks were sent again\n  {}", journal());
    assert_eq!(simulator.violations(), Vec::<String>::new(), "seed {seed}");
    assert!(!journal_file.exists(), "seed {seed}: the journal is gone with the completion");
}

/// How many chunks were sent more than once.
fn sent_again(journal: &[JournalEntry]) -> usize {
    let mut times: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for entry in journal.iter().filter(|entry| entry.method == "PUT") {
        let range = entry.headers.get("content-range").map_or("", String::as_str);
        *times.entry((&entry.path, range)).or_default() += 1;
    }
    times.values().filter(|times| **times > 1).count()
}

fn until(simulator: &Simulator, mut reached: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < PATIENCE, "it was never reached:\n  {}", requests(simulator).join("\n  "));
        std::thread::yield_now();
    }
}

/// What the child is to do.
#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    url: String,
    source: PathBuf,
    journal: PathBuf,
}

impl Task {
    pub(super) async fn run(self) -> Result<()> {
        let config = Config::new("simulator", "simulator-secret").base_url(self.url);
        let upload = Upload::path(self.source).journal(self.journal).concurrency(CONCURRENCY);
        Client::new(config)?.upload(upload).await.map(drop)
    }
}

/// For one URL and for part URLs each.
const KILLS: u64 = 10;
const CHUNKS: usize = 40;
const CHUNK: usize = 1000;
const CONCURRENCY: usize = 3;
