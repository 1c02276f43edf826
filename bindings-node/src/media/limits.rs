//! What a picture may cost.

use napi_derive::napi;

use crate::config::set;
use crate::convert::{Text, Whole};
use crate::errors::Failed;

/// What a picture from a stranger may cost, checked against its header before anything is allocated for it. Whatever is
/// over a limit is `media` with the kind `too_large`.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct MediaLimits {
    /// Bytes of the file. Default 25 MiB.
    #[napi(ts_type = "number")]
    pub max_input_bytes: Option<Whole>,
    /// Width times height. Default 100 million.
    #[napi(ts_type = "number")]
    pub max_pixels: Option<Whole>,
    /// Width or height of what comes in, in pixels. Default 16 384.
    #[napi(ts_type = "number")]
    pub max_side: Option<Whole>,
    /// Width or height of what goes out, in pixels. Default 4 096.
    #[napi(ts_type = "number")]
    pub max_output_side: Option<Whole>,
    /// Bytes that are held for the decoded picture. Default 256 MiB. This decides for formats that cannot be reduced
    /// while they are decoded: 64 million pixels with alpha, 85 million without.
    #[napi(ts_type = "number")]
    pub max_allocation: Option<Whole>,
    /// Pictures of an animation that is kept. Default 256.
    #[napi(ts_type = "number")]
    pub max_frames: Option<Whole>,
    /// Pixels of an animation that is kept, over all of its pictures. Default 200 million.
    #[napi(ts_type = "number")]
    pub max_frame_pixels: Option<Whole>,
    /// Scans of a progressive JPEG. Default 100.
    #[napi(ts_type = "number")]
    pub max_scans: Option<Whole>,
    /// Bytes of an ICC profile. Default 1 MiB.
    #[napi(ts_type = "number")]
    pub max_profile_bytes: Option<Whole>,
    /// Bytes of metadata that is kept. Default 1 MiB.
    #[napi(ts_type = "number")]
    pub max_metadata_bytes: Option<Whole>,
    /// What is worked on in a child process, which a decoder that loops or eats memory ends alone. Default `pdf`.
    #[napi(ts_type = "'pdf' | 'everything' | 'nothing'")]
    pub isolation: Option<Text>,
    /// Bytes of memory that the child may take for a file. Default 512 MiB.
    #[napi(ts_type = "number")]
    pub max_child_memory: Option<Whole>,
    /// Time of a processor that the child may take for a file. Default 2000.
    #[napi(ts_type = "number")]
    pub max_child_cpu_ms: Option<Whole>,
    /// Time by the clock that the child may take for a file. Default 10 000.
    #[napi(ts_type = "number")]
    pub max_child_wall_ms: Option<Whole>,
}

impl MediaLimits {
    pub(crate) fn limits(self) -> Result<porteur::MediaLimits, Failed> {
        let mut limits = porteur::MediaLimits::default();
        set(&mut limits.max_input_bytes, self.max_input_bytes.map(|bytes| bytes.0));
        set(&mut limits.max_pixels, self.max_pixels.map(|pixels| pixels.0));
        set(&mut limits.max_side, self.max_side.map(Whole::to_u32));
        set(&mut limits.max_output_side, self.max_output_side.map(Whole::to_u32));
        set(&mut limits.max_allocation, self.max_allocation.map(|bytes| bytes.0));
        set(&mut limits.max_frames, self.max_frames.map(Whole::to_u32));
        set(&mut limits.max_frame_pixels, self.max_frame_pixels.map(|pixels| pixels.0));
        set(&mut limits.max_scans, self.max_scans.map(Whole::to_u32));
        set(&mut limits.max_profile_bytes, self.max_profile_bytes.map(|bytes| bytes.0));
        set(&mut limits.max_metadata_bytes, self.max_metadata_bytes.map(|bytes| bytes.0));
        set(&mut limits.isolation, self.isolation.map(|isolation| isolation.0.parse()).transpose()?);
        set(&mut limits.max_child_memory, self.max_child_memory.map(|bytes| bytes.0));
        set(&mut limits.max_child_cpu, self.max_child_cpu_ms.map(Whole::to_duration));
        set(&mut limits.max_child_wall, self.max_child_wall_ms.map(Whole::to_duration));
        Ok(limits)
    }
}
