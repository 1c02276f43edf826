//! The storm: eight processes store and do jobs, are killed, have clocks that jump, and a server that falls over.
//!
//! The effect of a job is a file by its key, made before the job is acknowledged, so that effects fold as a preview's object does.
//! What is counted is how many jobs were acknowledged as stored and have no effect, and how many effects were made more than once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use futures_util::future::join;
use porteur::{Attempt, Error, Job, Queue, QueueErrorKind, QueueSettings, Result};
use serde::{Deserialize, Serialize};

use super::Promise;
use super::place::{Address, Kind, Place};
use super::processes::{self, PROCESSES, Process};
use super::properties::{SECOND, is};
use super::server::Server;
use crate::support::{Random, block_on};

pub(super) fn all() -> Vec<Promise> {
    super::promises![a_storm_of_kills_and_jumps_loses_nothing]
}

fn a_storm_of_kills_and_jumps_loses_nothing(kind: Kind) {
    let size = Size::wanted();
    // One of its own: it falls over.
    let server = (kind == Kind::Server).then(Server::start);
    let mut place = Place::new(kind);
    if let Some(server) = &server {
        place.address.place.clone_from(&server.url);
    }
    block_on(place.queue());
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let mut storm = Storm::new(&place, folder.path().join("effects"), size.jobs);
    let mut random = Random(5);
    let halts = if kind == Kind::Server { size.halts } else { 0 };
    let (mut killed, mut jumps, mut stops) = (0, 0, 0);
    while !storm.is_over() {
        let done = storm.effects.len();
        // Spread over the first nine tenths, so that there is work under way whenever something happens.
        let due = |times: usize| done * times * 10 / (size.jobs * 9);
        if killed < due(size.kills).min(size.kills) {
            storm.kill(random.index(PROCESSES));
            killed += 1;
        }
        if jumps < due(size.jumps).min(size.jumps) {
            let hours = i64::try_from(random.below(48)).unwrap() - 24;
            place.address.set_offset(hours * 3_600_000);
            jumps += 1;
        }
        if stops < due(halts).min(halts) {
            server.as_ref().expect("a server").crash();
            stops += 1;
        }
        storm.listen();
        assert!(begun.elapsed() < PATIENCE, "{} of {} done", storm.effects.len(), size.jobs);
    }
    storm.end();
    let Storm { stored, effects, accepted, made, .. } = &storm;
    let lost = stored.iter().filter(|key| !effects.contains_key(*key)).count();
    let folded = std::fs::read_dir(folder.path().join("effects")).unwrap().count();
    let again = effects.values().sum::<usize>() - effects.len();
    let took = begun.elapsed();
    println!(
        "{}: {} jobs, {PROCESSES} processes, {killed} kills, {jumps} jumps, {stops} stops in {took:.1?}: acknowledged {}, \
         lost {lost}, effects {made} of which {again} repeated and {} left after folding, stale receipts accepted {accepted}",
        kind.name(),
        size.jobs,
        stored.len(),
        folded - effects.len(),
    );
    assert_eq!((stored.len(), lost, folded, *accepted), (size.jobs, 0, size.jobs, 0));
    assert_eq!((killed, jumps, stops), (size.kills, size.jumps, halts));
    let counts = block_on(place.address.open(QueueSettings::default()).stats()).unwrap();
    assert_eq!((counts.waiting, counts.taken, counts.delayed, counts.dead), (0, 0, 0, 0));
}

/// How much of what.
struct Size {
    jobs: usize,
    kills: usize,
    jumps: usize,
    halts: usize,
}

impl Size {
    fn wanted() -> Self {
        let jobs = std::env::var(JOBS_VARIABLE).map_or(JOBS, |jobs| jobs.parse().expect("a number of jobs"));
        // 200 kills, 10 jumps and 5 stops in 10,000 jobs.
        Self { jobs, kills: (jobs / 50).max(10), jumps: (jobs / 1000).max(3), halts: (jobs / 2000).max(1) }
    }
}

/// What the parent knows.
struct Storm {
    tasks: Vec<processes::Task>,
    running: Vec<Option<Process>>,
    said: Receiver<(usize, String)>,
    saying: Sender<(usize, String)>,
    queue: Queue,
    jobs: usize,
    stored: BTreeSet<String>,
    /// How often each was made.
    effects: BTreeMap<String, usize>,
    made: usize,
    accepted: usize,
}

impl Storm {
    fn new(place: &Place, effects: PathBuf, jobs: usize) -> Self {
        std::fs::create_dir(&effects).unwrap();
        let part = jobs.div_ceil(PROCESSES);
        let task = |n: usize| {
            let keys = (n * part, ((n + 1) * part).min(jobs));
            processes::Task::Storm(Task { address: place.address.clone(), effects: effects.clone(), keys })
        };
        let (saying, said) = channel();
        let mut storm = Self {
            tasks: (0..PROCESSES).map(task).collect(),
            running: (0..PROCESSES).map(|_| None).collect(),
            said,
            saying,
            queue: place.address.open(settings()),
            jobs,
            stored: BTreeSet::new(),
            effects: BTreeMap::new(),
            made: 0,
            accepted: 0,
        };
        (0..PROCESSES).for_each(|n| storm.start(n));
        storm
    }

    fn start(&mut self, n: usize) {
        let (process, said) = self.tasks[n].start();
        self.running[n] = Some(process);
        let saying = self.saying.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(std::result::Result::ok) {
                let _ = saying.send((n, line));
            }
        });
    }

    /// Another one takes its place, and stores its part of the jobs from the beginning.
    fn kill(&mut self, n: usize) {
        self.running[n].take().expect("it runs until it is killed").kill();
        self.start(n);
    }

    /// What was said since the last time, or the next thing.
    fn listen(&mut self) {
        if let Ok((n, line)) = self.said.recv_timeout(Duration::from_millis(50)) {
            self.note(n, &line);
        }
        while let Ok((n, line)) = self.said.try_recv() {
            self.note(n, &line);
        }
    }

    fn note(&mut self, n: usize, line: &str) {
        match line.split_once(' ') {
            Some(("stored", key)) => {
                self.stored.insert(key.to_owned());
            }
            Some(("effect", key)) => {
                self.made += 1;
                *self.effects.entry(key.to_owned()).or_default() += 1;
            }
            Some(("accepted", _)) => self.accepted += 1,
            _ => panic!("process {n} said {line}"),
        }
    }

    fn is_over(&self) -> bool {
        if self.stored.len() < self.jobs || self.effects.len() < self.jobs {
            return false;
        }
        // What was done has to be acknowledged as well.
        block_on(self.queue.stats()).is_ok_and(|stats| stats.waiting + stats.taken + stats.delayed == 0)
    }

    fn end(&mut self) {
        self.running.iter_mut().flatten().for_each(Process::kill);
        self.listen();
    }
}

/// What a process does until it is killed.
#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    address: Address,
    effects: PathBuf,
    keys: (usize, usize),
}

impl Task {
    pub(super) async fn run(self) -> Result<()> {
        let queue = self.address.open(settings());
        let (stored, worked) = join(self.store(&queue), self.work(&queue)).await;
        stored.and(worked)
    }

    async fn store(&self, queue: &Queue) -> Result<()> {
        for key in self.keys.0..self.keys.1 {
            let key = format!("job-{key}");
            loop {
                match queue.enqueue(&key, key.clone()).await {
                    Ok(_) => {
                        println!("stored {key}");
                        break;
                    }
                    Err(error) => away(error).await?,
                }
            }
        }
        Ok(())
    }

    async fn work(&self, queue: &Queue) -> Result<()> {
        loop {
            match queue.receive(8, None).await {
                Ok(jobs) if jobs.is_empty() => a_moment().await,
                Ok(jobs) => {
                    futures_util::future::try_join_all(jobs.iter().map(|job| self.carry_out(queue, job))).await?;
                }
                Err(error) => away(error).await?,
            }
        }
    }

    async fn carry_out(&self, queue: &Queue, job: &Job) -> Result<()> {
        assert_eq!(job.body, job.key);
        // One of ten is given back first, for a breaker that is open.
        if job.attempt == 1 && !job.repeated && job.key.ends_with('7') {
            return match queue.nack(&job.receipt, Duration::ZERO, "", Attempt::GivenBack).await {
                Ok(_) => Ok(()),
                Err(error) => lost(error).await,
            };
        }
        match std::fs::File::create_new(self.effects.join(&job.key)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => panic!("no effect: {error}"),
            _ => println!("effect {}", job.key),
        }
        match queue.ack(&job.receipt).await {
            Ok(()) => {
                // It is over, so this must not be taken.
                let again = queue.ack(&job.receipt).await;
                if !is(&again, QueueErrorKind::Stale) && !is(&again, QueueErrorKind::Unavailable) {
                    println!("accepted {}", job.key);
                }
                Ok(())
            }
            Err(error) => lost(error).await,
        }
    }
}

/// Somebody else has the job, or will.
async fn lost(error: Error) -> Result<()> {
    if is::<()>(&Err(error.clone()), QueueErrorKind::Stale) { Ok(()) } else { away(error).await }
}

/// The server is away, or others hold the lock: it comes back.
async fn away(error: Error) -> Result<()> {
    if !error.facts().retryable {
        return Err(error);
    }
    a_moment().await;
    Ok(())
}

/// A worker's own patience, with the system's clock as in a worker.
async fn a_moment() {
    use porteur::Clock as _;
    porteur::SystemClock::new().sleep(Duration::from_millis(20)).await;
}

/// Kills, jumps and stops cost attempts, and what dies here dies of nothing else.
fn settings() -> QueueSettings {
    QueueSettings::default().visibility(SECOND).max_attempts(100_000)
}

const JOBS: usize = 400;
/// For the figure: 10,000 take minutes.
const JOBS_VARIABLE: &str = "PORTEUR_STORM_JOBS";
/// Real time: at worst everything waits for its visibility again and again.
const PATIENCE: Duration = Duration::from_secs(1800);
