//! `porteur upload`: one file, a bar, and a journal to go on from.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use porteur::{Client, Result, Upload};

use crate::progress;
use crate::settings::Platform;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The file
    file: PathBuf,
    /// Its MIME type
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// The name that the platform keeps, in place of the file's own
    #[arg(long)]
    name: Option<String>,
    /// Where to write down what was reached; the same command goes on from there
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// How many parts travel side by side, where the platform takes parts
    #[arg(long, value_name = "N")]
    concurrency: Option<usize>,
    #[command(flatten)]
    platform: Platform,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let client = Client::new(arguments.platform.config()?)?;
    let mut upload = Upload::path(&arguments.file);
    if let Some(content_type) = arguments.content_type {
        upload = upload.content_type(content_type);
    }
    if let Some(name) = arguments.name {
        upload = upload.name(name);
    }
    if let Some(concurrency) = arguments.concurrency {
        upload = upload.concurrency(concurrency);
    }
    if let Some(journal) = &arguments.journal {
        upload = upload.journal(journal);
    }
    let bar = progress::bar(&upload.name);
    let shown = bar.clone();
    let upload = upload.on_progress(move |progress| progress::show(&shown, progress));
    tokio::select! {
        outcome = client.upload(upload) => {
            bar.finish_and_clear();
            let file = outcome?;
            println!("{} {} ({} bytes, {} chunks)", file.id, file.name, file.size, file.checksums.len());
            Ok(ExitCode::SUCCESS)
        }
        Ok(()) = tokio::signal::ctrl_c() => {
            bar.abandon();
            match arguments.journal {
                Some(journal) => eprintln!("interrupted; the same command goes on from {}", journal.display()),
                None => eprintln!("interrupted; with --journal FILE the same command would go on from here"),
            }
            // 128 and the number of the signal, as shells count.
            Ok(ExitCode::from(130))
        }
    }
}
