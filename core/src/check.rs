//! What values of callers have to be, where several rooms ask the same.

use crate::error::{Error, Result};

/// Not empty, and more than spaces.
pub(crate) fn filled(field: &str, value: &str) -> Result<()> {
    if value.trim().is_empty() {
        return Err(Error::invalid(field, "expected a value, got an empty string"));
    }
    Ok(())
}

/// An id that a header can carry; one of ours, a UUIDv7, when none is given.
pub(crate) fn id_or_new(field: &str, given: Option<String>) -> Result<String> {
    let Some(id) = given else { return Ok(uuid::Uuid::now_v7().to_string()) };
    if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        let reason = format!("expected 1 to {MAX_ID} visible ASCII characters, got {id:?}");
        return Err(Error::invalid(field, reason));
    }
    Ok(id)
}

/// UUIDs have 36.
const MAX_ID: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_fits_into_a_header_and_one_is_made_when_none_is_given() {
        assert_eq!(id_or_new("client_id", Some("order-17".to_owned())).unwrap(), "order-17");
        for wrong in ["", "with space", "new\nline", "é", &"x".repeat(129)] {
            assert_eq!(
                id_or_new("client_id", Some(wrong.to_owned())).unwrap_err().facts().details["field"],
                "client_id"
            );
        }
        let (one, other) = (id_or_new("client_id", None).unwrap(), id_or_new("client_id", None).unwrap());
        assert_ne!(one, other);
        assert_eq!(uuid::Uuid::parse_str(&one).unwrap().get_version_num(), 7);
    }
}
