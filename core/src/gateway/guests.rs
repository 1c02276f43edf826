//! Guests and what they say. Source: docs/platform.md, "Guests".

use reqwest::Method;

use super::wire::{CreateGuest, CreatedGuest, SendGuestMessage, SentGuestMessage};
use super::{Endpoint, Gateway};
use crate::error::Result;
use crate::pace::Repeat;

impl Gateway {
    /// Creates a guest.
    pub(crate) async fn create_guest(&self, guest: &CreateGuest) -> Result<CreatedGuest> {
        self.ask(&CREATE, "")?.json(guest).as_client().await
    }

    /// Sends a message with the guest's token, or with the client's when there is none.
    pub(crate) async fn send_guest_message(
        &self,
        message: &SendGuestMessage,
        guest_token: Option<&str>,
    ) -> Result<SentGuestMessage> {
        let call = self.ask(&SEND, &message.guest_id)?.json(message);
        match guest_token {
            Some(token) => call.as_guest(token).await,
            None => call.as_client().await,
        }
    }
}

const CREATE: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v2/conversations/messaging/guests",
    repeat: Repeat::OnlyIfUnsent,
    success: &[201, 200],
    what: "guest",
    hint: "scope messaging:guest",
};

const SEND: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v2/conversations/messaging/messages",
    repeat: Repeat::OnlyIfUnsent,
    success: &[201, 200],
    what: "guest",
    hint: "scope messaging:send",
};
