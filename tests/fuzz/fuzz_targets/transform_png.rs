//! Any bytes that begin as a PNG become a picture of the size that was wished, or a typed error. The png crate passes
//! over checksums when it is fuzzed, so that changes get through.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz transform_png`

#![no_main]

mod wishes;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| wishes::run(input, b"\x89PNG\r\n\x1A\n"));
