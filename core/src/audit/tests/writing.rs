//! What is in the file when a push has returned.

use std::io::Write as _;
use std::time::{Duration, Instant};

use super::*;
use crate::audit::{AuditSync, verify_audit};
use crate::digest::sha256;

#[tokio::test]
async fn a_push_returns_when_its_line_is_in_the_file() {
    let place = Place::new();
    let log = place.log();
    let first = log.push(note(1)).await.unwrap();
    let second = log.push(note(2)).await.unwrap();
    assert_eq!((first.sequence, second.sequence), (1, 2));
    assert_eq!(first.log, second.log);
    let lines = place.lines();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains(&format!(r#""log":"{}","sequence":1,"previous":"{}""#, first.log, "0".repeat(64))));
    assert!(lines[1].contains(&format!(r#""sequence":2,"previous":"{}""#, sha256(lines[0].as_bytes()))));
}

#[tokio::test]
async fn an_entry_that_cannot_be_leaves_no_file_behind() {
    let place = Place::new();
    let error = place.log().push(AuditEntry::new("Note!")).await.unwrap_err();
    assert_eq!(error.facts().details["field"], "kind");
    let error = place.log().push(note(1).field("text", "x".repeat(70_000))).await.unwrap_err();
    assert_eq!(error.facts().code, "too_large");
    assert!(!place.file.exists());
}

#[tokio::test]
async fn two_logs_on_one_file_write_a_chain_each() {
    let place = Place::new();
    let (one, other) = (place.log(), place.log());
    for number in 0..20 {
        one.push(note(number)).await.unwrap();
        other.push(note(number)).await.unwrap();
        other.push(note(number)).await.unwrap();
    }
    one.close().await;
    other.close().await;
    let report = verify_audit(&place.file, SECRET).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!((report.entries, report.logs, report.signed), (60, 2, 60));
}

#[test]
fn many_threads_write_one_chain_without_a_gap() {
    let place = Place::new();
    let log = place.log();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let pushes: Vec<_> = (0..400)
        .map(|number| {
            let log = log.clone();
            runtime.spawn(async move { log.push(note(number)).await.unwrap().sequence })
        })
        .collect();
    runtime.block_on(async {
        let mut sequences = Vec::new();
        for push in pushes {
            sequences.push(push.await.unwrap());
        }
        sequences.sort_unstable();
        assert_eq!(sequences, (1..=400).collect::<Vec<_>>());
        log.close().await;
    });
    assert_eq!(verify_audit(&place.file, SECRET).unwrap().signed, 400);
}

#[tokio::test]
async fn a_forked_process_begins_a_chain_of_its_own() {
    let place = Place::new();
    let log = place.log();
    let parent = log.push(note(1)).await.unwrap();
    // What the child finds is of another process id than its own.
    drop(log.process_of(std::process::id() + 1));
    let child = log.push(note(2)).await.unwrap();
    assert_ne!(parent.log, child.log);
    assert_eq!(child.sequence, 1);
    log.close().await;
    let report = verify_audit(&place.file, SECRET).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!((report.logs, report.signed), (2, 2));
}

#[tokio::test]
async fn a_line_that_a_killed_process_left_half_written_is_cut_off_by_the_next_one() {
    let place = Place::new();
    let log = place.log();
    log.push(note(1)).await.unwrap();
    log.flush().await.unwrap();
    kill(log);
    let mut file = std::fs::OpenOptions::new().append(true).open(&place.file).unwrap();
    file.write_all(br#"{"kind":"note","log":"019"#).unwrap();
    let report = verify_audit(&place.file, SECRET).unwrap();
    assert!(report.torn && report.is_intact(), "{report:?}");
    let next = place.log();
    next.push(note(2)).await.unwrap();
    next.close().await;
    let report = verify_audit(&place.file, SECRET).unwrap();
    assert!(!report.torn && report.is_intact(), "{report:?}");
    assert_eq!((report.entries, report.logs), (2, 2));
}

#[tokio::test]
async fn what_a_process_had_not_signed_when_it_was_killed_is_less_than_a_batch() {
    let place = Place::new();
    let log = open(place.audit().batch(10).every(Duration::from_secs(3600)));
    for number in 0..35 {
        log.push(note(number)).await.unwrap();
    }
    kill(log);
    let report = verify_audit(&place.file, SECRET).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!(report.entries, 35);
    assert!(report.signed >= 30, "{report:?}");
}

#[tokio::test]
async fn a_log_that_is_dropped_without_being_closed_is_signed() {
    let place = Place::new();
    let log = place.log();
    log.push(note(1)).await.unwrap();
    drop(log);
    assert_eq!(verify_audit(&place.file, SECRET).unwrap().signed, 1);
}

#[tokio::test]
async fn with_a_sync_for_every_entry_each_is_signed_when_its_push_returns() {
    let place = Place::new();
    let log = open(place.audit().sync(AuditSync::Entry));
    for number in 1..=5 {
        log.push(note(number)).await.unwrap();
        let report = verify_audit(&place.file, SECRET).unwrap();
        assert_eq!(report.signed, number as u64);
    }
    assert_eq!(place.checkpoints(), 6, "one for the beginning");
    log.close().await;
    assert_eq!(place.checkpoints(), 6, "nothing new to sign");
}

#[tokio::test]
async fn a_log_that_was_moved_away_goes_on_in_a_new_file() {
    let place = Place::new();
    let log = place.log();
    let old = log.push(note(1)).await.unwrap();
    log.flush().await.unwrap();
    log.push(note(2)).await.unwrap();
    let away = place.file.with_file_name("audit.1");
    std::fs::rename(&place.file, &away).unwrap();
    std::fs::rename(place.beside(".checkpoints"), super::super::append::beside(&away, ".checkpoints")).unwrap();
    let new = log.push(note(3)).await.unwrap();
    assert_ne!(old.log, new.log);
    log.close().await;
    for (file, entries) in [(&away, 2), (&place.file, 1)] {
        let report = verify_audit(file, SECRET).unwrap();
        assert!(report.is_intact(), "{report:?}");
        assert_eq!((report.entries, report.signed), (entries, entries), "{}", file.display());
    }
}

#[tokio::test]
async fn a_log_that_was_moved_away_is_signed_where_it_is() {
    let place = Place::new();
    let log = place.log();
    log.push(note(1)).await.unwrap();
    let away = place.file.with_file_name("audit.1");
    std::fs::rename(&place.file, &away).unwrap();
    std::fs::rename(place.beside(".checkpoints"), super::super::append::beside(&away, ".checkpoints")).unwrap();
    log.close().await;
    assert_eq!(verify_audit(&away, SECRET).unwrap().signed, 1);
    assert!(!place.beside(".checkpoints").exists());
}

#[tokio::test]
async fn checkpoints_that_were_removed_are_begun_anew() {
    let place = Place::new();
    let log = place.log();
    log.push(note(1)).await.unwrap();
    std::fs::remove_file(place.beside(".checkpoints")).unwrap();
    log.close().await;
    let report = verify_audit(&place.file, SECRET).unwrap();
    assert!(report.is_intact() && report.signed == 1, "{report:?}");
}

#[test]
fn twenty_kills_while_it_is_written_leave_a_log_with_one_torn_line_at_most() {
    let place = Place::new();
    let mut random = fastrand::Rng::with_seed(20);
    for _ in 0..20 {
        let size = || std::fs::metadata(&place.file).map_or(0, |file| file.len());
        let enough = size() + random.u64(1..200_000);
        let mut victim = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "audit::tests::writing::writes_until_it_is_killed"])
            .env(VICTIM, &place.file)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while size() < enough {
            assert!(victim.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::yield_now();
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        let report = verify_audit(&place.file, SECRET).unwrap();
        assert!(report.is_intact(), "{report:?}");
        assert!(report.signed + 50 * report.logs > report.entries, "{report:?}");
    }
    let report = verify_audit(&place.file, SECRET).unwrap();
    assert_eq!(report.logs, 20);
}

#[tokio::test]
#[ignore = "started and killed by the test above"]
async fn writes_until_it_is_killed() {
    let file = std::env::var_os(VICTIM).unwrap();
    let log = open(Audit::file(file, SECRET));
    for number in 0.. {
        log.push(note(number)).await.unwrap();
    }
}

const VICTIM: &str = "PORTEUR_AUDIT_VICTIM";

#[tokio::test]
async fn somebodys_file_is_not_written_to() {
    let place = Place::new();
    std::fs::write(&place.file, "chapter one").unwrap();
    let error = place.log().push(note(1)).await.unwrap_err();
    assert_eq!(error.facts().details["field"], "file");
    assert_eq!(text(&place.file), "chapter one");
    assert!(!place.beside(".checkpoints").exists());
}

#[tokio::test]
async fn closing_a_log_that_nobody_wrote_to_makes_no_file() {
    let place = Place::new();
    let log = open(place.audit().endpoint("http://127.0.0.1:1/audit"));
    log.flush().await.unwrap();
    log.close().await;
    assert_eq!(std::fs::read_dir(place.file.parent().unwrap()).unwrap().count(), 0);
}

#[test]
fn a_task_that_was_lost_with_its_runtime_is_made_again() {
    let place = Place::new();
    let log = open(place.audit().batch(5).every(Duration::from_secs(3600)));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime().block_on(log.push(note(1))).unwrap();
    let second = runtime();
    second.block_on(async {
        for number in 2..=5 {
            log.push(note(number)).await.unwrap();
        }
        // The second task syncs the batch; the first one is gone.
        while log.process().chain().as_ref().unwrap().kept() < 5 {
            tokio::task::yield_now().await;
        }
    });
}

#[tokio::test]
async fn neither_settings_nor_log_show_the_secret() {
    let place = Place::new();
    let log = place.log();
    log.push(note(1)).await.unwrap();
    assert!(!format!("{log:?} {:?}", place.audit()).contains(SECRET));
}

/// `cargo test -p porteur --lib audit -- --nocapture` prints the figure.
#[tokio::test]
async fn an_entry_costs_microseconds() {
    let place = Place::new();
    let log = place.log();
    let started = Instant::now();
    const ENTRIES: u32 = 20_000;
    for number in 0..ENTRIES {
        let entry = AuditEntry::new("message").field("message_id", number).field("status", "queued");
        log.push(entry.field("sender", "agent@example.com").field("receiver", "+15550100")).await.unwrap();
    }
    let each = started.elapsed() / ENTRIES;
    println!("an audit entry costs {each:?}");
    // Twenty times what it costs here: to notice a sync an entry, not a slow machine.
    assert!(each < Duration::from_millis(1), "{each:?}");
    log.close().await;
}
