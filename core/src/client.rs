//! The door: a cheap-to-clone handle whose methods are a few lines into a room each.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

use crate::auth::Tokens;
use crate::config::{Config, Limits};
use crate::error::{Error, Result};
use crate::gateway::Gateway;
use crate::http::{Http, is_loopback};
use crate::message::{Guest, GuestMessage, NewGuest, SentGuestMessage};
use crate::pace::Pacer;
use crate::upload::{Upload, UploadedFile};

/// A connection to the platform: holds the token, the pace and the connections. Clones share them.
///
/// Needs a running tokio runtime when its methods are called.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    gateway: Gateway,
    limits: Limits,
    closed: watch::Sender<bool>,
}

impl Client {
    /// A client; talks to nobody before the first call.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the setting that cannot be used.
    pub fn new(config: Config) -> Result<Self> {
        let platform = config.platform()?;
        config.pace.check()?;
        for (field, value) in
            [("client_id", config.credentials.id.is_empty()), ("client_secret", config.secret_empty())]
        {
            if value {
                return Err(Error::invalid(field, "expected a value, got an empty string"));
            }
        }
        let clock = config.shared_clock();
        let http = Http::new(config.timeouts.connect, is_loopback(&platform.api), clock.clone())?;
        let pacer = Arc::new(Pacer::new(config.pace, clock.clone()));
        let token_url = platform
            .login
            .join("oauth/token")
            .map_err(|error| Error::invalid("base_url", format!("it makes no URL: {error}")))?;
        let tokens = Tokens::new(
            config.credentials,
            token_url,
            http.clone(),
            pacer.clone(),
            clock.clone(),
            config.renew_before,
            config.timeouts.token,
        );
        let gateway = Gateway {
            api: platform.api,
            http,
            pacer,
            tokens,
            clock,
            call: config.timeouts.call,
            stall: config.timeouts.stall,
            allow_plain_http: config.allow_plain_http,
        };
        Ok(Self(Arc::new(Inner { gateway, limits: config.limits, closed: watch::Sender::new(false) })))
    }

    /// Uploads a file in chunks, each with its SHA-256, and answers when the platform confirmed them.
    ///
    /// # Errors
    /// [`Error::InvalidInput`], [`Error::TooLarge`] and [`Error::UnsafeTarget`] before anything is sent, and
    /// [`Error::InvalidInput`] about `size` when a stream turns out to have another length; [`Error::File`] when the source
    /// cannot be read; [`Error::SourceChanged`] when the file changes while it is read; [`Error::ChecksumMismatch`] when
    /// the platform stored something else; [`Error::Expired`] when the upload URL ran out too often. As for every call:
    /// [`Error::Unauthenticated`], [`Error::PermissionDenied`], [`Error::RateLimited`], [`Error::Unavailable`],
    /// [`Error::Network`], [`Error::Protocol`], [`Error::Api`], and [`Error::Cancelled`] when the client is closed.
    ///
    /// # Cancellation
    /// Dropping the future stops sending. What the platform has stays there unnamed; with
    /// [`Upload::journal`] the next call with the same journal goes on where this one stopped.
    pub async fn upload(&self, upload: Upload) -> Result<UploadedFile> {
        self.unless_closed(crate::upload::run(&self.0.gateway, self.0.limits.max_chunk_bytes, upload)).await
    }

    /// Creates a guest, whose token sends messages with [`Client::send_as_guest`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an empty language, and those of every call (see [`Client::upload`]). Not repeated when it may have arrived, since that would be a
    /// second guest: [`Error::Network`] with kind `lost` or `timeout` leaves open whether there is one.
    ///
    /// # Cancellation
    /// A guest that was created meanwhile stays unnamed on the platform.
    pub async fn guest(&self, guest: NewGuest) -> Result<Guest> {
        self.unless_closed(crate::message::create_guest(&self.0.gateway, guest)).await
    }

    /// Sends a message as a guest.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] without a recipient or without text and attachments, [`Error::NotFound`] for an unknown guest,
    /// and those of every call (see [`Client::upload`]). Not repeated when it may have
    /// arrived, since that would be a second message.
    ///
    /// # Cancellation
    /// A message that left is not recalled.
    pub async fn send_as_guest(&self, guest: &Guest, message: GuestMessage) -> Result<SentGuestMessage> {
        self.unless_closed(crate::message::send_as_guest(&self.0.gateway, guest, message)).await
    }

    /// Ends every call under way and refuses later ones with [`Error::Cancelled`], on all clones. A token request that
    /// several calls wait for runs out by itself.
    pub fn close(&self) {
        self.0.closed.send_replace(true);
    }

    async fn unless_closed<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        let mut closed = self.0.closed.subscribe();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Err(Error::Cancelled),
            outcome = call => outcome,
        }
    }
}

impl GuestMessage {
    /// Attaches an uploaded file.
    ///
    /// Here, where rooms are joined: messages know nothing of uploads.
    pub fn attach(self, file: &UploadedFile) -> Self {
        self.attachment(&file.id, &file.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_can_be_moved_to_another_thread() {
        fn moves(_: impl Send) {}
        let client = Client::new(Config::new("id", "secret")).unwrap();
        let guest = Guest::new("guest", "token");
        moves(client.upload(Upload::path("x")));
        moves(client.guest(NewGuest::new("en-US")));
        moves(client.send_as_guest(&guest, GuestMessage::new("hello")));
    }

    #[test]
    fn empty_credentials_are_refused_by_name() {
        let error = Client::new(Config::new("", "secret")).unwrap_err();
        assert_eq!(error.facts().details["field"], "client_id");
        let error = Client::new(Config::new("id", "")).unwrap_err();
        assert_eq!(error.facts().details["field"], "client_secret");
    }
}
