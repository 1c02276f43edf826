//! Processes that are killed in the middle of their work, and others that go on.
//!
//! The test binary is its own child: with [`TASK`] in its environment it does that task and nothing else.

mod audit;
mod previews;
mod uploads;

use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::Duration;

use libtest_mimic::Trial;
use serde::{Deserialize, Serialize};

use crate::support::block_on;

pub(crate) fn tests() -> Vec<Trial> {
    [uploads::tests(), audit::tests(), previews::tests()].into_iter().flatten().collect()
}

/// Does the task of a child, when this process is one.
pub(crate) fn child() -> Option<ExitCode> {
    let task = std::env::var(TASK).ok()?;
    let task: Task = serde_json::from_str(&task).expect("a task in JSON");
    Some(task.run())
}

/// What a child is to do.
#[derive(Serialize, Deserialize)]
enum Task {
    Upload(uploads::Task),
    Record(audit::Task),
    Previews(previews::Task),
}

impl Task {
    fn start(&self) -> Process {
        Process(self.command().spawn().unwrap())
    }

    /// Starts it, and what it says.
    fn listen(&self) -> (Process, ChildStdout) {
        let mut child = self.command().stdout(Stdio::piped()).spawn().unwrap();
        let said = child.stdout.take().expect("it is piped");
        (Process(child), said)
    }

    fn command(&self) -> Command {
        let this: &Path = &std::env::current_exe().unwrap();
        let mut command = Command::new(this);
        command.env(TASK, serde_json::to_string(self).unwrap());
        command
    }

    fn run(self) -> ExitCode {
        let outcome = block_on(async {
            match self {
                Self::Upload(task) => task.run().await,
                Self::Record(task) => task.run().await,
                Self::Previews(task) => task.run().await,
            }
        });
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("the child failed: {:?}", error.facts());
                ExitCode::FAILURE
            }
        }
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

const TASK: &str = "PORTEUR_TESTS_TASK";
/// Real time: a process starts and does a little.
const PATIENCE: Duration = Duration::from_secs(60);
