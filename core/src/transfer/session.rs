//! A session on the platform's socket: opened once, shared by many transfers, opened anew when it is lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::event::{Announcer, SessionEvents};
use super::ids::Ids;
use super::link::{Line, Link};
use super::negotiate;
use super::plan::{GatewayLimits, Plan};
use super::value::{Transfer, TransferOutcome};
use crate::audit::AuditLog;
use crate::callback::{Callback, Caller};
use crate::error::{Error, Result};
use crate::gateway::Gateway;
use crate::many::side_by_side;

/// An open socket to the platform, from [`Client::connect`](crate::Client::connect). Clones share it; the last one that is dropped
/// closes it.
///
/// When the connection is lost it is opened again, with backoff and with a token that is good then; transfers under way go on.
#[derive(Debug, Clone)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    surroundings: Surroundings,
    line: Line,
    ids: Ids,
    events: Announcer,
    stop: watch::Sender<bool>,
    /// Its other end is dropped when the link has ended.
    ended: watch::Receiver<()>,
}

/// What a session takes from its client.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) gateway: Gateway,
    pub(crate) audit: Option<AuditLog>,
    pub(crate) limits: GatewayLimits,
    /// For a transfer without its own.
    pub(crate) callback: Option<Callback>,
    pub(crate) caller: Caller,
    /// For the answer to a ping.
    pub(crate) ping_timeout: Duration,
    /// Whether the client was closed.
    pub(crate) closed: watch::Receiver<bool>,
}

/// One transfer in a session of its own. What cannot be is refused before the socket is opened.
pub(crate) async fn alone(surroundings: Surroundings, transfer: Transfer) -> Result<TransferOutcome> {
    let plan = surroundings.plan(transfer)?;
    let session = tokio::select! {
        biased;
        () = told(surroundings.closed.clone()) => Err(Error::Cancelled),
        opened = Session::open(surroundings.clone()) => opened,
    };
    let session = session?;
    let outcome = session.carry_out(plan).await;
    session.close().await;
    outcome
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A link that is opening a socket anew does not look whether anybody still wants one.
        self.stop.send_replace(true);
    }
}

impl Session {
    pub(crate) async fn open(surroundings: Surroundings) -> Result<Self> {
        let socket = surroundings.gateway.open_socket().await?;
        let (line, orders) = Line::new();
        let events = Announcer::default();
        let stop = watch::Sender::new(false);
        let (running, ended) = watch::channel(());
        let over = Box::pin(either(stop.subscribe(), surroundings.closed.clone()));
        let link = Link::new(surroundings.gateway.clone(), surroundings.ping_timeout, orders, events.clone(), over);
        tokio::spawn(async move {
            link.run(socket).await;
            drop(running);
        });
        Ok(Self(Arc::new(Inner { surroundings, line, ids: Ids::default(), events, stop, ended })))
    }

    /// Transfers an interaction, and says how that ended.
    ///
    /// The socket is pinged and the interaction read, which has to be active or queued ([`Transfer::check`] leaves that out).
    /// Then a frame is sent; media that the gateway does not support are followed by the next, in a frame of their own. A frame
    /// that met a lost connection, a close with 1008 or `rate_limited` is sent again, three times at most and with backoff;
    /// before that the interaction is read, and the gateway carries out an id once. With an audit log a frame is in it before it
    /// leaves, and what became of it afterwards. Then the callback is made.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the field, before anything is sent. [`Error::InteractionNotActive`] for one that is over
    /// and [`Error::NotFound`] for one that never was; [`Error::TransferRejected`] with the gateway's word;
    /// [`Error::TransferTimeout`] and [`Error::Unconfirmed`], which name an id: the same transfer with that [`Transfer::id`] finds
    /// out what became of it and never makes a second one. [`Error::RateLimited`] when the gateway says so to the end.
    /// [`Error::File`] when the audit log cannot be written; those of every call (see
    /// [`Client::upload`](crate::Client::upload)), and [`Error::Cancelled`] when session or client are closed.
    ///
    /// # Cancellation
    /// A frame that left is not recalled. Give a [`Transfer::id`] to be able to find out what became of it.
    pub async fn transfer(&self, mut transfer: Transfer) -> Result<TransferOutcome> {
        let Inner { surroundings, ids, .. } = &*self.0;
        transfer.id = transfer.id.or_else(|| ids.next(surroundings.gateway.clock.date()));
        self.carry_out(surroundings.plan(transfer)?).await
    }

    /// Transfers many interactions over this socket, `concurrency` (1 to 256) at a time; what became of each, in order.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `concurrency`. Whatever goes wrong with one transfer, as with [`Session::transfer`], is that
    /// transfer's outcome and stops no other.
    ///
    /// # Cancellation
    /// Frames that left are not recalled; transfers whose turn has not come are not made.
    pub async fn transfer_many(
        &self,
        transfers: impl IntoIterator<Item = Transfer>,
        concurrency: usize,
    ) -> Result<Vec<Result<TransferOutcome>>> {
        // Collected, so that the future holds no iterator of the caller's while it waits.
        side_by_side(concurrency, transfers.into_iter().collect(), |transfer| self.transfer(transfer)).await
    }

    async fn carry_out(&self, plan: Plan) -> Result<TransferOutcome> {
        Box::pin(negotiate::run(&self.0.surroundings, &self.0.line, plan)).await
    }

    /// What happens on this session from now on.
    pub fn events(&self) -> SessionEvents {
        SessionEvents::new(self.0.events.subscribe(), self.0.ended.clone())
    }

    /// Closes the socket: transfers under way end with [`Error::Cancelled`], and so do later ones; their callbacks are not made. Ready when
    /// the platform has agreed, or after 3 s without that.
    ///
    /// # Cancellation
    /// The socket is closed all the same.
    pub async fn close(&self) {
        self.0.stop.send_replace(true);
        // Nothing is ever sent: it is the sender's end that is waited for.
        let _ = self.0.ended.clone().changed().await;
    }
}

impl Surroundings {
    fn plan(&self, transfer: Transfer) -> Result<Plan> {
        Plan::parse(transfer, &self.limits, self.callback.as_ref(), self.gateway.allow_plain_http)
    }
}

/// Ready when one of the two says so.
async fn either(one: watch::Receiver<bool>, other: watch::Receiver<bool>) {
    tokio::select! {
        () = told(one) => {}
        () = told(other) => {}
    }
}

/// Ready when it says so. One whose sender is gone never does: a session may outlive the client that it came from.
async fn told(mut receiver: watch::Receiver<bool>) {
    if receiver.wait_for(|told| *told).await.is_err() {
        std::future::pending::<()>().await;
    }
}
