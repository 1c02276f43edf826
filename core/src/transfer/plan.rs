//! What a transfer has to be before anything is sent. A refusal names the field, what was expected and what came.

use std::time::Duration;

use url::Url;

use super::value::{Audio, MediaMatrix, Transfer};
use crate::callback::{Callback, Destination};
use crate::check::{filled, id_or_new};
use crate::error::{Error, Result};
use crate::gateway::wire::{FrameAudio, FrameMedia, FrameVideo};

/// What the media gateway takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GatewayLimits {
    pub(crate) max_bandwidth_kbps: u32,
    pub(crate) codecs: Vec<String>,
    pub(crate) max_fps: u32,
}

/// A transfer that the gateway can be asked for.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) interaction: String,
    pub(super) destination: String,
    /// At least one.
    pub(super) media: Vec<FrameMedia>,
    /// Of the first frame; those of the others follow from it.
    pub(super) id: String,
    pub(super) frame_timeout: Duration,
    pub(super) within: Duration,
    pub(super) check: bool,
    pub(super) callback: Option<Destination>,
}

impl Plan {
    /// `callback` is the client's, for a transfer without its own.
    pub(super) fn parse(
        transfer: Transfer,
        limits: &GatewayLimits,
        callback: Option<&Callback>,
        allow_plain_http: bool,
    ) -> Result<Self> {
        let Transfer { interaction, destination, mut media, id, frame_timeout, within, check, callback: own } =
            transfer;
        filled("interaction", &interaction)?;
        filled("destination", &destination)?;
        for (field, value) in [("interaction", &interaction), ("destination", &destination)] {
            if value.len() > MAX_LENGTH {
                return Err(Error::invalid(field, format!("expected at most {MAX_LENGTH} bytes, got {}", value.len())));
            }
        }
        if !is_plain_uri(&destination) {
            Url::parse(&destination).map_err(|error| {
                let reason = format!("expected a URI as in genesys://user/agent-9, got {destination:?}: {error}");
                Error::invalid("destination", reason)
            })?;
        }
        let id = id_or_new("id", id)?;
        if media.is_empty() {
            media.push(Audio::opus(64).into());
        }
        if media.len() > MAX_MEDIA {
            return Err(Error::invalid("media", format!("expected at most {MAX_MEDIA}, got {}", media.len())));
        }
        for (field, value) in [("frame_timeout", frame_timeout), ("within", within)] {
            if value.is_zero() {
                return Err(Error::invalid(field, "expected more than 0 s, got 0"));
            }
        }
        let media = media.into_iter().enumerate();
        let media = media.map(|(index, one)| matrix(index, one, limits)).collect::<Result<_>>()?;
        let callback =
            own.as_ref().or(callback).map(|callback| callback.parse("callback", allow_plain_http)).transpose()?;
        Ok(Self { interaction, destination, media, id, frame_timeout, within, check, callback })
    }
}

impl Plan {
    /// The id of the frame for one of the media: the same whenever the same transfer is asked for again.
    pub(super) fn frame_id(&self, media: usize) -> String {
        if media == 0 { self.id.clone() } else { format!("{}.{media}", self.id) }
    }
}

/// Whether this is a URI of the usual kind, which needs no parser to be told: a scheme without rules of its own, and nothing after it that is
/// more than a name. The parser took a tenth of what a transfer costs.
fn is_plain_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let own = ["http", "https", "ws", "wss", "ftp", "file"].contains(&scheme);
    let names = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    !own && !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_lowercase()) && rest.bytes().all(names)
}

/// One of the media, within the limits of the gateway.
fn matrix(index: usize, matrix: MediaMatrix, limits: &GatewayLimits) -> Result<FrameMedia> {
    let field = |name: &str| format!("media[{index}].{name}");
    let MediaMatrix { audio: Audio { codec, bandwidth_kbps, bit_depth }, video } = matrix;
    if !limits.codecs.contains(&codec) {
        let reason = format!("expected one of the gateway's {}, got {codec:?}", limits.codecs.join(", "));
        return Err(Error::invalid(field("audio.codec"), reason));
    }
    within(|| field("audio.bandwidth_kbps"), bandwidth_kbps, limits.max_bandwidth_kbps)?;
    within(|| field("audio.bit_depth"), bit_depth, MAX_BIT_DEPTH)?;
    let video = video.map(|video| {
        filled(&field("video.codec"), &video.codec)?;
        if !is_size(&video.resolution) {
            let reason = format!("expected width and height as in 1280x720, got {:?}", video.resolution);
            return Err(Error::invalid(field("video.resolution"), reason));
        }
        within(|| field("video.fps"), video.fps, limits.max_fps)?;
        Ok(FrameVideo { codec: video.codec, resolution: video.resolution, fps: video.fps })
    });
    Ok(FrameMedia { audio: FrameAudio { codec, bandwidth_kbps, bit_depth }, video: video.transpose()? })
}

fn within(field: impl FnOnce() -> String, value: u32, most: u32) -> Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::invalid(field(), format!("expected 1 to {most}, got {value}")))
}

fn is_size(text: &str) -> bool {
    let number = |text: &str| text.parse::<u16>().is_ok_and(|value| value > 0) && !text.starts_with('+');
    text.split_once('x').is_some_and(|(width, height)| number(width) && number(height))
}

/// Of an interaction's id and of a destination: what servers take of a URL, and far below what a frame may have.
const MAX_LENGTH: usize = 2048;
/// More than a person would list; each may take the time of a frame.
const MAX_MEDIA: usize = 16;
/// What audio interfaces know.
const MAX_BIT_DEPTH: u32 = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::Video;

    fn limits() -> GatewayLimits {
        GatewayLimits { max_bandwidth_kbps: 128, codecs: vec!["opus".to_owned(), "g722".to_owned()], max_fps: 30 }
    }

    fn parse(transfer: Transfer) -> Result<Plan> {
        Plan::parse(transfer, &limits(), None, false)
    }

    fn transfer() -> Transfer {
        Transfer::new("interaction-1", "genesys://user/agent-9")
    }

    #[test]
    fn every_field_that_cannot_be_is_refused_by_name() {
        let video =
            |resolution: &str, fps| MediaMatrix::audio(Audio::opus(64)).video(Video::new("vp8", resolution, fps));
        for (wish, field) in [
            (Transfer::new(" ", "genesys://user/1"), "interaction"),
            (Transfer::new("interaction-1", ""), "destination"),
            (Transfer::new("interaction-1", "agent-9"), "destination"),
            (Transfer::new("interaction-1", format!("sip:{}", "x".repeat(2045))), "destination"),
            (Transfer::new("x".repeat(2049), "genesys://user/1"), "interaction"),
            (transfer().id(""), "id"),
            (transfer().id("a b"), "id"),
            (transfer().id("x".repeat(129)), "id"),
            (transfer().media(Audio::new("mp3", 64)), "media[0].audio.codec"),
            (transfer().media(Audio::opus(64)).media(Audio::opus(129)), "media[1].audio.bandwidth_kbps"),
            (transfer().media(Audio::opus(0)), "media[0].audio.bandwidth_kbps"),
            (transfer().media(Audio::opus(64).bit_depth(0)), "media[0].audio.bit_depth"),
            (transfer().media(video("1280x720", 31)), "media[0].video.fps"),
            (transfer().media(video("1280", 30)), "media[0].video.resolution"),
            (transfer().media(video("+1x0", 30)), "media[0].video.resolution"),
            (transfer().within(Duration::ZERO), "within"),
            (transfer().frame_timeout(Duration::ZERO), "frame_timeout"),
            ((0..17).fold(transfer(), |transfer, _| transfer.media(Audio::opus(64))), "media"),
            (transfer().callback(Callback::post("http://example.com/hook")), "callback"),
            (transfer().callback(Callback::post("nowhere")), "callback"),
            (transfer().callback(Callback::post("https://user:pass@example.com/hook")), "callback"),
        ] {
            assert_eq!(parse(wish.clone()).unwrap_err().facts().details["field"], field, "{wish:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_plain_uri_is_one_to_the_parser(uri in "[a-z]{1,5}://[-A-Za-z0-9._~/]{0,20}") {
            proptest::prop_assert!(!is_plain_uri(&uri) || Url::parse(&uri).is_ok());
        }
    }

    #[test]
    fn without_media_it_is_opus_at_64_kbit() {
        let plan = parse(transfer()).unwrap();
        assert_eq!(
            plan.media,
            [FrameMedia {
                audio: FrameAudio { codec: "opus".to_owned(), bandwidth_kbps: 64, bit_depth: 16 },
                video: None,
            }]
        );
    }
}
