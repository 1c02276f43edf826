//! What happens on a session, for callers who want to know.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::sync::broadcast;

/// Something that happened on a session.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// The socket was opened anew after it was lost.
    Reconnected,
    /// The socket ended; it is opened again.
    Disconnected {
        /// The platform's close code; none when the connection was lost without a word.
        code: Option<u16>,
        /// The platform's reason, or how the connection was lost.
        reason: String,
    },
    /// The socket could not be opened again; the next transfer tries once more.
    Failed {
        /// Why.
        reason: String,
    },
    /// A frame of the platform that no transfer waits for.
    Frame(Value),
    /// So many events were missed, since nobody took them for too long.
    Missed(u64),
    /// The session was closed, and there is nothing to come.
    Closed,
}

/// The events of a session, from when they were asked for. A stream that ends with [`SessionEvent::Closed`].
///
/// Holds at most 256 events that nobody took.
pub struct SessionEvents(Pin<Box<dyn Stream<Item = SessionEvent> + Send>>);

impl SessionEvents {
    pub(super) fn new(events: broadcast::Receiver<SessionEvent>) -> Self {
        let stream = futures_util::stream::unfold(Some(events), |events| async {
            let mut events = events?;
            Some(match events.recv().await {
                Ok(SessionEvent::Closed) | Err(broadcast::error::RecvError::Closed) => (SessionEvent::Closed, None),
                Ok(event) => (event, Some(events)),
                Err(broadcast::error::RecvError::Lagged(count)) => (SessionEvent::Missed(count), Some(events)),
            })
        });
        Self(stream.boxed())
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

/// How many events are kept for somebody who does not take them.
pub(super) const KEPT_EVENTS: usize = 256;
