//! Messages: guests and what they say, messages to a conversation, their delivery and their history.
//!
//! Source: docs/platform.md, "Guests" and "Messages".

mod attachment;
mod content;
mod conversations;
mod delivery;
mod guest;
mod history;
mod rules;
mod send;
mod trail;

pub use attachment::{Attachment, AttachmentBody};
pub use content::{Content, HistoryMessage, Message, SentMessage};
pub use delivery::{Delivery, Receipt};
pub use guest::{Guest, GuestMessage, NewGuest, SendAs, SentGuestMessage};
pub(crate) use guest::{create_guest, send_as_guest};
pub use history::{History, HistoryMessages};
pub(crate) use send::Messages;
