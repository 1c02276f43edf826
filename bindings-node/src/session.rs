//! A session on the platform's socket, and what happens on it.

use std::sync::Arc;

use futures_util::StreamExt as _;
use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;
use porteur::{SessionEvent, SessionEvents};
use tokio::sync::Mutex;

use crate::audit::CallOptions;
use crate::convert::{Json, Text, argument, number, options_of};
use crate::errors::throwing;
use crate::hooks;
use crate::many::{Many, ManyOptions};
use crate::promise::{promise, promise_with, settled};
use crate::transfer::{TransferOptions, TransferOutcome, outgoing};

/// An open socket to the platform, from `client.connect()`; many transfers share it.
///
/// When the connection is lost it is opened again, and transfers under way go on. Close it when it is done: one that is
/// forgotten stays open until it is collected.
#[napi]
pub struct Session {
    core: porteur::Session,
}

#[napi]
impl Session {
    /// Transfers an interaction with its media to a destination as in `genesys://user/agent-9`, and says how that
    /// ended.
    ///
    /// The socket is pinged and the interaction read, which has to be active or queued; then a frame is sent. Media
    /// that the gateway does not support are followed by the next, in a frame of their own. A frame that met a lost
    /// connection or a rate limit is sent again, three times at most; before that the interaction is read, and the
    /// gateway carries out an id once. With an audit log a frame is in it before it leaves, and what became of it
    /// afterwards. Then the callback is made.
    ///
    /// Rejects with `interaction_not_active`, and with `transfer_rejected` when the gateway says no. With
    /// `transfer_timeout` and `unconfirmed` it may have been carried out: the same transfer with the `id` in the
    /// error's `details` (of `unconfirmed`, the `client_id`) finds out, and never makes a second one. An abort does not
    /// recall a frame that left.
    #[napi(ts_return_type = "Promise<TransferOutcome>")]
    pub fn transfer<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string")] interaction: Unknown<'env>,
        #[napi(ts_arg_type = "string")] destination: Unknown<'env>,
        #[napi(ts_arg_type = "TransferOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, TransferOutcome<'env>>> {
        let session = self.core.clone();
        promise_with(
            env,
            || {
                let interaction: Text = argument("interaction", interaction)?;
                let destination: Text = argument("destination", destination)?;
                let mut options: TransferOptions<'env> = options_of(options)?;
                let signal = options.signal.take();
                let transfer = options.transfer(interaction, destination);
                Ok((signal, async move { Ok(session.transfer(transfer).await?) }))
            },
            TransferOutcome::of,
        )
    }

    /// Transfers many interactions over this socket, some at a time; answers as `Promise.allSettled` what became of each, in
    /// order.
    ///
    /// Whatever goes wrong with one transfer, as with `transfer`, is that transfer's outcome and stops no other. An abort
    /// does not recall frames that left; transfers whose turn has not come are not made.
    #[napi(ts_return_type = "Promise<Array<import('./index').SettledTransfer>>")]
    pub fn transfer_many<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "Array<import('./index').OutgoingTransfer>")] transfers: Unknown<'env>,
        #[napi(ts_arg_type = "ManyOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Vec<Object<'env>>>> {
        let session = self.core.clone();
        promise_with(
            env,
            || {
                let mut options: ManyOptions<'env> = options_of(options)?;
                let (signal, concurrency) = (options.signal.take(), options.concurrency());
                let many = Many::read(env, "transfers", transfers, outgoing)?;
                let going =
                    many.done(move |transfers| async move { session.transfer_many(transfers, concurrency).await });
                Ok((signal, going))
            },
            |env, call, outcomes| {
                let done = |outcome| settled(env, call, outcome, |outcome| TransferOutcome::of(env, call, outcome));
                outcomes.into_iter().map(done).collect()
            },
        )
    }

    /// What happens on this session from now on: `for await (const event of session.events())`.
    ///
    /// Ends after the event `closed`; leaving the loop stops listening. Holds at most 256 events that nobody took, and
    /// keeps the session open.
    #[napi(ts_return_type = "AsyncGenerator<import('./index').SessionEvent, void, undefined>")]
    pub fn events<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
    ) -> napi::Result<Unknown<'env>> {
        throwing(env, || {
            let CallOptions { signal } = options_of(options)?;
            let reading = EventReading::from(self.core.clone());
            Ok(hooks::call(env, "iterate", (reading, signal))?)
        })
    }

    /// Closes the socket: transfers under way and later ones reject with `cancelled`. Answers when the platform has
    /// agreed, or after 3 s without that.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        let session = self.core.clone();
        let closing = async move {
            session.close().await;
            Ok(())
        };
        promise(env, || Ok((None, closing)), |()| ())
    }
}

impl From<porteur::Session> for Session {
    fn from(core: porteur::Session) -> Self {
        Self { core }
    }
}

/// Somebody who listens; `native.js` makes an async generator of it.
#[napi]
pub struct EventReading {
    /// Not closed for as long as somebody listens; nothing once nobody does.
    listening: Option<(porteur::Session, Arc<Mutex<SessionEvents>>)>,
}

#[napi]
impl EventReading {
    /// The next event, or `null` after the last.
    #[napi(ts_return_type = "Promise<import('./index').SessionEvent | null>")]
    pub fn next<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "AbortSignal")] signal: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let listening = self.listening.clone();
        let next = async move {
            match listening {
                Some((_session, events)) => Ok(events.lock().await.next().await),
                None => Ok(None),
            }
        };
        promise_with(env, || Ok((signal, next)), |env, _, event| event.map(|event| shown(env, event)).transpose())
    }

    /// Listens no more.
    #[napi]
    pub fn end(&mut self) {
        self.listening = None;
    }
}

impl From<porteur::Session> for EventReading {
    fn from(session: porteur::Session) -> Self {
        let events = Arc::new(Mutex::new(session.events()));
        Self { listening: Some((session, events)) }
    }
}

/// An event with the members that its kind has.
fn shown(env: &Env, event: SessionEvent) -> napi::Result<Object<'_>> {
    let mut shown = Object::new(env)?;
    shown.set("kind", event.kind())?;
    match event {
        SessionEvent::Disconnected { code, reason } => {
            if let Some(code) = code {
                shown.set("code", code)?;
            }
            shown.set("reason", reason)?;
        }
        SessionEvent::Failed { reason } => shown.set("reason", reason)?,
        SessionEvent::Frame(frame) => shown.set("frame", Json(frame))?,
        SessionEvent::Missed(count) => shown.set("count", number(count))?,
        _ => {}
    }
    Ok(shown)
}
