//! The messages of a conversation, page after page.

use std::collections::HashSet;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream::{self, BoxStream};
use serde_json::Value;

use super::content::HistoryMessage;
use crate::check::filled;
use crate::error::{Error, Result};
use crate::gateway::wire::{HistoryEntity, Party};
use crate::gateway::{Gateway, broken_history};

/// Which messages of a conversation to read, and in what portions.
///
/// ```
/// assert_eq!(porteur::History::default().page_size, 25);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Messages a page, 1 to 100. Default 25.
    pub page_size: u32,
    /// Where an earlier reading stopped, as the platform named it. Default the beginning.
    pub page_token: Option<String>,
}

impl Default for History {
    fn default() -> Self {
        Self { page_size: 25, page_token: None }
    }
}

impl History {
    /// Sets how many messages a page has.
    pub fn page_size(mut self, size: u32) -> Self {
        self.page_size = size;
        self
    }

    /// Goes on where an earlier reading stopped.
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        self.page_token = Some(token.into());
        self
    }

    fn check(&self) -> Result<()> {
        if !(1..=MAX_PAGE).contains(&self.page_size) {
            let reason = format!("expected 1 to {MAX_PAGE}, got {}", self.page_size);
            return Err(Error::invalid("page_size", reason));
        }
        match &self.page_token {
            Some(token) => filled("page_token", token),
            None => Ok(()),
        }
    }
}

/// The messages of a conversation, oldest first. A page is read when its first message is asked for, and kept until its last one is.
pub struct HistoryMessages(BoxStream<'static, Result<HistoryMessage>>);

impl HistoryMessages {
    pub(crate) fn new(messages: impl Stream<Item = Result<HistoryMessage>> + Send + 'static) -> Self {
        Self(Box::pin(messages))
    }
}

impl Stream for HistoryMessages {
    type Item = Result<HistoryMessage>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for HistoryMessages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HistoryMessages")
    }
}

/// The pages of a conversation. After an error there are no more.
pub(super) fn pages(
    gateway: Gateway,
    conversation: String,
    history: History,
) -> impl Stream<Item = Result<Vec<HistoryMessage>>> + Send {
    let first = Reading { gateway, conversation, history, seen: HashSet::new(), done: false };
    stream::try_unfold(first, |mut reading| async move {
        if reading.done {
            return Ok(None);
        }
        let page = reading.next().await?;
        Ok(Some((page, reading)))
    })
}

/// How far the reading got.
struct Reading {
    gateway: Gateway,
    conversation: String,
    history: History,
    /// The tokens of the pages so far.
    seen: HashSet<String>,
    done: bool,
}

impl Reading {
    async fn next(&mut self) -> Result<Vec<HistoryMessage>> {
        filled("conversation", &self.conversation)?;
        self.history.check()?;
        let History { page_size, page_token } = &self.history;
        let page = self.gateway.history_page(&self.conversation, *page_size, page_token.as_deref()).await?;
        match page.next_page {
            None => self.done = true,
            Some(token) => {
                if !self.seen.insert(token.clone()) {
                    return Err(broken_history("expected a token of a new page, got that of an earlier one"));
                }
                self.history.page_token = Some(token);
            }
        }
        Ok(page.entities.into_iter().map(HistoryMessage::from).collect())
    }
}

impl From<HistoryEntity> for HistoryMessage {
    fn from(entity: HistoryEntity) -> Self {
        let created = entity.created();
        Self {
            id: entity.id,
            sender: entity.from.and_then(name),
            to: entity.to.into_iter().filter_map(name).collect(),
            content_type: entity.content_type,
            content: entity.content.or(entity.text.map(Value::String)).unwrap_or_default(),
            status: entity.status,
            created,
            metadata: entity.metadata,
        }
    }
}

fn name(party: Party) -> Option<String> {
    party.id.or(party.name)
}

/// The platform's largest page.
const MAX_PAGE: u32 = 100;
