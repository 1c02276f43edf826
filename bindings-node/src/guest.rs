//! A guest of the platform, and a message in the guest's name.

use napi::Env;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::convert::{List, Text, TextByName, argument, texts};
use crate::errors::{Failed, throwing};

/// A guest, with the token that speaks in its name. Inspecting it and `JSON.stringify` show the id alone.
#[napi]
pub struct Guest {
    pub(crate) core: porteur::Guest,
}

#[napi]
impl Guest {
    /// A guest that was created earlier, perhaps by another process.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        #[napi(ts_arg_type = "string")] id: Unknown<'_>,
        #[napi(ts_arg_type = "string")] token: Unknown<'_>,
    ) -> napi::Result<Self> {
        throwing(env, || {
            let id: Text = argument("id", id)?;
            let token: Text = argument("token", token)?;
            Ok(Self { core: porteur::Guest::new(id.0, token.0) })
        })
    }

    /// The platform's id of the guest.
    #[napi(getter)]
    pub fn id(&self) -> String {
        self.core.id.clone()
    }

    /// The guest's token, to be kept as carefully as a password.
    #[napi(getter)]
    pub fn token(&self) -> String {
        self.core.expose_token().to_owned()
    }
}

/// A guest to create.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct GuestOptions<'env> {
    /// Names and values that the platform keeps with the guest.
    #[napi(ts_type = "Record<string, string>")]
    pub metadata: Option<TextByName>,
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// A message in a guest's name.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct GuestMessageOptions<'env> {
    /// The recipients, at least one.
    #[napi(ts_type = "string[]")]
    pub to: List<Text>,
    /// The text; may be left out when there are attachments.
    #[napi(ts_type = "string")]
    pub text: Option<Text>,
    /// Uploaded files, or what names them.
    #[napi(ts_type = "FileReference[]")]
    pub attachments: Option<List<FileReference>>,
    /// Whose token the call carries. Default the guest's own, which is good for that guest alone.
    #[napi(ts_type = "'guest' | 'client'")]
    pub send_as: Option<Text>,
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// An uploaded file by its id and name. An `UploadedFile` is one.
#[napi(object, object_to_js = false)]
pub struct FileReference {
    /// The platform's id of the file.
    #[napi(ts_type = "string")]
    pub id: Text,
    /// Its name.
    #[napi(ts_type = "string")]
    pub name: Text,
    /// The MIME type that it was uploaded with. Default what the name's extension says.
    #[napi(ts_type = "string")]
    pub content_type: Option<Text>,
}

/// A message that the platform took.
#[napi(object, object_from_js = false)]
pub struct SentGuestMessage {
    /// The platform's id of the message.
    pub id: String,
}

impl FileReference {
    /// As much of the uploaded file as a message wants.
    pub(crate) fn uploaded(self) -> porteur::UploadedFile {
        let content_type = self.content_type.map_or_else(|| UNNAMED_TYPE.to_owned(), |content_type| content_type.0);
        porteur::UploadedFile { id: self.id.0, name: self.name.0, content_type, size: 0, checksums: Vec::new() }
    }
}

impl GuestOptions<'_> {
    pub(crate) fn new_guest(self, language: Text) -> porteur::NewGuest {
        let mut guest = porteur::NewGuest::new(language.0);
        if let Some(metadata) = self.metadata {
            guest.metadata = metadata.0;
        }
        guest
    }
}

impl GuestMessageOptions<'_> {
    pub(crate) fn guest_message(self) -> Result<porteur::GuestMessage, Failed> {
        let mut message = porteur::GuestMessage::new(self.text.unwrap_or_default().0);
        message.to = texts(self.to);
        for attachment in self.attachments.unwrap_or_default().0 {
            message = message.attach(&attachment.uploaded());
        }
        if let Some(whose) = self.send_as {
            message.send_as = whose.0.parse()?;
        }
        Ok(message)
    }
}

impl From<porteur::Guest> for Guest {
    fn from(core: porteur::Guest) -> Self {
        Self { core }
    }
}

impl From<porteur::SentGuestMessage> for SentGuestMessage {
    fn from(message: porteur::SentGuestMessage) -> Self {
        Self { id: message.id }
    }
}

/// What an upload is when nobody says more; the core goes by the name then.
const UNNAMED_TYPE: &str = "application/octet-stream";
