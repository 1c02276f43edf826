//! `porteur queue`: what is in a queue, and what becomes of its dead letters.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use porteur::{DeadLetter, Queue, QueueSettings, QueueStats, Result, SystemClock};

use crate::settings::invalid;

#[derive(Args)]
#[command(after_help = "\
A URL with a password belongs into PORTEUR_QUEUE: a command line can be read by everybody on the machine.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The file of the queue, or the postgres:// URL of its server
    #[arg(long, global = true, value_name = "PLACE", env = "PORTEUR_QUEUE", hide_env_values = true)]
    queue: Option<String>,
    /// The name of the queue; previews unless said otherwise
    #[arg(long, global = true)]
    name: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Tells how much there is of what
    Stats,
    /// Lists the dead letters, one a line: key, attempts, and why
    Dead,
    /// Makes a dead letter a job again, with all its attempts
    Redrive(Which),
    /// Removes a dead letter for good, and forgets its key
    Purge(Which),
    /// Makes the queue: a file, or on a server what it lacks (PGMQ and our tables)
    Init,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The key of the dead letter
    key: Option<String>,
    /// All of them
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let Arguments { command, queue, name } = arguments;
    let Some(place) = queue else {
        return Err(invalid("queue", "expected --queue or PORTEUR_QUEUE, got nothing".to_owned()));
    };
    // A typing error is not to make a queue.
    if !matches!(command, Command::Init) && !place.contains("://") && !Path::new(&place).exists() {
        return Err(invalid("queue", format!("there is no {place}; porteur queue init makes it")));
    }
    let mut settings = QueueSettings::default();
    settings.name = name.unwrap_or(settings.name);
    let queue = Queue::open(&place, settings, Arc::new(SystemClock::new()))?;
    match command {
        Command::Stats => print!("{}", lines_of(&queue.stats().await?)),
        Command::Dead => dead(&queue).await?,
        Command::Redrive(Which { key: Some(key), .. }) => return Ok(found(queue.redrive(&key).await?, &key)),
        Command::Redrive(_) => println!("{} redriven", queue.redrive_all().await?),
        Command::Purge(Which { key: Some(key), .. }) => return Ok(found(queue.purge(&key).await?, &key)),
        Command::Purge(_) => println!("{} purged", queue.purge_all().await?),
        Command::Init => queue.init().await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn found(found: bool, key: &str) -> ExitCode {
    if found {
        return ExitCode::SUCCESS;
    }
    eprintln!("porteur: no dead letter of this key: {key}");
    ExitCode::FAILURE
}

async fn dead(queue: &Queue) -> Result<()> {
    let mut after = None;
    loop {
        let letters = queue.dead_letters(after, PAGE).await?;
        letters.iter().for_each(|letter| println!("{}", line_of(letter)));
        let Some(last) = letters.last() else { return Ok(()) };
        after = Some(last.position);
    }
}

fn line_of(letter: &DeadLetter) -> String {
    let DeadLetter { key, attempts, reason, .. } = letter;
    // Keys and reasons can hold what a terminal obeys.
    format!("{}\t{attempts}\t{}", key.escape_debug(), reason.escape_debug())
}

fn lines_of(stats: &QueueStats) -> String {
    let QueueStats { waiting, taken, delayed, dead, remembered, oldest, .. } = stats;
    let oldest = oldest.map_or("none".to_owned(), |age| format!("{:?}", Duration::from_secs(age.as_secs())));
    format!(
        "waiting {waiting}\ntaken {taken}\ndelayed {delayed}\ndead {dead}\nremembered {remembered}\noldest {oldest}\n"
    )
}

/// Letters at a time: with the largest bodies 25 MB.
const PAGE: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_a_line_and_an_empty_queue_no_oldest_job() {
        let lines = lines_of(&QueueStats::default());
        assert_eq!(lines.lines().count(), 6);
        assert!(lines.ends_with("oldest none\n"));
    }
}
