//! The audit trail: where it is kept, what is written into it, and whether it is still as it was written.

use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, Unknown};
use napi_derive::napi;

use crate::config::set;
use crate::convert::{Text, Whole, argument, number, options_of};
use crate::errors::{Failed, throwing};
use crate::promise::{blocking, promise};

/// Where an audit trail is kept, and who gets it.
#[napi(object, object_to_js = false)]
pub struct AuditOptions {
    /// The log file. `FILE.checkpoints` lies beside it, and with an endpoint `FILE.cursor`. Several processes may share
    /// it.
    #[napi(ts_type = "string")]
    pub file: Text,
    /// Signs checkpoints and posted batches.
    #[napi(ts_type = "string")]
    pub secret: Text,
    /// Where entries are posted. Default nowhere: the log stays in its file.
    #[napi(ts_type = "string")]
    pub endpoint: Option<Text>,
    /// When the file is synced, so that its entries outlive the machine; they outlive the process without it. Default
    /// with every batch.
    #[napi(ts_type = "'entry' | 'batch' | 'never'")]
    pub sync: Option<Text>,
    /// How many bytes of the file may wait for the endpoint; without one there is no limit. Default 64 MiB.
    #[napi(ts_type = "number")]
    pub limit_bytes: Option<Whole>,
    /// What becomes of an entry beyond that limit; it is never dropped. Default it waits.
    #[napi(ts_type = "'wait' | 'fail'")]
    pub when_full: Option<Text>,
    /// How many entries are posted and signed at a time, 1 to 1000. Default 50.
    #[napi(ts_type = "number")]
    pub batch: Option<Whole>,
    /// How long fewer entries than that wait for others, and how long a refused batch waits. Default 5000.
    #[napi(ts_type = "number")]
    pub every_ms: Option<Whole>,
    /// How long `close` tries to get rid of what is left. Default 10 000.
    #[napi(ts_type = "number")]
    pub drain_ms: Option<Whole>,
}

/// What every call takes that waits.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct CallOptions<'env> {
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// Where an entry stands in the audit log.
#[napi(object, object_from_js = false)]
pub struct AuditReceipt {
    /// The id of the chain that this process writes.
    pub log: String,
    /// The number of the entry in that chain, from 1.
    pub sequence: f64,
}

/// What was found in an audit log.
#[napi(object, object_from_js = false)]
pub struct AuditReport {
    /// Entries in the file.
    pub entries: f64,
    /// Chains they are in: one a process that wrote.
    pub logs: f64,
    /// Entries of unbroken chains that a checkpoint covers. What is missing to `entries` can be changed by somebody
    /// without the secret.
    pub signed: f64,
    /// Whether the log or its checkpoints end in the middle of a line, as a killed process leaves them; no finding.
    pub torn: bool,
    /// Whether there are no findings.
    pub is_intact: bool,
    /// The first broken entry of each chain, and what was done to checkpoints, by line.
    pub findings: Vec<AuditFinding>,
}

/// Something that is not as it was written.
#[napi(object, object_from_js = false)]
pub struct AuditFinding {
    /// What was done.
    #[napi(ts_type = "'changed' | 'missing' | 'reordered' | 'duplicated' | 'cut_off' | 'foreign'")]
    pub kind: String,
    /// The line that it is about, from 1; of the checkpoint file when the message speaks of it.
    pub line: f64,
    /// The chain; empty when the line does not say any more.
    pub log: String,
    /// The entry; 0 when the line does not say any more.
    pub sequence: f64,
    /// How that was noticed.
    pub message: String,
}

/// Holds an audit log against its checkpoints, offline.
///
/// Rejects with `invalid_input` when the secret does not fit, or the file is no audit log. An abort rejects at once;
/// the thread finishes what it began.
#[napi]
pub fn verify_audit<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "string")] path: Unknown<'env>,
    #[napi(ts_arg_type = "string")] secret: Unknown<'env>,
    #[napi(ts_arg_type = "CallOptions")] options: Option<Unknown<'env>>,
) -> napi::Result<PromiseRaw<'env, AuditReport>> {
    promise(
        env,
        || {
            let (path, secret): (Text, Text) = (argument("path", path)?, argument("secret", secret)?);
            let CallOptions { signal } = options_of(options)?;
            Ok((signal, blocking(move || porteur::verify_audit(&path.0, &secret.0))))
        },
        AuditReport::from,
    )
}

/// Holds an audit log against its checkpoints, offline; the thread of the caller waits.
#[napi]
pub fn verify_audit_sync(
    env: &Env,
    #[napi(ts_arg_type = "string")] path: Unknown<'_>,
    #[napi(ts_arg_type = "string")] secret: Unknown<'_>,
) -> napi::Result<AuditReport> {
    throwing(env, || {
        let (path, secret): (Text, Text) = (argument("path", path)?, argument("secret", secret)?);
        Ok(porteur::verify_audit(&path.0, &secret.0)?.into())
    })
}

impl AuditOptions {
    pub(crate) fn audit(self) -> Result<porteur::Audit, Failed> {
        let mut audit = porteur::Audit::file(self.file.0, self.secret.0);
        set(&mut audit.endpoint, self.endpoint.map(|url| Some(url.0)));
        set(&mut audit.sync, self.sync.map(|word| word.0.parse()).transpose()?);
        set(&mut audit.limit_bytes, self.limit_bytes.map(|bytes| bytes.0));
        set(&mut audit.when_full, self.when_full.map(|word| word.0.parse()).transpose()?);
        set(&mut audit.batch, self.batch.map(Whole::to_usize));
        set(&mut audit.every, self.every_ms.map(Whole::to_duration));
        set(&mut audit.drain, self.drain_ms.map(Whole::to_duration));
        Ok(audit)
    }
}

impl From<porteur::AuditReceipt> for AuditReceipt {
    fn from(receipt: porteur::AuditReceipt) -> Self {
        Self { log: receipt.log, sequence: number(receipt.sequence) }
    }
}

impl From<porteur::AuditReport> for AuditReport {
    fn from(report: porteur::AuditReport) -> Self {
        Self {
            entries: number(report.entries),
            logs: number(report.logs),
            signed: number(report.signed),
            torn: report.torn,
            is_intact: report.is_intact(),
            findings: report.findings.into_iter().map(AuditFinding::from).collect(),
        }
    }
}

impl From<porteur::AuditFinding> for AuditFinding {
    fn from(finding: porteur::AuditFinding) -> Self {
        Self {
            kind: finding.kind.as_str().to_owned(),
            line: number(finding.line),
            log: finding.log,
            sequence: number(finding.sequence),
            message: finding.message,
        }
    }
}
