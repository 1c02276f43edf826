//! Attachments: those that people sent, and those that the client made of them.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::drawings;
use super::forms::FormFile;
use crate::error::{Error, Result};
use crate::gateway::wire::{AVAILABLE, DescribedAttachment, PatchAttachment};

/// An attachment that somebody sent. It is a drawn PNG unless `base64` or `path` say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttachmentFileSettings {
    /// Its id; default `attachment-1`.
    pub id: String,
    /// The name that it was sent with; default `picture.png`.
    pub name: String,
    /// The type that it was sent with; default `image/png`.
    pub content_type: String,
    /// `available` (default), another word, or none.
    pub status: Option<String>,
    /// Pixels of the drawing; default 64.
    pub width: u32,
    /// Pixels of the drawing; default 48.
    pub height: u32,
    /// The bytes instead of a drawing.
    pub base64: Option<String>,
    /// The file that holds the bytes instead of a drawing; read when the platform starts.
    pub path: Option<PathBuf>,
    /// How many bytes it says that it has; default as many as it has.
    pub size: Option<u64>,
    /// What else it says of itself; nothing by default.
    pub metadata: BTreeMap<String, String>,
    /// Where its bytes are: a URL in which `{port}`, `{id}` and `{signature}` are filled in, or `signed` for the one on the host
    /// `localhost` that the platform signs. By default they are where they are asked for.
    pub redirect: Option<String>,
    /// The status of the redirect; default 302.
    pub redirect_status: u16,
    /// Whether its bytes come without their number; default false.
    pub chunked: bool,
    /// The first time its bytes are asked for, the connection ends after so many of them.
    pub breaks_off: Option<usize>,
}

impl Default for AttachmentFileSettings {
    fn default() -> Self {
        Self {
            id: "attachment-1".to_owned(),
            name: "picture.png".to_owned(),
            content_type: "image/png".to_owned(),
            status: Some(AVAILABLE.to_owned()),
            width: 64,
            height: 48,
            base64: None,
            path: None,
            size: None,
            metadata: BTreeMap::new(),
            redirect: None,
            redirect_status: 302,
            chunked: false,
            breaks_off: None,
        }
    }
}

impl AttachmentFileSettings {
    pub(super) fn check(&self, name: &str) -> Result<()> {
        let wrong = |field: &str, reason: String| Err(Error::invalid(format!("{name}.{field}"), reason));
        if self.id.is_empty() {
            return wrong("id", "expected an id, got an empty one".to_owned());
        }
        let pixels = u64::from(self.width) * u64::from(self.height);
        if !(1..=MOST_PIXELS).contains(&pixels) {
            return wrong("width", format!("expected 1 to {MOST_PIXELS} pixels in all, got {pixels}"));
        }
        if self.base64.is_some() && self.path.is_some() {
            return wrong("path", "expected base64 or a path, got both".to_owned());
        }
        if !matches!(self.redirect_status, 300..=399) {
            return wrong("redirect_status", format!("expected 300 to 399, got {}", self.redirect_status));
        }
        Ok(())
    }
}

/// An attachment, as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachmentFileState {
    /// As in its settings; `uploaded-1` and so on for those that the client made.
    pub id: String,
    /// The name that it goes by.
    pub name: String,
    /// The type that it is declared as.
    pub content_type: String,
    /// Bytes that there are.
    pub size: u64,
    /// What else is known of it.
    pub metadata: BTreeMap<String, String>,
    /// Whether the client made it.
    pub uploaded: bool,
    /// How often its bytes were sent, also in part.
    pub downloads: u64,
    /// How often it was changed.
    pub patches: u64,
}

/// All of them.
pub(super) struct Attachments {
    all: Vec<Attachment>,
    index: HashMap<String, usize>,
    uploaded: usize,
}

/// One of them.
pub(super) struct Attachment {
    pub(super) state: AttachmentFileState,
    pub(super) settings: AttachmentFileSettings,
    /// None for a drawing that nobody asked for yet, and for an upload that is not kept.
    bytes: Option<Bytes>,
}

impl Attachments {
    /// # Errors
    /// [`Error::InvalidInput`] about bytes that are none and a file that cannot be read.
    pub(super) fn new(settings: &[AttachmentFileSettings]) -> Result<Self> {
        let mut all = Self { all: Vec::new(), index: HashMap::new(), uploaded: 0 };
        // Many attachments may be one file.
        let mut files: HashMap<&PathBuf, Bytes> = HashMap::new();
        for (place, one) in settings.iter().enumerate() {
            let wrong = |field: &str, reason: String| Error::invalid(format!("attachments[{place}].{field}"), reason);
            let bytes = match (&one.base64, &one.path) {
                (Some(text), _) => {
                    let bytes = STANDARD.decode(text).map_err(|error| wrong("base64", error.to_string()))?;
                    Some(Bytes::from(bytes))
                }
                (None, Some(path)) => match files.get(path) {
                    Some(bytes) => Some(bytes.clone()),
                    None => {
                        let bytes = std::fs::read(path).map_err(|error| wrong("path", error.to_string()))?;
                        Some(files.entry(path).or_insert(bytes.into()).clone())
                    }
                },
                (None, None) => None,
            };
            let state = AttachmentFileState {
                id: one.id.clone(),
                name: one.name.clone(),
                content_type: one.content_type.clone(),
                size: 0,
                metadata: one.metadata.clone(),
                uploaded: false,
                downloads: 0,
                patches: 0,
            };
            all.add(Attachment { state, settings: one.clone(), bytes });
        }
        Ok(all)
    }

    pub(super) fn states(&self) -> Vec<AttachmentFileState> {
        self.all.iter().map(|one| one.state.clone()).collect()
    }

    pub(super) fn find(&mut self, id: &str) -> Option<&mut Attachment> {
        self.index.get(id).map(|index| &mut self.all[*index])
    }

    /// Takes an upload; its bytes only if they are to be kept.
    pub(super) fn take(&mut self, file: FormFile, keep: bool) -> AttachmentFileState {
        self.uploaded += 1;
        let state = AttachmentFileState {
            id: format!("uploaded-{}", self.uploaded),
            name: file.name,
            content_type: file.content_type,
            size: file.bytes.len() as u64,
            metadata: BTreeMap::new(),
            uploaded: true,
            downloads: 0,
            patches: 0,
        };
        let settings = AttachmentFileSettings { id: state.id.clone(), ..AttachmentFileSettings::default() };
        self.add(Attachment { state: state.clone(), settings, bytes: keep.then_some(file.bytes) });
        state
    }

    /// What a patch has wrong, as what the client did, and the member that says it.
    pub(super) fn fault(&self, id: &str, patch: &PatchAttachment) -> Option<(&'static str, &'static str)> {
        let attachment = &self.all[*self.index.get(id)?];
        let said = |name: &str| patch.metadata.get(name).map(String::as_str);
        let known = |name: &str| said(name).is_some_and(|id| self.index.contains_key(id));
        let side = |name: &str| said(name).and_then(|text| text.parse::<u32>().ok()).filter(|side| *side > 0);
        let size = side("width").zip(side("height"));
        let drawn = attachment.bytes.as_deref().and_then(drawings::png_size);
        let ending = patch.content_type.strip_prefix("image/").unwrap_or_default();
        let name = format!("transformed_{}.{ending}", said("sourceId").unwrap_or_default());
        [
            (!attachment.state.uploaded, "changed an attachment that others sent", "id"),
            (said("transformed") != Some("true"), "did not say that it is transformed", "metadata.transformed"),
            (!known("sourceId"), "did not say what it was made of", "metadata.sourceId"),
            (size.is_none(), "did not say how large it is", "metadata.width"),
            (drawn.is_some() && drawn != size, "said a size that the picture does not have", "metadata.width"),
            (said("thumbnailId").is_some() && !known("thumbnailId"), "named no thumbnail", "metadata.thumbnailId"),
            (patch.content_type != attachment.state.content_type, "said another type", "contentType"),
            (patch.name != name, "gave it another name", "name"),
        ]
        .into_iter()
        .find_map(|(wrong, sentence, field)| wrong.then_some((sentence, field)))
    }

    fn add(&mut self, attachment: Attachment) {
        self.index.insert(attachment.state.id.clone(), self.all.len());
        self.all.push(attachment);
    }
}

impl Attachment {
    /// Its bytes, drawn when they are asked for first; none of an upload that was not kept.
    pub(super) fn bytes(&mut self) -> Option<Bytes> {
        if self.bytes.is_none() && !self.state.uploaded {
            self.bytes = Some(drawings::png(self.settings.width, self.settings.height));
        }
        if let Some(bytes) = &self.bytes {
            self.state.size = bytes.len() as u64;
        }
        self.bytes.clone()
    }

    pub(super) fn described(&mut self) -> DescribedAttachment {
        let size = self.settings.size.or_else(|| self.bytes().map(|bytes| bytes.len() as u64));
        DescribedAttachment {
            id: self.state.id.clone(),
            name: self.state.name.clone(),
            content_type: self.state.content_type.clone(),
            size: size.unwrap_or(self.state.size),
            status: self.settings.status.clone(),
            metadata: self.state.metadata.clone(),
        }
    }

    pub(super) fn patch(&mut self, patch: PatchAttachment) {
        self.state.name = patch.name;
        self.state.content_type = patch.content_type;
        self.state.metadata.extend(patch.metadata);
        self.state.patches += 1;
    }
}

impl std::fmt::Debug for Attachments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachments").field("count", &self.all.len()).finish_non_exhaustive()
    }
}

/// A drawing is held whole: 192 MB.
const MOST_PIXELS: u64 = 64_000_000;
