//! The limits that a child sets on itself. What the system does not offer is not set: memory is limited on Linux,
//! processor time on Unix.

use std::marker::PhantomData;

use super::super::limits::MediaLimits;

/// The limits of one job, lifted when it is dropped.
#[derive(Debug)]
pub(super) struct Confined(PhantomData<()>);

#[cfg(unix)]
mod unix {
    use std::time::Duration;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};

    use super::*;

    /// No file is written, and none by a crash.
    pub(in super::super) fn for_good() {
        for resource in [Resource::Core, Resource::Fsize] {
            let _ = setrlimit(resource, Rlimit { current: Some(0), maximum: Some(0) });
        }
    }

    impl Confined {
        pub(in super::super) fn to(limits: &MediaLimits) -> Self {
            #[cfg(target_os = "linux")]
            lower(Resource::Data, data().saturating_add(limits.max_child_memory));
            lower(Resource::Cpu, seconds(processor_time().saturating_add(limits.max_child_cpu)));
            Self(PhantomData)
        }
    }

    impl Drop for Confined {
        fn drop(&mut self) {
            #[cfg(target_os = "linux")]
            lower(Resource::Data, u64::MAX);
            lower(Resource::Cpu, u64::MAX);
        }
    }

    /// Sets the limit below the one that only a privileged process may raise.
    fn lower(resource: Resource, limit: u64) {
        let maximum = getrlimit(resource).maximum;
        let current = match maximum {
            Some(maximum) => Some(limit.min(maximum)),
            None => Some(limit).filter(|limit| *limit != u64::MAX),
        };
        let _ = setrlimit(resource, Rlimit { current, maximum });
    }

    fn processor_time() -> Duration {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    }

    /// The system counts whole ones.
    fn seconds(time: Duration) -> u64 {
        time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
    }
}

#[cfg(unix)]
pub(super) use self::unix::for_good;

/// Bytes of memory that this process can write to, which is what the system limits; 0 when that is not known.
/// Address space that an interpreter only sets aside does not count.
#[cfg(target_os = "linux")]
pub(super) fn data() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmData:")?.trim().strip_suffix(" kB"));
    kilobytes.and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) << 10
}

#[cfg(not(target_os = "linux"))]
pub(super) fn data() -> u64 {
    0
}

#[cfg(not(unix))]
pub(super) fn for_good() {}

#[cfg(not(unix))]
impl Confined {
    pub(super) fn to(_: &MediaLimits) -> Self {
        Self(PhantomData)
    }
}
