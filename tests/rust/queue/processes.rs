//! Processes that share a queue, and that are killed: the test binary is its own child, with [`TASK`] in its environment.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use porteur::{Enqueued, Queue, QueueSettings, Result, SystemClock};
use serde::{Deserialize, Serialize};

use super::Promise;
use super::place::{Address, Kind, Place};
use super::properties::{MINUTE, take};
use super::storm;
use crate::support::block_on;

pub(super) fn all() -> Vec<Promise> {
    super::promises![
        a_job_that_kills_its_process_is_dead_after_exactly_as_many_attempts_as_it_has,
        one_key_a_thousand_times_from_eight_processes_is_one_job,
        what_eight_killed_processes_were_told_is_stored_is_there,
    ]
}

/// Does the task of a child, when this process is one.
pub(crate) fn child() -> Option<ExitCode> {
    let task = std::env::var(TASK).ok()?;
    let task: Task = serde_json::from_str(&task).expect("a task in JSON");
    Some(super::ended(block_on(task.run())))
}

/// What a child is to do.
#[derive(Serialize, Deserialize)]
pub(super) enum Task {
    /// Takes a job and does not come back from it.
    Hang(Address),
    /// Stores a job so often, or as many as that, and says what became of each.
    Store { address: Address, key: String, numbered: bool, times: u64 },
    /// Stores a job with what this process trusts, and says how that ended.
    Connect { url: String },
    /// Its part of the storm.
    Storm(storm::Task),
}

impl Task {
    async fn run(self) -> Result<()> {
        match self {
            Self::Hang(address) => {
                let jobs = address.open(Default::default()).receive(1, None).await?;
                println!("{}", jobs.first().map_or(0, |job| job.attempt));
                std::future::pending().await
            }
            Self::Store { address, key, numbered, times } => {
                let queue = address.open(Default::default());
                for n in 0..times {
                    let key = if numbered { format!("{key}-{n}") } else { key.clone() };
                    match queue.enqueue(&key, key.clone()).await? {
                        Enqueued::Stored => println!("stored {key}"),
                        Enqueued::Known => println!("known {key}"),
                    }
                }
                Ok(())
            }
            Self::Connect { url } => {
                let queue = Queue::open(&url, QueueSettings::default(), Arc::new(SystemClock::new()))?;
                match queue.init().await {
                    Ok(()) => println!("{:?}", queue.enqueue("a", "").await?),
                    Err(error) => println!("{}", error.facts().message),
                }
                Ok(())
            }
            Self::Storm(task) => task.run().await,
        }
    }

    /// Starts it, and what it says.
    pub(super) fn start(&self) -> (Process, ChildStdout) {
        self.start_trusting(None)
    }

    /// Whose store of certificates is this file.
    pub(super) fn start_trusting(&self, store: Option<&Path>) -> (Process, ChildStdout) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(TASK, serde_json::to_string(self).unwrap()).stdout(Stdio::piped());
        command.envs(store.map(|store| ("SSL_CERT_FILE", store)));
        let mut child = command.spawn().unwrap();
        let said = child.stdout.take().expect("it is piped");
        (Process(child), said)
    }
}

/// A child that does not outlive its test.
pub(super) struct Process(Child);

impl Process {
    pub(super) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn a_job_that_kills_its_process_is_dead_after_exactly_as_many_attempts_as_it_has(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        queue.enqueue("poison", "").await.unwrap();
        // The processes go by the clock of the machine, and the queue has to as well.
        let queue = place.address.open(Default::default());
        let mut attempts = Vec::new();
        for n in 1..=7 {
            let (mut process, said) = Task::Hang(place.address.clone()).start();
            let mut line = String::new();
            BufReader::new(said).read_line(&mut line).unwrap();
            process.kill();
            attempts.push(line.trim().parse::<u32>().unwrap());
            place.pass_for_processes(MINUTE * 2, n).await;
        }
        assert_eq!(attempts, [1, 2, 3, 4, 5, 0, 0]);
        let letters = queue.dead_letters(None, 10).await.unwrap();
        assert_eq!((letters.len(), letters[0].attempts), (1, 5));
        println!("{}: a poison job was dead after {} attempts", kind.name(), letters[0].attempts);
    });
}

fn one_key_a_thousand_times_from_eight_processes_is_one_job(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        let times = 1000 / PROCESSES as u64;
        let started: Vec<_> = (0..PROCESSES)
            .map(|_| (place.address.clone(), "delivery".to_owned()))
            .map(|(address, key)| Task::Store { address, key, numbered: false, times }.start())
            .collect();
        let (mut stored, mut known) = (0, 0);
        for (_process, said) in started {
            for line in BufReader::new(said).lines() {
                if line.unwrap().starts_with("stored") { stored += 1 } else { known += 1 }
            }
        }
        assert_eq!((stored, known), (1, 1000 - 1));
        assert_eq!(queue.stats().await.unwrap().waiting, 1);
        println!("{}: one key from {PROCESSES} processes, {stored} stored and {known} folded", kind.name());
    });
}

fn what_eight_killed_processes_were_told_is_stored_is_there(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        let started: Vec<_> = (0..PROCESSES)
            .map(|n| (place.address.clone(), format!("process-{n}")))
            .map(|(address, key)| Task::Store { address, key, numbered: true, times: u64::MAX }.start())
            .collect();
        let mut acknowledged = BTreeSet::new();
        for (n, (mut process, said)) in started.into_iter().enumerate() {
            let mut lines = BufReader::new(said).lines().map(|line| line.unwrap());
            let enough = 5 + (n * 37) % 60;
            acknowledged.extend(lines.by_ref().take(enough));
            process.kill();
            // What it said before it died counts as well.
            acknowledged.extend(lines);
        }
        let mut there = BTreeSet::new();
        loop {
            let jobs = take(&queue, 1000).await;
            if jobs.is_empty() {
                break;
            }
            there.extend(jobs.into_iter().map(|job| format!("stored {}", job.key)));
        }
        let lost = acknowledged.difference(&there).count();
        assert_eq!(lost, 0, "accepted but lost");
        let accepted = acknowledged.len();
        println!("{}: {PROCESSES} killed processes, {accepted} accepted, {lost} of them lost", kind.name());
    });
}

impl Place {
    /// [`Place::pass`] for the `nth` time, for processes of their own.
    async fn pass_for_processes(&self, time: Duration, nth: u32) {
        match self.kind {
            Kind::File => self.address.set_offset(i64::try_from((time * nth).as_millis()).unwrap()),
            Kind::Server => self.pass(time).await,
        }
    }
}

pub(super) const PROCESSES: usize = 8;
const TASK: &str = "PORTEUR_TESTS_QUEUE_TASK";
