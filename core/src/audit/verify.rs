//! Examining a log offline: is every entry as it was written, and where its chain says?
//!
//! The file is read once, in 64 KiB and a few lines of memory for each chain. Of each chain only the first broken entry is
//! named: behind it nothing is proven any more.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use super::append::beside;
use super::checkpoint::{self, Checkpoint};
use super::entry::{self, NOTHING_BEFORE, Stored, salvage};
use super::reader::{Line, Lines, Text};
use super::report::{AuditFinding, AuditFindingKind as Kind, AuditReport};
use crate::digest::{Signer, sha256};
use crate::error::{Error, Result};
use crate::file::StillFile;

/// Examines the audit log at `path` with the checkpoints beside it: see [`AuditReport`].
///
/// Plain synchronous code that reads the whole file; needs no client and no network. The log may be in use meanwhile: a line
/// that is being written at this moment shows as torn.
///
/// Found is an entry that was changed, is missing, repeated or not in its order; entries that were cut off the end of a chain;
/// chains that nobody with the secret began; changed checkpoints.
///
/// Not found are changes to entries behind the last checkpoint of a process that was killed: they are chained but not signed, so
/// that whoever edits the file can chain them anew. They are fewer than [`Audit::batch`](crate::Audit::batch) for each such
/// process, and [`AuditReport::signed`] says how many entries are safe from that. Not found either is that log and checkpoints
/// together were replaced by an older state of both, or that a chain was removed from both, which only the endpoint can tell,
/// since it knows later sequence numbers and other chains; the order in which entries of different chains were written; and
/// anything done by somebody who has the secret.
///
/// # Errors
/// [`Error::File`] when the log cannot be read; [`Error::InvalidInput`] about `path` when the file is no audit log or
/// `FILE.checkpoints` is not beside it, and about `secret` when it fits no checkpoint.
pub fn verify_audit(path: impl AsRef<Path>, secret: &str) -> Result<AuditReport> {
    let path = path.as_ref();
    if secret.is_empty() {
        return Err(Error::invalid("secret", "expected a value, got an empty string"));
    }
    // Checkpoints first: those of entries that come while we read would speak of lines that we have not seen.
    let StillFile { file, size, .. } = StillFile::open(path)?;
    let mut examination = Examination::default();
    examination.read_checkpoints(path, &file, &Signer::new(secret.as_bytes()))?;
    let mut lines = Lines::new(BufReader::new(&*file), 0);
    let mut looks_like_one = true;
    while let Some(line) = lines.next().map_err(|error| Error::file("could not read", path, error))? {
        looks_like_one &= examination.line(&line);
    }
    if examination.entries == 0 && !looks_like_one {
        return Err(no_log(path));
    }
    Ok(examination.end(size))
}

/// What was seen so far.
#[derive(Default)]
struct Examination {
    chains: HashMap<String, Chain>,
    /// Lines that are no entries, and that no chain misses so far.
    strays: Vec<Stray>,
    findings: Vec<AuditFinding>,
    entries: u64,
    lines: u64,
    torn: bool,
}

struct Stray {
    line: u64,
    /// The entry it was, when it says so.
    was: Option<(String, u64)>,
}

/// One chain as far as it was read.
struct Chain {
    /// The longest state that was signed.
    signed: Option<Checkpoint>,
    /// The line, the offset and the sequence of the first entry that was seen.
    first: Option<(u64, u64, u64)>,
    /// How many entries are proven to follow one another, the hash of the last one, and its line.
    count: u64,
    head: String,
    last_line: u64,
    state: State,
}

impl Default for Chain {
    /// Nothing was read yet.
    fn default() -> Self {
        let head = NOTHING_BEFORE.to_owned();
        Self { signed: None, first: None, count: 0, head, last_line: 0, state: State::Whole }
    }
}

#[derive(Default)]
enum State {
    #[default]
    Whole,
    /// The next number was skipped on this line; it may come later.
    Gap {
        line: u64,
        found: u64,
    },
    /// An entry names another line before it than there is. Whether it was changed or that line was, shows its successor.
    Doubt {
        line: u64,
        hash: String,
    },
    Broken(AuditFinding),
}

impl Examination {
    /// Reads the checkpoints beside the log, the longest of each chain.
    fn read_checkpoints(&mut self, path: &Path, log: &File, signer: &Signer) -> Result<()> {
        let beside = beside(path, checkpoint::SUFFIX);
        if !beside.exists() {
            // Whoever gives us another file altogether is not helped by hearing what should be beside it.
            if !begins_like_a_log(log) {
                return Err(no_log(path));
            }
            let reason = format!("expected the checkpoints beside it as {}, got nothing there", beside.display());
            return Err(Error::invalid("path", reason));
        }
        let StillFile { file, .. } = StillFile::open(&beside)?;
        let mut lines = Lines::new(BufReader::new(&*file), 0);
        let (mut seen, mut fitting) = (0u64, 0u64);
        while let Some(line) = lines.next().map_err(|error| Error::file("could not read", &beside, error))? {
            let read = match line.text {
                Text::Torn(_) => {
                    self.torn = true;
                    break;
                }
                Text::TooLong(_) => None,
                Text::Whole(text) => Checkpoint::read(text, signer),
            };
            seen += 1;
            match read {
                Some((checkpoint, true)) => {
                    fitting += 1;
                    let chain = self.chain(&checkpoint.log);
                    if chain.signed.as_ref().is_none_or(|signed| signed.count <= checkpoint.count) {
                        chain.signed = Some(checkpoint);
                    }
                }
                Some((Checkpoint { log, count, .. }, false)) => {
                    let message = format!("the signature of this line of {} does not fit", beside.display());
                    self.find(AuditFinding { kind: Kind::Changed, line: line.number, log, sequence: count, message });
                }
                None => {
                    let message = format!("this line of {} is no checkpoint", beside.display());
                    let (log, sequence) = Default::default();
                    self.find(AuditFinding { kind: Kind::Changed, line: line.number, log, sequence, message });
                }
            }
        }
        if seen > 0 && fitting == 0 {
            let reason =
                format!("expected the one that signed {}, got one that fits none of its lines", beside.display());
            return Err(Error::invalid("secret", format!("{reason}, or all of them were changed")));
        }
        Ok(())
    }

    /// Takes the next line of the log. Says whether it could be part of one.
    fn line(&mut self, line: &Line<'_>) -> bool {
        let text = match line.text {
            Text::Torn(text) => {
                self.torn = true;
                return text.starts_with(entry::BEGINNING.as_bytes()) || entry::BEGINNING.as_bytes().starts_with(text);
            }
            Text::TooLong(text) => {
                self.lines += 1;
                self.stray(line.number, text);
                return false;
            }
            Text::Whole(text) => text,
        };
        self.lines += 1;
        match Stored::parse(text) {
            Some(stored) => {
                self.entries += 1;
                self.entry(line, &stored, sha256(text).to_string());
                true
            }
            None => {
                self.stray(line.number, text);
                false
            }
        }
    }

    fn entry(&mut self, line: &Line<'_>, stored: &Stored<'_>, hash: String) {
        let number = line.number;
        // Out of the map for as long as strays are looked at.
        let mut chain = self.chains.remove(&*stored.log).unwrap_or_default();
        chain.first.get_or_insert((number, line.start, stored.sequence));
        let log = &*stored.log;
        chain.state = match std::mem::take(&mut chain.state) {
            State::Whole => {
                let after = chain.last_line;
                chain.follow(number, stored, hash, || self.take_stray(log, after, number))
            }
            State::Gap { line, found } => match stored.sequence == chain.count + 1 {
                true => {
                    let message = format!("entry {found} stands before it, on line {line}");
                    State::Broken(finding(Kind::Reordered, number, log, stored.sequence, message))
                }
                false => State::Gap { line, found },
            },
            State::Doubt { line, hash } => chain.settle(log, line, stored.previous == hash),
            broken @ State::Broken(_) => broken,
        };
        self.chains.insert(log.to_owned(), chain);
    }

    /// A line that is no entry.
    fn stray(&mut self, line: u64, text: &[u8]) {
        let was = salvage(text);
        if let Some((log, sequence)) = &was
            && let Some(chain) = self.chains.get_mut(log)
            && matches!(chain.state, State::Whole)
            && chain.count + 1 == *sequence
        {
            chain.state = State::Broken(finding(Kind::Changed, line, log, *sequence, NO_ENTRY));
        } else if self.strays.len() < MOST {
            self.strays.push(Stray { line, was });
        }
    }

    /// The line that may have been the entry which `log` misses between two lines, as a finding's line.
    fn take_stray(&mut self, log: &str, after: u64, before: u64) -> Option<u64> {
        let may_be = |stray: &Stray| stray.was.as_ref().is_none_or(|(was, _)| was == log);
        let at = self.strays.iter().position(|stray| after < stray.line && stray.line < before && may_be(stray))?;
        Some(self.strays.remove(at).line)
    }

    /// Draws up the report. `size` is how large the log was before its checkpoints were read.
    fn end(mut self, size: u64) -> AuditReport {
        let mut chains: Vec<(String, Chain)> = std::mem::take(&mut self.chains).into_iter().collect();
        // Strays go to the chains in the order of the file.
        chains.sort_by(|(one, a), (other, b)| (a.last_line, one).cmp(&(b.last_line, other)));
        let logs = chains.iter().filter(|(_, chain)| chain.first.is_some()).count() as u64;
        let (mut signed, mut broken) = (0, Vec::new());
        for (log, chain) in chains {
            let behind = self.lines + 1;
            match chain.end(&log, size, behind, |after| self.take_stray(&log, after, behind)) {
                Ok(covered) => signed += covered,
                Err(finding) => {
                    broken.push(log);
                    self.find(finding);
                }
            }
        }
        for Stray { line, was } in std::mem::take(&mut self.strays) {
            let (log, sequence) = was.unwrap_or_default();
            if !broken.contains(&log) {
                self.find(finding(Kind::Changed, line, &log, sequence, NO_ENTRY));
            }
        }
        let Self { mut findings, entries, torn, .. } = self;
        findings.sort_by_key(|finding| finding.line);
        AuditReport { entries, logs, signed, torn, findings }
    }

    fn chain(&mut self, log: &str) -> &mut Chain {
        self.chains.entry(log.to_owned()).or_default()
    }

    fn find(&mut self, finding: AuditFinding) {
        if self.findings.len() < MOST {
            self.findings.push(finding);
        }
    }
}

impl Chain {
    /// Takes the next entry of a chain that is whole so far. `stray` finds the line that may be the entry before it.
    fn follow(&mut self, line: u64, stored: &Stored<'_>, hash: String, stray: impl FnOnce() -> Option<u64>) -> State {
        let (log, sequence, expected) = (&*stored.log, stored.sequence, self.count + 1);
        let changed = |message: String| State::Broken(finding(Kind::Changed, line, log, expected, message));
        let follows = stored.previous == self.head;
        if follows && sequence == expected {
            (self.count, self.head, self.last_line) = (sequence, hash, line);
            return match &self.signed {
                Some(signed) if signed.count == sequence && signed.head != self.head => {
                    changed("its checkpoint knows another".to_owned())
                }
                _ => State::Whole,
            };
        }
        if follows {
            return changed(format!("it follows entry {}, but calls itself {sequence}", self.count));
        }
        if sequence < expected {
            let message = "it is there already".to_owned();
            return State::Broken(finding(Kind::Duplicated, line, log, sequence, message));
        }
        if sequence > expected {
            return match stray() {
                Some(line) => State::Broken(finding(Kind::Changed, line, log, expected, NO_ENTRY)),
                None => State::Gap { line, found: sequence },
            };
        }
        if self.count == 0 {
            return changed("it is the first, but names a line before it".to_owned());
        }
        match &self.signed {
            Some(signed) if signed.count == self.count => self.settle(log, line, false),
            Some(signed) if signed.count == sequence => self.settle(log, line, signed.head == hash),
            _ => State::Doubt { line, hash },
        }
    }

    /// Decides who was changed when the entry on `line` names another one before it than there is: the one before it if the
    /// entry itself is confirmed, else the entry.
    fn settle(&self, log: &str, line: u64, confirmed: bool) -> State {
        State::Broken(match confirmed {
            true => {
                let message = format!("entry {} and those behind it know another", self.count + 1);
                finding(Kind::Changed, self.last_line, log, self.count, message)
            }
            false => {
                let message = format!("it names another entry {} than there is", self.count);
                finding(Kind::Changed, line, log, self.count + 1, message)
            }
        })
    }

    /// How many entries a checkpoint covers, or what is broken. `behind` is the line behind the last one; `stray` finds the line
    /// that may be the next entry.
    fn end(
        self,
        log: &str,
        size: u64,
        behind: u64,
        stray: impl FnOnce(u64) -> Option<u64>,
    ) -> Result<u64, AuditFinding> {
        if let (None, Some((line, start, sequence))) = (&self.signed, self.first) {
            // One that began while we read has its checkpoint by now; we had looked before.
            if start < size {
                return Err(finding(Kind::Foreign, line, log, sequence, "no checkpoint of its chain is signed"));
            }
        }
        let missing = self.count + 1;
        let signed = self.signed.as_ref().map_or(0, |signed| signed.count);
        let state = match self.state {
            State::Doubt { line, .. } => self.settle(log, line, false),
            state => state,
        };
        match state {
            State::Broken(finding) => Err(finding),
            State::Gap { line, found } => {
                Err(finding(Kind::Missing, line, log, missing, format!("the next one there is {found}")))
            }
            State::Whole | State::Doubt { .. } if signed > self.count => Err(match stray(self.last_line) {
                Some(line) => finding(Kind::Changed, line, log, missing, NO_ENTRY),
                None => {
                    let message = format!("its chain ends here, and {signed} entries of it are signed");
                    finding(Kind::CutOff, behind, log, missing, message)
                }
            }),
            State::Whole | State::Doubt { .. } => Ok(signed),
        }
    }
}

fn finding(kind: Kind, line: u64, log: &str, sequence: u64, message: impl Into<String>) -> AuditFinding {
    AuditFinding { kind, line, log: log.to_owned(), sequence, message: message.into() }
}

fn no_log(path: &Path) -> Error {
    Error::invalid("path", format!("expected an audit log, got {}, which has no entry in it", path.display()))
}

/// Whether this may be a log whose checkpoints are elsewhere. An empty file may: all of it may have been cut off.
fn begins_like_a_log(mut log: &File) -> bool {
    let mut found = vec![0; entry::BEGINNING.len()];
    let length = log.read(&mut found).unwrap_or_default();
    entry::BEGINNING.as_bytes().starts_with(&found[..length])
}

const NO_ENTRY: &str = "what stands there is no entry";
/// How many lines that are no entries are remembered: memory is not to grow with somebody's other file.
const MOST: usize = 1000;
