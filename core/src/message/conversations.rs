//! Reading conversations for many callers at once: one read serves all who ask in the same moment.
//!
//! A read is a shared future that whoever waits for it drives: the one who began may go away, and when nobody waits any
//! more it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::error::{Error, Result};
use crate::gateway::wire::Conversation;
use crate::gateway::{ConversationFacts, Gateway};

/// The reads of one client.
#[derive(Debug)]
pub(super) struct Conversations {
    gateway: Gateway,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    facts: HashMap<String, Facts>,
    polls: HashMap<String, Poll>,
}

/// What is known of a conversation for its rules.
enum Facts {
    /// Somebody asks.
    Asked(WeakRead<ConversationFacts>),
    /// Since then, on the clock.
    Known(Duration, Arc<ConversationFacts>),
}

/// A poll that begins at `due`, on the clock.
struct Poll {
    due: Duration,
    read: WeakRead<Conversation>,
}

type Read<T> = Shared<BoxFuture<'static, Result<Arc<T>, Error>>>;
type WeakRead<T> = WeakShared<BoxFuture<'static, Result<Arc<T>, Error>>>;

impl Conversations {
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway, state: Arc::default() }
    }

    /// Channel and participants, at most [`FRESH`] old.
    pub(super) async fn facts(&self, id: &str) -> Result<Arc<ConversationFacts>> {
        let read = {
            let now = self.gateway.clock.now();
            let mut state = locked(&self.state);
            match state.facts.get(id) {
                Some(Facts::Known(since, facts)) if now.saturating_sub(*since) < FRESH => return Ok(facts.clone()),
                Some(Facts::Asked(read)) if let Some(read) = read.upgrade() => read,
                _ => {
                    let read = self.ask(id.to_owned());
                    state.tidy(now);
                    state.facts.insert(id.to_owned(), Facts::Asked(weak(&read)));
                    read
                }
            }
        };
        read.await
    }

    /// The conversation after a wait of at most `wait`; whoever waits for the same one already is joined.
    pub(super) async fn poll(&self, id: &str, wait: Duration) -> Result<Arc<Conversation>> {
        let read = {
            let due = self.gateway.clock.now().saturating_add(wait);
            let mut state = locked(&self.state);
            let pending = state.polls.get(id).filter(|poll| poll.due <= due);
            match pending.and_then(|poll| poll.read.upgrade()).filter(|read| read.peek().is_none()) {
                Some(read) => read,
                None => {
                    let read = self.later(id.to_owned(), wait);
                    state.polls.retain(|_, poll| poll.read.upgrade().is_some());
                    state.polls.insert(id.to_owned(), Poll { due, read: weak(&read) });
                    read
                }
            }
        };
        read.await
    }

    fn ask(&self, id: String) -> Read<ConversationFacts> {
        let (gateway, state) = (self.gateway.clone(), self.state.clone());
        let read = async move {
            let facts = Arc::new(gateway.conversation(&id).await?.facts());
            locked(&state).facts.insert(id, Facts::Known(gateway.clock.now(), facts.clone()));
            Ok(facts)
        };
        read.boxed().shared()
    }

    fn later(&self, id: String, wait: Duration) -> Read<Conversation> {
        let gateway = self.gateway.clone();
        let read = async move {
            gateway.clock.sleep(wait).await;
            gateway.conversation(&id).await.map(Arc::new)
        };
        read.boxed().shared()
    }
}

impl State {
    /// Forgets what is old, once there is enough of it to be worth a look.
    fn tidy(&mut self, now: Duration) {
        if self.facts.len() >= MANY {
            self.facts.retain(|_, facts| match facts {
                Facts::Known(since, _) => now.saturating_sub(*since) < FRESH,
                Facts::Asked(read) => read.upgrade().is_some(),
            });
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("facts", &self.facts.len()).field("polls", &self.polls.len()).finish()
    }
}

fn weak<T>(read: &Read<T>) -> WeakRead<T> {
    read.downgrade().expect("it was made just now, and nobody has polled it")
}

/// A lock that is held for looking up and noting down only, so that a panic cannot have left nonsense behind.
fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long channel and participants are believed: long enough for a batch to ask once, short enough for a sender who just
/// joined.
const FRESH: Duration = Duration::from_secs(5);

/// How many conversations are remembered before old ones are looked for.
const MANY: usize = 1024;
