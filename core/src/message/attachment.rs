//! What comes with a message: an uploaded file, bytes, or a URL.

use bytes::Bytes;

use crate::error::{Error, Result};

/// An attachment of a message.
///
/// ```
/// use porteur::Attachment;
/// let logo = Attachment::bytes("logo.png", &b"\x89PNG"[..]);
/// assert_eq!(logo.content_type, None, "goes by the name: image/png");
/// let terms = Attachment::url("terms", "https://example.com/terms").content_type("application/pdf");
/// assert_eq!(terms.filename, "terms");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The name that the reader sees.
    pub filename: String,
    /// The MIME type. Default what the name's extension says, else `application/octet-stream`.
    pub content_type: Option<String>,
    /// Where its bytes are.
    pub body: AttachmentBody,
}

/// Where the bytes of an attachment are.
#[derive(Clone, PartialEq, Eq)]
pub enum AttachmentBody {
    /// In a file that was uploaded, by its id.
    File(String),
    /// Here; they travel in the message.
    Bytes(Bytes),
    /// Wherever the reader fetches them: an absolute http or https URL.
    Url(String),
}

impl Attachment {
    /// A file that was uploaded earlier. [`Message::attach`](crate::Message::attach) does this for an
    /// [`UploadedFile`](crate::UploadedFile).
    pub fn file(id: impl Into<String>, filename: impl Into<String>) -> Self {
        Self::new(filename, AttachmentBody::File(id.into()))
    }

    /// Bytes that travel in the message.
    pub fn bytes(filename: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::new(filename, AttachmentBody::Bytes(bytes.into()))
    }

    /// Something the reader fetches.
    pub fn url(filename: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(filename, AttachmentBody::Url(url.into()))
    }

    /// The one of the three that is there, for languages that have them as options.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `attachments` when there is none or more than one.
    pub fn one_of(
        filename: impl Into<String>,
        data: Option<Bytes>,
        url: Option<String>,
        file_id: Option<String>,
    ) -> Result<Self> {
        let body = match (data, url, file_id) {
            (Some(bytes), None, None) => AttachmentBody::Bytes(bytes),
            (None, Some(url), None) => AttachmentBody::Url(url),
            (None, None, Some(id)) => AttachmentBody::File(id),
            (data, url, file_id) => {
                let given = usize::from(data.is_some()) + usize::from(url.is_some()) + usize::from(file_id.is_some());
                let reason = format!("expected one of data, url and file_id, got {given}");
                return Err(Error::invalid("attachments", reason));
            }
        };
        Ok(Self::new(filename, body))
    }

    fn new(filename: impl Into<String>, body: AttachmentBody) -> Self {
        Self { filename: filename.into(), content_type: None, body }
    }

    /// Sets the MIME type.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }
}

impl std::fmt::Debug for AttachmentBody {
    /// Without the bytes, and without a URL's query, which may be a signature.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(id) => f.debug_tuple("File").field(id).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Url(url) => f.debug_tuple("Url").field(&url.split(['?', '#']).next().unwrap_or_default()).finish(),
        }
    }
}
