//! What is uploaded or hashed: a path, bytes, or pieces pulled from JavaScript one at a time.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_core::Stream;
use napi::bindgen_prelude::{Promise, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, ValueType};

use crate::convert::{Copied, argument, function};
use crate::errors::Failed;
use crate::hooks;

/// A source as JavaScript gave it.
pub(crate) enum Source {
    /// Any part of it can be looked at.
    AtRest(AtRest),
    /// A stream or another iterable.
    Pieces(Pieces),
}

/// A source that can be read more than once.
pub(crate) enum AtRest {
    /// A file.
    Path(PathBuf),
    /// A copy of the caller's bytes.
    Bytes(Bytes),
}

impl Source {
    /// A path, a `file:` URL, bytes, a stream or an iterable.
    pub(crate) fn open(env: &Env, source: Unknown<'_>) -> Result<Self, Failed> {
        let source: Unknown<'_> = hooks::call(env, "open", (source,))?;
        match source.get_type()? {
            ValueType::Function => {
                let pull = function("source", source)?.build_threadsafe_function().weak::<true>().build()?;
                Ok(Self::Pieces(Pieces { pull, thrown: Thrown::default() }))
            }
            _ => AtRest::read(source).map(Self::AtRest),
        }
    }
}

impl AtRest {
    /// A path, a `file:` URL or bytes.
    pub(crate) fn open(env: &Env, source: Unknown<'_>) -> Result<Self, Failed> {
        Self::read(hooks::call(env, "openAtRest", (source,))?)
    }

    fn read(source: Unknown<'_>) -> Result<Self, Failed> {
        match source.get_type()? {
            ValueType::String => Ok(Self::Path(argument::<String>("source", source)?.into())),
            _ => Ok(Self::Bytes(argument::<Copied>("source", source)?.0)),
        }
    }
}

/// Pulls pieces from JavaScript; dropping it lets the stream know that no more are wanted.
pub(crate) struct Pieces {
    pull: Pull,
    thrown: Thrown,
}

/// Called with `false` for the next piece or nothing more, with `true` to close. Weak: the promise of the call keeps
/// the process alive, and what is left of a source must not.
type Pull = ThreadsafeFunction<bool, Promise<Option<Copied>>, bool, Status, false, true>;

/// What a source threw, on its way past the core, which has no place for a value of JavaScript.
#[derive(Clone, Default)]
pub(crate) struct Thrown(Arc<Mutex<Option<napi::Error>>>);

impl Thrown {
    /// The failure of a call whose source may have thrown.
    pub(crate) fn or(&self, failed: Failed) -> Failed {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(failed, Failed::Js)
    }

    fn set(&self, error: napi::Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

impl Pieces {
    /// Where to look when the call fails.
    pub(crate) fn thrown(&self) -> Thrown {
        self.thrown.clone()
    }

    /// The pieces; each is asked for when the one before was taken.
    pub(crate) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        futures_util::stream::try_unfold(self, |pieces| async {
            match pieces.next().await {
                Ok(piece) => Ok(piece.map(|piece| (piece, pieces))),
                Err(error) => {
                    pieces.thrown.set(error);
                    Err(io::Error::other("the source threw"))
                }
            }
        })
    }

    async fn next(&self) -> napi::Result<Option<Bytes>> {
        let piece = self.pull.call_async_catch(false).await?.await?;
        Ok(piece.map(|piece| piece.0))
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        // An environment that is closing has no stream to close any more.
        let _ = self.pull.call(true, ThreadsafeFunctionCallMode::NonBlocking);
    }
}
