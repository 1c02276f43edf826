//! The client: each method converts, calls the core, and converts back.

use napi::Env;
use napi::bindgen_prelude::{ClassInstance, PromiseRaw, Unknown};
use napi_derive::napi;

use crate::config::{ClientOptions, from_process_env};
use crate::convert::{Text, argument, options_of};
use crate::errors::{Failed, throwing};
use crate::guest::{Guest, GuestMessageOptions, GuestOptions, SentGuestMessage};
use crate::promise::promise;
use crate::source::Source;
use crate::upload::{UploadOptions, UploadedFile, prepare};

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
        throwing(env, || Self::from_config(options_of::<ClientOptions>(Some(options))?.into_config()))
    }

    /// A client with the settings of `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET`, `GENESYS_SCOPES`,
    /// `GENESYS_ENVIRONMENT` (else `GENESYS_ENV`) and `GENESYS_BASE_URL` in `process.env`, and those given here over them.
    /// Throws `invalid_input` that names all variables that are missing.
    #[napi(factory)]
    pub fn from_env(
        env: &Env,
        #[napi(ts_arg_type = "ClientOptions")] options: Option<Unknown<'_>>,
    ) -> napi::Result<Self> {
        throwing(env, || {
            let options: ClientOptions = options_of(options)?;
            let config = from_process_env(env, &options)?;
            Self::from_config(options.over(config))
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

    /// Ends every call under way and refuses later ones; they reject with `cancelled`.
    #[napi]
    pub fn close(&self) {
        self.core.close();
    }
}

impl Client {
    pub(crate) fn from_config(config: porteur::Config) -> Result<Self, Failed> {
        Ok(Self { core: porteur::Client::new(config)? })
    }
}
