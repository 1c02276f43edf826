//! Bars, for an upload and for many files.

use indicatif::{ProgressBar, ProgressStyle};
use porteur::Progress;

/// A bar on the error stream, which shows nothing where that is no terminal.
pub(crate) fn bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    bar.set_style(style.expect("the template is a constant"));
    bar.set_prefix(name.to_owned());
    bar
}

/// A bar that counts files.
pub(crate) fn count(what: &str, files: usize) -> ProgressBar {
    let bar = ProgressBar::new(files as u64);
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {per_sec} {eta}");
    bar.set_style(style.expect("the template is a constant"));
    bar.set_prefix(what.to_owned());
    bar
}

pub(crate) fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.total);
    bar.set_position(progress.acknowledged);
}
