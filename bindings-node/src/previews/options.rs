//! What a worker is like. What is left out is as the core has it.

use napi::Env;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;
use porteur::{Previews, PublishOptions};

use super::signer::target;
use crate::config::{process_env, set};
use crate::convert::{Flag, List, Members, Text, TextByName, Whole, texts};
use crate::errors::Failed;
use crate::media::{MediaLimits, PreviewOptions};

/// How previews are made: where from, where to, and how many at a time.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct PreviewsOptions<'env> {
    /// A PUT to this URL with `{id}` replaced by the name of the preview; or a function that makes the URL for a name, asked anew
    /// for each attempt. Default: `CDN_PRESIGNED_URL_TEMPLATE` in `process.env`, with the secrets of `PORTEUR_WEBHOOK_SECRET`.
    #[napi(ts_type = "string | ((id: string) => string | Promise<string>)")]
    pub publish_to: Option<Unknown<'env>>,
    /// An object store in place of that: `s3://bucket/folder`, `gs://`, `az://` or `file:///folder`. It wants a `publicUrl`.
    #[napi(ts_type = "string")]
    pub store: Option<Text>,
    /// Options of the store, as in `aws_access_key_id`; what is not given is taken from the environment.
    #[napi(ts_type = "Record<string, string>")]
    pub store_options: Option<TextByName>,
    /// Headers of each PUT besides `Content-Type`.
    #[napi(ts_type = "Record<string, string>")]
    pub headers: Option<TextByName>,
    /// Where a preview is to be had, with `{id}` for its name. Default: the URL that it was put to, without its query.
    #[napi(ts_type = "string")]
    pub public_url: Option<Text>,
    /// Where jobs are kept: a SQLite file, or a `postgres://` URL for many hosts. Default `previews.db`.
    #[napi(ts_type = "string")]
    pub queue: Option<Text>,
    /// The secrets that webhooks may be signed with: two while one takes the place of the other. Default none.
    #[napi(ts_type = "string[]")]
    pub webhook_secrets: Option<List<Text>>,
    /// Whether webhooks are taken without a signature: for hosts that have looked at it themselves. Default `false`.
    #[napi(ts_type = "boolean")]
    pub unsigned: Option<Flag>,
    /// How many jobs are under way at a time; most of them wait for the network. Default 16.
    #[napi(ts_type = "number")]
    pub concurrency: Option<Whole>,
    /// How many pictures are worked on at a time. Default: one a core.
    #[napi(ts_type = "number")]
    pub cpus: Option<Whole>,
    /// After how long a job whose worker says nothing more is given to another. Default 60 000.
    #[napi(ts_type = "number")]
    pub visibility_ms: Option<Whole>,
    /// How often a job is begun before it becomes a dead letter. Default 5.
    #[napi(ts_type = "number")]
    pub max_attempts: Option<Whole>,
    /// For how long the same event again is known to be done. Default 7 days.
    #[napi(ts_type = "number")]
    pub remember_ms: Option<Whole>,
    /// Whether attachments may be fetched from this machine and its network: for tests. Default `false`.
    #[napi(ts_type = "boolean")]
    pub allow_private: Option<Flag>,
    /// The hosts of the platform's own downloads, which get the client's token. Default none.
    #[napi(ts_type = "string[]")]
    pub allowed_hosts: Option<List<Text>>,
    /// The folder for files on their way. Default: one of this user's in the system's folder for temporary files.
    #[napi(ts_type = "string")]
    pub spool: Option<Text>,
    /// How long `stop` waits for jobs under way before it gives them back. Default 30 000.
    #[napi(ts_type = "number")]
    pub grace_ms: Option<Whole>,
    /// At most this wide, in pixels. Default 300.
    #[napi(ts_type = "number")]
    pub max_width: Option<Whole>,
    /// At most this high, in pixels. Default 300.
    #[napi(ts_type = "number")]
    pub max_height: Option<Whole>,
    /// How much of the detail is kept, 1 to 100. Default 85.
    #[napi(ts_type = "number")]
    pub quality: Option<Whole>,
    /// How hard is tried. Default `best`.
    #[napi(ts_type = "'fast' | 'best'")]
    pub effort: Option<Text>,
    /// The colour (red, green, blue; 0 to 255) that shows through where the picture is transparent. Default none.
    #[napi(ts_type = "[number, number, number]")]
    pub background: Option<List<Whole>>,
    /// Which page of a PDF is shown, counted from 1. Default 1.
    #[napi(ts_type = "number")]
    pub page: Option<Whole>,
    /// Dots an inch at which a page is drawn before it is made small. Default none: it is drawn at the size that is needed.
    #[napi(ts_type = "number")]
    pub dpi: Option<Whole>,
    /// What an attachment may cost.
    #[napi(ts_type = "MediaLimits")]
    pub limits: Option<Members<MediaLimits>>,
}

impl PreviewsOptions<'_> {
    pub(super) fn previews(self, env: &Env) -> Result<Previews, Failed> {
        let preview = PreviewOptions {
            max_width: self.max_width,
            max_height: self.max_height,
            quality: self.quality,
            effort: self.effort,
            background: self.background,
            page: self.page,
            dpi: self.dpi,
            limits: self.limits,
            signal: None,
        };
        let publish = PublishOptions {
            to: self.publish_to.map(|to| target(env, to)).transpose()?,
            store: self.store.map(|url| url.0),
            store_options: self.store_options.map(|options| options.0),
            headers: self.headers.map(|headers| headers.0).unwrap_or_default(),
            public_url: self.public_url.map(|url| url.0),
        };
        let variables = process_env(env)?;
        let lookup = |name: &str| variables.get(name).ok().flatten();
        let mut previews = Previews::from_options(publish, lookup)?.preview(preview.preview()?);
        if let Some(secrets) = self.webhook_secrets {
            previews = previews.webhook_secrets(texts(secrets));
        }
        set(&mut previews.queue, self.queue.map(|place| place.0));
        set(&mut previews.unsigned, self.unsigned.map(|unsigned| unsigned.0));
        set(&mut previews.concurrency, self.concurrency.map(Whole::to_usize));
        set(&mut previews.cpus, self.cpus.map(Whole::to_usize));
        set(&mut previews.visibility, self.visibility_ms.map(Whole::to_duration));
        set(&mut previews.max_attempts, self.max_attempts.map(Whole::to_u32));
        set(&mut previews.remember, self.remember_ms.map(Whole::to_duration));
        set(&mut previews.allow_private, self.allow_private.map(|allow| allow.0));
        set(&mut previews.allowed_hosts, self.allowed_hosts.map(texts));
        set(&mut previews.spool, self.spool.map(|folder| Some(folder.0.into())));
        set(&mut previews.grace, self.grace_ms.map(Whole::to_duration));
        Ok(previews)
    }
}
