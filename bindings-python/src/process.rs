//! What does not survive a fork.
//!
//! A forked child (gunicorn, Celery prefork, multiprocessing) has a copy of the memory and none of the threads: a runtime
//! or a connection that was made before the fork waits there for ever. The child makes its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value with threads or sockets behind it, made anew in a child process.
///
/// The lock is only taken by threads that hold the GIL, so `os.fork` never copies it locked; and nothing that is done under
/// it gives the GIL away, or a thread that has the one would wait for the other.
pub(crate) struct PerProcess<T>(Mutex<Option<Made<T>>>);

struct Made<T> {
    process: u32,
    value: T,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    pub(crate) fn with(value: T) -> Self {
        Self(Mutex::new(Some(Made { process: std::process::id(), value })))
    }

    /// What `look` sees of this process's value, which is made when there is none.
    pub(crate) fn get_or_make<U, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        look: impl FnOnce(&T) -> U,
    ) -> Result<U, E> {
        let mut made = self.ours();
        if made.is_none() {
            *made = Some(Made { process: std::process::id(), value: make()? });
        }
        let made = made.as_ref().expect("made above");
        Ok(look(&made.value))
    }

    /// What `look` sees of this process's value, when there is one.
    pub(crate) fn get<U>(&self, look: impl FnOnce(&T) -> U) -> Option<U> {
        self.ours().as_ref().map(|made| look(&made.value))
    }

    /// Takes out this process's value.
    pub(crate) fn take(&self) -> Option<T> {
        self.ours().take().map(|made| made.value)
    }

    /// Without a value of the parent: that one is forgotten, since to drop it would wait for threads that are not here.
    fn ours(&self) -> MutexGuard<'_, Option<Made<T>>> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if made.as_ref().is_some_and(|made| made.process != std::process::id()) {
            std::mem::forget(made.take());
        }
        made
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        drop(self.ours());
    }
}
