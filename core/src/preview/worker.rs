//! The worker as its host has it: webhooks in, a run that can be told to stop, and how it fares.
//!
//! A webhook is answered when its job is stored.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tracing::{debug, warn};

use super::event::{AttachmentEvent, WebhookEvent, WebhookLimits, parse};
use super::running::{Stop, Until};
use super::signature::{SIGNATURE_HEADER, Secrets};
use super::tally::Tally;
use super::value::{PreviewOutcome, PreviewStats, Submitted, WebhookAnswer};
use super::workshop::{Attempt, Workshop};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::queue::{Enqueued, Queue};

/// Makes previews of attachments, from [`Client::previews`](crate::Client::previews). Clones are the same worker.
#[derive(Clone)]
pub struct PreviewWorker(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) workshop: Workshop,
    pub(super) queue: Queue,
    pub(super) terms: Terms,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tally: Tally,
    /// The last ones, the newest first.
    pub(super) recent: Mutex<VecDeque<PreviewOutcome>>,
    /// No job is begun before this, on the clock.
    pub(super) paused_until: Mutex<Duration>,
    /// There is a job that was not there before.
    pub(super) wake: Notify,
    /// What the last run can be told with, which has it for as long as it lasts.
    run: Mutex<Weak<watch::Sender<Stop>>>,
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
            run: Mutex::default(),
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
    /// [`Error::Media`] for what no preview can be made of, and [`Error::UnsafeTarget`] for an attachment that may not be fetched:
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
    /// It runs from the call on: a stop right after it is heard, also by a future that nobody has polled yet.
    ///
    /// A queue that is not to be had is waited for. When the platform or the CDN is not to be had, no job is begun for a while.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when this worker runs already.
    ///
    /// # Cancellation
    /// Jobs under way end where they are, and come back to the queue when their visibility ends.
    pub fn run(&self) -> impl Future<Output = Result<()>> + Send + use<> {
        self.work(Until::Stopped)
    }

    /// Works until no job is left but dead letters, those included that are to be tried again later and those that others have
    /// taken. For a command that runs now and then, and for tests.
    ///
    /// # Errors
    /// Those of [`PreviewWorker::run`], and [`Error::Queue`].
    ///
    /// # Cancellation
    /// As of [`PreviewWorker::run`].
    pub fn drain(&self) -> impl Future<Output = Result<()>> + Send + use<> {
        self.work(Until::Empty)
    }

    /// Tells the run under way to end, and waits until it has: jobs under way are finished, and those that take longer than
    /// [`Previews::grace`](crate::Previews::grace) are given back. The worker can run again afterwards.
    ///
    /// # Cancellation
    /// The run was told at the call, and ends all the same.
    pub fn stop(&self) -> impl Future<Output = ()> + Send + use<> {
        let (worker, run) = (self.clone(), locked(&self.0.run).clone());
        let over = worker.tell(&run, Stop::Soon);
        async move {
            let mut over = std::pin::pin!(over);
            tokio::select! {
                biased;
                () = &mut over => return,
                () = worker.0.clock.deadline(worker.0.terms.grace) => {}
            }
            worker.tell(&run, Stop::Now).await;
        }
    }

    /// Like [`PreviewWorker::stop`], but jobs under way are given back and not finished.
    ///
    /// # Cancellation
    /// The run was told at the call, and ends all the same.
    pub fn give_back(&self) -> impl Future<Output = ()> + Send + use<> {
        let run = locked(&self.0.run).clone();
        self.tell(&run, Stop::Now)
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

    /// The place of whoever runs, for one at a time.
    pub(super) fn begin(&self) -> Result<Arc<watch::Sender<Stop>>> {
        let mut run = locked(&self.0.run);
        if run.strong_count() > 0 {
            return Err(Error::invalid("worker", "expected one that does not run, got one that does"));
        }
        let begun = Arc::new(watch::Sender::default());
        *run = Arc::downgrade(&begun);
        Ok(begun)
    }

    /// Tells this run, and is ready when it is over.
    fn tell(&self, run: &Weak<watch::Sender<Stop>>, stop: Stop) -> impl Future<Output = ()> + Send + use<> {
        // With the lock, so that nobody takes a run for one that lasts while it is told.
        let lock = locked(&self.0.run);
        let told = run.upgrade().map(|run| {
            // Whoever was told to end at once is not told to take its time.
            run.send_modify(|told| *told = stop.max(*told));
            run.subscribe()
        });
        drop(lock);
        async move {
            if let Some(mut run) = told {
                while run.changed().await.is_ok() {}
            }
        }
    }
}

impl Inner {
    /// A preview that was made.
    pub(super) fn keep(&self, outcome: PreviewOutcome) {
        self.tally.made(&outcome);
        let mut recent = locked(&self.recent);
        recent.truncate(RECENT - 1);
        recent.push_front(outcome);
    }

    /// For how long no job is to be begun.
    pub(super) fn pause(&self) -> Duration {
        locked(&self.paused_until).saturating_sub(self.clock.now())
    }

    pub(super) fn pause_for(&self, wait: Duration) {
        let until = self.clock.now().saturating_add(wait);
        let mut paused_until = locked(&self.paused_until);
        *paused_until = until.max(*paused_until);
    }
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

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked with it had only noted something.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many previews are kept to be looked at: a few hundred KiB.
const RECENT: usize = 24;
