//! Many calls side by side, and what became of each.

use std::future::Future;

use futures_util::{FutureExt as _, StreamExt as _, stream};

use crate::error::{Error, Result};

/// What becomes of the call for each of these, in their order, with `concurrency` of them under way at a time.
///
/// # Errors
/// [`Error::InvalidInput`] about `concurrency`, before any call begins.
pub(crate) async fn side_by_side<T, F: Future>(
    concurrency: usize,
    wishes: Vec<T>,
    call: impl Fn(T) -> F,
) -> Result<Vec<F::Output>> {
    if !(1..=MOST_AT_A_TIME).contains(&concurrency) {
        let reason = format!("expected 1 to {MOST_AT_A_TIME}, got {concurrency}");
        return Err(Error::invalid("concurrency", reason));
    }
    let mut outcomes: Vec<_> = wishes.iter().map(|_| None).collect();
    // A call is made when its turn comes: what it needs on its way is many times its wish. On the heap, since many wait side by side.
    let calls = wishes.into_iter().enumerate();
    let calls = calls.map(|(index, wish)| Box::pin(call(wish)).map(move |outcome| (index, outcome)));
    // As they come, so that one that takes long holds nobody up.
    let mut calls = stream::iter(calls).buffer_unordered(concurrency);
    while let Some((index, outcome)) = calls.next().await {
        outcomes[index] = Some(outcome);
    }
    Ok(outcomes.into_iter().map(|outcome| outcome.expect("every call has ended")).collect())
}

/// How many calls are under way by default in languages that have defaults: with answers after 50 ms more than the platform's
/// documented rate allows.
pub const CONCURRENCY: usize = 16;

/// More connections to one host than any platform of this kind welcomes.
const MOST_AT_A_TIME: usize = 256;
