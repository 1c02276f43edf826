//! The client: each method converts, calls the core, and converts back.

use futures_util::FutureExt as _;
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, Object, PromiseRaw, Unknown};
use napi_derive::napi;

use crate::attachment::{AttachmentInfo, TransformedAttachment, directive};
use crate::audit::{AuditReceipt, CallOptions};
use crate::config::{ClientOptions, from_process_env};
use crate::convert::{Members, Text, argument, options_of};
use crate::delivery::{DeliveryOptions, MessageReference, Receipt};
use crate::errors::{Failed, throwing};
use crate::guest::{Guest, GuestMessageOptions, GuestOptions, SentGuestMessage};
use crate::history::{HistoryOptions, HistoryReading};
use crate::many::{Many, ManyOptions};
use crate::message::{MessageOptions, SentMessage, addressed};
use crate::previews::PreviewWorker;
use crate::promise::{promise, promise_with, settled};
use crate::session::Session;
use crate::source::Source;
use crate::transfer::{TransferOptions, TransferOutcome};
use crate::upload::{UploadOptions, UploadedFile, prepare};
use crate::{hooks, json};

/// A connection to the platform: holds the token, the pace and the connections.
#[napi]
pub struct Client {
    core: porteur::Client,
}

#[napi]
impl Client {
    /// A client; talks to nobody before the first call. Throws `invalid_input` for a setting that cannot be used.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        #[napi(ts_arg_type = "ClientOptions & { clientId: string, clientSecret: string }")] options: Unknown<'_>,
    ) -> napi::Result<Self> {
        throwing(env, || Self::from_config(options_of::<ClientOptions>(Some(options))?.into_config()?))
    }

    /// A client with the settings of `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET`, `GENESYS_SCOPES`,
    /// `GENESYS_ENVIRONMENT` (else `GENESYS_ENV`) and `GENESYS_BASE_URL`, for an audit trail `PORTEUR_AUDIT_FILE`,
    /// `PORTEUR_AUDIT_SECRET` and `PORTEUR_AUDIT_ENDPOINT`, for the callback of transfers `MEDIA_SERVER_WEBHOOK` and for
    /// that of attachments `EXTERNAL_ASSET_CALLBACK_URL`, in `process.env`, and those given here over them. Throws `invalid_input` that names all variables that are
    /// missing.
    #[napi(factory)]
    pub fn from_env(
        env: &Env,
        #[napi(ts_arg_type = "ClientOptions")] options: Option<Unknown<'_>>,
    ) -> napi::Result<Self> {
        throwing(env, || {
            let options: ClientOptions = options_of(options)?;
            let config = from_process_env(env, &options)?;
            Self::from_config(options.over(config)?)
        })
    }

    /// Uploads a file in chunks, each with its SHA-256, and answers when the platform confirmed them.
    ///
    /// The source is a path or `file:` URL, bytes (copied once), or a `Readable`, a `ReadableStream` or any iterable of
    /// `Uint8Array` with its `size`; of those one piece is held at a time besides the chunks under way, and they are
    /// closed when the upload ends early. What an iterable throws is what this rejects with.
    ///
    /// An abort stops sending. What the platform has stays there unnamed; with a `journal` the next call with the same
    /// journal goes on where this one stopped.
    #[napi]
    pub fn upload<'env>(
        &self,
        env: &'env Env,
        #[napi(
            ts_arg_type = "string | URL | Uint8Array | NodeJS.ReadableStream | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Iterable<Uint8Array>"
        )]
        source: Unknown<'env>,
        #[napi(ts_arg_type = "UploadOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, UploadedFile>> {
        let client = self.core.clone();
        promise(
            env,
            || {
                let mut options: UploadOptions<'env> = options_of(options)?;
                let signal = options.signal.take();
                Ok((signal, prepare(client, Source::open(env, source)?, options)?))
            },
            UploadedFile::from,
        )
    }

    /// Creates a guest, whose token sends messages with `sendAsGuest`. `language` is a BCP 47 tag, as in `en-US`.
    ///
    /// Not repeated when it may have arrived, since that would be a second guest. After an abort a guest that was
    /// created meanwhile stays unnamed on the platform.
    #[napi]
    pub fn guest<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string")] language: Unknown<'env>,
        #[napi(ts_arg_type = "GuestOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Guest>> {
        let client = self.core.clone();
        promise(
            env,
            || {
                let language: Text = argument("language", language)?;
                let mut options: GuestOptions<'env> = options_of(options)?;
                let signal = options.signal.take();
                let guest = options.new_guest(language);
                Ok((signal, async move { Ok(client.guest(guest).await?) }))
            },
            Guest::from,
        )
    }

    /// Sends a message as a guest. Not repeated when it may have arrived; an abort does not recall it.
    #[napi]
    pub fn send_as_guest<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "Guest")] guest: Unknown<'env>,
        #[napi(ts_arg_type = "GuestMessageOptions")] message: Unknown<'env>,
    ) -> napi::Result<PromiseRaw<'env, SentGuestMessage>> {
        let client = self.core.clone();
        promise(
            env,
            || {
                let guest = argument::<ClassInstance<'env, Guest>>("guest", guest)
                    .map_err(|_| Failed::invalid("guest", "expected a Guest"))?
                    .core
                    .clone();
                let mut message: GuestMessageOptions<'env> = options_of(Some(message))?;
                let signal = message.signal.take();
                let message = message.guest_message()?;
                Ok((signal, async move { Ok(client.send_as_guest(&guest, message).await?) }))
            },
            SentGuestMessage::from,
        )
    }

    /// Sends a message to a conversation, once: a lost answer is asked for again under the same deduplication id.
    ///
    /// The conversation is read first (and remembered for 5 s) to hold the message against its rules. With an audit log
    /// the send is in it before the message leaves. Rejects with `unconfirmed` when the message may be there but no
    /// attempt was answered: send it again with the `client_id` in the error's `details`. An abort does not recall a
    /// message that left.
    #[napi]
    pub fn send<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string")] conversation: Unknown<'env>,
        #[napi(ts_arg_type = "MessageOptions")] message: Unknown<'env>,
    ) -> napi::Result<PromiseRaw<'env, SentMessage>> {
        let client = self.core.clone();
        promise(
            env,
            || {
                let conversation: Text = argument("conversation", conversation)?;
                let mut message: MessageOptions<'env> = options_of(Some(message))?;
                let signal = message.signal.take();
                let message = message.message(env)?;
                Ok((signal, async move { Ok(client.send(&conversation.0, message).await?) }))
            },
            SentMessage::from,
        )
    }

    /// Sends many messages, each with its conversation, some at a time; answers as `Promise.allSettled` what became of
    /// each, in order.
    ///
    /// Whatever goes wrong with one message, as with `send`, is that message's outcome and stops no other. An abort
    /// does not recall messages that left; those whose turn has not come are not sent.
    #[napi(ts_return_type = "Promise<Array<import('./index').SendOutcome>>")]
    pub fn send_many<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "Array<import('./index').OutgoingMessage>")] messages: Unknown<'env>,
        #[napi(ts_arg_type = "ManyOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Vec<Object<'env>>>> {
        let client = self.core.clone();
        promise_with(
            env,
            || {
                let mut options: ManyOptions<'env> = options_of(options)?;
                let (signal, concurrency) = (options.signal.take(), options.concurrency());
                let many = Many::read(env, "messages", messages, addressed)?;
                let sending = many.done(move |messages| async move { client.send_many(messages, concurrency).await });
                Ok((signal, sending))
            },
            |env, call, outcomes| {
                let sent = |outcome| settled(env, call, outcome, |message| Ok(SentMessage::from(message)));
                outcomes.into_iter().map(sent).collect()
            },
        )
    }

    /// Waits until a message is delivered or read.
    ///
    /// Whoever waits for messages of one conversation shares the questions. Rejects with `delivery_failed` as soon as
    /// the platform says so, and with `delivery_timeout` when the time passes first. With an audit log the outcome is
    /// in it. An abort stops asking and does not recall the message.
    #[napi]
    pub fn await_delivery<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "SentMessage | MessageReference")] sent: Unknown<'env>,
        #[napi(ts_arg_type = "DeliveryOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Receipt>> {
        let client = self.core.clone();
        promise(
            env,
            || {
                let sent = argument::<Members<MessageReference>>("sent", sent)?.0.sent();
                let mut options: DeliveryOptions<'env> = options_of(options)?;
                let signal = options.signal.take();
                let delivery = options.delivery();
                Ok((signal, async move { Ok(client.await_delivery(&sent, &delivery).await?) }))
            },
            Receipt::from,
        )
    }

    /// The messages of a conversation, oldest first: `for await (const message of client.history(conversation))`.
    ///
    /// A page is read when its first message is asked for, and nobody is asked before that; leaving the loop stops
    /// reading. What goes wrong is thrown in the loop, and ends it.
    #[napi(ts_return_type = "AsyncGenerator<HistoryMessage, void, undefined>")]
    pub fn history<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string")] conversation: Unknown<'env>,
        #[napi(ts_arg_type = "HistoryOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<Unknown<'env>> {
        throwing(env, || {
            let conversation: Text = argument("conversation", conversation)?;
            let mut options: HistoryOptions<'env> = options_of(options)?;
            let signal = options.signal.take();
            let reading = HistoryReading::from(self.core.history(conversation.0, options.history()));
            Ok(hooks::call(env, "iterate", (reading, signal))?)
        })
    }

    /// Opens a session on the platform's socket, which many transfers share.
    ///
    /// After an abort a socket that was opened meanwhile is closed.
    #[napi]
    pub fn connect<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Session>> {
        let client = self.core.clone();
        promise(
            env,
            || {
                let CallOptions { signal } = options_of(options)?;
                Ok((signal, async move { Ok(client.connect().await?) }))
            },
            Session::from,
        )
    }

    /// Transfers one interaction in a session of its own, as `session.transfer` does in a shared one. An abort does not
    /// recall a frame that left: give an `id` to be able to find out what became of it.
    #[napi(ts_return_type = "Promise<TransferOutcome>")]
    pub fn transfer<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string")] interaction: Unknown<'env>,
        #[napi(ts_arg_type = "string")] destination: Unknown<'env>,
        #[napi(ts_arg_type = "TransferOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, TransferOutcome<'env>>> {
        let client = self.core.clone();
        promise_with(
            env,
            || {
                let interaction: Text = argument("interaction", interaction)?;
                let destination: Text = argument("destination", destination)?;
                let mut options: TransferOptions<'env> = options_of(options)?;
                let signal = options.signal.take();
                let transfer = options.transfer(interaction, destination);
                Ok((signal, async move { Ok(client.transfer(transfer).await?) }))
            },
            TransferOutcome::of,
        )
    }

    /// What an attachment of a conversation is. Rejects with `not_found`, and with `not_available` for one that cannot be
    /// had (yet).
    #[napi]
    pub fn attachment<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string")] id: Unknown<'env>,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, AttachmentInfo>> {
        let client = self.core.clone();
        promise(
            env,
            || {
                let id: Text = argument("id", id)?;
                let CallOptions { signal } = options_of(options)?;
                Ok((signal, async move { Ok(client.attachment(&id.0).await?) }))
            },
            AttachmentInfo::from,
        )
    }

    /// Makes a new attachment of one: downloads it, transforms it, uploads the result, and says what it is. Then the
    /// callback is made. With an audit log an entry is in it before the upload, before the patch, and at the end.
    ///
    /// Rejects with `invalid_input` for a directive that breaks a rule, before anything is sent; with `not_available`;
    /// with `media` for a type that is not taken, bytes that are not of their type, and a picture that is damaged or
    /// costs too much; with `protocol` for another length than the one described; and with `unfinished` for whatever
    /// fails once something is or may be on the platform: its `details.uploaded` names the ids. After an abort what was
    /// uploaded stays; the audit log names it.
    #[napi(ts_return_type = "Promise<TransformedAttachment>")]
    pub fn transform_attachment<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "import('./index').AttachmentDirective")] wish: Unknown<'env>,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, TransformedAttachment<'env>>> {
        let client = self.core.clone();
        promise_with(
            env,
            || {
                let directive = directive(env, wish)?;
                let CallOptions { signal } = options_of(options)?;
                Ok((signal, async move { Ok(client.transform_attachment(directive).await?) }))
            },
            TransformedAttachment::of,
        )
    }

    /// Transforms many attachments, some at a time; answers as `Promise.allSettled` what became of each, in order.
    ///
    /// Some are downloaded and uploaded while the pictures of others are worked on, one a core. Whatever goes wrong with
    /// one is that one's outcome and stops no other. After an abort what was uploaded stays; those whose turn has not
    /// come are left alone.
    #[napi(ts_return_type = "Promise<Array<import('./index').SettledAttachment>>")]
    pub fn transform_attachments<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "Array<import('./index').AttachmentDirective>")] directives: Unknown<'env>,
        #[napi(ts_arg_type = "ManyOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Vec<Object<'env>>>> {
        let client = self.core.clone();
        promise_with(
            env,
            || {
                let mut options: ManyOptions<'env> = options_of(options)?;
                let (signal, concurrency) = (options.signal.take(), options.concurrency());
                let many = Many::read(env, "directives", directives, directive)?;
                let going =
                    many.done(move |wishes| async move { client.transform_attachments(wishes, concurrency).await });
                Ok((signal, going))
            },
            |env, call, outcomes| {
                let done = |outcome| settled(env, call, outcome, |done| TransformedAttachment::of(env, call, done));
                outcomes.into_iter().map(done).collect()
            },
        )
    }

    /// A worker that makes previews of attachments and links them into their conversations. Opens its queue, and makes nothing
    /// before `run`.
    ///
    /// Throws `invalid_input` for a setting that cannot be, `queue` when the queue cannot be opened, and `file` about the spool.
    #[napi]
    pub fn previews(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "PreviewsOptions")] options: Option<Unknown<'_>>,
    ) -> napi::Result<PreviewWorker> {
        PreviewWorker::open(env, &self.core, options)
    }

    /// Writes an entry of your own into the audit log, and answers when it is there.
    ///
    /// Rejects with `invalid_input` about `audit` when the client has no audit log. After an abort the entry is there
    /// or it is not, never half.
    #[napi]
    pub fn record<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string")] kind: Unknown<'env>,
        #[napi(ts_arg_type = "object")] fields: Unknown<'env>,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, AuditReceipt>> {
        let client = self.core.clone();
        promise(
            env,
            || {
                let kind: Text = argument("kind", kind)?;
                let fields = json::members(env, "fields", fields)?;
                let CallOptions { signal } = options_of(options)?;
                let entry = porteur::AuditEntry { kind: kind.0, fields };
                Ok((signal, async move { Ok(client.record(entry).await?) }))
            },
            AuditReceipt::from,
        )
    }

    /// Posts whatever the audit endpoint has not acknowledged yet; rejects with why it did not take it. Nothing to do
    /// without an audit log.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn flush_audit<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, ()>> {
        let client = self.core.clone();
        promise(
            env,
            || {
                let CallOptions { signal } = options_of(options)?;
                Ok((signal, async move { Ok(client.flush_audit().await?) }))
            },
            |()| (),
        )
    }

    /// Ends every call under way and refuses later ones, at once; they reject with `cancelled`. Then the audit log is
    /// signed and posted, for at most `drainMs`; what the endpoint does not take stays in the file for the next client.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        let closing = self.core.close();
        promise(env, || Ok((None, closing.map(Ok))), |()| ())
    }
}

impl Client {
    pub(crate) fn from_config(config: porteur::Config) -> Result<Self, Failed> {
        Ok(Self { core: porteur::Client::new(config)? })
    }
}
