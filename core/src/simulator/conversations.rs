//! Conversations and what is sent in them: `GET /api/v2/conversations/{id}` and `POST .../{id}/messages`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delivery::{Delivery, DeliverySettings, DeliveryStatus};
use super::linked::PostedState;
use super::platform::{Exchange, Platform, Refusal, locked};
use super::sends::{Payload, SentAttachment};
use crate::error::{Error, Result};
use crate::gateway::wire;
use crate::gateway::wire::{CLIENT_ID_HEADER, QueuedMessage, SendMessage};

/// A conversation that is there when the platform starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationSettings {
    /// Its id.
    pub id: String,
    /// Its channel; default `webchat`. An `sms` takes no text/html and no attachment of more than 1 MiB.
    #[serde(default = "webchat")]
    pub channel: String,
    /// Who takes part; nobody by default.
    #[serde(default)]
    pub participants: Vec<ParticipantSettings>,
    /// How many messages its history has to begin with; default 0, at most 1 000 000. They are in the history alone:
    /// not in a read of the conversation and not in [`SimulatorState`](super::SimulatorState).
    #[serde(default)]
    pub history: u64,
}

/// Who takes part in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParticipantSettings {
    /// The address.
    pub id: String,
    /// `agent`, `customer` and so on; who is listed with none may not send either.
    #[serde(default)]
    pub role: Option<String>,
}

/// A conversation, as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConversationState {
    /// Its id.
    pub id: String,
    /// Its channel.
    pub channel: String,
    /// What was sent in it, in order.
    pub messages: Vec<SentMessageState>,
    /// What was posted in the name of the system, in order.
    pub posted: Vec<PostedState>,
}

/// A message of a conversation, as the platform stored it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentMessageState {
    /// `sent-1` and so on, counted over all conversations.
    pub id: String,
    /// The deduplication id it came with.
    pub client_id: String,
    /// Where it is on its way, as the last read of the conversation showed it.
    pub status: DeliveryStatus,
    /// Who sent it.
    pub sender: String,
    /// Who is to read it.
    pub to: Vec<String>,
    /// The type of its content.
    #[serde(rename = "type")]
    pub content_type: String,
    /// What it says.
    pub content: Value,
    /// The files that come with it.
    pub attachments: Vec<SentAttachment>,
}

impl Default for ConversationSettings {
    /// `conversation-1` between an agent and a customer.
    fn default() -> Self {
        let participant =
            |name: &str| ParticipantSettings { id: format!("{name}@example.com"), role: Some(name.to_owned()) };
        Self {
            id: "conversation-1".to_owned(),
            channel: webchat(),
            participants: ["agent", "customer"].map(participant).into(),
            history: 0,
        }
    }
}

impl ConversationSettings {
    /// `name` is what an error calls it.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        let wrong = |field: &str, reason: String| Err(Error::invalid(format!("{name}.{field}"), reason));
        if self.id.is_empty() || RESERVED.contains(&self.id.as_str()) {
            return wrong("id", format!("expected an id that is no part of a path, got {:?}", self.id));
        }
        if self.channel.is_empty() {
            return wrong("channel", "expected a word such as webchat, got an empty one".to_owned());
        }
        if self.history > MAX_HISTORY {
            return wrong("history", format!("expected at most {MAX_HISTORY}, got {}", self.history));
        }
        Ok(())
    }

    /// Whether the platform lets `sender` send: an agent, or somebody whom it does not list.
    pub(super) fn may_send(&self, sender: &str) -> bool {
        let mut listed = self.participants.iter().filter(|participant| participant.id == sender).peekable();
        listed.peek().is_none() || listed.any(|participant| participant.role.as_deref() == Some(AGENT))
    }

    /// Who is listed in the role of an agent.
    pub(super) fn agents(&self) -> impl Iterator<Item = &ParticipantSettings> {
        self.participants.iter().filter(|participant| participant.role.as_deref() == Some(AGENT))
    }
}

fn webchat() -> String {
    "webchat".to_owned()
}

/// All conversations. A send costs the same however many messages there are.
pub(super) struct Conversations {
    all: Vec<Conversation>,
    index: HashMap<String, usize>,
    /// Messages so far, over all conversations.
    sent: usize,
    /// When the platform started, in milliseconds since 1970.
    pub(super) began_ms: i64,
}

/// A conversation.
pub(super) struct Conversation {
    pub(super) settings: Arc<ConversationSettings>,
    pub(super) messages: Vec<Message>,
    pub(super) posted: Vec<PostedState>,
    /// Both of them in the order in which they came.
    pub(super) order: Vec<Entry>,
    by_client_id: HashMap<String, usize>,
    /// How often it was read.
    polls: u64,
}

/// Which message came next.
pub(super) enum Entry {
    Sent(usize),
    Posted(usize),
}

/// A message that was sent.
pub(super) struct Message {
    pub(super) id: String,
    pub(super) payload: Payload,
    pub(super) delivery: Delivery,
    client_id: String,
}

impl Conversations {
    pub(super) fn new(settings: &[ConversationSettings], began_ms: i64) -> Self {
        let index = settings.iter().enumerate().map(|(index, one)| (one.id.clone(), index)).collect();
        let conversation = |one: &ConversationSettings| Conversation {
            settings: Arc::new(one.clone()),
            messages: Vec::new(),
            posted: Vec::new(),
            order: Vec::new(),
            by_client_id: HashMap::new(),
            polls: 0,
        };
        Self { all: settings.iter().map(conversation).collect(), index, sent: 0, began_ms }
    }

    pub(super) fn find(&self, id: &str) -> Option<&Conversation> {
        self.all.get(*self.index.get(id)?)
    }

    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut Conversation> {
        self.all.get_mut(*self.index.get(id)?)
    }

    pub(super) fn states(&self) -> Vec<ConversationState> {
        self.all.iter().map(Conversation::state).collect()
    }

    /// Reads a conversation, which is what moves its messages on.
    fn poll(&mut self, id: &str, now_ms: i64) -> Option<wire::Conversation> {
        self.all.get_mut(*self.index.get(id)?).map(|conversation| conversation.poll(now_ms))
    }

    /// Notes a message; with a known `client_id` it is the one that was noted then.
    fn note(
        &mut self,
        id: &str,
        client_id: &str,
        payload: Payload,
        scripts: &[DeliverySettings],
        now_ms: i64,
    ) -> Option<Noted> {
        let conversation = self.all.get_mut(*self.index.get(id)?)?;
        if let Some(first) = conversation.by_client_id.get(client_id).map(|first| &conversation.messages[*first]) {
            return Some(if first.payload == payload {
                Noted::Same(first.id.clone())
            } else {
                Noted::Other(first.id.clone())
            });
        }
        let script = scripts.get(self.sent).or(scripts.last()).cloned().unwrap_or_default();
        self.sent += 1;
        let message = Message {
            id: format!("sent-{}", self.sent),
            payload,
            delivery: Delivery::new(script, now_ms, conversation.polls),
            client_id: client_id.to_owned(),
        };
        let noted = Noted::Same(message.id.clone());
        conversation.by_client_id.insert(client_id.to_owned(), conversation.messages.len());
        conversation.order.push(Entry::Sent(conversation.messages.len()));
        conversation.messages.push(message);
        Some(noted)
    }
}

/// The id of the message that stands for a deduplication id.
enum Noted {
    /// It says what was sent now.
    Same(String),
    /// It says something else.
    Other(String),
}

impl Conversation {
    fn poll(&mut self, now_ms: i64) -> wire::Conversation {
        self.polls += 1;
        let polls = self.polls;
        let messages = self.messages.iter_mut().map(|Message { id, delivery, .. }| {
            delivery.poll(polls, now_ms);
            wire::ConversationMessage {
                id: id.clone(),
                status: delivery.status().as_str().to_owned(),
                created_timestamp: Some(delivery.created()),
                status_timestamps: delivery.timestamps(),
            }
        });
        let participants = self
            .settings
            .participants
            .iter()
            .map(|one| wire::Participant { from: Some(wire::PartyId { id: one.id.clone() }), role: one.role.clone() });
        wire::Conversation {
            id: self.settings.id.clone(),
            channel_type: self.settings.channel.clone(),
            participants: participants.collect(),
            messages: messages.collect(),
        }
    }

    fn state(&self) -> ConversationState {
        let messages = self.messages.iter().map(|Message { id, payload, delivery, client_id }| SentMessageState {
            id: id.clone(),
            client_id: client_id.clone(),
            status: delivery.status(),
            sender: payload.sender.clone(),
            to: payload.to.clone(),
            content_type: payload.content_type.clone(),
            content: payload.content.clone(),
            attachments: payload.attachments.clone(),
        });
        ConversationState {
            id: self.settings.id.clone(),
            channel: self.settings.channel.clone(),
            messages: messages.collect(),
            posted: self.posted.clone(),
        }
    }
}

/// `GET /api/v2/conversations/{id}`.
pub(super) async fn read(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<wire::Conversation>, Refusal> {
    platform.authorise(&exchange, &headers, READ_SCOPE)?;
    platform.without_body(&exchange, &body)?;
    let read = locked(&platform.conversations).poll(&id, platform.date_ms());
    read.map(Json).ok_or_else(|| exchange.missing("conversation", &id))
}

/// `POST /api/v2/conversations/{id}/messages`.
pub(super) async fn send(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<QueuedMessage>), Refusal> {
    platform.authorise(&exchange, &headers, "conversation:send")?;
    let client_id = headers.get(CLIENT_ID_HEADER).and_then(|value| value.to_str().ok()).filter(|id| !id.is_empty());
    let Some(client_id) = client_id else {
        platform.breach(&exchange, "sent a message without a deduplication id");
        return Err(exchange.bad("a deduplication id is required").field("X-Genesys-Client-Id"));
    };
    let wish: SendMessage = platform.read(&exchange, &headers, &body)?;
    let missing = || exchange.missing("conversation", &id);
    let settings = locked(&platform.conversations).find(&id).ok_or_else(missing)?.settings.clone();
    let has_file = |file: &str| locked(&platform.uploads).file(file).is_some();
    let payload = Payload::parse(wish, &settings, has_file).map_err(|(field, sentence)| {
        platform.breach(&exchange, &sentence);
        exchange.bad(&sentence).field(&field)
    })?;
    let scripts = &platform.settings.deliveries;
    let noted = locked(&platform.conversations).note(&id, client_id, payload, scripts, platform.date_ms());
    let id = match noted.ok_or_else(missing)? {
        Noted::Same(id) => id,
        Noted::Other(id) => {
            platform.breach(&exchange, &format!("sent another message with the deduplication id of {id}"));
            id
        }
    };
    let queued = QueuedMessage { id, status: DeliveryStatus::Queued.as_str().to_owned() };
    Ok((StatusCode::ACCEPTED, Json(queued)))
}

/// What reading a conversation and its history takes.
pub(super) const READ_SCOPE: &str = "conversation:read";

/// The role of who may send.
const AGENT: &str = "agent";

/// Paths that stand where an id does.
const RESERVED: [&str; 2] = ["messages", "messaging"];

/// A minute apart each, that is two years of them.
const MAX_HISTORY: u64 = 1_000_000;
