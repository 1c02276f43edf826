//! Ids for the frames of one session: UUIDv7 whose random bits are taken from the system for many of them at once.
//!
//! A process that is forked from this one has no open session, and so never an id of ours.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use uuid::{Builder, Uuid};

/// Random bytes that are in no id yet.
#[derive(Default)]
pub(super) struct Ids(Mutex<Vec<[u8; RANDOM]>>);

impl Ids {
    /// One that never was, as of this date; nothing when the system has no random bytes, or the date is none that an id can show.
    pub(super) fn next(&self, date: SystemTime) -> Option<String> {
        let since = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let mut unused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if unused.is_empty() {
            let mut fresh = vec![[0; RANDOM]; AT_ONCE];
            getrandom::fill(fresh.as_flattened_mut()).ok()?;
            *unused = fresh;
        }
        let id = Builder::from_unix_timestamp_millis(since.as_millis().try_into().ok()?, &unused.pop()?).into_uuid();
        Some(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned())
    }
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is to be random is no news.
        f.debug_struct("Ids").finish_non_exhaustive()
    }
}

/// Bytes of an id that are not its date.
const RANDOM: usize = 10;
/// So many for one system call, which takes longer than all else about an id.
const AT_ONCE: usize = 64;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::*;

    #[test]
    fn ids_of_one_millisecond_differ_and_are_uuids_of_version_7() {
        let ids = Ids::default();
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let made: HashSet<_> = (0..1000).map(|_| ids.next(date).unwrap()).collect();
        assert_eq!(made.len(), 1000);
        for id in made {
            let id = Uuid::parse_str(&id).unwrap();
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_timestamp().unwrap().to_unix().0, 1_767_225_600);
        }
    }
}
