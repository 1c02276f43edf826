//! How a worker fares, and its queue.

use napi::bindgen_prelude::{Buffer, Unknown};
use napi_derive::napi;

use super::value::PreviewTimes;
use crate::convert::{Moment, Whole, ms, number};

/// Which dead letters are read.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct DeadLetterOptions<'env> {
    /// Those behind this `position`. Default all.
    #[napi(ts_type = "number")]
    pub after: Option<Whole>,
    /// At most so many, and 1,000 at most.
    #[napi(ts_type = "number")]
    pub most: Option<Whole>,
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// How a worker fares. Counts are of this process since the worker was made; what is in the queue is everybody's.
#[napi(object, object_from_js = false)]
pub struct PreviewStats {
    /// Jobs that are under way.
    pub running: f64,
    /// Previews that were made and linked.
    pub made: f64,
    /// Attempts that failed and are made again.
    pub retried: f64,
    /// Attempts that were given back since the platform or the CDN was not to be had.
    pub given_back: f64,
    /// Jobs that became dead letters.
    pub buried: f64,
    /// Bytes of attachments that were fetched.
    pub bytes_fetched: f64,
    /// The time that each stage took, over all previews that were made.
    pub times: PreviewTimes,
    /// For how long no job is begun from now on, when the platform or the CDN is not to be had.
    pub paused_ms: Option<f64>,
}

/// How much there is of what in a queue.
#[napi(object, object_from_js = false)]
pub struct QueueStats {
    /// Jobs that may be taken.
    pub waiting: f64,
    /// Jobs that somebody has.
    pub taken: f64,
    /// Jobs that are to be tried again later.
    pub delayed: f64,
    /// Dead letters.
    pub dead: f64,
    /// Finished keys that are still known.
    pub remembered: f64,
    /// How long ago the oldest job was stored that is not finished and not dead.
    pub oldest_ms: Option<f64>,
}

/// A job that nobody will try again by itself.
#[napi(object, object_from_js = false)]
pub struct DeadLetter {
    /// Where it stands among them: give that of the last one as `after` for the next page.
    pub position: f64,
    /// The key of the job.
    pub key: String,
    /// The event, as JSON.
    pub body: Buffer,
    /// Why it is here.
    pub reason: String,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was stored.
    #[napi(ts_type = "Date")]
    pub enqueued_at: Moment,
    /// When it was given up.
    #[napi(ts_type = "Date")]
    pub died_at: Moment,
}

impl From<porteur::PreviewStats> for PreviewStats {
    fn from(stats: porteur::PreviewStats) -> Self {
        Self {
            running: number(stats.running),
            made: number(stats.made),
            retried: number(stats.retried),
            given_back: number(stats.given_back),
            buried: number(stats.buried),
            bytes_fetched: number(stats.bytes_fetched),
            times: stats.times.into(),
            paused_ms: stats.paused.map(ms),
        }
    }
}

impl From<porteur::QueueStats> for QueueStats {
    fn from(stats: porteur::QueueStats) -> Self {
        Self {
            waiting: number(stats.waiting),
            taken: number(stats.taken),
            delayed: number(stats.delayed),
            dead: number(stats.dead),
            remembered: number(stats.remembered),
            oldest_ms: stats.oldest.map(ms),
        }
    }
}

impl From<porteur::DeadLetter> for DeadLetter {
    fn from(letter: porteur::DeadLetter) -> Self {
        Self {
            position: number(letter.position),
            key: letter.key,
            body: letter.body.to_vec().into(),
            reason: letter.reason,
            attempts: letter.attempts,
            enqueued_at: Moment(letter.enqueued_at),
            died_at: Moment(letter.died_at),
        }
    }
}
