//! What the examination of an audit log found.

use std::fmt;

use serde::Serialize;

/// What [`verify_audit`](crate::verify_audit) found in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditReport {
    /// Entries in the file.
    pub entries: u64,
    /// Chains they are in: one a process that wrote.
    pub logs: u64,
    /// Entries of unbroken chains that a checkpoint covers. What is missing to `entries` can be changed by somebody without the
    /// secret.
    pub signed: u64,
    /// Whether the log or its checkpoints end in the middle of a line, as a process leaves them that is killed while it
    /// writes. That line was never acknowledged to anybody, and is no finding.
    pub torn: bool,
    /// The first broken entry of each chain, and what was done to checkpoints, by line.
    pub findings: Vec<AuditFinding>,
}

impl AuditReport {
    /// Whether nothing was found.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditFinding {
    /// What was done.
    pub kind: AuditFindingKind,
    /// The line that it is about, from 1; where something is missing, the line where that shows, which may be one behind the
    /// last. Of the checkpoint file when the message speaks of it.
    pub line: u64,
    /// The chain; empty when the line does not say any more.
    pub log: String,
    /// The entry; 0 when the line does not say any more.
    pub sequence: u64,
    /// How that was noticed.
    pub message: String,
}

/// What was done to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditFindingKind {
    /// It, or a checkpoint, does not say what it said.
    Changed,
    /// It is gone, and later ones are there.
    Missing,
    /// It stands behind later ones.
    Reordered,
    /// It is there more than once.
    Duplicated,
    /// It and all later ones of its chain are gone.
    CutOff,
    /// Its chain was not begun by anybody with the secret.
    Foreign,
}

impl AuditFindingKind {
    /// The word for it in every language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Reordered => "reordered",
            Self::Duplicated => "duplicated",
            Self::CutOff => "cut_off",
            Self::Foreign => "foreign",
        }
    }
}

impl fmt::Display for AuditFindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for AuditFinding {
    /// `line 7: entry 3 of log 0199...: missing: the next one there is 4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, line, log, sequence, message } = self;
        match log.is_empty() {
            true => write!(f, "line {line}: {kind}: {message}"),
            false => write!(f, "line {line}: entry {sequence} of log {log}: {kind}: {message}"),
        }
    }
}
