//! The audit trail of a tour: verified as it is, and found out when one word of it is changed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use porteur::{Audit, AuditReport, Config, Error, Result, verify_audit};

use super::Tour;

/// Where the trail is kept, and what proves it.
pub(super) struct Trail {
    file: PathBuf,
    pub(super) secret: String,
    /// Gone with the tour.
    folder: tempfile::TempDir,
}

impl Trail {
    /// A trail that nobody keeps.
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::tempdir().map_err(|error| trouble("could not make a folder", &error))?;
        // As hard to guess as a message's deduplication id, for as long as a tour takes.
        let secret = uuid::Uuid::now_v7().to_string();
        Ok(Self { file: folder.path().join("tour.audit"), secret, folder })
    }

    /// Has `config` keep this trail; if it keeps one already, that is the tour's.
    pub(super) fn keep(&mut self, config: Config) -> Config {
        match (&config.audit, std::env::var("PORTEUR_AUDIT_SECRET")) {
            (Some(theirs), Ok(secret)) => {
                self.file.clone_from(&theirs.file);
                self.secret = secret;
                config
            }
            _ => config.audit(Audit::file(&self.file, self.secret.as_str())),
        }
    }

    /// Has `config` keep this trail, and post it.
    pub(super) fn post(&self, config: Config, endpoint: String) -> Config {
        config.audit(Audit::file(&self.file, self.secret.as_str()).endpoint(endpoint))
    }
}

/// Closes the client, which signs and posts what is left, and looks at the log.
pub(super) async fn verify(tour: &mut Tour) -> Result<()> {
    let start = Instant::now();
    tour.client.close().await;
    let report = verify_audit(&tour.trail.file, &tour.trail.secret)?;
    let AuditReport { entries, logs, signed, .. } = &report;
    let what = format!("{entries} entries in {logs} log(s), {signed} of them signed");
    tour.account.step("audit", &what, Some(start.elapsed()));
    tour.account.check("the log verifies", *entries > 0 && report.is_intact() && !report.torn, &told(&report));
    if let Some(simulator) = &tour.simulator {
        let posted: Vec<Option<u64>> = simulator.state().audit.iter().map(|entry| entry["sequence"].as_u64()).collect();
        let holds = posted == (1..=*entries).map(Some).collect::<Vec<_>>();
        tour.account.check("the audit endpoint has every entry, in order", holds, &format!("{posted:?}"));
    }
    let changed = verify_audit(&changed(&tour.trail)?, &tour.trail.secret)?;
    tour.account.check("a copy with one word changed does not", !changed.is_intact(), "it verifies");
    tour.account.note(&told(&changed));
    Ok(())
}

/// A copy of the log in which somebody made a queued message a delivered one.
fn changed(trail: &Trail) -> Result<PathBuf> {
    let copy = trail.folder.path().join("changed.audit");
    let text = std::fs::read_to_string(&trail.file).map_err(|error| trouble("could not read the log", &error))?;
    let text = text.replacen(r#""queued""#, r#""delivered""#, 1);
    std::fs::write(&copy, text).map_err(|error| trouble("could not copy the log", &error))?;
    std::fs::copy(checkpoints(&trail.file), checkpoints(&copy))
        .map_err(|error| trouble("could not copy the signatures", &error))?;
    Ok(copy)
}

/// What signs a log lies beside it.
fn checkpoints(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".checkpoints");
    name.into()
}

fn told(report: &AuditReport) -> String {
    report.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn trouble(action: &str, error: &std::io::Error) -> Error {
    Error::InvalidInput { field: "audit".to_owned(), reason: format!("{action}: {error}"), answer: None }
}
