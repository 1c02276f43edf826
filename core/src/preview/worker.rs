//! The worker: takes webhooks in, and jobs out of the queue until it is told to stop.
//!
//! A webhook is answered when its job is stored. A job is the queue's until its preview is linked: whatever ends a process in
//! between, the job comes back when nobody has prolonged it for a while.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::{debug, warn};

use super::event::{AttachmentEvent, WebhookEvent, WebhookLimits, parse};
use super::signature::{SIGNATURE_HEADER, Secrets};
use super::spool::SWEEP_EVERY;
use super::tally::Tally;
use super::value::{PreviewOutcome, PreviewStats, Submitted, WebhookAnswer};
use super::verdict::{Verdict, verdict};
use super::workshop::{Attempt, Failed, Workshop};
use crate::clock::Clock;
use crate::error::{Error, QueueErrorKind, Result};
use crate::queue::{Attempt as Try, Enqueued, Job, Queue, Returned};

/// Makes previews of attachments, from [`Client::previews`](crate::Client::previews). Clones are the same worker.
#[derive(Clone)]
pub struct PreviewWorker(Arc<Inner>);

struct Inner {
    workshop: Workshop,
    queue: Queue,
    terms: Terms,
    clock: Arc<dyn Clock>,
    tally: Tally,
    /// The last ones, the newest first.
    recent: Mutex<VecDeque<PreviewOutcome>>,
    /// No job is begun before this, on the clock.
    paused_until: Mutex<Duration>,
    /// There is a job that was not there before.
    wake: Notify,
    stop: watch::Sender<Stop>,
    /// Whoever runs has it.
    running: tokio::sync::Mutex<()>,
}

/// What of the settings the worker itself looks at.
pub(super) struct Terms {
    /// None when there are none.
    pub(super) secrets: Option<Secrets>,
    pub(super) unsigned: bool,
    pub(super) concurrency: usize,
    pub(super) visibility: Duration,
    pub(super) grace: Duration,
    /// Whether the client was closed.
    pub(super) closed: watch::Receiver<bool>,
}

/// How soon the worker is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Stop {
    No,
    /// When the jobs under way are done.
    Soon,
    /// Jobs under way are given back.
    Now,
}

/// When a run ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Stopped,
    Empty,
}

impl PreviewWorker {
    pub(super) fn new(workshop: Workshop, queue: Queue, terms: Terms) -> Self {
        let clock = workshop.gateway.clock.clone();
        Self(Arc::new(Inner {
            workshop,
            queue,
            terms,
            clock,
            tally: Tally::default(),
            recent: Mutex::default(),
            paused_until: Mutex::default(),
            wake: Notify::new(),
            stop: watch::Sender::new(Stop::No),
            running: tokio::sync::Mutex::default(),
        }))
    }

    /// Takes a webhook: `body` is its raw bytes, `headers` are all that came with it. What it answers is stored.
    ///
    /// The same event again is the same job, also when that is done (for [`Previews::remember`](crate::Previews::remember)).
    ///
    /// # Errors
    /// [`Error::WebhookRejected`] when the signature or the body is not acceptable, with the status to answer with;
    /// [`Error::InvalidInput`] about `webhook_secrets` when there is none and
    /// [`Previews::unsigned`](crate::Previews::unsigned) does not say that none is needed; [`Error::Queue`] when the job could not be
    /// stored: answer 503, and the platform sends it again.
    ///
    /// # Cancellation
    /// The job may be stored all the same.
    pub async fn submit<N, V>(&self, body: &[u8], headers: impl IntoIterator<Item = (N, V)>) -> Result<Submitted>
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let Inner { terms, queue, .. } = &*self.0;
        match (&terms.secrets, terms.unsigned) {
            (Some(secrets), _) => secrets.verify(body, signature(headers).as_deref())?,
            (None, true) => {}
            (None, false) => {
                let reason = "expected one, or that webhooks are taken unsigned, got none";
                return Err(Error::invalid("webhook_secrets", reason));
            }
        }
        let event = match parse(body, &WebhookLimits::default())? {
            WebhookEvent::Attachment(event) => event,
            WebhookEvent::Other { event } => {
                return Ok(Submitted::Ignored { reason: format!("not an attachment event: {event}") });
            }
        };
        let id = event.key().to_string();
        let job = serde_json::to_vec(&event).expect("an event is JSON");
        let known = queue.enqueue(&id, job).await? == Enqueued::Known;
        debug!(job = %id, conversation = %event.conversation_id, known, "webhook taken");
        self.0.wake.notify_one();
        Ok(Submitted::Queued { id, known })
    }

    /// [`PreviewWorker::submit`], and what to answer to whoever sent the webhook, whatever became of it.
    ///
    /// # Cancellation
    /// The job may be stored all the same.
    pub async fn answer<N, V>(&self, body: &[u8], headers: impl IntoIterator<Item = (N, V)>) -> WebhookAnswer
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let submitted = self.submit(body, headers).await;
        if let Err(error) = &submitted {
            warn!(%error, "a webhook was not taken");
        }
        WebhookAnswer::to(submitted)
    }

    /// Makes the preview of one attachment now, without the queue: for hosts with a queue of their own. `attempt` counts from 1; from
    /// the second on the history is searched first, so that nothing is posted twice.
    ///
    /// # Errors
    /// [`Error::Media`] for what no preview can be made of, and [`Error::InvalidInput`] for an attachment that may not be fetched:
    /// trying again does not help. Those of every call (see [`Client::upload`](crate::Client::upload)), of
    /// which [`ErrorFacts::retryable`](crate::ErrorFacts::retryable) says whether it does.
    ///
    /// # Cancellation
    /// A preview that is published stays, and a message that left is not recalled: count the next attempt as one more.
    pub async fn handle(&self, event: &AttachmentEvent, attempt: u32) -> Result<PreviewOutcome> {
        let attempt = Attempt { event, repeated: attempt > 1, number: attempt };
        let made = self.0.workshop.attempt(&attempt, || async { Ok(()) });
        let made = tokio::select! {
            biased;
            () = self.closed() => return Err(Error::Cancelled),
            made = made => made,
        };
        match made {
            Ok(outcome) => {
                self.0.keep(outcome.clone());
                Ok(outcome)
            }
            Err(failed) => Err(failed.error),
        }
    }

    /// Works until [`PreviewWorker::stop`] is called or the client is closed; jobs under way are finished then, or given back.
    ///
    /// A queue that is not to be had is waited for. When the platform or the CDN is not to be had, no job is begun for a while.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when this worker runs already.
    ///
    /// # Cancellation
    /// Jobs under way end where they are, and come back to the queue when their visibility ends.
    pub async fn run(&self) -> Result<()> {
        self.work(Until::Stopped).await
    }

    /// Works until no job is left but dead letters, those included that are to be tried again later and those that others have
    /// taken. For a command that runs now and then, and for tests.
    ///
    /// # Errors
    /// Those of [`PreviewWorker::run`], and [`Error::Queue`].
    ///
    /// # Cancellation
    /// As of [`PreviewWorker::run`].
    pub async fn drain(&self) -> Result<()> {
        self.work(Until::Empty).await
    }

    /// Tells [`PreviewWorker::run`] to end, and waits until it has: jobs under way are finished, and those that take longer than
    /// [`Previews::grace`](crate::Previews::grace) are given back. The worker can run again afterwards.
    ///
    /// # Cancellation
    /// The worker ends all the same.
    pub async fn stop(&self) {
        self.0.stop.send_replace(Stop::Soon);
        let ended = self.0.running.lock();
        tokio::pin!(ended);
        tokio::select! {
            biased;
            _ = &mut ended => {}
            () = self.0.clock.deadline(self.0.terms.grace) => {
                self.0.stop.send_replace(Stop::Now);
                drop(ended.await);
            }
        }
        self.0.stop.send_replace(Stop::No);
    }

    /// Like [`PreviewWorker::stop`], but jobs under way are given back and not finished.
    ///
    /// # Cancellation
    /// The worker ends all the same.
    pub async fn give_back(&self) {
        self.0.stop.send_replace(Stop::Now);
        drop(self.0.running.lock().await);
        self.0.stop.send_replace(Stop::No);
    }

    /// The queue: its figures, its dead letters.
    pub fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// How this worker fares.
    pub fn stats(&self) -> PreviewStats {
        let mut stats = self.0.tally.stats();
        stats.paused = Some(self.0.pause()).filter(|pause| !pause.is_zero());
        stats
    }

    /// The last previews of this worker, the newest first: at most 24.
    pub fn recent(&self) -> Vec<PreviewOutcome> {
        locked(&self.0.recent).iter().cloned().collect()
    }

    async fn work(&self, until: Until) -> Result<()> {
        let Ok(_running) = self.0.running.try_lock() else {
            return Err(Error::invalid("worker", "expected one that does not run, got one that does"));
        };
        let mut jobs = JoinSet::new();
        let worked = self.take_jobs(until, &mut jobs).await;
        while jobs.join_next().await.is_some() {}
        worked
    }

    async fn take_jobs(&self, until: Until, jobs: &mut JoinSet<()>) -> Result<()> {
        let Inner { clock, queue, terms, workshop, .. } = &*self.0;
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
            let pause = self.0.pause();
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
            () = self.0.wake.notified() => {}
            // Others may have stored a job, and a job may be due again. It is no patience of ours, so that a simulated clock
            // does not run away with a worker that has nothing to do.
            () = self.0.clock.deadline(LOOK_EVERY) => {}
            Some(_) = jobs.join_next() => {}
        }
    }

    /// One job, from the queue and back.
    async fn carry_out(self, job: Job) {
        let Inner { queue, tally, terms, .. } = &*self.0;
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
                self.0.keep(*outcome);
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
        match self.0.workshop.attempt(&attempt, hold).await {
            Ok(outcome) => Made::Preview(Box::new(outcome)),
            Err(failed) if is_stale(&failed.error) => Made::Lost,
            Err(failed) => Made::Failed(failed),
        }
    }

    async fn settle(&self, job: &Job, Failed { stage, error }: Failed) -> Result<()> {
        let Inner { queue, tally, .. } = &*self.0;
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
                self.0.pause_for(wait);
                queue.nack(&job.receipt, wait, &reason, Try::GivenBack).await.map(drop)
            }
        }
    }

    /// Prolongs a job while it is worked on; ready when it is somebody else's.
    async fn held(&self, job: &Job) {
        let Inner { queue, clock, terms, .. } = &*self.0;
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
        *self.0.stop.borrow() != Stop::No || *self.0.terms.closed.borrow()
    }

    async fn unless_stopping<T>(&self, wait: impl Future<Output = T>) {
        let mut stop = self.0.stop.subscribe();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop != Stop::No) => {}
            () = self.closed() => {}
            _ = wait => {}
        }
    }

    /// Ready when jobs under way are to end where they are.
    async fn to_be_given_back(&self) {
        let mut stop = self.0.stop.subscribe();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop == Stop::Now) => {}
            () = self.closed() => {}
        }
    }

    /// Ready when the client is closed. A worker outlives a client that was only dropped.
    async fn closed(&self) {
        if self.0.terms.closed.clone().wait_for(|closed| *closed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Inner {
    /// A preview that was made.
    fn keep(&self, outcome: PreviewOutcome) {
        self.tally.made(&outcome);
        let mut recent = locked(&self.recent);
        recent.truncate(RECENT - 1);
        recent.push_front(outcome);
    }

    /// For how long no job is to be begun.
    fn pause(&self) -> Duration {
        locked(&self.paused_until).saturating_sub(self.clock.now())
    }

    fn pause_for(&self, wait: Duration) {
        let until = self.clock.now().saturating_add(wait);
        let mut paused_until = locked(&self.paused_until);
        *paused_until = until.max(*paused_until);
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

impl fmt::Debug for PreviewWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreviewWorker").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// The signature that came with a webhook. Of one that came twice nobody knows which another reader would take.
fn signature<N: AsRef<str>, V: AsRef<[u8]>>(headers: impl IntoIterator<Item = (N, V)>) -> Option<String> {
    let mut signatures = headers.into_iter().filter(|(name, _)| name.as_ref().eq_ignore_ascii_case(SIGNATURE_HEADER));
    let (_, signature) = signatures.next().filter(|_| signatures.next().is_none())?;
    String::from_utf8(signature.as_ref().to_vec()).ok()
}

fn is_stale(error: &Error) -> bool {
    matches!(error, Error::Queue { kind: QueueErrorKind::Stale, .. })
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked with it had only noted something.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many previews are kept to be looked at: a few hundred KiB.
const RECENT: usize = 24;
/// How often is looked for jobs that other processes stored, or that are due again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For how long a queue that is not to be had is left alone.
const QUEUE_PAUSE: Duration = Duration::from_secs(5);
