//! Work in a child process, which a file that loops or eats memory ends alone. The one room here that starts processes,
//! and that waits.
//!
//! A child is a program that the host named ([`program`]) and serves one job after the other ([`serve`]): a frame with the
//! wish and the file goes to it, a frame with the result or the refusal comes back ([`frame`], [`wire`]). It limits itself
//! before each job ([`confine`]); the clock is on this side. A child that is left is kept warm for the next job ([`pool`]),
//! one that did not end well is replaced.

mod confine;
mod frame;
mod line;
mod pool;
mod program;
mod serve;
mod wire;
mod worker;

use std::borrow::Cow;

use self::pool::Lent;
use self::program::Program;
use self::wire::{Answer, Wish};
use super::detect::{SourceFormat, detect};
use super::errors::{corrupt, exhausted};
use super::limits::{Isolation, MediaLimits};
use super::preview::Preview;
use super::result::{ImageInfo, Transformed};
use super::value::Transform;
use crate::error::{Error, Result};

pub use self::program::{be_media_child, media_child};

/// Whether `bytes` are to be worked on by a child.
pub(super) fn wanted(bytes: &[u8], limits: &MediaLimits) -> bool {
    match limits.isolation {
        Isolation::Everything => true,
        Isolation::Pdf => matches!(detect(bytes), Ok(SourceFormat::Pdf)),
        Isolation::Nothing => false,
    }
}

/// Refuses limits that want a child when no program is known for it: for whoever will want one later.
#[cfg(feature = "previews")]
pub(crate) fn child_known(limits: &MediaLimits) -> Result<()> {
    match limits.isolation {
        Isolation::Nothing => Ok(()),
        Isolation::Pdf | Isolation::Everything => Program::known().map(drop),
    }
}

/// [`crate::inspect`] in a child.
pub(super) fn inspect(bytes: &[u8], limits: &MediaLimits) -> Result<ImageInfo> {
    match ask(bytes, &Wish::Inspect(Cow::Borrowed(limits)))? {
        Answer::Info(info) => Ok(info),
        Answer::Picture(_) => Err(beside_the_point()),
    }
}

/// [`crate::preview`] in a child.
pub(super) fn preview(bytes: &[u8], preview: &Preview) -> Result<Transformed> {
    picture(ask(bytes, &Wish::Preview(Cow::Borrowed(preview)))?)
}

/// [`crate::transform`] in a child.
pub(super) fn transform(bytes: &[u8], transform: &Transform) -> Result<Transformed> {
    picture(ask(bytes, &Wish::Transform(Cow::Borrowed(transform)))?)
}

fn picture(answer: Answer) -> Result<Transformed> {
    match answer {
        Answer::Picture(picture) => Ok(picture),
        Answer::Info(_) => Err(beside_the_point()),
    }
}

fn ask(bytes: &[u8], wish: &Wish<'_>) -> Result<Answer> {
    let limits = wish.limits();
    // Nothing is sent over that the other side would refuse by its length or its first bytes.
    limits.input(bytes)?;
    let format = detect(bytes)?;
    let program = Program::known()?;
    let mut lent = Lent::of_pool(&program)?;
    match lent.worker.work(wish, bytes, limits.max_child_wall) {
        Ok((answer, lasts)) => {
            if lasts {
                lent.give_back();
            }
            answer
        }
        Err(ending) => {
            tracing::warn!(format = format.name(), ?ending, "a media child ended in the middle of its work");
            Err(verdict(ending, format, limits))
        }
    }
}

/// How a child ended that gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It was ended for taking too long by the clock.
    Clock,
    /// The system ended it for taking too long by its processor time.
    Processor,
    /// It could not get the memory that it asked for, or was killed, as systems do that run out of memory.
    Memory,
    /// In any other way, as by a stack that ran over.
    Otherwise,
}

fn verdict(ending: Ending, format: SourceFormat, limits: &MediaLimits) -> Error {
    let seconds = |time: std::time::Duration| time.as_secs_f64();
    match ending {
        Ending::Clock => exhausted(format, &format!("{} s by the clock", seconds(limits.max_child_wall))),
        Ending::Processor => exhausted(format, &format!("{} s of a processor", seconds(limits.max_child_cpu))),
        Ending::Memory => exhausted(format, &format!("{} bytes of memory", limits.max_child_memory)),
        Ending::Otherwise => corrupt(format, "its decoder gave up on it"),
    }
}

fn beside_the_point() -> Error {
    Error::invalid("isolation", "expected the child process to answer what it was asked")
}
