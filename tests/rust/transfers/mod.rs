//! Sessions and transfers where a scenario does not reach: the WebSocket protocol byte by byte, certificates, a storm of
//! disconnects, and what is special to Rust.

mod idiom;
mod platform;
mod protocol;
mod storm;
mod tls;

use std::process::ExitCode;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    [protocol::tests(), tls::tests(), idiom::tests(), storm::tests()].into_iter().flatten().collect()
}

/// Does the task of a child, when this process is one.
pub(crate) fn child() -> Option<ExitCode> {
    tls::child()
}
