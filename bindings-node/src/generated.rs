//! Messages out of a seed, for `porteur/testing`: the same in every language.

use napi::Env;
use napi::bindgen_prelude::{Buffer, Unknown};
use napi_derive::napi;
use porteur::{AttachmentBody, Content};

use crate::convert::{Json, Seed, Whole, argument};
use crate::errors::throwing;

/// A message as `send` takes it.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct GeneratedMessage {
    /// Plain text.
    pub text: Option<String>,
    /// HTML.
    pub html: Option<String>,
    /// An object.
    #[napi(ts_type = "object")]
    pub json: Option<Json>,
    /// Who sends it.
    pub sender: String,
    /// Who is to read it.
    pub to: Vec<String>,
    /// What comes with it.
    pub attachments: Vec<GeneratedAttachment>,
}

/// An attachment as `send` takes it.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct GeneratedAttachment {
    /// The name that the reader sees.
    pub filename: String,
    /// Bytes that travel in the message.
    pub data: Option<Buffer>,
    /// Something the reader fetches.
    pub url: Option<String>,
    /// A file that was uploaded, by its id.
    pub file_id: Option<String>,
    /// The MIME type.
    pub content_type: Option<String>,
}

/// The first `count` messages of `seed`.
#[napi]
pub fn messages(
    env: &Env,
    #[napi(ts_arg_type = "number | bigint")] seed: Unknown<'_>,
    #[napi(ts_arg_type = "number")] count: Unknown<'_>,
) -> napi::Result<Vec<GeneratedMessage>> {
    throwing(env, || {
        let (seed, count): (Seed, Whole) = (argument("seed", seed)?, argument("count", count)?);
        Ok(porteur::simulator::messages(seed.0).take(count.to_usize()).map(GeneratedMessage::from).collect())
    })
}

impl From<porteur::Message> for GeneratedMessage {
    fn from(message: porteur::Message) -> Self {
        let attachments = message.attachments.into_iter().map(GeneratedAttachment::from).collect();
        let said = Self { sender: message.sender, to: message.to, attachments, ..Self::default() };
        match message.content {
            Content::Text(text) => Self { text: Some(text), ..said },
            Content::Html(html) => Self { html: Some(html), ..said },
            Content::Json(json) => Self { json: Some(Json(json)), ..said },
        }
    }
}

impl From<porteur::Attachment> for GeneratedAttachment {
    fn from(attachment: porteur::Attachment) -> Self {
        let porteur::Attachment { filename, content_type, body } = attachment;
        let named = Self { filename, content_type, ..Self::default() };
        match body {
            AttachmentBody::Bytes(bytes) => Self { data: Some(bytes.to_vec().into()), ..named },
            AttachmentBody::Url(url) => Self { url: Some(url), ..named },
            AttachmentBody::File(id) => Self { file_id: Some(id), ..named },
        }
    }
}
