//! What is uploaded, hashed or looked at: a path, bytes, or pieces pulled from JavaScript one at a time.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_core::Stream;
use napi::bindgen_prelude::{FromNapiValue, Promise, Unknown};
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

/// The pieces of one source.
pub(crate) type Pieces = Pulled<Copied>;

impl Source {
    /// A path, a `file:` URL, bytes, a stream or an iterable.
    pub(crate) fn open(env: &Env, source: Unknown<'_>) -> Result<Self, Failed> {
        Self::read(hooks::call(env, "open", (source,))?)
    }

    /// What the hook `open` made of a source.
    pub(crate) fn read(source: Unknown<'_>) -> Result<Self, Failed> {
        match source.get_type()? {
            ValueType::Function => Pulled::by("source", source).map(Self::Pieces),
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

/// Pulls items from JavaScript; dropping it lets the iterable know that no more are wanted.
pub(crate) struct Pulled<T: FromNapiValue + 'static> {
    pull: Pull<T>,
    thrown: Thrown,
}

/// Called with `false` for the next item or nothing more, with `true` to close. Weak: the promise of the call keeps
/// the process alive, and what is left of a source must not.
type Pull<T> = ThreadsafeFunction<bool, Promise<Option<T>>, bool, Status, false, true>;

/// What a source threw, on its way past the core, which has no place for a value of JavaScript.
#[derive(Clone, Default)]
pub(crate) struct Thrown(Arc<Mutex<Option<napi::Error>>>);

impl Thrown {
    /// The failure of a call whose source may have thrown.
    pub(crate) fn or(&self, failed: Failed) -> Failed {
        self.take().unwrap_or(failed)
    }

    /// What was thrown, when something was.
    pub(crate) fn take(&self) -> Option<Failed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map(Failed::Js)
    }

    pub(crate) fn set(&self, error: napi::Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

impl<T: FromNapiValue + Send + 'static> Pulled<T> {
    /// By the function that a hook made of the argument called `name`.
    pub(crate) fn by(name: &str, pull: Unknown<'_>) -> Result<Self, Failed> {
        let pull = function(name, pull)?.build_threadsafe_function().weak::<true>().build()?;
        Ok(Self { pull, thrown: Thrown::default() })
    }

    /// Where to look when the call fails.
    pub(crate) fn thrown(&self) -> Thrown {
        self.thrown.clone()
    }

    /// The next item; asked for when the one before was taken.
    pub(crate) async fn next(&self) -> napi::Result<Option<T>> {
        self.pull.call_async_catch(false).await?.await
    }
}

impl Pieces {
    /// The pieces; each is asked for when the one before was taken.
    pub(crate) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        futures_util::stream::try_unfold(self, |pieces| async {
            match pieces.next().await {
                Ok(piece) => Ok(piece.map(|piece| (piece.0, pieces))),
                Err(error) => {
                    pieces.thrown.set(error);
                    Err(io::Error::other("the source threw"))
                }
            }
        })
    }

    /// All pieces, or so many that they are more than `limit` bytes.
    pub(crate) async fn whole(self, limit: u64) -> napi::Result<Bytes> {
        let mut whole = Vec::new();
        while whole.len() as u64 <= limit {
            let Some(piece) = self.next().await? else { break };
            whole.extend_from_slice(&piece.0);
        }
        Ok(whole.into())
    }
}

impl<T: FromNapiValue + 'static> Drop for Pulled<T> {
    fn drop(&mut self) {
        // An environment that is closing has no stream to close any more.
        let _ = self.pull.call(true, ThreadsafeFunctionCallMode::NonBlocking);
    }
}
