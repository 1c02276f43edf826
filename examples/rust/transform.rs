//! Makes a JPEG for a screen and a thumbnail for a list of any picture.
//!
//! ```sh
//! cargo run --release --package porteur-examples --bin transform -- photo.png
//! ```

use std::fs;
use std::path::Path;

use porteur::{Error, Format, MediaSource, Transform, transform};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(path) = std::env::args().nth(1) else {
        return Err("usage: transform PICTURE".into());
    };
    let wish = Transform::fit(1920, 1920).format(Format::Jpeg).thumbnail(200);
    // A file of more than 25 MiB is not even read.
    let picture = MediaSource::Path(path.clone().into()).read(&wish.limits)?;
    let out = match transform(&picture, &wish) {
        Ok(out) => out,
        Err(error @ Error::Media { .. }) => return Err(format!("{path} cannot be shown: {error}").into()),
        Err(error) => return Err(error.into()),
    };

    let (large, small) = (Path::new(&path).with_extension("large.jpg"), Path::new(&path).with_extension("small.jpg"));
    fs::write(&large, &out.bytes)?;
    let taken = out.timings.decode + out.timings.resize + out.timings.encode;
    let (source, millis) = (out.source, taken.as_secs_f64() * 1000.0);
    println!("{} x {} px of {}", source.width, source.height, source.format.name());
    println!("{}: {} x {} px, {} bytes, {millis:.1} ms", large.display(), out.width, out.height, out.bytes.len());
    if let Some(thumbnail) = out.thumbnail {
        fs::write(&small, &thumbnail.bytes)?;
        let (width, height, bytes) = (thumbnail.width, thumbnail.height, thumbnail.bytes.len());
        let millis = out.timings.thumbnail.as_secs_f64() * 1000.0;
        println!("{}: {width} x {height} px, {bytes} bytes, {millis:.1} ms", small.display());
    }
    Ok(())
}
