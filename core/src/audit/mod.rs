//! The audit trail: entries of every kind in one file, chained, signed, and posted in order until they are acknowledged.
//!
//! **The log** is a file of JSON lines. Each line has `kind`, `log` (the id of its chain), `sequence` (from 1) and `previous`:
//! the lower-case hex SHA-256 of the exact line before it in the same chain, without that line's newline; 64 zeros for the
//! first. Every process writes a chain of its own, so forked and parallel ones never share one; their lines alternate in
//! the file. **Checkpoints** in `FILE.checkpoints` sign how long a chain is and what its last line hashes to (see
//! `checkpoint`): one when it begins, one every batch, one at flush and close, and one an entry if every entry is synced.
//! **The cursor** in `FILE.cursor` says how far the endpoint acknowledged the file. Whoever holds its lock posts whatever is in
//! the file, in the order of the file, also lines of other processes and of those that are gone.
//!
//! To put a log away, flush it with nobody writing, then move it together with its checkpoints; whoever writes next begins anew.
//! What was written between the flush and the move is in the moved file, signed, and posted to nobody.
//!
//! What an examination finds, and what it cannot find, is said at [`verify_audit`].

mod append;
mod batch;
mod chain;
mod checkpoint;
mod cursor;
mod entry;
mod log;
mod post;
mod pulse;
mod reader;
mod report;
mod settings;
mod sink;
#[cfg(test)]
mod tests;
mod verify;

pub use entry::{AuditEntry, AuditReceipt};
pub(crate) use log::AuditLog;
pub use report::{AuditFinding, AuditFindingKind, AuditReport};
pub use settings::{Audit, AuditSync, WhenFull};
pub use verify::verify_audit;
