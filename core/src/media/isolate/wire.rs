//! What frames say. Both ends are of one version, so what is sent is our own values as they are; a field that they get
//! later goes along.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::super::detect;
use super::super::limits::MediaLimits;
use super::super::preview::Preview;
use super::super::result::{ImageInfo, StageTimes, Thumbnail, Transformed};
use super::super::value::{Format, Transform};
use crate::error::{Error, MediaErrorKind, Result};

/// The first word of a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) version: Cow<'static, str>,
}

/// What is wished for; the file is the body.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Wish<'a> {
    Inspect(Cow<'a, MediaLimits>),
    Preview(Cow<'a, Preview>),
    Transform(Cow<'a, Transform>),
}

/// What a wish came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Info(ImageInfo),
    Picture(Transformed),
}

/// The answer on its way; encoded pictures are the body.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reply {
    outcome: Outcome,
    /// Whether the child can take another job.
    pub(super) lasts: bool,
}

#[derive(Debug, Serialize, Deserialize)]
enum Outcome {
    Info(ImageInfo),
    Picture { picture: Encoded, thumbnail: Option<Encoded>, source: ImageInfo, timings: StageTimes },
    Invalid { field: String, reason: String },
    Media { kind: MediaErrorKind, format: Option<String>, reason: String },
    Other { reason: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct Encoded {
    format: Format,
    width: u32,
    height: u32,
    /// How many of the bytes of the body it is.
    length: usize,
}

impl Default for Hello {
    fn default() -> Self {
        Self { version: Cow::Borrowed(env!("CARGO_PKG_VERSION")) }
    }
}

impl Wish<'_> {
    pub(super) fn limits(&self) -> &MediaLimits {
        match self {
            Self::Inspect(limits) => limits,
            Self::Preview(preview) => &preview.limits,
            Self::Transform(transform) => &transform.limits,
        }
    }
}

impl Reply {
    /// The head of a frame that says `answer`, and the parts of its body.
    pub(super) fn of(answer: &Result<Answer>, lasts: bool) -> (Self, Vec<&[u8]>) {
        let mut parts: Vec<&[u8]> = Vec::new();
        let outcome = match answer {
            Ok(Answer::Info(info)) => Outcome::Info(info.clone()),
            Ok(Answer::Picture(Transformed { bytes, format, width, height, thumbnail, source, timings })) => {
                let picture = Encoded { format: *format, width: *width, height: *height, length: bytes.len() };
                parts.push(bytes);
                let thumbnail = thumbnail.as_ref().map(|Thumbnail { bytes, format, width, height }| {
                    parts.push(bytes);
                    Encoded { format: *format, width: *width, height: *height, length: bytes.len() }
                });
                Outcome::Picture { picture, thumbnail, source: source.clone(), timings: *timings }
            }
            Err(Error::InvalidInput { field, reason, .. }) => {
                Outcome::Invalid { field: field.clone(), reason: reason.clone() }
            }
            Err(Error::Media { kind, format, reason }) => {
                Outcome::Media { kind: *kind, format: format.map(str::to_owned), reason: reason.clone() }
            }
            Err(error) => Outcome::Other { reason: error.to_string() },
        };
        (Self { outcome, lasts }, parts)
    }

    /// The answer, as if it had been made here; none when head and body do not belong together.
    pub(super) fn open(self, body: Vec<u8>) -> Option<Result<Answer>> {
        let mut body = Bytes::from(body);
        let mut cut = |length: usize| (length <= body.len()).then(|| body.split_to(length));
        Some(match self.outcome {
            Outcome::Info(info) => Ok(Answer::Info(info)),
            Outcome::Picture { picture, thumbnail, source, timings } => {
                let bytes = cut(picture.length)?;
                let thumbnail = match thumbnail {
                    Some(Encoded { format, width, height, length }) => {
                        Some(Thumbnail { bytes: cut(length)?, format, width, height })
                    }
                    None => None,
                };
                let Encoded { format, width, height, .. } = picture;
                Ok(Answer::Picture(Transformed { bytes, format, width, height, thumbnail, source, timings }))
            }
            Outcome::Invalid { field, reason } => Err(Error::invalid(field, reason)),
            Outcome::Media { kind, format, reason } => {
                Err(Error::Media { kind, format: format.as_deref().and_then(detect::name), reason })
            }
            Outcome::Other { reason } => Err(Error::Media { kind: MediaErrorKind::Corrupt, format: None, reason }),
        })
    }
}
