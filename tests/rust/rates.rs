//! An hour at three times the rate that the platform allows: simulated time, real calls.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use libtest_mimic::Trial;
use porteur::simulator::Simulator;
use porteur::{Client, Clock, Config, Error, Message, Pace, Wait};
use serde_json::json;

use crate::support::{block_on, count, simulator};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        who_wants_three_times_the_allowed_rate_for_an_hour_is_held_back_and_hardly_ever_refused,
        who_is_set_to_three_times_the_allowed_rate_finds_the_rate_that_is_allowed,
    ]
}

fn who_wants_three_times_the_allowed_rate_for_an_hour_is_held_back_and_hardly_ever_refused() {
    // A client as it is by default, which is what the platform allows.
    let allowed = Pace::default().per_minute;
    let hour = Hour::of(allowed, Pace::default());
    let share = hour.share();
    assert!(share < 0.01, "{:.2} % of the calls were refused", share * 100.0);
    // What is allowed is also used, but for the first minutes after a refusal, which are slower.
    assert!(hour.taken >= 60 * allowed as usize * 97 / 100, "only {} calls were taken", hour.taken);
    assert_eq!(hour.failed, 0);
}

fn who_is_set_to_three_times_the_allowed_rate_finds_the_rate_that_is_allowed() {
    let allowed = 60;
    let hour = Hour::of(allowed, Pace::default().per_minute(3 * allowed));
    assert!(hour.refused > 0, "the platform had nothing to refuse");
    let share = hour.share();
    assert!(share < 0.01, "{:.2} % of the calls were refused", share * 100.0);
    assert!(hour.taken >= 60 * allowed as usize * 9 / 10, "only {} calls were taken", hour.taken);
}

/// What became of an hour's calls.
struct Hour {
    taken: usize,
    refused: usize,
    /// Sends that ended with an error.
    failed: usize,
}

impl Hour {
    /// [`CALLERS`] callers want three times what is `allowed` a minute, and the client has this pace.
    fn of(allowed: u32, pace: Pace) -> Self {
        // A smaller burst than ours, so that we come to hear a refusal at all.
        let limit = json!({ "per_minute": allowed, "burst": 10 });
        let simulator = Arc::new(simulator(json!({ "rate_limit": limit })));
        let clock = SideBySide::new(simulator.clone(), CALLERS);
        let wanted = pace.per_minute;
        let client = Client::new(Config::simulated(&simulator).clock(Arc::new(clock.clone())).pace(pace)).unwrap();
        let failed: usize =
            block_on(join_all((0..CALLERS).map(|caller| call(&client, &clock, caller, allowed)))).iter().sum();
        assert_eq!(simulator.violations(), Vec::<String>::new());
        let hour = Self {
            taken: count(&simulator, &format!("{SEND} 202")),
            refused: count(&simulator, &format!("{SEND} 429")),
            failed,
        };
        println!(
            "an hour, {allowed} calls a minute allowed, a client set to {wanted}, {} wanted: \
             {} taken, {} refused ({:.2} %), {} given up",
            3 * allowed,
            hour.taken,
            hour.refused,
            hour.share() * 100.0,
            hour.failed
        );
        hour
    }

    /// How much of all calls was refused.
    fn share(&self) -> f64 {
        let total = u32::try_from(self.taken + self.refused).expect("an hour's calls");
        f64::from(u32::try_from(self.refused).expect("fewer")) / f64::from(total)
    }
}

/// Sends until the hour is over, at its share of three times the allowed rate or as fast as the client lets it. How many
/// sends failed.
async fn call(client: &Client, clock: &SideBySide, caller: u32, allowed: u32) -> usize {
    let between = Duration::from_secs(60) * CALLERS / (3 * allowed);
    let mut due = between * caller / CALLERS;
    let mut failed = 0;
    while clock.now() < HOUR {
        clock.sleep(due.saturating_sub(clock.now())).await;
        due += between;
        let message = Message::text("hello").sender("agent@example.com").to("customer@example.com").check(false);
        match client.send("conversation-1", message).await {
            Ok(_) => {}
            Err(Error::RateLimited { .. }) => failed += 1,
            Err(other) => panic!("{other:?} is no answer to a rate limit"),
        }
    }
    clock.leave();
    failed
}

/// The simulator's clock for a number of callers whose waits overlap: when all of them wait, time moves on to the one that
/// is due first. On the clock by itself the waits of all would add up, and nobody would ever be too fast.
#[derive(Debug, Clone)]
struct SideBySide {
    simulator: Arc<Simulator>,
    below: Arc<dyn Clock>,
    state: Arc<Mutex<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    callers: usize,
    /// By when they are due, and in which order they came.
    waits: BTreeMap<(Duration, u64), Waker>,
    begun: u64,
}

impl SideBySide {
    fn new(simulator: Arc<Simulator>, callers: u32) -> Self {
        let below = simulator.clock();
        let state = Waiting { callers: callers as usize, waits: BTreeMap::new(), begun: 0 };
        Self { simulator, below, state: Arc::new(Mutex::new(state)) }
    }

    /// One caller has nothing more to do.
    fn leave(&self) {
        let mut state = self.state.lock().unwrap();
        state.callers -= 1;
        self.move_on(&mut state);
    }

    fn move_on(&self, state: &mut Waiting) {
        if state.waits.len() == state.callers
            && let Some(((due, _), waker)) = state.waits.pop_first()
        {
            self.simulator.advance(due.saturating_sub(self.below.now())).unwrap();
            waker.wake();
        }
    }
}

impl Clock for SideBySide {
    fn now(&self) -> Duration {
        self.below.now()
    }

    fn date(&self) -> SystemTime {
        self.below.date()
    }

    fn sleep(&self, wait: Duration) -> Wait {
        Box::pin(Nap { clock: self.clone(), wait, key: None })
    }

    fn deadline(&self, limit: Duration) -> Wait {
        self.below.deadline(limit)
    }
}

/// Ready when its turn has come. Nobody here goes away while waiting.
struct Nap {
    clock: SideBySide,
    wait: Duration,
    key: Option<(Duration, u64)>,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut state = clock.state.lock().unwrap();
        let key = match self.key {
            None if self.wait.is_zero() => return Poll::Ready(()),
            None => {
                state.begun += 1;
                (clock.now() + self.wait, state.begun)
            }
            Some(key) if state.waits.contains_key(&key) => key,
            Some(_) => return Poll::Ready(()),
        };
        state.waits.insert(key, cx.waker().clone());
        if self.key.replace(key).is_none() {
            clock.move_on(&mut state);
        }
        Poll::Pending
    }
}

const CALLERS: u32 = 12;
const HOUR: Duration = Duration::from_secs(3600);
const SEND: &str = "POST /api/v2/conversations/conversation-1/messages";
