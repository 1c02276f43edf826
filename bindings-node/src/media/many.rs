//! Many pictures on all cores, and their outcomes in order.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;
use porteur::{MediaSource, Transform, TransformMany};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::options::TransformOptions;
use super::result::Transformed;
use super::whole;
use crate::convert::{self, Opened, Whole, options_of};
use crate::errors::throwing;
use crate::hooks;
use crate::promise::{promise_with, settled};
use crate::source::{Pulled, Thrown};

/// Makes another picture of each of many in the same way, on all cores: `for await (const outcome of
/// transformMany(paths, { maxWidth: 300 }))`. Outcomes come in order, each as `Promise.allSettled` has it; one that
/// fails stops no other.
///
/// Sources are what `transform` takes, from any iterable or async iterable. They are taken as they are needed, at most
/// two a thread ahead of the outcome that is asked for, so neither they nor the results pile up. What the iterable or a
/// stream throws, or something that is no source, is thrown in its place, and ends the loop.
///
/// Leaving the loop closes the iterable. An abort is thrown in the loop, and ends it; threads finish what they began.
#[napi(ts_return_type = "AsyncGenerator<import('./index').TransformOutcome, void, undefined>")]
pub fn transform_many<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "Iterable<import('./index').MediaSource> | AsyncIterable<import('./index').MediaSource>")]
    sources: Unknown<'env>,
    #[napi(ts_arg_type = "import('./index').TransformManyOptions")] options: Option<Unknown<'env>>,
) -> napi::Result<Unknown<'env>> {
    throwing(env, || {
        let many: ManyOptions = options_of(options)?;
        let mut options: TransformOptions<'env> = options_of(options)?;
        let signal = options.signal.take();
        let reading = TransformReading::new(
            Pulled::by("sources", hooks::call(env, "openMany", (sources,))?)?,
            options.transform()?,
            convert::threads(many.threads)?,
        );
        Ok(hooks::call(env, "iterate", (reading, signal))?)
    })
}

/// What `transformMany` takes beside the options of `transform`.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ManyOptions {
    /// How many threads work. Default: one for each core.
    #[napi(ts_type = "number")]
    pub threads: Option<Whole>,
}

/// Pictures under way; `native.js` makes an async generator of it.
#[napi]
pub struct TransformReading {
    many: Arc<Mutex<Option<Many>>>,
    thrown: Thrown,
    /// Gone when no source is to be waited for any more.
    wanted: Option<watch::Sender<()>>,
}

type Many = TransformMany<Sources>;

#[napi]
impl TransformReading {
    /// The next outcome, or `null` after the last.
    #[napi(ts_return_type = "Promise<import('./index').TransformOutcome | null>")]
    pub fn next<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "AbortSignal")] signal: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let (many, thrown) = (self.many.clone(), self.thrown.clone());
        let next = async move {
            let asked = tokio::task::spawn_blocking(move || {
                many.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(Iterator::next)
            });
            match asked.await.map_err(|error| napi::Error::from_reason(error.to_string()))? {
                Some(outcome) => Ok(Some(outcome)),
                None => thrown.take().map_or(Ok(None), Err),
            }
        };
        promise_with(
            env,
            || Ok((signal, next)),
            |env, call, outcome: Option<porteur::Result<porteur::Transformed>>| {
                outcome.map(|outcome| settled(env, call, outcome, |made| Ok(Transformed::from(made)))).transpose()
            },
        )
    }

    /// Takes no more sources, and lets the threads end.
    #[napi]
    pub fn end(&mut self) {
        self.wanted = None;
        let many = self.many.clone();
        // Waits for the pictures that are being worked on, which this thread must not.
        thread::spawn(move || drop(many.lock().unwrap_or_else(PoisonError::into_inner).take()));
    }
}

impl Drop for TransformReading {
    fn drop(&mut self) {
        // A loop that was neither finished nor left, but forgotten.
        if self.wanted.is_some() {
            self.end();
        }
    }
}

impl TransformReading {
    fn new(sources: Pulled<Opened>, transform: Transform, threads: Option<NonZeroUsize>) -> Self {
        let (wanted, unwanted) = watch::channel(());
        let (most, thrown) = (transform.limits.max_input_bytes, sources.thrown());
        let mut many = porteur::transform_many(Sources { pulled: Some(sources), most, unwanted }, transform);
        if let Some(threads) = threads {
            many = many.threads(threads);
        }
        Self { many: Arc::new(Mutex::new(Some(many))), thrown, wanted: Some(wanted) }
    }
}

/// Sources as the core takes them, waited for on a thread of our own, until there are none or one throws.
struct Sources {
    /// Gone after that.
    pulled: Option<Pulled<Opened>>,
    most: u64,
    /// Ends when nobody waits for a source any more.
    unwanted: watch::Receiver<()>,
}

impl Iterator for Sources {
    type Item = MediaSource;

    fn next(&mut self) -> Option<MediaSource> {
        let pulled = self.pulled.as_ref()?;
        let (most, unwanted) = (self.most, &mut self.unwanted);
        let next = async {
            match pulled.next().await? {
                Some(Opened(source)) => whole(source, most).await.map(Some),
                None => Ok(None),
            }
        };
        let next = Handle::current().block_on(async {
            tokio::select! {
                biased;
                _ = unwanted.changed() => Ok(None),
                next = next => next,
            }
        });
        let next = next.unwrap_or_else(|error| {
            pulled.thrown().set(error);
            None
        });
        if next.is_none() {
            self.pulled = None;
        }
        next
    }
}
