//! What is special to Rust: dropping futures, many callers at once, streams and their memory, `Debug`.

mod attachments;
mod cancellation;
mod messages;
mod previews;
mod sources;
mod streams;
mod tokens;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures_util::Stream;
use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    let all = [
        attachments::tests(),
        cancellation::tests(),
        messages::tests(),
        previews::tests(),
        sources::tests(),
        streams::tests(),
        tokens::tests(),
    ];
    all.into_iter().flatten().collect()
}

/// A stream that counts what is taken of it, and something that is gone when the stream is.
fn counted(
    content: &[u8],
    piece: usize,
    pulled: Arc<AtomicUsize>,
) -> (impl Stream<Item = std::io::Result<Bytes>> + Send + 'static, Weak<()>) {
    let pieces: Vec<Bytes> = content.chunks(piece).map(Bytes::copy_from_slice).collect();
    let alive = Arc::new(());
    let watch = Arc::downgrade(&alive);
    let stream = futures_util::stream::iter(pieces.into_iter().map(move |piece| {
        let _ = &alive;
        pulled.fetch_add(piece.len(), Ordering::Relaxed);
        Ok(piece)
    }));
    (stream, watch)
}

/// A file of some age with this content, in a folder that goes with it.
fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source.bin");
    std::fs::write(&path, content).unwrap();
    // Some file systems count time so coarsely that a change right now would not show.
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_modified(an_hour_ago).unwrap();
    (folder, path)
}

/// Drives `call`, which must not end, until `reached`.
pub(crate) async fn until<T: std::fmt::Debug>(
    call: &mut (impl Future<Output = T> + Unpin),
    reached: impl Fn() -> bool,
) {
    let begun = Instant::now();
    while !reached() {
        if let Poll::Ready(outcome) = polled(call).await {
            panic!("it ended as {outcome:?}");
        }
        assert!(begun.elapsed() < PATIENCE, "it was never reached");
        tokio::task::yield_now().await;
    }
}

/// Looks once whether `call` has ended.
async fn polled<T>(call: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *call).poll(cx))).await
}

/// Lets everything else run until `reached`.
async fn settled(reached: impl Fn() -> bool) {
    let mut never = std::future::pending::<()>();
    until(&mut never, reached).await;
}

/// Drives `call` for so long that whatever it could do without an answer is done.
async fn still<T: std::fmt::Debug>(call: &mut (impl Future<Output = T> + Unpin)) {
    let begun = Instant::now();
    until(call, || begun.elapsed() > Duration::from_millis(50)).await;
}

/// Real time: nothing here takes long, so whoever takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes in a chunk.
const CHUNK: usize = 8;
