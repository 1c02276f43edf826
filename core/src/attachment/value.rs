//! What an attachment is, and what became of one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Error;
use crate::gateway::wire::DescribedAttachment;
use crate::media::{Format, StageTimes};

/// An attachment that can be had, as the platform describes it. Name and metadata were written by strangers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachmentInfo {
    /// The platform's id of it.
    pub id: String,
    /// The file name that it was sent with. It may hold anything: no path is to be made of it.
    pub name: String,
    /// The MIME type that it was sent with, parameters included.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// What else is known, as in `originalWidth`.
    pub metadata: BTreeMap<String, String>,
}

impl From<DescribedAttachment> for AttachmentInfo {
    fn from(described: DescribedAttachment) -> Self {
        let DescribedAttachment { id, name, content_type, size, metadata, .. } = described;
        Self { id, name, content_type, size, metadata }
    }
}

/// An attachment that was made of another one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TransformedAttachment {
    /// The platform's id of the new attachment.
    pub id: String,
    /// The one that it was made of.
    pub source_id: String,
    /// The name that the platform keeps: `transformed_{source_id}.{format}`.
    pub name: String,
    /// The platform's id of the thumbnail, when one was wished for.
    pub thumbnail_id: Option<String>,
    /// What it is encoded as.
    pub format: Format,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Bytes of the attachment that it was made of.
    pub original_size: u64,
    /// Bytes.
    pub size: u64,
    /// Bytes of the thumbnail.
    pub thumbnail_size: Option<u64>,
    /// How long each stage took.
    pub times: AttachmentTimes,
    /// Why the callback did not arrive, if there is one and it did not. The new attachment stands.
    pub callback_error: Option<Error>,
}

/// How long each stage took. Waiting for a core is in none of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachmentTimes {
    /// Until the platform said what it is.
    pub describe: Duration,
    /// Until its bytes were here, redirects included.
    pub download: Duration,
    /// From bytes to pixels.
    pub decode: Duration,
    /// Scaling, turning, colours.
    pub resize: Duration,
    /// From pixels to bytes.
    pub encode: Duration,
    /// Scaling and encoding the thumbnail; zero without one.
    pub thumbnail: Duration,
    /// Until result and thumbnail were on the platform.
    pub upload: Duration,
    /// Until the platform knew what they are.
    pub patch: Duration,
}

impl AttachmentTimes {
    /// With what the work on the picture took.
    pub(super) fn made(&mut self, stages: StageTimes) {
        let StageTimes { decode, resize, encode, thumbnail } = stages;
        (self.decode, self.resize, self.encode, self.thumbnail) = (decode, resize, encode, thumbnail);
    }
}
