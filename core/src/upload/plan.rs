//! How a file is cut: pure arithmetic. Checked by tests/vectors/chunks.json.

use std::num::NonZeroU64;
use std::ops::Range;

use crate::error::{Error, Result};
use crate::gateway::broken_session;

/// A file of `size` bytes cut into chunks of `chunk_size`, the last one shorter. An empty file is one empty chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChunkPlan {
    pub(super) size: u64,
    chunk_size: NonZeroU64,
}

impl ChunkPlan {
    /// Takes the platform's numbers, which may be nonsense.
    pub(super) fn new(size: u64, chunk_size: i64, max_chunks: i64) -> Result<Self> {
        let positive = |name: &str, value: i64| {
            let positive = u64::try_from(value).ok().and_then(NonZeroU64::new);
            positive.ok_or_else(|| broken_session(format!("{name}: expected at least 1, got {value}")))
        };
        let plan = Self { size, chunk_size: positive("chunkSize", chunk_size)? };
        let most = positive("maxChunks", max_chunks)?.get();
        if plan.count() > most {
            let reason = format!("{size} bytes are {} chunks of {chunk_size}, the platform takes {most}", plan.count());
            return Err(Error::TooLarge { what: "file".to_owned(), reason, answer: None });
        }
        Ok(plan)
    }

    pub(super) fn count(&self) -> u64 {
        self.size.div_ceil(self.chunk_size.get()).max(1)
    }

    /// The bytes of chunk `index`, from 0.
    pub(super) fn chunk(&self, index: u64) -> Range<u64> {
        let start = index.saturating_mul(self.chunk_size.get()).min(self.size);
        start..start.saturating_add(self.chunk_size.get()).min(self.size)
    }

    /// The longest chunk.
    pub(super) fn longest(&self) -> u64 {
        self.size.min(self.chunk_size.get())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        size: u64,
        chunk_size: i64,
        max_chunks: i64,
        #[serde(default)]
        chunks: Option<Vec<(u64, u64)>>,
        #[serde(default)]
        refused: Option<String>,
    }

    #[test]
    fn every_case_of_the_vector_is_cut_as_written() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../tests/vectors/chunks.json")).expect("the vector is JSON");
        for case in cases {
            match (ChunkPlan::new(case.size, case.chunk_size, case.max_chunks), case.chunks, case.refused) {
                (Ok(plan), Some(expected), None) => {
                    let cut: Vec<_> = (0..plan.count())
                        .map(|index| plan.chunk(index))
                        .map(|chunk| (chunk.start, chunk.end))
                        .collect();
                    assert_eq!(cut, expected, "{}", case.name);
                }
                (Err(error), None, Some(code)) => assert_eq!(error.facts().code, code, "{}", case.name),
                (outcome, ..) => panic!("{}: {outcome:?}", case.name),
            }
        }
    }

    proptest! {
        #[test]
        fn chunks_cover_a_file_once_and_in_order(size in 0u64..100_000, chunk_size in 1i64..5_000) {
            let plan = ChunkPlan::new(size, chunk_size, i64::MAX).unwrap();
            let mut end = 0;
            for index in 0..plan.count() {
                let chunk = plan.chunk(index);
                prop_assert_eq!(chunk.start, end);
                prop_assert!(chunk.end - chunk.start <= plan.longest());
                prop_assert!(size == 0 || !chunk.is_empty());
                end = chunk.end;
            }
            prop_assert_eq!(end, size);
        }
    }
}
