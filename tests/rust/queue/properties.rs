//! What every driver promises, each promise once.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use porteur::{Attempt, Enqueued, Error, Job, Queue, QueueErrorKind, QueueStats, Result, Returned};

use super::Promise;
use super::place::{Kind, Place};
use crate::support::block_on;

pub(super) fn all() -> Vec<Promise> {
    super::promises![
        a_job_comes_out_as_it_went_in,
        jobs_come_in_the_order_in_which_they_became_visible,
        a_job_that_is_taken_is_hidden_until_its_time_is_over,
        extending_hides_a_job_from_then_on,
        a_job_that_is_given_back_waits_for_its_delay,
        an_attempt_that_is_given_back_does_not_count,
        a_job_that_was_handed_out_before_says_so,
        a_stale_receipt_changes_nothing,
        a_receipt_fits_until_somebody_else_has_the_job,
        a_job_whose_attempts_never_end_is_dead_after_as_many,
        the_last_attempt_that_fails_makes_a_dead_letter_with_its_reason,
        a_buried_job_is_dead_at_once,
        dead_letters_come_in_pages,
        a_redriven_job_begins_with_all_its_attempts,
        a_purged_key_is_forgotten,
        a_key_is_one_job_in_every_state,
        a_finished_key_is_forgotten_in_time,
        a_thousand_at_once_are_stored_once_each,
        queues_of_two_names_share_nothing,
        the_next_job_is_due_when_its_wait_is_over,
        what_is_not_acceptable_is_refused_before_it_is_stored,
    ]
}

fn a_job_comes_out_as_it_went_in(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        let bodies = [Vec::new(), b"{}".to_vec(), (0..=255).collect(), vec![0; 256 * 1024]];
        for (n, body) in bodies.iter().enumerate() {
            assert_eq!(queue.enqueue(&format!("käse {n}"), body.clone()).await.unwrap(), Enqueued::Stored);
        }
        let jobs = queue.receive(10, None).await.unwrap();
        assert_eq!(jobs.len(), bodies.len());
        for (n, (job, body)) in jobs.iter().zip(&bodies).enumerate() {
            assert_eq!((job.key.as_str(), job.attempt, job.repeated), (format!("käse {n}").as_str(), 1, false));
            assert_eq!(job.body, body);
            queue.ack(&job.receipt).await.unwrap();
        }
        assert_eq!(queue.stats().await.unwrap(), stats(|stats| stats.remembered = 4));
    });
}

fn jobs_come_in_the_order_in_which_they_became_visible(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        for n in 0..5 {
            queue.enqueue(&n.to_string(), "").await.unwrap();
            place.pass(MILLISECOND).await;
        }
        let keys: Vec<String> = [take(&queue, 2).await, take(&queue, 9).await].concat().into_iter().map(key).collect();
        assert_eq!(keys, ["0", "1", "2", "3", "4"]);
    });
}

fn a_job_that_is_taken_is_hidden_until_its_time_is_over(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        queue.enqueue("a", "").await.unwrap();
        assert_eq!(queue.receive(1, Some(MINUTE)).await.unwrap().len(), 1);
        place.pass(MINUTE - SECOND * 5).await;
        assert!(take(&queue, 1).await.is_empty());
        let counts = queue.stats().await.unwrap();
        assert_eq!((counts.waiting, counts.taken, counts.delayed), (0, 1, 0));
        assert!(counts.oldest.unwrap() >= MINUTE - SECOND * 5);
        place.pass(SECOND * 6).await;
        assert_eq!(queue.stats().await.unwrap().waiting, 1);
        assert_eq!(one(&queue).await.attempt, 2);
    });
}

fn extending_hides_a_job_from_then_on(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        queue.enqueue("a", "").await.unwrap();
        let job = one(&queue).await;
        for _ in 0..3 {
            place.pass(SECOND * 50).await;
            queue.extend(&job.receipt, None).await.unwrap();
        }
        place.pass(SECOND * 50).await;
        assert!(take(&queue, 1).await.is_empty());
        queue.ack(&job.receipt).await.unwrap();
    });
}

fn a_job_that_is_given_back_waits_for_its_delay(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        queue.enqueue("a", "").await.unwrap();
        let job = one(&queue).await;
        let returned = queue.nack(&job.receipt, MINUTE, "the CDN said 500", Attempt::Counted).await.unwrap();
        assert_eq!(returned, Returned::Waiting);
        let counts = queue.stats().await.unwrap();
        assert_eq!((counts.waiting, counts.taken, counts.delayed), (0, 0, 1));
        place.pass(SECOND * 55).await;
        assert!(take(&queue, 1).await.is_empty());
        place.pass(SECOND * 6).await;
        let job = one(&queue).await;
        assert_eq!(job.attempt, 2);
        queue.nack(&job.receipt, Duration::ZERO, "", Attempt::Counted).await.unwrap();
        assert_eq!(one(&queue).await.attempt, 3);
    });
}

fn an_attempt_that_is_given_back_does_not_count(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.open(place.settings().max_attempts(2)).await;
        queue.enqueue("a", "").await.unwrap();
        for _ in 0..20 {
            let job = one(&queue).await;
            assert_eq!(job.attempt, 1);
            queue.nack(&job.receipt, Duration::ZERO, "the breaker is open", Attempt::GivenBack).await.unwrap();
        }
        let job = one(&queue).await;
        queue.nack(&job.receipt, Duration::ZERO, "", Attempt::Counted).await.unwrap();
        for _ in 0..20 {
            let job = one(&queue).await;
            assert_eq!(job.attempt, 2);
            queue.nack(&job.receipt, Duration::ZERO, "the breaker is open", Attempt::GivenBack).await.unwrap();
        }
        assert_eq!(queue.stats().await.unwrap().dead, 0);
    });
}

fn a_job_that_was_handed_out_before_says_so(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        queue.enqueue("a", "").await.unwrap();
        let job = one(&queue).await;
        assert!(!job.repeated);
        queue.nack(&job.receipt, Duration::ZERO, "", Attempt::GivenBack).await.unwrap();
        let job = one(&queue).await;
        assert_eq!((job.attempt, job.repeated), (1, true));
        queue.bury(&job.receipt, "").await.unwrap();
        queue.redrive("a").await.unwrap();
        assert!(one(&queue).await.repeated);
    });
}

fn a_stale_receipt_changes_nothing(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        let mut accepted = 0;
        for n in 0..4 {
            let id = n.to_string();
            queue.enqueue(&id, "").await.unwrap();
            let old = one(&queue).await;
            // It went on: to somebody else, back, to the dead letters, to its end.
            match n {
                0 => place.pass(MINUTE * 2).await,
                1 => {
                    queue.nack(&old.receipt, Duration::ZERO, "", Attempt::Counted).await.unwrap();
                }
                2 => {
                    queue.bury(&old.receipt, "").await.unwrap();
                    accepted += accepted_by(&queue, &old).await;
                    assert!(queue.redrive(&id).await.unwrap());
                }
                _ => {
                    queue.ack(&old.receipt).await.unwrap();
                    accepted += accepted_by(&queue, &old).await;
                    continue;
                }
            }
            if n > 0 {
                accepted += accepted_by(&queue, &old).await;
            }
            let new = one(&queue).await;
            accepted += accepted_by(&queue, &old).await;
            assert_eq!(queue.stats().await.unwrap().taken, 1, "{n}");
            queue.ack(&new.receipt).await.unwrap();
            accepted += accepted_by(&queue, &old).await + accepted_by(&queue, &new).await;
        }
        assert_eq!(accepted, 0, "stale receipts");
        assert_eq!(queue.stats().await.unwrap(), stats(|stats| stats.remembered = 4));
    });
}

/// How much of what can be done with a receipt was done with this one.
async fn accepted_by(queue: &Queue, job: &Job) -> usize {
    let receipt = &job.receipt;
    let tried = [
        queue.extend(receipt, None).await,
        queue.nack(receipt, Duration::ZERO, "", Attempt::Counted).await.map(drop),
        queue.nack(receipt, Duration::ZERO, "", Attempt::GivenBack).await.map(drop),
        queue.bury(receipt, "stale").await,
        queue.ack(receipt).await,
    ];
    tried.iter().filter(|tried| !is(tried, QueueErrorKind::Stale)).count()
}

fn a_receipt_fits_until_somebody_else_has_the_job(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        queue.enqueue("a", "").await.unwrap();
        let job = one(&queue).await;
        place.pass(MINUTE * 10).await;
        queue.extend(&job.receipt, None).await.unwrap();
        assert!(take(&queue, 1).await.is_empty());
        place.pass(MINUTE * 10).await;
        queue.ack(&job.receipt).await.unwrap();
        assert!(take(&queue, 1).await.is_empty());
    });
}

fn a_job_whose_attempts_never_end_is_dead_after_as_many(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.open(place.settings().max_attempts(3)).await;
        queue.enqueue("poison", "body").await.unwrap();
        for attempt in 1..=3 {
            assert_eq!(one(&queue).await.attempt, attempt);
            place.pass(MINUTE * 2).await;
        }
        // It keeps nobody from what is behind it.
        queue.enqueue("cure", "").await.unwrap();
        let cure = take(&queue, 1).await.remove(0);
        assert_eq!(cure.key, "cure");
        queue.ack(&cure.receipt).await.unwrap();
        assert!(take(&queue, 5).await.is_empty());
        let letters = queue.dead_letters(None, 10).await.unwrap();
        assert_eq!(letters.len(), 1);
        let letter = &letters[0];
        assert_eq!((letter.key.as_str(), letter.attempts, &letter.body[..]), ("poison", 3, &b"body"[..]));
        assert!(letter.reason.starts_with("attempt 3 did not end"), "{}", letter.reason);
        assert!(letter.died_at >= letter.enqueued_at);
    });
}

fn the_last_attempt_that_fails_makes_a_dead_letter_with_its_reason(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.open(place.settings().max_attempts(2)).await;
        queue.enqueue("a", "").await.unwrap();
        for (reason, wanted) in [("first", Returned::Waiting), ("second\0", Returned::Dead)] {
            let job = one(&queue).await;
            assert_eq!(queue.nack(&job.receipt, Duration::ZERO, reason, Attempt::Counted).await.unwrap(), wanted);
        }
        let letters = queue.dead_letters(None, 10).await.unwrap();
        assert_eq!((letters[0].reason.as_str(), letters[0].attempts), ("second ", 2));
    });
}

fn a_buried_job_is_dead_at_once(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        queue.enqueue("a", "picture").await.unwrap();
        let job = one(&queue).await;
        queue.bury(&job.receipt, "a bmp is not taken").await.unwrap();
        assert!(take(&queue, 1).await.is_empty());
        let letter = queue.dead_letters(None, 10).await.unwrap().remove(0);
        assert_eq!(
            (letter.reason.as_str(), letter.attempts, &letter.body[..]),
            ("a bmp is not taken", 1, &b"picture"[..])
        );
        assert_eq!(queue.stats().await.unwrap(), stats(|stats| stats.dead = 1));
    });
}

fn dead_letters_come_in_pages(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        bury(&queue, 7).await;
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = queue.dead_letters(after, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.position);
            assert!(page.len() <= 3);
            seen.extend(page.into_iter().map(|letter| letter.key));
        }
        assert_eq!(seen, (0..7).map(|n| n.to_string()).collect::<Vec<_>>());
    });
}

fn a_redriven_job_begins_with_all_its_attempts(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        bury(&queue, 3).await;
        assert!(queue.redrive("1").await.unwrap());
        assert!(!queue.redrive("1").await.unwrap());
        assert!(!queue.redrive("nobody").await.unwrap());
        let job = one(&queue).await;
        assert_eq!((job.key.as_str(), job.attempt, &job.body[..]), ("1", 1, &b"body"[..]));
        assert_eq!(queue.redrive_all().await.unwrap(), 2);
        assert_eq!(queue.redrive_all().await.unwrap(), 0);
        assert_eq!(take(&queue, 9).await.len(), 2);
        queue.ack(&job.receipt).await.unwrap();
    });
}

fn a_purged_key_is_forgotten(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        bury(&queue, 3).await;
        assert!(queue.purge("1").await.unwrap());
        assert!(!queue.purge("1").await.unwrap());
        assert_eq!(queue.purge_all().await.unwrap(), 2);
        assert_eq!(queue.stats().await.unwrap(), QueueStats::default());
        assert_eq!(queue.enqueue("1", "").await.unwrap(), Enqueued::Stored);
    });
}

fn a_key_is_one_job_in_every_state(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        let known = async |state: &str| assert_eq!(queue.enqueue("a", "").await.unwrap(), Enqueued::Known, "{state}");
        queue.enqueue("a", "").await.unwrap();
        known("waiting").await;
        let job = one(&queue).await;
        known("taken").await;
        queue.nack(&job.receipt, MINUTE, "", Attempt::Counted).await.unwrap();
        known("delayed").await;
        place.pass(MINUTE * 2).await;
        let job = one(&queue).await;
        queue.bury(&job.receipt, "").await.unwrap();
        known("dead").await;
        queue.redrive("a").await.unwrap();
        let job = one(&queue).await;
        queue.ack(&job.receipt).await.unwrap();
        known("finished").await;
        assert!(take(&queue, 1).await.is_empty());
    });
}

fn a_finished_key_is_forgotten_in_time(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.open(place.settings().remember(MINUTE * 60)).await;
        for _ in 0..2 {
            assert_eq!(queue.enqueue("a", "").await.unwrap(), Enqueued::Stored);
            let job = one(&queue).await;
            assert_eq!((job.attempt, job.repeated), (1, false));
            queue.ack(&job.receipt).await.unwrap();
            place.pass(MINUTE * 59).await;
            assert_eq!(queue.enqueue("a", "").await.unwrap(), Enqueued::Known);
            assert_eq!(queue.stats().await.unwrap().remembered, 1);
            place.pass(MINUTE * 2).await;
            assert_eq!(queue.stats().await.unwrap().remembered, 0);
        }
        // Dead letters are not.
        queue.enqueue("b", "").await.unwrap();
        let job = one(&queue).await;
        queue.bury(&job.receipt, "").await.unwrap();
        place.pass(MINUTE * 100).await;
        assert_eq!(queue.enqueue("b", "").await.unwrap(), Enqueued::Known);
    });
}

fn a_thousand_at_once_are_stored_once_each(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        let calls = (0..1000).map(|n| {
            let queue = queue.clone();
            async move { queue.enqueue(&(n % 500).to_string(), "").await.unwrap() }
        });
        let stored = join_all(calls).await.into_iter().filter(|enqueued| *enqueued == Enqueued::Stored).count();
        assert_eq!(stored, 500);
        let jobs = take(&queue, 1000).await;
        let keys: BTreeSet<String> = jobs.into_iter().map(key).collect();
        assert_eq!(keys.len(), 500);
    });
}

fn queues_of_two_names_share_nothing(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let (one, other) = (place.queue().await, place.open(place.settings().name("another")).await);
        assert_eq!(one.enqueue("a", "1").await.unwrap(), Enqueued::Stored);
        assert_eq!(other.enqueue("a", "2").await.unwrap(), Enqueued::Stored);
        let job = self::one(&other).await;
        assert_eq!(job.body, "2");
        other.bury(&job.receipt, "").await.unwrap();
        assert_eq!(one.stats().await.unwrap().dead, 0);
        assert!(!one.redrive("a").await.unwrap());
        assert_eq!(other.purge_all().await.unwrap(), 1);
        assert_eq!(self::one(&one).await.body, "1");
    });
}

fn the_next_job_is_due_when_its_wait_is_over(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        assert_eq!(queue.next_due().await.unwrap(), None);
        queue.enqueue("a", "").await.unwrap();
        assert_eq!(queue.next_due().await.unwrap(), Some(Duration::ZERO));
        let job = one(&queue).await;
        let due = queue.next_due().await.unwrap().unwrap();
        assert!(due > SECOND * 50 && due <= MINUTE, "{due:?}");
        queue.ack(&job.receipt).await.unwrap();
        assert_eq!(queue.next_due().await.unwrap(), None);
    });
}

fn what_is_not_acceptable_is_refused_before_it_is_stored(kind: Kind) {
    block_on(async {
        let place = Place::new(kind);
        let queue = place.queue().await;
        let long = "k".repeat(513);
        for key in ["", "nul\0", &long] {
            assert_eq!(queue.enqueue(key, "").await.unwrap_err().facts().details["field"], "key");
        }
        let large = queue.enqueue("a", vec![0; 256 * 1024 + 1]).await.unwrap_err();
        assert_eq!(large.facts().code, "too_large");
        let day = MINUTE * 60 * 24;
        for wait in [Duration::ZERO, day] {
            let refused = queue.receive(1, Some(wait)).await.unwrap_err();
            assert_eq!(refused.facts().details["field"], "visible_after");
        }
        assert!(queue.receive(0, None).await.unwrap().is_empty());
        assert_eq!(queue.stats().await.unwrap(), QueueStats::default());
    });
}

/// So many dead letters, by their number.
async fn bury(queue: &Queue, letters: usize) {
    for n in 0..letters {
        queue.enqueue(&n.to_string(), "body").await.unwrap();
        let job = one(queue).await;
        queue.bury(&job.receipt, "it was time").await.unwrap();
    }
}

pub(super) async fn take(queue: &Queue, most: usize) -> Vec<Job> {
    queue.receive(most, None).await.unwrap()
}

/// The only one that can be had.
pub(super) async fn one(queue: &Queue) -> Job {
    let mut jobs = take(queue, 2).await;
    assert_eq!(jobs.len(), 1);
    jobs.remove(0)
}

pub(super) fn is<T>(outcome: &Result<T>, wanted: QueueErrorKind) -> bool {
    matches!(outcome, Err(Error::Queue { kind, .. }) if *kind == wanted)
}

fn key(job: Job) -> String {
    job.key
}

fn stats(set: impl FnOnce(&mut QueueStats)) -> QueueStats {
    let mut stats = QueueStats::default();
    set(&mut stats);
    stats
}

pub(super) const MILLISECOND: Duration = Duration::from_millis(1);
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
