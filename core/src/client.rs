//! The door: a cheap-to-clone handle whose methods are a few lines into a room each.

use std::future::Future;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::watch;

use crate::attachment::{AttachmentDirective, AttachmentInfo, Attachments, TransformedAttachment};
use crate::audit::{AuditEntry, AuditLog, AuditReceipt};
use crate::auth::Tokens;
use crate::callback::Caller;
use crate::config::{Config, Limits};
use crate::cores::Cores;
use crate::error::{Error, Result};
use crate::gateway::{Downloads, Gateway};
use crate::http::{Http, is_loopback};
use crate::many::side_by_side;
use crate::message::{
    Attachment, Delivery, Guest, GuestMessage, History, HistoryMessages, Message, Messages, NewGuest, Receipt,
    SentGuestMessage, SentMessage,
};
use crate::pace::Pacer;
#[cfg(feature = "previews")]
use crate::preview::{PreviewWorker, Previews};
use crate::transfer::{GatewayLimits, Session, Surroundings, Transfer, TransferOutcome};
use crate::upload::{Upload, UploadedFile};

/// A connection to the platform: holds the token, the pace and the connections. Clones share them.
///
/// Needs a running tokio runtime when its methods are called.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    gateway: Gateway,
    messages: Messages,
    attachments: Attachments,
    audit: Option<AuditLog>,
    limits: Limits,
    #[cfg(feature = "previews")]
    preview_times: crate::preview::Times,
    /// What sessions take from here.
    surroundings: Surroundings,
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
            download: Downloads { total: config.timeouts.download, stall: config.timeouts.download_stall },
            allow_plain_http: config.allow_plain_http,
        };
        let audit = config.audit.map(|audit| {
            let Gateway { http, pacer, clock, .. } = gateway.clone();
            AuditLog::new(audit, http, pacer, clock, config.timeouts.audit, config.allow_plain_http)
        });
        let audit = audit.transpose()?;
        let messages = Messages::new(gateway.clone(), audit.clone());
        let closed = watch::Sender::new(false);
        if let Some(callback) = &config.transfer_callback {
            callback.parse("transfer_callback", config.allow_plain_http)?;
        }
        let callback = config.attachment_callback;
        let callback = callback.map(|callback| callback.parse("attachment_callback", config.allow_plain_http));
        let limits = config.limits;
        let caller = |timeout| Caller {
            http: gateway.http.clone(),
            pacer: gateway.pacer.clone(),
            clock: gateway.clock.clone(),
            timeout,
        };
        let attachments = Attachments {
            gateway: gateway.clone(),
            audit: audit.clone(),
            callback: callback.transpose()?,
            caller: caller(config.timeouts.attachment_callback),
            limits: limits.media.clone(),
            cores: Cores::all(),
            closed: closed.subscribe(),
        };
        let surroundings = Surroundings {
            gateway: gateway.clone(),
            audit: audit.clone(),
            limits: GatewayLimits {
                max_bandwidth_kbps: limits.max_bandwidth_kbps,
                codecs: limits.codecs.clone(),
                max_fps: limits.max_fps,
            },
            callback: config.transfer_callback,
            caller: caller(config.timeouts.callback),
            ping_timeout: config.timeouts.ping,
            closed: closed.subscribe(),
        };
        Ok(Self(Arc::new(Inner {
            gateway,
            messages,
            attachments,
            audit,
            limits,
            #[cfg(feature = "previews")]
            preview_times: crate::preview::Times {
                connect: config.timeouts.connect,
                download: config.timeouts.download,
                stall: config.timeouts.download_stall,
                publish: config.timeouts.publish,
            },
            surroundings,
            closed,
        })))
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
        let Inner { gateway, audit, limits, .. } = &*self.0;
        self.unless_closed(crate::upload::run(gateway, audit.as_ref(), limits.max_chunk_bytes, upload)).await
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
        self.unless_closed(crate::message::send_as_guest(&self.0.gateway, self.0.audit.as_ref(), guest, message)).await
    }

    /// Sends a message to a conversation, once: a lost answer is asked for again under the same deduplication id.
    ///
    /// The conversation is read first (and remembered for 5 s) to hold the message against its rules; [`Message::check`] leaves
    /// that out. With an audit log the send is in it before the message leaves.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the rule, the field and the value, before anything is sent;
    /// [`Error::NotFound`] for an unknown conversation; [`Error::Unconfirmed`] when the message may be there but no attempt was
    /// answered: send it again with the `client_id` that it names; [`Error::Protocol`] when the platform's first word about it
    /// is not `queued`; [`Error::File`] when the audit log cannot be written; and those of every call (see [`Client::upload`]).
    ///
    /// # Cancellation
    /// A message that left is not recalled. Give a [`Message::client_id`] to be able to send it again as the same one.
    pub async fn send(&self, conversation: &str, message: Message) -> Result<SentMessage> {
        self.unless_closed(self.0.messages.send(conversation, message)).await
    }

    /// Sends many messages, each with its conversation, `concurrency` (1 to 256) at a time; what became of each, in order.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `concurrency`. Whatever goes wrong with one message, as with [`Client::send`], is that
    /// message's outcome and stops no other.
    ///
    /// # Cancellation
    /// Messages that left are not recalled; those whose turn has not come are not sent.
    pub async fn send_many(
        &self,
        messages: impl IntoIterator<Item = (String, Message)>,
        concurrency: usize,
    ) -> Result<Vec<Result<SentMessage>>> {
        // Collected, so that the future holds no iterator of the caller's while it waits.
        let messages: Vec<_> = messages.into_iter().collect();
        side_by_side(
            concurrency,
            messages,
            |(conversation, message)| async move { self.send(&conversation, message).await },
        )
        .await
    }

    /// Waits until `sent` is delivered or read.
    ///
    /// Asks every [`Delivery::interval`] (default 2 s) for at most [`Delivery::within`]. Whoever waits for messages of one
    /// conversation shares the questions. The SLA only marks the receipt; it stops nothing. With an audit log the outcome is in it.
    ///
    /// # Errors
    /// [`Error::DeliveryFailed`] as soon as the platform says so; [`Error::DeliveryTimeout`] when the time passes first, with the
    /// SLA as it stands; [`Error::Protocol`] when a delivered message has no dates; [`Error::NotFound`] for an unknown
    /// conversation, and those of every call (see [`Client::upload`]).
    ///
    /// # Cancellation
    /// Dropping the future stops asking. The message itself is not recalled.
    pub async fn await_delivery(&self, sent: &SentMessage, delivery: &Delivery) -> Result<Receipt> {
        self.unless_closed(self.0.messages.await_delivery(sent, delivery)).await
    }

    /// The messages of a conversation, oldest first, page after page as they are asked for.
    ///
    /// # Errors
    /// The stream's items are errors, and it ends after one: [`Error::InvalidInput`] for a page size or a token that cannot be,
    /// also when the platform refuses it; [`Error::NotFound`] for an unknown conversation; [`Error::Protocol`] for pages that
    /// would never end; and those of every call (see [`Client::upload`]).
    ///
    /// # Cancellation
    /// Dropping the stream stops reading.
    pub fn history(&self, conversation: impl Into<String>, history: History) -> HistoryMessages {
        let client = self.clone();
        let pages = self.0.messages.history(conversation.into(), history);
        // Nothing follows an error, also not the one of a client that was closed.
        let pages = stream::unfold(Some((client, Box::pin(pages))), |reading| async move {
            let (client, mut pages) = reading?;
            let page = client.unless_closed(async { pages.try_next().await }).await.transpose()?;
            let reading = page.is_ok().then_some((client, pages));
            Some((page, reading))
        });
        HistoryMessages::new(pages.map_ok(|page| stream::iter(page).map(Ok)).try_flatten())
    }

    /// What an attachment of a conversation is.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an id that cannot be, [`Error::NotFound`] for an unknown one, [`Error::NotAvailable`] for one that cannot be had
    /// (yet), and those of every call (see [`Client::upload`]).
    ///
    /// # Cancellation
    /// Nothing stays behind.
    pub async fn attachment(&self, id: &str) -> Result<AttachmentInfo> {
        self.unless_closed(self.0.attachments.describe(id)).await
    }

    /// Makes a new attachment of one: described, downloaded, transformed on a thread of its own, uploaded, and patched to say what it
    /// is. Then the callback is made. With an audit log an entry is in it before the upload, before the patch, and at the end.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the field of a directive that breaks a rule, before anything is sent; [`Error::NotFound`],
    /// [`Error::NotAvailable`]; [`Error::Media`] for a type that is not taken, bytes that are not of their type, and a picture that is damaged or
    /// costs too much; [`Error::TooLarge`] for more bytes than [`Limits::media`](crate::Limits::media) allows, which ends the download where that
    /// shows; [`Error::Protocol`] for another length than the one described, and for a redirect that leads to where no bytes are to be had
    /// from. [`Error::Unfinished`] for whatever fails once something is or may be on the platform, also when the client is closed: it
    /// names the ids. [`Error::File`] when the audit log cannot be written; and those of every call (see [`Client::upload`]).
    ///
    /// # Cancellation
    /// What was uploaded stays; the audit log names it, unless its upload was not answered yet. A picture that is being worked on is worked on to
    /// its end.
    pub async fn transform_attachment(&self, directive: AttachmentDirective) -> Result<TransformedAttachment> {
        self.0.attachments.transform(directive).await
    }

    /// Transforms many attachments, `concurrency` (1 to 256) at a time; what became of each, in order. Some download and upload while the pictures
    /// of others are worked on, one a core. So many of their files are in memory at most.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `concurrency`. Whatever goes wrong with one attachment, as with
    /// [`Client::transform_attachment`], is that one's outcome and stops no other.
    ///
    /// # Cancellation
    /// As with [`Client::transform_attachment`]; those whose turn has not come are left alone.
    pub async fn transform_attachments(
        &self,
        directives: impl IntoIterator<Item = AttachmentDirective>,
        concurrency: usize,
    ) -> Result<Vec<Result<TransformedAttachment>>> {
        let directives = directives.into_iter().collect();
        side_by_side(concurrency, directives, |directive| self.transform_attachment(directive)).await
    }

    /// Opens a session on the platform's socket, which many transfers share.
    ///
    /// # Errors
    /// Those of every call (see [`Client::upload`]), before anything is sent on the socket: [`Error::Unauthenticated`],
    /// [`Error::PermissionDenied`] without the scope for it, [`Error::Network`] with kind `tls` for a certificate or a TLS version that is
    /// not acceptable.
    ///
    /// # Cancellation
    /// A socket that was opened meanwhile is closed.
    pub async fn connect(&self) -> Result<Session> {
        self.unless_closed(Session::open(self.0.surroundings.clone())).await
    }

    /// Transfers one interaction in a session of its own. For more than one, [`Client::connect`] once and
    /// [`Session::transfer`] on it.
    ///
    /// # Errors
    /// Those of [`Client::connect`] and [`Session::transfer`].
    ///
    /// # Cancellation
    /// A frame that left is not recalled. Give a [`Transfer::id`] to be able to find out what became of it.
    pub async fn transfer(&self, transfer: Transfer) -> Result<TransferOutcome> {
        crate::transfer::alone(self.0.surroundings.clone(), transfer).await
    }

    /// A worker that makes previews of attachments and links them into their conversations. Opens its queue, and makes nothing before
    /// [`PreviewWorker::run`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the setting that cannot be, also when PDFs are to be worked on in a child process and no
    /// program is known for it ([`be_media_child`](crate::be_media_child)); [`Error::Queue`] when the queue cannot be opened;
    /// [`Error::File`] about the spool.
    #[cfg(feature = "previews")]
    pub fn previews(&self, previews: Previews) -> Result<PreviewWorker> {
        let Inner { gateway, messages, audit, preview_times, closed, .. } = &*self.0;
        let surroundings = crate::preview::Surroundings {
            gateway: gateway.clone(),
            messages: messages.clone(),
            audit: audit.clone(),
            times: preview_times.clone(),
            closed: closed.subscribe(),
        };
        crate::preview::open(surroundings, previews)
    }

    /// Writes an entry of the caller's own into the audit log, and answers when it is there.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `audit` when the client has no audit log, about `kind` or a field that cannot be;
    /// [`Error::TooLarge`] for an entry over 64 KiB; [`Error::Unavailable`] when the log is full and
    /// [`WhenFull::Fail`](crate::WhenFull::Fail) was chosen; [`Error::File`] when it cannot be written.
    ///
    /// # Cancellation
    /// The entry is in the log or it is not, never half.
    pub async fn record(&self, entry: AuditEntry) -> Result<AuditReceipt> {
        let Some(audit) = &self.0.audit else {
            return Err(Error::invalid("audit", "expected a client with an audit log, got one without"));
        };
        self.unless_closed(audit.push(entry)).await
    }

    /// Posts whatever the audit endpoint has not acknowledged yet. Nothing to do without an audit log.
    ///
    /// # Errors
    /// Why the endpoint did not take it; the entries stay in the log, and are posted later.
    ///
    /// # Cancellation
    /// What was acknowledged is not posted again.
    pub async fn flush_audit(&self) -> Result<()> {
        match &self.0.audit {
            Some(audit) => self.unless_closed(audit.flush()).await,
            None => Ok(()),
        }
    }

    /// Ends every call under way and refuses later ones with [`Error::Cancelled`], on all clones. Then the audit log is signed
    /// and posted, for at most [`Audit::drain`](crate::Audit::drain); what the endpoint does not take stays in the file for the
    /// next client, with a warning in the log of the program. A token request that several calls wait for runs out by itself.
    ///
    /// # Cancellation
    /// The client is closed when this returns, polled or not; what is left of the audit log stays in its file.
    pub fn close(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.closed.send_replace(true);
        let audit = self.0.audit.clone();
        async move {
            if let Some(audit) = audit {
                audit.close().await;
            }
        }
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

impl Message {
    /// Attaches an uploaded file. One whose type was not named at the upload goes by its name.
    pub fn attach(self, file: &UploadedFile) -> Self {
        let attachment = Attachment::file(&file.id, &file.name);
        self.attachment(match file.content_type.as_str() {
            UNNAMED_TYPE => attachment,
            named => attachment.content_type(named),
        })
    }
}

/// What an upload is when nobody says more.
const UNNAMED_TYPE: &str = "application/octet-stream";

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
        moves(client.send("conversation", Message::text("hello")));
        moves(client.send_many([], 1));
        let sent = SentMessage::new("conversation", "message");
        moves(client.await_delivery(&sent, &Delivery::default()));
        moves(client.history("conversation", History::default()));
        moves(client.attachment("attachment"));
        moves(client.transform_attachment(AttachmentDirective::new("attachment", crate::Format::Png, 2, 2)));
        moves(client.transform_attachments([], 1));
        moves(client.connect());
        moves(client.transfer(Transfer::new("interaction", "genesys://user/1")));
        moves(client.record(AuditEntry::new("note")));
        moves(client.flush_audit());
        moves(client.close());
    }

    #[test]
    fn empty_credentials_are_refused_by_name() {
        let error = Client::new(Config::new("", "secret")).unwrap_err();
        assert_eq!(error.facts().details["field"], "client_id");
        let error = Client::new(Config::new("id", "")).unwrap_err();
        assert_eq!(error.facts().details["field"], "client_secret");
    }
}
