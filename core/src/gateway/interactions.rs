//! Interactions: their state before a transfer, and what became of one. Source: docs/platform.md, "Transfers".

use reqwest::Method;

use super::frames::Verdict;
use super::wire::Interaction;
use super::{Endpoint, Gateway};
use crate::error::Result;
use crate::pace::Repeat;

impl Gateway {
    /// The interaction as it is now.
    pub(crate) async fn interaction(&self, id: &str) -> Result<Interaction> {
        self.ask(&READ, id)?.as_client().await
    }
}

impl Interaction {
    /// Whether it can be transferred.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state.as_str(), "active" | "queued")
    }

    /// What became of this frame, where the platform says so.
    pub(crate) fn verdict(&self, frame: &str) -> Option<Verdict> {
        let transfer = self.transfer.as_ref().filter(|transfer| transfer.id == frame)?;
        Some(Verdict::new(transfer.status.clone(), transfer.codec.clone()))
    }
}

const READ: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v2/interactions/{id}",
    repeat: Repeat::Safe,
    success: &[200],
    what: "interaction",
    hint: "scope interaction:view",
};
