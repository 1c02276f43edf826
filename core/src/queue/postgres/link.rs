//! The connection to the server: made by the first call, and again by the next one after it was lost.
//!
//! All calls share it. Each is one statement, so they go one after the other without waiting for answers in between.

use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::sync::Mutex;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::debug;

use super::sql;
use crate::clock::Clock;
use crate::error::{Cause, Error, QueueErrorKind, Result};

/// A parameter and what it is.
pub(super) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

pub(super) struct Link {
    config: Config,
    clock: Arc<dyn Clock>,
    client: Mutex<Option<Connected>>,
}

#[derive(Clone)]
struct Connected {
    client: Arc<Client>,
    /// A forked process has the same socket as its parent: only one of them may talk.
    process: u32,
}

impl Link {
    /// # Errors
    /// [`Error::InvalidInput`] about `queue`, without repeating the URL: it holds a password.
    pub(super) fn new(url: &str, clock: Arc<dyn Clock>) -> Result<Self> {
        let wrong = |reason: &str| Error::invalid("queue", reason);
        // The certificate is always checked, so these are the same here.
        let url = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
        let expected = "expected a URL as in postgres://user:password@host/database, got one that cannot be read";
        let mut config = Config::from_str(&url).map_err(|_| wrong(expected))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(wrong("expected a URL with a host, got one without"));
        }
        if config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(if is_this_host(&config) { SslMode::Disable } else { SslMode::Require });
        }
        if config.get_application_name().is_none() {
            config.application_name("porteur");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_LIMIT);
        }
        config.tcp_user_timeout(CALL_LIMIT);
        Ok(Self { config, clock, client: Mutex::new(None) })
    }

    pub(super) async fn rows(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>> {
        let client = self.client().await?;
        let outcome = tokio::select! {
            rows = client.query_typed(sql, values) => rows.map_err(trouble),
            () = self.clock.deadline(CALL_LIMIT) => Err(unavailable(format!("no answer within {CALL_LIMIT:?}"))),
        };
        if outcome.as_ref().is_err_and(is_unavailable) {
            self.forget(&client).await;
        }
        outcome
    }

    /// Of a statement that always answers one.
    pub(super) async fn row(&self, sql: &str, values: &[Value<'_>]) -> Result<Row> {
        let missing = || Error::queue(QueueErrorKind::Corrupt, "the server answered without a row");
        self.rows(sql, values).await?.pop().ok_or_else(missing)
    }

    /// Makes what is missing, all of it or nothing.
    pub(super) async fn set_up(&self, name: &str) -> Result<()> {
        // One of its own: dropping it is what takes back what is half done.
        let client = self.connect().await?;
        client.batch_execute(sql::LOCK).await.map_err(trouble)?;
        let missing = client.query_typed_one(sql::PGMQ_IS_MISSING, &[]).await.map_err(trouble)?;
        match missing.try_get::<_, Option<bool>>(0).map_err(trouble)? {
            Some(true) => client.batch_execute(sql::PGMQ).await.map_err(trouble)?,
            Some(false) => {}
            None => return Err(unavailable("the PGMQ that is there is older than 1.8: update it first".to_owned())),
        }
        client.batch_execute(sql::KEYS).await.map_err(trouble)?;
        let create = "SELECT pgmq.create($1)";
        client.query_typed(create, &[(&name, Type::TEXT)]).await.map_err(trouble)?;
        client.batch_execute("COMMIT").await.map_err(trouble)
    }

    async fn client(&self) -> Result<Arc<Client>> {
        let mut connected = self.client.lock().await;
        let process = std::process::id();
        if let Some(there) = &*connected {
            if there.process == process && !there.client.is_closed() {
                return Ok(there.client.clone());
            }
            debug!("the connection to the queue was lost; making another");
        }
        let client = Arc::new(self.connect().await?);
        *connected = Some(Connected { client: client.clone(), process });
        Ok(client)
    }

    /// The next call makes another connection, unless one did already.
    async fn forget(&self, client: &Arc<Client>) {
        let mut connected = self.client.lock().await;
        if connected.as_ref().is_some_and(|there| Arc::ptr_eq(&there.client, client)) {
            *connected = None;
        }
    }

    async fn connect(&self) -> Result<Client> {
        let connecting = async {
            if self.config.get_ssl_mode() == SslMode::Disable {
                let (client, connection) = self.config.connect(NoTls).await.map_err(trouble)?;
                tokio::spawn(talk(connection));
                Ok::<_, Error>(client)
            } else {
                let (client, connection) = self.config.connect(tls()?).await.map_err(trouble)?;
                tokio::spawn(talk(connection));
                Ok(client)
            }
        };
        let client = tokio::select! {
            client = connecting => client?,
            () = self.clock.deadline(CALL_LIMIT) => {
                return Err(unavailable(format!("no connection within {CALL_LIMIT:?}")));
            }
        };
        client.batch_execute(SESSION).await.map_err(trouble)?;
        Ok(client)
    }
}

/// The other half of a connection, until either side ends it.
async fn talk(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        debug!(%error, "the connection to the queue ended");
    }
}

fn tls() -> Result<MakeRustlsConnect> {
    let wrong = |error: rustls::Error| Error::Queue {
        kind: QueueErrorKind::Unavailable,
        reason: "TLS cannot be set up".to_owned(),
        source: Some(Cause::new(error)),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(wrong)?;
    let config = config.with_platform_verifier().map_err(wrong)?.with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// A Unix socket or an address of loopback.
fn is_this_host(config: &Config) -> bool {
    let loopback = |name: &str| name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    config.get_hostaddrs().iter().all(IpAddr::is_loopback)
        && config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => loopback(name),
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
}

fn trouble(error: tokio_postgres::Error) -> Error {
    let code = error.code().map(SqlState::code).unwrap_or_default();
    let kind = match code {
        "53100" => QueueErrorKind::Full,
        "55P03" | "40P01" | "40001" => QueueErrorKind::Locked,
        code if code.starts_with("XX") => QueueErrorKind::Corrupt,
        _ => QueueErrorKind::Unavailable,
    };
    let reason = match code {
        // Of a schema, a table, a column, a function.
        "3F000" | "42P01" | "42703" | "42883" => "the server is not set up for it: `porteur queue init` does that",
        "" => "the server cannot be reached",
        _ => "the server refused",
    };
    // Its text holds what the server said, which may name the role but no password.
    Error::Queue { kind, reason: reason.to_owned(), source: Some(Cause::new(error)) }
}

fn unavailable(reason: String) -> Error {
    Error::queue(QueueErrorKind::Unavailable, reason)
}

fn is_unavailable(error: &Error) -> bool {
    matches!(error, Error::Queue { kind: QueueErrorKind::Unavailable, .. })
}

/// A server that is set to acknowledge before it syncs does not do so for us.
const SESSION: &str =
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
/// As for HTTP.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// A statement of ours takes milliseconds; half a minute without a word is a server that is gone.
const CALL_LIMIT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn link(url: &str) -> Result<Link> {
        Link::new(url, Arc::new(SystemClock::new()))
    }

    #[test]
    fn tls_is_left_out_on_this_host_alone_unless_the_url_says_so() {
        for (url, mode) in [
            ("postgres://u@localhost/d", SslMode::Disable),
            ("postgres://u@127.0.0.1/d", SslMode::Disable),
            ("postgres://u@%2Frun%2Fpostgresql/d", SslMode::Disable),
            ("postgres://u@db.example/d", SslMode::Require),
            ("postgres://u@db.example/d?sslmode=disable", SslMode::Disable),
            ("postgres://u@localhost/d?sslmode=require", SslMode::Require),
            ("postgresql://u@localhost/d?sslmode=verify-full", SslMode::Require),
            ("postgres://u@localhost,db.example/d", SslMode::Require),
        ] {
            assert_eq!(link(url).ok().unwrap().config.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_it() {
        for url in ["postgres://u:secret@host:port/d", "postgres://u:secret@", "postgres://u:secret@host/d?oops=1"] {
            let facts = link(url).err().unwrap().facts();
            assert_eq!((facts.code, facts.details["field"].as_str()), ("invalid_input", "queue"), "{url}");
            assert!(!facts.message.contains("secret"), "{url}: {}", facts.message);
        }
    }
}
