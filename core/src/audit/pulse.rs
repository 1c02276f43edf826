//! The task behind a log: signs, syncs and posts whenever a batch is full, and every so often what there is.
//!
//! Whatever it does, flush, close and a push into a full log do as well, so that nothing depends on its being alive: a task dies
//! with the runtime it runs on, and the next push makes another.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tracing::{debug, warn};

use super::log::{AuditLog, Process, Shared, locked};
use super::post::Portion;
use super::settings::AuditSync;
use crate::clock::Clock;

impl AuditLog {
    /// Sees to it that the task runs.
    pub(super) fn beat(&self, process: &Process) {
        let Shared { settings, sink, clock, closed, .. } = &*self.0;
        let idle = sink.is_none() && settings.sync == AuditSync::Entry;
        if idle || closed.load(Ordering::Relaxed) {
            return;
        }
        let mut task = locked(&process.task);
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let (log, wake) = (Arc::downgrade(&self.0), process.wake.clone());
            *task = Some(runtime.spawn(pulse(log, wake, clock.clone(), settings.every)));
        }
    }

    /// What is to be done when a batch is full, or, if `due`, with what there is.
    async fn work(&self, due: bool) {
        let settings = &self.0.settings;
        let process = self.process();
        let unkept = process.chain().as_ref().map_or(0, |chain| chain.now().count - chain.kept());
        let enough = unkept >= settings.batch as u64 || (due && unkept > 0);
        if enough && let Err(error) = self.keep().await {
            warn!(%error, "the audit log was not synced or signed");
        }
        // Who was turned away from a full log does not care whether what fills it is a whole batch.
        let pressed = process.pressed.swap(false, Ordering::Relaxed);
        match self.post(if due || pressed { Portion::Rest } else { Portion::Batches }).await {
            Ok(posted) => debug!(?posted, "audit log posted"),
            Err(error) => {
                let (file, again) = (settings.file.display(), settings.every);
                warn!(%file, %error, ?again, "the audit endpoint did not take a batch, which stays in the file");
            }
        }
    }
}

/// Runs until the log is closed or nobody has it any more.
async fn pulse(log: Weak<Shared>, wake: Arc<Notify>, clock: Arc<dyn Clock>, every: Duration) {
    // Not a sleep: a simulated clock would run away. On such a clock only full batches leave by themselves.
    let mut tick = clock.deadline(every);
    loop {
        let due = tokio::select! {
            biased;
            () = wake.notified() => false,
            () = &mut tick => true,
        };
        let Some(log) = log.upgrade().filter(|log| !log.closed.load(Ordering::Relaxed)) else { return };
        AuditLog(log).work(due).await;
        if due {
            tick = clock.deadline(every);
        }
    }
}
