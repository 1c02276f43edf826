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
use crate::gateway::wire::{TRANSFER, TransferFrame, Triggers};
use crate::gateway::{CODEC_UNSUPPORTED, Gateway, Verdict, is_rate_limit, lost};
use crate::socket::Ending;

/// Carries out `plan`, and tells the audit log and the callback how it ended.
pub(super) async fn run(surroundings: &Surroundings, line: &Line, plan: Plan) -> Result<TransferOutcome> {
    let Surroundings { gateway, audit, caller, .. } = surroundings;
    let started = gateway.clock.now();
    let mut course = Course { surroundings, line, plan: &plan, started, frame: None, retries: 0 };
    let settled = tokio::select! {
        biased;
        settled = Box::pin(course.negotiate()) => Some(settled),
        () = gateway.clock.deadline(plan.within) => None,
    };
    let settled = settled.unwrap_or_else(|| Err(course.timeout(plan.within)));
    let latency = course.latency();
    let about = course.about();
    let (status, codec) = match &settled {
        Ok(done) => (done.status.as_str(), Some(done.codec.as_str())),
        Err(Error::TransferRejected { status, .. }) => (status.as_str(), None),
        Err(error) => (error.facts().code, None),
    };
    if let Some(audit) = audit {
        audit.note(about.entry(status, codec, latency)).await;
    }
    let told = match &plan.callback {
        Some(callback) => caller.tell(callback, about.fields(status, codec, latency)).await,
        None => Ok(()),
    };
    if let Err(error) = &told {
        warn!(interaction = %plan.interaction, %error, "the callback did not arrive");
    }
    let done = settled?;
    Ok(TransferOutcome {
        id: done.id,
        interaction: plan.interaction.clone(),
        status: done.status,
        codec: done.codec,
        media: done.media,
        latency: latency.unwrap_or_default(),
        retries: course.retries,
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
    id: String,
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
            && let Some(done) = self.look_first().await?
        {
            return Ok(done);
        }
        for media in 0..self.plan.media.len() {
            let id = match media {
                0 => self.plan.id.clone(),
                _ => uuid::Uuid::now_v7().to_string(),
            };
            if let Some(done) = self.settle(media, &id).await? {
                return Ok(done);
            }
            debug!(frame = %id, "the codecs are not supported");
        }
        Err(self.rejected(CODEC_UNSUPPORTED))
    }

    /// Whether the peer and the interaction are alive; the outcome, where the platform knows it already.
    async fn look_first(&mut self) -> Result<Option<Done>> {
        while let Err(broken) = self.line.ping().await {
            match broken {
                Broken::Down(error) => return Err(error),
                Broken::Lost(ending) => self.retry().map_err(|late| late.unwrap_or_else(|| self.broken(&ending)))?,
            }
        }
        let Plan { interaction: id, id: frame, resumed, .. } = self.plan;
        let interaction = self.gateway().interaction(id).await?;
        match interaction.verdict(frame) {
            Some(Verdict::Done { status, codec }) => return Ok(Some(self.done(0, frame, status, codec))),
            _ if interaction.is_live() => {}
            // The gateway may know this frame all the same, and says what it did.
            _ if *resumed => {}
            _ => return Err(Error::InteractionNotActive { interaction: id.clone(), state: interaction.state }),
        }
        Ok(None)
    }

    /// Sends the frame for one of the media until it is known what became of it; nothing when its codecs are not supported.
    async fn settle(&mut self, media: usize, id: &str) -> Result<Option<Done>> {
        let text = self.text(media, id)?;
        if let Some(audit) = &self.surroundings.audit {
            let codec = &self.plan.media[media].audio.codec;
            let about = About { frame: Some(id), ..self.about() };
            audit.push(about.entry("sending", Some(codec), None)).await?;
        }
        let now = self.gateway().clock.now();
        let first = self.frame.as_ref().map_or(now, |frame| frame.first);
        self.frame = Some(Frame { id: id.to_owned(), first });
        let mut written = false;
        loop {
            let asked = tokio::select! {
                biased;
                asked = self.line.ask(id, text.clone()) => Some(asked),
                () = self.gateway().clock.deadline(self.plan.frame_timeout) => None,
            };
            let verdict = match asked {
                Some(Ok(verdict)) => verdict,
                Some(Err(Broken::Down(error))) if !written => return Err(error),
                Some(Err(Broken::Down(error))) => return Err(unconfirmed(id, error)),
                Some(Err(Broken::Lost(ending))) => {
                    written = true;
                    if let Some(verdict) = self.find_out(id).await? {
                        verdict
                    } else {
                        self.retry().map_err(|late| unconfirmed(id, late.unwrap_or_else(|| self.broken(&ending))))?;
                        continue;
                    }
                }
                None => match self.find_out(id).await? {
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
                    self.retry().map_err(|late| late.unwrap_or(refused.clone()))?;
                    let wait = self.gateway().pacer.backoff(self.retries).ok_or(refused)?;
                    self.gateway().clock.sleep(wait).await;
                }
            }
        }
    }

    /// What the platform says became of a frame whose answer did not come.
    async fn find_out(&self, id: &str) -> Result<Option<Verdict>> {
        let interaction = self.gateway().interaction(&self.plan.interaction).await;
        Ok(interaction.map_err(|error| unconfirmed(id, error))?.verdict(id))
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
        let frame = TransferFrame {
            kind: TRANSFER.to_owned(),
            id: id.to_owned(),
            interaction_id: self.plan.interaction.clone(),
            destination_uri: self.plan.destination.clone(),
            media_matrix: self.plan.media[media].clone(),
            timestamp: format!("{now:.3}"),
            triggers: Triggers { codec_negotiation: true, format_verification: true },
        };
        Ok(serde_json::to_string(&frame).expect("our own shapes are JSON"))
    }

    fn done(&self, media: usize, id: &str, status: String, codec: Option<String>) -> Done {
        let codec = codec.unwrap_or_else(|| self.plan.media[media].audio.codec.clone());
        Done { id: id.to_owned(), status, codec, media }
    }

    fn rejected(&self, status: &str) -> Error {
        let (interaction, status) = (self.plan.interaction.clone(), status.to_owned());
        Error::TransferRejected { interaction, id: self.frame_id(), status }
    }

    fn timeout(&self, waited: Duration) -> Error {
        let (interaction, id, sent) = (self.plan.interaction.clone(), self.frame_id(), self.frame.is_some());
        Error::TransferTimeout { interaction, id, waited, sent }
    }

    /// The error that a lost connection is after the last attempt.
    fn broken(&self, ending: &Ending) -> Error {
        let attempts = self.retries + 1;
        match is_rate_limit(ending) {
            true => Error::RateLimited { attempts, retry_after: None, answer: None },
            false => lost(ending, attempts),
        }
    }

    fn frame_id(&self) -> String {
        self.frame.as_ref().map_or_else(|| self.plan.id.clone(), |frame| frame.id.clone())
    }

    /// Since the first frame.
    fn latency(&self) -> Option<Duration> {
        self.frame.as_ref().map(|frame| self.gateway().clock.now().saturating_sub(frame.first))
    }

    fn about(&self) -> About<'_> {
        let frame = self.frame.as_ref().map(|frame| frame.id.as_str());
        About { plan: self.plan, frame, retries: self.retries }
    }

    fn gateway(&self) -> &Gateway {
        &self.surroundings.gateway
    }
}

/// The frame may have been carried out, and this is why nobody says so. A session that was closed says nothing about it.
fn unconfirmed(id: &str, error: Error) -> Error {
    match error {
        Error::Cancelled => Error::Cancelled,
        source => Error::Unconfirmed { what: "transfer", client_id: id.to_owned(), source: Arc::new(source) },
    }
}

/// As many as the tutorial makes.
const RETRIES: u32 = 3;
