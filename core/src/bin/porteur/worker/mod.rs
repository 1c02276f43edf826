//! `porteur worker`: a webhook receiver, the worker behind it, and a page that shows how it fares.

pub(crate) mod doors;
mod metrics;
mod page;
pub(crate) mod receiver;
mod status;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use porteur::{Client, Previews, Publish, Result};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::settings::{Platform, invalid};

#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// Where webhooks are taken
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// The path that they are posted to
    #[arg(long, value_name = "PATH", default_value = "/webhooks/genesys/attachments")]
    path: String,
    /// Takes webhooks without a signature on an address that others reach too
    #[arg(long)]
    unsigned: bool,
    /// Where the page, /metrics and /healthz are; guests' pictures are on it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8001")]
    status: SocketAddr,
    /// Where previews are put, with {id} for the name of each
    #[arg(long, value_name = "URL", env = "CDN_PRESIGNED_URL_TEMPLATE", hide_env_values = true)]
    publish_to: Option<String>,
    /// An object store for previews in place of that: s3://bucket/folder, gs://, az:// or file:///folder, with the keys of the
    /// environment
    #[arg(long, value_name = "URL", conflicts_with = "publish_to")]
    store: Option<String>,
    /// Where a preview is to be had, with {id} for its name; else the URL that it was put to, without its query
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// A header of each PUT, as in x-amz-acl:public-read
    #[arg(long, value_name = "NAME:VALUE", value_parser = header)]
    header: Vec<(String, String)>,
    /// Where jobs are kept: a file, or a postgres:// URL
    #[arg(long, value_name = "PLACE", env = "PORTEUR_QUEUE", default_value = "previews.db", hide_env_values = true)]
    queue: String,
    /// How many jobs are under way at a time
    #[arg(long, value_name = "N")]
    concurrency: Option<usize>,
    /// How many pictures are worked on at a time; each may take 256 MiB
    #[arg(long, value_name = "N")]
    cpus: Option<usize>,
    /// How many calls the platform takes in a minute; 300 unless said otherwise. Each preview is one, and a second attempt two
    #[arg(long, value_name = "CALLS")]
    per_minute: Option<u32>,
    /// The folder for files on their way
    #[arg(long, value_name = "FOLDER")]
    spool: Option<PathBuf>,
    /// Hosts of the platform's own downloads, which get the client's token
    #[arg(long, value_name = "HOST")]
    allowed_host: Vec<String>,
    /// Lets attachments be fetched from this machine and its network
    #[arg(long)]
    allow_private: bool,
    #[command(flatten)]
    platform: Platform,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut config = arguments.platform.config()?;
    config.pace.per_minute = arguments.per_minute.unwrap_or(config.pace.per_minute);
    let client = Client::new(config)?;
    let worker = client.previews(arguments.previews()?)?;
    let (webhooks, status) = (bind("listen", arguments.listen).await?, bind("status", arguments.status).await?);
    // One line each, and at once: whoever started this may be waiting for them.
    println!("webhooks on http://{}{}", address(&webhooks)?, arguments.path);
    println!("status on http://{}/", address(&status)?);
    let (open, closing) = watch::channel(());
    let receiver = doors::serve(webhooks, receiver::routes(&arguments.path, worker.clone()), closing.clone());
    let page = doors::serve(status, status::routes(worker.clone(), arguments.status.ip()), closing);
    let (receiver, page) = (tokio::spawn(receiver), tokio::spawn(page));
    let mut running = std::pin::pin!(worker.run());
    let outcome = tokio::select! {
        outcome = &mut running => outcome,
        () = told_to_stop() => {
            eprintln!("finishing the jobs under way; once more to give them back at once");
            // No webhook is taken any more.
            drop(open);
            tokio::select! {
                (outcome, ()) = async { tokio::join!(&mut running, worker.stop()) } => outcome,
                () = told_to_stop() => tokio::join!(running, worker.give_back()).0,
            }
        }
    };
    receiver.abort();
    page.abort();
    client.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

impl Arguments {
    fn previews(&self) -> Result<Previews> {
        let publish = match (&self.publish_to, &self.store) {
            (Some(template), _) => Publish::template(template),
            (None, Some(store)) => Publish::store(store, [("", ""); 0]),
            (None, None) => {
                return Err(invalid(
                    "publish-to",
                    "expected it, or --store, or CDN_PRESIGNED_URL_TEMPLATE, got nothing".to_owned(),
                ));
            }
        };
        let publish = self.header.iter().fold(publish, |publish, (name, value)| publish.header(name, value));
        let publish = match &self.public_url {
            Some(url) => publish.public_url(url),
            None => publish,
        };
        let secrets = std::env::var(SECRET).unwrap_or_default();
        let secrets: Vec<&str> = secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty()).collect();
        let unsigned = secrets.is_empty();
        if unsigned && !self.unsigned && !self.listen.ip().is_loopback() {
            let reason =
                format!("expected {SECRET} for an address that others reach, got none (--unsigned does without)");
            return Err(invalid("listen", reason));
        }
        let mut previews = Previews::new(publish)
            .queue(&self.queue)
            .webhook_secrets(secrets)
            .unsigned(unsigned)
            .allow_private(self.allow_private)
            .allowed_hosts(&self.allowed_host);
        previews.concurrency = self.concurrency.unwrap_or(previews.concurrency);
        previews.cpus = self.cpus.unwrap_or(previews.cpus);
        previews.spool = self.spool.clone();
        Ok(previews)
    }
}

async fn bind(field: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| invalid(field, format!("{address} is not to be had: {error}")))
}

fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(|error| invalid("listen", error.to_string()))
}

/// Ctrl-C, or what service managers send.
async fn told_to_stop() {
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or_else(|| format!("expected NAME:VALUE, got {text}"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

const SECRET: &str = "PORTEUR_WEBHOOK_SECRET";

const HELP: &str = "\
Webhooks are signed with PORTEUR_WEBHOOK_SECRET (two secrets with a comma between them while one takes the place of the other). \
Put a proxy with TLS before the address that they are posted to.

  porteur worker --publish-to 'https://uploads.example.com/previews/{id}.webp?signature=...'
  porteur worker --listen 0.0.0.0:8000 --store s3://previews --public-url 'https://cdn.example.com/{id}.webp'";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn previews(line: &str) -> Result<Previews> {
        Command::try_parse_from(format!("worker {line}").split(' ')).unwrap().arguments.previews()
    }

    #[test]
    fn an_address_that_others_reach_wants_a_secret_or_a_word() {
        let target = "--publish-to https://cdn.example/{id}";
        assert!(previews(target).unwrap().unsigned);
        assert!(previews(&format!("{target} --listen [::1]:8000")).is_ok());
        let error = previews(&format!("{target} --listen 0.0.0.0:8000")).unwrap_err();
        assert!(error.to_string().contains("--unsigned"), "{error}");
        assert!(previews(&format!("{target} --listen 0.0.0.0:8000 --unsigned")).unwrap().unsigned);
    }
}
