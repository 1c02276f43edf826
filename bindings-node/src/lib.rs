//! porteur for Node.js: every function here converts, calls the core, and converts back.
//!
//! The JavaScript beside it (`native.js`) lends what only JavaScript can make: error instances with a stack, listeners on
//! an `AbortSignal`, and pieces pulled from streams; see [`hooks`].

// What `#[napi]` exports is `pub`, reached by Node and not by another crate.
#![allow(unreachable_pub)]

mod attachment;
mod audit;
mod client;
mod config;
mod convert;
mod delivery;
mod digest;
mod errors;
mod generated;
mod guest;
mod history;
mod hooks;
mod json;
mod many;
mod media;
mod media_child;
mod message;
mod previews;
mod promise;
mod session;
mod simulator;
mod source;
mod transfer;
mod upload;
