//! One core for media and messaging work on a contact-center platform; see README.md.

mod auth;
mod client;
mod clock;
mod config;
mod digest;
mod error;
mod file;
mod gateway;
mod http;
mod message;
mod pace;
mod region;
#[cfg(feature = "simulator")]
pub mod simulator;
mod upload;

pub use auth::ClientCredentials;
pub use client::Client;
pub use clock::{Clock, SystemClock, Wait};
pub use config::{Config, Limits, Timeouts};
pub use digest::{ChunkDigests, HashChunks, HashSource, Sha256, sha256, sha256_chunks};
pub use error::{Answer, Cause, Error, ErrorFacts, NetworkKind, Result};
pub use message::{Guest, GuestMessage, NewGuest, SendAs, SentGuestMessage};
pub use pace::Pace;
pub use region::Region;
pub use upload::{OnProgress, Progress, Upload, UploadedFile};
