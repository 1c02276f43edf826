//! `porteur transform`: pictures made smaller or other ones, on all cores.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::HumanBytes;
use porteur::{
    Crop, Effort, Format, MediaLimits, MediaSource, Result, SizeOptions, TargetSize, Transform, Transformed,
    transform_many,
};

use crate::output::write;
use crate::progress;
use crate::settings::invalid;

#[derive(Args)]
#[command(after_help = "\
Without a size the picture keeps its own. Exit code 0: all were made; 1: some were not, each named with the reason.")]
pub(crate) struct Arguments {
    /// The pictures: JPEG, PNG, GIF or WebP
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the result goes: a file for one picture, a folder for several
    #[arg(long, short, value_name = "PATH")]
    out: PathBuf,
    /// At most this wide, in pixels
    #[arg(long, value_name = "PX")]
    max_width: Option<u32>,
    /// At most this high, in pixels
    #[arg(long, value_name = "PX")]
    max_height: Option<u32>,
    /// A box that is filled; what hangs over is cut off
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = sides)]
    cover: Option<(u32, u32)>,
    /// An exact size; stretched where the shape differs
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = sides)]
    exact: Option<(u32, u32)>,
    /// jpeg, png or webp; as the source when left out, a GIF as WebP
    #[arg(long)]
    format: Option<Format>,
    /// 1 to 100
    #[arg(long)]
    quality: Option<u8>,
    /// fast or best
    #[arg(long)]
    effort: Option<Effort>,
    /// What shows through where the picture is transparent, as in ffffff
    #[arg(long, value_name = "RRGGBB", value_parser = color)]
    background: Option<[u8; 3]>,
    /// Let a small picture grow
    #[arg(long)]
    enlarge: bool,
    /// The part that is kept with --cover, as in center, top or bottom-left
    #[arg(long)]
    crop: Option<Crop>,
    /// Keep EXIF data: camera, time, place
    #[arg(long)]
    keep_metadata: bool,
    /// Keep a GIF or WebP animation, as WebP
    #[arg(long)]
    animated: bool,
    /// Make a second picture of this width, beside the first
    #[arg(long, value_name = "PX")]
    thumbnail: Option<u32>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let transform = arguments.transform()?;
    let targets = arguments.targets(&transform)?;
    let bar = progress::count("pictures", arguments.files.len());
    let mut failed = 0;
    let results = transform_many(arguments.files.iter().cloned().map(MediaSource::Path), transform);
    for ((file, target), result) in arguments.files.iter().zip(&targets).zip(results) {
        let written = result.and_then(|result| {
            let target = target.clone().unwrap_or_else(|| in_folder(&arguments.out, file, result.format));
            store(&result, &target)
        });
        match written {
            Ok(line) => bar.suspend(|| println!("{line}")),
            Err(error) => {
                failed += 1;
                bar.suspend(|| eprintln!("porteur: {}: {}", file.display(), error.facts().message));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Arguments {
    fn transform(&self) -> Result<Transform> {
        let Self { max_width, max_height, cover, exact, .. } = *self;
        let limits = MediaLimits::default();
        let size = TargetSize::from_options(SizeOptions { max_width, max_height, cover, exact }, &limits)?;
        let mut transform = Transform::of(size)
            .enlarge(self.enlarge)
            .keep_metadata(self.keep_metadata)
            .animated(self.animated)
            .limits(limits);
        transform.format = self.format;
        transform.background = self.background;
        transform.thumbnail = self.thumbnail;
        transform.quality = self.quality.unwrap_or(transform.quality);
        transform.effort = self.effort.unwrap_or(transform.effort);
        transform.crop = self.crop.unwrap_or(transform.crop);
        Ok(transform)
    }

    /// Where each result goes, as far as it is known before it is made. Two that would go to one place are refused
    /// before anything is written.
    fn targets(&self, transform: &Transform) -> Result<Vec<Option<PathBuf>>> {
        if let [_] = &*self.files
            && !self.out.is_dir()
        {
            return Ok(vec![Some(self.out.clone())]);
        }
        if !self.out.is_dir() {
            return Err(invalid("out", format!("expected a folder that exists, got {}", self.out.display())));
        }
        let mut taken = BTreeMap::new();
        for file in &self.files {
            // Formats that follow their sources differ where names do not, so names alone are compared.
            if let Some(other) = taken.insert(file.file_stem(), file) {
                let (one, other) = (file.display(), other.display());
                return Err(invalid(
                    "out",
                    format!("{other} and {one} would be written to one file: rename one of them"),
                ));
            }
        }
        let known = |file: &PathBuf| transform.format.map(|format| in_folder(&self.out, file, format));
        Ok(self.files.iter().map(known).collect())
    }
}

fn in_folder(folder: &Path, file: &Path, format: Format) -> PathBuf {
    folder.join(file.file_stem().unwrap_or_default()).with_extension(format.name())
}

/// Writes a result, and says what it is.
fn store(result: &Transformed, target: &Path) -> Result<String> {
    write(target, &result.bytes)?;
    if let Some(small) = &result.thumbnail {
        write(&target.with_extension(format!("thumbnail.{}", small.format.name())), &small.bytes)?;
    }
    let (size, times) = (HumanBytes(result.bytes.len() as u64), result.timings);
    Ok(format!(
        "{} {} x {}, {size}, {:.1} ms",
        target.display(),
        result.width,
        result.height,
        (times.decode + times.resize + times.encode + times.thumbnail).as_secs_f64() * 1e3
    ))
}

/// As in `1920x1080`.
fn sides(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.ok_or_else(|| "expected two numbers, as in 1920x1080".to_owned())
}

/// As in `ffcc00`.
pub(crate) fn color(text: &str) -> Result<[u8; 3], String> {
    let digits = text.trim_start_matches('#');
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6);
    let [_, color @ ..] = number.ok_or_else(|| "expected six hex digits, as in ffcc00".to_owned())?.to_be_bytes();
    Ok(color)
}
