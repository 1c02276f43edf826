//! Dropping a future is how Rust callers cancel: it stops at once, and a journal says where to go on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use libtest_mimic::Trial;
use porteur::simulator::Simulator;
use porteur::{Error, Upload};
use serde_json::json;

use super::{CHUNK, counted, file, settled, until};
use crate::support::{block_on, client, count, fault, requests, simulator, some_bytes};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_dropped_upload_stops_and_its_journal_goes_on_with_the_next_chunk,
        a_dropped_upload_of_parts_sends_only_what_was_not_acknowledged,
        a_dropped_stream_is_not_read_any_further,
        closing_a_client_ends_the_upload_that_is_under_way,
    ]
}

fn a_dropped_upload_stops_and_its_journal_goes_on_with_the_next_chunk() {
    dropped_and_resumed(false, 1);
}

fn a_dropped_upload_of_parts_sends_only_what_was_not_acknowledged() {
    dropped_and_resumed(true, 2);
}

/// Drops an upload whose third PUT is never answered, and does it again.
fn dropped_and_resumed(multipart: bool, concurrency: usize) {
    let simulator = simulator(json!({ "chunk_size": CHUNK, "multipart": multipart }));
    let content = some_bytes(5 * CHUNK);
    let (folder, source) = file(&content);
    let journal = folder.path().join("journal");
    simulator.add_fault(fault(json!({ "on": "PUT /storage", "nth": 3, "stall_ms": 1 }))).unwrap();
    let upload = || Upload::path(&source).journal(&journal).concurrency(concurrency);
    let client = client(&simulator);
    block_on(async {
        let mut first = Box::pin(client.upload(upload()));
        // The others are answered: only the silent one is still open, or a part beside it would not be acknowledged.
        let answered = if multipart { 4 } else { 2 };
        until(&mut first, || count(&simulator, "PUT") == 3.max(answered + 1) && acknowledged(&journal) == answered)
            .await;
        drop(first);
        assert_eq!(count(&simulator, "POST /api/v2/files/uploads/"), 0, "nothing is completed");
        let before = count(&simulator, "PUT");
        let file = client.upload(upload()).await.unwrap();
        assert_eq!(file.checksums.len(), 5);
        assert_eq!(count(&simulator, "PUT") - before, 5 - answered, "{:#?}", requests(&simulator));
    });
    assert_eq!(count(&simulator, "POST /api/v2/files/uploads "), 1, "one session for both calls");
    assert_eq!(only_file(&simulator), content);
    assert_eq!(simulator.violations(), Vec::<String>::new());
    assert!(!journal.exists(), "the journal is removed with the completion");
}

/// The lines of a journal after its first.
fn acknowledged(journal: &Path) -> usize {
    std::fs::read_to_string(journal).map_or(0, |text| text.lines().count().saturating_sub(1))
}

fn a_dropped_stream_is_not_read_any_further() {
    let simulator = simulator(json!({ "chunk_size": CHUNK }));
    simulator.add_fault(fault(json!({ "on": "PUT /storage", "nth": 2, "stall_ms": 1 }))).unwrap();
    let pulled = Arc::new(AtomicUsize::new(0));
    let (stream, alive) = counted(&some_bytes(8 * CHUNK), CHUNK, pulled.clone());
    let client = client(&simulator);
    block_on(async {
        let mut upload = Box::pin(client.upload(Upload::stream(stream, 8 * CHUNK as u64, "a.bin")));
        until(&mut upload, || count(&simulator, "PUT") == 2).await;
        drop(upload);
        // The task that reads it ends when the runtime next looks at it.
        settled(|| alive.upgrade().is_none()).await;
    });
    assert!(pulled.load(Ordering::Relaxed) <= 4 * CHUNK, "{pulled:?} bytes were read");
}

fn closing_a_client_ends_the_upload_that_is_under_way() {
    let simulator = simulator(json!({}));
    simulator.add_fault(fault(json!({ "on": "PUT /storage", "stall_ms": 1 }))).unwrap();
    let client = client(&simulator);
    block_on(async {
        let mut upload = Box::pin(client.upload(Upload::bytes("abc", "a.txt")));
        until(&mut upload, || count(&simulator, "PUT") == 1).await;
        client.clone().close().await;
        assert!(matches!(upload.await, Err(Error::Cancelled)));
    });
}

fn only_file(simulator: &Simulator) -> Bytes {
    let files = simulator.state().files;
    assert_eq!(files.len(), 1);
    simulator.file(&files[0].id).unwrap().bytes.unwrap()
}
