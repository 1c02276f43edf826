//! A queue of a test's own in either kind of place, and a hand on its time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use porteur::{Clock, Queue, QueueSettings, SystemClock, Wait};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::server;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Server,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::File => "the queue in a file",
            Self::Server => "the queue on a server",
        }
    }
}

/// Where a queue is, and what time it is there.
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) address: Address,
    pub(super) clock: HandClock,
    _folder: TempDir,
}

/// What a process needs to open it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Address {
    pub(super) place: String,
    name: String,
    /// A file with milliseconds by which the system's clock is off.
    offset: PathBuf,
}

impl Place {
    pub(super) fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = match kind {
            Kind::File => folder.path().join("queue.db").to_str().unwrap().to_owned(),
            Kind::Server => server::url().to_owned(),
        };
        static QUEUES: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", QUEUES.fetch_add(1, Ordering::Relaxed));
        let offset = folder.path().join("offset");
        std::fs::write(&offset, "0").unwrap();
        Self { kind, address: Address { place, name, offset }, clock: HandClock::default(), _folder: folder }
    }

    pub(super) fn settings(&self) -> QueueSettings {
        QueueSettings::default().name(&self.address.name)
    }

    /// With the clock of the test.
    pub(super) async fn open(&self, settings: QueueSettings) -> Queue {
        let queue = Queue::open(&self.address.place, settings, Arc::new(self.clock.clone())).unwrap();
        queue.init().await.unwrap();
        queue
    }

    pub(super) async fn queue(&self) -> Queue {
        self.open(self.settings()).await
    }

    /// Lets time pass where the queue is.
    pub(super) async fn pass(&self, time: Duration) {
        match self.kind {
            Kind::File => self.clock.jump(i64::try_from(time.as_millis()).unwrap()),
            Kind::Server => server::pass(&self.address.name, time).await,
        }
    }
}

impl Address {
    /// With the system's clock, which is off by what the parent says.
    pub(super) fn open(&self, settings: QueueSettings) -> Queue {
        let clock = Arc::new(OffClock { system: SystemClock::new(), offset: self.offset.clone() });
        Queue::open(&self.place, settings.name(&self.name), clock).unwrap()
    }

    /// Makes the clocks of all processes jump.
    pub(super) fn set_offset(&self, millis: i64) {
        let new = self.offset.with_extension("new");
        std::fs::write(&new, millis.to_string()).unwrap();
        std::fs::rename(&new, &self.offset).unwrap();
    }
}

/// A date that moves when it is told to.
#[derive(Debug, Clone)]
pub(super) struct HandClock(Arc<AtomicI64>);

impl HandClock {
    /// Milliseconds, back as well.
    pub(super) fn jump(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Default for HandClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(1_767_225_600_000)))
    }
}

impl Clock for HandClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst).unsigned_abs())
    }

    fn date(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now()
    }

    fn sleep(&self, wait: Duration) -> Wait {
        self.jump(i64::try_from(wait.as_millis()).unwrap());
        Box::pin(std::future::ready(()))
    }

    fn deadline(&self, _: Duration) -> Wait {
        Box::pin(std::future::pending())
    }
}

/// The system's clock, off by what stands in a file.
#[derive(Debug)]
struct OffClock {
    system: SystemClock,
    offset: PathBuf,
}

impl Clock for OffClock {
    fn now(&self) -> Duration {
        self.system.now()
    }

    fn date(&self) -> SystemTime {
        let off = offset(&self.offset);
        let by = Duration::from_millis(off.unsigned_abs());
        if off < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
    }

    fn sleep(&self, wait: Duration) -> Wait {
        self.system.sleep(wait)
    }

    fn deadline(&self, limit: Duration) -> Wait {
        self.system.deadline(limit)
    }
}

fn offset(path: &Path) -> i64 {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}
