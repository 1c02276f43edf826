//! A transfer as the caller wishes it, and what became of it.

use std::time::Duration;

use crate::callback::Callback;
use crate::error::Error;

/// An interaction that is to go elsewhere, with its media.
///
/// ```
/// use porteur::{Audio, MediaMatrix, Transfer, Video};
/// let transfer = Transfer::new("interaction-1", "genesys://user/agent-9")
///     .media(MediaMatrix::audio(Audio::new("opus", 64)).video(Video::new("vp8", "1280x720", 30)))
///     .media(Audio::new("pcmu", 64));
/// assert_eq!(transfer.media.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// The platform's id of the interaction; it has to be active or queued.
    pub interaction: String,
    /// Where it goes, as in `genesys://user/agent-9`.
    pub destination: String,
    /// The media, the best first: the next are tried when the gateway does not support the codecs. Default opus at 64 kbit/s and
    /// 16 bit, as the tutorial has it.
    pub media: Vec<MediaMatrix>,
    /// The id of the first frame, from which those of the others follow; the gateway carries out an id once. Default a UUIDv7 of
    /// its own for every transfer; give the one that an error names, with the same media, to find out what became of it. When
    /// the interaction is over by then and tells nothing of it, that takes [`Transfer::check`] turned off.
    pub id: Option<String>,
    /// How long an answer to one frame is waited for. Default 10 s, as the tutorial waits.
    pub frame_timeout: Duration,
    /// How long the transfer may take in all, reconnecting included; the callback comes on top. Default 30 s.
    pub within: Duration,
    /// Whether the socket is pinged and the interaction read before anything is sent. Default yes.
    pub check: bool,
    /// Whom to tell how it ended. Default the client's
    /// [`Config::transfer_callback`](crate::Config::transfer_callback), if it has one.
    pub callback: Option<Callback>,
}

/// What is to be heard, and perhaps seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaMatrix {
    /// What is to be heard.
    pub audio: Audio,
    /// What is to be seen. Default nothing.
    pub video: Option<Video>,
}

/// What is to be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// One of the gateway's codecs: [`Limits::codecs`](crate::Limits::codecs).
    pub codec: String,
    /// In kbit/s.
    pub bandwidth_kbps: u32,
    /// Bits a sample. Default 16.
    pub bit_depth: u32,
}

/// What is to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// The codec, as in `vp8`.
    pub codec: String,
    /// Width and height in pixels, as in `1280x720`.
    pub resolution: String,
    /// Pictures a second.
    pub fps: u32,
}

impl Transfer {
    /// A transfer of this interaction to this destination.
    pub fn new(interaction: impl Into<String>, destination: impl Into<String>) -> Self {
        Self {
            interaction: interaction.into(),
            destination: destination.into(),
            media: Vec::new(),
            id: None,
            frame_timeout: Duration::from_secs(10),
            within: Duration::from_secs(30),
            check: true,
            callback: None,
        }
    }

    /// Adds media, to be tried when those before are not supported.
    pub fn media(mut self, media: impl Into<MediaMatrix>) -> Self {
        self.media.push(media.into());
        self
    }

    /// Sets the id of the first frame: 1 to 128 visible ASCII characters.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets how long an answer to one frame is waited for.
    pub fn frame_timeout(mut self, timeout: Duration) -> Self {
        self.frame_timeout = timeout;
        self
    }

    /// Sets how long the transfer may take in all.
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Sets whether the socket is pinged and the interaction read before anything is sent.
    pub fn check(mut self, check: bool) -> Self {
        self.check = check;
        self
    }

    /// Sets whom to tell how it ended.
    pub fn callback(mut self, callback: Callback) -> Self {
        self.callback = Some(callback);
        self
    }
}

impl MediaMatrix {
    /// Sound alone.
    pub fn audio(audio: Audio) -> Self {
        Self { audio, video: None }
    }

    /// Adds what is to be seen.
    pub fn video(mut self, video: Video) -> Self {
        self.video = Some(video);
        self
    }
}

impl From<Audio> for MediaMatrix {
    fn from(audio: Audio) -> Self {
        Self::audio(audio)
    }
}

impl Audio {
    /// A codec at so many kbit/s.
    pub fn new(codec: impl Into<String>, bandwidth_kbps: u32) -> Self {
        Self { codec: codec.into(), bandwidth_kbps, bit_depth: 16 }
    }

    /// Opus at so many kbit/s.
    pub fn opus(bandwidth_kbps: u32) -> Self {
        Self::new("opus", bandwidth_kbps)
    }

    /// Sets the bits a sample.
    pub fn bit_depth(mut self, bits: u32) -> Self {
        self.bit_depth = bits;
        self
    }
}

impl Video {
    /// A codec at this size and so many pictures a second.
    pub fn new(codec: impl Into<String>, resolution: impl Into<String>, fps: u32) -> Self {
        Self { codec: codec.into(), resolution: resolution.into(), fps }
    }
}

/// A transfer that was carried out.
#[derive(Debug, Clone)]
pub struct TransferOutcome {
    /// The id of the frame that did it.
    pub id: String,
    /// The interaction.
    pub interaction: String,
    /// The gateway's word: `codec_negotiated` or `transfer_initiated`.
    pub status: String,
    /// The codec that is heard: the gateway's word for it, else the one that was asked for.
    pub codec: String,
    /// Which of the media it was, counted from 0.
    pub media: usize,
    /// From the first frame to the answer that settled it.
    pub latency: Duration,
    /// How often a frame had to be sent again, or the connection be made anew.
    pub retries: u32,
    /// Why the callback did not arrive, if there is one and it did not. The transfer stands.
    pub callback_error: Option<Error>,
}
