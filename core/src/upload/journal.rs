//! What an upload has reached, on disk, so that another process can go on.
//!
//! One line of JSON for the session and one for each acknowledged chunk, appended. No line is synced: the page cache
//! outlives the process, and a line that a power cut takes only means that a chunk is sent again. A torn last line is
//! left out. The file is locked while it is used, and its mode is 0600, because the URLs in it need no other permission.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::source::Source;
use crate::digest::Sha256;
use crate::error::{Error, Result};
use crate::file::{leads_to, open_private, protect};
use crate::gateway::wire::UploadSession;

/// An open and locked journal.
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    found: Option<Saved>,
}

/// A session that was interrupted.
#[derive(Clone)]
pub(super) struct Saved {
    pub(super) session: UploadSession,
    /// The acknowledged chunks by index.
    pub(super) chunks: BTreeMap<u64, Acknowledged>,
}

/// A chunk that the storage has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Acknowledged {
    pub(super) sha256: String,
    pub(super) etag: Option<String>,
}

/// What is uploaded, as far as it shows without reading it. The checksums decide in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// Where it goes: a session of one platform is nothing to another.
    platform: String,
    name: String,
    content_type: String,
    size: u64,
    /// Nanoseconds since 1970, as text: JSON numbers are not that exact everywhere.
    modified: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    porteur_upload_journal: u32,
    identity: Identity,
    session: UploadSession,
}

#[derive(Serialize, Deserialize)]
struct Line {
    chunk: u64,
    #[serde(flatten)]
    acknowledged: Acknowledged,
}

impl Identity {
    pub(super) fn of(platform: &str, source: &Source, name: &str, content_type: &str) -> Self {
        let modified = source.modified().map(|time| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_nanos().to_string(),
            Err(before) => format!("-{}", before.duration().as_nanos()),
        });
        let (platform, name, content_type) = (platform.to_owned(), name.to_owned(), content_type.to_owned());
        Self { platform, name, content_type, size: source.size(), modified }
    }
}

impl Journal {
    /// Opens or creates it, and takes the session in it when it is of the same source.
    pub(super) fn open(path: PathBuf, identity: &Identity) -> Result<Self> {
        let mut file = lock(&path)?;
        let text = text_of(&mut file, &path)?;
        protect(&file).map_err(|error| Error::file("could not protect the journal", &path, error))?;
        let mut journal = Self { file, path, found: None };
        match read(&text) {
            Some((header, saved)) if header.identity == *identity => journal.found = Some(saved),
            _ => journal.clear()?,
        }
        // A torn line is cut off, so that the next one begins at its own start.
        if journal.found.is_some() {
            let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at as u64 + 1);
            journal.cut(whole)?;
        }
        Ok(journal)
    }

    /// The interrupted session, once.
    pub(super) fn take_found(&mut self) -> Option<Saved> {
        self.found.take()
    }

    /// Writes down a new session in the place of an older one.
    pub(super) fn begin(&mut self, identity: &Identity, session: &UploadSession) -> Result<()> {
        self.clear()?;
        self.append(&Header { porteur_upload_journal: VERSION, identity: identity.clone(), session: session.clone() })
    }

    pub(super) fn acknowledge(&mut self, chunk: u64, acknowledged: Acknowledged) -> Result<()> {
        self.append(&Line { chunk, acknowledged })
    }

    /// Forgets the session: it cannot be used any more.
    pub(super) fn clear(&mut self) -> Result<()> {
        self.cut(0)
    }

    /// Removes the file: the upload is complete.
    pub(super) fn finish(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(|error| Error::file("could not remove the journal", &self.path, error))
    }

    fn append(&mut self, line: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_vec(line).expect("our own shapes are JSON");
        text.push(b'\n');
        self.file.write_all(&text).map_err(|error| Error::file("could not write the journal", &self.path, error))
    }

    fn cut(&mut self, length: u64) -> Result<()> {
        let cut = self.file.set_len(length).and_then(|()| self.file.seek(std::io::SeekFrom::End(0)));
        cut.map(drop).map_err(|error| Error::file("could not write the journal", &self.path, error))
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // By name, not by closing: a process that is being started holds the same lock through its copy of the file.
        let _ = self.file.unlock();
    }
}

/// Opens the file at `path` and locks it.
fn lock(path: &Path) -> Result<File> {
    let open = |error| Error::file("could not open the journal", path, error);
    loop {
        // Asked before it is opened: opening a pipe would wait for somebody at its other end.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(something_else(path));
        }
        let file = open_private(OpenOptions::new().read(true).write(true).truncate(false), path).map_err(open)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let reason = format!("expected a journal that no other upload uses, {} is in use", path.display());
                return Err(Error::invalid("journal", reason));
            }
            Err(TryLockError::Error(error)) => return Err(Error::file("could not lock the journal", path, error)),
        }
        // An upload that was completed between the opening and the lock has removed the file; nobody would find this one.
        if leads_to(path, &file) {
            return Ok(file);
        }
    }
}

/// The journal's text. Somebody's file of gigabytes is refused by its first bytes.
fn text_of(file: &mut File, path: &Path) -> Result<Vec<u8>> {
    let read = |error| Error::file("could not read the journal", path, error);
    let mut text = Vec::new();
    std::io::Read::take(&mut *file, MAGIC.len() as u64).read_to_end(&mut text).map_err(read)?;
    if !is_journal(&text) {
        return Err(something_else(path));
    }
    file.read_to_end(&mut text).map_err(read)?;
    Ok(text)
}

fn something_else(path: &Path) -> Error {
    Error::invalid("journal", format!("expected a journal of an upload, {} is something else", path.display()))
}

/// Whether these bytes are a journal, if only the torn beginning of one. Anything else is somebody's file.
fn is_journal(text: &[u8]) -> bool {
    let known = text.len().min(MAGIC.len());
    text[..known] == MAGIC.as_bytes()[..known]
}

fn read(text: &[u8]) -> Option<(Header, Saved)> {
    let whole = &text[..text.iter().rposition(|byte| *byte == b'\n')?];
    let mut lines = whole.split(|byte| *byte == b'\n');
    let header: Header = serde_json::from_slice(lines.next()?).ok()?;
    if header.porteur_upload_journal != VERSION {
        return None;
    }
    let mut chunks = BTreeMap::new();
    for line in lines {
        let line: Line = serde_json::from_slice(line).ok()?;
        chunks.insert(line.chunk, line.acknowledged);
    }
    let session = header.session.clone();
    Some((header, Saved { session, chunks }))
}

impl Acknowledged {
    pub(super) fn new(sha256: Sha256, etag: Option<String>) -> Self {
        Self { sha256: sha256.to_string(), etag }
    }
}

const VERSION: u32 = 1;
const MAGIC: &str = "{\"porteur_upload_journal\":";

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        let source = Source::Bytes(bytes::Bytes::from_static(b"0123456789"));
        Identity::of("https://api.example/", &source, "a.txt", "text/plain")
    }

    fn session() -> UploadSession {
        UploadSession {
            upload_id: "upload-1".into(),
            presigned_url: Some("https://s.example/k?signature=abc".into()),
            chunk_size: 4,
            max_chunks: 9,
            part_urls: None,
        }
    }

    fn started(path: &std::path::Path) {
        let mut journal = Journal::open(path.to_owned(), &identity()).unwrap();
        journal.begin(&identity(), &session()).unwrap();
        for chunk in 0..2 {
            journal.acknowledge(chunk, Acknowledged { sha256: format!("sum-{chunk}"), etag: None }).unwrap();
        }
    }

    #[test]
    fn a_journal_that_was_closed_is_free_even_while_somebody_has_a_copy_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::open(path.clone(), &identity()).unwrap();
        let copy = journal.file.try_clone().unwrap();
        drop(journal);
        Journal::open(path, &identity()).unwrap();
        drop(copy);
    }

    #[test]
    fn a_journal_cut_at_any_byte_is_a_shorter_journal_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        started(&path);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut journal = Journal::open(path.clone(), &identity()).unwrap();
            let lines = whole[..length].iter().filter(|byte| **byte == b'\n').count();
            let chunks = journal.take_found().map(|saved| saved.chunks.len());
            assert_eq!(chunks, lines.checked_sub(1), "cut at {length}");
            if chunks.is_some() {
                let next = Acknowledged { sha256: "next".into(), etag: None };
                journal.acknowledge(7, next.clone()).unwrap();
                drop(journal);
                let mut again = Journal::open(path.clone(), &identity()).unwrap();
                assert!(again.take_found().unwrap().chunks[&7] == next, "cut at {length}");
            }
        }
    }

    #[test]
    fn a_journal_of_another_platform_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        started(&path);
        let other = Identity { platform: "http://127.0.0.1:1/".to_owned(), ..identity() };
        assert!(Journal::open(path, &other).unwrap().take_found().is_none());
    }

    #[test]
    fn a_journal_of_another_source_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        started(&path);
        let other = Identity { size: 11, ..identity() };
        assert!(Journal::open(path, &other).unwrap().take_found().is_none());
    }

    #[test]
    fn somebodys_file_is_never_taken_for_a_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thesis.txt");
        std::fs::write(&path, "chapter one").unwrap();
        let error = Journal::open(path.clone(), &identity()).err().expect("refused");
        assert_eq!(error.facts().details["field"], "journal");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "chapter one");
    }

    #[test]
    fn two_uploads_cannot_use_one_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let _first = Journal::open(path.clone(), &identity()).unwrap();
        let error = Journal::open(path, &identity()).err().expect("in use");
        assert!(error.to_string().contains("is in use"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_a_journal() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        // As `touch` leaves it.
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        started(&path);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
