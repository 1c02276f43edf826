//! Pictures: what they are, and smaller or other ones made of them.
//!
//! Promises work on threads of our own, on a copy of the caller's bytes; the `Sync` twins borrow the bytes and keep the
//! thread of the caller.

mod limits;
mod many;
mod options;
mod result;

use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::thread;

use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, Uint8ArraySlice, Unknown};
use napi_derive::napi;
use porteur::MediaSource;
use tokio::sync::Semaphore;

use self::options::{InspectOptions, TransformOptions};
use self::result::{ImageInfo, Transformed};

pub(crate) use self::limits::MediaLimits;
pub(crate) use self::options::PreviewOptions;
use crate::convert::{argument, options_of};
use crate::errors::{Failed, throwing};
use crate::promise::{blocking, promise};
use crate::source::{AtRest, Source};

/// What a picture is, read from its header; no pixel is decoded.
///
/// The source is a path or `file:` URL, bytes (copied once), a `Blob`, or a `Readable`, a `ReadableStream` or any
/// iterable of `Uint8Array`, of which no more is read than the limits allow. Rejects with `media`, whose `details.kind`
/// is `unsupported`, `corrupt` or `too_large`.
#[napi]
pub fn inspect<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "import('./index').MediaSource")] source: Unknown<'env>,
    #[napi(ts_arg_type = "InspectOptions")] options: Option<Unknown<'env>>,
) -> napi::Result<PromiseRaw<'env, ImageInfo>> {
    promise(
        env,
        || {
            let mut options: InspectOptions<'env> = options_of(options)?;
            let (signal, limits) = (options.signal.take(), options.limits()?);
            let most = limits.max_input_bytes;
            let work = move |source: MediaSource| porteur::inspect(&source.read(&limits)?, &limits);
            Ok((signal, worked(Source::open(env, source)?, most, work)))
        },
        ImageInfo::from,
    )
}

/// What a picture is, read from the header of bytes that are borrowed.
#[napi]
pub fn inspect_sync(
    env: &Env,
    #[napi(ts_arg_type = "Uint8Array")] bytes: Unknown<'_>,
    #[napi(ts_arg_type = "InspectOptions")] options: Option<Unknown<'_>>,
) -> napi::Result<ImageInfo> {
    throwing(env, || {
        let limits = options_of::<InspectOptions<'_>>(options)?.limits()?;
        Ok(porteur::inspect(&borrowed(bytes)?, &limits)?.into())
    })
}

/// Makes another picture of one, on threads of our own, as many at a time as there are cores.
///
/// The result stands upright, has 8 bits a sample and the colours of sRGB. Of an animation the first picture is taken
/// unless it is to stay `animated`. The source is as in `inspect`.
///
/// Rejects with `invalid_input` about a wish that cannot be, with `media` about a picture that is not taken, damaged, too
/// large or locked (`details.kind`), with `file` when a path cannot be read.
///
/// An abort rejects at once. A picture whose turn has not come is not worked on; a thread finishes what it began.
#[napi]
pub fn transform<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "import('./index').MediaSource")] source: Unknown<'env>,
    #[napi(ts_arg_type = "TransformOptions")] options: Option<Unknown<'env>>,
) -> napi::Result<PromiseRaw<'env, Transformed>> {
    promise(
        env,
        || {
            let mut options: TransformOptions<'env> = options_of(options)?;
            let (signal, transform) = (options.signal.take(), options.transform()?);
            let most = transform.limits.max_input_bytes;
            let work = move |source: MediaSource| porteur::transform(&source.read(&transform.limits)?, &transform);
            Ok((signal, worked(Source::open(env, source)?, most, work)))
        },
        Transformed::from,
    )
}

/// Makes another picture of bytes that are borrowed; the thread of the caller works.
#[napi]
pub fn transform_sync(
    env: &Env,
    #[napi(ts_arg_type = "Uint8Array")] bytes: Unknown<'_>,
    #[napi(ts_arg_type = "TransformOptions")] options: Option<Unknown<'_>>,
) -> napi::Result<Transformed> {
    throwing(env, || {
        let transform = options_of::<TransformOptions<'_>>(options)?.transform()?;
        Ok(porteur::transform(&borrowed(bytes)?, &transform)?.into())
    })
}

/// Makes a small WebP of a picture, or of a page of a PDF, as `transform` does: inside 300 by 300 px unless it is said
/// otherwise.
#[napi]
pub fn preview<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "import('./index').MediaSource")] source: Unknown<'env>,
    #[napi(ts_arg_type = "PreviewOptions")] options: Option<Unknown<'env>>,
) -> napi::Result<PromiseRaw<'env, Transformed>> {
    promise(
        env,
        || {
            let mut options: PreviewOptions<'env> = options_of(options)?;
            let (signal, preview) = (options.signal.take(), options.preview()?);
            let most = preview.limits.max_input_bytes;
            let work = move |source: MediaSource| porteur::preview(&source.read(&preview.limits)?, &preview);
            Ok((signal, worked(Source::open(env, source)?, most, work)))
        },
        Transformed::from,
    )
}

/// Makes a small WebP of bytes that are borrowed; the thread of the caller works.
#[napi]
pub fn preview_sync(
    env: &Env,
    #[napi(ts_arg_type = "Uint8Array")] bytes: Unknown<'_>,
    #[napi(ts_arg_type = "PreviewOptions")] options: Option<Unknown<'_>>,
) -> napi::Result<Transformed> {
    throwing(env, || {
        let preview = options_of::<PreviewOptions<'_>>(options)?.preview()?;
        Ok(porteur::preview(&borrowed(bytes)?, &preview)?.into())
    })
}

/// What `work` makes of a source, on a thread of our own when it is its turn; of a stream no more is read than shows
/// that it has more than `most` bytes.
async fn worked<T: Send + 'static>(
    source: Source,
    most: u64,
    work: impl FnOnce(MediaSource) -> porteur::Result<T> + Send + 'static,
) -> Result<T, Failed> {
    let source = whole(source, most).await?;
    let turn = TURNS.acquire().await.expect("nobody closes it");
    // The turn goes with the work, which nobody may wait for any more, and is over when that is.
    let (outcome, _turn) = blocking(move || Ok((work(source), turn))).await?;
    Ok(outcome?)
}

/// A source as the core takes it.
async fn whole(source: Source, most: u64) -> napi::Result<MediaSource> {
    match source {
        Source::AtRest(AtRest::Path(path)) => Ok(path.into()),
        Source::AtRest(AtRest::Bytes(bytes)) => Ok(bytes.into()),
        Source::Pieces(pieces) => pieces.whole(most).await.map(MediaSource::from),
    }
}

fn borrowed(bytes: Unknown<'_>) -> Result<Uint8ArraySlice<'_>, Failed> {
    argument("bytes", bytes).map_err(|_| Failed::invalid("bytes", "expected a Uint8Array"))
}

/// One for each core: a hundred pictures at a time would take a hundred times the memory, and no less time.
static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(thread::available_parallelism().map_or(1, NonZeroUsize::get)));
