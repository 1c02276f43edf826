//! What each call does to the rows, inside a transaction that somebody else began.
//!
//! A generation goes up with everything that ends an attempt or begins one, so that a receipt fits one attempt only; ids are never used
//! again.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Result, named_params, params};

use crate::queue::value::{
    Attempt, DeadLetter, Enqueued, Job, JobReceipt, MAX_WAIT, QueueSettings, QueueStats, millis, not_ended,
};

pub(super) fn enqueue(
    rows: &Connection,
    settings: &QueueSettings,
    now: i64,
    key: &str,
    body: &[u8],
) -> Result<Enqueued> {
    forget(rows, settings, now)?;
    // Finished and no longer remembered, behind those that were forgotten just now.
    let forgotten = "DELETE FROM jobs WHERE queue = ?1 AND key = ?2 AND state = 3 AND ended_at <= ?3";
    rows.prepare_cached(forgotten)?.execute(params![settings.name, key, now - millis(settings.remember)])?;
    let insert = "INSERT INTO jobs (queue, key, body, state, since, visible_at, enqueued_at)
        VALUES (?1, ?2, ?3, 0, ?4, ?4, ?4) ON CONFLICT (queue, key) DO NOTHING";
    let stored = rows.prepare_cached(insert)?.execute(params![settings.name, key, body, now])?;
    Ok(if stored == 1 { Enqueued::Stored } else { Enqueued::Known })
}

/// Whether [`receive`] has something to do.
pub(super) fn any_visible(rows: &Connection, settings: &QueueSettings, now: i64) -> Result<bool> {
    let any = "SELECT EXISTS (SELECT 1 FROM jobs WHERE queue = ?1 AND state < 2 AND visible_at <= ?2)
        OR EXISTS (SELECT 1 FROM jobs WHERE queue = ?1 AND state < 2 AND since > ?2)";
    rows.prepare_cached(any)?.query_row(params![settings.name, now], |row| row.get(0))
}

/// In how long there is; zero when the clock went back, since the next receive sees to that.
pub(super) fn next_due(rows: &Connection, settings: &QueueSettings, now: i64) -> Result<Option<Duration>> {
    if any_visible(rows, settings, now)? {
        return Ok(Some(Duration::ZERO));
    }
    let next = "SELECT min(visible_at) FROM jobs WHERE queue = ?1 AND state < 2";
    let next: Option<i64> = rows.prepare_cached(next)?.query_row([&settings.name], |row| row.get(0))?;
    Ok(next.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0))))
}

pub(super) fn receive(
    rows: &Connection,
    settings: &QueueSettings,
    now: i64,
    most: usize,
    wait: i64,
) -> Result<Vec<Job>> {
    begin_anew(rows, settings, now)?;
    let mut jobs = Vec::new();
    while jobs.len() < most {
        let found = visible(rows, settings, now, most - jobs.len())?;
        if found.is_empty() {
            break;
        }
        for mut job in found {
            let JobReceipt { id, generation, attempt } = job.receipt;
            if attempt > settings.max_attempts {
                bury(rows, now, id, generation, &not_ended(attempt - 1))?;
                continue;
            }
            let generation = generation + 1;
            let take = "UPDATE jobs SET state = 1, generation = ?2, attempts = ?3, since = ?4, visible_at = ?5
                WHERE id = ?1";
            rows.prepare_cached(take)?.execute(params![id, generation, attempt, now, now + wait])?;
            job.receipt.generation = generation;
            jobs.push(job);
        }
    }
    Ok(jobs)
}

/// The clock went back behind where these waits began: they begin anew, since how much of them is over is not known.
fn begin_anew(rows: &Connection, settings: &QueueSettings, now: i64) -> Result<()> {
    // No wait is longer, whatever the file says.
    let anew = "UPDATE jobs SET visible_at = ?2 + min(visible_at - since, ?3), since = ?2
        WHERE queue = ?1 AND state < 2 AND since > ?2";
    rows.prepare_cached(anew)?.execute(params![settings.name, now, millis(MAX_WAIT)])?;
    Ok(())
}

/// The next jobs as they will be when they are taken, but for their generation.
fn visible(rows: &Connection, settings: &QueueSettings, now: i64, most: usize) -> Result<Vec<Job>> {
    let next = "SELECT id, generation, attempts, key, body, enqueued_at FROM jobs
        WHERE queue = ?1 AND state < 2 AND visible_at <= ?2 ORDER BY visible_at, id LIMIT ?3";
    let mut statement = rows.prepare_cached(next)?;
    let jobs = statement.query_map(params![settings.name, now, count(most)], |row| {
        let attempt = row.get::<_, u32>(2)?.saturating_add(1);
        let generation: i64 = row.get(1)?;
        Ok(Job {
            receipt: JobReceipt { id: row.get(0)?, generation, attempt },
            attempt,
            repeated: generation > 0,
            key: row.get(3)?,
            body: Bytes::from(row.get::<_, Vec<u8>>(4)?),
            enqueued_at: date(row.get(5)?),
        })
    })?;
    jobs.collect()
}

/// False when the receipt is stale, as below.
pub(super) fn extend(rows: &Connection, now: i64, receipt: &JobReceipt, wait: i64) -> Result<bool> {
    let extend = "UPDATE jobs SET since = ?3, visible_at = ?4 WHERE id = ?1 AND generation = ?2 AND state = 1";
    let held = rows.prepare_cached(extend)?.execute(params![receipt.id, receipt.generation, now, now + wait])?;
    Ok(held == 1)
}

pub(super) fn ack(rows: &Connection, settings: &QueueSettings, now: i64, receipt: &JobReceipt) -> Result<bool> {
    let finish = "UPDATE jobs SET state = 3, body = x'', generation = generation + 1, ended_at = ?3
        WHERE id = ?1 AND generation = ?2 AND state = 1";
    let held = rows.prepare_cached(finish)?.execute(params![receipt.id, receipt.generation, now])?;
    forget(rows, settings, now)?;
    Ok(held == 1)
}

pub(super) fn give_back(
    rows: &Connection,
    now: i64,
    receipt: &JobReceipt,
    wait: i64,
    attempt: Attempt,
) -> Result<bool> {
    let returned = i64::from(attempt == Attempt::GivenBack);
    let back = "UPDATE jobs SET state = 0, generation = generation + 1, attempts = attempts - ?5, since = ?3,
        visible_at = ?4 WHERE id = ?1 AND generation = ?2 AND state = 1";
    let back =
        rows.prepare_cached(back)?.execute(params![receipt.id, receipt.generation, now, now + wait, returned])?;
    Ok(back == 1)
}

pub(super) fn bury(rows: &Connection, now: i64, id: i64, generation: i64, reason: &str) -> Result<bool> {
    let bury = "UPDATE jobs SET state = 2, generation = generation + 1, reason = ?4, ended_at = ?3
        WHERE id = ?1 AND generation = ?2 AND state < 2";
    Ok(rows.prepare_cached(bury)?.execute(params![id, generation, now, reason])? == 1)
}

pub(super) fn dead_letters(
    rows: &Connection,
    settings: &QueueSettings,
    after: u64,
    most: usize,
) -> Result<Vec<DeadLetter>> {
    let page = "SELECT id, key, body, reason, attempts, enqueued_at, ended_at FROM jobs
        WHERE queue = ?1 AND state = 2 AND id > ?2 ORDER BY id LIMIT ?3";
    let mut statement = rows.prepare_cached(page)?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let letters = statement.query_map(params![settings.name, after, count(most)], |row| {
        Ok(DeadLetter {
            position: row.get::<_, i64>(0)?.unsigned_abs(),
            key: row.get(1)?,
            body: Bytes::from(row.get::<_, Vec<u8>>(2)?),
            reason: row.get(3)?,
            attempts: row.get(4)?,
            enqueued_at: date(row.get(5)?),
            died_at: date(row.get(6)?),
        })
    })?;
    letters.collect()
}

/// Of one key, or of all; how many.
pub(super) fn redrive(rows: &Connection, settings: &QueueSettings, now: i64, key: Option<&str>) -> Result<u64> {
    let redrive =
        "UPDATE jobs SET state = 0, attempts = 0, generation = generation + 1, reason = NULL, ended_at = NULL,
        since = ?3, visible_at = ?3 WHERE queue = ?1 AND state = 2 AND (?2 IS NULL OR key = ?2)";
    Ok(rows.prepare_cached(redrive)?.execute(params![settings.name, key, now])? as u64)
}

/// Of one key, or of all; how many.
pub(super) fn purge(rows: &Connection, settings: &QueueSettings, key: Option<&str>) -> Result<u64> {
    let purge = "DELETE FROM jobs WHERE queue = ?1 AND state = 2 AND (?2 IS NULL OR key = ?2)";
    Ok(rows.prepare_cached(purge)?.execute(params![settings.name, key])? as u64)
}

pub(super) fn stats(rows: &Connection, settings: &QueueSettings, now: i64) -> Result<QueueStats> {
    // A `since` in the future: what the next receive does with it is said here already.
    let counts = "SELECT
        count(*) FILTER (WHERE state < 2 AND (visible_at <= :now OR visible_at = since)),
        count(*) FILTER (WHERE state = 1 AND visible_at > :now),
        count(*) FILTER (WHERE state = 0 AND visible_at > :now AND visible_at <> since),
        count(*) FILTER (WHERE state = 2),
        count(*) FILTER (WHERE state = 3 AND ended_at > :remembered),
        min(enqueued_at) FILTER (WHERE state < 2)
        FROM jobs WHERE queue = :queue";
    let remembered = now - millis(settings.remember);
    let values = named_params! { ":now": now, ":remembered": remembered, ":queue": settings.name };
    rows.prepare_cached(counts)?.query_row(values, |row| {
        let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
        let oldest: Option<i64> = row.get(5)?;
        Ok(QueueStats {
            waiting: number(0)?,
            taken: number(1)?,
            delayed: number(2)?,
            dead: number(3)?,
            remembered: number(4)?,
            oldest: oldest.map(|then| Duration::from_millis((now - then).max(0).unsigned_abs())),
        })
    })
}

/// Forgets some finished keys whose time is over: a few with each call, so that none takes long.
fn forget(rows: &Connection, settings: &QueueSettings, now: i64) -> Result<()> {
    // One that was finished in the future, before the clock went back, was finished now: it would be remembered for that long.
    let future = "UPDATE jobs SET ended_at = ?2 WHERE queue = ?1 AND state = 3 AND ended_at > ?2";
    rows.prepare_cached(future)?.execute(params![settings.name, now])?;
    let over = "SELECT id FROM jobs WHERE queue = ?1 AND state = 3 AND ended_at <= ?2 LIMIT 1";
    let cutoff = now - millis(settings.remember);
    let any: Option<i64> =
        rows.prepare_cached(over)?.query_row(params![settings.name, cutoff], |row| row.get(0)).optional()?;
    if any.is_some() {
        let some = "DELETE FROM jobs WHERE id IN
            (SELECT id FROM jobs WHERE queue = ?1 AND state = 3 AND ended_at <= ?2 LIMIT 20)";
        rows.prepare_cached(some)?.execute(params![settings.name, cutoff])?;
    }
    Ok(())
}

fn count(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// A date of the file; one before 1970 is 1970.
fn date(millis: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
