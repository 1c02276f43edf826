//! The account of a trip: what was done, how long it took, what was checked.

use std::process::ExitCode;
use std::time::Duration;

/// Prints as it goes, and counts the checks.
pub(super) struct Account {
    steps: u32,
    passed: u32,
    failed: u32,
}

impl Account {
    pub(super) fn open(host: &str) -> Self {
        println!("A tour of porteur, with {host}\n");
        Self { steps: 0, passed: 0, failed: 0 }
    }

    /// A step that was done.
    pub(super) fn step(&mut self, name: &str, what: &str, took: Option<Duration>) {
        self.steps += 1;
        let took = took.map(|took| format!("{:.2} s", took.as_secs_f64())).unwrap_or_default();
        println!("{:>3}  {name:<10} {what:<58} {took:>8}", self.steps);
    }

    /// Something worth knowing about the last step.
    pub(super) fn note(&self, text: &str) {
        println!("       {text}");
    }

    /// A claim about the last step; `seen` is shown when it does not hold.
    pub(super) fn check(&mut self, claim: &str, holds: bool, seen: &str) {
        if holds {
            self.passed += 1;
            println!("       ok   {claim}");
        } else {
            self.failed += 1;
            println!("     FAIL   {claim}: {seen}");
        }
    }

    /// The sum, and the exit code: a failure when any check failed.
    pub(super) fn close(self) -> ExitCode {
        println!("\n{} checks passed, {} failed", self.passed, self.failed);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
