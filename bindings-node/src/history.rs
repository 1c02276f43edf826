//! The messages of a conversation, one at a time.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, Unknown};
use napi_derive::napi;
use tokio::sync::Mutex;

use crate::config::set;
use crate::convert::{Json, Moment, Text, Whole};
use crate::promise::promise;

/// Which messages of a conversation to read, and in what portions.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct HistoryOptions<'env> {
    /// Messages a page, 1 to 100. Default 25.
    #[napi(ts_type = "number")]
    pub page_size: Option<Whole>,
    /// Where an earlier reading stopped, as the platform named it. Default the beginning.
    #[napi(ts_type = "string")]
    pub page_token: Option<Text>,
    /// Ends the reading.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// A message as the conversation keeps it.
#[napi(object, object_from_js = false)]
pub struct HistoryMessage {
    /// The platform's id of the message.
    pub id: String,
    /// Who wrote it, where the platform says so.
    pub sender: Option<String>,
    /// Who was to read it.
    pub to: Vec<String>,
    /// The MIME type of the content, where the platform says so.
    pub content_type: Option<String>,
    /// What it says: a string for text and HTML; `null` where there is nothing.
    #[napi(ts_type = "unknown")]
    pub content: Json,
    /// The platform's word for how far it got, where it says so.
    pub status: Option<String>,
    /// When it was created, where the platform says so.
    #[napi(ts_type = "Date")]
    pub created: Option<Moment>,
    /// What else the platform keeps with it.
    #[napi(ts_type = "Record<string, unknown>")]
    pub metadata: Json,
}

/// A reading under way; `native.js` makes an async generator of it.
#[napi]
pub struct HistoryReading {
    messages: Arc<Mutex<porteur::HistoryMessages>>,
}

#[napi]
impl HistoryReading {
    /// The next message, or `null` after the last.
    #[napi(ts_return_type = "Promise<HistoryMessage | null>")]
    pub fn next<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "AbortSignal")] signal: Option<Unknown<'env>>,
    ) -> napi::Result<PromiseRaw<'env, Option<HistoryMessage>>> {
        let messages = self.messages.clone();
        let next = async move { Ok(messages.lock().await.try_next().await?) };
        promise(
            env,
            || Ok((signal, next)),
            |message: Option<porteur::HistoryMessage>| message.map(HistoryMessage::from),
        )
    }
}

impl HistoryOptions<'_> {
    pub(crate) fn history(self) -> porteur::History {
        let mut history = porteur::History::default();
        set(&mut history.page_size, self.page_size.map(Whole::to_u32));
        set(&mut history.page_token, self.page_token.map(|token| Some(token.0)));
        history
    }
}

impl From<porteur::HistoryMessages> for HistoryReading {
    fn from(messages: porteur::HistoryMessages) -> Self {
        Self { messages: Arc::new(Mutex::new(messages)) }
    }
}

impl From<porteur::HistoryMessage> for HistoryMessage {
    fn from(message: porteur::HistoryMessage) -> Self {
        Self {
            id: message.id,
            sender: message.sender,
            to: message.to,
            content_type: message.content_type,
            content: Json(message.content),
            status: message.status,
            created: message.created.map(Moment),
            metadata: Json(message.metadata.into_iter().collect()),
        }
    }
}
