//! Jobs that are stored before anybody is told so, and that are done at least once.
//!
//! One contract with two drivers: a file that all processes of one host share (SQLite, the default), and a PostgreSQL server
//! for many hosts. The second one is, with the object store and the simulator, who else may touch the network.
//!
//! **Promised.** A job is on disk when [`Queue::enqueue`] returns, and from then on it is waiting, taken, a dead letter or
//! finished, whatever dies: a process, all of them, the server. It is handed out again until it was acknowledged, so it is done at least
//! once. Attempts are counted when a job is taken, before anything can go wrong: one that kills its process is a dead letter
//! after [`QueueSettings::max_attempts`], like any other. Whoever holds a receipt of which the job went on since (it was handed out
//! again, given back, buried) changes nothing with it and is told so: [`QueueErrorKind::Stale`].
//!
//! **What folds.** A key is one job, waiting, taken, dead, or finished for as long as [`QueueSettings::remember`] says: enqueued
//! again it is [`Enqueued::Known`].
//!
//! **The window that remains.** Between the effect of a job and its acknowledgement its process can die, and the effect is made a
//! second time. So can a job that takes longer than its visibility time-out without [`Queue::extend`]. Whoever needs one
//! effect folds by key: an object's name, an id that is looked for first.
//!
//! **Clocks.** PostgreSQL goes by the server's clock alone. A file goes by [`Clock::date`], which can jump. One that goes back
//! makes each wait that was under way begin anew: nothing is free before its time, nothing is hidden for more than one wait longer,
//! and whatever was visible stays so. One that goes forward cannot be told from time that passed: what is taken may be handed out
//! early, once for each jump, which costs it an attempt.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod value;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::clock::Clock;
use crate::error::Result;

pub use value::{Attempt, DeadLetter, Enqueued, Job, JobReceipt, QueueSettings, QueueStats, Returned};

/// A queue of jobs that outlive whoever works on them. Cheap to clone; see [`Queue::open`].
#[derive(Debug, Clone)]
pub struct Queue {
    driver: Driver,
    settings: Arc<QueueSettings>,
}

/// Where jobs are.
#[derive(Debug, Clone)]
enum Driver {
    Sqlite(sqlite::Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Postgres),
}

/// The same call to whichever driver it is.
macro_rules! driver {
    ($queue:ident.$call:ident($($argument:expr),*)) => {
        match &$queue.driver {
            Driver::Sqlite(sqlite) => sqlite.$call($($argument),*).await,
            #[cfg(feature = "postgres")]
            Driver::Postgres(postgres) => postgres.$call($($argument),*).await,
        }
    };
}

impl Queue {
    /// Opens the queue at `place`: the path of a file, which is made if there is none, or a `postgres://` URL.
    ///
    /// A file is looked at once here. A server is first asked by the first call, so that a queue can be made while it is down. TLS
    /// is used off this host unless the URL says `sslmode=disable`, and wherever it says `require` or more; the certificate is
    /// always checked.
    ///
    /// A process that was forked while this queue was in use cannot use it, nor open another one: SQLite's locks do not survive that.
    /// It is told so. One that was forked between `open` and the first call can.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) about a place that is none, or a setting. [`Error::Queue`](crate::Error::Queue): the file is
    /// no queue, or cannot be opened.
    pub fn open(place: &str, settings: QueueSettings, clock: Arc<dyn Clock>) -> Result<Self> {
        settings.check()?;
        let settings = Arc::new(settings);
        let driver = match value::Place::parse(place)? {
            value::Place::File(path) => Driver::Sqlite(sqlite::Sqlite::open(path, settings.clone(), clock)?),
            #[cfg(feature = "postgres")]
            value::Place::Server => Driver::Postgres(postgres::Postgres::open(place, settings.clone(), clock)?),
        };
        Ok(Self { driver, settings })
    }

    /// Makes what a server lacks for this queue: PGMQ, from the SQL that comes with this crate, our own tables, the queue. What is there
    /// stays as it is. A file has nothing to be made.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue), also when the role of the URL may not create schemas.
    pub async fn init(&self) -> Result<()> {
        driver!(self.init())
    }

    /// Stores a job under its key, unless the key is known. It is on disk when this returns.
    ///
    /// A key has 1 to 512 bytes, a body 256 KiB at most.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue): it may have been stored if the kind is `Unavailable`, and enqueueing it again is right, since the key
    /// folds. [`Error::InvalidInput`](crate::Error::InvalidInput), [`Error::TooLarge`](crate::Error::TooLarge).
    ///
    /// # Cancellation
    /// Dropping the future leaves open whether it was stored.
    pub async fn enqueue(&self, key: &str, body: impl Into<Bytes>) -> Result<Enqueued> {
        let body = body.into();
        value::check_key(key)?;
        value::check_body(&body)?;
        driver!(self.enqueue(key, body))
    }

    /// Takes `most` jobs at most and hides them from others for `visible_after`, [`QueueSettings::visibility`] if none. Does not wait for
    /// any. Those that became visible first come first, roughly; on a server those that were stored first. A server counts in
    /// whole seconds, rounded up.
    ///
    /// Jobs that are found with all their attempts used up become dead letters here.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue); [`Error::InvalidInput`](crate::Error::InvalidInput) about a time of more than 12 hours.
    ///
    /// # Cancellation
    /// What was taken for a future that was dropped is handed out again after `visible_after`, with an attempt less.
    pub async fn receive(&self, most: usize, visible_after: Option<Duration>) -> Result<Vec<Job>> {
        let visible_after = self.visible_after(visible_after)?;
        let most = most.min(MOST);
        if most == 0 {
            return Ok(Vec::new());
        }
        driver!(self.receive(most, visible_after))
    }

    /// How long until the next job that is waiting or taken can be received, zero if it is now; nothing when there is none. Others
    /// may be quicker, and an acknowledgement makes it longer.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue).
    pub async fn next_due(&self) -> Result<Option<Duration>> {
        driver!(self.next_due())
    }

    /// Hides a job for `visible_after` from now on.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue), `Stale` when somebody else has the job, or may have it by now.
    pub async fn extend(&self, receipt: &JobReceipt, visible_after: Option<Duration>) -> Result<()> {
        let visible_after = self.visible_after(visible_after)?;
        driver!(self.extend(receipt, visible_after))
    }

    /// The job is done. Its key is remembered, its body is not.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue), `Stale` when the job went on without us. After `Unavailable` it may be done, and a second try then says
    /// `Stale`.
    pub async fn ack(&self, receipt: &JobReceipt) -> Result<()> {
        driver!(self.ack(receipt))
    }

    /// Gives a job back, to be visible after `delay`. With its last attempt used up it is a dead letter, with this `reason`; an
    /// attempt that is [`Attempt::GivenBack`] was none.
    ///
    /// # Errors
    /// As for [`Queue::ack`]; [`Error::InvalidInput`](crate::Error::InvalidInput) about a delay of more than 12 hours.
    pub async fn nack(
        &self,
        receipt: &JobReceipt,
        delay: Duration,
        reason: &str,
        attempt: Attempt,
    ) -> Result<Returned> {
        value::check_wait("delay", delay)?;
        driver!(self.nack(receipt, delay, value::shortened(reason), attempt))
    }

    /// Makes a job a dead letter at once: trying again would not help.
    ///
    /// # Errors
    /// As for [`Queue::ack`].
    pub async fn bury(&self, receipt: &JobReceipt, reason: &str) -> Result<()> {
        driver!(self.bury(receipt, value::shortened(reason)))
    }

    /// A page of dead letters, in the order of [`DeadLetter::position`]: those behind `after`, `most` and 1,000 of them at most.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue).
    pub async fn dead_letters(&self, after: Option<u64>, most: usize) -> Result<Vec<DeadLetter>> {
        driver!(self.dead_letters(after.unwrap_or(0), most.min(MOST)))
    }

    /// Makes a dead letter a job again, with all attempts before it; false when there is none of this key.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue).
    pub async fn redrive(&self, key: &str) -> Result<bool> {
        driver!(self.redrive(Some(key))).map(|redriven| redriven > 0)
    }

    /// [`Queue::redrive`] of all dead letters; how many there were.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue).
    pub async fn redrive_all(&self) -> Result<u64> {
        driver!(self.redrive(None))
    }

    /// Removes a dead letter and forgets its key; false when there is none.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue).
    pub async fn purge(&self, key: &str) -> Result<bool> {
        driver!(self.purge(Some(key))).map(|purged| purged > 0)
    }

    /// [`Queue::purge`] of all dead letters; how many there were.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue).
    pub async fn purge_all(&self) -> Result<u64> {
        driver!(self.purge(None))
    }

    /// How much there is of what. Counts, so it takes longer the more there is.
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue).
    pub async fn stats(&self) -> Result<QueueStats> {
        driver!(self.stats())
    }

    /// What it was opened with.
    pub fn settings(&self) -> &QueueSettings {
        &self.settings
    }

    fn visible_after(&self, given: Option<Duration>) -> Result<Duration> {
        let visible_after = given.unwrap_or(self.settings.visibility);
        value::check_visibility("visible_after", visible_after)?;
        Ok(visible_after)
    }
}

/// Jobs or dead letters in one call: 1,000 bodies of the largest size are 256 MB.
const MOST: usize = 1_000;
