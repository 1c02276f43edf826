//! The audit trail: where it is kept, what the caller adds to it, and whether it is still what was written.

use std::path::{Path, PathBuf};

use porteur::{AuditEntry, AuditSync, WhenFull};
use pyo3::prelude::*;
use pyo3::types::PyMapping;

use crate::config::Given;
use crate::errors::{exception, seconds, whole};
use crate::json;
use crate::time::Seconds;

/// Where an audit trail is kept.
#[pyclass(module = "porteur", frozen)]
pub(crate) struct Audit(pub(crate) porteur::Audit);

#[pymethods]
impl Audit {
    #[new]
    #[pyo3(signature = (file, secret, *, endpoint=None, sync=None, limit_bytes=None, when_full=None, batch=None, every=None, drain=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        file: PathBuf,
        secret: String,
        endpoint: Option<String>,
        sync: Option<String>,
        limit_bytes: Option<i64>,
        when_full: Option<String>,
        batch: Option<i64>,
        every: Option<f64>,
        drain: Option<f64>,
    ) -> PyResult<Self> {
        let sync: Option<AuditSync> = sync.map(|word| word.parse()).transpose().map_err(exception)?;
        let when_full: Option<WhenFull> = when_full.map(|word| word.parse()).transpose().map_err(exception)?;
        let audit = porteur::Audit::file(file, secret)
            .given(endpoint, porteur::Audit::endpoint)
            .given(sync, porteur::Audit::sync)
            .given(whole("limit_bytes", limit_bytes)?, porteur::Audit::limit_bytes)
            .given(when_full, porteur::Audit::when_full)
            .given(whole("batch", batch)?, porteur::Audit::batch)
            .given(seconds("every", every)?, porteur::Audit::every)
            .given(seconds("drain", drain)?, porteur::Audit::drain);
        Ok(Self(audit))
    }

    #[getter]
    fn file(&self) -> &Path {
        &self.0.file
    }

    #[getter]
    fn endpoint(&self) -> Option<&str> {
        self.0.endpoint.as_deref()
    }

    #[getter]
    fn sync(&self) -> &'static str {
        match self.0.sync {
            AuditSync::Entry => "entry",
            AuditSync::Batch => "batch",
            AuditSync::Never => "never",
        }
    }

    #[getter]
    fn limit_bytes(&self) -> u64 {
        self.0.limit_bytes
    }

    #[getter]
    fn when_full(&self) -> &'static str {
        match self.0.when_full {
            WhenFull::Wait => "wait",
            WhenFull::Fail => "fail",
        }
    }

    #[getter]
    fn batch(&self) -> usize {
        self.0.batch
    }

    #[getter]
    fn every(&self) -> Seconds {
        Seconds(self.0.every)
    }

    #[getter]
    fn drain(&self) -> Seconds {
        Seconds(self.0.drain)
    }

    /// Without the secret, and without the endpoint's query, which may hold another one.
    fn __repr__(&self) -> String {
        let endpoint = self.endpoint().map(|url| url.split(['?', '#']).next().unwrap_or_default());
        let endpoint = endpoint.map_or_else(|| "None".to_owned(), |url| format!("{url:?}"));
        format!("<Audit file={:?} endpoint={endpoint}>", self.0.file)
    }
}

/// The arguments of `record`.
pub(crate) fn entry(kind: String, fields: &Bound<'_, PyMapping>) -> PyResult<AuditEntry> {
    let fields = json::members("fields", fields)?;
    Ok(fields.into_iter().fold(AuditEntry::new(kind), |entry, (name, value)| entry.field(name, value)))
}

/// Where an entry stands in the log.
#[pyclass(module = "porteur", frozen, eq, hash, get_all)]
#[derive(PartialEq, Hash)]
pub(crate) struct AuditReceipt {
    log: String,
    sequence: u64,
}

#[pymethods]
impl AuditReceipt {
    #[new]
    fn new(log: String, sequence: u64) -> Self {
        Self { log, sequence }
    }

    fn __getnewargs__(&self) -> (&str, u64) {
        (&self.log, self.sequence)
    }

    fn __repr__(&self) -> String {
        format!("AuditReceipt(log={:?}, sequence={})", self.log, self.sequence)
    }
}

impl From<porteur::AuditReceipt> for AuditReceipt {
    fn from(receipt: porteur::AuditReceipt) -> Self {
        Self { log: receipt.log, sequence: receipt.sequence }
    }
}

/// Reads a log and says whether it is still what was written, with the GIL released.
#[pyfunction]
pub(crate) fn verify_audit(py: Python<'_>, path: PathBuf, secret: &str) -> PyResult<AuditReport> {
    py.detach(|| porteur::verify_audit(path, secret)).map(AuditReport::from).map_err(exception)
}

/// What was found in an audit log.
#[pyclass(module = "porteur", frozen, eq, hash, get_all)]
#[derive(PartialEq, Hash)]
pub(crate) struct AuditReport {
    entries: u64,
    logs: u64,
    signed: u64,
    torn: bool,
    findings: Vec<AuditFinding>,
}

#[pymethods]
impl AuditReport {
    #[new]
    fn new(entries: u64, logs: u64, signed: u64, torn: bool, findings: Vec<AuditFinding>) -> Self {
        Self { entries, logs, signed, torn, findings }
    }

    #[getter]
    fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    fn __getnewargs__(&self) -> (u64, u64, u64, bool, Vec<AuditFinding>) {
        (self.entries, self.logs, self.signed, self.torn, self.findings.clone())
    }

    fn __repr__(&self) -> String {
        let Self { entries, logs, signed, findings, .. } = self;
        format!("<AuditReport entries={entries} logs={logs} signed={signed} findings={}>", findings.len())
    }
}

impl From<porteur::AuditReport> for AuditReport {
    fn from(report: porteur::AuditReport) -> Self {
        let findings = report.findings.into_iter().map(AuditFinding::from).collect();
        Self { entries: report.entries, logs: report.logs, signed: report.signed, torn: report.torn, findings }
    }
}

/// One thing that is wrong with an audit log.
#[pyclass(module = "porteur", frozen, eq, hash, get_all, from_py_object)]
#[derive(Clone, PartialEq, Hash)]
pub(crate) struct AuditFinding {
    kind: String,
    line: u64,
    log: String,
    sequence: u64,
    message: String,
}

#[pymethods]
impl AuditFinding {
    #[new]
    fn new(kind: String, line: u64, log: String, sequence: u64, message: String) -> Self {
        Self { kind, line, log, sequence, message }
    }

    fn __getnewargs__(&self) -> (&str, u64, &str, u64, &str) {
        (&self.kind, self.line, &self.log, self.sequence, &self.message)
    }

    fn __repr__(&self) -> String {
        let Self { kind, line, log, sequence, message } = self;
        format!("<AuditFinding kind={kind:?} line={line} log={log:?} sequence={sequence} message={message:?}>")
    }
}

impl From<porteur::AuditFinding> for AuditFinding {
    fn from(finding: porteur::AuditFinding) -> Self {
        let kind = finding.kind.as_str().to_owned();
        Self { kind, line: finding.line, log: finding.log, sequence: finding.sequence, message: finding.message }
    }
}
