//! Messages in the name of the system: `POST /api/v2/conversations/messages`.
//!
//! There is no deduplication: what is posted twice is there twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::conversations::Entry;
use super::delivery::rfc3339;
use super::platform::{Exchange, Platform, Refusal, locked};
use crate::gateway::wire::PostMessage;

/// A message that was posted in the name of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostedState {
    /// `posted-1` and so on, counted in each conversation.
    pub id: String,
    /// In whose name.
    pub sender: String,
    /// Who is to read it.
    pub to: Vec<String>,
    /// What it says.
    pub text: String,
    /// What else is kept with it.
    pub metadata: BTreeMap<String, Value>,
    /// When it came.
    #[serde(skip)]
    pub created: String,
}

/// `POST /api/v2/conversations/messages`.
pub(super) async fn post(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    platform.authorise(&exchange, &headers, "conversations:messages:send")?;
    let message: PostMessage = platform.read(&exchange, &headers, &body)?;
    let named = |field: &str| {
        platform.breach(&exchange, &format!("posted a message without {field}"));
        exchange.bad(&format!("{field} is required")).field(field)
    };
    if message.kind != "message" {
        return Err(named("type"));
    }
    if message.text.is_empty() {
        return Err(named("text"));
    }
    let sender = message.from.id.ok_or_else(|| named("from"))?;
    let to: Vec<String> = message.to.into_iter().filter_map(|party| party.id).collect();
    if to.is_empty() {
        return Err(named("to"));
    }
    let created = rfc3339(platform.date_ms());
    let mut conversations = locked(&platform.conversations);
    let missing = || exchange.missing("conversation", &message.conversation_id);
    let conversation = conversations.find_mut(&message.conversation_id).ok_or_else(missing)?;
    let id = format!("posted-{}", conversation.posted.len() + 1);
    conversation.order.push(Entry::Posted(conversation.posted.len()));
    let PostMessage { conversation_id, text, metadata, .. } = message;
    let answer = json!({
        "id": id, "conversationId": conversation_id, "type": "message", "text": text, "metadata": metadata,
        "createdTime": created,
    });
    conversation.posted.push(PostedState { id, sender, to, text, metadata, created });
    Ok(Json(answer))
}
