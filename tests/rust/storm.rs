//! The fault storm: whatever goes wrong in whatever order, an upload ends with the very bytes or with an error, and a
//! journal leads to the very bytes when the storm is over.
//!
//! 300 schedules from 300 seeds. A schedule that fails names its seed; `run(seed)` plays it again.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use libtest_mimic::Trial;
use porteur::Upload;
use porteur::simulator::Simulator;
use serde_json::{Value, json};

use crate::support::{Random, block_on, client, requests, simulator, some_bytes};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![the_same_seed_is_the_same_schedule, no_storm_of_faults_ends_in_a_file_that_differs,]
}

fn the_same_seed_is_the_same_schedule() {
    assert_eq!(Schedule::new(7), Schedule::new(7));
    assert_ne!(Schedule::new(7), Schedule::new(8));
}

fn no_storm_of_faults_ends_in_a_file_that_differs() {
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..u64::from(SCHEDULES) {
        let end = block_on(run(seed)).unwrap_or_else(|reason| panic!("seed {seed}: {reason}"));
        *ends.entry(end).or_default() += 1;
    }
    let told: Vec<String> = ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
    println!("the storm: {SCHEDULES} schedules, {}", told.join(", "));
    assert!(ends.get("stored").is_some_and(|stored| *stored > SCHEDULES / 3), "most of them are to be weathered");
    assert!(ends.len() > 3, "a storm that is always weathered is none");
}

/// What is uploaded and what goes wrong.
#[derive(Debug, PartialEq)]
struct Schedule {
    size: usize,
    multipart: bool,
    source: &'static str,
    concurrency: usize,
    faults: Vec<Value>,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let multipart = random.below(2) == 0;
        let size = *random.one_of(&[0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]);
        let source = random.one_of(&["bytes", "path", "stream"]);
        let concurrency = 1 + random.index(3);
        let faults = (0..random.below(6)).map(|_| fault(&mut random, multipart)).collect();
        Self { size, multipart, source, concurrency, faults }
    }
}

fn fault(random: &mut Random, multipart: bool) -> Value {
    let on = *random.one_of(&["PUT /storage", "PUT /storage", "PUT /storage", INITIATE, COMPLETE, "POST /oauth"]);
    let mut fault = json!({ "on": on, "nth": 1 + random.below(4), "times": 1 + random.below(3) });
    let effect = match (random.below(14), on) {
        (0, _) => json!({ "drop": "before" }),
        (1, _) => json!({ "drop": "during" }),
        (2, _) => json!({ "drop": "after" }),
        (3, _) => json!({ "status": 408 }),
        (4, _) => json!({ "status": 429, "retry_after": random.below(8) }),
        (5, _) => json!({ "status": 429, "retry_after_date": random.below(8) }),
        (6, _) => json!({ "status": 500 }),
        (7, _) => json!({ "status": 503, "retry_after": random.below(50) }),
        (8, _) => json!({ "slow_ms": 1 + random.below(3) }),
        (9, _) => json!({ "stall_ms": 30_000 }),
        (10, "PUT /storage") => json!({ "flip_bit": true }),
        (11, "PUT /storage") => json!({ "expire_url": true }),
        (12, "PUT /storage") if !multipart => json!({ "store_bytes": random.below(CHUNK as u64) }),
        (10..=12, INITIATE | COMPLETE) => json!({ "expire_token": true }),
        _ => json!({ "drop": "after" }),
    };
    for (name, value) in effect.as_object().expect("an effect") {
        fault[name] = value.clone();
    }
    fault
}

/// Plays one schedule; answers how it ended, or what must never be.
async fn run(seed: u64) -> Result<String, String> {
    let schedule = Schedule::new(seed);
    let simulator =
        simulator(json!({ "chunk_size": CHUNK, "multipart": schedule.multipart, "faults": schedule.faults }));
    let content = some_bytes(schedule.size);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("storm.bin");
    std::fs::write(&path, &content).expect("the source is written");
    let upload = || {
        let upload = match schedule.source {
            "bytes" => Upload::bytes(content.clone(), "storm.bin"),
            "path" => Upload::path(&path),
            _ => {
                let pieces: Vec<_> = content.chunks(37).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
                Upload::stream(futures_util::stream::iter(pieces), content.len() as u64, "storm.bin")
            }
        };
        upload.concurrency(schedule.concurrency).journal(folder.path().join("journal"))
    };
    let client = client(&simulator);
    let outcome = client.upload(upload()).await;
    let wrong = |what: String| {
        let journal = requests(&simulator).join("\n  ");
        Err(format!("{what}\n{schedule:#?}\njournal:\n  {journal}\nviolations: {:#?}", simulator.violations()))
    };
    if !simulator.violations().is_empty() {
        return wrong("the contract was broken".to_owned());
    }
    let stored = stored_all(&simulator);
    if stored.iter().any(|bytes| *bytes != content) {
        return wrong("a file was completed that differs from its source".to_owned());
    }
    let end = match (&outcome, stored.len()) {
        (Ok(file), 1) if file.size == content.len() as u64 => Ok("stored".to_owned()),
        (Ok(file), files) => wrong(format!("{file:?} is told, and there are {files} files")),
        // One file: it is there, and only the answer was lost to the end.
        (Err(error), 0 | 1) => {
            let facts = error.facts();
            let flipped = schedule.faults.iter().any(|fault| fault["flip_bit"] == true);
            let fits = match facts.code {
                "checksum_mismatch" => flipped,
                "rate_limited" | "unavailable" | "network" | "expired" => true,
                "api" => matches!(facts.status, Some(408 | 500)),
                "unauthenticated" => facts.status == Some(401),
                _ => false,
            };
            if fits { Ok(facts.code.to_owned()) } else { wrong(format!("{error:?} is no answer to these faults")) }
        }
        (Err(error), files) => wrong(format!("{error:?} is told, and there are {files} files")),
    };
    if end.is_err() || outcome.is_ok() {
        return end;
    }
    // The storm passes: faults are used up, and an open breaker closes.
    for _ in 0..CALLS {
        simulator.advance(Duration::from_secs(30)).expect("the clock is simulated");
        if client.upload(upload()).await.is_ok() {
            // The one thing a client cannot know: how much of a chunk was stored when the call before ended.
            if simulator.violations().iter().any(|violation| !violation.ends_with("was due")) {
                return wrong("the contract was broken on the way".to_owned());
            }
            return match stored_all(&simulator)[..] {
                [ref bytes] if *bytes == content => end,
                _ => wrong("what is stored in the end is not the file, once".to_owned()),
            };
        }
    }
    wrong(format!("it was not stored after {CALLS} more calls"))
}

fn stored_all(simulator: &Simulator) -> Vec<Bytes> {
    let files = simulator.state().files;
    files.iter().map(|file| simulator.file(&file.id).and_then(|file| file.bytes).expect("it is kept")).collect()
}

const SCHEDULES: u32 = 300;
/// How many calls a storm may outlast: six faults of three requests each, four attempts a call.
const CALLS: usize = 12;
const CHUNK: usize = 64;
const INITIATE: &str = "POST /api/v2/files/uploads";
const COMPLETE: &str = "POST /api/v2/files/uploads/";
