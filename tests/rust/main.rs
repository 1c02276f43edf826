//! One binary for all tests in Rust: linking takes longer than running them.
//!
//! The list is made when it runs, so that each scenario is a test by its own name:
//! `cargo test -p porteur-tests -- "a rate-limited chunk"`.

// A test that cannot go on may panic.
#![allow(clippy::unwrap_used)]

mod floors;
mod hostile;
mod idiom;
mod kills;
mod messages;
mod previews;
mod queue;
mod rates;
mod scenarios;
mod storm;
mod support;
mod transfers;

use std::process::ExitCode;

/// So that what a file costs can be held against the limits.
#[global_allocator]
static ALLOCATOR: hostile::Counting = hostile::Counting;

fn main() -> ExitCode {
    porteur::be_media_child();
    if let Some(ended) = kills::child().or_else(previews::child).or_else(transfers::child).or_else(queue::child) {
        return ended;
    }
    let mut tests = scenarios::tests();
    tests.extend(floors::tests());
    tests.extend(idiom::tests());
    tests.extend(storm::tests());
    tests.extend(messages::tests());
    tests.extend(rates::tests());
    tests.extend(kills::tests());
    tests.extend(previews::tests());
    tests.extend(transfers::tests());
    tests.extend(hostile::tests());
    tests.extend(queue::tests());
    let conclusion = libtest_mimic::run(&libtest_mimic::Arguments::from_args(), tests);
    queue::stop_server();
    conclusion.exit_code()
}
