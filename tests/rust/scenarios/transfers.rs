//! The steps about sessions and transfers.

use std::time::Duration;

use futures_util::StreamExt as _;
use porteur::{Audio, CONCURRENCY, Callback, Error, MediaMatrix, SessionEvent, Transfer, TransferOutcome, Video};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Stage;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TransferStep {
    interaction: Option<String>,
    destination: Option<String>,
    media: Vec<MediaStep>,
    id: Option<String>,
    frame_timeout_ms: Option<u64>,
    within_ms: Option<u64>,
    check: Option<bool>,
    callback: Option<CallbackStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferManyStep {
    transfers: Vec<TransferStep>,
    concurrency: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MediaStep {
    audio: AudioStep,
    video: Option<VideoStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AudioStep {
    codec: String,
    bandwidth_kbps: u32,
    bit_depth: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VideoStep {
    codec: String,
    resolution: String,
    fps: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackStep {
    /// On the simulator.
    path: Option<String>,
    url: Option<String>,
    method: Option<String>,
}

impl Stage {
    pub(super) async fn connect(&mut self) -> Result<Value, Error> {
        let session = self.client.connect().await?;
        self.events = Some(session.events());
        self.session = Some(session);
        Ok(Value::Null)
    }

    pub(super) async fn close_session(&mut self) -> Result<Value, Error> {
        self.session.as_ref().expect("a session in an earlier step").close().await;
        Ok(Value::Null)
    }

    /// On the session of an earlier step, or in one of its own.
    pub(super) async fn transfer(&self, step: &TransferStep, simulator: &str) -> Result<Value, Error> {
        let transfer = step.transfer(simulator);
        let outcome = match &self.session {
            Some(session) => session.transfer(transfer).await?,
            None => self.client.transfer(transfer).await?,
        };
        Ok(shown(&outcome))
    }

    /// All at once.
    pub(super) async fn transfer_many(&self, step: &TransferManyStep, simulator: &str) -> Result<Value, Error> {
        let session = self.session.as_ref().expect("a session in an earlier step");
        let transfers = step.transfers.iter().map(|step| step.transfer(simulator));
        let outcomes = session.transfer_many(transfers, step.concurrency.unwrap_or(CONCURRENCY)).await?;
        let words = outcomes.into_iter().map(|outcome| match outcome {
            Ok(outcome) => outcome.codec,
            Err(error) => format!("error:{}", error.facts().code),
        });
        Ok(json!({ "codecs": words.collect::<Vec<_>>() }))
    }

    pub(super) async fn take_events(&mut self, count: usize) -> Result<Value, Error> {
        let events = self.events.as_mut().expect("a session in an earlier step");
        let events: Vec<SessionEvent> = events.take(count).collect().await;
        Ok(json!({ "events": events.iter().map(word).collect::<Vec<_>>() }))
    }
}

impl TransferStep {
    fn transfer(&self, simulator: &str) -> Transfer {
        let interaction = self.interaction.as_deref().unwrap_or("interaction-1");
        let mut transfer = Transfer::new(interaction, self.destination.as_deref().unwrap_or("genesys://user/agent-9"));
        transfer.media = self.media.iter().map(MediaStep::matrix).collect();
        transfer.id.clone_from(&self.id);
        let ms = Duration::from_millis;
        transfer.frame_timeout = self.frame_timeout_ms.map_or(transfer.frame_timeout, ms);
        transfer.within = self.within_ms.map_or(transfer.within, ms);
        transfer.check = self.check.unwrap_or(transfer.check);
        transfer.callback = self.callback.as_ref().map(|callback| callback.callback(simulator));
        transfer
    }
}

impl CallbackStep {
    pub(super) fn callback(&self, simulator: &str) -> Callback {
        let url = self.path.as_ref().map(|path| format!("{simulator}{path}")).or(self.url.clone());
        Callback::new(url.expect("a callback has a path or a url"), self.method.as_deref().unwrap_or("POST"))
    }
}

impl MediaStep {
    fn matrix(&self) -> MediaMatrix {
        let mut audio = Audio::new(&self.audio.codec, self.audio.bandwidth_kbps);
        audio.bit_depth = self.audio.bit_depth.unwrap_or(audio.bit_depth);
        let video = self.video.as_ref().map(|video| Video::new(&video.codec, &video.resolution, video.fps));
        MediaMatrix { audio, video }
    }
}

fn shown(outcome: &TransferOutcome) -> Value {
    json!({
        "id": outcome.id, "interaction": outcome.interaction, "status": outcome.status, "codec": outcome.codec,
        "media": outcome.media, "retries": outcome.retries,
        "callback_error": outcome.callback_error.as_ref().map(|error| error.facts().code),
    })
}

/// An event as scenarios write it.
fn word(event: &SessionEvent) -> String {
    match event {
        SessionEvent::Disconnected { code: Some(code), .. } => format!("disconnected {code}"),
        SessionEvent::Frame(frame) => format!("frame {frame}"),
        SessionEvent::Missed(count) => format!("missed {count}"),
        other => other.kind().to_owned(),
    }
}
