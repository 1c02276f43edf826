//! One transfer from its first look at the interaction to an outcome that is known.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tracing::{debug, warn};

use super::link::{Broken, Line};
use super::plan::Plan;
use super::session::Surroundings;
use super::trail::About;
use super::value::TransferOutcome;
use crate::error::{Error, Result};
use crate::gateway::wire::transfer_frame;
use crate::gateway::{CODEC_UNSUPPORTED, Gateway, Verdict, is_rate_limit, lost};
use crate::socket::Ending;

/// Carries out `plan`, and tells the audit log and the callback how it ended.
pub(super) async fn run(surroundings: &Surroundings, line: &Line, plan: Plan) -> Result<TransferOutcome> {
    let Surroundings { gateway, audit, caller, .. } = surroundings;
    let started = gateway.clock.now();
    let mut course = Course { surroundings, line, plan: &plan, started, frame: None, retries: 0 };
    let settled = course.negotiate().await;
    let latency = course.latency();
    let about = course.about(settled.as_ref().ok());
    let (status, codec) = match &settled {
        Ok(done) => (done.status.as_str(), Some(done.codec.as_str())),
        Err(Error::TransferRejected { status, .. }) => (status.as_str(), None),
        Err(error) => (error.facts().code, None),
    };
    if let Some(audit) = audit {
        Box::pin(audit.note(about.entry(status, codec, latency))).await;
    }
    let told = match &plan.callback {
        Some(callback) => tokio::select! {
            biased;
            // What is known of the transfer stands, whoever is told.
            () = line.closed() => Err(Error::Cancelled),
            told = Box::pin(caller.tell(callback, "event_id", about.fields(status, codec, latency))) => told,
        },
        None => Ok(()),
    };
    if let Err(error) = &told {
        warn!(interaction = %plan.interaction, %error, "the callback did not arrive");
    }
    let retries = course.retries;
    let done = settled?;
    Ok(TransferOutcome {
        id: done.id,
        interaction: plan.interaction,
        status: done.status,
        codec: done.codec,
        media: done.media,
        latency: latency.unwrap_or_default(),
        retries,
        callback_error: told.err(),
    })
}

/// How far a transfer is.
struct Course<'a> {
    surroundings: &'a Surroundings,
    line: &'a Line,
    plan: &'a Plan,
    started: Duration,
    /// The last frame that was sent.
    frame: Option<Frame>,
    /// How often a frame was sent again or a connection waited for.
    retries: u32,
}

struct Frame {
    id: Arc<str>,
    /// When the first of them was sent.
    first: Duration,
}

/// A frame that was carried out.
struct Done {
    id: String,
    status: String,
    codec: String,
    media: usize,
}

impl Course<'_> {
    async fn negotiate(&mut self) -> Result<Done> {
        if self.plan.check
            && let Some(done) = Box::pin(self.look_first()).await?
        {
            return Ok(done);
        }
        for media in 0..self.plan.media.len() {
            let id = Arc::from(self.plan.frame_id(media));
            if let Some(done) = self.settle(media, &id).await? {
                return Ok(done);
            }
            debug!(frame = %id, "the codecs are not supported");
        }
        Err(self.rejected(CODEC_UNSUPPORTED))
    }

    /// Whether the peer and the interaction are alive; the outcome, where the platform knows it already.
    async fn look_first(&mut self) -> Result<Option<Done>> {
        while let Err(broken) = self.in_time(self.line.ping()).await? {
            match broken {
                Broken::Down(error) => return Err(error),
                Broken::Lost(ending) => self.retry().map_err(|late| late.unwrap_or_else(|| self.broken(&ending)))?,
            }
        }
        let id = &self.plan.interaction;
        let interaction = self.in_time(self.gateway().interaction(id)).await??;
        for media in 0..self.plan.media.len() {
            let frame = self.plan.frame_id(media);
            if let Some(Verdict::Done { status, codec }) = interaction.verdict(&frame) {
                return Ok(Some(self.done(media, &frame, status, codec)));
            }
        }
        if interaction.is_live() {
            return Ok(None);
        }
        Err(Error::InteractionNotActive { interaction: id.clone(), state: interaction.state })
    }

    /// Sends the frame for one of the media until it is known what became of it; nothing when its codecs are not supported.
    async fn settle(&mut self, media: usize, id: &Arc<str>) -> Result<Option<Done>> {
        let text = self.text(media, id)?;
        if let Some(audit) = &self.surroundings.audit {
            let codec = &self.plan.media[media].audio.codec;
            let about = About { frame: Some(id), ..self.about(None) };
            self.in_time(Box::pin(audit.push(about.entry("sending", Some(codec), None)))).await??;
        }
        let now = self.gateway().clock.now();
        let first = self.frame.as_ref().map_or(now, |frame| frame.first);
        self.frame = Some(Frame { id: Arc::clone(id), first });
        // Whether it may have been carried out although nobody says so.
        let mut open = false;
        loop {
            // Where all transfers wait, and most of them nowhere else: one deadline for both limits, no look at the end of the session, of
            // which the link tells whoever asks, and on the heap what few come to.
            let left = self.left();
            let asked = tokio::select! {
                biased;
                asked = self.line.ask(id, text.clone()) => Some(asked),
                () = self.gateway().clock.deadline(left.min(self.plan.frame_timeout)) => None,
            };
            let verdict = match asked {
                Some(Ok(verdict)) => verdict,
                Some(Err(Broken::Down(error))) => return Err(self.unless(open, error)),
                Some(Err(Broken::Lost(ending))) => {
                    open = true;
                    let back = Box::pin(self.come_back(ending)).await;
                    match (Box::pin(self.find_out(id)).await?, back) {
                        (Some(verdict), _) => verdict,
                        (None, Ok(())) => continue,
                        (None, Err(error)) => return Err(self.unless(open, error)),
                    }
                }
                None if left <= self.plan.frame_timeout => return Err(self.timeout(self.plan.within)),
                None => match Box::pin(self.find_out(id)).await? {
                    Some(verdict) => verdict,
                    None => return Err(self.timeout(self.plan.frame_timeout)),
                },
            };
            match verdict {
                Verdict::Done { status, codec } => return Ok(Some(self.done(media, id, status, codec))),
                Verdict::CodecUnsupported => return Ok(None),
                Verdict::Refused(status) => return Err(self.rejected(&status)),
                Verdict::RateLimited => {
                    let refused = Error::RateLimited { attempts: self.retries + 1, retry_after: None, answer: None };
                    if let Err(late) = self.retry() {
                        return Err(self.unless(open, late.unwrap_or(refused)));
                    }
                    let wait = self.gateway().pacer.backoff(self.retries);
                    let wait = wait.ok_or_else(|| self.unless(open, refused))?;
                    self.in_time(self.gateway().clock.sleep(wait)).await?;
                }
            }
        }
    }

    /// Waits for the socket after one that ended; why there is none that we may use.
    async fn come_back(&mut self, mut ending: Ending) -> Result<()> {
        loop {
            self.retry().map_err(|late| late.unwrap_or_else(|| self.broken(&ending)))?;
            match self.in_time(self.line.ping()).await? {
                Ok(()) => return Ok(()),
                Err(Broken::Down(error)) => return Err(error),
                Err(Broken::Lost(again)) => ending = again,
            }
        }
    }

    /// What the platform says became of a frame whose answer did not come.
    async fn find_out(&self, id: &str) -> Result<Option<Verdict>> {
        let interaction = self.in_time(self.gateway().interaction(&self.plan.interaction)).await?;
        Ok(interaction.map_err(|error| self.unless(true, error))?.verdict(id))
    }

    /// What `wait` brings, unless the session is closed or time is up before.
    async fn in_time<T>(&self, wait: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.line.closed() => Err(Error::Cancelled),
            outcome = wait => Ok(outcome),
            () = self.gateway().clock.deadline(self.left()) => Err(self.timeout(self.plan.within)),
        }
    }

    /// Counts one more attempt. Fails with nothing to add when there were enough of them, and with a time-out when time is up.
    fn retry(&mut self) -> Result<(), Option<Error>> {
        if self.retries == RETRIES {
            return Err(None);
        }
        self.retries += 1;
        let waited = self.gateway().clock.now().saturating_sub(self.started);
        if waited >= self.plan.within { Err(Some(self.timeout(waited))) } else { Ok(()) }
    }

    fn text(&self, media: usize, id: &str) -> Result<String> {
        let now = Timestamp::try_from(self.gateway().clock.date())
            .map_err(|error| Error::invalid("timestamp", format!("the clock shows no date: {error}")))?;
        let Plan { interaction, destination, media: all, .. } = self.plan;
        Ok(transfer_frame(id, interaction, destination, &all[media], format_args!("{now:.3}")))
    }

    fn done(&self, media: usize, id: &str, status: String, codec: Option<String>) -> Done {
        let codec = codec.unwrap_or_else(|| self.plan.media[media].audio.codec.clone());
        Done { id: id.to_owned(), status, codec, media }
    }

    fn rejected(&self, status: &str) -> Error {
        let (interaction, id) = (self.plan.interaction.clone(), self.plan.id.clone());
        Error::TransferRejected { interaction, id, status: status.to_owned() }
    }

    fn timeout(&self, waited: Duration) -> Error {
        let (interaction, id) = (self.plan.interaction.clone(), self.plan.id.clone());
        Error::TransferTimeout { interaction, id, waited, sent: self.frame.is_some() }
    }

    /// `error`, unless a frame may have been carried out and this is why nobody says so. A session that was closed says nothing
    /// about it.
    fn unless(&self, open: bool, error: Error) -> Error {
        match error {
            Error::Cancelled => Error::Cancelled,
            source if open => {
                let client_id = self.plan.id.clone();
                Error::Unconfirmed { what: "transfer", client_id, source: Arc::new(source) }
            }
            error => error,
        }
    }

    /// The error that a lost connection is after the last attempt.
    fn broken(&self, ending: &Ending) -> Error {
        let attempts = self.retries + 1;
        match is_rate_limit(ending) {
            true => Error::RateLimited { attempts, retry_after: None, answer: None },
            false => lost(ending, attempts),
        }
    }

    /// Of the time that the transfer may take.
    fn left(&self) -> Duration {
        self.plan.within.saturating_sub(self.gateway().clock.now().saturating_sub(self.started))
    }

    /// Since the first frame.
    fn latency(&self) -> Option<Duration> {
        self.frame.as_ref().map(|frame| self.gateway().clock.now().saturating_sub(frame.first))
    }

    /// `done` is the frame that did it, which may be one of an earlier call.
    fn about<'a>(&'a self, done: Option<&'a Done>) -> About<'a> {
        let frame = done.map(|done| &*done.id).or_else(|| self.frame.as_ref().map(|frame| &*frame.id));
        About { plan: self.plan, frame, retries: self.retries }
    }

    fn gateway(&self) -> &Gateway {
        &self.surroundings.gateway
    }
}

/// As many as the tutorial makes.
const RETRIES: u32 = 3;
