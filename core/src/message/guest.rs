//! A guest of the platform, and a message in the guest's name.

use std::collections::BTreeMap;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

use super::trail::About;
use crate::audit::AuditLog;
use crate::check::filled;
use crate::error::{Error, Result};
use crate::gateway::Gateway;
use crate::gateway::wire::{CreateGuest, FileReference, SendGuestMessage};

/// A guest to create.
///
/// ```
/// let guest = porteur::NewGuest::new("en-US").metadata("source", "invoices");
/// assert_eq!(guest.metadata["source"], "invoices");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGuest {
    /// A BCP 47 tag, as in `en-US`.
    pub language: String,
    /// Names and values that the platform keeps with the guest.
    pub metadata: BTreeMap<String, String>,
}

impl NewGuest {
    /// A guest who speaks `language`.
    pub fn new(language: impl Into<String>) -> Self {
        Self { language: language.into(), metadata: BTreeMap::new() }
    }

    /// Adds one name and value.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }
}

/// A guest, with the token that speaks in its name; `Debug` hides it.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The platform's id of the guest.
    pub id: String,
    token: SecretString,
}

impl Guest {
    /// A guest that was created earlier, perhaps by another process.
    pub fn new(id: impl Into<String>, token: impl Into<String>) -> Self {
        Self { id: id.into(), token: token.into().into() }
    }

    /// The guest's token, to be kept as carefully as a password.
    pub fn expose_token(&self) -> &str {
        self.token.expose_secret()
    }
}

/// A message in a guest's name.
///
/// ```
/// let message = porteur::GuestMessage::new("Your invoice.").to("+15550100");
/// assert_eq!(message.to, ["+15550100"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestMessage {
    /// The text; may be empty when there are attachments.
    pub text: String,
    /// The recipients, at least one.
    pub to: Vec<String>,
    /// Uploaded files by id and name.
    pub attachments: Vec<(String, String)>,
    /// Whose token the call carries. Default the guest's, which is good for that guest alone.
    pub send_as: SendAs,
}

/// Whose token a guest message carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SendAs {
    /// The guest's own.
    #[default]
    Guest,
    /// The client's, as one of the platform's tutorials does.
    Client,
}

impl FromStr for SendAs {
    type Err = Error;

    /// `guest` or `client`.
    fn from_str(word: &str) -> Result<Self> {
        match word {
            "guest" => Ok(Self::Guest),
            "client" => Ok(Self::Client),
            other => Err(Error::invalid("send_as", format!("expected guest or client, got {other:?}"))),
        }
    }
}

impl GuestMessage {
    /// A message with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), to: Vec::new(), attachments: Vec::new(), send_as: SendAs::Guest }
    }

    /// Adds a recipient.
    pub fn to(mut self, recipient: impl Into<String>) -> Self {
        self.to.push(recipient.into());
        self
    }

    /// Attaches a file that was uploaded earlier.
    pub fn attachment(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.attachments.push((id.into(), name.into()));
        self
    }

    /// Sets whose token the call carries.
    pub fn send_as(mut self, send_as: SendAs) -> Self {
        self.send_as = send_as;
        self
    }
}

/// A message that the platform took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentGuestMessage {
    /// The platform's id of the message.
    pub id: String,
}

pub(crate) async fn create_guest(gateway: &Gateway, guest: NewGuest) -> Result<Guest> {
    filled("language", &guest.language)?;
    let created = gateway.create_guest(&CreateGuest { language: guest.language, metadata: guest.metadata }).await?;
    Ok(Guest::new(created.id, created.token))
}

/// With an audit log, `sending` is in it before the message leaves and what became of it afterwards.
pub(crate) async fn send_as_guest(
    gateway: &Gateway,
    audit: Option<&AuditLog>,
    guest: &Guest,
    message: GuestMessage,
) -> Result<SentGuestMessage> {
    filled("guest", &guest.id)?;
    if message.to.is_empty() {
        return Err(Error::invalid("to", "expected at least one recipient, got none"));
    }
    for recipient in &message.to {
        filled("to", recipient)?;
    }
    for (id, name) in &message.attachments {
        filled("attachments", id)?;
        filled("attachments", name)?;
    }
    if message.text.is_empty() && message.attachments.is_empty() {
        return Err(Error::invalid("text", "expected a text or an attachment, got neither"));
    }
    let attachments = message.attachments.into_iter().map(|(id, name)| FileReference { id, name }).collect();
    let body = SendGuestMessage { guest_id: guest.id.clone(), to: message.to, text: message.text, attachments };
    let token = match message.send_as {
        SendAs::Guest => Some(guest.expose_token()),
        SendAs::Client => None,
    };
    let about = About { conversation: None, client_id: None, sender: &guest.id, to: &body.to };
    if let Some(audit) = audit {
        audit.push(about.entry(None, "sending")).await?;
    }
    let outcome = gateway.send_guest_message(&body, token).await;
    if let Some(audit) = audit {
        audit
            .note(match &outcome {
                Ok(sent) => about.entry(Some(&sent.id), "sent"),
                Err(error) => about.entry(None, error.facts().code),
            })
            .await;
    }
    Ok(SentGuestMessage { id: outcome?.id })
}
