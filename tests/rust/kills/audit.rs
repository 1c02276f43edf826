//! Twenty processes are killed in the middle of writing to one audit log, and two write to it side by side.
//!
//! A child says on its standard output which entries were acknowledged to it. The moment of the kill comes from a seed and
//! is counted in these, not in time; the child does not wait for anybody, so it dies anywhere in its work.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use porteur::simulator::Simulator;
use porteur::{Audit, AuditEntry, Client, Config, Result, verify_audit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{block_on, simulator};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        nothing_that_was_acknowledged_is_lost_with_twenty_killed_processes,
        two_processes_write_to_one_log_without_touching_each_others_chains,
    ]
}

fn nothing_that_was_acknowledged_is_lost_with_twenty_killed_processes() {
    let up = simulator(json!({ "clock": "system" }));
    let endpoint = format!("{}/audit", up.url());
    // An address where nobody answers: the endpoint is down for the first half of them.
    let gone = simulator(json!({}));
    let down = format!("{}/audit", gone.url());
    gone.stop();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.log");
    let mut acknowledged = BTreeSet::new();
    let mut torn = 0;
    for seed in 0..KILLS {
        let endpoint = if seed < KILLS / 2 { &down } else { &endpoint };
        let task = Task { file: file.clone(), endpoint: endpoint.clone(), entries: u64::MAX };
        let (mut child, said) = super::Task::Record(task).listen();
        let mut said = BufReader::new(said).lines();
        let enough = 1 + (seed * 37 + 11) % 120;
        for _ in 0..enough {
            acknowledged.insert(place(&said.next().expect("it goes on until it is killed").unwrap()));
        }
        child.0.kill().unwrap();
        assert!(child.0.wait().unwrap().code().is_none(), "seed {seed}: it ended by itself before it was killed");
        // What it said before it died counts as well.
        acknowledged.extend(said.map(|line| place(&line.unwrap())));

        let report = verify_audit(&file, SECRET).unwrap();
        assert!(report.is_intact(), "seed {seed}: {report:#?}");
        torn += u32::from(report.torn);
        let kept = places(&file);
        assert!(kept.is_superset(&acknowledged), "seed {seed}: {:?} are lost", acknowledged.difference(&kept));
    }
    println!("{KILLS} kills: {} entries were acknowledged, {torn} left a torn line", acknowledged.len());

    block_on(async {
        let client = Client::new(config(&file, &endpoint)).unwrap();
        client.record(AuditEntry::new("end")).await.unwrap();
        client.flush_audit().await.unwrap();
    });
    all_posted(&up, &file);
    assert_eq!(verify_audit(&file, SECRET).unwrap().logs, KILLS + 1);
}

fn two_processes_write_to_one_log_without_touching_each_others_chains() {
    let simulator = simulator(json!({ "clock": "system" }));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.log");
    let endpoint = format!("{}/audit", simulator.url());
    let task = super::Task::Record(Task { file: file.clone(), endpoint, entries: ENTRIES });
    let children = [task.listen(), task.listen()];
    for (mut child, said) in children {
        assert_eq!(BufReader::new(said).lines().count() as u64, ENTRIES);
        assert!(child.0.wait().unwrap().success());
    }
    let report = verify_audit(&file, SECRET).unwrap();
    assert!(report.is_intact() && !report.torn, "{report:#?}");
    assert_eq!((report.logs, report.entries, report.signed), (2, 2 * ENTRIES, 2 * ENTRIES));
    // Both have closed their client, which drains the log.
    all_posted(&simulator, &file);
}

/// What the endpoint folded is what is in the file, each entry once and without a breach.
fn all_posted(simulator: &Simulator, file: &Path) {
    let posted: Vec<(String, u64)> = simulator.state().audit.iter().map(place_of).collect();
    let once: BTreeSet<(String, u64)> = posted.iter().cloned().collect();
    assert_eq!(once.len(), posted.len(), "an entry is there twice");
    assert_eq!(once, places(file));
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

/// Log and sequence of each whole line.
fn places(file: &Path) -> BTreeSet<(String, u64)> {
    let text = std::fs::read_to_string(file).unwrap();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| place_of(&serde_json::from_str(line).unwrap())).collect()
}

fn place_of(entry: &Value) -> (String, u64) {
    (entry["log"].as_str().expect("a log").to_owned(), entry["sequence"].as_u64().expect("a number"))
}

/// What a child said: a log and a sequence.
fn place(said: &str) -> (String, u64) {
    let (log, sequence) = said.split_once(' ').expect("two words");
    (log.to_owned(), sequence.parse().expect("a number"))
}

fn config(file: &Path, endpoint: &str) -> Config {
    Config::new("simulator", "simulator-secret").audit(Audit::file(file, SECRET).endpoint(endpoint))
}

/// What the child is to do.
#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    file: PathBuf,
    endpoint: String,
    entries: u64,
}

impl Task {
    pub(super) async fn run(self) -> Result<()> {
        let client = Client::new(config(&self.file, &self.endpoint))?;
        for n in 0..self.entries {
            let receipt = client.record(AuditEntry::new("note").field("n", n)).await?;
            println!("{} {}", receipt.log, receipt.sequence);
        }
        client.close().await;
        Ok(())
    }
}

const KILLS: u64 = 20;
/// What each of two processes writes.
const ENTRIES: u64 = 300;
/// What the simulator takes by default.
const SECRET: &str = "simulator-audit-secret";
