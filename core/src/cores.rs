//! Work that keeps a core busy, beside what waits for the network.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use tokio::sync::Semaphore;

/// So many pictures are worked on at a time, however many are on their way. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Cores(Arc<Semaphore>);

impl Cores {
    pub(crate) fn new(number: usize) -> Self {
        Self(Arc::new(Semaphore::new(number)))
    }

    /// As many as the machine has.
    pub(crate) fn all() -> Self {
        Self::new(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN).get())
    }

    /// Does `work` on a thread where it may take its time. Work that nobody waits for any more keeps its core until it is done.
    pub(crate) async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let core = self.0.clone().acquire_owned().await.expect("nobody closes this semaphore");
        let done = tokio::task::spawn_blocking(move || {
            let _core = core;
            work()
        });
        match done.await {
            Ok(value) => value,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only a runtime that is shut down gives up what it has taken, and then nobody is there to hear it.
                Err(_) => std::future::pending().await,
            },
        }
    }
}
