//! What was said so far, page by page: `GET /api/v2/conversations/messages?conversationId=&pageSize=&pageToken=`.
//!
//! Oldest first. Messages from before the platform started are not kept anywhere: they are made up when they are asked
//! for, the same ones every time, in the `text` form of who writes elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use bytes::Bytes;

use super::conversations::{Conversation, Entry, Message, READ_SCOPE};
use super::delivery::{DeliveryStatus, rfc3339};
use super::linked::PostedState;
use super::platform::{Exchange, Platform, Refusal, locked};
use crate::digest::sha256;
use crate::gateway::wire::{HistoryEntity, HistoryPage, Party};

/// `GET /api/v2/conversations/messages`.
pub(super) async fn page(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<HistoryPage>, Refusal> {
    platform.authorise(&exchange, &headers, READ_SCOPE)?;
    platform.without_body(&exchange, &body)?;
    let query = query.unwrap_or_default();
    let query: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let Some(id) = query.get("conversationId").filter(|id| !id.is_empty()) else {
        platform.breach(&exchange, "asked for a history without saying whose");
        return Err(exchange.bad("a conversation is required").field("conversationId"));
    };
    let size = match query.get("pageSize") {
        None => DEFAULT_SIZE,
        Some(text) => text.parse().ok().filter(|size| (1..=MAX_SIZE).contains(size)).ok_or_else(|| {
            exchange.bad(&format!("expected a page of 1 to {MAX_SIZE} messages, got {text}")).field("pageSize")
        })?,
    };
    let conversations = locked(&platform.conversations);
    let conversation = conversations.find(id).ok_or_else(|| exchange.missing("conversation", id))?;
    let history = History { conversation, began_ms: conversations.began_ms };
    let start = match query.get("pageToken") {
        None => 0,
        Some(token) => history
            .start(token)
            .ok_or_else(|| exchange.bad("this page token is not one of this conversation's").field("pageToken"))?,
    };
    Ok(Json(history.page(start, size.min(platform.settings.page_size))))
}

/// A conversation from its first message on.
struct History<'a> {
    conversation: &'a Conversation,
    /// When the platform started, in milliseconds since 1970.
    began_ms: i64,
}

impl History<'_> {
    fn page(&self, start: u64, size: u64) -> HistoryPage {
        let end = start.saturating_add(size).min(self.length());
        let next_page = (end < self.length()).then(|| self.token(end));
        HistoryPage { entities: (start..end).filter_map(|index| self.entity(index)).collect(), next_page }
    }

    fn length(&self) -> u64 {
        self.conversation.settings.history + self.conversation.order.len() as u64
    }

    /// The token of the page that begins with this message. It is bound to the conversation, and says nothing to who
    /// wants to count.
    fn token(&self, start: u64) -> String {
        let mut text = sha256(format!("{} {start}", self.conversation.settings.id).as_bytes()).to_string();
        text.truncate(16);
        format!("{text}-{start:x}")
    }

    /// Where the page of `token` begins; `None` for a token that this conversation never gave.
    fn start(&self, token: &str) -> Option<u64> {
        let start = u64::from_str_radix(token.split_once('-')?.1, 16).ok()?;
        (start < self.length() && self.token(start) == token).then_some(start)
    }

    fn entity(&self, index: u64) -> Option<HistoryEntity> {
        match index.checked_sub(self.conversation.settings.history) {
            None => Some(self.older(index)),
            Some(index) => match self.conversation.order.get(usize::try_from(index).ok()?)? {
                Entry::Sent(index) => self.conversation.messages.get(*index).map(sent),
                Entry::Posted(index) => self.conversation.posted.get(*index).map(posted),
            },
        }
    }

    /// The message `index` of those from before the start, a minute apart from each other.
    fn older(&self, index: u64) -> HistoryEntity {
        let settings = &self.conversation.settings;
        let ago = i64::try_from(settings.history - index).unwrap_or(i64::MAX).saturating_mul(MINUTE_MS);
        let customer = settings.participants.iter().find(|one| !settings.agents().any(|agent| agent.id == one.id));
        HistoryEntity {
            id: format!("older-{}", index + 1),
            from: customer.map(|customer| party(&customer.id)),
            to: settings.agents().map(|agent| party(&agent.id)).collect(),
            content_type: None,
            content: None,
            text: Some(format!("Older message {}", index + 1)),
            status: Some(DeliveryStatus::Delivered.as_str().to_owned()),
            created_time: Some(rfc3339(self.began_ms.saturating_sub(ago))),
            metadata: BTreeMap::new(),
        }
    }
}

fn sent(Message { id, payload, delivery, .. }: &Message) -> HistoryEntity {
    HistoryEntity {
        id: id.clone(),
        from: Some(party(&payload.sender)),
        to: payload.to.iter().map(|one| party(one)).collect(),
        content_type: Some(payload.content_type.clone()),
        content: Some(payload.content.clone()),
        text: None,
        status: Some(delivery.status().as_str().to_owned()),
        created_time: Some(delivery.created()),
        metadata: BTreeMap::new(),
    }
}

fn posted(message: &PostedState) -> HistoryEntity {
    let PostedState { id, sender, to, text, metadata, created } = message;
    HistoryEntity {
        id: id.clone(),
        from: Some(party(sender)),
        to: to.iter().map(|one| party(one)).collect(),
        content_type: None,
        content: None,
        text: Some(text.clone()),
        status: None,
        created_time: Some(created.clone()),
        metadata: metadata.clone(),
    }
}

fn party(id: &str) -> Party {
    Party { id: Some(id.to_owned()), name: None }
}

/// A page when no size is asked for, and the largest one that may be.
const DEFAULT_SIZE: u64 = 25;
pub(super) const MAX_SIZE: u64 = 100;

const MINUTE_MS: i64 = 60_000;
