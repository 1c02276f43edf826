//! What happens on a session, for callers who want to know.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::sync::{broadcast, watch};

/// Something that happened on a session.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// The socket was opened anew after it was lost.
    Reconnected,
    /// The socket ended; it is opened again.
    Disconnected {
        /// The platform's close code, or the one it was told when it broke the protocol; none when the connection was lost without a
        /// word.
        code: Option<u16>,
        /// The platform's reason, or how the connection was lost.
        reason: String,
    },
    /// The socket could not be opened again; the next transfer tries once more.
    Failed {
        /// Why.
        reason: String,
    },
    /// A frame of the platform that no transfer waits for, or waits for any more: an answer that comes too late is one.
    /// Those over 16 KiB are left out.
    Frame(Value),
    /// So many events were missed, since nobody took them for too long.
    Missed(u64),
    /// The session was closed, and there is nothing to come.
    Closed,
}

impl SessionEvent {
    /// The name of the variant in snake_case, for languages without variants.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Reconnected => "reconnected",
            Self::Disconnected { .. } => "disconnected",
            Self::Failed { .. } => "failed",
            Self::Frame(_) => "frame",
            Self::Missed(_) => "missed",
            Self::Closed => "closed",
        }
    }
}

/// The events of a session, from when they were asked for. A stream that ends with [`SessionEvent::Closed`].
///
/// Holds at most 256 events that nobody took.
pub struct SessionEvents(Pin<Box<dyn Stream<Item = SessionEvent> + Send>>);

impl SessionEvents {
    /// `ended` has no sender any more when there is nothing to come.
    pub(super) fn new(events: broadcast::Receiver<SessionEvent>, ended: watch::Receiver<()>) -> Self {
        let stream = futures_util::stream::unfold(Some((events, ended)), |open| async {
            let (mut events, mut ended) = open?;
            let event = tokio::select! {
                // What came before the end is told before it.
                biased;
                event = events.recv() => event,
                _ = ended.changed() => Ok(SessionEvent::Closed),
            };
            Some(match event {
                Ok(SessionEvent::Closed) | Err(broadcast::error::RecvError::Closed) => (SessionEvent::Closed, None),
                Ok(event) => (event, Some((events, ended))),
                Err(broadcast::error::RecvError::Lagged(count)) => (SessionEvent::Missed(count), Some((events, ended))),
            })
        });
        Self(stream.fuse().boxed())
    }
}

impl Stream for SessionEvents {
    type Item = SessionEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SessionEvent>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for SessionEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionEvents").finish_non_exhaustive()
    }
}

/// Where events of one session go. Costs nothing until somebody wants to know: the room for them would be most of an idle session.
#[derive(Debug, Clone, Default)]
pub(super) struct Announcer(Arc<OnceLock<broadcast::Sender<SessionEvent>>>);

impl Announcer {
    /// A text of the platform, which nobody reads unless somebody wants to know.
    pub(super) fn announce_frame(&self, text: &[u8]) {
        let wanted = self.0.get().is_some_and(|sender| sender.receiver_count() > 0);
        if wanted
            && text.len() <= MAX_FRAME
            && let Ok(frame) = serde_json::from_slice(text)
        {
            self.announce(SessionEvent::Frame(frame));
        }
    }

    pub(super) fn announce(&self, event: SessionEvent) {
        if let Some(sender) = self.0.get() {
            // Whoever wanted to know may have gone away.
            let _ = sender.send(event);
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<SessionEvent> {
        self.0.get_or_init(|| broadcast::Sender::new(KEPT_EVENTS)).subscribe()
    }
}

/// Bytes. With as many of them as are kept, what a listener who does not listen costs stays bounded.
const MAX_FRAME: usize = 16 << 10;
/// How many events are kept for somebody who does not take them.
const KEPT_EVENTS: usize = 256;
