//! Any bytes have facts within the limits, or are refused.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz inspect`

#![no_main]

use libfuzzer_sys::fuzz_target;
use porteur::{MediaLimits, inspect};

fuzz_target!(|bytes: &[u8]| {
    let limits = MediaLimits::default();
    let Ok(info) = inspect(bytes, &limits) else { return };
    assert!(info.width > 0 && info.height > 0 && info.frames > 0, "{info:?}");
    assert!(info.width.max(info.height) <= limits.max_side, "{info:?}");
    assert!(u64::from(info.width) * u64::from(info.height) <= limits.max_pixels, "{info:?}");
    assert!((1..=8).contains(&info.orientation), "{info:?}");
});
