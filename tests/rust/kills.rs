//! Twenty processes are killed in the middle of an upload, each time another one goes on.
//!
//! The test binary is its own child: with [`TASK`] in its environment it uploads one file and does nothing else. The
//! moment of the kill comes from a seed and is counted in requests that the simulator saw, not in time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use porteur::simulator::{JournalEntry, Simulator};
use porteur::{Client, Config, Upload};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::{block_on, count, fault, requests, simulator, some_bytes};

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
    let task = Task {
        url: simulator.url().to_owned(),
        source: folder.path().join("source.bin"),
        journal: folder.path().join("journal"),
    };
    std::fs::write(&task.source, &content).unwrap();
    let puts = 1 + usize::try_from(seed * 7 + 3).unwrap() % (CHUNKS - 2 * CONCURRENCY);
    // Half of them die while the storage is silent, half while it answers one chunk after the other.
    let trouble = if seed.is_multiple_of(2) {
        json!({ "on": "PUT /storage", "nth": puts, "times": 1, "stall_ms": 1 })
    } else {
        json!({ "on": "PUT /storage", "times": CHUNKS, "slow_ms": 2 })
    };
    simulator.add_fault(fault(trouble)).unwrap();

    let mut first = Process(task.start());
    until(&simulator, || count(&simulator, "PUT") >= puts || first.has_ended());
    first.0.kill().unwrap();
    let ended = first.0.wait().unwrap();
    assert!(ended.code().is_none(), "seed {seed}: it ended by itself as {ended}, before it was killed");
    assert_eq!(simulator.state().files.len(), 0, "seed {seed}: nothing was completed");
    assert!(task.journal.exists(), "seed {seed}: the journal is still there");

    let ended = Process(task.start()).0.wait().unwrap();
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
    assert!(!task.journal.exists(), "seed {seed}: the journal is gone with the completion");
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

/// A child that does not outlive its test.
struct Process(Child);

impl Process {
    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the child is to do.
#[derive(Serialize, Deserialize)]
struct Task {
    url: String,
    source: PathBuf,
    journal: PathBuf,
}

impl Task {
    fn start(&self) -> Child {
        let this: &Path = &std::env::current_exe().unwrap();
        Command::new(this).env(TASK, serde_json::to_string(self).unwrap()).spawn().unwrap()
    }

    fn run(self) -> ExitCode {
        let config = Config::new("simulator", "simulator-secret").base_url(self.url);
        let upload = Upload::path(self.source).journal(self.journal).concurrency(CONCURRENCY);
        let outcome = block_on(async { Client::new(config)?.upload(upload).await });
        match outcome {
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("the child failed: {:?}", error.facts());
                ExitCode::FAILURE
            }
        }
    }
}

/// Does the task of a child, when this process is one.
pub(crate) fn child() -> Option<ExitCode> {
    let task = std::env::var(TASK).ok()?;
    let task: Task = serde_json::from_str(&task).expect("a task in JSON");
    Some(task.run())
}

const TASK: &str = "PORTEUR_TESTS_UPLOAD";
/// For one URL and for part URLs each.
const KILLS: u64 = 10;
const CHUNKS: usize = 40;
const CHUNK: usize = 1000;
const CONCURRENCY: usize = 3;
/// Real time: a process starts and sends a few chunks.
const PATIENCE: Duration = Duration::from_secs(60);
