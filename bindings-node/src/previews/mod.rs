//! A worker that makes previews of attachments.

mod options;
mod signer;
mod stats;
mod value;

use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, Unknown};
use napi_derive::napi;

use crate::audit::CallOptions;
use crate::convert::{Copied, Text, argument, number, options_of};
use crate::errors::{Failed, throwing};
use crate::promise::{promise, promise_to_the_end};
use crate::{hooks, json};

use self::stats::{DeadLetter, DeadLetterOptions, PreviewStats, QueueStats};
use self::value::{HandleOptions, PreviewOutcome, Submitted, WebhookAnswer};

pub(crate) use self::options::PreviewsOptions;

/// Makes previews of attachments, from `client.previews()`.
#[napi]
pub struct PreviewWorker {
    core: porteur::PreviewWorker,
}

#[napi]
impl PreviewWorker {
    /// Takes a webhook: its raw body, and all headers that came with it. When this resolves the job is stored, and nothing
    /// loses it any more.
    ///
    /// The same event again is the same job, also when that is done. Rejects with `webhook_rejected` when the signature or the
    /// body is not acceptable, with the `status` to answer with, and with `queue` when the job could not be stored: answer 503,
    /// and the platform sends it again. After an abort the job may be stored all the same.
    #[napi]
    pub fn submit<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "Uint8Array")] body: Unknown<'env>,
        #[napi(ts_arg_type = "import('./index').WebhookHeaders")] headers: Unknown<'env>,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Submitted>> {
        let worker = self.core.clone();
        promise(
            env,
            || {
                let (body, headers) = delivery(env, body, headers)?;
                let CallOptions { signal } = options_of(options)?;
                Ok((signal, async move { Ok(worker.submit(&body.0, headers).await?) }))
            },
            Submitted::from,
        )
    }

    /// `submit`, and what to answer to whoever sent the webhook, whatever became of it.
    #[napi]
    pub fn answer<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "Uint8Array")] body: Unknown<'env>,
        #[napi(ts_arg_type = "import('./index').WebhookHeaders")] headers: Unknown<'env>,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, WebhookAnswer>> {
        let worker = self.core.clone();
        promise(
            env,
            || {
                let (body, headers) = delivery(env, body, headers)?;
                let CallOptions { signal } = options_of(options)?;
                Ok((signal, async move { Ok(worker.answer(&body.0, headers).await) }))
            },
            WebhookAnswer::from,
        )
    }

    /// Makes the preview of one attachment now, without the queue: for hosts with a queue of their own. The event is the `data`
    /// of a webhook. From the second `attempt` on the history is searched first, so that nothing is posted twice.
    ///
    /// Rejects with `media` for what no preview can be made of and with `unsafe_target` for an attachment that may not be
    /// fetched; `retryable` says whether another attempt may help. After an abort a preview that is published stays, and a
    /// message that left is not recalled: count the next attempt as one more.
    #[napi]
    pub fn handle<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "import('./index').AttachmentEvent")] event: Unknown<'env>,
        #[napi(ts_arg_type = "HandleOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, PreviewOutcome>> {
        let worker = self.core.clone();
        promise(
            env,
            || {
                let data = json::value(env, "event", event)?.to_string();
                let event = porteur::AttachmentEvent::parse(data.as_bytes())?;
                let HandleOptions { attempt, signal } = options_of(options)?;
                let attempt = attempt.map_or(1, |attempt| attempt.to_u32());
                Ok((signal, async move { Ok(worker.handle(&event, attempt).await?) }))
            },
            PreviewOutcome::from,
        )
    }

    /// Works until `stop` is called or the client is closed; jobs under way are finished then, or given back.
    ///
    /// A queue that is not to be had is waited for. When the platform or the CDN is not to be had, no job is begun for a while.
    /// An abort gives the jobs under way back, and then this rejects with the signal's reason.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn run<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, ()>> {
        let released = self.core.clone();
        promise_to_the_end(
            env,
            || {
                let CallOptions { signal } = options_of(options)?;
                let running = self.core.run();
                Ok((signal, async move { Ok(running.await?) }))
            },
            async move { released.give_back().await },
        )
    }

    /// Works until no job is left but dead letters, those included that are to be tried again later and those that others have
    /// taken. An abort is as for `run`.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn drain<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, ()>> {
        let released = self.core.clone();
        promise_to_the_end(
            env,
            || {
                let CallOptions { signal } = options_of(options)?;
                let running = self.core.drain();
                Ok((signal, async move { Ok(running.await?) }))
            },
            async move { released.give_back().await },
        )
    }

    /// Ends `run` and `drain`: jobs under way are finished, and those that take longer than `graceMs` are given back. The worker
    /// can run again afterwards.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn stop<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        let stopping = self.core.stop();
        let stopped = async move {
            stopping.await;
            Ok(())
        };
        promise(env, || Ok((None, stopped)), |()| ())
    }

    /// How this worker fares.
    #[napi]
    pub fn stats(&self) -> PreviewStats {
        self.core.stats().into()
    }

    /// The last previews of this worker, the newest first: at most 24.
    #[napi]
    pub fn recent(&self) -> Vec<PreviewOutcome> {
        self.core.recent().into_iter().map(PreviewOutcome::from).collect()
    }

    /// How much there is of what in the queue.
    #[napi]
    pub fn queue_stats<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, QueueStats>> {
        let worker = self.core.clone();
        promise(
            env,
            || {
                let CallOptions { signal } = options_of(options)?;
                Ok((signal, async move { Ok(worker.queue().stats().await?) }))
            },
            QueueStats::from,
        )
    }

    /// The jobs that nobody will try again by themselves, a page at a time.
    #[napi]
    pub fn dead_letters<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "DeadLetterOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Vec<DeadLetter>>> {
        let worker = self.core.clone();
        promise(
            env,
            || {
                let DeadLetterOptions { after, most, signal } = options_of(options)?;
                let (after, most) = (after.map(|after| after.0), most.map_or(usize::MAX, |most| most.to_usize()));
                Ok((signal, async move { Ok(worker.queue().dead_letters(after, most).await?) }))
            },
            |letters| letters.into_iter().map(DeadLetter::from).collect(),
        )
    }

    /// Makes the dead letter of this key a job again, with all attempts before it; without a key all of them. Resolves to how many
    /// there were.
    #[napi]
    pub fn redrive<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string")] key: Option<Unknown<'env>>,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, f64>> {
        let worker = self.core.clone();
        promise(
            env,
            || {
                let key: Option<Text> = key.map(|key| argument("key", key)).transpose()?;
                let CallOptions { signal } = options_of(options)?;
                let redriving = async move {
                    let queue = worker.queue();
                    Ok(match key {
                        Some(key) => queue.redrive(&key.0).await.map(u64::from)?,
                        None => queue.redrive_all().await?,
                    })
                };
                Ok((signal, redriving))
            },
            number,
        )
    }

    /// Removes the dead letter of this key and forgets it; without a key all of them. Resolves to how many there were.
    #[napi]
    pub fn purge<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string")] key: Option<Unknown<'env>>,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, f64>> {
        let worker = self.core.clone();
        promise(
            env,
            || {
                let key: Option<Text> = key.map(|key| argument("key", key)).transpose()?;
                let CallOptions { signal } = options_of(options)?;
                let purging = async move {
                    let queue = worker.queue();
                    Ok(match key {
                        Some(key) => queue.purge(&key.0).await.map(u64::from)?,
                        None => queue.purge_all().await?,
                    })
                };
                Ok((signal, purging))
            },
            number,
        )
    }
}

impl PreviewWorker {
    pub(crate) fn open(env: &Env, client: &porteur::Client, options: Option<Unknown<'_>>) -> napi::Result<Self> {
        throwing(env, || {
            let options: PreviewsOptions<'_> = options_of(options)?;
            Ok(Self { core: client.previews(options.previews(env)?)? })
        })
    }
}

/// A webhook: its bytes as they came, and its headers by name.
fn delivery(env: &Env, body: Unknown<'_>, headers: Unknown<'_>) -> Result<(Copied, Vec<(String, String)>), Failed> {
    let body: Copied = argument("body", hooks::call(env, "raw", (body,))?)?;
    // Names and values by turns.
    let flat: Vec<String> = hooks::call(env, "headers", (headers,))?;
    let mut flat = flat.into_iter();
    let pairs = std::iter::from_fn(|| flat.next().zip(flat.next()));
    Ok((body, pairs.collect()))
}
