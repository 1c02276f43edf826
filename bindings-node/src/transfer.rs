//! Transfers: what the caller wishes, and what became of it.

use napi::Env;
use napi::bindgen_prelude::{JsObjectValue as _, Object, Unknown};
use napi_derive::napi;

use crate::config::set;
use crate::convert::{CallbackOf, Flag, List, Members, Text, Whole, argument, ms};
use crate::errors::{self, Failed};

/// How an interaction goes elsewhere.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct TransferOptions<'env> {
    /// What is to be heard and seen, the best first: the next are tried when the gateway does not support the codecs.
    /// Default opus at 64 kbit/s.
    #[napi(ts_type = "MediaMatrix[]")]
    pub media: Option<List<Members<MediaMatrix>>>,
    /// The id of the first frame, 1 to 128 visible ASCII characters; those of the others follow from it, and the gateway
    /// carries out an id once. Default one of its own for every transfer; give the one that an error names, with the same
    /// media, to find out what became of it. When the interaction is over by then and tells nothing of it, that takes
    /// `check: false`.
    #[napi(ts_type = "string")]
    pub id: Option<Text>,
    /// How long an answer to one frame is waited for. Default 10 000.
    #[napi(ts_type = "number")]
    pub frame_timeout_ms: Option<Whole>,
    /// How long the transfer may take in all; the callback comes on top. Default 30 000.
    #[napi(ts_type = "number")]
    pub within_ms: Option<Whole>,
    /// Whether the socket is pinged and the interaction read before anything is sent. Default `true`.
    #[napi(ts_type = "boolean")]
    pub check: Option<Flag>,
    /// Whom to tell how it ended, or the URL for a POST. Default the client's `transferCallback`.
    #[napi(ts_type = "string | CallbackOptions")]
    pub callback: Option<CallbackOf>,
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

/// What is to be heard, and perhaps seen.
#[napi(object, object_to_js = false)]
pub struct MediaMatrix {
    /// What is to be heard.
    #[napi(ts_type = "Audio")]
    pub audio: Members<Audio>,
    /// What is to be seen. Default nothing.
    #[napi(ts_type = "Video")]
    pub video: Option<Members<Video>>,
}

/// What is to be heard.
#[napi(object, object_to_js = false)]
pub struct Audio {
    /// One of the gateway's codecs: `limits.codecs` of the client.
    #[napi(ts_type = "string")]
    pub codec: Text,
    /// In kbit/s.
    #[napi(ts_type = "number")]
    pub bandwidth_kbps: Whole,
    /// Bits a sample. Default 16.
    #[napi(ts_type = "number")]
    pub bit_depth: Option<Whole>,
}

/// What is to be seen.
#[napi(object, object_to_js = false)]
pub struct Video {
    /// The codec, as in `vp8`.
    #[napi(ts_type = "string")]
    pub codec: Text,
    /// Width and height in pixels, as in `1280x720`.
    #[napi(ts_type = "string")]
    pub resolution: Text,
    /// Pictures a second.
    #[napi(ts_type = "number")]
    pub fps: Whole,
}

/// Whom to tell how something ended: JSON with an id of the event, sent as often as the client's pace allows.
#[napi(object, object_to_js = false)]
pub struct CallbackOptions {
    /// Where to; https, or http to this machine.
    #[napi(ts_type = "string")]
    pub url: Text,
    /// Default `POST`.
    #[napi(ts_type = "'POST' | 'PUT' | 'PATCH'")]
    pub method: Option<Text>,
}

/// A transfer that was carried out.
#[napi(object, object_from_js = false)]
pub struct TransferOutcome<'env> {
    /// The id of the frame that did it.
    pub id: String,
    /// The interaction.
    pub interaction: String,
    /// The gateway's word: `codec_negotiated` or `transfer_initiated`.
    pub status: String,
    /// The codec that is heard: the gateway's word for it, else the one that was asked for.
    pub codec: String,
    /// Which of the media it was, counted from 0.
    pub media: u32,
    /// From the first frame to the answer that settled it.
    pub latency_ms: f64,
    /// How often a frame had to be sent again, or the connection be made anew.
    pub retries: u32,
    /// Why the callback did not arrive, if there is one and it did not. The transfer stands.
    #[napi(ts_type = "import('./index').PorteurError")]
    pub callback_error: Option<Unknown<'env>>,
}

/// One of many: the interaction and the destination beside the options.
pub(crate) fn outgoing(_env: &Env, one: Unknown<'_>) -> Result<porteur::Transfer, Failed> {
    let members: Members<Object<'_>> = argument("transfers", one)?;
    let interaction: Text = argument("interaction", members.0.get_named_property("interaction")?)?;
    let destination: Text = argument("destination", members.0.get_named_property("destination")?)?;
    let options: TransferOptions<'_> = argument("transfers", one)?;
    Ok(options.transfer(interaction, destination))
}

impl TransferOptions<'_> {
    pub(crate) fn transfer(self, interaction: Text, destination: Text) -> porteur::Transfer {
        let mut transfer = porteur::Transfer::new(interaction.0, destination.0);
        transfer.media = self.media.unwrap_or_default().0.into_iter().map(|matrix| matrix.0.matrix()).collect();
        set(&mut transfer.id, self.id.map(|id| Some(id.0)));
        set(&mut transfer.frame_timeout, self.frame_timeout_ms.map(Whole::to_duration));
        set(&mut transfer.within, self.within_ms.map(Whole::to_duration));
        set(&mut transfer.check, self.check.map(|check| check.0));
        set(&mut transfer.callback, self.callback.map(|callback| Some(callback.0)));
        transfer
    }
}

impl MediaMatrix {
    fn matrix(self) -> porteur::MediaMatrix {
        let Audio { codec, bandwidth_kbps, bit_depth } = self.audio.0;
        let mut audio = porteur::Audio::new(codec.0, bandwidth_kbps.to_u32());
        set(&mut audio.bit_depth, bit_depth.map(Whole::to_u32));
        let video =
            |Members(Video { codec, resolution, fps })| porteur::Video::new(codec.0, resolution.0, fps.to_u32());
        porteur::MediaMatrix { audio, video: self.video.map(video) }
    }
}

impl CallbackOptions {
    pub(crate) fn callback(self) -> porteur::Callback {
        let mut callback = porteur::Callback::post(self.url.0);
        set(&mut callback.method, self.method.map(|method| method.0));
        callback
    }
}

impl<'env> TransferOutcome<'env> {
    /// `call` knows where the call was made, for the error of the callback.
    pub(crate) fn of(env: &'env Env, call: Object<'env>, outcome: porteur::TransferOutcome) -> napi::Result<Self> {
        let callback_error = outcome.callback_error.map(|error| errors::instance(env, &error, Some(call)));
        Ok(Self {
            id: outcome.id,
            interaction: outcome.interaction,
            status: outcome.status,
            codec: outcome.codec,
            media: u32::try_from(outcome.media).unwrap_or(u32::MAX),
            latency_ms: ms(outcome.latency),
            retries: outcome.retries,
            callback_error: callback_error.transpose()?,
        })
    }
}
