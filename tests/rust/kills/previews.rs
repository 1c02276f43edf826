//! Twenty workers are killed while they make previews: no event that was taken is lost, and none is linked twice.
//!
//! When a worker dies is counted in requests that the simulator saw, not in time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use porteur::simulator::Simulator;
use porteur::{Client, Config, PreviewWorker, Previews, Publish, Result, Submitted};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::PATIENCE;
use crate::support::{Random, WORKSPACE, block_on, count, requests, simulator, unhurried_pace};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![what_killed_workers_left_is_done_by_others_and_linked_once]
}

fn what_killed_workers_left_is_done_by_others_and_linked_once() {
    let kills = std::env::var("PORTEUR_STORM_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"));
    let events = kills * 6;
    let conversations: Vec<_> = (0..events).map(|n| json!({ "id": format!("conversation-{n}") })).collect();
    let picture = Path::new(WORKSPACE).join("tests/media/landscape.jpg");
    let simulator = simulator(json!({
        "clock": "system", "conversations": conversations, "hosted": [{ "name": "a.jpg", "path": picture }],
    }));
    let folder = tempfile::tempdir().unwrap();
    let task = Task { url: simulator.url().to_owned(), folder: folder.path().to_owned() };
    block_on(take(&task, events));

    let start = || super::Task::Previews(task.clone()).start();
    let mut workers = [start(), start()];
    let mut random = Random(11);
    let mut at = 0;
    for kill in 0..kills {
        // From the first to the last of the four requests of a job.
        at += 1 + random.index(16);
        let victim = &mut workers[random.index(2)];
        until(&simulator, || count(&simulator, "") >= at || linked(&simulator).len() == events);
        assert!(!victim.has_ended(), "worker {kill} ended by itself");
        *victim = start();
    }
    until(&simulator, || linked(&simulator).len() == events);
    drop(workers);
    // Whoever died between its message and its acknowledgement left a job.
    block_on(async { task.worker().unwrap().drain().await }).unwrap();
    let posted = linked(&simulator);
    let twice: Vec<_> = posted.iter().filter(|(_, times)| **times > 1).collect();
    let puts: u64 = simulator.state().objects.iter().map(|object| object.puts).sum();
    let lost = events - posted.len();
    println!("{kills} kills, {events} events: {lost} lost, {} linked twice, {puts} objects put", twice.len());
    assert!(lost == 0 && twice.is_empty(), "linked twice: {twice:?}");
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

/// Each event comes twice.
async fn take(task: &Task, events: usize) {
    let worker = task.worker().unwrap();
    for (n, again) in (0..events).flat_map(|n| [(n, false), (n, true)]) {
        let data = json!({
            "conversationId": format!("conversation-{n}"), "attachmentUrl": format!("{}/hosted/a.jpg", task.url),
            "mimeType": "image/jpeg",
        });
        let event = json!({ "event": "webchat:attachment", "data": data }).to_string();
        let submitted = worker.submit(event.as_bytes(), [("", ""); 0]).await.unwrap();
        assert!(matches!(submitted, Submitted::Queued { known, .. } if known == again));
    }
}

/// How often each conversation was told of its preview.
fn linked(simulator: &Simulator) -> BTreeMap<String, usize> {
    let told =
        simulator.state().conversations.into_iter().map(|conversation| (conversation.id, conversation.posted.len()));
    told.filter(|(_, times)| *times > 0).collect()
}

fn until(simulator: &Simulator, mut reached: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < PATIENCE * 2, "it was never reached:\n  {}", requests(simulator).join("\n  "));
        std::thread::yield_now();
    }
}

/// What the child is to do.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Task {
    url: String,
    folder: PathBuf,
}

impl Task {
    pub(super) async fn run(self) -> Result<()> {
        self.worker()?.run().await
    }

    fn worker(&self) -> Result<PreviewWorker> {
        let config = Config::new("simulator", "simulator-secret").base_url(&self.url).pace(unhurried_pace());
        let previews = Previews::new(Publish::template(format!("{}/cdn/{{id}}", self.url)))
            .queue(self.folder.join("previews.db").to_string_lossy())
            .spool(self.folder.join("spool"))
            .concurrency(4)
            // Long for a job on a busy machine, and short to wait for when its worker is gone.
            .visibility(Duration::from_secs(3))
            .max_attempts(50)
            .unsigned(true)
            .allow_private(true);
        Client::new(config)?.previews(previews)
    }
}

const KILLS: usize = 20;
