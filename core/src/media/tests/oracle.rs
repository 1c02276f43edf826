//! JPEGs by our own decoder, at the scale that it chooses, against all pixels of them by zune-jpeg: the results are to
//! look the same.

use std::f64::consts::TAU;
use std::time::Duration;

use fastrand::Rng;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::*;
use crate::media::decode::{Decoded, zune};
use crate::media::jpeg::{self, tests::fixtures};
use crate::media::picture::Picture;
use crate::media::{Effort, inspect};

/// Tiny pictures of saturated fields: what differs is how halved and quartered colours are spread over pixels again
/// (zune-jpeg by triangles, ours with the resizer). Measured: at most 9.4, for colours in a quarter of the width.
#[test]
fn every_small_picture_is_what_all_of_its_pixels_make() {
    for (name, bytes) in fixtures() {
        for parts in [10, 13, 20, 30] {
            judged(&name, &bytes, parts, Effort::Best, 10.0);
        }
    }
}

/// Measured: at most 1.1 (best) and 1.7 (fast, an eighth for a result of that size) of 255.
#[test]
fn every_photograph_is_what_all_of_its_pixels_make() {
    for (name, bytes) in photographs() {
        for parts in [10, 30, 40, 80, 133, 200] {
            judged(name, &bytes, parts, Effort::Best, 1.25);
            judged(name, &bytes, parts, Effort::Fast, 2.0);
        }
    }
}

/// Holds a result of ten `parts`th of the size to `tolerance`, as a mean over each channel.
fn judged(name: &str, bytes: &[u8], parts: u32, effort: Effort, tolerance: f64) {
    let info = inspect(bytes, &MediaLimits::default()).unwrap();
    let side = (info.width.max(info.height) * 10 / parts).max(1);
    let off = differences(bytes, &Transform::fit(side, side).effort(effort).format(Format::Png));
    let within = off.iter().all(|off| *off <= tolerance);
    assert!(within, "{name} at {side} px, {effort:?}: {off:.2?}");
}

/// The mean absolute difference of each channel between the two ways.
fn differences(bytes: &[u8], wish: &Transform) -> Vec<f64> {
    let ours = transform(bytes, wish).unwrap();
    let header = jpeg::Header::read(bytes, &wish.limits).unwrap();
    let picture = Picture::Pixels(zune::decode(bytes, &header, &wish.limits).unwrap());
    let profile = header.profile(&wish.limits).unwrap();
    let job = super::super::job::Job::parse(bytes, wish).unwrap();
    let theirs = job.finish((Decoded { picture, profile }, Duration::ZERO)).unwrap();
    let ((width, channels, ours), theirs) = (pixels(&ours.bytes), pixels(&theirs.bytes));
    assert_eq!((width, channels, ours.len()), (theirs.0, theirs.1, theirs.2.len()));
    let mean = |channel: usize| {
        let pairs = ours.iter().zip(&theirs.2).skip(channel).step_by(channels);
        let sum: f64 = pairs.map(|(ours, theirs)| f64::from(ours.abs_diff(*theirs))).sum();
        sum * channels as f64 / ours.len() as f64
    };
    (0..channels).map(mean).collect()
}

/// The JPEGs of tests/media/formats and tests/media/jpeg that our own decoder takes.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let formats = files().into_iter().filter(|(name, _)| {
        name.ends_with(".jpg") && !["cmyk.jpg", "cmyk-plain.jpg", "rgb.jpg"].contains(&name.as_str())
    });
    formats.chain(fixtures::taken().into_iter().map(|name| (name.clone(), fixtures::read(&name)))).collect()
}

/// A picture with what photographs are made of (slow light, an edge, leaves, the grain of a sensor), in the ways in
/// which they are stored.
fn photographs() -> Vec<(&'static str, Vec<u8>)> {
    let (width, height) = (1003, 667);
    let samples = photograph(width, height);
    let ways = [
        ("4:4:4", SamplingFactor::R_4_4_4, false),
        ("4:2:0", SamplingFactor::R_4_2_0, false),
        ("4:2:2 progressive", SamplingFactor::R_4_2_2, true),
        ("4:2:0 progressive", SamplingFactor::R_4_2_0, true),
    ];
    let encoded = ways.map(|(name, sampling, progressive)| {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 88);
        encoder.set_sampling_factor(sampling);
        encoder.set_progressive(progressive);
        encoder.encode(&samples, width, height, ColorType::Rgb).unwrap();
        (name, bytes)
    });
    encoded.into()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a level of 0 to 255")]
fn photograph(width: u16, height: u16) -> Vec<u8> {
    let mut random = Rng::with_seed(3);
    // Waves of 700 px to 9 px, the shorter the fainter, as nature has them; each with its slopes, phase and height.
    let wave = |step: i32| {
        let length = 700.0 * 0.93_f64.powi(step);
        let (angle, phase) = (random.f64() * TAU, random.f64() * TAU);
        (TAU / length * angle.cos(), TAU / length * angle.sin(), phase, length.powf(0.7) / 4.0)
    };
    let waves: Vec<_> = (0..60).map(wave).collect();
    let mut samples = Vec::new();
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (f64::from(y), f64::from(x)))) {
        let edge = if (x - 400.0).hypot(y - 300.0) < 180.0 { 50.0 } else { 0.0 };
        // Colours are the same light, a little out of step.
        for shift in [0.0, 0.8, 1.7] {
            let light = waves
                .iter()
                .map(|(across, down, phase, size)| (across * x + down * y + phase + shift * size / 60.0).sin() * size);
            let level = 110.0 + edge + light.sum::<f64>() + random.f64() * 12.0;
            samples.push(level.clamp(0.0, 255.0) as u8);
        }
    }
    samples
}
