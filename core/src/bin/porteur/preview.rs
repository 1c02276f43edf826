//! `porteur preview`: the small pictures of many files, to look at in a browser.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use clap::Args;
use porteur::{Effort, MediaSource, Preview, Result, Transformed, preview};

use crate::output::write;
use crate::transform::color;
use crate::{page, progress};

#[derive(Args)]
#[command(after_help = "\
The page holds the pictures themselves, so it can be sent or kept as one file. Exit code 0: every file has a preview; 1: some have
none, and the page says why.")]
pub(crate) struct Arguments {
    /// Pictures and PDFs
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The page that is written
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// At most this wide, in pixels
    #[arg(long, value_name = "PX")]
    max_width: Option<u32>,
    /// At most this high, in pixels
    #[arg(long, value_name = "PX")]
    max_height: Option<u32>,
    /// 1 to 100
    #[arg(long)]
    quality: Option<u8>,
    /// fast or best
    #[arg(long)]
    effort: Option<Effort>,
    /// What shows through where the picture is transparent, as in ffffff
    #[arg(long, value_name = "RRGGBB", value_parser = color)]
    background: Option<[u8; 3]>,
    /// The page of a PDF, from 1
    #[arg(long)]
    page: Option<u32>,
    /// Dots an inch at which a page of a PDF is drawn, in place of the size that is needed
    #[arg(long)]
    dpi: Option<u32>,
}

/// What became of a file.
pub(crate) struct Shown {
    pub(crate) file: PathBuf,
    /// Bytes of the file, when it could be read.
    pub(crate) size: Option<u64>,
    pub(crate) result: Result<Transformed>,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let wish = arguments.wish();
    let bar = progress::count("previews", arguments.files.len());
    let files = Mutex::new(arguments.files.into_iter().enumerate());
    let shown = Mutex::new(Vec::new());
    let next = || files.lock().ok().and_then(|mut files| files.next());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZeroUsize::get) {
            scope.spawn(|| {
                while let Some((number, file)) = next() {
                    let one = show(file, &wish);
                    if let Ok(mut shown) = shown.lock() {
                        shown.push((number, one));
                    }
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut shown = shown.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    shown.sort_by_key(|(number, _)| *number);
    let shown: Vec<Shown> = shown.into_iter().map(|(_, shown)| shown).collect();
    write(&arguments.out, page::of(&shown).as_bytes())?;
    let failed = shown.iter().filter(|shown| shown.result.is_err()).count();
    println!("{}: {} previews, {failed} without", arguments.out.display(), shown.len() - failed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(file: PathBuf, wish: &Preview) -> Shown {
    let bytes = MediaSource::Path(file.clone()).read(&wish.limits);
    let size = bytes.as_ref().ok().map(|bytes| bytes.len() as u64);
    Shown { file, size, result: bytes.and_then(|bytes| preview(&bytes, wish)) }
}

impl Arguments {
    fn wish(&self) -> Preview {
        let mut wish = Preview::default();
        wish.max_width = self.max_width.unwrap_or(wish.max_width);
        wish.max_height = self.max_height.unwrap_or(wish.max_height);
        wish.quality = self.quality.unwrap_or(wish.quality);
        wish.effort = self.effort.unwrap_or(wish.effort);
        wish.background = self.background;
        wish.page = self.page.unwrap_or(wish.page);
        wish.dpi = self.dpi;
        wish
    }
}
