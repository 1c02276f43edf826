//! Messages: guests and what they say.

mod guest;

pub use guest::{Guest, GuestMessage, NewGuest, SendAs, SentGuestMessage};
pub(crate) use guest::{create_guest, send_as_guest};
