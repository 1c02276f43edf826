//! Interactions: their state, the frames that ask for a transfer, and a ledger of those that were carried out.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::platform::{Exchange, Platform, Refusal, locked};
use crate::gateway::wire::{self, FrameAnswer, InteractionTransfer, TransferFrame};

/// An interaction of the simulated platform.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InteractionSettings {
    /// Its id; default `interaction-1`.
    pub id: String,
    /// `active` (default), `queued`, `completed` or `abandoned`.
    pub state: String,
}

impl Default for InteractionSettings {
    fn default() -> Self {
        Self { id: "interaction-1".to_owned(), state: "active".to_owned() }
    }
}

/// What an interaction has come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InteractionState {
    /// Its id.
    pub id: String,
    /// As in its settings.
    pub state: String,
    /// Every transfer that was carried out: more than one is one too many, unless somebody wanted it.
    pub transfers: Vec<TransferState>,
}

/// A transfer that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransferState {
    /// The id of the frame.
    pub id: String,
    /// Where the interaction went.
    pub destination: String,
    /// What is heard.
    pub codec: String,
}

/// A frame that came on a socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrameState {
    /// Its id.
    pub id: String,
    /// The interaction that it names.
    pub interaction: String,
    /// The codec that it asks for.
    pub codec: String,
    /// The status of the answer, or what came instead: `silence`, `dropped`, `closed`, `bytes`.
    pub outcome: String,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Interactions {
    all: Vec<InteractionState>,
    index: HashMap<String, usize>,
    frames: Vec<FrameState>,
    /// What was done for a frame's id.
    done: HashMap<String, (TransferFrame, FrameAnswer)>,
}

impl Interactions {
    pub(super) fn new(settings: &[InteractionSettings]) -> Self {
        let index = settings.iter().enumerate().map(|(index, one)| (one.id.clone(), index)).collect();
        let all = settings.iter().cloned();
        let all = all.map(|InteractionSettings { id, state }| InteractionState { id, state, transfers: Vec::new() });
        Self { all: all.collect(), index, frames: Vec::new(), done: HashMap::new() }
    }

    pub(super) fn states(&self) -> (Vec<InteractionState>, Vec<FrameState>) {
        (self.all.clone(), self.frames.clone())
    }

    /// Notes a frame and how it was answered.
    pub(super) fn note(&mut self, frame: &TransferFrame, outcome: &str) {
        self.frames.push(FrameState {
            id: frame.id.clone(),
            interaction: frame.interaction_id.clone(),
            codec: frame.media_matrix.audio.codec.clone(),
            outcome: outcome.to_owned(),
        });
    }

    /// Carries out a frame, once; `Err` is a sentence about a frame that says something else under a known id.
    pub(super) fn carry_out(&mut self, frame: &TransferFrame, codecs: &[String]) -> Result<FrameAnswer, String> {
        if let Some((first, answer)) = self.done.get(&frame.id) {
            let same = TransferFrame { timestamp: first.timestamp.clone(), ..frame.clone() } == *first;
            return if same { Ok(answer.clone()) } else { Err(format!("sent another frame with the id {}", frame.id)) };
        }
        let codec = &frame.media_matrix.audio.codec;
        let refuse = |status: &str| FrameAnswer { id: frame.id.clone(), status: status.to_owned(), codec: None };
        let Some(interaction) = self.index.get(&frame.interaction_id).map(|index| &mut self.all[*index]) else {
            return Ok(refuse("interaction_not_found"));
        };
        if !matches!(interaction.state.as_str(), "active" | "queued") {
            return Ok(refuse("interaction_not_active"));
        }
        if !codecs.contains(codec) {
            return Ok(refuse("codec_unsupported"));
        }
        let status = if frame.triggers.codec_negotiation { "codec_negotiated" } else { "transfer_initiated" };
        let answer = FrameAnswer { id: frame.id.clone(), status: status.to_owned(), codec: Some(codec.clone()) };
        interaction.transfers.push(TransferState {
            id: frame.id.clone(),
            destination: frame.destination_uri.clone(),
            codec: codec.clone(),
        });
        self.done.insert(frame.id.clone(), (frame.clone(), answer.clone()));
        Ok(answer)
    }

    fn read(&self, id: &str, tells_transfers: bool) -> Option<wire::Interaction> {
        let interaction = &self.all[*self.index.get(id)?];
        let last = interaction.transfers.last().filter(|_| tells_transfers).and_then(|last| self.done.get(&last.id));
        let transfer = last.map(|(_, FrameAnswer { id, status, codec })| InteractionTransfer {
            id: id.clone(),
            status: status.clone(),
            codec: codec.clone(),
        });
        Some(wire::Interaction { id: interaction.id.clone(), state: interaction.state.clone(), transfer })
    }
}

/// `GET /api/v2/interactions/{id}`.
pub(super) async fn read(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<wire::Interaction>, Refusal> {
    platform.authorise(&exchange, &headers, "interaction:view")?;
    platform.without_body(&exchange, &body)?;
    let read = locked(&platform.interactions).read(&id, platform.settings.tells_transfers);
    read.map(Json).ok_or_else(|| exchange.missing("interaction", &id))
}
