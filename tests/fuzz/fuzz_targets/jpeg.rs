//! JPEGs read in lanes against the plain decoder, at all four scales: equal to the last bit, or refused alike.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz jpeg CORPUS tests/media/jpeg`; without AVX-512 it compares the
//! plain decoder with itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use porteur::jpeg_readers_differ;

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(jpeg_readers_differ(bytes), None);
});
