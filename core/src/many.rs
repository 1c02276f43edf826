//! Many calls side by side, and what became of each.

use std::future::Future;

use futures_util::{StreamExt as _, stream};

use crate::error::{Error, Result};

/// What becomes of each call, in their order, with `concurrency` of them under way at a time.
///
/// # Errors
/// [`Error::InvalidInput`] about `concurrency`, before any call begins.
pub(crate) async fn side_by_side<F: Future>(concurrency: usize, calls: Vec<F>) -> Result<Vec<F::Output>> {
    if !(1..=MOST_AT_A_TIME).contains(&concurrency) {
        let reason = format!("expected 1 to {MOST_AT_A_TIME}, got {concurrency}");
        return Err(Error::invalid("concurrency", reason));
    }
    // On the heap: so many of them wait side by side.
    let calls = calls.into_iter().enumerate().map(|(index, call)| async move { (index, Box::pin(call).await) });
    // As they come, so that one that takes long holds nobody up; then in their order.
    let mut outcomes: Vec<_> = stream::iter(calls).buffer_unordered(concurrency).collect().await;
    outcomes.sort_unstable_by_key(|(index, _)| *index);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// How many calls are under way by default in languages that have defaults: with answers after 50 ms more than the platform's
/// documented rate allows.
pub const CONCURRENCY: usize = 16;

/// More connections to one host than any platform of this kind welcomes.
const MOST_AT_A_TIME: usize = 256;
