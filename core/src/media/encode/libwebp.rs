//! libwebp's encoder behind a safe function.
//!
//! The one place of this room with `unsafe`: C that sees pixels that we made ourselves, never a byte of a stranger's
//! file. What makes the calls sound is checked here, in [`encode`], and nowhere else.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;

use libwebp_sys::{
    WebPConfig, WebPEncCSP, WebPEncode, WebPMemoryWrite, WebPMemoryWriter, WebPMemoryWriterClear, WebPMemoryWriterInit,
    WebPPicture, WebPPictureFree, WebPPictureImportRGB, WebPPictureImportRGBA,
};

/// What is encoded, in rows without gaps.
pub(super) enum Input<'a> {
    /// Three bytes a pixel.
    Rgb(&'a [u8]),
    /// Four bytes a pixel.
    Rgba(&'a [u8]),
    /// One byte a pixel in Y, one for every four (sides rounded up) in U and V; the range of BT.601. libwebp takes
    /// pointers to mutable planes, so it is given some.
    Planes { y: &'a mut [u8], u: &'a mut [u8], v: &'a mut [u8] },
}

/// How it is encoded.
pub(super) struct Settings {
    pub(super) width: u32,
    pub(super) height: u32,
    /// 0 to 100.
    pub(super) quality: u8,
    /// 0 to 6.
    pub(super) method: c_int,
}

/// The file that libwebp makes, or what it has against it.
pub(super) fn encode(input: Input<'_>, settings: &Settings) -> Result<Vec<u8>, String> {
    let mut config = WebPConfig::new().map_err(|()| "another version of libwebp was linked")?;
    config.quality = settings.quality.into();
    config.method = settings.method;
    let mut picture = Guarded::new(settings)?;
    let (width, stride) = (settings.width as usize, picture.raw.width);
    let (pixels, halved) = (width * settings.height as usize, width.div_ceil(2) * settings.height.div_ceil(2) as usize);
    let done = match input {
        Input::Rgb(samples) => {
            expect(samples, 3 * pixels)?;
            // SAFETY: `picture` is initialised and names the size; the rows of that size lie within `samples`, as was
            // just checked, and are copied.
            unsafe { WebPPictureImportRGB(&raw mut picture.raw, samples.as_ptr(), 3 * stride) }
        }
        Input::Rgba(samples) => {
            expect(samples, 4 * pixels)?;
            // SAFETY: as above, with four bytes a pixel.
            unsafe { WebPPictureImportRGBA(&raw mut picture.raw, samples.as_ptr(), 4 * stride) }
        }
        Input::Planes { y, u, v } => {
            expect(y, pixels)?;
            expect(u, halved)?;
            expect(v, halved)?;
            picture.raw.colorspace = WebPEncCSP::WEBP_YUV420;
            (picture.raw.y, picture.raw.u, picture.raw.v) = (y.as_mut_ptr(), u.as_mut_ptr(), v.as_mut_ptr());
            (picture.raw.y_stride, picture.raw.uv_stride) = (stride, (stride + 1) / 2);
            return picture.encode(&config);
        }
    };
    if done == 0 { Err(picture.failure()) } else { picture.encode(&config) }
}

/// A picture that is given back to libwebp when it is no longer needed.
struct Guarded {
    raw: WebPPicture,
}

impl Guarded {
    fn new(settings: &Settings) -> Result<Self, String> {
        let side = |side: u32| match c_int::try_from(side) {
            Ok(side @ 1..=MAX_SIDE) => Ok(side),
            _ => Err(format!("expected sides of 1 to {MAX_SIDE} px, got {} x {}", settings.width, settings.height)),
        };
        let mut raw = WebPPicture::new().map_err(|()| "another version of libwebp was linked")?;
        (raw.width, raw.height) = (side(settings.width)?, side(settings.height)?);
        // Lossy encoding works on planes; pixels become planes when they are imported.
        raw.use_argb = 0;
        Ok(Self { raw })
    }

    fn encode(&mut self, config: &WebPConfig) -> Result<Vec<u8>, String> {
        let mut writer = Writer::new();
        self.raw.writer = Some(WebPMemoryWrite);
        self.raw.custom_ptr = (&raw mut writer.raw).cast();
        // SAFETY: the picture is initialised and its planes, imported or lent for longer than this call, have the size
        // that it names; the writer that `custom_ptr` points to lives until after the call.
        let done = unsafe { WebPEncode(config, &raw mut self.raw) };
        self.raw.custom_ptr = ptr::null_mut();
        if done == 0 { Err(self.failure()) } else { Ok(writer.bytes()) }
    }

    fn failure(&self) -> String {
        format!("{:?}", self.raw.error_code)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the picture is initialised. What is freed is what libwebp allocated for it; planes that were lent are
        // only forgotten.
        unsafe { WebPPictureFree(&raw mut self.raw) };
    }
}

/// The memory that libwebp writes into.
struct Writer {
    raw: WebPMemoryWriter,
}

impl Writer {
    fn new() -> Self {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: initialises every field.
        let raw = unsafe {
            WebPMemoryWriterInit(raw.as_mut_ptr());
            raw.assume_init()
        };
        Self { raw }
    }

    fn bytes(&self) -> Vec<u8> {
        if self.raw.mem.is_null() {
            return Vec::new();
        }
        // SAFETY: `mem` holds `size` bytes that libwebp wrote and nobody writes any more.
        unsafe { std::slice::from_raw_parts(self.raw.mem, self.raw.size) }.to_vec()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`; frees what libwebp allocated.
        unsafe { WebPMemoryWriterClear(&raw mut self.raw) };
    }
}

fn expect(samples: &[u8], count: usize) -> Result<(), String> {
    if samples.len() == count { Ok(()) } else { Err(format!("expected {count} samples, got {}", samples.len())) }
}

/// WEBP_MAX_DIMENSION of libwebp's encode.h.
const MAX_SIDE: c_int = 16_383;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_that_are_too_small_never_reach_libwebp() {
        let settings = Settings { width: 4, height: 3, quality: 85, method: 4 };
        let (mut y, mut u, mut v) = (vec![0; 12], vec![0; 4], vec![0; 3]);
        let input = Input::Planes { y: &mut y, u: &mut u, v: &mut v };
        assert_eq!(encode(input, &settings).unwrap_err(), "expected 4 samples, got 3");
        assert_eq!(encode(Input::Rgb(&[0; 35]), &settings).unwrap_err(), "expected 36 samples, got 35");
        let wide = Settings { width: 16_384, ..settings };
        assert!(encode(Input::Rgb(&vec![0; 16_384 * 9]), &wide).is_err());
    }
}
