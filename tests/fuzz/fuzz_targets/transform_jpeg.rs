//! Any bytes that begin as a JPEG become a picture of the size that was wished, or a typed error.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz transform_jpeg`

#![no_main]

mod wishes;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| wishes::run(input, b"\xFF\xD8\xFF"));
