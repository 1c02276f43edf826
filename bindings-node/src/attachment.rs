//! Attachments of conversations: what is to become of them, and what became of them.

use std::collections::HashMap;

use napi::Env;
use napi::bindgen_prelude::{Object, Unknown};
use napi_derive::napi;
use porteur::AttachmentDirective;

use crate::convert::{fraction, number};
use crate::errors::{self, Failed};
use crate::json;

/// An attachment that can be had, as the platform describes it. Name and metadata were written by strangers.
#[napi(object, object_from_js = false)]
pub struct AttachmentInfo {
    /// The platform's id of it.
    pub id: String,
    /// The file name that it was sent with. It may hold anything: no path is to be made of it.
    pub name: String,
    /// The MIME type that it was sent with, parameters included.
    pub content_type: String,
    /// Bytes.
    pub size: f64,
    /// What else is known, as in `originalWidth`.
    #[napi(ts_type = "Record<string, string>")]
    pub metadata: HashMap<String, String>,
}

/// An attachment that was made of another one.
#[napi(object, object_from_js = false)]
pub struct TransformedAttachment<'env> {
    /// The platform's id of the new attachment.
    pub id: String,
    /// The one that it was made of.
    pub source_id: String,
    /// The name that the platform keeps: `transformed_{sourceId}.{format}`.
    pub name: String,
    /// The platform's id of the thumbnail, when one was wished for.
    pub thumbnail_id: Option<String>,
    /// What it is encoded as, as in `jpeg`.
    pub format: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Bytes of the attachment that it was made of.
    pub original_size: f64,
    /// Bytes.
    pub size: f64,
    /// Bytes of the thumbnail.
    pub thumbnail_size: Option<f64>,
    /// How long each stage took.
    pub times: AttachmentTimes,
    /// Why the callback did not arrive, if there is one and it did not. The new attachment stands.
    #[napi(ts_type = "import('./index').PorteurError")]
    pub callback_error: Option<Unknown<'env>>,
}

/// How long each stage took, with fractions of a millisecond. Waiting for a core is in none of them.
#[napi(object, object_from_js = false)]
pub struct AttachmentTimes {
    /// Until the platform said what it is.
    pub describe_ms: f64,
    /// Until its bytes were here, redirects included.
    pub download_ms: f64,
    /// From bytes to pixels.
    pub decode_ms: f64,
    /// Scaling, turning, colours.
    pub resize_ms: f64,
    /// From pixels to bytes.
    pub encode_ms: f64,
    /// Scaling and encoding the thumbnail; 0 without one.
    pub thumbnail_ms: f64,
    /// Until result and thumbnail were on the platform.
    pub upload_ms: f64,
    /// Until the platform knew what they are.
    pub patch_ms: f64,
}

/// A directive as JavaScript has it.
pub(crate) fn directive(env: &Env, directive: Unknown<'_>) -> Result<AttachmentDirective, Failed> {
    Ok(AttachmentDirective::from_json(&json::value(env, "directive", directive)?)?)
}

impl From<porteur::AttachmentInfo> for AttachmentInfo {
    fn from(info: porteur::AttachmentInfo) -> Self {
        Self {
            id: info.id,
            name: info.name,
            content_type: info.content_type,
            size: number(info.size),
            metadata: info.metadata.into_iter().collect(),
        }
    }
}

impl<'env> TransformedAttachment<'env> {
    /// `call` knows where the call was made, for the error of the callback.
    pub(crate) fn of(
        env: &'env Env,
        call: Object<'env>,
        transformed: porteur::TransformedAttachment,
    ) -> napi::Result<Self> {
        let callback_error = transformed.callback_error.map(|error| errors::instance(env, &error, Some(call)));
        Ok(Self {
            id: transformed.id,
            source_id: transformed.source_id,
            name: transformed.name,
            thumbnail_id: transformed.thumbnail_id,
            format: transformed.format.name().to_owned(),
            width: transformed.width,
            height: transformed.height,
            original_size: number(transformed.original_size),
            size: number(transformed.size),
            thumbnail_size: transformed.thumbnail_size.map(number),
            times: transformed.times.into(),
            callback_error: callback_error.transpose()?,
        })
    }
}

impl From<porteur::AttachmentTimes> for AttachmentTimes {
    fn from(times: porteur::AttachmentTimes) -> Self {
        Self {
            describe_ms: fraction(times.describe),
            download_ms: fraction(times.download),
            decode_ms: fraction(times.decode),
            resize_ms: fraction(times.resize),
            encode_ms: fraction(times.encode),
            thumbnail_ms: fraction(times.thumbnail),
            upload_ms: fraction(times.upload),
            patch_ms: fraction(times.patch),
        }
    }
}
