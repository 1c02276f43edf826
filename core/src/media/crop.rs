//! Which part of a picture is kept where something is cut off.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The part of the upright picture that is kept where something is cut off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Crop {
    /// The middle.
    #[default]
    Center,
    /// The middle of the upper edge.
    Top,
    /// The corner at the upper right.
    TopRight,
    /// The middle of the right edge.
    Right,
    /// The corner at the lower right.
    BottomRight,
    /// The middle of the lower edge.
    Bottom,
    /// The corner at the lower left.
    BottomLeft,
    /// The middle of the left edge.
    Left,
    /// The corner at the upper left.
    TopLeft,
}

impl Crop {
    /// How much of what is cut off lies to the left and above, in halves.
    pub(super) fn halves(self) -> (u32, u32) {
        match self {
            Self::TopLeft => (0, 0),
            Self::Top => (1, 0),
            Self::TopRight => (2, 0),
            Self::Left => (0, 1),
            Self::Center => (1, 1),
            Self::Right => (2, 1),
            Self::BottomLeft => (0, 2),
            Self::Bottom => (1, 2),
            Self::BottomRight => (2, 2),
        }
    }
}

impl FromStr for Crop {
    type Err = Error;

    /// Reads a place: `center`, or `top`, `bottom`, `left`, `right` and their corners, as in `top-left`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "center" => Ok(Self::Center),
            "top" => Ok(Self::Top),
            "top-right" => Ok(Self::TopRight),
            "right" => Ok(Self::Right),
            "bottom-right" => Ok(Self::BottomRight),
            "bottom" => Ok(Self::Bottom),
            "bottom-left" => Ok(Self::BottomLeft),
            "left" => Ok(Self::Left),
            "top-left" => Ok(Self::TopLeft),
            _ => {
                let places = "center, top, top-right, right, bottom-right, bottom, bottom-left, left or top-left";
                Err(Error::invalid("crop", format!("expected {places}, got {text:?}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_by_their_names() {
        assert_eq!("bottom-left".parse::<Crop>().unwrap().halves(), (0, 2));
        assert!("middle".parse::<Crop>().unwrap_err().to_string().starts_with("invalid crop: expected center, top,"));
    }
}
