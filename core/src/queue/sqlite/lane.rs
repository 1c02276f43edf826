//! The thread that has the connection: what waits for a disk keeps no asynchronous work from going on.
//!
//! Calls that came while a transaction was being synced share the next one, so that a hundred of them cost two syncs and not a hundred.
//! One that finds no room takes none of the others with it: each is tried again by itself.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;
use tracing::warn;

use super::schema::{self, Opened};
use crate::clock::Clock;
use crate::error::{Error, QueueErrorKind, Result};

/// The way to the thread, which is started by the first call.
#[derive(Debug)]
pub(super) struct Lane {
    path: PathBuf,
    lock_wait: Duration,
    clock: Arc<dyn Clock>,
    thread: Mutex<Option<Thread>>,
}

#[derive(Debug)]
struct Thread {
    orders: Sender<Box<dyn Order>>,
    process: u32,
}

impl Lane {
    pub(super) fn new(path: PathBuf, lock_wait: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { path, lock_wait, clock, thread: Mutex::new(None) }
    }

    /// Runs `work`, which changes nothing, with the time in milliseconds.
    pub(super) async fn read<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T> {
        self.ask(false, work).await
    }

    /// Runs `work` in a transaction, maybe with others; it may be run twice, the first time undone. On disk when this returns.
    pub(super) async fn write<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T> {
        self.ask(true, work).await
    }

    async fn ask<T: Send + 'static>(&self, writes: bool, work: impl Work<T>) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.order(Box::new(Call { writes, work, value: None, reply }))?;
        let gone = || Error::queue(QueueErrorKind::Unavailable, format!("{}: its thread is gone", self.path.display()));
        answer.await.map_err(|_| gone())?
    }

    fn order(&self, order: Box<dyn Order>) -> Result<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let order = match &*thread {
            Some(running) if running.process != std::process::id() => {
                let reason = format!("{} was in use when this process was forked", self.path.display());
                return Err(Error::queue(QueueErrorKind::Unavailable, reason));
            }
            Some(running) => match running.orders.send(order) {
                Ok(()) => return Ok(()),
                // It panicked; another one begins anew.
                Err(unsent) => unsent.0,
            },
            None => order,
        };
        let (orders, received) = channel();
        let desk = Desk { path: self.path.clone(), lock_wait: self.lock_wait, clock: self.clock.clone(), opened: None };
        let started = std::thread::Builder::new().name("porteur-queue".to_owned()).spawn(move || desk.serve(&received));
        started.map_err(|error| {
            let reason = format!("{}: no thread to work with: {error}", self.path.display());
            Error::queue(QueueErrorKind::Unavailable, reason)
        })?;
        let _ = orders.send(order);
        *thread = Some(Thread { orders, process: std::process::id() });
        Ok(())
    }
}

/// What a call does with the rows.
pub(super) trait Work<T>: FnMut(&Connection, i64) -> rusqlite::Result<T> + Send + 'static {}

impl<T, F: FnMut(&Connection, i64) -> rusqlite::Result<T> + Send + 'static> Work<T> for F {}

/// A call on its way.
trait Order: Send {
    fn writes(&self) -> bool;
    /// Whether nobody waits for it any more.
    fn is_dropped(&self) -> bool;
    fn run(&mut self, rows: &Connection, now: i64) -> rusqlite::Result<()>;
    /// Answers with what the last run gave, or why there is none.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

struct Call<T, W> {
    writes: bool,
    work: W,
    value: Option<T>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send + 'static, W: Work<T>> Order for Call<T, W> {
    fn writes(&self) -> bool {
        self.writes
    }

    fn is_dropped(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, rows: &Connection, now: i64) -> rusqlite::Result<()> {
        self.value = Some((self.work)(rows, now)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let Self { value, reply, .. } = *self;
        let missing = || Error::queue(QueueErrorKind::Unavailable, "a call was answered before it was run");
        // Whoever asked may have gone.
        let _ = reply.send(outcome.and_then(|()| value.ok_or_else(missing)));
    }
}

/// The thread's own side.
struct Desk {
    path: PathBuf,
    lock_wait: Duration,
    clock: Arc<dyn Clock>,
    opened: Option<Opened>,
}

impl Desk {
    /// Until the last handle is dropped.
    fn serve(mut self, received: &Receiver<Box<dyn Order>>) {
        while let Ok(first) = received.recv() {
            let mut together = vec![first];
            together.extend(received.try_iter().take(TOGETHER - 1));
            together.retain(|order| !order.is_dropped());
            let (mut writes, reads): (Vec<_>, Vec<_>) = together.into_iter().partition(|order| order.writes());
            if !writes.is_empty() {
                let outcome = self.transaction(&mut writes);
                if writes.len() == 1 || !outcome.as_ref().is_err_and(is_of_one) {
                    writes.into_iter().for_each(|order| order.answer(outcome.clone()));
                } else {
                    for order in writes {
                        self.alone(order, Self::transaction);
                    }
                }
            }
            for order in reads {
                self.alone(order, Self::look);
            }
        }
    }

    fn alone(&mut self, order: Box<dyn Order>, run: impl Fn(&mut Self, &mut [Box<dyn Order>]) -> Result<()>) {
        let mut alone = [order];
        let outcome = run(self, &mut alone);
        let [order] = alone;
        order.answer(outcome);
    }

    fn transaction(&mut self, orders: &mut [Box<dyn Order>]) -> Result<()> {
        self.with(|connection, clock| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Asked with the lock held, so that the times of transactions follow each other as they do.
            let now = now(clock);
            for order in orders.iter_mut().filter(|order| !order.is_dropped()) {
                order.run(&transaction, now)?;
            }
            transaction.commit()
        })
    }

    fn look(&mut self, orders: &mut [Box<dyn Order>]) -> Result<()> {
        self.with(|connection, clock| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            let now = now(clock);
            orders.iter_mut().try_for_each(|order| order.run(&transaction, now))
        })
    }

    /// Does something with the connection, which is opened anew after whatever may have to do with the file.
    fn with(&mut self, work: impl FnOnce(&mut Connection, &dyn Clock) -> rusqlite::Result<()>) -> Result<()> {
        if let Some(opened) = &self.opened
            && !opened.is_in_place(&self.path)
        {
            warn!(path = %self.path.display(), "the queue was moved or removed; going on with what is at its path now");
            self.opened = None;
        }
        let opened = match &mut self.opened {
            Some(opened) => opened,
            closed => closed.insert(schema::open(&self.path, self.lock_wait)?),
        };
        let outcome = work(&mut opened.connection, &*self.clock).map_err(|error| trouble(&self.path, error));
        if outcome.as_ref().is_err_and(|error| !is_locked(error)) {
            self.opened = None;
        }
        outcome
    }
}

fn trouble(path: &Path, error: rusqlite::Error) -> Error {
    schema::trouble(path, error)
}

/// Whether it may be about one call and not about the others of its transaction: there is no room for its body, a page is damaged.
fn is_of_one(error: &Error) -> bool {
    matches!(error, Error::Queue { kind: QueueErrorKind::Full | QueueErrorKind::Corrupt, .. })
}

fn is_locked(error: &Error) -> bool {
    matches!(error, Error::Queue { kind: QueueErrorKind::Locked, .. })
}

/// Milliseconds since 1970, not below.
fn now(clock: &dyn Clock) -> i64 {
    let since = clock.date().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 2)
}

/// In one transaction: enough to make syncing cheap, and bodies of 16 MiB at most.
const TOGETHER: usize = 64;
