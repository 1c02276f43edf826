//! What an examination names when a log was tampered with.

use proptest::prelude::*;

use super::*;
use crate::audit::{AuditFindingKind as Kind, AuditReport, verify_audit};
use crate::error::Error;

/// A closed log with one chain of six entries.
async fn six() -> Place {
    let place = Place::new();
    let log = place.log();
    for number in 1..=6 {
        log.push(note(number)).await.unwrap();
    }
    log.close().await;
    place
}

impl Place {
    fn write(&self, lines: &[impl AsRef<str>]) {
        let text: String = lines.iter().map(|line| format!("{}\n", line.as_ref())).collect();
        std::fs::write(&self.file, text).unwrap();
    }

    fn verify(&self) -> AuditReport {
        verify_audit(&self.file, SECRET).unwrap()
    }

    /// The kind, the line and the sequence of every finding.
    fn found(&self) -> Vec<(Kind, u64, u64)> {
        self.verify().findings.iter().map(|finding| (finding.kind, finding.line, finding.sequence)).collect()
    }

    fn refused(&self, secret: &str) -> (String, String) {
        let details = verify_audit(&self.file, secret).unwrap_err().facts().details;
        (details["field"].clone(), details["reason"].clone())
    }
}

#[tokio::test]
async fn a_closed_log_is_intact_and_signed_to_its_end() {
    let place = six().await;
    let report = place.verify();
    assert!(report.is_intact() && !report.torn);
    assert_eq!((report.entries, report.logs, report.signed), (6, 1, 6));
}

#[tokio::test]
async fn a_changed_entry_is_named_by_what_its_successor_knows_of_it() {
    let place = six().await;
    let lines = place.lines();
    for changed in 0..6 {
        let mut lines = lines.clone();
        lines[changed] = lines[changed].replace(r#""number":"#, r#""number":9"#);
        place.write(&lines);
        let at = changed as u64 + 1;
        assert_eq!(place.found(), [(Kind::Changed, at, at)]);
    }
}

#[tokio::test]
async fn an_entry_whose_link_was_changed_is_the_changed_one() {
    let place = six().await;
    let lines = place.lines();
    for changed in 0..6 {
        let mut lines = lines.clone();
        let at = lines[changed].find(r#""previous":""#).unwrap() + r#""previous":""#.len();
        let digit = if lines[changed].as_bytes()[at] == b'7' { "8" } else { "7" };
        lines[changed].replace_range(at..=at, digit);
        place.write(&lines);
        let at = changed as u64 + 1;
        assert_eq!(place.found(), [(Kind::Changed, at, at)]);
    }
}

#[tokio::test]
async fn an_entry_with_another_number_is_a_changed_one() {
    let place = six().await;
    let mut lines = place.lines();
    lines[2] = lines[2].replace(r#""sequence":3"#, r#""sequence":5"#);
    place.write(&lines);
    assert_eq!(place.found(), [(Kind::Changed, 3, 3)]);
}

#[tokio::test]
async fn a_line_that_is_no_entry_any_more_is_named_as_what_it_was() {
    let place = six().await;
    let lines = place.lines();
    for (changed, broken) in [
        (2, lines[2].replace("\"kind\"", "\"kimd\"")),
        (2, lines[2].replace("\"log\"", "\"lag\"")),
        (2, String::new()),
        (2, "x".repeat(200_000)),
        (5, lines[5].replace("\"sequence\"", "\"sequente\"")),
        (0, "what".to_owned()),
    ] {
        let mut lines = lines.clone();
        lines[changed] = broken;
        place.write(&lines);
        let report = place.verify();
        assert_eq!(place.found(), [(Kind::Changed, changed as u64 + 1, changed as u64 + 1)], "{report:?}");
        assert_eq!((report.entries, report.signed), (5, 0));
    }
}

#[tokio::test]
async fn a_missing_entry_is_named_where_the_next_one_stands() {
    let place = six().await;
    let mut lines = place.lines();
    lines.remove(2);
    place.write(&lines);
    assert_eq!(place.found(), [(Kind::Missing, 3, 3)]);
    lines.remove(0);
    place.write(&lines);
    assert_eq!(place.found(), [(Kind::Missing, 1, 1)], "only the first of a chain");
}

#[tokio::test]
async fn an_entry_behind_a_later_one_is_reordered() {
    let place = six().await;
    let mut lines = place.lines();
    lines.swap(1, 4);
    place.write(&lines);
    assert_eq!(place.found(), [(Kind::Reordered, 5, 2)]);
}

#[tokio::test]
async fn an_entry_that_is_there_twice_is_duplicated() {
    let place = six().await;
    let lines = place.lines();
    for copied in [3, 5] {
        let mut lines = lines.clone();
        lines.insert(copied + 1, lines[copied].clone());
        place.write(&lines);
        assert_eq!(place.found(), [(Kind::Duplicated, copied as u64 + 2, copied as u64 + 1)]);
    }
}

#[tokio::test]
async fn a_cut_tail_is_missed_by_the_checkpoint() {
    let place = six().await;
    let lines = place.lines();
    for left in 0..6 {
        place.write(&lines[..left]);
        assert_eq!(place.found(), [(Kind::CutOff, left as u64 + 1, left as u64 + 1)]);
    }
    std::fs::write(&place.file, &lines[0][..40]).unwrap();
    assert_eq!(place.found(), [(Kind::CutOff, 1, 1)]);
    assert!(place.verify().torn);
}

#[tokio::test]
async fn a_chain_that_nobody_with_the_secret_began_is_foreign() {
    let place = six().await;
    let other = Place::new();
    let log = open(Audit::file(&other.file, "another secret"));
    log.push(note(1)).await.unwrap();
    log.close().await;
    place.write(&[place.lines(), other.lines()].concat());
    assert_eq!(place.found(), [(Kind::Foreign, 7, 1)]);
    assert_eq!(place.verify().signed, 6, "the other chain is as it was");
}

#[tokio::test]
async fn one_finding_a_chain_by_line() {
    let place = Place::new();
    let (one, other) = (place.log(), place.log());
    for number in 1..=4 {
        one.push(note(number)).await.unwrap();
        other.push(note(number)).await.unwrap();
    }
    one.close().await;
    other.close().await;
    let mut lines = place.lines();
    lines.truncate(7);
    lines.remove(2);
    place.write(&lines);
    assert_eq!(place.found(), [(Kind::Missing, 4, 2), (Kind::CutOff, 7, 4)]);
    let text = place.verify().findings[0].to_string();
    assert!(
        text.starts_with("line 4: entry 2 of log ") && text.ends_with(": missing: the next one there is 3"),
        "{text}"
    );
}

#[tokio::test]
async fn a_chain_made_anew_without_the_secret_does_not_fit_its_checkpoint() {
    let place = six().await;
    let mut lines = place.lines();
    lines[0] = lines[0].replace(r#""number":1"#, r#""number":7"#);
    // As somebody would who knows how the chain is made.
    for at in 1..lines.len() {
        let start = lines[at].find(r#""previous":""#).unwrap() + r#""previous":""#.len();
        let before = crate::digest::sha256(lines[at - 1].as_bytes()).to_string();
        lines[at].replace_range(start..start + 64, &before);
    }
    place.write(&lines);
    assert_eq!(place.found(), [(Kind::Changed, 6, 6)]);
}

#[tokio::test]
async fn changed_checkpoints_are_told_from_a_wrong_secret() {
    let place = six().await;
    let path = place.beside(".checkpoints");
    let checkpoints = text(&path);
    std::fs::write(&path, checkpoints.replace("\"count\":6", "\"count\":5")).unwrap();
    assert_eq!(place.found(), [(Kind::Changed, 2, 5)]);
    assert_eq!(place.verify().signed, 0);
    std::fs::write(&path, format!("{checkpoints}what\n")).unwrap();
    assert_eq!(place.found(), [(Kind::Changed, 3, 0)]);
    assert_eq!(place.refused("another").0, "secret");
    assert_eq!(place.refused("").0, "secret");
    std::fs::write(&path, format!("{checkpoints}{{\"log\":")).unwrap();
    let report = place.verify();
    assert!(report.torn && report.is_intact(), "a process was killed while it signed");
}

#[tokio::test]
async fn a_log_needs_its_checkpoints_and_another_file_is_no_log() {
    let place = six().await;
    let path = place.beside(".checkpoints");
    let checkpoints = text(&path);
    std::fs::remove_file(&path).unwrap();
    let (field, reason) = place.refused(SECRET);
    assert_eq!(field, "path");
    assert!(reason.contains("expected the checkpoints beside it"), "{reason}");
    for other in ["chapter one", "chapter one\nchapter two\n", "\n"] {
        std::fs::write(&place.file, other).unwrap();
        assert!(place.refused(SECRET).1.contains("expected an audit log"), "{other:?}");
        std::fs::write(&path, &checkpoints).unwrap();
        assert!(place.refused(SECRET).1.contains("expected an audit log"), "{other:?}");
        std::fs::remove_file(&path).unwrap();
    }
    std::fs::remove_file(&place.file).unwrap();
    assert!(matches!(verify_audit(&place.file, SECRET), Err(Error::File { .. })));
    assert!(matches!(verify_audit(place.file.parent().unwrap(), SECRET), Err(Error::File { .. })));
}

#[tokio::test]
async fn a_report_is_json_with_the_words_of_every_language() {
    let place = six().await;
    place.write(&place.lines()[..5]);
    let report = serde_json::to_value(place.verify()).unwrap();
    assert_eq!(report["findings"][0]["kind"], "cut_off");
    assert_eq!(report["findings"][0]["sequence"], 6);
    assert_eq!(report["torn"], false);
}

proptest! {
    #[test]
    fn no_bytes_make_an_examination_panic(
        log in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"{}\"\n:,0".to_vec())], 0..600),
        checkpoints in prop::collection::vec(any::<u8>(), 0..200),
        begun in any::<bool>(),
    ) {
        let place = Place::new();
        let beginning = if begun { br#"{"kind":"note","log":"#.to_vec() } else { Vec::new() };
        std::fs::write(&place.file, [beginning, log].concat()).unwrap();
        std::fs::write(place.beside(".checkpoints"), checkpoints).unwrap();
        if let Ok(report) = verify_audit(&place.file, SECRET) {
            prop_assert_eq!(report.signed, 0);
        }
    }
}
