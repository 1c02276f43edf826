//! How large a result is, and how a caller with named options says it.

use serde::{Deserialize, Serialize};

use super::limits::MediaLimits;
use crate::error::{Error, Result};

/// How large a result is, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TargetSize {
    /// As large as the source.
    Original,
    /// As large as fits into a box, in the shape of the source.
    Fit {
        /// At most this wide.
        max_width: u32,
        /// At most this high.
        max_height: u32,
    },
    /// The shape of a box, filled; what hangs over is cut off. A source that is smaller than the box fills a smaller
    /// one of the same shape, unless enlarging is allowed.
    Cover {
        /// The width of the box.
        width: u32,
        /// The height of the box.
        height: u32,
    },
    /// Exactly this size, stretched where the shape differs.
    Exact {
        /// The width.
        width: u32,
        /// The height.
        height: u32,
    },
}

/// The options from which a size is made where they have names: in Python, in Node, on a command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SizeOptions {
    /// At most this wide.
    pub max_width: Option<u32>,
    /// At most this high.
    pub max_height: Option<u32>,
    /// The width and height of a box that is filled.
    pub cover: Option<(u32, u32)>,
    /// The exact width and height.
    pub exact: Option<(u32, u32)>,
}

impl TargetSize {
    /// The size that `options` name; the source's own when they name none.
    ///
    /// A side of a box that is left out is as long as `limits` allow a result to be.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when they name more than one.
    pub fn from_options(options: SizeOptions, limits: &MediaLimits) -> Result<Self> {
        let free = limits.max_output_side;
        let SizeOptions { max_width, max_height, cover, exact } = options;
        let boxed = max_width.is_some() || max_height.is_some();
        match (boxed, cover, exact) {
            (false, None, None) => Ok(Self::Original),
            (true, None, None) => {
                Ok(Self::Fit { max_width: max_width.unwrap_or(free), max_height: max_height.unwrap_or(free) })
            }
            (false, Some((width, height)), None) => Ok(Self::Cover { width, height }),
            (false, None, Some((width, height))) => Ok(Self::Exact { width, height }),
            (_, cover, _) => {
                let field = if cover.is_some() { "cover" } else { "exact" };
                Err(Error::invalid(field, "expected a box (max_width, max_height), cover or exact, got more than one"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_said_in_one_way() {
        let size = |options| TargetSize::from_options(options, &MediaLimits::default());
        let boxed = SizeOptions { max_width: Some(300), ..SizeOptions::default() };
        assert_eq!(size(SizeOptions::default()).unwrap(), TargetSize::Original);
        assert_eq!(size(boxed).unwrap(), TargetSize::Fit { max_width: 300, max_height: 4096 });
        let both = SizeOptions { exact: Some((1, 2)), ..boxed };
        assert_eq!(size(both).unwrap_err().facts().details["field"], "exact");
        let error = size(SizeOptions { cover: Some((3, 4)), ..both }).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid cover: expected a box (max_width, max_height), cover or exact, got more than one"
        );
    }
}
