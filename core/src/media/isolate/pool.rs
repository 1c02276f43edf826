//! Children that are kept for the next job, at most one for each core.
//!
//! The lock is never waited for: a process that was forked while another thread held it has a copy that nobody will ever
//! open. Such a process starts a child for each job. Any other forked process forgets the children of its parent, which
//! go on without noticing.

use std::mem;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use super::program::Program;
use super::worker::Worker;
use crate::error::Result;

/// A child that does one job at the moment. Dropped, it is ended, unless it was given back.
#[derive(Debug)]
pub(super) struct Lent {
    pub(super) worker: Worker,
    place: Place,
}

impl Lent {
    /// One that is warm, or a new one; waits while as many are at work as there are cores.
    pub(super) fn of_pool(program: &Program) -> Result<Self> {
        let (place, warm) = Place::take(program);
        let worker = match warm {
            Some(worker) => worker,
            None => Worker::start(program)?,
        };
        Ok(Self { worker, place })
    }

    /// Keeps it for the next job.
    pub(super) fn give_back(self) {
        let Self { worker, place } = self;
        let Some(mut pool) = lock().filter(|_| place.counted) else { return };
        pool.idle.push(worker);
        if !mem::replace(&mut pool.is_watched, true) {
            drop(pool);
            let watch = thread::Builder::new().name("porteur-media-idle".to_owned()).spawn(watch);
            if watch.is_err() {
                // No thread to be had: the next job that ends tries again.
                if let Some(mut pool) = lock() {
                    pool.is_watched = false;
                }
            }
        }
    }
}

/// One of the places at work.
#[derive(Debug)]
struct Place {
    /// False where the pool could not be asked.
    counted: bool,
}

impl Place {
    fn take(program: &Program) -> (Self, Option<Worker>) {
        let places = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let Some(mut pool) = lock() else { return (Self { counted: false }, None) };
        while pool.at_work >= places {
            pool = PLACE_FREE.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
        pool.at_work += 1;
        let mut gone = Vec::new();
        let warm = loop {
            let Some(mut worker) = pool.idle.pop() else { break None };
            if worker.program == *program && !worker.has_ended() {
                break Some(worker);
            }
            gone.push(worker);
        };
        drop(pool);
        (Self { counted: true }, warm)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(mut pool) = lock().filter(|_| self.counted) {
            pool.at_work = pool.at_work.saturating_sub(1);
            drop(pool);
            PLACE_FREE.notify_one();
        }
    }
}

#[derive(Debug)]
struct Pool {
    /// The process that this is true of.
    process: u32,
    at_work: usize,
    /// The one that worked last is the last.
    idle: Vec<Worker>,
    /// Whether there is a thread that ends those who are idle for long.
    is_watched: bool,
}

impl Pool {
    const fn of(process: u32) -> Self {
        Self { process, at_work: 0, idle: Vec::new(), is_watched: false }
    }
}

/// The pool of this process; none when its lock cannot be had.
fn lock() -> Option<MutexGuard<'static, Pool>> {
    for _ in 0..TRIES {
        let mut pool = match POOL.try_lock() {
            Ok(pool) => pool,
            Err(TryLockError::Poisoned(pool)) => pool.into_inner(),
            Err(TryLockError::WouldBlock) => {
                thread::yield_now();
                continue;
            }
        };
        let process = std::process::id();
        if pool.process != process {
            *pool = Pool::of(process);
        }
        return Some(pool);
    }
    None
}

/// Ends children that are idle for long, until there are none.
fn watch() {
    loop {
        let Some(mut pool) = lock() else { return };
        let now = Instant::now();
        let due = |worker: &Worker| worker.idle_since + IDLE <= now;
        let (gone, kept): (Vec<Worker>, Vec<Worker>) = mem::take(&mut pool.idle).into_iter().partition(due);
        pool.idle = kept;
        let Some(next) = pool.idle.iter().map(|worker| worker.idle_since + IDLE).min() else {
            pool.is_watched = false;
            return;
        };
        drop(pool);
        drop(gone);
        thread::sleep(next.saturating_duration_since(now));
    }
}

static POOL: Mutex<Pool> = Mutex::new(Pool::of(0));
static PLACE_FREE: Condvar = Condvar::new();
/// How often the lock is tried. It is held for less than a microsecond, so another thread is not what keeps it closed.
const TRIES: u32 = 10_000;
/// How long a child may wait for work. It holds 5 MiB, as a child of Node 40.
const IDLE: Duration = Duration::from_secs(30);
