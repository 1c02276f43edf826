//! What a worker for previews is like.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::publish::{Publish, PublishOptions};
use crate::check::filled;
use crate::error::{Error, Result};
use crate::media::Preview;
use crate::queue::QueueSettings;

/// How previews are made: where from, where to, and how many at a time.
///
/// ```
/// use porteur::{Previews, Publish};
///
/// let previews = Previews::new(Publish::template("https://cdn.example.com/previews/{id}.webp?signature=s"))
///     .queue("previews.db")
///     .webhook_secrets(["the new secret", "the one before"])
///     .concurrency(8);
/// assert_eq!(previews.max_attempts, 5);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Previews {
    /// Where previews go.
    pub publish: Publish,
    /// Where jobs are kept until they are done: a SQLite file, or a `postgres://` URL for many hosts. Default
    /// `previews.db`. `Debug` does not show it, since a URL may hold a password.
    pub queue: String,
    /// How a preview is made. Default: WebP inside 300 by 300 px, quality 85.
    pub preview: Preview,
    /// The secrets that webhooks may be signed with: two while one takes the place of the other. Default none, and
    /// then [`PreviewWorker::submit`](crate::PreviewWorker::submit) takes nothing unless `unsigned` says so.
    pub webhook_secrets: Vec<SecretString>,
    /// Whether webhooks are taken without a signature: for hosts that have looked at it themselves. Default no.
    pub unsigned: bool,
    /// How many jobs are under way at a time; most of them wait for the network. Default 16.
    pub concurrency: usize,
    /// How many pictures are worked on at a time. Each may take what [`Preview::limits`] allow. Default: one a core.
    pub cpus: usize,
    /// After how long a job whose worker says nothing more is given to another; it is prolonged while the job is worked on.
    /// Default 60 s.
    pub visibility: Duration,
    /// How often a job is begun before it becomes a dead letter. Default 5.
    pub max_attempts: u32,
    /// For how long the same event again is known to be done. Default 7 days.
    pub remember: Duration,
    /// Whether attachments may be fetched from this machine and its network, and by http from this machine: for tests. Default no.
    pub allow_private: bool,
    /// The hosts of the platform's own downloads, which get the client's token. Default none.
    pub allowed_hosts: Vec<String>,
    /// The folder for files on their way. Default: one of this user's in the system's folder for temporary files.
    pub spool: Option<PathBuf>,
    /// How long [`PreviewWorker::stop`](crate::PreviewWorker::stop) waits for jobs under way before it gives them back. Default 30 s.
    pub grace: Duration,
}

impl Previews {
    /// Previews that go to `publish`.
    pub fn new(publish: Publish) -> Self {
        let QueueSettings { visibility, max_attempts, remember, .. } = QueueSettings::default();
        Self {
            publish,
            queue: "previews.db".to_owned(),
            preview: Preview::default(),
            webhook_secrets: Vec::new(),
            unsigned: false,
            concurrency: 16,
            cpus: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            visibility,
            max_attempts,
            remember,
            allow_private: false,
            allowed_hosts: Vec::new(),
            spool: None,
            grace: Duration::from_secs(30),
        }
    }

    /// Reads `CDN_PRESIGNED_URL_TEMPLATE`, and `PORTEUR_WEBHOOK_SECRET`: one secret, or two with a comma between them.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] without a template.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Like [`Previews::from_env`], with the variables from `lookup`.
    ///
    /// # Errors
    /// As [`Previews::from_env`].
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let Some(template) = lookup(TEMPLATE) else {
            return Err(Error::invalid(TEMPLATE, "expected to be set in the environment, got nothing"));
        };
        let previews = Self::new(Publish::template(template));
        Ok(match lookup(SECRET) {
            Some(secrets) => previews.webhook_secrets(secrets.split(',').map(str::trim)),
            None => previews,
        })
    }

    /// Previews that go where `options` say, or else where the variables of `lookup` do, as [`Previews::from_variables`] reads
    /// them. Bindings call this.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about options that do not go together; as [`Previews::from_variables`] when there are none.
    pub fn from_options(options: PublishOptions, lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let PublishOptions { to, store, store_options, headers, public_url } = options;
        let mut previews = match PublishOptions::chosen(to, store, store_options)? {
            Some(publish) => Self::new(publish),
            None => Self::from_variables(lookup)?,
        };
        previews.publish.headers.extend(headers);
        previews.publish.public_url = public_url;
        Ok(previews)
    }

    /// Sets where jobs are kept: a SQLite file, or a `postgres://` URL.
    pub fn queue(mut self, place: impl Into<String>) -> Self {
        self.queue = place.into();
        self
    }

    /// Sets how a preview is made.
    pub fn preview(mut self, preview: Preview) -> Self {
        self.preview = preview;
        self
    }

    /// Sets the secrets that webhooks may be signed with.
    pub fn webhook_secrets(mut self, secrets: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.webhook_secrets = secrets.into_iter().map(|secret| SecretString::from(secret.into())).collect();
        self
    }

    /// Takes webhooks without a signature.
    pub fn unsigned(mut self, unsigned: bool) -> Self {
        self.unsigned = unsigned;
        self
    }

    /// Sets how many jobs are under way at a time.
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.concurrency = jobs;
        self
    }

    /// Sets how many pictures are worked on at a time.
    pub fn cpus(mut self, cpus: usize) -> Self {
        self.cpus = cpus;
        self
    }

    /// Sets after how long a job whose worker says nothing more is given to another.
    pub fn visibility(mut self, visibility: Duration) -> Self {
        self.visibility = visibility;
        self
    }

    /// Sets how often a job is begun before it becomes a dead letter.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets for how long the same event again is known to be done.
    pub fn remember(mut self, remember: Duration) -> Self {
        self.remember = remember;
        self
    }

    /// Sets whether attachments may be fetched from this machine and its network.
    pub fn allow_private(mut self, allow: bool) -> Self {
        self.allow_private = allow;
        self
    }

    /// Sets the hosts of the platform's own downloads, which get the client's token.
    pub fn allowed_hosts(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allowed_hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the folder for files on their way.
    pub fn spool(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool = Some(folder.into());
        self
    }

    /// Sets how long stopping waits for jobs under way.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        filled("queue", &self.queue)?;
        self.preview.can_be()?;
        for (field, value) in [("concurrency", self.concurrency), ("cpus", self.cpus)] {
            if !(1..=MOST_AT_A_TIME).contains(&value) {
                return Err(Error::invalid(field, format!("expected 1 to {MOST_AT_A_TIME}, got {value}")));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Previews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Previews")
            .field("publish", &self.publish)
            .field("concurrency", &self.concurrency)
            .field("cpus", &self.cpus)
            .field("max_attempts", &self.max_attempts)
            .finish_non_exhaustive()
    }
}

/// More connections than hosts welcome, and more pictures than memory holds.
const MOST_AT_A_TIME: usize = 256;

const TEMPLATE: &str = "CDN_PRESIGNED_URL_TEMPLATE";
const SECRET: &str = "PORTEUR_WEBHOOK_SECRET";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_secrets_nor_the_queue_nor_the_query_of_the_template() {
        let previews = Previews::new(Publish::template("https://cdn.example/{id}?signature=hush"))
            .queue("postgres://user:hush@host/db")
            .webhook_secrets(["hush"]);
        assert!(!format!("{previews:?}").contains("hush"), "{previews:?}");
    }

    #[test]
    fn both_secrets_of_the_environment_are_read_and_a_missing_template_is_named() {
        let variables = |name: &str| match name {
            TEMPLATE => Some("https://cdn.example/{id}".to_owned()),
            SECRET => Some("new, old".to_owned()),
            _ => None,
        };
        assert_eq!(Previews::from_variables(variables).unwrap().webhook_secrets.len(), 2);
        let error = Previews::from_variables(|_| None).unwrap_err();
        assert_eq!(error.facts().details["field"], TEMPLATE);
    }

    #[test]
    fn options_choose_one_place_or_leave_it_to_the_environment() {
        let template = || Some(Publish::template("https://cdn.example/{id}"));
        let named = |options, expected: &str| {
            let error = Previews::from_options(options, |_| None).unwrap_err();
            assert_eq!(error.facts().details["field"], expected);
        };
        let store = Some("s3://previews".to_owned());
        named(PublishOptions { to: template(), store, ..PublishOptions::default() }, "store");
        let alone = Some(std::collections::BTreeMap::new());
        named(PublishOptions { to: template(), store_options: alone, ..PublishOptions::default() }, "store_options");
        named(PublishOptions::default(), TEMPLATE);
        let headers = [("x-amz-acl".to_owned(), "public-read".to_owned())].into();
        let lookup = |name: &str| (name == TEMPLATE).then(|| "https://cdn.example/{id}".to_owned());
        let options = PublishOptions { headers, ..PublishOptions::default() };
        assert_eq!(Previews::from_options(options, lookup).unwrap().publish.headers.len(), 1);
    }

    #[test]
    fn a_worker_without_a_place_for_jobs_or_with_none_at_a_time_is_refused_by_name() {
        let previews = || Previews::new(Publish::template("https://cdn.example/{id}"));
        for (wrong, field) in [
            (previews().queue(" "), "queue"),
            (previews().concurrency(0), "concurrency"),
            (previews().cpus(257), "cpus"),
            (previews().preview(Preview::default().quality(0)), "quality"),
        ] {
            assert_eq!(wrong.check().unwrap_err().facts().details["field"], field);
        }
    }
}
