//! The chain of one process: each line names the hash of the one before, and checkpoints sign where it stands.

use std::path::Path;

use super::append::{AppendFile, Syncing, beside};
use super::checkpoint::{self, Checkpoint};
use super::entry::{self, AuditReceipt, NOTHING_BEFORE, Parsed};
use crate::digest::{Signer, sha256};
use crate::error::Result;

/// A chain that this process writes, in files that other chains are in as well.
#[derive(Debug)]
pub(super) struct Chain {
    now: Checkpoint,
    entries: AppendFile,
    checkpoints: AppendFile,
    signer: Signer,
    /// How many entries the last checkpoint covers.
    signed: u64,
    /// How many are on the disk, as far as the settings ask for that.
    synced: u64,
    /// How many the endpoint is known to have.
    posted: u64,
}

impl Chain {
    /// Begins a chain with a checkpoint of nothing: a chain without one was not begun by us.
    pub(super) fn begin(path: &Path, signer: &Signer) -> Result<Self> {
        let entries = AppendFile::open(path.to_owned(), entry::BEGINNING)?;
        let mut checkpoints = AppendFile::open(beside(path, checkpoint::SUFFIX), checkpoint::BEGINNING)?;
        let log = uuid::Uuid::now_v7().to_string();
        let now = Checkpoint { log, count: 0, head: NOTHING_BEFORE.to_owned() };
        checkpoints.append(&now.line(signer))?;
        let signer = signer.clone();
        Ok(Self { now, entries, checkpoints, signer, signed: 0, synced: 0, posted: 0 })
    }

    /// Appends an entry, unless `room` says no. That one gets the length of the file with the entry in it, in bytes, and the
    /// length of the entry.
    pub(super) fn append(
        &mut self,
        entry: &Parsed,
        room: impl FnOnce(u64, u64) -> bool,
    ) -> Result<Option<AuditReceipt>> {
        let sequence = self.now.count + 1;
        let line = entry.line(&self.now.log, sequence, &self.now.head);
        let locked = self.entries.lock()?;
        if !room(locked.length + line.len() as u64, line.len() as u64) {
            return Ok(None);
        }
        locked.append(&line)?;
        self.now.count = sequence;
        self.now.head = sha256(&line[..line.len() - 1]).to_string();
        Ok(Some(AuditReceipt { log: self.now.log.clone(), sequence }))
    }

    /// Where it stands.
    pub(super) fn now(&self) -> &Checkpoint {
        &self.now
    }

    /// Whether its files are still where they were.
    pub(super) fn is_in_place(&self) -> bool {
        self.entries.is_in_place()
    }

    /// Signs a state that this chain was in. One that a later checkpoint covers needs none of its own.
    pub(super) fn sign(&mut self, state: &Checkpoint) -> Result<()> {
        if state.log != self.now.log || state.count <= self.signed {
            return Ok(());
        }
        // Removed alone they are begun anew. Moved together with the entries they are still the ones to write to.
        if !self.checkpoints.is_in_place() && self.entries.is_in_place() {
            self.checkpoints = self.checkpoints.reopen(checkpoint::BEGINNING)?;
        }
        self.checkpoints.append(&state.line(&self.signer))?;
        self.signed = state.count;
        Ok(())
    }

    /// How many entries no checkpoint covers.
    pub(super) fn unsigned(&self) -> u64 {
        self.now.count - self.signed
    }

    /// How many entries are synced and signed.
    pub(super) fn kept(&self) -> u64 {
        self.synced.min(self.signed)
    }

    /// How many entries the endpoint is not known to have.
    pub(super) fn unposted(&self) -> u64 {
        self.now.count.saturating_sub(self.posted)
    }

    pub(super) fn note_synced(&mut self, state: &Checkpoint) {
        if state.log == self.now.log {
            self.synced = self.synced.max(state.count);
        }
    }

    pub(super) fn note_posted(&mut self, log: &str, count: u64) {
        if log == self.now.log {
            self.posted = self.posted.max(count);
        }
    }

    /// The file of entries, and the one of checkpoints, to be synced while others write.
    pub(super) fn to_sync(&self) -> (Syncing, Syncing) {
        (self.entries.shared(), self.checkpoints.shared())
    }
}
