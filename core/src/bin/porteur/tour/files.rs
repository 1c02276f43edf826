//! The files of a tour: packed, uploaded, and compared with what arrived.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use porteur::simulator::{Fault, JournalEntry, Outcome};
use porteur::{Error, HashChunks, Result, Sha256, Upload, UploadedFile, sha256_chunks};

use super::Tour;
use crate::progress;

/// What travels. The made file is removed with this value.
pub(super) struct Luggage {
    files: Vec<PathBuf>,
    _made: Option<tempfile::TempDir>,
}

/// The files, or a file of 64 MiB and the pictures of the repository.
pub(super) fn pack(files: Vec<PathBuf>) -> Result<Luggage> {
    if !files.is_empty() {
        return Ok(Luggage { files, _made: None });
    }
    let folder =
        tempfile::tempdir().map_err(|error| file_error("could not make a folder in", std::env::temp_dir(), error))?;
    let made = folder.path().join("recording.bin");
    fill(&made, MADE_BYTES).map_err(|error| file_error("could not write", made.clone(), error))?;
    // An installed command has no pictures beside it, and goes without them.
    let mut pictures: Vec<PathBuf> = std::fs::read_dir("tests/media")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| content_type(path).starts_with("image/"))
        .collect();
    pictures.sort();
    let files = std::iter::once(made).chain(pictures).collect();
    Ok(Luggage { files, _made: Some(folder) })
}

/// One rate limit, one lost connection, one expired URL, early enough for the smallest luggage.
pub(super) fn faults(luggage: &Luggage) -> Vec<Fault> {
    let first = luggage.files.first().and_then(|file| file.metadata().ok()).map_or(0, |metadata| metadata.len());
    // On a long way they are spread over it; the numbers count PUTs, the repeated ones too.
    let nth = if first >= MADE_BYTES { [3, 6, 9] } else { [1, 2, 3] };
    let faults = [
        format!(r#"{{"on": "PUT /storage", "nth": {}, "status": 429, "retry_after": 1}}"#, nth[0]),
        format!(r#"{{"on": "PUT /storage", "nth": {}, "drop": "during"}}"#, nth[1]),
        format!(r#"{{"on": "PUT /storage", "nth": {}, "expire_url": true}}"#, nth[2]),
    ];
    faults.iter().map(|fault| serde_json::from_str(fault).expect("these are faults")).collect()
}

/// Uploads them one after the other, and compares what arrived.
pub(super) async fn upload(tour: &mut Tour, luggage: &Luggage) -> Result<Vec<UploadedFile>> {
    let mut uploaded = Vec::new();
    for path in &luggage.files {
        let before = tour.simulator.as_ref().map_or(0, |simulator| simulator.journal().len());
        let upload = Upload::path(path).content_type(content_type(path));
        let bar = progress::bar(&upload.name);
        let shown = bar.clone();
        let start = Instant::now();
        let outcome = tour.client.upload(upload.on_progress(move |state| progress::show(&shown, state))).await;
        bar.finish_and_clear();
        let file = outcome?;
        let took = start.elapsed();
        let speed = file.size as f64 / 1e6 / took.as_secs_f64();
        let chunks = file.checksums.len();
        let what = format!("{} ({}, {chunks} chunk(s), {speed:.0} MB/s)", file.name, bytes(file.size));
        tour.account.step("upload", &what, Some(took));
        arrived(tour, path, &file, before)?;
        uploaded.push(file);
    }
    if let Some(simulator) = &tour.simulator {
        let journal = simulator.journal();
        let trouble = trouble(&journal);
        let seen = format!("{trouble:?}");
        tour.account.check(
            "a rate limit, a lost connection and an expired URL were survived",
            trouble == [1, 1, 1],
            &seen,
        );
    }
    Ok(uploaded)
}

/// Compares a file with what the platform holds.
fn arrived(tour: &mut Tour, path: &Path, file: &UploadedFile, before: usize) -> Result<()> {
    let chunk_size = file.size.div_ceil(file.checksums.len() as u64).max(1);
    let whole = sha256_chunks(path, &HashChunks::new(chunk_size).whole(true))?.whole;
    let whole = whole.map(|sum: Sha256| sum.to_string()).unwrap_or_default();
    let Some(simulator) = &tour.simulator else {
        tour.account.note(&format!("confirmed by the platform as {}; SHA-256 of the file {whole}", file.id));
        return Ok(());
    };
    let journal = simulator.journal();
    let [limited, lost, expired] = trouble(&journal[before..]);
    if limited + lost + expired > 0 {
        let times = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}"));
        let met: Vec<String> = [
            times(limited, "rate limit (waited 1 s)"),
            times(lost, "lost connection (sent again)"),
            times(expired, "expired URL (new session)"),
        ]
        .into_iter()
        .flatten()
        .collect();
        tour.account.note(&format!("met on the way: {}", met.join(", ")));
    }
    let state = simulator.state();
    let stored = state.files.iter().find(|stored| stored.id == file.id).and_then(|stored| stored.sha256.clone());
    let claim = format!("what arrived is the file, SHA-256 {}...", &whole[..16]);
    tour.account.check(&claim, stored.as_ref() == Some(&whole), &format!("stored is {stored:?}"));
    Ok(())
}

/// How often a rate limit, a lost connection and an expired URL were met.
fn trouble(journal: &[JournalEntry]) -> [usize; 3] {
    let puts = |outcome: Outcome| {
        journal.iter().filter(|entry| entry.path.starts_with("/storage") && entry.status == outcome).count()
    };
    [puts(Outcome::Answered(429)), puts(Outcome::Dropped), puts(Outcome::Answered(403))]
}

/// Bytes that do not repeat, so that a chunk in the wrong place shows.
fn fill(path: &Path, length: u64) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..length / 8 {
        // xorshift64: fast, and good enough to be different everywhere.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes())?;
    }
    file.flush()
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

fn bytes(size: u64) -> String {
    indicatif::HumanBytes(size).to_string()
}

fn file_error(action: &'static str, path: PathBuf, error: std::io::Error) -> Error {
    Error::InvalidInput {
        field: "files".to_owned(),
        reason: format!("{action} {}: {error}", path.display()),
        answer: None,
    }
}

const MADE_BYTES: u64 = 64 << 20;
