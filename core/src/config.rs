//! What a client is made from. Source: docs/platform.md, "Hosts and settings".

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use url::Url;

use crate::audit::Audit;
use crate::auth::ClientCredentials;
use crate::callback::Callback;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::media::MediaLimits;
use crate::pace::Pace;
use crate::region::{Host, Region};

/// What a [`Client`](crate::Client) is made from: credentials are required, the rest has defaults.
///
/// ```
/// use porteur::{Config, Pace, Region};
/// let config = Config::new("my-client-id", "my-secret")
///     .region(Region::EuWest1)
///     .pace(Pace::default().per_minute(600));
/// let client = porteur::Client::new(config)?;
/// # Ok::<(), porteur::Error>(())
/// ```
#[derive(Clone)]
pub struct Config {
    /// Who we are.
    pub credentials: ClientCredentials,
    /// A domain of the platform, or its AWS region. Default `mypurecloud.com`.
    pub environment: String,
    /// One host for everything, instead of the environment's three.
    pub base_url: Option<String>,
    /// Whether tokens and bytes may travel unencrypted to a host that is not this machine. Default no.
    pub allow_plain_http: bool,
    /// How long before expiry a token is renewed; at most half of its life. Default 120 s: the tutorials use 30 s, two
    /// and five minutes, and two minutes outlive our longest call (a 5 MiB chunk at 0.5 Mbit/s, about 84 s).
    pub renew_before: Duration,
    /// How often and how fast we knock.
    pub pace: Pace,
    /// How long we wait for an answer.
    pub timeouts: Timeouts,
    /// How much we take on.
    pub limits: Limits,
    /// Where an audit trail is kept. Default nowhere.
    pub audit: Option<Audit>,
    /// Whom to tell how transfers ended. Default nobody.
    pub transfer_callback: Option<Callback>,
    /// Whom to tell of an attachment that was transformed. Default nobody.
    pub attachment_callback: Option<Callback>,
    clock: Arc<dyn Clock>,
}

/// How long we wait for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection. Default 5 s.
    pub connect: Duration,
    /// For a token. Default 10 s.
    pub token: Duration,
    /// For a JSON call in all. Default 15 s.
    pub call: Duration,
    /// For a storage PUT without progress; there is no limit in all. Default 30 s.
    pub stall: Duration,
    /// For a batch of the audit log in all. Default 10 s.
    pub audit: Duration,
    /// For the answer to a ping on a socket. Default 3 s, as the tutorial waits.
    pub ping: Duration,
    /// For one attempt at the callback of a transfer. Default 5 s, as the tutorial waits.
    pub callback: Duration,
    /// For one attempt at the callback of an attachment. Default 10 s.
    pub attachment_callback: Duration,
    /// For the bytes of an attachment, each attempt and each redirect by itself. Default 30 s.
    pub download: Duration,
    /// For the bytes of an attachment without a byte that comes. Default 10 s.
    pub download_stall: Duration,
    /// For one attempt at putting a preview where it is to be had. Default 15 s, as the tutorial waits.
    pub publish: Duration,
}

/// How much we take on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest chunk that is held in memory for a source that cannot be read again, in bytes. Default 64 MiB.
    pub max_chunk_bytes: u64,
    /// The most kbit/s of a transfer's sound that the media gateway takes. Default 128, as in the tutorial.
    pub max_bandwidth_kbps: u32,
    /// The codecs that the media gateway knows. Default opus, g722 and pcmu, as in the tutorial.
    pub codecs: Vec<String>,
    /// The most pictures a second of a transfer that the media gateway takes. Default 30, as in the tutorial.
    pub max_fps: u32,
    /// What the picture of an attachment may cost.
    pub media: MediaLimits,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(5),
            token: seconds(10),
            call: seconds(15),
            stall: seconds(30),
            audit: seconds(10),
            ping: seconds(3),
            callback: seconds(5),
            attachment_callback: seconds(10),
            download: seconds(30),
            download_stall: seconds(10),
            publish: seconds(15),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let codecs = ["opus", "g722", "pcmu"].map(str::to_owned).into();
        let media = MediaLimits::default();
        Self { max_chunk_bytes: 64 << 20, max_bandwidth_kbps: 128, codecs, max_fps: 30, media }
    }
}

impl Config {
    /// Settings for the default environment.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            credentials: ClientCredentials::new(client_id, client_secret),
            environment: Region::UsEast1.domain().to_owned(),
            base_url: None,
            allow_plain_http: false,
            renew_before: Duration::from_secs(120),
            pace: Pace::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            audit: None,
            transfer_callback: None,
            attachment_callback: None,
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// Reads `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET`, `GENESYS_SCOPES`, `GENESYS_ENVIRONMENT` (else
    /// `GENESYS_ENV`) and `GENESYS_BASE_URL`; for an audit trail `PORTEUR_AUDIT_FILE`, `PORTEUR_AUDIT_SECRET` and
    /// `PORTEUR_AUDIT_ENDPOINT`; for the callback of transfers `MEDIA_SERVER_WEBHOOK`, for that of attachments
    /// `EXTERNAL_ASSET_CALLBACK_URL`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names all variables that are missing, not only the first.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Like [`Config::from_env`], with the variables from `lookup`.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let (id, secret) = (lookup(CLIENT_ID), lookup(CLIENT_SECRET));
        let (Some(id), Some(secret)) = (&id, &secret) else {
            let missing: Vec<&str> = [(CLIENT_ID, &id), (CLIENT_SECRET, &secret)]
                .iter()
                .filter(|(_, value)| value.is_none())
                .map(|(name, _)| *name)
                .collect();
            return Err(Error::invalid(missing.join(", "), "expected to be set in the environment, got nothing"));
        };
        let mut config = Self::new(id, secret);
        if let Some(scopes) = lookup("GENESYS_SCOPES") {
            config = config.scopes(scopes.split([' ', ',']).filter(|scope| !scope.is_empty()));
        }
        if let Some(environment) = lookup("GENESYS_ENVIRONMENT").or_else(|| lookup("GENESYS_ENV")) {
            config = config.environment(environment);
        }
        config.base_url = lookup("GENESYS_BASE_URL");
        config.transfer_callback = lookup("MEDIA_SERVER_WEBHOOK").map(Callback::post);
        config.attachment_callback = lookup("EXTERNAL_ASSET_CALLBACK_URL").map(Callback::post);
        config.audit = audit_from(lookup)?;
        Ok(config)
    }

    /// Settings for a simulator: its address, its credentials and its clock.
    #[cfg(feature = "simulator")]
    pub fn simulated(simulator: &crate::simulator::Simulator) -> Self {
        Self::new(simulator.client_id(), simulator.client_secret()).base_url(simulator.url()).clock(simulator.clock())
    }

    /// Sets the scopes to ask for.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.credentials.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the environment: a domain, or the AWS name of a region.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = environment.into();
        self
    }

    /// Sets the environment to a known region.
    pub fn region(self, region: Region) -> Self {
        self.environment(region.domain())
    }

    /// Sets one host for everything, instead of the environment's three.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Allows `http` to a host that is not this machine: tokens and bytes travel unencrypted then.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// Sets how long before expiry a token is renewed.
    pub fn renew_before(mut self, margin: Duration) -> Self {
        self.renew_before = margin;
        self
    }

    /// Sets how often and how fast we knock.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Sets how long we wait for an answer.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets how much we take on.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps an audit trail.
    pub fn audit(mut self, audit: Audit) -> Self {
        self.audit = Some(audit);
        self
    }

    /// Sets whom to tell how transfers ended.
    pub fn transfer_callback(mut self, callback: Callback) -> Self {
        self.transfer_callback = Some(callback);
        self
    }

    /// Sets whom to tell of an attachment that was transformed.
    pub fn attachment_callback(mut self, callback: Callback) -> Self {
        self.attachment_callback = Some(callback);
        self
    }

    /// Sets where time comes from; for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    pub(crate) fn secret_empty(&self) -> bool {
        self.credentials.secret.expose_secret().is_empty()
    }

    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// The hosts that these settings mean.
    pub(crate) fn platform(&self) -> Result<Platform> {
        let Some(base) = &self.base_url else {
            let host = Host::parse(&self.environment)?;
            let url = |name: &str| {
                Url::parse(&format!("https://{name}.{}/", host.domain()))
                    .map_err(|error| Error::invalid("environment", format!("it makes no URL: {error}")))
            };
            return Ok(Platform { login: url("login")?, api: url("api")? });
        };
        let mut api = Url::parse(base)
            .map_err(|error| Error::invalid("base_url", format!("expected a URL, got `{base}`: {error}")))?;
        if let Some(why) = crate::http::unfit(&api, self.allow_plain_http) {
            return Err(Error::invalid("base_url", format!("{why} (allow_plain_http allows plain http)")));
        }
        if !api.username().is_empty() || api.password().is_some() || api.query().is_some() || api.fragment().is_some() {
            return Err(Error::invalid("base_url", "expected a URL without user, query and fragment"));
        }
        if !api.path().ends_with('/') {
            api.set_path(&format!("{}/", api.path()));
        }
        // The one case of a base URL whose login is elsewhere: the platform's own API host.
        let domain = api.host_str().and_then(|host| host.strip_prefix("api.")).filter(|_| api.scheme() == "https");
        let login = match domain.and_then(Region::by_domain) {
            Some(region) => Url::parse(&format!("https://login.{}/", region.domain()))
                .map_err(|error| Error::invalid("base_url", error.to_string()))?,
            None => api.clone(),
        };
        Ok(Platform { login, api })
    }
}

/// The audit trail of the environment: a file and a secret, or none.
fn audit_from(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Audit>> {
    let missing = |name: &str, other: &str| {
        Err(Error::invalid(name, format!("expected to be set in the environment beside {other}, got nothing")))
    };
    let audit = match (lookup(AUDIT_FILE), lookup(AUDIT_SECRET)) {
        (Some(file), Some(secret)) => Audit::file(file, secret),
        (Some(_), None) => return missing(AUDIT_SECRET, AUDIT_FILE),
        (None, _) if lookup(AUDIT_ENDPOINT).is_some() => return missing(AUDIT_FILE, AUDIT_ENDPOINT),
        // A secret alone is there for verifying.
        (None, _) => return Ok(None),
    };
    Ok(Some(match lookup(AUDIT_ENDPOINT) {
        Some(endpoint) => audit.endpoint(endpoint),
        None => audit,
    }))
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("client_id", &self.credentials.id)
            .field("environment", &self.environment)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// The hosts of a platform; each URL ends in a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Platform {
    pub(crate) login: Url,
    pub(crate) api: Url,
}

const CLIENT_ID: &str = "GENESYS_CLIENT_ID";
const CLIENT_SECRET: &str = "GENESYS_CLIENT_SECRET";
const AUDIT_FILE: &str = "PORTEUR_AUDIT_FILE";
const AUDIT_SECRET: &str = "PORTEUR_AUDIT_SECRET";
const AUDIT_ENDPOINT: &str = "PORTEUR_AUDIT_ENDPOINT";

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        #[serde(default)]
        environment: Option<String>,
        #[serde(default)]
        base_url: Option<String>,
        #[serde(default)]
        allow_plain_http: bool,
        #[serde(default)]
        login: Option<String>,
        #[serde(default)]
        api: Option<String>,
        #[serde(default)]
        refused: Option<String>,
    }

    #[test]
    fn every_case_of_the_vector_names_the_hosts_as_written() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../tests/vectors/hosts.json")).expect("the vector is JSON");
        for case in cases {
            let mut config = Config::new("id", "secret").allow_plain_http(case.allow_plain_http);
            config.environment = case.environment.unwrap_or(config.environment);
            config.base_url = case.base_url;
            match (config.platform(), case.refused) {
                (Ok(platform), None) => {
                    assert_eq!(Some(platform.login.to_string()), case.login, "{}", case.name);
                    assert_eq!(Some(platform.api.to_string()), case.api, "{}", case.name);
                }
                (Err(error), Some(part)) => assert!(error.to_string().contains(&part), "{}: {error}", case.name),
                (outcome, _) => panic!("{}: {outcome:?}", case.name),
            }
        }
    }

    #[test]
    fn all_missing_variables_are_named_in_one_error() {
        let error = Config::from_variables(|_| None).unwrap_err();
        assert_eq!(error.facts().details["field"], "GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET");
        let error = Config::from_variables(|name| (name == CLIENT_ID).then(|| "id".to_owned())).unwrap_err();
        assert_eq!(error.facts().details["field"], "GENESYS_CLIENT_SECRET");
    }

    #[test]
    fn the_environment_is_read_whole() {
        let config = Config::from_variables(|name| {
            let value = match name {
                "GENESYS_CLIENT_ID" => "id",
                "GENESYS_CLIENT_SECRET" => "secret",
                "GENESYS_SCOPES" => "files:upload messaging:guest",
                "GENESYS_ENV" => "eu-west-1",
                "GENESYS_BASE_URL" => "",
                _ => return None,
            };
            Some(value.to_owned())
        })
        .unwrap();
        assert_eq!(config.credentials.scopes, ["files:upload", "messaging:guest"]);
        assert_eq!(config.platform().unwrap().api.as_str(), "https://api.mypurecloud.ie/");
        assert_eq!(config.base_url, None, "an empty variable is as good as none");
        assert!(!format!("{config:?}").contains("secret\""));
    }
}
