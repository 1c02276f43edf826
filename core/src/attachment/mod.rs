//! Attachments of conversations: one is described, downloaded, made smaller or other, uploaded as a new one, and said what it is.
//!
//! The new attachment is made of pixels alone, so nothing that a stranger wrote into the file or its name goes on. Whatever is
//! on the platform when something fails is named by the error, and by the audit log before. Source: docs/platform.md,
//! "Attachments".

mod directive;
mod pipeline;
mod trail;
mod value;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use tokio::sync::{Semaphore, watch};

use crate::audit::AuditLog;
use crate::callback::{Caller, Destination};
use crate::error::Result;
use crate::gateway::Gateway;
use crate::media::MediaLimits;

pub use self::directive::AttachmentDirective;
pub use self::value::{AttachmentInfo, AttachmentTimes, TransformedAttachment};

/// The attachments of one client.
#[derive(Debug)]
pub(crate) struct Attachments {
    pub(crate) gateway: Gateway,
    pub(crate) audit: Option<AuditLog>,
    /// Whom to tell of a transformed attachment.
    pub(crate) callback: Option<Destination>,
    pub(crate) caller: Caller,
    /// What a picture may cost.
    pub(crate) limits: MediaLimits,
    pub(crate) cores: Cores,
    /// Whether the client was closed.
    pub(crate) closed: watch::Receiver<bool>,
}

impl Attachments {
    /// What an attachment is.
    pub(crate) async fn describe(&self, id: &str) -> Result<AttachmentInfo> {
        directive::id_of("id", id)?;
        Ok(self.gateway.attachment(id).await?.into())
    }

    /// Carries out a directive, and tells the audit log and the callback.
    pub(crate) async fn transform(&self, directive: AttachmentDirective) -> Result<TransformedAttachment> {
        pipeline::run(self, directive).await
    }
}

/// One picture a core is worked on at a time, however many are on their way.
#[derive(Debug, Clone)]
pub(crate) struct Cores(Arc<Semaphore>);

impl Cores {
    pub(crate) fn all() -> Self {
        Self(Arc::new(Semaphore::new(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN).get())))
    }

    /// Does `work` on a thread where it may take its time. Work that nobody waits for any more keeps its core until it is done.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
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
