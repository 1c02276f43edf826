//! A checkpoint: how long a chain is and what its last line hashes to, signed.
//!
//! A chain of hashes alone can be computed anew by whoever edits the file; a signature cannot without the secret. What is
//! signed is, each ended by a newline: `porteur audit checkpoint 1`, the log id, the count in decimal digits, the head. The
//! first line keeps it apart from everything else that is signed with the same secret, posted batches above all.

use serde::{Deserialize, Serialize};

use super::entry::{is_digest, is_log};
use crate::digest::{Sha256, Signer};

/// The state of a chain after `count` entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) log: String,
    pub(super) count: u64,
    /// The hash of the last line, as the next entry would name it.
    pub(super) head: String,
}

/// A line of the checkpoint file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    log: String,
    count: u64,
    head: String,
    signature: String,
}

impl Checkpoint {
    /// The signed line, with its newline.
    pub(super) fn line(&self, signer: &Signer) -> Vec<u8> {
        let Self { log, count, head } = self.clone();
        let signature = signer.sign(&self.canonical()).to_string();
        let mut line = serde_json::to_vec(&Signed { log, count, head, signature }).expect("our own shapes are JSON");
        line.push(b'\n');
        line
    }

    /// What a line says, and whether its signature fits. Nothing when it is no checkpoint.
    pub(super) fn read(line: &[u8], signer: &Signer) -> Option<(Self, bool)> {
        let Signed { log, count, head, signature } = serde_json::from_slice(line).ok()?;
        if !is_log(&log) || !is_digest(&head) || !is_digest(&signature) {
            return None;
        }
        let checkpoint = Self { log, count, head };
        let signature: Sha256 = signature.parse().ok()?;
        let fits = signer.fits(&checkpoint.canonical(), signature.as_bytes());
        Some((checkpoint, fits))
    }

    fn canonical(&self) -> Vec<u8> {
        let Self { log, count, head } = self;
        format!("porteur audit checkpoint 1\n{log}\n{count}\n{head}\n").into_bytes()
    }
}

/// What every file of checkpoints begins with.
pub(super) const BEGINNING: &str = r#"{"log":""#;
/// What is behind the name of the log file.
pub(super) const SUFFIX: &str = ".checkpoints";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    #[test]
    fn a_checkpoint_is_believed_only_as_it_was_signed() {
        let signer = Signer::new(b"secret");
        let log = "01993b1e-0000-7000-8000-000000000001".to_owned();
        let checkpoint = Checkpoint { log, count: 12, head: sha256(b"line").to_string() };
        let line = String::from_utf8(checkpoint.line(&signer)).unwrap();
        assert!(line.starts_with(BEGINNING) && line.ends_with("\"}\n"), "{line}");
        assert_eq!(Checkpoint::read(line.as_bytes(), &signer), Some((checkpoint.clone(), true)));
        assert_eq!(Checkpoint::read(line.as_bytes(), &Signer::new(b"other")), Some((checkpoint, false)));
        let longer = line.replace("\"count\":12", "\"count\":13");
        assert!(Checkpoint::read(longer.as_bytes(), &signer).is_some_and(|(_, fits)| !fits));
        assert_eq!(Checkpoint::read(line.replace("\"count\":12", "\"count\":-1").as_bytes(), &signer), None);
    }
}
