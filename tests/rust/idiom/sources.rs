//! Files that change while they are uploaded.

use std::path::Path;
use std::sync::Once;

use libtest_mimic::Trial;
use porteur::Upload;
use serde_json::json;

use super::{CHUNK, file};
use crate::support::{block_on, client, count, simulator, some_bytes};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_file_that_grows_is_a_changed_source,
        a_file_that_shrinks_is_a_changed_source,
        a_file_that_is_written_to_is_a_changed_source,
        bytes_that_change_with_the_date_set_back_are_a_changed_source,
        bytes_that_change_after_they_were_sent_are_a_changed_source,
    ]
}

fn a_file_that_grows_is_a_changed_source() {
    changed(|path, content| std::fs::write(path, [content, b"more"].concat()).unwrap());
}

fn a_file_that_shrinks_is_a_changed_source() {
    changed(|path, _| std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(3 * CHUNK as u64).unwrap());
}

fn a_file_that_is_written_to_is_a_changed_source() {
    changed(|path, content| std::fs::write(path, content).unwrap());
}

fn bytes_that_change_with_the_date_set_back_are_a_changed_source() {
    changed(|path, content| {
        let date = std::fs::metadata(path).unwrap().modified().unwrap();
        let mut other = content.to_vec();
        *other.last_mut().unwrap() ^= 1;
        std::fs::write(path, &other).unwrap();
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_modified(date).unwrap();
    });
}

fn bytes_that_change_after_they_were_sent_are_a_changed_source() {
    changed(|path, content| {
        let mut other = content.to_vec();
        other[0] ^= 1;
        std::fs::write(path, &other).unwrap();
    });
}

/// Uploads a file that `change` changes when its first bytes leave: all of it is hashed then, and most of it not sent.
fn changed(change: fn(&Path, &[u8])) {
    for multipart in [false, true] {
        let simulator = simulator(json!({ "chunk_size": CHUNK, "multipart": multipart }));
        let content = some_bytes(5 * CHUNK);
        let (_folder, path) = file(&content);
        let (once, place, bytes) = (Once::new(), path.clone(), content.clone());
        let upload = Upload::path(&path).concurrency(1).on_progress(move |_| once.call_once(|| change(&place, &bytes)));
        let error = block_on(client(&simulator).upload(upload)).unwrap_err();
        assert_eq!(error.facts().code, "source_changed", "{error:?}");
        assert_eq!(error.facts().details["path"], path.display().to_string());
        assert_eq!(count(&simulator, "POST /api/v2/files/uploads/"), 0, "nothing is completed");
        assert_eq!(simulator.violations(), Vec::<String>::new());
    }
}
