//! What the storage holds: uploads on their way, and the files they became.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::Serialize;

use crate::digest::{Hasher, LANES, Sha256, byte_chunks, sha256};
use crate::gateway::wire::{CHECKSUM_PREFIX, CompleteUpload, CompletedUpload};

/// A file, as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileState {
    /// `file-1` and so on, in order of completion.
    pub id: String,
    /// The declared name.
    pub name: String,
    /// The declared content type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the whole file in lower-case hex; `None` for a file of several chunks that was not kept.
    pub sha256: Option<String>,
    /// How many chunks it came in.
    pub chunks: u64,
}

/// A file with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// What is known about it.
    pub about: FileState,
    /// The content; `None` when the platform keeps digests only.
    pub bytes: Option<Bytes>,
}

/// An upload, as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadState {
    /// `upload-1` and so on.
    pub id: String,
    /// How far it is.
    pub status: UploadStatus,
    /// Bytes that are stored.
    pub received: u64,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadStatus {
    /// Chunks are awaited.
    Open,
    /// It became a file.
    Completed,
    /// Its URLs are too old to store anything more.
    Expired,
}

/// All uploads and files.
#[derive(Default)]
pub(super) struct Uploads {
    uploads: Vec<Upload>,
    files: Vec<Arc<FileRecord>>,
}

impl Uploads {
    /// Adds an upload; its id comes from `make`.
    pub(super) fn add(&mut self, make: impl FnOnce(String) -> Upload) -> &Upload {
        let index = self.uploads.len();
        self.uploads.push(make(format!("upload-{}", index + 1)));
        &self.uploads[index]
    }

    pub(super) fn find(&mut self, id: &str) -> Option<&mut Upload> {
        let number: usize = id.strip_prefix("upload-")?.parse().ok()?;
        self.uploads.get_mut(number.checked_sub(1)?).filter(|upload| upload.id == id)
    }

    pub(super) fn file(&self, id: &str) -> Option<Arc<FileRecord>> {
        self.files.iter().find(|file| file.id == id).cloned()
    }

    pub(super) fn files(&self) -> Vec<Arc<FileRecord>> {
        self.files.clone()
    }

    /// The states of all uploads at `date_s`.
    pub(super) fn states(&self, date_s: u64) -> Vec<UploadState> {
        self.uploads.iter().map(|upload| upload.state(date_s)).collect()
    }

    /// Makes the upload `id` a file; the answer of an earlier completion stands.
    pub(super) fn complete(
        &mut self,
        id: &str,
        request: CompleteUpload,
        contents: Vec<Content>,
    ) -> Option<CompletedUpload> {
        let file_id = format!("file-{}", self.files.len() + 1);
        let upload = self.find(id)?;
        if upload.completed.is_none() {
            let file = FileRecord {
                id: file_id.clone(),
                name: upload.name.clone(),
                content_type: upload.content_type.clone(),
                size: upload.total,
                contents,
                sha256: OnceLock::new(),
            };
            let answer = CompletedUpload { file_id, name: upload.name.clone() };
            upload.completed = Some((request, answer.clone()));
            upload.chunks.clear();
            self.files.push(Arc::new(file));
            return Some(answer);
        }
        upload.completed.as_ref().map(|(_, answer)| answer.clone())
    }
}

/// An upload on its way.
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) total: u64,
    pub(super) chunk_size: u64,
    /// Seconds since 1970 from which its URLs are refused.
    pub(super) expires_s: u64,
    /// Refused before that by a fault.
    pub(super) expired: bool,
    /// By their index.
    pub(super) chunks: BTreeMap<u64, Chunk>,
    /// The ranges that were stored, both ends inclusive.
    pub(super) ranges: Vec<(u64, u64)>,
    pub(super) received: u64,
    /// How often a part was stored; tells the parts' etags apart.
    pub(super) revisions: u64,
    pub(super) completed: Option<(CompleteUpload, CompletedUpload)>,
}

/// A chunk, or what has come of it.
pub(super) struct Chunk {
    pub(super) length: u64,
    pub(super) content: Content,
    /// Damaged by a fault, so that a wrong checksum is not the client's mistake.
    pub(super) damaged: bool,
    /// Of a part.
    pub(super) etag: Option<String>,
}

/// The bytes of a chunk, or only their digest.
#[derive(Clone)]
pub(super) enum Content {
    Kept(Bytes),
    Hashed(Sha256),
}

impl Upload {
    pub(super) fn chunk_count(&self) -> u64 {
        self.total.div_ceil(self.chunk_size).max(1)
    }

    /// The length of the chunk `index`, counted from 0.
    pub(super) fn chunk_length(&self, index: u64) -> u64 {
        (self.total - index * self.chunk_size).min(self.chunk_size)
    }

    /// The range that is due, both ends inclusive; `None` when all is stored or there is nothing to store.
    pub(super) fn due(&self) -> Option<(u64, u64)> {
        let end = (self.received / self.chunk_size).saturating_add(1).saturating_mul(self.chunk_size).min(self.total);
        (self.received < self.total).then(|| (self.received, end - 1))
    }

    pub(super) fn is_whole(&self) -> bool {
        self.received == self.total && !self.chunks.is_empty()
    }

    pub(super) fn has_expired(&self, date_s: u64) -> bool {
        self.expired || date_s >= self.expires_s
    }

    /// Appends what was received of the range that was due.
    pub(super) fn append(&mut self, length: u64, content: Bytes, damaged: bool) {
        let index = if self.total == 0 { 0 } else { self.received / self.chunk_size };
        if length > 0 {
            self.ranges.push((self.received, self.received + length - 1));
        } else if self.total > 0 {
            return;
        }
        self.received += length;
        match self.chunks.get_mut(&index) {
            None => {
                self.chunks.insert(index, Chunk { length, content: Content::Kept(content), damaged, etag: None });
            }
            Some(chunk) => {
                chunk.length += length;
                chunk.damaged |= damaged;
                // A chunk that is not whole is never let go.
                if let Content::Kept(before) = &chunk.content {
                    chunk.content = Content::Kept([&before[..], &content].concat().into());
                }
            }
        }
    }

    /// Stores the part `index`, counted from 0, over whatever was there; answers its etag.
    pub(super) fn put_part(&mut self, index: u64, content: Bytes, damaged: bool) -> String {
        self.revisions += 1;
        let etag = format!("\"{}-part-{}-{}\"", self.id, index + 1, self.revisions);
        let length = self.chunk_length(index);
        let part = Chunk { length, content: Content::Kept(content), damaged, etag: Some(etag.clone()) };
        let before = self.chunks.insert(index, part).map_or(0, |part| part.length);
        self.received = self.received - before + length;
        etag
    }

    /// Unless bytes are to be kept, whole chunks become digests as soon as there are enough to hash side by side.
    pub(super) fn let_go(&mut self, keep_bytes: bool) {
        let whole = |(index, chunk): (&u64, &Chunk)| match &chunk.content {
            Content::Kept(bytes) if chunk.length == self.chunk_length(*index) => Some((*index, bytes.clone())),
            _ => None,
        };
        let ready: Vec<(u64, Bytes)> = self.chunks.iter().filter_map(whole).collect();
        if keep_bytes || (ready.len() < LANES && !self.is_whole()) {
            return;
        }
        let digests = byte_chunks(&ready.iter().map(|(_, bytes)| &bytes[..]).collect::<Vec<_>>());
        for ((index, _), digest) in ready.iter().zip(digests) {
            if let Some(chunk) = self.chunks.get_mut(index) {
                chunk.content = Content::Hashed(digest);
            }
        }
    }

    fn state(&self, date_s: u64) -> UploadState {
        let status = match &self.completed {
            Some(_) => UploadStatus::Completed,
            None if self.has_expired(date_s) => UploadStatus::Expired,
            None => UploadStatus::Open,
        };
        UploadState { id: self.id.clone(), status, received: self.received }
    }
}

/// A file and its chunks.
pub(super) struct FileRecord {
    id: String,
    name: String,
    content_type: String,
    size: u64,
    contents: Vec<Content>,
    /// Made when first asked for: nobody waits for a gigabyte's digest who does not read it.
    sha256: OnceLock<Option<String>>,
}

impl FileRecord {
    pub(super) fn about(&self) -> FileState {
        FileState {
            id: self.id.clone(),
            name: self.name.clone(),
            content_type: self.content_type.clone(),
            size: self.size,
            sha256: self.sha256.get_or_init(|| self.digest()).clone(),
            chunks: self.contents.len() as u64,
        }
    }

    pub(super) fn stored(&self) -> StoredFile {
        let kept = kept(&self.contents);
        let bytes = kept.map(|kept| match kept[..] {
            [one] => one.clone(),
            _ => kept.iter().map(|chunk| &chunk[..]).collect::<Vec<_>>().concat().into(),
        });
        StoredFile { about: self.about(), bytes }
    }

    fn digest(&self) -> Option<String> {
        match (&self.contents[..], kept(&self.contents)) {
            ([Content::Hashed(digest)], _) => Some(digest.to_string()),
            (_, Some(kept)) if kept.len() == 1 => Some(sha256(kept[0]).to_string()),
            (_, Some(kept)) => {
                let mut hasher = Hasher::new();
                kept.iter().for_each(|chunk| hasher.update(chunk));
                Some(hasher.finish().to_string())
            }
            _ => None,
        }
    }
}

/// The checksums of `contents` as the platform writes them.
pub(super) fn checksums_of(contents: &[Content]) -> Vec<String> {
    let digests = match kept(contents) {
        Some(kept) => byte_chunks(&kept.into_iter().map(|chunk| &chunk[..]).collect::<Vec<_>>()),
        None => contents
            .iter()
            .map(|content| match content {
                Content::Kept(bytes) => sha256(bytes),
                Content::Hashed(digest) => *digest,
            })
            .collect(),
    };
    digests.iter().map(|digest| format!("{CHECKSUM_PREFIX}{digest}")).collect()
}

/// The bytes of all chunks, when they were kept.
fn kept(contents: &[Content]) -> Option<Vec<&Bytes>> {
    let kept = contents.iter().map(|content| match content {
        Content::Kept(bytes) => Some(bytes),
        Content::Hashed(_) => None,
    });
    kept.collect()
}
