//! Damaged files: a typed error or a picture, and never a panic.

use fastrand::Rng;

use super::*;

#[test]
fn a_file_that_is_cut_off_anywhere_is_an_error_or_a_picture() {
    for (name, bytes) in files() {
        for end in (0..bytes.len()).step_by(10) {
            judged(&name, &bytes[..end]);
        }
    }
}

#[test]
fn flipped_bits_are_an_error_or_a_picture() {
    let mut random = Rng::with_seed(20_261_121);
    let files = files();
    let mut pictures = 0;
    for round in 0..2_400 {
        let (name, bytes) = &files[round % files.len()];
        let mut bytes = bytes.clone();
        for _ in 0..=round % 7 {
            let at = random.usize(..bytes.len());
            bytes[at] ^= 1 << random.u8(..8);
        }
        pictures += u32::from(judged(name, &bytes));
    }
    assert!(pictures > 100, "the damage was not so small that decoders were reached: {pictures}");
}

#[test]
fn bytes_put_in_taken_out_and_swapped_are_an_error_or_a_picture() {
    let mut random = Rng::with_seed(7);
    let files = files();
    for round in 0..600 {
        let (name, bytes) = &files[round % files.len()];
        let mut bytes = bytes.clone();
        let (from, to) = (random.usize(..bytes.len()), random.usize(..bytes.len()));
        match round % 3 {
            0 => drop(bytes.splice(from..from, std::iter::repeat_with(|| random.u8(..)).take(20))),
            1 => drop(bytes.drain(from..(from + 5).min(bytes.len()))),
            _ => bytes.swap(from, to),
        }
        judged(name, &bytes);
    }
}

/// Whether it is a picture. Limits keep the time down when a flipped bit makes a side of thousands of pixels.
fn judged(name: &str, bytes: &[u8]) -> bool {
    let limits = limited(|limits| {
        limits.max_pixels = 1_000_000;
        limits.max_allocation = 16 << 20;
    });
    match unguarded(bytes, &Transform::fit(16, 16).format(Format::Jpeg).limits(limits)) {
        Ok(out) => {
            assert!(out.width <= 16 && out.height <= 16 && out.bytes.starts_with(&[0xFF, 0xD8]), "{name}");
            true
        }
        Err(kind) => {
            assert!(["unsupported", "corrupt", "too_large"].contains(&kind.as_str()), "{name}: {kind}");
            false
        }
    }
}
