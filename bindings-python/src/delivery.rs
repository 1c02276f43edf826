//! Waiting for a delivery, and what is known of it then.

use porteur::Delivery;
use pyo3::prelude::*;

use crate::config::Given;
use crate::errors::seconds;
use crate::time::{Moment, Seconds};

/// The arguments of `await_delivery`.
pub(crate) fn delivery(
    within: Option<f64>,
    interval: Option<f64>,
    backoff: Option<f64>,
    sla: Option<f64>,
) -> PyResult<Delivery> {
    Ok(Delivery::default()
        .given(seconds("within", within)?, |delivery, within| Delivery { within, ..delivery })
        .given(seconds("interval", interval)?, Delivery::interval)
        .given(backoff, Delivery::backoff)
        .given(seconds("sla", sla)?, Delivery::sla))
}

/// What is known of a message that was delivered.
#[pyclass(module = "porteur", frozen, eq, hash, get_all)]
#[derive(PartialEq, Hash)]
pub(crate) struct Receipt {
    message_id: String,
    conversation: String,
    status: String,
    created: Moment,
    delivered: Moment,
    elapsed: Seconds,
    sla: Option<Sla>,
}

#[pymethods]
impl Receipt {
    #[new]
    #[pyo3(signature = (message_id, conversation, status, created, delivered, elapsed, sla=None))]
    fn new(
        message_id: String,
        conversation: String,
        status: String,
        created: Moment,
        delivered: Moment,
        elapsed: f64,
        sla: Option<Sla>,
    ) -> PyResult<Self> {
        let elapsed = Seconds(seconds("elapsed", Some(elapsed))?.unwrap_or_default());
        Ok(Self { message_id, conversation, status, created, delivered, elapsed, sla })
    }

    fn __getnewargs__(&self) -> (&str, &str, &str, Moment, Moment, Seconds, Option<Sla>) {
        let Self { message_id, conversation, status, created, delivered, elapsed, sla } = self;
        (message_id, conversation, status, *created, *delivered, *elapsed, *sla)
    }

    fn __repr__(&self) -> String {
        let Self { message_id, status, elapsed, sla, .. } = self;
        let sla = sla.as_ref().map_or_else(|| "None".to_owned(), Sla::__repr__);
        format!("<Receipt message_id={message_id:?} status={status:?} elapsed={:?} sla={sla}>", elapsed.0.as_secs_f64())
    }
}

impl From<porteur::Receipt> for Receipt {
    fn from(receipt: porteur::Receipt) -> Self {
        Self {
            message_id: receipt.message_id,
            conversation: receipt.conversation,
            status: receipt.status,
            created: receipt.created.into(),
            delivered: receipt.delivered.into(),
            elapsed: Seconds(receipt.elapsed),
            sla: receipt.sla.map(Sla::from),
        }
    }
}

/// How a delivery stands against the time that was promised.
#[pyclass(module = "porteur", frozen, eq, hash, get_all, from_py_object)]
#[derive(Clone, Copy, PartialEq, Hash)]
pub(crate) struct Sla {
    threshold: Seconds,
    elapsed: Seconds,
    violated: bool,
}

#[pymethods]
impl Sla {
    #[new]
    fn new(threshold: f64, elapsed: f64, violated: bool) -> PyResult<Self> {
        let threshold = Seconds(seconds("threshold", Some(threshold))?.unwrap_or_default());
        let elapsed = Seconds(seconds("elapsed", Some(elapsed))?.unwrap_or_default());
        Ok(Self { threshold, elapsed, violated })
    }

    fn __getnewargs__(&self) -> (Seconds, Seconds, bool) {
        (self.threshold, self.elapsed, self.violated)
    }

    fn __repr__(&self) -> String {
        let (threshold, elapsed) = (self.threshold.0.as_secs_f64(), self.elapsed.0.as_secs_f64());
        let violated = if self.violated { "True" } else { "False" };
        format!("Sla(threshold={threshold:?}, elapsed={elapsed:?}, violated={violated})")
    }
}

impl From<porteur::Sla> for Sla {
    fn from(sla: porteur::Sla) -> Self {
        Self { threshold: Seconds(sla.threshold), elapsed: Seconds(sla.elapsed), violated: sla.violated }
    }
}
