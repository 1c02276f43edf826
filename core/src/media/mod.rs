//! Pictures and pages: what they are, and smaller or other pictures made of them. Plain synchronous code on bytes from
//! strangers; no network, no disk but for a file that is to be read ([`source`]), no waiting but for a child process where
//! one does the work ([`isolate`]). The caller picks the thread.
//!
//! The way of a picture: [`detect`] its format, read its [`header`] and hold it against the [`limits`], make the wish
//! right ([`fit`]), [`decode`], [`resize`], turn it upright, bring its [`color`]s to sRGB, [`encode`]. A page
//! of a [`pdf`] is drawn and then goes that way too. Nothing of a stranger's file goes into the result but pixels, and EXIF
//! data where that is asked for.

mod alpha;
mod animation;
mod color;
mod crop;
mod decode;
mod detect;
mod encode;
mod errors;
mod exif;
mod fit;
mod header;
mod isolate;
mod job;
mod jpeg;
mod limits;
mod many;
mod orientation;
mod pdf;
mod picture;
mod preview;
mod reduce;
mod resize;
mod result;
mod riff;
mod size;
mod source;
mod steps;
#[cfg(test)]
mod tests;
mod value;
mod vp8;
mod wide;

use std::borrow::Cow;

use self::header::Header;
use self::job::Job;
use crate::error::Result;

pub use self::crop::Crop;
pub use self::detect::SourceFormat;
pub(crate) use self::detect::detect;
#[cfg(feature = "previews")]
pub(crate) use self::isolate::child_known;
pub use self::isolate::{be_media_child, media_child};
pub use self::limits::{Isolation, MediaLimits};
pub use self::many::{TransformMany, transform_many};
pub use self::preview::{Preview, preview};
pub use self::result::{ImageInfo, StageTimes, Thumbnail, Transformed};
pub use self::size::{SizeOptions, TargetSize};
pub use self::source::MediaSource;
pub use self::value::{Effort, Format, Transform};

/// The samples of a PNG by our own decoder, where it takes it, and by the png crate, where that does: what
/// `tests/fuzz` compares.
#[cfg(fuzzing)]
pub fn png_by_each_decoder(bytes: &[u8]) -> [Option<Vec<u8>>; 2] {
    let limits = MediaLimits { max_allocation: 1 << 20, ..MediaLimits::default() };
    decode::png_by_each_decoder(bytes, &limits)
}

/// What `bytes` are, read from the header and the heads of the blocks; no pixel is decoded. Of a PDF, the size of its first
/// page in points (72 an inch), and its number of pages.
///
/// ```
/// let gif = b"GIF89a\x20\0\x10\0\0\0\0,\0\0\0\0\x20\0\x10\0\0\x02\0\0;";
/// let info = porteur::inspect(gif, &porteur::MediaLimits::default())?;
/// assert_eq!((info.format.name(), info.width, info.height, info.frames), ("gif", 32, 16, 1));
/// # Ok::<(), porteur::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Media`]: `Unsupported` for anything but JPEG, PNG, GIF, WebP and PDF, `Corrupt` when the header
/// is damaged or cut off, `TooLarge` when it is over one of `limits`, `Encrypted` for a PDF that opens with a password alone.
/// [`crate::Error::InvalidInput`] for a PDF that is to be looked at in a child process when no program is known for it
/// ([`be_media_child`]).
pub fn inspect(bytes: &[u8], limits: &MediaLimits) -> Result<ImageInfo> {
    if isolate::wanted(bytes, limits) {
        return isolate::inspect(bytes, limits);
    }
    inspect_here(Cow::Borrowed(bytes), limits)
}

fn inspect_here(bytes: Cow<'_, [u8]>, limits: &MediaLimits) -> Result<ImageInfo> {
    limits.input(&bytes)?;
    match detect(&bytes)? {
        SourceFormat::Pdf => pdf::inspect(bytes, limits),
        _ => Header::read(&bytes, limits).map(|header| ImageInfo::of(&header)),
    }
}

/// Makes the picture that `transform` describes of `bytes`.
///
/// The first picture of an animation is taken, unless [`Transform::animated`] keeps it one. The result stands upright, has 8 bits a sample and the colours of sRGB,
/// and carries no metadata unless [`Transform::keep_metadata`] says so.
///
/// ```
/// use porteur::{Format, Transform, transform};
///
/// # let gif = b"GIF89a\x02\0\x01\0\x80\0\0\0\0\0\xFF\0\0,\0\0\0\0\x02\0\x01\0\0\x02\x02\x44\x0A\0;";
/// let out = transform(gif, &Transform::fit(300, 300).format(Format::Png).thumbnail(1))?;
/// assert_eq!((out.width, out.height), (2, 1));
/// assert!(out.thumbnail.is_some_and(|small| small.width == 1));
/// # Ok::<(), porteur::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::InvalidInput`] names the field of a wish that cannot be. [`crate::Error::Media`]: `Unsupported` for
/// what is no picture that is taken (of a PDF, [`preview`] makes one), `Corrupt` for one that is damaged, `TooLarge` when it is over one of
/// [`Transform::limits`], which is known from its header before anything is decoded.
pub fn transform(bytes: &[u8], transform: &Transform) -> Result<Transformed> {
    // A PDF is not transformed, which can be said here as well as there.
    if transform.limits.isolation == Isolation::Everything {
        return isolate::transform(bytes, transform);
    }
    transform_here(bytes, transform)
}

fn transform_here(bytes: &[u8], transform: &Transform) -> Result<Transformed> {
    Job::parse(bytes, transform)?.run()
}

/// The first scale at which the two readers of a JPEG do not agree about `bytes`: for the fuzzer, which compares them.
#[cfg(fuzzing)]
pub fn jpeg_readers_differ(bytes: &[u8]) -> Option<String> {
    // What a picture of these limits costs keeps the fuzzer busy with others.
    let limits = MediaLimits { max_pixels: 1 << 20, max_allocation: 8 << 20, ..MediaLimits::default() };
    jpeg::readers_differ(bytes, &limits).map(|scale| format!("{scale:?}"))
}
