//! The platform on loopback: tokens, uploads, storage, attachments, guests, conversations and the audit endpoint over real HTTP,
//! interactions over a real WebSocket, a host of guests' files, without an account. [`messages`] makes messages to send to it.
//!
//! It is strict: whatever breaks the contract is refused and noted in [`Simulator::violations`]. It is scripted: a
//! [`Fault`] says what goes wrong and when. And it brings its own time, so that nobody waits for a wait. Source:
//! docs/platform.md.
//!
//! This room listens on the network (127.0.0.1 only). It sees errors, the clock and the wire shapes of the gateway, and
//! nothing of the client it answers: what both took from the same mistake would be found by neither.
//!
//! ```
//! use porteur::simulator::{Simulator, SimulatorSettings};
//!
//! let settings = r#"{ "chunk_size": 8, "faults": [{ "on": "PUT /storage", "status": 429, "retry_after": 2 }] }"#;
//! let simulator = Simulator::start(serde_json::from_str(settings)?)?;
//! // ... point a client at simulator.url() ...
//! assert_eq!(simulator.violations(), Vec::<String>::new());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// Only in tests, which are compiled with the room: a test that cannot go on may panic.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod attachment_calls;
mod attachments;
mod audit;
mod callbacks;
mod cdn;
mod clock;
mod conversations;
mod delivery;
mod drawings;
mod faults;
mod files;
mod forms;
mod guests;
mod history;
mod hosting;
mod interactions;
mod journal;
mod linked;
mod messages;
mod platform;
mod rates;
mod sends;
mod server;
mod settings;
mod sockets;
mod storage;
#[cfg(test)]
mod tests;
mod tokens;
mod uploads;
mod webhooks;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

pub use self::attachments::{AttachmentFileSettings, AttachmentFileState};
pub use self::cdn::ObjectState;
pub use self::clock::SimulatedClock;
pub use self::conversations::{ConversationSettings, ConversationState, ParticipantSettings, SentMessageState};
pub use self::delivery::{DeliveryOutcome, DeliverySettings, DeliveryStatus};
pub use self::faults::{DropAt, Fault};
pub use self::guests::{AttachmentState, GuestState, MessageState};
pub use self::hosting::HostedFile;
pub use self::interactions::{FrameState, InteractionSettings, InteractionState, TransferState};
pub use self::journal::{JournalEntry, Outcome};
pub use self::linked::PostedState;
pub use self::messages::{Messages, messages};
pub use self::rates::RateLimitSettings;
pub use self::sends::{SentAttachment, SentContent};
pub use self::settings::{ClockKind, SimulatorSettings};
pub use self::uploads::{FileState, StoredFile, UploadState, UploadStatus};
pub use self::webhooks::webhook_signature;

use self::attachments::Attachments;
use self::conversations::Conversations;
use self::faults::Script;
use self::interactions::Interactions;
use self::platform::{Platform, PlatformClock, locked};
use self::rates::Rate;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};

/// A platform on 127.0.0.1, on a thread of its own; dropping it stops it.
pub struct Simulator {
    platform: Arc<Platform>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the platform holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimulatorState {
    /// Completed uploads.
    pub files: Vec<FileState>,
    /// Guests.
    pub guests: Vec<GuestState>,
    /// What guests wrote.
    pub messages: Vec<MessageState>,
    /// Uploads, completed or not.
    pub uploads: Vec<UploadState>,
    /// Attachments: those that people sent, then those that the client made, in order of arrival.
    pub attachments: Vec<AttachmentFileState>,
    /// Conversations and what was sent in them since the platform started.
    pub conversations: Vec<ConversationState>,
    /// Interactions and the transfers that were carried out.
    pub interactions: Vec<InteractionState>,
    /// The frames that came on sockets, in order of arrival.
    pub frames: Vec<FrameState>,
    /// What `/callback` was told, in order of arrival, each once however often it was sent.
    pub callbacks: Vec<Value>,
    /// What `/cdn` has, by name.
    pub objects: Vec<ObjectState>,
    /// The audit entries, in order of arrival, each once however often it was sent, and without `previous`.
    pub audit: Vec<Value>,
    /// Tokens the client was given.
    pub tokens_issued: u64,
    /// Requests for one, also those that were refused.
    pub token_requests: u64,
}

impl Simulator {
    /// Starts a platform. Works with and without an async runtime around it, and is ready when it returns.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when a setting or a fault cannot be, or the port is not to be had; [`Error::File`] when the
    /// machine gives no thread.
    pub fn start(settings: SimulatorSettings) -> Result<Self> {
        settings.check()?;
        let mut script = Script::default();
        for (index, fault) in settings.faults.iter().enumerate() {
            script.add(fault.clone(), &format!("faults[{index}]"), settings.multipart)?;
        }
        let (listener, port) = listen(settings.port)?;
        let clock = match settings.clock {
            ClockKind::Simulated => PlatformClock::Simulated(SimulatedClock::new()),
            ClockKind::System => PlatformClock::System(SystemClock::new()),
        };
        let conversations = Conversations::new(&settings.conversations, clock.date_ms());
        let interactions = Interactions::new(&settings.interactions);
        let attachments = Attachments::new(&settings.attachments)?;
        let platform = Arc::new(Platform {
            settings,
            url: format!("http://127.0.0.1:{port}"),
            clock,
            journal: Arc::default(),
            script: Mutex::new(script),
            tokens: Mutex::default(),
            uploads: Mutex::default(),
            attachments: Mutex::new(attachments),
            guests: Mutex::default(),
            conversations: Mutex::new(conversations),
            interactions: Mutex::new(interactions),
            callbacks: Mutex::default(),
            cdn: Mutex::default(),
            trail: Mutex::default(),
            rate: Rate::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = std::sync::mpsc::channel();
        let served = platform.clone();
        // The runtime is made and dropped on its own thread: inside another runtime dropping it would panic.
        let run = move || run(listener, served, stopped, &ready);
        let thread = std::thread::Builder::new().name("porteur-simulator".to_owned()).spawn(run);
        let cannot = |error| Error::file("could not start the simulator on", &platform.url, error);
        let thread = thread.map_err(cannot)?;
        let lost = || Err(std::io::Error::other("its thread ended"));
        started.recv().unwrap_or_else(|_| lost()).map_err(cannot)?;
        Ok(Self { platform, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:` and the port: the base URL for a client.
    pub fn url(&self) -> &str {
        &self.platform.url
    }

    /// The client id that is accepted.
    pub fn client_id(&self) -> &str {
        &self.platform.settings.client_id
    }

    /// The client secret that is accepted.
    pub fn client_secret(&self) -> &str {
        &self.platform.settings.client_secret
    }

    /// The secret that batches for the audit endpoint, `/audit`, are signed with.
    pub fn audit_secret(&self) -> &str {
        &self.platform.settings.audit_secret
    }

    /// The platform's clock, for the client to wait by.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.platform.clock.shared()
    }

    /// The waits that were asked of the simulated clock, in order; nothing with the system clock.
    pub fn slept(&self) -> Vec<Duration> {
        match &self.platform.clock {
            PlatformClock::Simulated(clock) => clock.slept(),
            PlatformClock::System(_) => Vec::new(),
        }
    }

    /// Moves the simulated clock on without anybody waiting, so that tokens and URLs grow old.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with the system clock, which nobody moves.
    pub fn advance(&self, by: Duration) -> Result<()> {
        match &self.platform.clock {
            PlatformClock::Simulated(clock) => {
                clock.advance(by);
                Ok(())
            }
            PlatformClock::System(_) => Err(Error::invalid("clock", "expected the simulated clock, got the system's")),
        }
    }

    /// Adds a fault; it counts the requests from now on.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming what is wrong with it.
    pub fn add_fault(&self, fault: Fault) -> Result<()> {
        locked(&self.platform.script).add(fault, "fault", self.platform.settings.multipart)
    }

    /// What the platform was asked, in order of arrival.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.platform.journal.entries()
    }

    /// Every breach of the contract by the client, as a sentence that names the request.
    pub fn violations(&self) -> Vec<String> {
        self.platform.journal.violations()
    }

    /// What the platform holds. Asked for the first time after a large file came, it takes as long as its digest.
    pub fn state(&self) -> SimulatorState {
        let (files, uploads) = {
            let uploads = locked(&self.platform.uploads);
            (uploads.files(), uploads.states(self.platform.date_s()))
        };
        let (guests, messages) = {
            let guests = locked(&self.platform.guests);
            (guests.guests.clone(), guests.messages.clone())
        };
        let (interactions, frames) = locked(&self.platform.interactions).states();
        SimulatorState {
            files: files.iter().map(|file| file.about()).collect(),
            guests,
            messages,
            uploads,
            attachments: locked(&self.platform.attachments).states(),
            conversations: locked(&self.platform.conversations).states(),
            interactions,
            frames,
            callbacks: locked(&self.platform.callbacks).events.clone(),
            objects: locked(&self.platform.cdn).states(),
            audit: locked(&self.platform.trail).entries.clone(),
            tokens_issued: locked(&self.platform.tokens).issued,
            token_requests: self.platform.journal.count(tokens::TOKEN_PATH),
        }
    }

    /// The file with this id, and its content where it is kept. The content of a file of several chunks is copied.
    pub fn file(&self, id: &str) -> Option<StoredFile> {
        let file = locked(&self.platform.uploads).file(id);
        file.map(|file| file.stored())
    }

    /// The content of the attachment with this id, where it is kept.
    pub fn attachment(&self, id: &str) -> Option<Bytes> {
        locked(&self.platform.attachments).find(id)?.bytes()
    }

    /// Stops the platform: open connections end, and the port is free when this returns.
    pub fn stop(self) {}
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic on that thread was printed there; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("url", &self.platform.url).finish_non_exhaustive()
    }
}

fn listen(port: u16) -> Result<(TcpListener, u16)> {
    let unavailable = |error| Error::invalid("port", format!("{port} is not available: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(unavailable)?;
    listener.set_nonblocking(true).map_err(unavailable)?;
    let port = listener.local_addr().map_err(unavailable)?.port();
    Ok((listener, port))
}

/// Serves until `stopped` hears something, which is also when its sender is dropped.
fn run(
    listener: TcpListener,
    platform: Arc<Platform>,
    stopped: oneshot::Receiver<()>,
    ready: &std::sync::mpsc::Sender<std::io::Result<()>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        match tokio::net::TcpListener::from_std(listener) {
            Err(error) => {
                let _ = ready.send(Err(error));
            }
            Ok(listener) => {
                let _ = ready.send(Ok(()));
                tokio::select! {
                    _ = stopped => {}
                    never = server::serve(listener, platform) => match never {},
                }
            }
        }
    });
    // Without waiting for checksums that nobody will ask for.
    runtime.shutdown_background();
}
