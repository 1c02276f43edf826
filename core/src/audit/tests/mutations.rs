//! A log that was tampered with at random is never taken for an intact one.

use std::io::{Seek as _, Write as _};

use fastrand::Rng;

use super::*;
use crate::audit::verify_audit;

/// `PORTEUR_AUDIT_MUTATIONS=100000 cargo test -p porteur --lib mutation -- --nocapture` makes more of them.
#[tokio::test]
async fn every_mutation_of_a_signed_log_is_found() {
    let wanted = std::env::var("PORTEUR_AUDIT_MUTATIONS").map_or(5_000, |text| text.parse().unwrap());
    let place = Place::new();
    let mut random = Rng::with_seed(2026);
    let logs = [place.log(), place.log(), place.log()];
    for number in 0..40 {
        let log = &logs[random.usize(..logs.len())];
        log.push(note(number).field("status", "queued")).await.unwrap();
    }
    for log in &logs {
        log.close().await;
    }
    let whole = std::fs::read(&place.file).unwrap();
    let report = verify_audit(&place.file, SECRET).unwrap();
    assert!(report.is_intact() && !report.torn && report.signed == 40, "{report:?}");

    // Overwritten in place: file systems sync a file that was truncated to nothing.
    let mut file = std::fs::OpenOptions::new().write(true).open(&place.file).unwrap();
    let (mut found, mut torn, mut refused) = (0, 0, 0);
    let mut made = 0;
    while made < wanted {
        let (name, mutated) = mutate(&whole, &mut random);
        if chains(&mutated) == chains(&whole) {
            continue;
        }
        made += 1;
        file.rewind().unwrap();
        file.write_all(&mutated).unwrap();
        file.set_len(mutated.len() as u64).unwrap();
        match verify_audit(&place.file, SECRET) {
            Err(_) => refused += 1,
            Ok(report) if !report.is_intact() => found += 1,
            Ok(report) if report.torn => torn += 1,
            Ok(report) => {
                panic!("mutation {made} ({name}) was not found: {report:?}\n{}", String::from_utf8_lossy(&mutated))
            }
        }
    }
    println!("{made} mutations, all noticed: {found} by findings, {torn} as torn alone, {refused} as no log at all");
}

/// What a log says: every chain's lines in their order. How the lines of different chains alternate is not part of it, nor
/// proven by anything.
fn chains(log: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = log.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    // Stable: lines of one chain stay in their order.
    lines.sort_by_key(|line| line.get(LOG).map(<[u8]>::to_vec));
    lines
}

fn mutate(log: &[u8], random: &mut Rng) -> (&'static str, Vec<u8>) {
    let mut lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let (one, other) = (random.usize(..lines.len()), random.usize(..lines.len()));
    let name = match random.u8(..6) {
        0 => {
            let mut log = log.to_vec();
            let at = random.usize(..log.len());
            log[at] ^= 1 << random.u8(..8);
            return ("bit flip", log);
        }
        1 => {
            lines.remove(one);
            "delete"
        }
        2 => {
            lines.swap(one, other);
            "swap"
        }
        3 => {
            lines.insert(other, lines[one]);
            "duplicate"
        }
        4 => return ("cut tail", log[..random.usize(..log.len())].to_vec()),
        _ => {
            lines[one] = lines[other];
            "splice"
        }
    };
    (name, lines.concat())
}

/// Where the id of the chain stands in a line of kind `note`.
const LOG: std::ops::Range<usize> = 22..58;
