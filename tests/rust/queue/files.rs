//! What can be in the way of a queue in a file: others' locks, a damaged file, a full disk, a clock that jumps.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use libtest_mimic::Trial;
use porteur::{Attempt, Enqueued, Queue, QueueErrorKind, QueueSettings, Result, SystemClock};
use rusqlite::Connection;
use tempfile::TempDir;

use super::place::{Kind, Place};
use super::properties::{MILLISECOND, MINUTE, SECOND, is, one, take};
use crate::support::block_on;

pub(super) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_queue_in_a_file_is_for_its_owners_eyes_only,
        a_locked_queue_is_typed_and_goes_on_afterwards,
        a_file_that_is_no_queue_is_left_as_it_is,
        a_damaged_queue_is_typed_and_what_replaces_it_works,
        a_queue_without_space_loses_nothing_and_goes_on_afterwards,
        a_queue_that_was_removed_begins_anew,
        a_queue_that_is_a_folder_or_in_none_is_typed,
        a_clock_that_goes_back_hides_nothing_that_was_visible,
        a_clock_that_goes_back_frees_nothing_before_its_time,
        a_clock_that_goes_forward_costs_what_is_taken_one_attempt,
        a_key_that_was_finished_in_the_future_is_forgotten_in_time,
        a_call_that_nobody_waits_for_is_not_made,
    ]
}

fn a_queue_in_a_file_is_for_its_owners_eyes_only() {
    block_on(async {
        let (_folder, path) = somewhere();
        let queue = open(&path).unwrap();
        queue.enqueue("a", "").await.unwrap();
        for suffix in ["", "-wal", "-shm"] {
            let file = format!("{}{suffix}", path.display());
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    });
}

fn a_locked_queue_is_typed_and_goes_on_afterwards() {
    block_on(async {
        let (_folder, path) = somewhere();
        let queue = open(&path).unwrap();
        queue.enqueue("a", "").await.unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let refused = queue.enqueue("b", "").await;
        assert!(is(&refused, QueueErrorKind::Locked), "{refused:?}");
        assert!(refused.unwrap_err().facts().retryable);
        // Looking is still possible.
        assert_eq!(queue.stats().await.unwrap().waiting, 1);
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(queue.enqueue("b", "").await.unwrap(), Enqueued::Stored);
    });
}

fn a_file_that_is_no_queue_is_left_as_it_is() {
    let (_folder, path) = somewhere();
    let text = "These are the minutes of the last meeting. ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    let refused = open(&path);
    assert!(is(&refused, QueueErrorKind::Corrupt), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);

    let (_folder, path) = somewhere();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE invoices (id INTEGER)").unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = open(&path);
    assert!(is(&refused, QueueErrorKind::Corrupt), "{refused:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let (_folder, path) = somewhere();
    drop(open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(is(&open(&path), QueueErrorKind::Unavailable));
}

fn a_damaged_queue_is_typed_and_what_replaces_it_works() {
    block_on(async {
        let (_folder, path) = somewhere();
        {
            let queue = open(&path).unwrap();
            for n in 0..200 {
                queue.enqueue(&n.to_string(), vec![b'x'; 500]).await.unwrap();
            }
        }
        settled(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() > 20 * 4096);
        // The header says that it is one of ours, and behind it nothing is.
        bytes[4096..].iter_mut().enumerate().for_each(|(n, byte)| *byte = (n % 251).to_le_bytes()[0]);
        std::fs::write(&path, bytes).unwrap();
        let queue = open(&path).unwrap();
        let refused = queue.enqueue("new", "").await;
        assert!(is(&refused, QueueErrorKind::Corrupt), "{refused:?}");
        assert!(is(&queue.receive(1, None).await, QueueErrorKind::Corrupt));

        std::fs::rename(&path, path.with_extension("damaged")).unwrap();
        assert_eq!(queue.enqueue("new", "").await.unwrap(), Enqueued::Stored);
    });
}

fn a_queue_without_space_loses_nothing_and_goes_on_afterwards() {
    block_on(async {
        let Some(disk) = SmallDisk::new() else {
            println!("no small disk can be mounted here");
            return;
        };
        let path = disk.0.path().join("queue.db");
        let queue = open(&path).unwrap();
        let mut stored = Vec::new();
        let full = loop {
            let key = stored.len().to_string();
            match queue.enqueue(&key, vec![b'x'; 100_000]).await {
                Ok(_) => stored.push(key),
                Err(error) => break error,
            }
            assert!(stored.len() < 1000, "the disk does not fill");
        };
        assert!(is::<()>(&Err(full.clone()), QueueErrorKind::Full), "{:?}", full.facts());
        assert!(full.facts().retryable);
        // What was acknowledged is there. Taking it needs space as well, which somebody makes.
        std::fs::remove_file(disk.0.path().join("ballast")).unwrap();
        assert_eq!(queue.stats().await.unwrap().waiting, stored.len() as u64);
        let mut found = Vec::new();
        loop {
            let jobs = take(&queue, 4).await;
            if jobs.is_empty() {
                break;
            }
            for job in jobs {
                queue.ack(&job.receipt).await.unwrap();
                found.push(job.key);
            }
        }
        assert_eq!(found, stored);
        assert_eq!(queue.enqueue("another", vec![b'x'; 100_000]).await.unwrap(), Enqueued::Stored);
    });
}

fn a_queue_that_was_removed_begins_anew() {
    block_on(async {
        let (_folder, path) = somewhere();
        let queue = open(&path).unwrap();
        queue.enqueue("a", "").await.unwrap();
        std::fs::remove_file(&path).unwrap();
        // Else it would be written to a file that nobody can find.
        assert_eq!(queue.enqueue("a", "").await.unwrap(), Enqueued::Stored);
        assert_eq!(open(&path).unwrap().stats().await.unwrap().waiting, 1);
    });
}

fn a_queue_that_is_a_folder_or_in_none_is_typed() {
    let (folder, path) = somewhere();
    assert!(is(&open(folder.path()), QueueErrorKind::Unavailable));
    assert!(is(&open(&path.join("queue.db")), QueueErrorKind::Unavailable));
}

fn a_clock_that_goes_back_hides_nothing_that_was_visible() {
    block_on(async {
        let place = Place::new(Kind::File);
        let queue = place.queue().await;
        queue.enqueue("waiting", "").await.unwrap();
        place.clock.jump(-YEAR);
        assert_eq!(queue.stats().await.unwrap().waiting, 1);
        assert_eq!(queue.next_due().await.unwrap(), Some(Duration::ZERO));
        let job = one(&queue).await;
        // Taken before another jump: hidden for one wait more, not for a year.
        place.clock.jump(-YEAR);
        assert!(take(&queue, 1).await.is_empty());
        place.pass(MINUTE + MILLISECOND).await;
        assert_eq!(one(&queue).await.attempt, job.attempt + 1);
    });
}

fn a_clock_that_goes_back_frees_nothing_before_its_time() {
    block_on(async {
        let place = Place::new(Kind::File);
        let queue = place.queue().await;
        queue.enqueue("taken", "").await.unwrap();
        queue.enqueue("delayed", "").await.unwrap();
        let jobs = take(&queue, 2).await;
        queue.nack(&jobs[1].receipt, MINUTE * 30, "", Attempt::Counted).await.unwrap();
        place.pass(SECOND * 30).await;
        // Back behind the beginning of both waits, each time.
        for step in [-31_000, -3_600_000, -60_000, -59_001] {
            place.clock.jump(step);
            assert!(take(&queue, 2).await.is_empty(), "{step}");
            place.pass(SECOND * 59).await;
            assert!(take(&queue, 2).await.is_empty(), "{step}");
        }
        // Back a little, and the rest of the wait is longer by that.
        place.clock.jump(-40);
        place.pass(SECOND + MILLISECOND * 39).await;
        assert!(take(&queue, 2).await.is_empty());
        // And its owner still has it.
        queue.ack(&jobs[0].receipt).await.unwrap();
        place.pass(MINUTE * 30).await;
        assert_eq!(one(&queue).await.key, "delayed");
    });
}

fn a_clock_that_goes_forward_costs_what_is_taken_one_attempt() {
    block_on(async {
        let place = Place::new(Kind::File);
        let queue = place.queue().await;
        queue.enqueue("a", "").await.unwrap();
        let old = one(&queue).await;
        place.clock.jump(YEAR);
        let new = one(&queue).await;
        assert_eq!((old.attempt, new.attempt), (1, 2));
        assert!(is(&queue.ack(&old.receipt).await, QueueErrorKind::Stale));
        place.clock.jump(-YEAR);
        assert!(take(&queue, 1).await.is_empty());
        queue.ack(&new.receipt).await.unwrap();
    });
}

fn a_key_that_was_finished_in_the_future_is_forgotten_in_time() {
    block_on(async {
        let place = Place::new(Kind::File);
        let queue = place.open(place.settings().remember(MINUTE * 60)).await;
        place.clock.jump(YEAR);
        queue.enqueue("a", "").await.unwrap();
        let job = one(&queue).await;
        queue.ack(&job.receipt).await.unwrap();
        place.clock.jump(-YEAR);
        assert_eq!(queue.enqueue("a", "").await.unwrap(), Enqueued::Known);
        place.pass(MINUTE * 61).await;
        assert_eq!(queue.enqueue("a", "").await.unwrap(), Enqueued::Stored);
    });
}

fn a_call_that_nobody_waits_for_is_not_made() {
    block_on(async {
        let (_folder, path) = somewhere();
        let queue = open(&path).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        // The first one waits for the lock, the second one behind it, and nobody for the second one.
        let first = queue.enqueue("first", "");
        let mut second = Box::pin(queue.enqueue("second", ""));
        let dropped = async {
            assert!((&mut second).now_or_never().is_none());
            drop(second);
            other.execute_batch("ROLLBACK").unwrap();
        };
        // Polled in this order.
        let (first, ()) = futures_util::future::join(first, dropped).await;
        assert_eq!(first.unwrap(), Enqueued::Stored);
        let keys: Vec<String> = take(&queue, 9).await.into_iter().map(|job| job.key).collect();
        assert_eq!(keys, ["first"]);
    });
}

fn somewhere() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    (folder, path)
}

fn open(path: &Path) -> Result<Queue> {
    let settings = QueueSettings::default().lock_wait(MILLISECOND * 50);
    Queue::open(path.to_str().unwrap(), settings, Arc::new(SystemClock::new()))
}

/// Moves everything from the log into the file itself, whoever has it open still.
fn settled(path: &Path) {
    Connection::open(path).unwrap().pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(())).unwrap();
    let wal = PathBuf::from(format!("{}-wal", path.display()));
    assert!(std::fs::metadata(wal).map_or(0, |wal| wal.len()) == 0);
}

/// A file system of 4 MiB, a quarter of it taken by a file that can be removed. Needs root.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder.path());
        if !mount.output().is_ok_and(|output| output.status.success()) {
            return None;
        }
        std::fs::write(folder.path().join("ballast"), vec![0; 1 << 20]).unwrap();
        Some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

const YEAR: i64 = 366 * 24 * 3600 * 1000;
