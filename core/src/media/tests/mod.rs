//! The whole way of a picture, on the files of tests/media/formats: every variety, every damage.

mod animations;
mod damage;
mod laws;
mod limits;
mod oracle;
mod pdf;
mod references;
mod results;
mod varieties;
mod vectors;

use std::path::Path;

use super::header::Header;
use super::limits::MediaLimits;
use super::{Format, Transform, Transformed, transform};

/// The names and bytes of tests/media/formats.
pub(super) fn files() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/formats");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of pictures")
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() > 35, "{} files", files.len());
    files
}

fn file(name: &str) -> Vec<u8> {
    files().into_iter().find(|(known, _)| known == name).expect("a known name").1
}

/// The pixel at `(x, y)` of a result, by way of a PNG of our own.
fn pixel(bytes: &[u8], (x, y): (u32, u32)) -> [u8; 4] {
    let (width, channels, samples) = pixels(bytes);
    let at = (y as usize * width + x as usize) * channels;
    match samples[at..at + channels] {
        [gray] => [gray, gray, gray, 255],
        [gray, alpha] => [gray, gray, gray, alpha],
        [red, green, blue] => [red, green, blue, 255],
        [red, green, blue, alpha] => [red, green, blue, alpha],
        _ => panic!("{channels} channels"),
    }
}

/// Width, samples a pixel, and samples of any picture that we can read, as it is shown.
fn pixels(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    let png = transform(bytes, &Transform::original().format(Format::Png)).expect("a picture").bytes;
    let mut reader = png::Decoder::new(std::io::Cursor::new(&*png)).read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut samples).unwrap();
    (info.width as usize, info.color_type.samples(), samples)
}

fn close(a: [u8; 4], b: [u8; 4], tolerance: u8) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= tolerance)
}

fn limited(change: impl FnOnce(&mut MediaLimits)) -> MediaLimits {
    let mut limits = MediaLimits::default();
    change(&mut limits);
    limits
}

/// A result, or the error's kind, from code that is not guarded against panics.
fn unguarded(bytes: &[u8], wish: &Transform) -> Result<Transformed, String> {
    let kind = |error: crate::Error| error.facts().details.get("kind").cloned().expect("a media error");
    let job = super::job::Job::parse(bytes, wish).map_err(kind)?;
    let header = Header::read(bytes, &wish.limits).map_err(kind)?;
    let fit = super::fit::Fit::parse(wish, &header).map_err(kind)?;
    let decoded = super::decode::decode_unguarded(bytes, &header, &fit, wish).map_err(kind)?;
    job.finish((decoded, std::time::Duration::ZERO)).map_err(kind)
}
