//! The task that owns a session's socket: writes frames, matches answers to them by id, pings, and opens the socket anew.
//!
//! Frames that are written and not answered when the socket ends are told so; those whose turn has not come wait for the next
//! socket. Nothing is sent twice here: whether to is decided by who asked.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, warn};

use super::event::{Announcer, SessionEvent};
use crate::clock::Wait;
use crate::ear::Dozing;
use crate::error::Error;
use crate::gateway::{Gateway, Verdict, answer, lost};
use crate::socket::{Ending, Heard, Socket};

/// What a transfer asks of the link.
#[derive(Debug)]
pub(super) enum Order {
    /// Write a frame, and say what the gateway says to its id.
    Frame { id: Arc<str>, text: String, answer: Answer<Verdict> },
    /// Nobody waits for this id any more.
    Forget(Arc<str>),
    /// Say when the peer has answered a ping.
    Ping(Answer<()>),
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, Broken>>;

/// Why there is no answer.
#[derive(Debug, Clone)]
pub(super) enum Broken {
    /// The socket ended after the frame was written.
    Lost(Ending),
    /// There is no socket to be had: the frame was not written.
    Down(Error),
}

/// How a transfer reaches the link.
#[derive(Debug, Clone)]
pub(super) struct Line(mpsc::UnboundedSender<Order>);

impl Line {
    /// The line, and the end of it that a link holds. Without a bound, since each caller has one order at most, and leaves one more when
    /// it goes away.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Order>) {
        let (orders, other) = mpsc::unbounded_channel();
        (Self(orders), other)
    }

    /// What the gateway says to a frame.
    ///
    /// # Cancellation
    /// A frame that was not written is not written any more; an answer to one that was is an event.
    pub(super) async fn ask(&self, id: &Arc<str>, text: String) -> Result<Verdict, Broken> {
        let (answer, answered) = oneshot::channel();
        let mut asking = Asking { line: self, id: Some(Arc::clone(id)) };
        self.give(Order::Frame { id: Arc::clone(id), text, answer })?;
        let outcome = answered.await;
        asking.id = None;
        outcome.unwrap_or(Err(Broken::Down(Error::Cancelled)))
    }

    /// Ready when the peer has answered a ping.
    pub(super) async fn ping(&self) -> Result<(), Broken> {
        let (answer, answered) = oneshot::channel();
        self.give(Order::Ping(answer))?;
        answered.await.unwrap_or(Err(Broken::Down(Error::Cancelled)))
    }

    /// Ready when the link has ended, or is about to: the session or its client was closed.
    pub(super) async fn closed(&self) {
        self.0.closed().await;
    }

    fn give(&self, order: Order) -> Result<(), Broken> {
        self.0.send(order).map_err(|_| Broken::Down(Error::Cancelled))
    }
}

/// Somebody who waits for an answer and may go away.
struct Asking<'a> {
    line: &'a Line,
    id: Option<Arc<str>>,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            // A link that has ended has forgotten everything.
            let _ = self.line.give(Order::Forget(id));
        }
    }
}

/// The owner of one session's socket.
pub(super) struct Link {
    gateway: Gateway,
    /// For the answer to a ping.
    patience: Duration,
    orders: mpsc::UnboundedReceiver<Order>,
    events: Announcer,
    /// Ready when the session or its client was closed.
    over: Dozing<Wait>,
    state: State,
}

/// What changes.
#[derive(Default)]
struct State {
    /// Orders that came while there was no socket.
    queue: VecDeque<Order>,
    /// Frames that were written. Callers may ask with the same id at once.
    written: HashMap<Arc<str>, Vec<Answer<Verdict>>>,
    pings: Vec<Answer<()>>,
    /// What the last ping carried.
    pinged: u64,
    /// Sockets in a row on which nothing that we asked was answered.
    in_vain: u32,
}

/// What happens next on a socket.
enum Turn {
    Over,
    Heard(Heard),
    Ordered,
    NoPong,
    Quiet,
}

impl Link {
    pub(super) fn new(
        gateway: Gateway,
        patience: Duration,
        orders: mpsc::UnboundedReceiver<Order>,
        events: Announcer,
        over: Wait,
    ) -> Self {
        Self { gateway, patience, orders, events, over: Dozing::new(over), state: State::default() }
    }

    /// Serves until the session is over, or nobody holds it any more.
    pub(super) async fn run(mut self, mut socket: Socket) {
        let clock = self.gateway.clock.clone();
        loop {
            let Some(ending) = self.serve(&mut socket).await else {
                // Nobody who waits is kept waiting for the peer to agree, and nobody begins to.
                self.orders.close();
                while self.orders.try_recv().is_ok() {}
                self.state = State::default();
                tokio::select! {
                    // The limit first: a peer that floods us must not hold it up.
                    biased;
                    () = clock.deadline(CLOSING) => debug!("the peer did not agree to the end"),
                    () = socket.close() => {}
                }
                break;
            };
            debug!(code = ending.code, reason = %ending.reason, "the socket ended");
            // A peer that spoke of an end hears ours; one that is gone hears nothing.
            if ending.code.is_some() {
                let limit = clock.deadline(CLOSING);
                tokio::spawn(async move {
                    tokio::select! {
                        biased;
                        () = limit => {}
                        () = socket.linger() => {}
                    }
                });
            }
            self.state.tell(&ending);
            self.events.announce(SessionEvent::Disconnected { code: ending.code, reason: ending.reason.clone() });
            match self.reopen(&ending).await {
                Some(next) => socket = next,
                None => break,
            }
        }
        self.events.announce(SessionEvent::Closed);
    }

    /// Works on one socket until it ends; nothing when it is us who are done.
    async fn serve(&mut self, socket: &mut Socket) -> Option<Ending> {
        let Self { gateway, patience, orders, events, over, state } = self;
        let clock = &*gateway.clock;
        let mut heard_at = clock.now();
        let mut quiet = Dozing::new(clock.deadline(QUIET));
        let mut pong: Option<Dozing<Wait>> = None;
        let mut taken = Vec::new();
        loop {
            let turn = poll_fn(|cx| {
                // What is heard comes last: a peer that floods us must not keep us from anything else.
                if ready(over, cx) {
                    return Poll::Ready(Turn::Over);
                }
                if pong.as_mut().is_some_and(|pong| ready(pong, cx)) {
                    return Poll::Ready(Turn::NoPong);
                }
                loop {
                    // One portion after the other, so that what is not sent yet stays bounded.
                    let room = socket.is_sent();
                    if room {
                        taken.extend(state.queue.drain(..));
                        match taken.is_empty().then(|| orders.poll_recv_many(cx, &mut taken, BATCH)) {
                            None => return Poll::Ready(Turn::Ordered),
                            Some(Poll::Ready(0)) => return Poll::Ready(Turn::Over),
                            Some(Poll::Ready(_)) => return Poll::Ready(Turn::Ordered),
                            Some(Poll::Pending) => {}
                        }
                    }
                    if let Poll::Ready(heard) = socket.poll(cx) {
                        return Poll::Ready(Turn::Heard(heard));
                    }
                    // What left just now made room: nobody else would look for orders again.
                    if room || !socket.is_sent() {
                        break;
                    }
                }
                if ready(&mut quiet, cx) { Poll::Ready(Turn::Quiet) } else { Poll::Pending }
            })
            .await;
            let mut ping = false;
            match turn {
                Turn::Over => return None,
                Turn::Heard(first) => {
                    heard_at = clock.now();
                    let mut next = Poll::Ready(first);
                    // What came together is answered together: whoever asked has the next orders ready when they are looked for.
                    for more in (0..BATCH).rev() {
                        match next {
                            Poll::Ready(Heard::End(ending)) => return Some(ending),
                            Poll::Ready(Heard::Text(text)) => state.take(&text, events),
                            Poll::Ready(Heard::Pong(number)) if *number == state.pinged.to_be_bytes() => {
                                pong = None;
                                state.in_vain = 0;
                                state.pings.drain(..).for_each(|answer| reply(answer, Ok(())));
                            }
                            Poll::Ready(Heard::Pong(_)) => {}
                            Poll::Pending => break,
                        }
                        next = if more == 0 { Poll::Pending } else { poll_fn(|cx| Poll::Ready(socket.poll(cx))).await };
                    }
                }
                Turn::Ordered => taken.drain(..).for_each(|order| ping |= state.carry_out(order, socket)),
                Turn::NoPong => {
                    return Some(Ending { code: None, reason: format!("no answer to a ping within {patience:?}") });
                }
                Turn::Quiet => {
                    let silence = clock.now().saturating_sub(heard_at);
                    ping = silence >= QUIET;
                    quiet = Dozing::new(clock.deadline(if ping { QUIET } else { QUIET - silence }));
                }
            }
            if ping && pong.is_none() {
                // A peer that guessed it would not have to listen.
                state.pinged = fastrand::u64(..);
                socket.ping(Bytes::copy_from_slice(&state.pinged.to_be_bytes()));
                pong = Some(Dozing::new(clock.deadline(*patience)));
            }
        }
    }

    /// The next socket, with a token that is good; nothing when the session is over.
    ///
    /// Waits before it asks, longer each time that a socket brought nothing. When none is to be had whoever waits hears why, and the
    /// next order is what tries again.
    async fn reopen(&mut self, ending: &Ending) -> Option<Socket> {
        loop {
            self.state.in_vain += 1;
            let Self { gateway, orders, over, state, .. } = self;
            let attempt = state.in_vain;
            let opening = async {
                let wait = gateway.pacer.backoff(attempt).ok_or_else(|| lost(ending, attempt))?;
                gateway.clock.sleep(wait).await;
                gateway.open_socket().await
            };
            let opened = tokio::select! {
                biased;
                () = &mut *over => return None,
                opened = opening => opened,
            };
            let error = match opened {
                Ok(socket) => {
                    self.events.announce(SessionEvent::Reconnected);
                    return Some(socket);
                }
                Err(error) => error,
            };
            warn!(%error, "no new socket");
            while let Ok(order) = orders.try_recv() {
                state.queue.push_back(order);
            }
            state.queue.drain(..).for_each(|order| order.fail(&error));
            state.in_vain = 0;
            self.events.announce(SessionEvent::Failed { reason: error.facts().message });
            let order = tokio::select! {
                biased;
                () = &mut self.over => return None,
                order = wanted(&mut self.orders) => order?,
            };
            self.state.queue.push_back(order);
        }
    }
}

impl State {
    /// A text of the platform: an answer to whom it is for, anything else to whom it may concern.
    fn take(&mut self, text: &[u8], events: &Announcer) {
        let waiting = answer(text).and_then(|(id, verdict)| Some((self.written.remove(&*id)?, verdict)));
        if let Some((mut waiting, verdict)) = waiting {
            self.in_vain = 0;
            let last = waiting.pop();
            waiting.into_iter().for_each(|answer| reply(answer, Ok(verdict.clone())));
            if let Some(last) = last {
                reply(last, Ok(verdict));
            }
        } else {
            debug!(bytes = text.len(), "a text that nobody waits for");
            events.announce_frame(text);
        }
    }

    /// Does what was asked, and says whether that takes a ping.
    fn carry_out(&mut self, order: Order, socket: &mut Socket) -> bool {
        match order {
            Order::Frame { answer, .. } if answer.is_closed() => false,
            Order::Frame { id, text, answer } => {
                socket.write(text);
                self.written.entry(id).or_default().push(answer);
                false
            }
            Order::Forget(id) => {
                if let Some(waiting) = self.written.get_mut(&id) {
                    waiting.retain(|answer| !answer.is_closed());
                    if waiting.is_empty() {
                        self.written.remove(&id);
                    }
                }
                false
            }
            // One that is under way serves as well: its answer comes after this was asked.
            Order::Ping(answer) => {
                self.pings.push(answer);
                true
            }
        }
    }

    /// Tells whoever waits for an answer that none will come on this socket.
    fn tell(&mut self, ending: &Ending) {
        let broken = || Broken::Lost(ending.clone());
        self.written.drain().flat_map(|(_, waiting)| waiting).for_each(|answer| reply(answer, Err(broken())));
        self.pings.drain(..).for_each(|answer| reply(answer, Err(broken())));
    }
}

/// The next order that somebody still waits for.
async fn wanted(orders: &mut mpsc::UnboundedReceiver<Order>) -> Option<Order> {
    loop {
        match orders.recv().await? {
            Order::Frame { answer, .. } if answer.is_closed() => {}
            Order::Forget(_) => {}
            order => return Some(order),
        }
    }
}

impl Order {
    fn fail(self, error: &Error) {
        let broken = Broken::Down(error.clone());
        match self {
            Self::Frame { answer, .. } => reply(answer, Err(broken)),
            Self::Ping(answer) => reply(answer, Err(broken)),
            Self::Forget(_) => {}
        }
    }
}

fn reply<T>(answer: Answer<T>, outcome: Result<T, Broken>) {
    // Whoever asked may have gone away.
    let _ = answer.send(outcome);
}

fn ready(wait: &mut Dozing<Wait>, cx: &mut Context<'_>) -> bool {
    Pin::new(wait).poll(cx).is_ready()
}

/// After so much silence the peer is asked whether it is still there: half of what load balancers allow an idle connection.
const QUIET: Duration = Duration::from_secs(30);
/// For the peer to agree to the end.
const CLOSING: Duration = Duration::from_secs(3);
/// Orders that are written before what was written is sent, and messages that are heard before anything else is looked at.
const BATCH: usize = 64;
