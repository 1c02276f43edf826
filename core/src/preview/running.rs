//! The run of a worker: jobs out of the queue, and back into it, until it is told to stop.
//!
//! A job is the queue's until its preview is linked: whatever ends a process in between, the job comes back when nobody has
//! prolonged it for a while.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{debug, warn};

use super::event::AttachmentEvent;
use super::spool::SWEEP_EVERY;
use super::value::PreviewOutcome;
use super::verdict::{Verdict, verdict};
use super::worker::{Inner, PreviewWorker};
use super::workshop::{Attempt, Failed};
use crate::error::{Error, QueueErrorKind, Result};
use crate::queue::{Attempt as Try, Job, Returned};

/// How soon the worker is to end.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stop {
    #[default]
    No,
    /// When the jobs under way are done.
    Soon,
    /// Jobs under way are given back.
    Now,
}

/// When a run ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    Stopped,
    Empty,
}

impl PreviewWorker {
    pub(super) fn work(&self, until: Until) -> impl Future<Output = Result<()>> + Send + use<> {
        let (begun, worker) = (self.begin(), self.clone());
        async move {
            let begun = begun?;
            let run = Run { worker, stop: begun.subscribe() };
            let mut jobs = JoinSet::new();
            let worked = run.take_jobs(until, &mut jobs).await;
            while jobs.join_next().await.is_some() {}
            worked
        }
    }

    /// Ready when the client is closed. A worker outlives a client that was only dropped.
    pub(super) async fn closed(&self) {
        if self.0.terms.closed.clone().wait_for(|closed| *closed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What a run and each of its jobs have.
#[derive(Clone)]
struct Run {
    worker: PreviewWorker,
    stop: watch::Receiver<Stop>,
}

impl Run {
    async fn take_jobs(&self, until: Until, jobs: &mut JoinSet<()>) -> Result<()> {
        let Inner { clock, queue, terms, workshop, .. } = &*self.worker.0;
        let mut sweep_at = clock.now();
        loop {
            if self.stopping() {
                return Ok(());
            }
            if clock.now() >= sweep_at {
                workshop.spool.sweep();
                sweep_at = clock.now() + SWEEP_EVERY;
            }
            while jobs.try_join_next().is_some() {}
            let room = terms.concurrency - jobs.len().min(terms.concurrency);
            if room == 0 {
                self.unless_stopping(jobs.join_next()).await;
                continue;
            }
            let pause = self.worker.0.pause();
            if !pause.is_zero() {
                self.unless_stopping(clock.sleep(pause)).await;
                continue;
            }
            let taken = match queue.receive(room, Some(terms.visibility)).await {
                Ok(taken) => taken,
                Err(error) if until == Until::Empty => return Err(error),
                Err(error) => {
                    warn!(%error, "the queue is not to be had");
                    self.unless_stopping(clock.sleep(QUEUE_PAUSE)).await;
                    continue;
                }
            };
            if taken.is_empty() {
                match (until, jobs.is_empty()) {
                    (Until::Stopped, _) => self.unless_stopping(self.news(jobs)).await,
                    (Until::Empty, false) => self.unless_stopping(jobs.join_next()).await,
                    (Until::Empty, true) => match queue.next_due().await? {
                        Some(wait) => self.unless_stopping(clock.sleep(wait)).await,
                        None => return Ok(()),
                    },
                };
            }
            for job in taken {
                jobs.spawn(self.clone().carry_out(job));
            }
        }
    }

    /// Ready when it is worth looking into the queue again.
    async fn news(&self, jobs: &mut JoinSet<()>) {
        tokio::select! {
            () = self.worker.0.wake.notified() => {}
            // Others may have stored a job, and a job may be due again. It is no patience of ours, so that a simulated clock
            // does not run away with a worker that has nothing to do.
            () = self.worker.0.clock.deadline(LOOK_EVERY) => {}
            Some(_) = jobs.join_next() => {}
        }
    }

    /// One job, from the queue and back.
    async fn carry_out(self, job: Job) {
        let Inner { queue, tally, terms, .. } = &*self.worker.0;
        let _running = tally.running();
        let hold = || async { queue.extend(&job.receipt, Some(terms.visibility)).await };
        let made = tokio::select! {
            biased;
            () = self.to_be_given_back() => Made::Interrupted,
            made = self.attempt(&job, hold) => made,
            () = self.held(&job) => Made::Lost,
        };
        let settled = match made {
            Made::Preview(outcome) => {
                debug!(job = %job.key, url = %outcome.url, message = %outcome.message, "preview linked");
                self.worker.0.keep(*outcome);
                queue.ack(&job.receipt).await
            }
            Made::Lost => {
                warn!(job = %job.key, "somebody else has taken this job");
                return;
            }
            Made::Interrupted => {
                queue.nack(&job.receipt, Duration::ZERO, "the worker was stopped", Try::GivenBack).await.map(drop)
            }
            Made::Failed(failed) => self.settle(&job, failed).await,
        };
        if let Err(error) = settled {
            // It comes back when its visibility ends, and a message that was posted is found in the history.
            warn!(job = %job.key, %error, "what became of a job could not be noted");
        }
    }

    async fn attempt<F>(&self, job: &Job, hold: impl Fn() -> F) -> Made
    where
        F: Future<Output = Result<()>>,
    {
        let event: AttachmentEvent = match serde_json::from_slice(&job.body) {
            Ok(event) => event,
            Err(error) => return Made::Failed(Failed::unreadable(&error)),
        };
        let attempt = Attempt { event: &event, repeated: job.repeated, number: job.attempt };
        match self.worker.0.workshop.attempt(&attempt, hold).await {
            Ok(outcome) => Made::Preview(Box::new(outcome)),
            Err(failed) if is_stale(&failed.error) => Made::Lost,
            Err(failed) => Made::Failed(failed),
        }
    }

    async fn settle(&self, job: &Job, Failed { stage, error }: Failed) -> Result<()> {
        let Inner { queue, tally, .. } = &*self.worker.0;
        let facts = error.facts();
        let reason = format!("{stage}: {}: {}", facts.code, facts.message);
        let in_a_row = tally.failed(stage);
        match verdict(stage, &error, job.attempt, in_a_row, fastrand::f64()) {
            Verdict::Bury => {
                warn!(job = %job.key, %reason, "a dead letter");
                tally.buried();
                queue.bury(&job.receipt, &reason).await
            }
            Verdict::Again { wait } => {
                warn!(job = %job.key, attempt = job.attempt, %reason, ?wait, "an attempt failed");
                if queue.nack(&job.receipt, wait, &reason, Try::Counted).await? == Returned::Dead {
                    tally.buried();
                } else {
                    tally.retried();
                }
                Ok(())
            }
            Verdict::GiveBack { wait } => {
                warn!(job = %job.key, %reason, ?wait, "given back");
                tally.given_back();
                self.worker.0.pause_for(wait);
                queue.nack(&job.receipt, wait, &reason, Try::GivenBack).await.map(drop)
            }
        }
    }

    /// Prolongs a job while it is worked on; ready when it is somebody else's.
    async fn held(&self, job: &Job) {
        let Inner { queue, clock, terms, .. } = &*self.worker.0;
        loop {
            clock.deadline(terms.visibility / 3).await;
            match queue.extend(&job.receipt, Some(terms.visibility)).await {
                Err(error) if is_stale(&error) => return,
                Err(error) => warn!(job = %job.key, %error, "a job could not be prolonged"),
                Ok(()) => {}
            }
        }
    }

    fn stopping(&self) -> bool {
        *self.stop.borrow() != Stop::No || *self.worker.0.terms.closed.borrow()
    }

    async fn unless_stopping<T>(&self, wait: impl Future<Output = T>) {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop != Stop::No) => {}
            () = self.worker.closed() => {}
            _ = wait => {}
        }
    }

    /// Ready when jobs under way are to end where they are.
    async fn to_be_given_back(&self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop == Stop::Now) => {}
            () = self.worker.closed() => {}
        }
    }
}

/// What became of an attempt.
enum Made {
    Preview(Box<PreviewOutcome>),
    Failed(Failed),
    /// The job is somebody else's by now.
    Lost,
    /// The worker ends.
    Interrupted,
}

fn is_stale(error: &Error) -> bool {
    matches!(error, Error::Queue { kind: QueueErrorKind::Stale, .. })
}

/// How often is looked for jobs that other processes stored, or that are due again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For how long a queue that is not to be had is left alone.
const QUEUE_PAUSE: Duration = Duration::from_secs(5);
