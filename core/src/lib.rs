//! Large uploads, messages, transfers and pictures for a contact-center platform: the core of porteur, which Python and Node speak too.
//!
//! ```no_run
//! use porteur::{Client, Config, GuestMessage, NewGuest, Upload};
//!
//! # async fn example() -> porteur::Result<()> {
//! let client = Client::new(Config::from_env()?)?;
//! let file = client.upload(Upload::path("invoice.pdf").content_type("application/pdf")).await?;
//! let guest = client.guest(NewGuest::new("en-US")).await?;
//! client.send_as_guest(&guest, GuestMessage::new("Your invoice.").to("+15550100").attach(&file)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `simulator` the whole of it runs without an account, and without waiting:
//!
//! ```
//! # #[cfg(feature = "simulator")]
//! # fn main() -> porteur::Result<()> {
//! use porteur::simulator::{Simulator, SimulatorSettings};
//! use porteur::{Client, Config, Upload};
//!
//! let simulator = Simulator::start(SimulatorSettings { chunk_size: 8, ..Default::default() })?;
//! let client = Client::new(Config::simulated(&simulator))?;
//! let runtime = tokio::runtime::Runtime::new().expect("a runtime");
//! let file = runtime.block_on(client.upload(Upload::bytes("0123456789abcdefXYZ", "notes.txt")))?;
//! assert_eq!(file.checksums.len(), 3);
//! assert_eq!(simulator.violations(), Vec::<String>::new());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "simulator"))]
//! # fn main() {}
//! ```
//!
//! What is spoken on the wire is in [`docs::platform`], why it is built this way in [`docs::design`].

mod attachment;
mod audit;
mod auth;
mod callback;
mod check;
mod client;
mod clock;
mod config;
mod cores;
mod digest;
mod ear;
mod error;
mod file;
mod gateway;
mod http;
mod many;
mod media;
mod message;
mod pace;
#[cfg(feature = "previews")]
mod preview;
#[cfg(feature = "previews")]
mod queue;
mod region;
#[cfg(feature = "simulator")]
pub mod simulator;
mod socket;
mod transfer;
mod upload;

pub use attachment::{AttachmentDirective, AttachmentInfo, AttachmentTimes, TransformedAttachment};
pub use audit::{
    Audit, AuditEntry, AuditFinding, AuditFindingKind, AuditReceipt, AuditReport, AuditSync, WhenFull, verify_audit,
};
pub use auth::ClientCredentials;
pub use callback::Callback;
pub use client::Client;
pub use clock::{Clock, SystemClock, Wait};
pub use config::{Config, Limits, Timeouts};
#[cfg(fuzzing)]
pub use digest::digests_by_each_kernel;
pub use digest::{ChunkDigests, HashChunks, HashSource, Sha256, sha256, sha256_chunks};
pub use error::{Answer, Cause, Error, ErrorFacts, MediaErrorKind, NetworkKind, QueueErrorKind, Result, Sla};
pub use many::CONCURRENCY;
pub use media::{
    Crop, Effort, Format, ImageInfo, Isolation, MediaLimits, MediaSource, Preview, SizeOptions, SourceFormat,
    StageTimes, TargetSize, Thumbnail, Transform, TransformMany, Transformed, be_media_child, inspect, media_child,
    preview, transform, transform_many,
};
#[cfg(fuzzing)]
pub use media::{jpeg_readers_differ, png_by_each_decoder};
pub use message::{
    Attachment, AttachmentBody, Content, Delivery, Guest, GuestMessage, History, HistoryMessage, HistoryMessages,
    Message, NewGuest, Receipt, SendAs, SentGuestMessage, SentMessage,
};
pub use pace::Pace;
#[cfg(all(fuzzing, feature = "previews"))]
pub use preview::webhook_event;
#[cfg(feature = "previews")]
pub use preview::{
    AttachmentEvent, PreviewOutcome, PreviewStats, PreviewTimes, PreviewWorker, Previews, Publish, PublishOptions,
    Submitted, WebhookAnswer,
};
#[cfg(feature = "previews")]
pub use queue::{Attempt, DeadLetter, Enqueued, Job, JobReceipt, Queue, QueueSettings, QueueStats, Returned};
pub use region::Region;
pub use transfer::{Audio, MediaMatrix, Session, SessionEvent, SessionEvents, Transfer, TransferOutcome, Video};
pub use upload::{OnProgress, Progress, Upload, UploadedFile};

/// The pages behind the code.
pub mod docs {
    #[doc = include_str!("../docs/platform.md")]
    pub mod platform {}
    #[doc = include_str!("../docs/design.md")]
    pub mod design {}
}
