//! Any bytes that begin as a WebP become a picture of the size that was wished, or a typed error.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz transform_webp`

#![no_main]

mod wishes;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| wishes::run(input, b"RIFF\0\0\0\0WEBP"));
