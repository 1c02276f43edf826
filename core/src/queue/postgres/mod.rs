//! The queue on a PostgreSQL server, for workers on many hosts: messages are PGMQ's, keys are ours.
//!
//! PGMQ is plain SQL (`pgmq/`, as its authors publish it) that needs no extension. Its own functions delete and hide by the message's
//! id alone, so what ends an attempt is our SQL, which asks for `read_ct` as well: it goes up whenever a message is handed out, and we
//! raise it whenever one is given back, so that a receipt fits one attempt only. `returned`, in the headers of the message, says how
//! much of it were no attempts. Whatever changes a message and its key is one statement, and so one transaction. The server's clock decides.

mod link;
mod sql;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use tracing::warn;

use super::value::{
    Attempt, DeadLetter, Enqueued, Job, JobReceipt, QueueSettings, QueueStats, Returned, millis, not_ended,
};
use crate::clock::Clock;
use crate::error::{Cause, Error, QueueErrorKind, Result};
use link::{Link, Value};
use sql::Sql;

/// A handle to the server.
#[derive(Clone)]
pub(super) struct Postgres(Arc<Inner>);

struct Inner {
    link: Link,
    sql: Sql,
    settings: Arc<QueueSettings>,
    acknowledged: AtomicU32,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("queue", &self.0.settings.name).finish_non_exhaustive()
    }
}

impl Postgres {
    pub(super) fn open(url: &str, settings: Arc<QueueSettings>, clock: Arc<dyn Clock>) -> Result<Self> {
        let sql = Sql::new(&settings.name);
        Ok(Self(Arc::new(Inner { link: Link::new(url, clock)?, sql, settings, acknowledged: AtomicU32::new(0) })))
    }

    pub(super) async fn init(&self) -> Result<()> {
        self.0.link.set_up(&self.0.settings.name).await
    }

    pub(super) async fn enqueue(&self, key: &str, body: Bytes) -> Result<Enqueued> {
        let remember = millis(self.0.settings.remember);
        let body: &[u8] = &body;
        let values: [Value<'_>; 4] =
            [(&self.name(), Type::TEXT), (&key, Type::TEXT), (&body, Type::BYTEA), (&remember, Type::INT8)];
        let sent = self.0.link.rows(sql::ENQUEUE, &values).await?;
        Ok(if sent.is_empty() { Enqueued::Known } else { Enqueued::Stored })
    }

    pub(super) async fn receive(&self, most: usize, visible_after: Duration) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        while jobs.len() < most {
            let taken = self.take(most - jobs.len(), visible_after).await?;
            let mut dropped = false;
            for taken in taken {
                match taken {
                    Taken::Job(job) if job.attempt > self.0.settings.max_attempts => {
                        let attempts = job.attempt - 1;
                        let receipt = JobReceipt { attempt: attempts, ..job.receipt };
                        self.end(&receipt, &not_ended(attempts)).await?;
                        dropped = true;
                    }
                    Taken::Job(job) => jobs.push(job),
                    Taken::Foreign(id) => {
                        self.put_aside(id).await?;
                        dropped = true;
                    }
                }
            }
            if !dropped {
                break;
            }
        }
        Ok(jobs)
    }

    async fn take(&self, most: usize, visible_after: Duration) -> Result<Vec<Taken>> {
        // PGMQ counts in whole seconds; less would hand a job out too early.
        let seconds = i32::try_from(visible_after.as_millis().div_ceil(1000)).unwrap_or(i32::MAX);
        let most = i32::try_from(most).unwrap_or(i32::MAX);
        let values: [Value<'_>; 3] = [(&self.name(), Type::TEXT), (&seconds, Type::INT4), (&most, Type::INT4)];
        let rows = self.0.link.rows(sql::TAKE, &values).await?;
        let mut taken: Vec<(i64, Taken)> = rows.iter().map(taken).collect::<Result<_, _>>().map_err(odd)?;
        taken.sort_by_key(|(id, _)| *id);
        Ok(taken.into_iter().map(|(_, taken)| taken).collect())
    }

    /// A message that somebody sent past us has no key to fold by: it goes where PGMQ keeps what is over.
    async fn put_aside(&self, id: i64) -> Result<()> {
        warn!(queue = self.name(), id, "a message that is no job of ours was put into the archive of PGMQ");
        self.0.link.rows(sql::ARCHIVE, &[(&self.name(), Type::TEXT), (&id, Type::INT8)]).await.map(drop)
    }

    pub(super) async fn next_due(&self) -> Result<Option<Duration>> {
        let row = self.0.link.row(&self.0.sql.next_due, &[]).await?;
        let wait: Option<i64> = row.try_get(0).map_err(odd)?;
        Ok(wait.map(|wait| Duration::from_millis(u64::try_from(wait).unwrap_or(0))))
    }

    pub(super) async fn extend(&self, receipt: &JobReceipt, visible_after: Duration) -> Result<()> {
        let wait = millis(visible_after);
        self.held(receipt, &self.0.sql.extend, &[(&wait, Type::INT8)]).await
    }

    pub(super) async fn ack(&self, receipt: &JobReceipt) -> Result<()> {
        self.held(receipt, &self.0.sql.ack, &[]).await?;
        if self.0.acknowledged.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            let remember = millis(self.0.settings.remember);
            let values: [Value<'_>; 2] = [(&self.name(), Type::TEXT), (&remember, Type::INT8)];
            // The job is done all the same, and another one forgets what this one does not.
            if let Err(error) = self.0.link.rows(sql::FORGET, &values).await {
                warn!(error = error.facts().message, "finished keys were not forgotten");
            }
        }
        Ok(())
    }

    pub(super) async fn nack(
        &self,
        receipt: &JobReceipt,
        delay: Duration,
        reason: String,
        attempt: Attempt,
    ) -> Result<Returned> {
        if attempt == Attempt::Counted && receipt.attempt >= self.0.settings.max_attempts {
            return self.bury(receipt, reason).await.map(|()| Returned::Dead);
        }
        let wait = millis(delay);
        // Giving back raises `read_ct` by one, which is no attempt; the one before it is none either if it is given back.
        let returned: i32 = if attempt == Attempt::GivenBack { 2 } else { 1 };
        self.held(receipt, &self.0.sql.give_back, &[(&wait, Type::INT8), (&returned, Type::INT4)]).await?;
        Ok(Returned::Waiting)
    }

    pub(super) async fn bury(&self, receipt: &JobReceipt, reason: String) -> Result<()> {
        if self.end(receipt, &reason).await? { Ok(()) } else { Err(receipt.stale()) }
    }

    /// Makes it a dead letter; false when the receipt is stale.
    async fn end(&self, receipt: &JobReceipt, reason: &str) -> Result<bool> {
        let attempts = i32::try_from(receipt.attempt).unwrap_or(i32::MAX);
        self.count(receipt, &self.0.sql.bury, &[(&reason, Type::TEXT), (&attempts, Type::INT4)]).await
    }

    pub(super) async fn dead_letters(&self, after: u64, most: usize) -> Result<Vec<DeadLetter>> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let values: [Value<'_>; 3] = [(&self.name(), Type::TEXT), (&after, Type::INT8), (&most, Type::INT8)];
        let rows = self.0.link.rows(sql::DEAD_LETTERS, &values).await?;
        rows.iter().map(dead_letter).collect::<Result<_, _>>().map_err(odd)
    }

    /// Of one key, or of all.
    pub(super) async fn redrive(&self, key: Option<&str>) -> Result<u64> {
        self.of_key(sql::REDRIVE, key).await
    }

    /// Of one key, or of all.
    pub(super) async fn purge(&self, key: Option<&str>) -> Result<u64> {
        self.of_key(sql::PURGE, key).await
    }

    pub(super) async fn stats(&self) -> Result<QueueStats> {
        let remember = millis(self.0.settings.remember);
        let values: [Value<'_>; 2] = [(&self.name(), Type::TEXT), (&remember, Type::INT8)];
        let row = self.0.link.row(&self.0.sql.stats, &values).await?;
        let number = |at| row.try_get::<_, i64>(at).map(i64::unsigned_abs).map_err(odd);
        let oldest: Option<i64> = row.try_get(5).map_err(odd)?;
        Ok(QueueStats {
            waiting: number(0)?,
            taken: number(1)?,
            delayed: number(2)?,
            dead: number(3)?,
            remembered: number(4)?,
            oldest: oldest.map(|age| Duration::from_millis(age.max(0).unsigned_abs())),
        })
    }

    fn name(&self) -> &str {
        &self.0.settings.name
    }

    async fn of_key(&self, sql: &str, key: Option<&str>) -> Result<u64> {
        let row = self.0.link.row(sql, &[(&self.name(), Type::TEXT), (&key, Type::TEXT)]).await?;
        row.try_get::<_, i64>(0).map(i64::unsigned_abs).map_err(odd)
    }

    /// Does something to the message of a receipt.
    async fn held(&self, receipt: &JobReceipt, sql: &str, more: &[Value<'_>]) -> Result<()> {
        if self.count(receipt, sql, more).await? { Ok(()) } else { Err(receipt.stale()) }
    }

    /// Whether there was a message that the receipt is of.
    async fn count(&self, receipt: &JobReceipt, sql: &str, more: &[Value<'_>]) -> Result<bool> {
        let Ok(generation) = i32::try_from(receipt.generation) else { return Ok(false) };
        let name = self.name();
        let mut values: Vec<Value<'_>> =
            vec![(&name, Type::TEXT), (&receipt.id, Type::INT8), (&generation, Type::INT4)];
        values.extend_from_slice(more);
        let row = self.0.link.row(sql, &values).await?;
        row.try_get::<_, i64>(0).map(|held| held > 0).map_err(odd)
    }
}

enum Taken {
    Job(Job),
    /// By its id.
    Foreign(i64),
}

fn taken(row: &Row) -> Result<(i64, Taken), tokio_postgres::Error> {
    let id: i64 = row.try_get(0)?;
    let generation: i32 = row.try_get(1)?;
    let key: Option<String> = row.try_get(2)?;
    let body = row.try_get::<_, Option<String>>(3)?.and_then(decoded);
    let (Some(key), Some(body)) = (key, body) else { return Ok((id, Taken::Foreign(id))) };
    let attempt = row.try_get::<_, i32>(4)?.max(1).unsigned_abs();
    let repeated = generation > 1 || row.try_get(6)?;
    let receipt = JobReceipt { id, generation: generation.into(), attempt };
    Ok((id, Taken::Job(Job { key, body, attempt, repeated, enqueued_at: date(row.try_get(5)?), receipt })))
}

/// Base64 as the server writes it: in lines.
fn decoded(text: String) -> Option<Bytes> {
    let text: String = text.split('\n').collect();
    BASE64_STANDARD.decode(text).ok().map(Bytes::from)
}

fn dead_letter(row: &Row) -> Result<DeadLetter, tokio_postgres::Error> {
    Ok(DeadLetter {
        position: row.try_get::<_, i64>(0)?.unsigned_abs(),
        key: row.try_get(1)?,
        body: Bytes::from(row.try_get::<_, Vec<u8>>(2)?),
        reason: row.try_get(3)?,
        attempts: row.try_get::<_, i32>(4)?.unsigned_abs(),
        enqueued_at: date(row.try_get(5)?),
        died_at: date(row.try_get(6)?),
    })
}

/// A date in milliseconds since 1970; one before that is 1970.
fn date(millis: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A row that no version of ours wrote.
fn odd(error: tokio_postgres::Error) -> Error {
    let reason = "a row of the queue is not as it was written".to_owned();
    Error::Queue { kind: QueueErrorKind::Corrupt, reason, source: Some(Cause::new(error)) }
}

/// Acknowledgements between two looks for keys whose time is over, each of which forgets more than that.
const FORGET_EVERY: u32 = 64;
