//! What a child does: one job after the other, until its host hangs up.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::confine::{self, Confined};
use super::frame::{self, Frame};
use super::line;
use super::wire::{Answer, Hello, Reply, Wish};
use crate::error::Result;

/// Serves until the host hangs up.
pub(super) fn serve() {
    confine::for_good();
    // What went wrong is the host's to tell.
    std::panic::set_hook(Box::new(|_| PANICKED.store(true, Ordering::Relaxed)));
    #[cfg(unix)]
    watch_the_host();
    // A host that is gone wants no explanation.
    let _ = line::own().and_then(serve_on);
}

fn serve_on(mut line: impl Read + Write) -> io::Result<()> {
    frame::write(&mut line, &Hello::default(), &[])?;
    let at_first = confine::data();
    let mut jobs = 0;
    while let Some(Frame { head: wish, body }) = frame::read::<Wish<'static>>(&mut line)? {
        let answer = {
            let _confined = Confined::to(wish.limits());
            perform(&wish, body)
        };
        jobs += 1;
        let has_grown = confine::data().saturating_sub(at_first) > MOST_GROWTH;
        let lasts = !has_grown && jobs < MOST_JOBS && !PANICKED.load(Ordering::Relaxed);
        let (reply, parts) = Reply::of(&answer, lasts);
        frame::write(&mut line, &reply, &parts)?;
        if !lasts {
            break;
        }
    }
    Ok(())
}

fn perform(wish: &Wish<'_>, bytes: Vec<u8>) -> Result<Answer> {
    use super::super::{inspect_here, preview, transform_here};
    match wish {
        Wish::Inspect(limits) => inspect_here(Cow::Owned(bytes), limits).map(Answer::Info),
        Wish::Preview(wish) => preview::here(Cow::Owned(bytes), wish).map(Answer::Picture),
        Wish::Transform(wish) => transform_here(&bytes, wish).map(Answer::Picture),
    }
}

/// Ends this process when its host is gone, even where a process that the host forked holds the line open.
#[cfg(unix)]
fn watch_the_host() {
    let host = rustix::process::getppid();
    // Without a thread for it, a line that closes ends this process all the same.
    let _ = std::thread::Builder::new().spawn(move || {
        while rustix::process::getppid() == host {
            std::thread::sleep(WATCH_EVERY);
        }
        std::process::exit(0);
    });
}

static PANICKED: AtomicBool = AtomicBool::new(false);
/// How many jobs a child does before another takes its place, so that nothing adds up.
const MOST_JOBS: u32 = 1_000;
/// Bytes that a child may keep of what its jobs took.
const MOST_GROWTH: u64 = 64 << 20;
#[cfg(unix)]
const WATCH_EVERY: std::time::Duration = std::time::Duration::from_secs(5);
