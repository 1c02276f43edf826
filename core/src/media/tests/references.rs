//! Every picture looks as Pillow shows it, in every format, whole and made smaller. The references are made by
//! tests/media/references.py.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::*;
use crate::media::Effort;

#[derive(Deserialize)]
struct Reference {
    /// On the screen, in pixels.
    size: (u32, u32),
    /// The mean colours of parts of the same size, from left to right and top to bottom.
    rows: Vec<String>,
}

/// The fields of tests/media/formats are as hard as pictures get: where their colours are stored in half the size
/// (Pillow itself is off by 25 of 255 after JPEG and by 24 after WebP), or scaled by Lanczos, a part's mean moves. The
/// whole ones as PNG and the photographs are held to a few.
#[test]
fn every_picture_looks_as_another_decoder_shows_it() {
    let references: BTreeMap<String, Reference> =
        serde_json::from_str(include_str!("../../../../tests/media/references.json")).expect("the references are JSON");
    assert!(references.len() > 40);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media");
    let mut wrong = Vec::new();
    for (name, reference) in &references {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let photograph = reference.size.0 > 100;
        for (format, tolerance, smaller) in
            [(Format::Png, 6.0, 24.0), (Format::Jpeg, 14.0, 26.0), (Format::WebP, 28.0, 46.0)]
        {
            for shrinking in [1, 2] {
                let (width, height) = (reference.size.0 / shrinking, reference.size.1 / shrinking);
                let wish = Transform::fit(width, height).format(format).quality(95).effort(Effort::Fast);
                let out = transform(&bytes, &wish.background([255; 3])).unwrap();
                if shrinking == 1 {
                    assert_eq!((out.width, out.height), reference.size, "{name}");
                }
                let tolerance = match shrinking {
                    _ if photograph => 4.0,
                    // Its fields meet in the middle of a sample of colour.
                    _ if name == "formats/odd.jpg" => 34.0,
                    1 => tolerance,
                    _ => smaller,
                };
                let off = reference.differs(&out.bytes);
                if off > tolerance {
                    wrong.push(format!("{name} as {format:?}, 1/{shrinking}: {off:.1} of 255"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_shift_of_half_a_pixel_and_swapped_colours_are_noticed() {
    let references: BTreeMap<String, Reference> =
        serde_json::from_str(include_str!("../../../../tests/media/references.json")).expect("the references are JSON");
    let reference = &references["formats/rgb.png"];
    let (width, channels, samples) = pixels(&file("rgb.png"));
    let of = |change: &dyn Fn(usize, usize, usize) -> u8| {
        let at = (0..samples.len()).map(|at| (at / channels % width, at / channels / width, at % channels));
        reference.differs_from(width, channels, &at.map(|(x, y, channel)| change(x, y, channel)).collect::<Vec<_>>())
    };
    let sample = |x: usize, y: usize, channel: usize| samples[(y * width + x) * channels + channel];
    assert!(of(&sample) < 1.0);
    let shifted = |x: usize, y, channel| sample(x, y, channel).midpoint(sample(x.saturating_sub(1), y, channel));
    assert!(of(&shifted) > 14.0);
    assert!(of(&|x, y, channel| sample(x, y, 2 - channel)) > 100.0);
    assert!(of(&|x, y, channel| sample(x, 31 - y, channel)) > 100.0);
    assert!(of(&|x, y, channel| 16 + u8::try_from(u32::from(sample(x, y, channel)) * 219 / 255).unwrap()) > 14.0);
}

impl Reference {
    fn differs(&self, bytes: &[u8]) -> f64 {
        let (width, channels, samples) = pixels(bytes);
        self.differs_from(width, channels, &samples)
    }

    /// The largest difference of a part's mean colour.
    fn differs_from(&self, width: usize, channels: usize, samples: &[u8]) -> f64 {
        let height = samples.len() / channels / width;
        let mut largest: f64 = 0.0;
        for (row, colors) in self.rows.iter().enumerate() {
            let across = colors.split(' ').count();
            for (column, color) in colors.split(' ').enumerate() {
                let rows = covered(height, row, self.rows.len());
                let columns = covered(width, column, across);
                for channel in 0..3 {
                    let wanted = u8::from_str_radix(&color[2 * channel..2 * channel + 2], 16).unwrap();
                    let (mut sum, mut whole) = (0.0, 0.0);
                    for (y, down) in &rows {
                        for (x, right) in &columns {
                            let sample = samples[(y * width + x) * channels + channel.min(channels - 1)];
                            sum += f64::from(sample) * down * right;
                            whole += down * right;
                        }
                    }
                    largest = largest.max((sum / whole - f64::from(wanted)).abs());
                }
            }
        }
        largest
    }
}

/// The pixels of one of `parts`, and how much of each belongs to it.
fn covered(pixels: usize, part: usize, parts: usize) -> Vec<(usize, f64)> {
    let edge = |part: usize| (pixels * part) as f64 / parts as f64;
    let (start, end) = (edge(part), edge(part + 1));
    let share = |at: usize| (end.min(at as f64 + 1.0) - start.max(at as f64)).max(0.0);
    (0..pixels).map(|at| (at, share(at))).filter(|(_, share)| *share > 0.0).collect()
}
