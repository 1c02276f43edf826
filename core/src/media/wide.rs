//! Plain code, compiled a second time for the wide registers of newer CPUs and chosen when it runs.
//!
//! The same instructions a value, more values at a time: results are equal to the last bit.
//!
//! # Why there is `unsafe` here
//! A function compiled for instructions that the CPU lacks must not be called. The one call below stands behind the
//! question whether it has them.
#![allow(unsafe_code)]

/// Work on plenty of numbers. What it calls has to be inlined into it, or stays as it is compiled for every CPU.
pub(super) trait Work {
    type Result;

    fn run(self) -> Self::Result;
}

/// Does `work` with AVX2 where the CPU has it.
pub(super) fn wide<W: Work>(work: W) -> W::Result {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2") && is_x86_feature_detected!("lzcnt") {
        // SAFETY: the CPU has what the function is compiled for.
        return unsafe { with_avx2(work) };
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2,lzcnt")]
fn with_avx2<W: Work>(work: W) -> W::Result {
    work.run()
}
