//! What a client is made from.

use napi::Env;
use napi::bindgen_prelude::{JsObjectValue as _, Object};
use napi_derive::napi;
use porteur::Config;

use crate::audit::AuditOptions;
use crate::convert::{CallbackOf, Flag, List, Members, Text, Whole, texts};
use crate::errors::Failed;
use crate::media::MediaLimits;

/// Settings of a client. What is left out is as the core has it.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ClientOptions {
    /// The id of an OAuth client with the client-credentials grant.
    #[napi(ts_type = "string")]
    pub client_id: Option<Text>,
    /// Its secret.
    #[napi(ts_type = "string")]
    pub client_secret: Option<Text>,
    /// A domain of the platform, or its AWS region. Default `mypurecloud.com`.
    #[napi(ts_type = "string")]
    pub environment: Option<Text>,
    /// One host for everything, instead of the environment's three.
    #[napi(ts_type = "string")]
    pub base_url: Option<Text>,
    /// The scopes to ask for. Default: what the client's roles give.
    #[napi(ts_type = "string[]")]
    pub scopes: Option<List<Text>>,
    /// Whether tokens and bytes may travel unencrypted to a host that is not this machine. Default `false`.
    #[napi(ts_type = "boolean")]
    pub allow_plain_http: Option<Flag>,
    /// How long before expiry a token is renewed; at most half of its life. Default 120 000.
    #[napi(ts_type = "number")]
    pub renew_before_ms: Option<Whole>,
    /// How often and how fast we knock.
    #[napi(ts_type = "Pace")]
    pub pace: Option<Members<Pace>>,
    /// How long we wait for an answer.
    #[napi(ts_type = "Timeouts")]
    pub timeouts: Option<Members<Timeouts>>,
    /// How much we take on.
    #[napi(ts_type = "Limits")]
    pub limits: Option<Members<Limits>>,
    /// Where an audit trail is kept. Default nowhere.
    #[napi(ts_type = "AuditOptions")]
    pub audit: Option<Members<AuditOptions>>,
    /// Whom to tell how transfers ended, or the URL for a POST. Default nobody.
    #[napi(ts_type = "string | CallbackOptions")]
    pub transfer_callback: Option<CallbackOf>,
    /// Whom to tell of an attachment that was transformed, or the URL for a POST. Default nobody.
    #[napi(ts_type = "string | CallbackOptions")]
    pub attachment_callback: Option<CallbackOf>,
}

/// How often a call is tried, how long it may take, and how many may leave.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct Pace {
    /// How often a call is tried in all. Default 4.
    #[napi(ts_type = "number")]
    pub attempts: Option<Whole>,
    /// The first backoff is drawn from 0 to this; the bound doubles with every attempt. Default 500.
    #[napi(ts_type = "number")]
    pub base_ms: Option<Whole>,
    /// The bound stops growing here. Default 30 000.
    #[napi(ts_type = "number")]
    pub cap_ms: Option<Whole>,
    /// The time for all attempts of one call and the waits between them. Default 120 000.
    #[napi(ts_type = "number")]
    pub budget_ms: Option<Whole>,
    /// Platform calls a minute; storage is not counted. Default 300.
    #[napi(ts_type = "number")]
    pub per_minute: Option<Whole>,
    /// How many of them may leave at once after a quiet time. Default 30.
    #[napi(ts_type = "number")]
    pub burst: Option<Whole>,
    /// Server faults in a row after which a host is left alone. Default 5.
    #[napi(ts_type = "number")]
    pub breaker_after: Option<Whole>,
    /// For how long. Default 30 000.
    #[napi(ts_type = "number")]
    pub breaker_pause_ms: Option<Whole>,
}

/// How long we wait for an answer.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct Timeouts {
    /// For a connection. Default 5000.
    #[napi(ts_type = "number")]
    pub connect_ms: Option<Whole>,
    /// For a token. Default 10 000.
    #[napi(ts_type = "number")]
    pub token_ms: Option<Whole>,
    /// For a JSON call in all. Default 15 000.
    #[napi(ts_type = "number")]
    pub call_ms: Option<Whole>,
    /// For a storage PUT without progress; there is no limit in all. Default 30 000.
    #[napi(ts_type = "number")]
    pub stall_ms: Option<Whole>,
    /// For a batch of the audit log in all. Default 10 000.
    #[napi(ts_type = "number")]
    pub audit_ms: Option<Whole>,
    /// For the answer to a ping on a socket. Default 3000.
    #[napi(ts_type = "number")]
    pub ping_ms: Option<Whole>,
    /// For one attempt at the callback of a transfer. Default 5000.
    #[napi(ts_type = "number")]
    pub callback_ms: Option<Whole>,
    /// For one attempt at the callback of an attachment. Default 10 000.
    #[napi(ts_type = "number")]
    pub attachment_callback_ms: Option<Whole>,
    /// For the bytes of an attachment, each attempt and each redirect by itself. Default 30 000.
    #[napi(ts_type = "number")]
    pub download_ms: Option<Whole>,
    /// For the bytes of an attachment without a byte that comes. Default 10 000.
    #[napi(ts_type = "number")]
    pub download_stall_ms: Option<Whole>,
    /// For one attempt at putting a preview where it is to be had. Default 15 000.
    #[napi(ts_type = "number")]
    pub publish_ms: Option<Whole>,
}

/// How much we take on.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct Limits {
    /// The largest chunk that is held in memory for a source that cannot be read again, in bytes. Default 64 MiB.
    #[napi(ts_type = "number")]
    pub max_chunk_bytes: Option<Whole>,
    /// The most kbit/s of a transfer's sound that the media gateway takes. Default 128.
    #[napi(ts_type = "number")]
    pub max_bandwidth_kbps: Option<Whole>,
    /// The codecs that the media gateway knows. Default opus, g722 and pcmu.
    #[napi(ts_type = "string[]")]
    pub codecs: Option<List<Text>>,
    /// The most pictures a second of a transfer that the media gateway takes. Default 30.
    #[napi(ts_type = "number")]
    pub max_fps: Option<Whole>,
    /// What the picture of an attachment may cost.
    #[napi(ts_type = "MediaLimits")]
    pub media: Option<Members<MediaLimits>>,
}

impl ClientOptions {
    /// The settings of the caller alone.
    pub(crate) fn into_config(mut self) -> Result<Config, Failed> {
        let text = |given: Option<Text>| given.unwrap_or_default().0;
        let config = Config::new(text(self.client_id.take()), text(self.client_secret.take()));
        self.over(config)
    }

    /// The settings of the caller over those of `config`.
    pub(crate) fn over(self, mut config: Config) -> Result<Config, Failed> {
        set(&mut config.credentials.id, self.client_id.map(|id| id.0));
        set(&mut config.credentials.secret, self.client_secret.map(|secret| secret.0.into()));
        set(&mut config.credentials.scopes, self.scopes.map(texts));
        set(&mut config.environment, self.environment.map(|environment| environment.0));
        set(&mut config.base_url, self.base_url.map(|url| Some(url.0)));
        set(&mut config.allow_plain_http, self.allow_plain_http.map(|allow| allow.0));
        set(&mut config.renew_before, self.renew_before_ms.map(Whole::to_duration));
        let pace = self.pace.map(|pace| pace.0).unwrap_or_default();
        set(&mut config.pace.attempts, pace.attempts.map(Whole::to_u32));
        set(&mut config.pace.base, pace.base_ms.map(Whole::to_duration));
        set(&mut config.pace.cap, pace.cap_ms.map(Whole::to_duration));
        set(&mut config.pace.budget, pace.budget_ms.map(Whole::to_duration));
        set(&mut config.pace.per_minute, pace.per_minute.map(Whole::to_u32));
        set(&mut config.pace.burst, pace.burst.map(Whole::to_u32));
        set(&mut config.pace.breaker_after, pace.breaker_after.map(Whole::to_u32));
        set(&mut config.pace.breaker_pause, pace.breaker_pause_ms.map(Whole::to_duration));
        let timeouts = self.timeouts.map(|timeouts| timeouts.0).unwrap_or_default();
        set(&mut config.timeouts.connect, timeouts.connect_ms.map(Whole::to_duration));
        set(&mut config.timeouts.token, timeouts.token_ms.map(Whole::to_duration));
        set(&mut config.timeouts.call, timeouts.call_ms.map(Whole::to_duration));
        set(&mut config.timeouts.stall, timeouts.stall_ms.map(Whole::to_duration));
        set(&mut config.timeouts.audit, timeouts.audit_ms.map(Whole::to_duration));
        set(&mut config.timeouts.ping, timeouts.ping_ms.map(Whole::to_duration));
        set(&mut config.timeouts.callback, timeouts.callback_ms.map(Whole::to_duration));
        set(&mut config.timeouts.attachment_callback, timeouts.attachment_callback_ms.map(Whole::to_duration));
        set(&mut config.timeouts.download, timeouts.download_ms.map(Whole::to_duration));
        set(&mut config.timeouts.download_stall, timeouts.download_stall_ms.map(Whole::to_duration));
        set(&mut config.timeouts.publish, timeouts.publish_ms.map(Whole::to_duration));
        let limits = self.limits.map(|limits| limits.0).unwrap_or_default();
        set(&mut config.limits.max_chunk_bytes, limits.max_chunk_bytes.map(|bytes| bytes.0));
        set(&mut config.limits.max_bandwidth_kbps, limits.max_bandwidth_kbps.map(Whole::to_u32));
        set(&mut config.limits.codecs, limits.codecs.map(texts));
        set(&mut config.limits.max_fps, limits.max_fps.map(Whole::to_u32));
        set(&mut config.limits.media, limits.media.map(|media| media.0.limits()).transpose()?);
        set(&mut config.audit, self.audit.map(|audit| audit.0.audit().map(Some)).transpose()?);
        set(&mut config.transfer_callback, self.transfer_callback.map(|callback| Some(callback.0)));
        set(&mut config.attachment_callback, self.attachment_callback.map(|callback| Some(callback.0)));
        Ok(config)
    }
}

/// The settings in `process.env`, which in a worker is its own and not the process's. Credentials that the caller gives need
/// not be there.
pub(crate) fn from_process_env(env: &Env, options: &ClientOptions) -> Result<Config, Failed> {
    let variables = process_env(env)?;
    let given = |name: &str| match name {
        "GENESYS_CLIENT_ID" => options.client_id.as_ref(),
        "GENESYS_CLIENT_SECRET" => options.client_secret.as_ref(),
        _ => None,
    };
    let look = |name: &str| given(name).map(|text| text.0.clone()).or_else(|| variables.get(name).ok().flatten());
    Ok(Config::from_variables(look)?)
}

/// `process.env`.
pub(crate) fn process_env(env: &Env) -> Result<Object<'_>, Failed> {
    let process: Object<'_> = env.get_global()?.get_named_property("process")?;
    Ok(process.get_named_property("env")?)
}

pub(crate) fn set<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}
