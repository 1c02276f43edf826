//! The gate of PDF in this process, with small limits: any bytes are an error or a picture.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz pdf -- -rss_limit_mb=1024 -timeout=20`
//!
//! Memory and time are a child's to bound; what they come to here without one is for the fuzzer's own limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use porteur::{Isolation, MediaLimits, Preview, inspect, preview};

fuzz_target!(|bytes: &[u8]| {
    let limits =
        MediaLimits { isolation: Isolation::Nothing, max_pixels: 10_000, max_allocation: 1 << 20, ..MediaLimits::default() };
    let file = [b"%PDF-1.7\n", bytes].concat();
    let Ok(info) = inspect(&file, &limits) else { return };
    let pages = info.pdf_pages.expect("a PDF has pages");
    assert!(pages > 0 && info.width > 0 && info.height > 0);
    if let Ok(picture) = preview(&file, &Preview::default().fit(64, 64).page(pages.min(2)).limits(limits)) {
        assert!(picture.width <= 64 && picture.height <= 64);
    }
});
