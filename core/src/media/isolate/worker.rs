//! One child, seen from its host.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use super::Ending;
use super::frame::{self, Frame};
use super::line::Line;
use super::program::Program;
use super::wire::{Answer, Hello, Reply, Wish};
use crate::error::Result;

/// A child that waits for work. Dropped, it is ended.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    line: Line,
    /// The process that started it: after a fork there is another that holds a copy of this.
    host: u32,
    pub(super) program: Program,
    /// Since when it has nothing to do.
    pub(super) idle_since: Instant,
}

impl Worker {
    /// Starts `program`, which has to say that it is a child of the same version.
    pub(super) fn start(program: &Program) -> Result<Self> {
        let started = Line::start(&mut program.command());
        let (child, line) = started.map_err(|error| program.useless(&format!("it could not be started: {error}")))?;
        let (host, idle_since) = (std::process::id(), Instant::now());
        let mut worker = Self { child, line, host, program: program.clone(), idle_since };
        match worker.line.talk(&mut worker.child, idle_since + START_PATIENCE, frame::read) {
            Ok(Some(Frame { head: hello, .. })) if hello == Hello::default() => Ok(worker),
            Ok(Some(Frame { head: Hello { version }, .. })) => {
                Err(program.useless(&format!("expected version {}, got {version}", Hello::default().version)))
            }
            Ok(None) | Err(_) => {
                let status = worker.end().map_or_else(|| "it did not end".to_owned(), |status| status.to_string());
                let said = worker.line.complaints();
                Err(program.useless(&format!("{status}; {}", said.trim().lines().last().unwrap_or("it said nothing"))))
            }
        }
    }

    /// Whether it ended while nobody looked.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Hands it one job and waits for the answer; also whether it can take another.
    pub(super) fn work(
        &mut self,
        wish: &Wish<'_>,
        bytes: &[u8],
        patience: Duration,
    ) -> Result<(Result<Answer>, bool), Ending> {
        let now = Instant::now();
        let until = now.checked_add(patience).unwrap_or(now + FOR_EVER);
        let reply = self.line.talk(&mut self.child, until, |line| {
            frame::write(line, wish, &[bytes])?;
            frame::read::<Reply>(line)
        });
        match reply {
            Ok(Some(Frame { head, body })) => {
                self.idle_since = Instant::now();
                let lasts = head.lasts;
                head.open(body).map(|answer| (answer, lasts)).ok_or(Ending::Otherwise)
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(Ending::Clock),
            Ok(None) | Err(_) => Err(self.ending()),
        }
    }

    /// How it ended; it hung up, so it has ended or is about to.
    fn ending(&mut self) -> Ending {
        let status = self.end();
        if status.is_some_and(over_its_processor_time) {
            Ending::Processor
        } else if status.is_some_and(killed) || self.line.complaints().contains(NO_MEMORY) {
            Ending::Memory
        } else {
            Ending::Otherwise
        }
    }

    /// Ends it, unless it has ended, and takes note of how, so that it is no zombie.
    fn end(&mut self) -> Option<ExitStatus> {
        // Who ends by himself has his status by the time he hangs up, and a kill does not change it.
        let _ = self.child.kill();
        self.child.wait().ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.host == std::process::id() {
            self.end();
        }
    }
}

#[cfg(unix)]
fn over_its_processor_time(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(rustix::process::Signal::XCPU.as_raw())
}

#[cfg(unix)]
fn killed(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(rustix::process::Signal::KILL.as_raw())
}

#[cfg(not(unix))]
fn over_its_processor_time(_: ExitStatus) -> bool {
    false
}

#[cfg(not(unix))]
fn killed(_: ExitStatus) -> bool {
    false
}

/// An interpreter starts in 10 to 50 ms; on a machine that is very busy it takes longer.
const START_PATIENCE: Duration = Duration::from_secs(10);
/// The end of patience where a caller set none.
const FOR_EVER: Duration = Duration::from_secs(365 * 86_400);
/// How Rust begins to say that memory ran out, before it aborts.
const NO_MEMORY: &str = "memory allocation of ";
