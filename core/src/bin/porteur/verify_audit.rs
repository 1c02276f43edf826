//! `porteur verify-audit`: whether an audit log is what was written, told without the network.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use porteur::{AuditReport, Error, Result, verify_audit};

#[derive(Args)]
#[command(after_help = "\
The secret of the log is read from PORTEUR_AUDIT_SECRET. Exit code 0: intact; 1: not intact, or not to be told.")]
pub(crate) struct Arguments {
    /// The log; what signs it lies beside it
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    // From the environment alone: a command line can be read by everybody on the machine.
    let secret = std::env::var(SECRET).ok().filter(|secret| !secret.trim().is_empty());
    let Some(secret) = secret else {
        let reason = "expected to be set in the environment, got nothing".to_owned();
        return Err(Error::InvalidInput { field: SECRET.to_owned(), reason, answer: None });
    };
    let report = verify_audit(&arguments.file, &secret)?;
    show(&report);
    Ok(if report.is_intact() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(report: &AuditReport) {
    let AuditReport { entries, logs, signed, torn, findings, .. } = report;
    println!("{entries} entries in {logs} log(s), {signed} of them signed");
    if *torn {
        println!("the last record is torn: its writer was stopped midway, and it was never acknowledged to anybody");
    }
    for finding in findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("intact"),
        found => println!("not intact: {found} finding(s)"),
    }
}

const SECRET: &str = "PORTEUR_AUDIT_SECRET";
