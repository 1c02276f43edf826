//! Previews of attachments: a webhook becomes a job, and the job a small picture that stands in the conversation.
//!
//! Webhooks and what they point to come from strangers: [`signature`] and [`event`] look at the one, [`guard`] and [`fetch`] at
//! the other, and the picture is made within the limits of `media`. Source: docs/platform.md, "Previews".

mod address;
mod event;
mod fetch;
mod guard;
mod kind;
mod name;
mod publish;
mod running;
mod settings;
mod signature;
mod spool;
#[cfg(feature = "object-store")]
mod store;
mod tally;
#[cfg(test)]
mod tests;
mod trail;
mod value;
mod verdict;
mod worker;
mod workshop;

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::watch;

use self::fetch::{FetchLimits, Fetcher};
use self::guard::Guard;
use self::signature::Secrets;
use self::spool::Spool;
use self::worker::Terms;
use self::workshop::Workshop;
use crate::audit::AuditLog;
use crate::cores::Cores;
use crate::error::Result;
use crate::gateway::Gateway;
use crate::media::child_known;
use crate::message::Messages;
use crate::queue::{Queue, QueueSettings};

pub use self::event::AttachmentEvent;
pub use self::publish::{Publish, PublishOptions};
pub use self::settings::Previews;
pub use self::value::{PreviewOutcome, PreviewStats, PreviewTimes, Submitted, WebhookAnswer};
pub use self::worker::PreviewWorker;

/// What a worker takes from its client.
pub(crate) struct Surroundings {
    pub(crate) gateway: Gateway,
    pub(crate) messages: Messages,
    pub(crate) audit: Option<AuditLog>,
    pub(crate) times: Times,
    /// Whether the client was closed.
    pub(crate) closed: watch::Receiver<bool>,
}

/// How long others may take.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    /// For a connection to a guest's host.
    pub(crate) connect: Duration,
    /// For a guest's file in all.
    pub(crate) download: Duration,
    /// For a guest's file without a byte that comes.
    pub(crate) stall: Duration,
    /// For one attempt at putting a preview.
    pub(crate) publish: Duration,
}

/// Checks the settings, opens the queue and the spool, and asks nobody on the network.
pub(crate) fn open(surroundings: Surroundings, previews: Previews) -> Result<PreviewWorker> {
    let Surroundings { gateway, messages, audit, times, closed } = surroundings;
    previews.check()?;
    // Here rather than when the first PDF comes.
    child_known(&previews.preview.limits)?;
    let Previews { publish, preview, webhook_secrets, unsigned, concurrency, cpus, visibility, grace, .. } = previews;
    let publisher = publish.parse(gateway.allow_plain_http)?;
    let settings =
        QueueSettings::default().visibility(visibility).max_attempts(previews.max_attempts).remember(previews.remember);
    let guard = Guard::new(previews.allow_private, previews.allowed_hosts)?;
    let limits = FetchLimits {
        connect: times.connect,
        total: times.download,
        stall: times.stall,
        max_bytes: preview.limits.max_input_bytes,
    };
    // Apart from the client's: a guest who names the CDN's host must not be able to open its breaker.
    let pacer = Arc::new(gateway.pacer.apart());
    let fetcher = Fetcher::new(guard, limits, pacer, gateway.clock.clone())?;
    let secrets = match webhook_secrets.as_slice() {
        [] => None,
        secrets => Some(Secrets::new("webhook_secrets", secrets.iter().map(ExposeSecret::expose_secret))?),
    };
    let terms = Terms { secrets, unsigned, concurrency, visibility, grace, closed };
    let queue = Queue::open(&previews.queue, settings, gateway.clock.clone())?;
    let workshop = Workshop {
        fetcher,
        spool: Spool::open(previews.spool)?,
        cores: Cores::new(cpus),
        gateway,
        messages,
        audit,
        publisher,
        preview,
        put_timeout: times.publish,
    };
    Ok(PreviewWorker::new(workshop, queue, terms))
}

/// Conversation, URL, type and name of a delivery about a file: for the fuzzer, which sees only what is public.
#[cfg(fuzzing)]
pub fn webhook_event(body: &[u8]) -> Option<[String; 4]> {
    match event::parse(body, &event::WebhookLimits::default()) {
        Ok(event::WebhookEvent::Attachment(event)) => {
            Some([event.conversation_id, event.attachment_url, event.mime_type, event.file_name])
        }
        _ => None,
    }
}
