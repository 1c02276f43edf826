//! What a worker is like, from keyword arguments. Defaults are the core's: only what the caller gave is passed on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use porteur::{Previews, Publish, PublishOptions};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::signer::{Loop, signer};
use crate::config::Given;
use crate::errors::{exception, invalid, seconds, whole};
use crate::media::PreviewOptions;

/// The arguments of `previews`.
pub(crate) struct Previewing<'py> {
    pub(crate) publish_to: Option<Target>,
    pub(crate) store: Option<String>,
    pub(crate) store_options: Option<BTreeMap<String, String>>,
    pub(crate) headers: Option<BTreeMap<String, String>>,
    pub(crate) public_url: Option<String>,
    pub(crate) queue: Option<PathBuf>,
    pub(crate) webhook_secrets: Option<Vec<String>>,
    pub(crate) unsigned: Option<bool>,
    pub(crate) concurrency: Option<i64>,
    pub(crate) cpus: Option<i64>,
    pub(crate) visibility: Option<f64>,
    pub(crate) max_attempts: Option<i64>,
    pub(crate) remember: Option<f64>,
    pub(crate) allow_private: Option<bool>,
    pub(crate) allowed_hosts: Option<Vec<String>>,
    pub(crate) spool: Option<PathBuf>,
    pub(crate) grace: Option<f64>,
    pub(crate) preview: PreviewOptions<'py>,
}

/// Where a preview is put.
pub(crate) enum Target {
    Template(String),
    Function(Py<PyAny>),
}

impl Previewing<'_> {
    pub(crate) fn previews(self, place: &Loop) -> PyResult<Previews> {
        let to = self.publish_to.map(|target| match target {
            Target::Template(url) => Publish::template(url),
            Target::Function(function) => signer(function, place.clone()),
        });
        let publish = PublishOptions {
            to,
            store: self.store,
            store_options: self.store_options,
            headers: self.headers.unwrap_or_default(),
            public_url: self.public_url,
        };
        let lookup = |name: &str| std::env::var(name).ok();
        let previews = Previews::from_options(publish, lookup).map_err(exception)?;
        Ok(previews
            .preview(self.preview.preview()?)
            .given(self.queue.map(place_of).transpose()?, Previews::queue)
            .given(self.webhook_secrets, Previews::webhook_secrets)
            .given(self.unsigned, Previews::unsigned)
            .given(whole("concurrency", self.concurrency)?, Previews::concurrency)
            .given(whole("cpus", self.cpus)?, Previews::cpus)
            .given(seconds("visibility", self.visibility)?, Previews::visibility)
            .given(whole("max_attempts", self.max_attempts)?, Previews::max_attempts)
            .given(seconds("remember", self.remember)?, Previews::remember)
            .given(self.allow_private, Previews::allow_private)
            .given(self.allowed_hosts, Previews::allowed_hosts)
            .given(self.spool, Previews::spool)
            .given(seconds("grace", self.grace)?, Previews::grace))
    }
}

impl<'py> FromPyObject<'_, 'py> for Target {
    type Error = PyErr;

    fn extract(target: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if target.is_instance_of::<PyString>() {
            return target.extract().map(Self::Template);
        }
        if target.is_callable() {
            return Ok(Self::Function(target.to_owned().unbind()));
        }
        let kind = target.get_type().name()?;
        Err(PyTypeError::new_err(format!("expected a URL or a function that returns one, got {kind}")))
    }
}

/// A URL of a server comes through a path as it is.
fn place_of(place: PathBuf) -> PyResult<String> {
    let unfit = |_| invalid("queue", "expected a path that UTF-8 can express");
    place.into_os_string().into_string().map_err(unfit)
}
