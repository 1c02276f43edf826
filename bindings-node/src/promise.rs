//! The one way from a future of the core to a `Promise`.

use std::cell::Cell;
use std::future::Future;

use napi::Env;
use napi::bindgen_prelude::{Function, JsObjectValue as _, Object, ObjectRef, PromiseRaw, ToNapiValue, Unknown};
use tokio::sync::oneshot;

use crate::errors::{self, Failed};
use crate::hooks;

/// What a call is made of: the signal that ends it, and the future that does it.
pub(crate) type Prepared<'env, F> = Result<(Option<Unknown<'env>>, F), Failed>;

/// Spawns the future that `prepare` makes and answers a promise of its `convert`ed outcome. Whatever fails rejects,
/// `prepare` included. An abort drops the future, and the promise rejects with the signal's reason.
pub(crate) fn promise<'env, T, V, F>(
    env: &'env Env,
    prepare: impl FnOnce() -> Prepared<'env, F>,
    convert: impl FnOnce(T) -> V + 'static,
) -> napi::Result<PromiseRaw<'env, V>>
where
    T: Send + 'static,
    V: ToNapiValue,
    F: Future<Output = Result<T, Failed>> + Send + 'static,
{
    promise_with(env, prepare, |_, _, outcome| Ok(convert(outcome)))
}

/// Like [`promise`], for outcomes that hold failures: these want the environment, and the call that knows where it was
/// made.
pub(crate) fn promise_with<'env, T, V, F>(
    env: &'env Env,
    prepare: impl FnOnce() -> Prepared<'env, F>,
    convert: impl FnOnce(&'env Env, Object<'env>, T) -> napi::Result<V> + 'static,
) -> napi::Result<PromiseRaw<'env, V>>
where
    T: Send + 'static,
    V: ToNapiValue,
    F: Future<Output = Result<T, Failed>> + Send + 'static,
{
    let begun = prepare().and_then(|(signal, future)| Ok((begin(env, signal)?, future)));
    let begun = begun.map(|((call, aborted), future)| {
        let outcome = async move {
            // Ends without a word when there is no signal: the branch is off then.
            tokio::select! {
                biased;
                Ok(()) = aborted => None,
                outcome = future => Some(outcome),
            }
        };
        (call, outcome)
    });
    settling(env, begun, convert)
}

/// Like [`promise`], for work that is not to be dropped: an abort begins `release`, after which the future ends by itself.
pub(crate) fn promise_to_the_end<'env, F>(
    env: &'env Env,
    prepare: impl FnOnce() -> Prepared<'env, F>,
    release: impl Future<Output = ()> + Send + 'static,
) -> napi::Result<PromiseRaw<'env, ()>>
where
    F: Future<Output = Result<(), Failed>> + Send + 'static,
{
    let begun = prepare().and_then(|(signal, future)| Ok((begin(env, signal)?, future)));
    let begun = begun.map(|((call, aborted), future)| {
        let outcome = async move {
            let mut future = std::pin::pin!(future);
            tokio::select! {
                biased;
                Ok(()) = aborted => {}
                outcome = &mut future => return Some(outcome),
            }
            let _ = tokio::join!(future, release);
            None
        };
        (call, outcome)
    });
    settling(env, begun, |_, _, ()| Ok(()))
}

/// A promise of what a call under way ends with; of nothing when that was an abort.
fn settling<'env, T, V, F>(
    env: &'env Env,
    begun: Result<(ObjectRef<false>, F), Failed>,
    convert: impl FnOnce(&'env Env, Object<'env>, T) -> napi::Result<V> + 'static,
) -> napi::Result<PromiseRaw<'env, V>>
where
    T: Send + 'static,
    V: ToNapiValue,
    F: Future<Output = Option<Result<T, Failed>>> + Send + 'static,
{
    let (call, outcome) = match begun {
        Ok(begun) => begun,
        Err(failed) => return PromiseRaw::reject(env, failed.into_js(env, None)),
    };
    let outcome = async move { Ok(outcome.await) };
    env.spawn_future_with_callback(outcome, move |env, outcome: Option<Result<T, Failed>>| {
        let shown = call.get_value(env)?;
        let end: Function<'_, (), Unknown<'_>> = shown.get_named_property("end")?;
        let reason = end.apply(shown, ())?;
        let settled = match outcome {
            Some(Ok(value)) => convert(env, shown, value),
            Some(Err(failed)) => Err(failed.into_js(env, Some(shown))),
            None => Err(napi::Error::from_unknown_without_coercion(reason)),
        };
        call.unref(env)?;
        settled
    })
}

/// An outcome as `Promise.allSettled` has it.
pub(crate) fn settled<'env, T, V: ToNapiValue>(
    env: &'env Env,
    call: Object<'env>,
    outcome: porteur::Result<T>,
    convert: impl FnOnce(T) -> napi::Result<V>,
) -> napi::Result<Object<'env>> {
    let mut settled = Object::new(env)?;
    match outcome {
        Ok(value) => {
            settled.set("status", "fulfilled")?;
            settled.set("value", convert(value)?)?;
        }
        Err(error) => {
            settled.set("status", "rejected")?;
            settled.set("reason", errors::instance(env, &error, Some(call))?)?;
        }
    }
    Ok(settled)
}

/// Work that keeps a thread, on one of our own.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> porteur::Result<T> + Send + 'static,
) -> Result<T, Failed> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| napi::Error::from_reason(error.to_string()))??)
}

/// A call under way as `native.js` keeps it (where it was made, the listener on its signal), and what hears the abort.
/// Throws the reason of a signal that was aborted before.
fn begin(env: &Env, signal: Option<Unknown<'_>>) -> napi::Result<(ObjectRef<false>, oneshot::Receiver<()>)> {
    let (abort, aborted) = oneshot::channel();
    let abort = Cell::new(Some(abort));
    let listener = env.create_function_from_closure::<(), (), _>("abort", move |_| {
        if let Some(abort) = abort.take() {
            // The call may be over by now.
            let _ = abort.send(());
        }
        Ok(())
    })?;
    let call: Object<'_> = hooks::call(env, "begin", (signal, listener))?;
    Ok((call.create_ref()?, aborted))
}
