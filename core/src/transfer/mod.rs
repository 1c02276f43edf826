//! Transferring an interaction with its media: a session on the platform's socket, and transfers that share it.
//!
//! The outcome of a frame that left is found out, never guessed: after a lost connection the interaction is read first, then
//! the same frame is sent again under the same id, and the gateway answers an id that it knows with what it did. Source:
//! docs/platform.md, "Transfers".

mod event;
mod ids;
mod link;
mod negotiate;
mod plan;
mod session;
mod trail;
mod value;

pub use event::{SessionEvent, SessionEvents};
pub(crate) use plan::GatewayLimits;
pub use session::Session;
pub(crate) use session::{Surroundings, alone};
pub use value::{Audio, MediaMatrix, Transfer, TransferOutcome, Video};
