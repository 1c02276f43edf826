//! The steps about the audit trail, and the log that a scenario's client keeps.

use std::path::Path;
use std::time::Duration;

use porteur::simulator::Simulator;
use porteur::{Audit, AuditEntry, Error, verify_audit};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Stage;

/// `true`, or a log that is told more.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum AuditSettings {
    Kept(bool),
    With(AuditOptions),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AuditOptions {
    endpoint: Option<bool>,
    sync: Option<String>,
    limit_bytes: Option<u64>,
    when_full: Option<String>,
    batch: Option<usize>,
    every_ms: Option<u64>,
    drain_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordStep {
    kind: String,
    #[serde(default)]
    fields: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyStep {
    secret: Option<String>,
    path: Option<OtherFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OtherFile {
    Missing,
    Other,
}

impl AuditSettings {
    /// The log of these settings in `folder`; none when there is to be none.
    pub(super) fn of(&self, simulator: &Simulator, folder: &Path) -> Option<Audit> {
        let defaults = AuditOptions::default();
        let options = match self {
            Self::Kept(false) => return None,
            Self::Kept(true) => &defaults,
            Self::With(options) => options,
        };
        let ms = Duration::from_millis;
        let mut audit = Audit::file(folder.join(LOG), SECRET);
        if options.endpoint.unwrap_or(true) {
            audit = audit.endpoint(format!("{}/audit", simulator.url()));
        }
        if let Some(sync) = &options.sync {
            audit = audit.sync(sync.parse().expect("a word for sync"));
        }
        if let Some(when_full) = &options.when_full {
            audit = audit.when_full(when_full.parse().expect("a word for when_full"));
        }
        audit.limit_bytes = options.limit_bytes.unwrap_or(audit.limit_bytes);
        audit.batch = options.batch.unwrap_or(audit.batch);
        audit.every = options.every_ms.map_or(audit.every, ms);
        audit.drain = options.drain_ms.map_or(audit.drain, ms);
        Some(audit)
    }
}

impl Stage {
    pub(super) async fn record(&self, step: &RecordStep) -> Result<Value, Error> {
        let mut entry = AuditEntry::new(&step.kind);
        entry.fields.clone_from(&step.fields);
        let receipt = self.client.record(entry).await?;
        Ok(json!({ "sequence": receipt.sequence }))
    }

    pub(super) fn verify_audit(&self, step: &VerifyStep) -> Result<Value, Error> {
        let path = match step.path {
            None => self.folder.path().join(LOG),
            Some(OtherFile::Missing) => self.folder.path().join("missing.log"),
            Some(OtherFile::Other) => {
                let path = self.folder.path().join("other.log");
                std::fs::write(&path, "This is a text,\nand no log.\n").expect("a text is written");
                path
            }
        };
        let report = verify_audit(path, step.secret.as_deref().unwrap_or(SECRET))?;
        Ok(json!({
            "entries": report.entries,
            "logs": report.logs,
            "signed": report.signed,
            "torn": report.torn,
            "intact": report.is_intact(),
        }))
    }
}

/// The log's name in the scenario's folder.
const LOG: &str = "audit.log";
/// What the simulator takes by default.
const SECRET: &str = "simulator-audit-secret";
