//! Attachments of conversations: one is described, downloaded, made smaller or other, uploaded as a new one, and said what it is.
//!
//! The new attachment is made of pixels alone, so nothing that a stranger wrote into the file or its name goes on. Whatever is
//! on the platform when something fails is named by the error, and by the audit log before. Source: docs/platform.md,
//! "Attachments".

mod directive;
mod pipeline;
mod trail;
mod value;

use tokio::sync::watch;

use crate::audit::AuditLog;
use crate::callback::{Caller, Destination};
use crate::cores::Cores;
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
