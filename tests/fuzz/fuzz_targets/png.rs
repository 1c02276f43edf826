//! Our own PNG decoder against the png crate: what ours takes the crate takes too, and the samples are equal.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz png -- -max_len=4096`

#![no_main]

use libfuzzer_sys::fuzz_target;
use porteur::png_by_each_decoder;

fuzz_target!(|input: &[u8]| {
    let mut file = input.to_vec();
    // Half of the inputs have their checksums made right, or nothing but them would be tried.
    if input.len() % 2 == 0 {
        mend(&mut file);
    }
    let [ours, theirs] = png_by_each_decoder(&file);
    assert!(ours.is_none() || ours == theirs);
});

/// Writes the checksum of every chunk that is there as a whole.
fn mend(file: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = file.get(at..).and_then(<[u8]>::first_chunk).map(|length| u32::from_be_bytes(*length)) {
        let end = at + 8 + length as usize;
        let Some(sum) = file.get(at + 4..end).map(crc32) else { return };
        let Some(place) = file.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

/// Bit by bit: inputs are short.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    };
    !bytes.iter().fold(!0, step)
}
