//! The queue: one kit of properties, run on every driver, and what is special to each.
//!
//! Time is a clock of the test's own for a file, and is moved in the tables for a server, whose clock decides.

mod files;
mod place;
mod processes;
mod properties;
mod server;
mod servers;
mod storm;

use std::process::ExitCode;

use libtest_mimic::Trial;

use place::Kind;
pub(crate) use processes::child;
pub(crate) use server::stop as stop_server;

pub(crate) fn tests() -> Vec<Trial> {
    let mut tests = files::tests();
    tests.extend(servers::tests());
    for kind in [Kind::File, Kind::Server] {
        let run = |(name, run): Promise| {
            Trial::test(format!("{}: {}", kind.name(), name.replace('_', " ")), move || {
                run(kind);
                Ok(())
            })
        };
        tests.extend([properties::all(), processes::all(), storm::all()].into_iter().flatten().map(run));
    }
    tests
}

/// What has to hold, and the test of it for one kind of place.
type Promise = (&'static str, fn(Kind));

/// Names each function as a property that all drivers have.
macro_rules! promises {
    ($($function:ident),* $(,)?) => { vec![$((stringify!($function), $function as fn($crate::queue::place::Kind))),*] };
}
use promises;

/// How a child ends.
fn ended(outcome: porteur::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the child failed: {:?}", error.facts());
            ExitCode::FAILURE
        }
    }
}
