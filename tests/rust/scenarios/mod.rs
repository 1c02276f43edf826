//! Runs tests/scenarios/*.json; what a scenario may say is in tests/README.md.

mod attachments;
mod audit;
mod expect;
mod messages;
mod previews;
mod transfers;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use libtest_mimic::{Failed, Trial};
use porteur::simulator::{Fault, Simulator, SimulatorSettings};
use porteur::{
    Client, Config, Error, Guest, GuestMessage, NewGuest, Pace, PreviewWorker, SendAs, SentMessage, Session,
    SessionEvents, Upload, UploadedFile,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{WORKSPACE, block_on, requests};

use attachments::TransformAttachmentsStep;
use audit::{AuditSettings, RecordStep, VerifyStep};
use expect::Expect;
use messages::{AwaitStep, GeneratedStep, HistoryStep, SendManyStep, SendStep};
use previews::{Letters, PreviewSettings, WebhookStep};
use transfers::{CallbackStep, TransferManyStep, TransferStep};

/// One test a file.
pub(crate) fn tests() -> Vec<Trial> {
    let mut tests: Vec<Trial> = std::fs::read_dir(Path::new(WORKSPACE).join("tests/scenarios"))
        .expect("the folder of the scenarios")
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a scenario");
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match serde_json::from_str::<Scenario>(&text) {
                Ok(scenario) => Trial::test(scenario.name.clone(), move || scenario.run(&file)).with_kind("scenario"),
                Err(error) => Trial::test(file, move || Err(error.into())).with_kind("scenario"),
            }
        })
        .collect();
    tests.sort_unstable_by(|one, other| one.name().cmp(other.name()));
    tests
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    #[serde(default)]
    platform: SimulatorSettings,
    #[serde(default)]
    config: Settings,
    steps: Vec<Step>,
    expect: Expect,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    attempts: Option<u32>,
    base_ms: Option<u64>,
    cap_ms: Option<u64>,
    budget_ms: Option<u64>,
    per_minute: Option<u32>,
    burst: Option<u32>,
    breaker_after: Option<u32>,
    breaker_pause_ms: Option<u64>,
    scopes: Option<Vec<String>>,
    client_secret: Option<String>,
    renew_before_ms: Option<u64>,
    max_chunk_bytes: Option<u64>,
    base_url: Option<String>,
    max_input_bytes: Option<u64>,
    attachment_callback: Option<CallbackStep>,
    audit: Option<AuditSettings>,
    previews: Option<PreviewSettings>,
}

#[derive(Deserialize)]
struct Step {
    fails: Option<String>,
    #[serde(flatten)]
    verb: Verb,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verb {
    Upload(Box<UploadStep>),
    UploadPath(MissingPath),
    Guest(GuestStep),
    SendAsGuest(MessageStep),
    Send(Box<SendStep>),
    SendMany(SendManyStep),
    Generated(GeneratedStep),
    AwaitDelivery(AwaitStep),
    History(HistoryStep),
    Attachment(String),
    TransformAttachment(Value),
    TransformAttachments(TransformAttachmentsStep),
    Record(RecordStep),
    FlushAudit(#[expect(dead_code, reason = "always true: it is there to be a member")] bool),
    VerifyAudit(VerifyStep),
    Connect(#[expect(dead_code, reason = "always true: it is there to be a member")] bool),
    Transfer(Box<TransferStep>),
    TransferMany(TransferManyStep),
    Events(usize),
    CloseSession(#[expect(dead_code, reason = "always true: it is there to be a member")] bool),
    Webhook(Box<WebhookStep>),
    Answer(Box<WebhookStep>),
    Handle(Box<WebhookStep>),
    Work(#[expect(dead_code, reason = "always true: it is there to be a member")] bool),
    Queue(#[expect(dead_code, reason = "always true: it is there to be a member")] bool),
    Redrive(Letters),
    Purge(Letters),
    Fault(Box<Fault>),
    AdvanceMs(u64),
    Close(#[expect(dead_code, reason = "always true: it is there to be a member")] bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadStep {
    text: Option<String>,
    zeros: Option<usize>,
    name: String,
    #[serde(default)]
    from: From,
    content_type: Option<String>,
    concurrency: Option<usize>,
    #[serde(default)]
    journal: bool,
    size: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum From {
    #[default]
    Bytes,
    Path,
    Stream,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum MissingPath {
    Missing,
    Directory,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GuestStep {
    language: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageStep {
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    attach: bool,
    send_as: Option<String>,
}

/// What the steps share.
struct Stage {
    client: Client,
    folder: tempfile::TempDir,
    guest: Option<Guest>,
    file: Option<UploadedFile>,
    sent: Option<SentMessage>,
    session: Option<Session>,
    /// Of the session, from its beginning.
    events: Option<SessionEvents>,
    previews: Option<PreviewWorker>,
}

impl Scenario {
    fn run(self, file: &str) -> Result<(), Failed> {
        let simulator = Simulator::start(self.platform.clone()).map_err(|error| format!("{file}: {error}"))?;
        let wrong = block_on(self.play(&simulator));
        if wrong.is_empty() {
            return Ok(());
        }
        let journal = requests(&simulator).join("\n  ");
        let (slept, violations) = (simulator.slept(), simulator.violations());
        let text = wrong.join("\n");
        Err(format!("{file}\n{text}\njournal:\n  {journal}\nslept: {slept:?}\nviolations: {violations:#?}").into())
    }

    /// What is not as expected.
    async fn play(&self, simulator: &Simulator) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let client = match Client::new(self.config.of(simulator, folder.path())) {
            Ok(client) => client,
            Err(error) => return vec![format!("no client: {error}")],
        };
        let previews = self.config.previews.as_ref().map(|settings| settings.open(&client, simulator, folder.path()));
        let previews = match previews.transpose() {
            Ok(previews) => previews,
            Err(error) => return vec![format!("no worker: {error}")],
        };
        let mut stage =
            Stage { client, folder, guest: None, file: None, sent: None, session: None, events: None, previews };
        let mut outcome = Ok(Value::Null);
        for (index, step) in self.steps.iter().enumerate() {
            let done = stage.perform(&step.verb, simulator);
            let Ok(done) = tokio::time::timeout(PATIENCE, done).await else {
                return vec![format!("step {index} does not end")];
            };
            match (&done, &step.fails) {
                (Ok(value), Some(code)) => return vec![format!("step {index} had to fail with {code}, got {value}")],
                (Err(error), Some(code)) if error.facts().code != code => {
                    return vec![format!("step {index} had to fail with {code}, got {error:?}")];
                }
                (Err(error), None) if index + 1 < self.steps.len() => {
                    return vec![format!("step {index} failed: {error:?}")];
                }
                _ => {}
            }
            // A step that is no call leaves the last result as it is.
            if !matches!(step.verb, Verb::Fault(_) | Verb::AdvanceMs(_) | Verb::Close(_) | Verb::CloseSession(_)) {
                outcome = done;
            }
        }
        let fails_as_told = self.steps.last().is_some_and(|step| step.fails.is_some());
        self.expect.compare(&outcome, fails_as_told, simulator)
    }
}

impl Settings {
    fn of(&self, simulator: &Simulator, folder: &Path) -> Config {
        let ms = Duration::from_millis;
        let mut pace = Pace::default();
        pace.attempts = self.attempts.unwrap_or(pace.attempts);
        pace.base = self.base_ms.map_or(pace.base, ms);
        pace.cap = self.cap_ms.map_or(pace.cap, ms);
        pace.budget = self.budget_ms.map_or(pace.budget, ms);
        pace.per_minute = self.per_minute.unwrap_or(pace.per_minute);
        pace.burst = self.burst.unwrap_or(pace.burst);
        pace.breaker_after = self.breaker_after.unwrap_or(pace.breaker_after);
        pace.breaker_pause = self.breaker_pause_ms.map_or(pace.breaker_pause, ms);
        let mut config = Config::simulated(simulator).pace(pace);
        if let Some(secret) = &self.client_secret {
            config.credentials.secret = secret.as_str().into();
        }
        if let Some(scopes) = &self.scopes {
            config = config.scopes(scopes);
        }
        if let Some(url) = &self.base_url {
            config = config.base_url(url);
        }
        if let Some(audit) = self.audit.as_ref().and_then(|audit| audit.of(simulator, folder)) {
            config = config.audit(audit);
        }
        config.attachment_callback =
            self.attachment_callback.as_ref().map(|callback| callback.callback(simulator.url()));
        let media = &mut config.limits.media;
        media.max_input_bytes = self.max_input_bytes.unwrap_or(media.max_input_bytes);
        config.renew_before = self.renew_before_ms.map_or(config.renew_before, ms);
        config.limits.max_chunk_bytes = self.max_chunk_bytes.unwrap_or(config.limits.max_chunk_bytes);
        config
    }
}

impl Stage {
    async fn perform(&mut self, verb: &Verb, simulator: &Simulator) -> Result<Value, Error> {
        match verb {
            Verb::Upload(step) => {
                let file = self.client.upload(self.upload(step)).await?;
                let value =
                    json!({ "id": file.id, "name": file.name, "size": file.size, "chunks": file.checksums.len() });
                self.file = Some(file);
                Ok(value)
            }
            Verb::UploadPath(what) => {
                let path = match what {
                    MissingPath::Missing => self.folder.path().join("missing"),
                    MissingPath::Directory => self.folder.path().to_owned(),
                };
                self.client.upload(Upload::path(path).name("missing.txt")).await.map(|file| json!({ "id": file.id }))
            }
            Verb::Guest(step) => {
                let mut guest = NewGuest::new(&step.language);
                guest.metadata.clone_from(&step.metadata);
                let guest = self.client.guest(guest).await?;
                let value = json!({ "id": guest.id });
                self.guest = Some(guest);
                Ok(value)
            }
            Verb::SendAsGuest(step) => {
                let guest = self.guest.as_ref().expect("a guest in an earlier step");
                let mut message = GuestMessage::new(&step.text);
                message.to.clone_from(&step.to);
                if step.attach {
                    message = message.attach(self.file.as_ref().expect("a file in an earlier step"));
                }
                message = match step.send_as.as_deref() {
                    None => message,
                    Some("guest") => message.send_as(SendAs::Guest),
                    Some("client") => message.send_as(SendAs::Client),
                    Some(other) => panic!("send_as is guest or client, not {other}"),
                };
                self.client.send_as_guest(guest, message).await.map(|sent| json!({ "id": sent.id }))
            }
            Verb::Send(step) => self.send(step).await,
            Verb::SendMany(step) => self.send_many(step).await,
            Verb::Generated(step) => self.send_generated(step).await,
            Verb::AwaitDelivery(step) => self.await_delivery(step).await,
            Verb::History(step) => self.history(step).await,
            Verb::Attachment(id) => self.attachment(id).await,
            Verb::TransformAttachment(directive) => self.transform_attachment(directive).await,
            Verb::TransformAttachments(step) => self.transform_attachments(step).await,
            Verb::Record(step) => self.record(step).await,
            Verb::FlushAudit(_) => self.client.flush_audit().await.map(|()| Value::Null),
            Verb::VerifyAudit(step) => self.verify_audit(step),
            Verb::Connect(_) => self.connect().await,
            Verb::Transfer(step) => self.transfer(step, simulator.url()).await,
            Verb::TransferMany(step) => self.transfer_many(step, simulator.url()).await,
            Verb::Events(count) => self.take_events(*count).await,
            Verb::CloseSession(_) => self.close_session().await,
            Verb::Webhook(step) => self.webhook(step, simulator.url()).await,
            Verb::Answer(step) => self.answer(step, simulator.url()).await,
            Verb::Handle(step) => self.handle(step, simulator.url()).await,
            Verb::Work(_) => self.work().await,
            Verb::Queue(_) => self.queue().await,
            Verb::Redrive(letters) => self.redrive(letters).await,
            Verb::Purge(letters) => self.purge(letters).await,
            Verb::Fault(fault) => simulator.add_fault((**fault).clone()).map(|()| Value::Null),
            Verb::AdvanceMs(ms) => simulator.advance(Duration::from_millis(*ms)).map(|()| Value::Null),
            Verb::Close(_) => {
                self.client.close().await;
                Ok(Value::Null)
            }
        }
    }

    fn upload(&self, step: &UploadStep) -> Upload {
        let bytes = match (&step.text, step.zeros) {
            (Some(text), None) => Bytes::from(text.clone()),
            (None, Some(zeros)) => Bytes::from(vec![0; zeros]),
            _ => panic!("an upload has either text or zeros"),
        };
        let mut upload = match step.from {
            From::Bytes => Upload::bytes(bytes, &step.name),
            From::Path => {
                let path = self.folder.path().join("source");
                std::fs::write(&path, &bytes).expect("the source is written");
                Upload::path(path).name(&step.name)
            }
            From::Stream => {
                let size = step.size.unwrap_or(bytes.len() as u64);
                let pieces: Vec<_> = bytes.chunks(PIECE).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
                Upload::stream(futures_util::stream::iter(pieces), size, &step.name)
            }
        };
        if let Some(content_type) = &step.content_type {
            upload = upload.content_type(content_type);
        }
        if let Some(concurrency) = step.concurrency {
            upload = upload.concurrency(concurrency);
        }
        if step.journal {
            upload = upload.journal(self.folder.path().join("journal"));
        }
        upload
    }
}

/// How many bytes a piece of a stream has: chunks of 8 never end with one.
const PIECE: usize = 5;
/// Real time for one step: nothing here waits, so whoever takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(60);
