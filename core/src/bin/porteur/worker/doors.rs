//! Listening: connections that are slow or many do not keep others out, and none is cut off in the middle of an answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;
use tracing::debug;

/// Answers on `listener` until `closing` is dropped at its other end.
pub(crate) async fn serve(listener: TcpListener, routes: Router, closing: watch::Receiver<()>) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        let mut closed = closing.clone();
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closed.changed() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let (routes, closing) = (routes.clone(), closing.clone());
                tokio::spawn(async move {
                    converse(stream, routes, closing).await;
                    drop(place);
                });
            }
            Err(error) => {
                debug!(%error, "a connection could not be taken");
                // Out of file descriptors, mostly: time has to pass before that is better.
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection.
async fn converse(stream: TcpStream, routes: Router, mut closing: watch::Receiver<()>) {
    let service = TowerToHyperService::new(routes.map_request(|request: hyper::Request<_>| request.map(Body::new)));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADERS);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = closing.changed() => {
            // The answer that is due is given, and no further request is taken.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection broke off");
    }
}

/// More than any platform opens, and few enough for the files that a process may have.
const MOST_CONNECTIONS: usize = 512;
/// From the first byte of a request to the end of its headers.
const HEADERS: Duration = Duration::from_secs(10);
/// Short enough for nobody to notice, long enough not to burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
