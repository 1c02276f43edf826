//! A worker that makes previews of attachments, blocking and for asyncio.

mod asking;
mod options;
mod signer;
mod stats;
mod value;
mod working;

use std::sync::Arc;

use porteur::Previews;
use pyo3::prelude::*;

use self::signer::Loop;
use crate::door::Door;
use crate::errors::exception;
use crate::process::PerProcess;

pub(crate) use self::asking::AsyncPreviewWorker;
pub(crate) use self::options::{Previewing, Target};
pub(crate) use self::stats::{DeadLetter, PreviewStats, QueueStats};
pub(crate) use self::value::{PreviewOutcome, PreviewTimes, Submitted, WebhookAnswer};
pub(crate) use self::working::PreviewWorker;

/// The core's worker with what it was made from, so that a child process can make its own.
struct Works {
    door: Arc<Door>,
    previews: Previews,
    core: PerProcess<porteur::PreviewWorker>,
    /// Where the caller's coroutines run.
    place: Loop,
}

impl Works {
    fn open(py: Python<'_>, door: Arc<Door>, wish: Previewing<'_>) -> PyResult<Self> {
        let place = Loop::default();
        let works = Self { door, previews: wish.previews(&place)?, core: PerProcess::new(), place };
        works.here(py)?;
        Ok(works)
    }

    /// This process's worker. A child cannot open a queue in a file that its parent has used, and is told so by the queue.
    fn here(&self, py: Python<'_>) -> PyResult<porteur::PreviewWorker> {
        if let Some(core) = self.core.get(Clone::clone) {
            return Ok(core);
        }
        let (client, previews) = (self.door.core()?, self.previews.clone());
        // That reads a file, and whoever has its lock may be about to log, which takes the GIL. What two threads make at once
        // is one worker for both.
        let made = py.detach(|| client.previews(previews)).map_err(exception)?;
        self.core.get_or_make(|| Ok::<_, PyErr>(made), Clone::clone)
    }
}

impl Drop for Works {
    fn drop(&mut self) {
        // It may be the last to hold its client; see `Door`.
        let core = self.core.take();
        Python::try_attach(|py| py.detach(|| drop(core)));
    }
}
