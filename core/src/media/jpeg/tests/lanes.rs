//! Lanes against the plain decoder, which is their oracle: the same planes, the same refusal, the same condition.
//!
//! On a CPU without AVX-512 these compare the plain decoder with itself.

use fastrand::Rng;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::super::script::Script;
use super::*;

#[test]
fn every_fixture_is_the_same() {
    for (name, bytes) in files() {
        same(&name, &bytes);
    }
}

#[test]
fn every_way_to_write_a_file_is_the_same_and_read_in_lanes() {
    for (name, bytes) in written() {
        same(&name, &bytes);
        assert!(read_in_lanes(&bytes) || !is_x86_feature_detected!("avx512dq"), "{name}");
    }
}

#[test]
fn a_file_of_several_windows_is_the_same() {
    let ways = [(SamplingFactor::R_4_2_0, 0), (SamplingFactor::R_4_4_4, 75), (SamplingFactor::F_2_1, 7)];
    for (sampling, interval) in ways {
        let bytes = written_as(1200, 900, 96, sampling, interval, false);
        assert!(bytes.len() > 500_000, "{} bytes", bytes.len());
        same("several windows", &bytes);
        assert!(read_in_lanes(&bytes) || !is_x86_feature_detected!("avx512dq"));
        for cut in [300_000, 450_001] {
            same("several windows, cut off", &bytes[..cut]);
        }
    }
}

#[test]
fn every_damage_is_the_same() {
    let mut random = Rng::with_seed(20_261_125);
    let files: Vec<_> = files().into_iter().chain(written()).filter(|(_, bytes)| bytes.len() < 20_000).collect();
    for round in 0..800 {
        let (name, bytes) = &files[round % files.len()];
        let mut bytes = bytes.clone();
        let scan = bytes.windows(2).position(|pair| pair == [0xFF, marker::SOS]).unwrap_or_default();
        for _ in 0..=round % 4 {
            // Mostly in the codes, sometimes in the tables.
            let at = if random.u8(..8) == 0 { random.usize(..bytes.len()) } else { random.usize(scan..bytes.len()) };
            match random.u8(..6) {
                0 => bytes.truncate(at.max(4)),
                1 => drop(bytes.splice(at..at, [0xFF, 0xD0 | random.u8(..8)])),
                2 => drop(bytes.drain(at..(at + random.usize(1..40)).min(bytes.len()))),
                3 => bytes[at] = 0xFF,
                _ => bytes[at] ^= 1 << random.u8(..8),
            }
            if bytes.len() <= scan + 16 {
                break;
            }
        }
        same(name, &bytes);
    }
}

fn same(name: &str, bytes: &[u8]) {
    let limits = MediaLimits { max_pixels: 2_000_000, max_allocation: 8 << 20, ..MediaLimits::default() };
    assert_eq!(readers_differ(bytes, &limits), None, "{name}");
}

/// Whether lanes read all scans to their end.
fn read_in_lanes(bytes: &[u8]) -> bool {
    let limits = MediaLimits::default();
    let grid = Grid::of(&Header::read(bytes, &limits).unwrap()).unwrap();
    let mut canvases = Canvas::all(&grid, 2, 0, &limits).unwrap();
    let mut script = Script::new(bytes).unwrap();
    while let Some(scan) = script.next(&grid).unwrap() {
        let Some(reading) = super::super::lanes::read::<2>(bytes, &grid, &scan, &mut canvases) else { return false };
        script.resume(reading.place);
    }
    script.ended
}

/// The sequential and other files of tests/media, with their names.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fixtures::taken().into_iter().map(|name| (name.clone(), fixtures::read(&name))).collect();
    let formats = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/formats");
    for entry in std::fs::read_dir(formats).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jpg") {
            files.push((path.display().to_string(), std::fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

/// Files of each sampling, quality, size, kind of tables and restart interval.
fn written() -> Vec<(String, Vec<u8>)> {
    let samplings = [
        SamplingFactor::F_1_1,
        SamplingFactor::F_2_1,
        SamplingFactor::F_1_2,
        SamplingFactor::F_2_2,
        SamplingFactor::F_4_1,
    ];
    let mut files = Vec::new();
    for (number, sampling) in samplings.into_iter().enumerate() {
        for (quality, (width, height)) in [(30, (200, 300)), (75, (129, 257)), (92, (160, 96)), (100, (96, 65))] {
            for optimised in [false, true] {
                // With optimised tables jpeg-encoder counts its intervals wrong.
                let interval = if optimised { 0 } else { [0, 1, 5, 13][(number + usize::from(quality)) % 4] };
                let bytes = written_as(width, height, quality, sampling, interval, optimised);
                files.push((format!("{sampling:?} at {quality}, {interval} units, optimised: {optimised}"), bytes));
            }
        }
    }
    files
}

/// Waves, an edge and some noise: blocks of all lengths.
fn written_as(
    width: u16,
    height: u16,
    quality: u8,
    sampling: SamplingFactor,
    interval: u16,
    optimised: bool,
) -> Vec<u8> {
    let mut random = Rng::with_seed(u64::from(width) << 8 | u64::from(quality));
    let mut samples = Vec::with_capacity(3 * usize::from(width) * usize::from(height));
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let rough = if (x / 40 + y / 40) % 3 == 0 { 0 } else { random.u8(..90) };
        let wave = (x.wrapping_mul(3) ^ y.wrapping_mul(2)).to_le_bytes()[0] / 2;
        samples.extend([wave.saturating_add(rough), 255 - wave, (x / 3).to_le_bytes()[0].saturating_sub(rough)]);
    }
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(sampling);
    encoder.set_optimized_huffman_tables(optimised);
    if interval > 0 {
        encoder.set_restart_interval(interval);
    }
    encoder.encode(&samples, width, height, ColorType::Rgb).unwrap();
    bytes
}
