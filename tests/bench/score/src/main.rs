//! SSIMULACRA2 of pictures: a line `REFERENCE<tab>PICTURE` in, its score out. media_quality.py calls it.
//!
//! Both are binary PPM files of 8 bits: the one format that needs no decoder.

use std::error::Error;
use std::io::{BufRead, Write};

use ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};

fn main() -> Result<(), Box<dyn Error>> {
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (reference, picture) = line.split_once('\t').ok_or("expected REFERENCE<tab>PICTURE")?;
        writeln!(output, "{:.3}", compute_frame_ssimulacra2(read(reference)?, read(picture)?)?)?;
    }
    Ok(())
}

/// The picture of a PPM file, taken as sRGB.
fn read(path: &str) -> Result<Rgb, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let (width, height, pixels) = parse(&bytes).ok_or_else(|| format!("{path} is no binary PPM of 8 bits"))?;
    let pixels = pixels.iter().map(|pixel| pixel.map(|value| f32::from(value) / 255.0)).collect();
    Ok(Rgb::new(pixels, width, height, TransferCharacteristic::SRGB, ColorPrimaries::BT709)?)
}

/// Width, height and pixels. The head is four words with one space behind each, comments left out: as Pillow writes it.
fn parse(bytes: &[u8]) -> Option<(usize, usize, &[[u8; 3]])> {
    let mut words = bytes.splitn(5, u8::is_ascii_whitespace);
    let mut word = || words.next();
    let (b"P6", width, height, b"255") = (word()?, number(word()?)?, number(word()?)?, word()?) else { return None };
    let (pixels, []) = word()?.as_chunks() else { return None };
    (pixels.len() == width * height).then_some((width, height, pixels))
}

fn number(word: &[u8]) -> Option<usize> {
    std::str::from_utf8(word).ok()?.parse().ok()
}
