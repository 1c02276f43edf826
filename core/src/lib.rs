//! stub during construction
mod clock;
mod error;
mod gateway;

pub use clock::{Clock, SystemClock, Wait};
pub use error::{Answer, Cause, Error, ErrorFacts, NetworkKind, Result};
