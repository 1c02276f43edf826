//! Uploading a file.

use std::future::Future;

use napi::Status;
use napi::bindgen_prelude::Unknown;
use napi::threadsafe_function::{ThreadsafeFunction, UnknownReturnValue};
use napi_derive::napi;
use tokio::sync::mpsc;

use crate::convert::{Text, Whole, function, number};
use crate::errors::Failed;
use crate::source::{AtRest, Source, Thrown};

/// How a file is uploaded.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct UploadOptions<'env> {
    /// The name that the platform keeps. Default the last part of the path; bytes and streams need one.
    #[napi(ts_type = "string")]
    pub name: Option<Text>,
    /// The MIME type. Default `application/octet-stream`.
    #[napi(ts_type = "string")]
    pub content_type: Option<Text>,
    /// How many parts travel side by side when the platform gives one URL a part, 1 to 64. Default 4.
    #[napi(ts_type = "number")]
    pub concurrency: Option<Whole>,
    /// The path where to write down what was reached, so that a later call goes on there. Default nowhere.
    #[napi(ts_type = "string")]
    pub journal: Option<Text>,
    /// The bytes in all of a stream or iterable, which needs it; not looked at for other sources.
    #[napi(ts_type = "number")]
    pub size: Option<Whole>,
    /// Told how far the upload is: at most every 100 ms, and once at the end, before the promise is settled. What it
    /// throws ends the upload and is what that rejects with.
    #[napi(ts_type = "(progress: Progress) => void")]
    pub on_progress: Option<Unknown<'env>>,
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// How far an upload is.
#[napi(object, object_from_js = false)]
pub struct Progress {
    /// Bytes handed to the network, those of chunks under way included; goes back when a chunk has to be sent again.
    pub sent: f64,
    /// Bytes that the storage acknowledged; never goes back within a session.
    pub acknowledged: f64,
    /// Bytes in all.
    pub total: f64,
}

/// A file that the platform has, checksums confirmed.
#[napi(object, object_from_js = false)]
pub struct UploadedFile {
    /// The platform's id of the file, for messages to refer to.
    pub id: String,
    /// The name as the platform keeps it.
    pub name: String,
    /// The MIME type that it was uploaded with.
    pub content_type: String,
    /// Bytes.
    pub size: f64,
    /// The SHA-256 of each chunk, in order, as 64 hex digits.
    pub checksums: Vec<String>,
    /// How many chunks it has.
    pub chunks: f64,
}

/// The upload, as a future that leaves the JavaScript thread.
pub(crate) fn prepare(
    client: porteur::Client,
    source: Source,
    options: UploadOptions<'_>,
) -> Result<impl Future<Output = Result<porteur::UploadedFile, Failed>> + Send + 'static, Failed> {
    let mut thrown = Thrown::default();
    let name = options.name.map(|name| name.0);
    let mut upload = match source {
        Source::AtRest(AtRest::Path(path)) => match name {
            Some(name) => porteur::Upload::path(path).name(name),
            None => porteur::Upload::path(path),
        },
        Source::AtRest(AtRest::Bytes(bytes)) => porteur::Upload::bytes(bytes, name.unwrap_or_default()),
        Source::Pieces(pieces) => {
            thrown = pieces.thrown();
            let size =
                options.size.ok_or_else(|| Failed::invalid("size", "expected the size of the stream, got none"))?;
            porteur::Upload::stream(pieces.stream(), size.0, name.unwrap_or_default())
        }
    };
    if let Some(content_type) = options.content_type {
        upload = upload.content_type(content_type.0);
    }
    if let Some(concurrency) = options.concurrency {
        upload = upload.concurrency(concurrency.to_usize());
    }
    if let Some(journal) = options.journal {
        upload = upload.journal(journal.0);
    }
    let listener = options.on_progress.map(Listener::new).transpose()?;
    Ok(async move {
        let outcome = match listener {
            Some(listener) => listener.hear(client, upload).await,
            None => client.upload(upload).await.map_err(Failed::Core),
        };
        outcome.map_err(|failed| thrown.or(failed))
    })
}

/// Who is told how far an upload is. Weak, as the promise of the call keeps the process alive.
struct Listener(ThreadsafeFunction<Progress, UnknownReturnValue, Progress, Status, false, true>);

impl Listener {
    fn new(listener: Unknown<'_>) -> Result<Self, Failed> {
        Ok(Self(function("on_progress", listener)?.build_threadsafe_function().weak::<true>().build()?))
    }

    /// Uploads, and ends when JavaScript has heard all of it, or at once when it threw.
    async fn hear(self, client: porteur::Client, upload: porteur::Upload) -> Result<porteur::UploadedFile, Failed> {
        let (sender, mut told) = mpsc::unbounded_channel();
        let last = sender.clone();
        let upload = upload.on_progress(move |progress| {
            let _ = sender.send(Some(progress));
        });
        let call = async {
            let outcome = client.upload(upload).await;
            // A body that is still being dropped somewhere may hold the other sender, so the end is said aloud.
            let _ = last.send(None);
            Ok(outcome)
        };
        let telling = async {
            while let Some(Some(progress)) = told.recv().await {
                self.0.call_async_catch(progress.into()).await?;
            }
            Ok(())
        };
        let (outcome, ()) = tokio::try_join!(call, telling).map_err(Failed::Js)?;
        Ok(outcome?)
    }
}

impl From<porteur::Progress> for Progress {
    fn from(progress: porteur::Progress) -> Self {
        Self { sent: number(progress.sent), acknowledged: number(progress.acknowledged), total: number(progress.total) }
    }
}

impl From<porteur::UploadedFile> for UploadedFile {
    fn from(file: porteur::UploadedFile) -> Self {
        Self {
            id: file.id,
            name: file.name,
            content_type: file.content_type,
            size: number(file.size),
            chunks: number(file.checksums.len() as u64),
            checksums: file.checksums.iter().map(ToString::to_string).collect(),
        }
    }
}
