//! What the tests share: a runtime for one test, a simulator and its client, the journal as text.

use std::future::Future;
use std::time::Duration;

use libtest_mimic::Trial;
use porteur::simulator::{Fault, JournalEntry, Outcome, Simulator, SimulatorSettings};
use porteur::{Client, Config, Pace};
use serde_json::Value;

/// One test by the name of its function.
pub(crate) fn test(name: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name.replace('_', " "), move || {
        run();
        Ok(())
    })
}

/// Names each function as a test.
macro_rules! tests {
    ($($function:ident),* $(,)?) => { vec![$($crate::support::test(stringify!($function), $function)),*] };
}
pub(crate) use tests;

/// Runs a test that waits. One thread, so that what happens is the same each time.
pub(crate) fn block_on<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test)
}

/// A simulator with these settings.
pub(crate) fn simulator(settings: Value) -> Simulator {
    let settings: SimulatorSettings = serde_json::from_value(settings).expect("settings of the simulator");
    Simulator::start(settings).expect("the simulator starts")
}

/// A fault, as a scenario writes it.
pub(crate) fn fault(fault: Value) -> Fault {
    serde_json::from_value(fault).expect("a fault")
}

/// A client with the simulator's address, credentials and clock.
pub(crate) fn client(simulator: &Simulator) -> Client {
    Client::new(Config::simulated(simulator)).expect("a client")
}

/// The same that no bucket holds back. Its budget is for waits that add up: on the simulated clock those of all callers
/// do.
pub(crate) fn unhurried(simulator: &Simulator) -> Client {
    Client::new(Config::simulated(simulator).pace(unhurried_pace())).expect("a client")
}

/// The pace of it.
pub(crate) fn unhurried_pace() -> Pace {
    Pace::default().per_minute(1_000_000).burst(100_000).budget(Duration::from_secs(86_400))
}

/// A request as `METHOD /path status`.
pub(crate) fn line(entry: &JournalEntry) -> String {
    let status = match entry.status {
        Outcome::Answered(status) => status.to_string(),
        Outcome::Dropped => "dropped".to_owned(),
        Outcome::Open => "open".to_owned(),
    };
    format!("{} {} {status}", entry.method, entry.path)
}

/// All requests that the simulator saw.
pub(crate) fn requests(simulator: &Simulator) -> Vec<String> {
    simulator.journal().iter().map(line).collect()
}

/// How many of them begin with this.
pub(crate) fn count(simulator: &Simulator, prefix: &str) -> usize {
    requests(simulator).iter().filter(|request| request.starts_with(prefix)).count()
}

/// Bytes that differ from chunk to chunk.
pub(crate) fn some_bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251).to_le_bytes()[0]).collect()
}

/// SplitMix64: small, and the same schedules for ever.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("below a usize")
    }

    pub(crate) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.index(choices.len())]
    }
}

/// Where the workspace is.
pub(crate) const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
