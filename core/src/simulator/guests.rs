//! Guests and what they write: `POST /api/v2/conversations/messaging/guests` and `.../messages`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use bytes::Bytes;
use serde::Serialize;

use super::platform::{Exchange, Platform, Refusal, locked};
use super::tokens::{Holder, check_scope};
use crate::gateway::wire::{CreateGuest, CreatedGuest, SendGuestMessage, SentGuestMessage};

/// A guest, as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuestState {
    /// `guest-1` and so on.
    pub id: String,
    /// The language that was named.
    pub language: String,
    /// What was said about the guest.
    pub metadata: BTreeMap<String, String>,
}

/// A guest's message, as the platform stored it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageState {
    /// `message-1` and so on.
    pub id: String,
    /// Who wrote it.
    pub guest_id: String,
    /// Who is to read it.
    pub to: Vec<String>,
    /// What it says.
    pub text: String,
    /// The files that come with it.
    pub attachments: Vec<AttachmentState>,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachmentState {
    /// The file's id.
    pub id: String,
    /// The name it goes by in this message.
    pub name: String,
}

/// All guests and their messages.
#[derive(Default)]
pub(super) struct Guests {
    pub(super) guests: Vec<GuestState>,
    pub(super) messages: Vec<MessageState>,
}

/// `POST /api/v2/conversations/messaging/guests`.
pub(super) async fn create(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<CreatedGuest>), Refusal> {
    platform.authorise(&exchange, &headers, "messaging:guest")?;
    let guest: CreateGuest = platform.read(&exchange, &headers, &body)?;
    if guest.language.is_empty() {
        return Err(exchange.bad("a language is required").field("language"));
    }
    let id = {
        let mut guests = locked(&platform.guests);
        let id = format!("guest-{}", guests.guests.len() + 1);
        guests.guests.push(GuestState { id: id.clone(), language: guest.language, metadata: guest.metadata });
        id
    };
    let token = format!("{id}-token");
    locked(&platform.tokens).add_guest(token.clone(), id.clone());
    Ok((StatusCode::CREATED, Json(CreatedGuest { id, token })))
}

/// `POST /api/v2/conversations/messaging/messages`.
pub(super) async fn send(
    State(platform): State<Arc<Platform>>,
    Extension(exchange): Extension<Exchange>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<SentGuestMessage>), Refusal> {
    let holder = platform.holder(&exchange, &headers).inspect_err(|_| {
        if locked(&platform.tokens).kind(&headers) == "unknown" {
            platform.breach(&exchange, "sent an unknown guest token");
        }
    })?;
    let message: SendGuestMessage = platform.read(&exchange, &headers, &body)?;
    match &holder {
        Holder::Client { scopes, .. } => check_scope(&exchange, scopes.as_deref(), "messaging:send")?,
        Holder::Guest { id } if *id != message.guest_id => {
            platform.breach(&exchange, "wrote as another guest than the token's");
            return Err(exchange.bad("the token belongs to another guest").field("guestId"));
        }
        Holder::Guest { .. } => {}
    }
    if message.to.is_empty() {
        return Err(exchange.bad("a recipient is required").field("to"));
    }
    for (index, attachment) in message.attachments.iter().enumerate() {
        if locked(&platform.uploads).file(&attachment.id).is_none() {
            let refusal = exchange.bad(&format!("there is no file {}", attachment.id));
            return Err(refusal.field(&format!("attachments[{index}].id")));
        }
    }
    let mut guests = locked(&platform.guests);
    if !guests.guests.iter().any(|guest| guest.id == message.guest_id) {
        return Err(exchange.bad(&format!("there is no guest {}", message.guest_id)).field("guestId"));
    }
    let id = format!("message-{}", guests.messages.len() + 1);
    let attachments = message.attachments.into_iter().map(|file| AttachmentState { id: file.id, name: file.name });
    guests.messages.push(MessageState {
        id: id.clone(),
        guest_id: message.guest_id,
        to: message.to,
        text: message.text,
        attachments: attachments.collect(),
    });
    Ok((StatusCode::CREATED, Json(SentGuestMessage { id })))
}
