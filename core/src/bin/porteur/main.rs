//! The `porteur` command.

mod attachment;
mod output;
mod page;
mod preview;
mod progress;
mod queue;
mod send;
mod settings;
mod simulate;
mod tour;
mod transfer;
mod transform;
mod upload;
mod verify_audit;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Large uploads, messages, transfers and pictures for a contact-center platform.
#[derive(Parser)]
#[command(name = "porteur", version, arg_required_else_help = true)]
struct Arguments {
    /// What is told on stderr, as in debug or porteur=debug,hyper=warn
    #[arg(long, global = true, env = "PORTEUR_LOG", value_name = "LEVELS", default_value = "error")]
    log: Targets,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Uploads a file in chunks, each with its SHA-256
    Upload(upload::Arguments),
    /// Sends a message to a conversation, and waits for its delivery if wanted
    Send(send::Arguments),
    /// Transfers an interaction with its media
    Transfer(transfer::Arguments),
    /// Says what an attachment is, and makes new ones of it
    Attachment(attachment::Arguments),
    /// Makes pictures smaller, or other ones of them
    Transform(transform::Arguments),
    /// Makes previews of pictures and PDFs, and a page that shows them
    Preview(preview::Arguments),
    /// Takes webhooks, makes previews of what guests attached, and shows how that fares
    Worker(worker::Arguments),
    /// Shows what is in a queue of jobs, and gives its dead letters another chance
    Queue(queue::Arguments),
    /// Tells whether an audit log is what was written
    VerifyAudit(verify_audit::Arguments),
    /// Serves the platform on loopback, for trying things without an account
    Simulate(simulate::Arguments),
    /// Takes files through the whole trip and shows what happened
    Tour(tour::Arguments),
}

fn main() -> ExitCode {
    // Before anything else has threads or a say: this may be the child of another.
    porteur::be_media_child();
    let arguments = Arguments::parse();
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(std::io::stderr);
    log.finish().with(arguments.log).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("porteur: no threads to work with: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match arguments.command {
            Command::Upload(arguments) => upload::run(arguments).await,
            Command::Send(arguments) => send::run(arguments).await,
            Command::Transfer(arguments) => transfer::run(arguments).await,
            Command::Attachment(arguments) => attachment::run(arguments).await,
            Command::Transform(arguments) => transform::run(&arguments),
            Command::Preview(arguments) => preview::run(arguments),
            Command::Worker(arguments) => worker::run(arguments).await,
            Command::Queue(arguments) => queue::run(arguments).await,
            Command::VerifyAudit(arguments) => verify_audit::run(&arguments),
            Command::Simulate(arguments) => simulate::run(arguments).await,
            Command::Tour(arguments) => tour::run(arguments).await,
        }
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("porteur: {}", error.facts().message);
            ExitCode::FAILURE
        }
    }
}
