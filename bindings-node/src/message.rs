//! Messages to a conversation: what is sent, what comes with it, and what the platform said first.

use napi::Env;
use napi::bindgen_prelude::{JsObjectValue as _, Object, Unknown};
use napi_derive::napi;

use crate::convert::{Copied, Flag, List, Members, Text, argument, texts};
use crate::errors::Failed;
use crate::guest::FileReference;
use crate::json;

/// A message to a conversation. It says one of `text`, `html` and `json`.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct MessageOptions<'env> {
    /// Plain text.
    #[napi(ts_type = "string")]
    pub text: Option<Text>,
    /// HTML, for channels that show it.
    #[napi(ts_type = "string")]
    pub html: Option<Text>,
    /// An object or an array, as `JSON.stringify` has it; what JSON cannot express is refused, and not left out.
    #[napi(ts_type = "object")]
    pub json: Option<Unknown<'env>>,
    /// Who sends it: a participant of the conversation with the role `agent`.
    #[napi(ts_type = "string")]
    pub sender: Text,
    /// Who is to read it, at least one.
    #[napi(ts_type = "string[]")]
    pub to: List<Text>,
    /// What comes with it.
    #[napi(ts_type = "Array<UploadedFile | FileReference | Attachment>")]
    pub attachments: Option<List<Unknown<'env>>>,
    /// The deduplication id, 1 to 128 visible ASCII characters: the platform answers the same id in a conversation with
    /// the first message. Default one of its own for every call; give one to be able to send again after a crash.
    #[napi(ts_type = "string")]
    pub client_id: Option<Text>,
    /// Whether the conversation is read first and the message held against its rules. Default `true`.
    #[napi(ts_type = "boolean")]
    pub check: Option<Flag>,
    /// Whether a sender may write who is no participant of the conversation. Default `false`.
    #[napi(ts_type = "boolean")]
    pub allow_unlisted_sender: Option<Flag>,
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// What comes with a message: one of `data`, `url` and `fileId`.
#[napi(object, object_to_js = false)]
pub struct Attachment {
    /// The name that the reader sees.
    #[napi(ts_type = "string")]
    pub filename: Text,
    /// Bytes that travel in the message; copied when the call is made.
    #[napi(ts_type = "Uint8Array")]
    pub data: Option<Copied>,
    /// Something the reader fetches: an absolute http or https URL.
    #[napi(ts_type = "string")]
    pub url: Option<Text>,
    /// A file that was uploaded, by its id.
    #[napi(ts_type = "string")]
    pub file_id: Option<Text>,
    /// The MIME type. Default what the name's extension says, else `application/octet-stream`.
    #[napi(ts_type = "string")]
    pub content_type: Option<Text>,
}

/// A message that the platform took. Delivery comes later: `awaitDelivery`.
#[napi(object, object_from_js = false)]
pub struct SentMessage {
    /// The platform's id of the message.
    pub id: String,
    /// Its conversation.
    pub conversation: String,
    /// The platform's first word about it: `queued`.
    pub status: String,
    /// The deduplication id that it was sent with.
    pub client_id: String,
    /// Who sent it.
    pub sender: String,
    /// Who is to read it.
    pub to: Vec<String>,
}

impl MessageOptions<'_> {
    pub(crate) fn message(self, env: &Env) -> Result<porteur::Message, Failed> {
        let json = self.json.map(|value| json::value(env, "json", value)).transpose()?;
        let content = porteur::Content::one_of(self.text.map(|text| text.0), self.html.map(|html| html.0), json)?;
        let mut message = porteur::Message::new(content).sender(self.sender.0);
        message.to = texts(self.to);
        for attachment in self.attachments.unwrap_or_default().0 {
            message = attached(message, attachment)?;
        }
        message.client_id = self.client_id.map(|id| id.0);
        if let Some(check) = self.check {
            message = message.check(check.0);
        }
        if let Some(allow) = self.allow_unlisted_sender {
            message = message.allow_unlisted_sender(allow.0);
        }
        Ok(message)
    }
}

/// The message with an uploaded file, which has an `id`, or with another attachment, which has none.
fn attached(message: porteur::Message, attachment: Unknown<'_>) -> Result<porteur::Message, Failed> {
    let members: Members<Object<'_>> = argument("attachments", attachment)?;
    if members.0.has_named_property("id")? {
        let file: FileReference = argument("attachments", attachment)?;
        return Ok(message.attach(&file.uploaded()));
    }
    let Attachment { filename, data, url, file_id, content_type } = argument("attachments", attachment)?;
    let (data, url, file_id) = (data.map(|data| data.0), url.map(|url| url.0), file_id.map(|id| id.0));
    let attachment = porteur::Attachment::one_of(filename.0, data, url, file_id)?;
    Ok(message.attachment(match content_type {
        Some(content_type) => attachment.content_type(content_type.0),
        None => attachment,
    }))
}

/// One of many: the conversation beside the message.
pub(crate) fn addressed(env: &Env, one: Unknown<'_>) -> Result<(String, porteur::Message), Failed> {
    let members: Members<Object<'_>> = argument("messages", one)?;
    let conversation: Text = argument("conversation", members.0.get_named_property("conversation")?)?;
    let message: MessageOptions<'_> = argument("messages", one)?;
    Ok((conversation.0, message.message(env)?))
}

impl From<porteur::SentMessage> for SentMessage {
    fn from(message: porteur::SentMessage) -> Self {
        let porteur::SentMessage { id, conversation, status, client_id, sender, to } = message;
        Self { id, conversation, status, client_id, sender, to }
    }
}
