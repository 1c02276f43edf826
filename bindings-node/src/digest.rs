//! SHA-256 of all chunks of a source at once.

use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, Uint8ArraySlice, Unknown};
use napi_derive::napi;
use porteur::{HashChunks, HashSource};

use crate::convert::{Flag, Whole, argument, number, options_of, threads};
use crate::errors::{Failed, throwing};
use crate::promise::{blocking, promise};
use crate::source::AtRest;

/// How a source is cut and hashed.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct HashOptions<'env> {
    /// Bytes a chunk; the last one may be shorter.
    #[napi(ts_type = "number")]
    pub chunk_size: Whole,
    /// Whether the digest of all bytes is wanted too; a file is read twice then. Default `false`.
    #[napi(ts_type = "boolean")]
    pub whole: Option<Flag>,
    /// How many threads hash chunks. Default: one for each core.
    #[napi(ts_type = "number")]
    pub threads: Option<Whole>,
    /// Ends the call; `sha256ChunksSync`, which nothing can end, does not look at it.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// The digests of the chunks of a source, each as 64 hex digits.
#[napi(object, object_from_js = false)]
pub struct ChunkDigests {
    /// Bytes in all.
    pub size: f64,
    /// Bytes a chunk; the last one may be shorter.
    pub chunk_size: f64,
    /// One digest a chunk, in order; at least one, because an empty source is one empty chunk.
    pub chunks: Vec<String>,
    /// The digest of all bytes, when it was asked for.
    pub whole: Option<String>,
}

/// Hashes every chunk of a file or of bytes (copied once) on threads of our own.
///
/// An abort rejects at once; the threads finish what they began.
#[napi]
pub fn sha256_chunks<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "string | URL | Uint8Array")] source: Unknown<'env>,
    #[napi(ts_arg_type = "HashOptions")] options: Unknown<'env>,
) -> napi::Result<PromiseRaw<'env, ChunkDigests>> {
    promise(
        env,
        || {
            let mut options: HashOptions<'env> = options_of(Some(options))?;
            let signal = options.signal.take();
            let request = options.request()?;
            let source = AtRest::open(env, source)?;
            let hash = move || match &source {
                AtRest::Path(path) => porteur::sha256_chunks(HashSource::Path(path), &request),
                AtRest::Bytes(bytes) => porteur::sha256_chunks(HashSource::Bytes(bytes), &request),
            };
            Ok((signal, blocking(hash)))
        },
        ChunkDigests::from,
    )
}

/// Hashes every chunk of bytes, which are borrowed and not copied; the thread of the caller waits.
#[napi]
pub fn sha256_chunks_sync(
    env: &Env,
    #[napi(ts_arg_type = "Uint8Array")] bytes: Unknown<'_>,
    #[napi(ts_arg_type = "HashOptions")] options: Unknown<'_>,
) -> napi::Result<ChunkDigests> {
    throwing(env, || {
        let request = options_of::<HashOptions<'_>>(Some(options))?.request()?;
        let bytes: Uint8ArraySlice<'_> =
            argument("bytes", bytes).map_err(|_| Failed::invalid("bytes", "expected a Uint8Array"))?;
        Ok(porteur::sha256_chunks(HashSource::Bytes(&bytes), &request)?.into())
    })
}

impl HashOptions<'_> {
    fn request(self) -> Result<HashChunks, Failed> {
        let mut request = HashChunks::new(self.chunk_size.0);
        if let Some(whole) = self.whole {
            request = request.whole(whole.0);
        }
        if let Some(threads) = threads(self.threads)? {
            request = request.threads(threads);
        }
        Ok(request)
    }
}

impl From<porteur::ChunkDigests> for ChunkDigests {
    fn from(digests: porteur::ChunkDigests) -> Self {
        Self {
            size: number(digests.size),
            chunk_size: number(digests.chunk_size),
            chunks: digests.chunks.iter().map(ToString::to_string).collect(),
            whole: digests.whole.as_ref().map(ToString::to_string),
        }
    }
}
