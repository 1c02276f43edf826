//! `porteur send`: one message to a conversation, and whether it arrived.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use porteur::{Attachment, Client, Content, Delivery, Error, Message, Receipt, Result, SentMessage, Sla, Upload};

use crate::progress;
use crate::settings::{Platform, invalid, seconds};

#[derive(Args)]
#[command(after_help = CONTENT_HELP)]
pub(crate) struct Arguments {
    /// The conversation
    #[arg(long, value_name = "ID")]
    conversation: String,
    #[command(flatten)]
    content: Wording,
    /// Who sends it: a participant of the conversation with the role agent
    #[arg(long = "from", value_name = "SENDER")]
    sender: String,
    /// Who is to read it; several may be named
    #[arg(long, value_name = "RECIPIENT", required = true, num_args = 1..)]
    to: Vec<String>,
    /// Files that are uploaded and attached
    #[arg(long, value_name = "FILE", num_args = 1..)]
    attach: Vec<PathBuf>,
    /// Files that were uploaded before, each as the platform's id and a name: file-1=invoice.pdf
    #[arg(long, value_name = "ID=NAME", num_args = 1.., value_parser = uploaded)]
    attach_uploaded: Vec<Uploaded>,
    /// The deduplication id: sent again under the same one, a message never becomes a second one
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Sends without reading the conversation and its rules first
    #[arg(long)]
    no_check: bool,
    /// Lets somebody send who is no participant of the conversation
    #[arg(long)]
    allow_unlisted_sender: bool,
    /// Waits until the message is delivered
    #[arg(long = "await")]
    wait: bool,
    /// For how long to wait; 20 s unless said otherwise
    #[arg(long, value_name = "SECONDS", requires = "wait", value_parser = seconds)]
    within: Option<Duration>,
    /// How fast the delivery has to be; a later one is told of, and is no failure
    #[arg(long, value_name = "SECONDS", requires = "wait", value_parser = seconds)]
    sla: Option<Duration>,
    #[command(flatten)]
    platform: Platform,
}

/// What the message says, in one of three ways.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Wording {
    /// The message as plain text
    #[arg(long)]
    text: Option<String>,
    /// The message as HTML, for channels that show it
    #[arg(long)]
    html: Option<String>,
    /// The message as JSON: an object or an array
    #[arg(long)]
    json: Option<String>,
}

/// A file that the platform has already.
#[derive(Clone)]
struct Uploaded {
    id: String,
    name: String,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let client = Client::new(arguments.platform.config()?)?;
    let mut job = Job::new(client, arguments)?;
    let outcome = tokio::select! {
        outcome = job.run() => outcome,
        Ok(()) = tokio::signal::ctrl_c() => Err(Ended::Interrupted),
    };
    let code = job.account(outcome);
    tokio::select! {
        () = job.client.close() => {}
        Ok(()) = tokio::signal::ctrl_c() => eprintln!("the rest of the audit log stays in its file"),
    }
    code
}

/// One message on its way.
struct Job {
    client: Client,
    conversation: String,
    message: Message,
    /// The message's, made here so that it can be told whatever happens on the way.
    client_id: String,
    files: Vec<PathBuf>,
    /// What comes with it, as far as the platform has it.
    attached: Vec<Uploaded>,
    /// None when nobody waits for it.
    delivery: Option<Delivery>,
    reached: Reached,
}

/// How far a message got.
enum Reached {
    Nothing,
    /// It may be there.
    Leaving,
    /// It is there, under this id.
    Sent(String),
}

/// Why a job ended before its time.
enum Ended {
    Interrupted,
    Failed(Error),
}

impl Job {
    fn new(client: Client, arguments: Arguments) -> Result<Self> {
        let client_id = arguments.client_id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        let mut message = Message::new(arguments.content.read()?)
            .sender(arguments.sender)
            .client_id(client_id.as_str())
            .check(!arguments.no_check)
            .allow_unlisted_sender(arguments.allow_unlisted_sender);
        message.to = arguments.to;
        let delivery = arguments.wait.then(|| {
            let usual = Delivery::default();
            Delivery { within: arguments.within.unwrap_or(usual.within), sla: arguments.sla, ..usual }
        });
        Ok(Self {
            client,
            conversation: arguments.conversation,
            message,
            client_id,
            files: arguments.attach,
            attached: arguments.attach_uploaded,
            delivery,
            reached: Reached::Nothing,
        })
    }

    /// Uploads, sends and waits; tells what happened as it goes.
    async fn run(&mut self) -> Result<(), Ended> {
        for file in std::mem::take(&mut self.files) {
            self.upload(file).await?;
        }
        let mut message = self.message.clone();
        message.attachments = self.attached.iter().map(|file| Attachment::file(&file.id, &file.name)).collect();
        self.reached = Reached::Leaving;
        let sent = self.client.send(&self.conversation, message).await?;
        self.reached = Reached::Sent(sent.id.clone());
        println!("{}", line_of_sent(&sent));
        if let Some(delivery) = &self.delivery {
            let receipt = self.client.await_delivery(&sent, delivery).await?;
            println!("{}", line_of_receipt(&receipt));
        }
        Ok(())
    }

    async fn upload(&mut self, file: PathBuf) -> Result<()> {
        let upload = Upload::path(file);
        let bar = progress::bar(&upload.name);
        let shown = bar.clone();
        let outcome = self.client.upload(upload.on_progress(move |progress| progress::show(&shown, progress))).await;
        bar.finish_and_clear();
        let file = outcome?;
        println!("{} {} ({} bytes, {} chunks)", file.id, file.name, file.size, file.checksums.len());
        self.attached.push(Uploaded { id: file.id, name: file.name });
        Ok(())
    }

    /// The exit code, and what to do where the message may or may not be there.
    fn account(&self, outcome: Result<(), Ended>) -> Result<ExitCode> {
        match outcome {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(Ended::Failed(error @ Error::Unconfirmed { .. })) => {
                eprintln!("porteur: {}", error.facts().message);
                eprintln!("to send it again as the same message: {}", self.again());
                Ok(ExitCode::FAILURE)
            }
            Err(Ended::Failed(error)) => {
                if let Error::DeliveryTimeout { message_id, status, sla: Some(sla), .. } = &error {
                    println!("{message_id} {status} after {}", verdict(sla.elapsed, Some(*sla)));
                }
                Err(error)
            }
            Err(Ended::Interrupted) => {
                match &self.reached {
                    Reached::Nothing => eprintln!("interrupted; nothing was sent"),
                    Reached::Leaving => {
                        eprintln!(
                            "interrupted; it may be there. To send it again as the same message: {}",
                            self.again()
                        );
                    }
                    Reached::Sent(id) => eprintln!("interrupted; {id} was sent, and may be delivered later"),
                }
                // 128 and the number of the signal, as shells count.
                Ok(ExitCode::from(130))
            }
        }
    }

    /// What makes the same command the same message: its id, and in place of --attach the files as they were uploaded.
    fn again(&self) -> String {
        let mut again = format!("--client-id {}", quoted(&self.client_id));
        for Uploaded { id, name } in &self.attached {
            again.push_str(" --attach-uploaded ");
            again.push_str(&quoted(&format!("{id}={name}")));
        }
        again
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Wording {
    fn read(self) -> Result<Content> {
        let text = self.text.map(|text| given("text", text)).transpose()?;
        let html = self.html.map(|html| given("html", html)).transpose()?;
        let json = self.json.map(|json| given("json", json)).transpose()?;
        let json = json.map(|json| {
            serde_json::from_str(&json).map_err(|error| invalid("json", format!("expected JSON: {error}")))
        });
        Content::one_of(text, html, json.transpose()?)
    }
}

/// The words themselves, those of a file, or those of the standard input.
fn given(option: &str, value: String) -> Result<String> {
    let read = |text: std::io::Result<String>, from: &str| {
        text.map_err(|error| invalid(option, format!("could not read {from}: {error}")))
    };
    match value.strip_prefix('@') {
        Some(path) => read(std::fs::read_to_string(path), path),
        None if value == "-" => {
            let mut text = String::new();
            read(std::io::stdin().read_to_string(&mut text).map(|_| text), "the standard input")
        }
        None => Ok(value),
    }
}

fn line_of_sent(sent: &SentMessage) -> String {
    format!("{} {} (client id {})", sent.id, sent.status, sent.client_id)
}

fn line_of_receipt(receipt: &Receipt) -> String {
    format!("{} {} after {}", receipt.message_id, receipt.status, verdict(receipt.elapsed, receipt.sla))
}

fn verdict(elapsed: Duration, sla: Option<Sla>) -> String {
    let elapsed = format!("{:.1} s", elapsed.as_secs_f64());
    match sla {
        None => elapsed,
        Some(Sla { threshold, violated, .. }) => {
            let side = if violated { "over" } else { "within" };
            format!("{elapsed}, {side} the SLA of {} s", threshold.as_secs_f64())
        }
    }
}

/// As a POSIX shell reads it back.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=+,:@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn uploaded(text: &str) -> Result<Uploaded, String> {
    match text.split_once('=') {
        Some((id, name)) if !id.is_empty() && !name.is_empty() => {
            Ok(Uploaded { id: id.to_owned(), name: name.to_owned() })
        }
        _ => Err("expected ID=NAME, as in file-1=invoice.pdf".to_owned()),
    }
}

const CONTENT_HELP: &str = "\
--text, --html and --json take the words themselves, - for the standard input, or @FILE for a file in UTF-8; words that \
begin with @ come through the standard input.

PORTEUR_AUDIT_FILE and PORTEUR_AUDIT_SECRET keep an audit trail of what is sent, PORTEUR_AUDIT_ENDPOINT posts it.";

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use porteur::Config;
    use porteur::simulator::{Simulator, SimulatorSettings};

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn job(simulator: &Simulator, more: &[&str]) -> Job {
        let line = ["send", "--conversation", "conversation-1", "--from", "agent@example.com"];
        let line = line.iter().chain(&["--to", "customer@example.com", "--text", "Your invoice."]).chain(more);
        let client = Client::new(Config::simulated(simulator)).unwrap();
        Job::new(client, Line::try_parse_from(line).map_err(|error| error.to_string()).unwrap().arguments).unwrap()
    }

    #[tokio::test]
    async fn what_is_told_of_a_message_without_an_answer_sends_it_as_the_same_one() {
        let faults = r#"[{"on": "POST /api/v2/conversations/conversation-1", "drop": "after", "times": 4}]"#;
        let faults = serde_json::from_str(faults).unwrap();
        let simulator = Simulator::start(SimulatorSettings { faults, ..Default::default() }).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("invoice.pdf");
        std::fs::write(&file, "%PDF-1.7").unwrap();

        let mut first = job(&simulator, &["--attach", file.to_str().unwrap()]);
        let outcome = first.run().await;
        assert!(matches!(outcome, Err(Ended::Failed(Error::Unconfirmed { .. }))));
        let again = first.again();
        let again: Vec<&str> = again.split(' ').collect();
        assert_eq!(again[0], "--client-id");
        assert!(job(&simulator, &again).run().await.is_ok());

        let messages = &simulator.state().conversations[0].messages;
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].attachments.len(), 1);
        assert_eq!(simulator.violations(), Vec::<String>::new());
    }

    #[test]
    fn the_words_come_from_one_option_from_a_file_or_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("event.json");
        std::fs::write(&file, r#"{"event": "test"}"#).unwrap();
        let named = format!("@{}", file.display());
        let wording = |text: Option<&str>, json: Option<&str>| {
            Wording { text: text.map(str::to_owned), html: None, json: json.map(str::to_owned) }.read()
        };
        assert_eq!(wording(Some("hello"), None).unwrap(), Content::Text("hello".to_owned()));
        assert_eq!(wording(None, Some(&named)).unwrap(), Content::Json(serde_json::json!({"event": "test"})));
        let field = |outcome: Result<Content>| outcome.unwrap_err().facts().details["field"].clone();
        assert_eq!(field(wording(None, Some("{event"))), "json");
        assert_eq!(field(wording(Some("@missing/words.txt"), None)), "text");
        let line = ["send", "--conversation", "c", "--from", "a", "--to", "b", "--text", "x", "--html", "y"];
        assert!(Line::try_parse_from(line).is_err(), "two contents");
        assert!(Line::try_parse_from(&line[..7]).is_err(), "no content");
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("0198c0de-7f3a"), "0198c0de-7f3a");
        assert_eq!(quoted("file-1=my invoice.pdf"), "'file-1=my invoice.pdf'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_file_that_was_uploaded_has_an_id_and_a_name() {
        let file = uploaded("file-1=a=b.pdf").unwrap();
        assert_eq!((file.id.as_str(), file.name.as_str()), ("file-1", "a=b.pdf"));
        for wrong in ["file-1", "=a.pdf", "file-1="] {
            assert!(uploaded(wrong).is_err(), "{wrong}");
        }
    }
}
