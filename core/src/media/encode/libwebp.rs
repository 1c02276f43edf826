//! libwebp's encoder behind a safe function.
//!
//! The one place of this room with `unsafe`: C that sees pixels that we made ourselves, never a byte of a stranger's
//! file. What makes the calls sound is checked here, in [`encode`], and nowhere else.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;

use libwebp_sys::{
    WebPConfig, WebPEncode, WebPMemoryWrite, WebPMemoryWriter, WebPMemoryWriterClear, WebPMemoryWriterInit,
    WebPPicture, WebPPictureFree, WebPPictureImportRGBA,
};

/// How it is encoded.
pub(super) struct Settings {
    pub(super) width: u32,
    pub(super) height: u32,
    /// 0 to 100.
    pub(super) quality: u8,
    /// 0 to 6.
    pub(super) method: c_int,
}

/// The file that libwebp makes of four bytes a pixel, in rows without gaps, or what it has against it.
pub(super) fn encode(rgba: &[u8], settings: &Settings) -> Result<Vec<u8>, String> {
    let mut config = WebPConfig::new().map_err(|()| "another version of libwebp was linked")?;
    config.quality = settings.quality.into();
    config.method = settings.method;
    let mut picture = Guarded::new(settings)?;
    let expected = 4 * settings.width as usize * settings.height as usize;
    if rgba.len() != expected {
        return Err(format!("expected {expected} samples, got {}", rgba.len()));
    }
    let stride = 4 * picture.raw.width;
    // SAFETY: `picture` is initialised and names the size; the rows of that size lie within `rgba`, as was just checked,
    // and are copied.
    let done = unsafe { WebPPictureImportRGBA(&raw mut picture.raw, rgba.as_ptr(), stride) };
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
        // SAFETY: the picture is initialised and its planes were imported in the size that it names; the writer that
        // `custom_ptr` points to lives until after the call.
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
        // SAFETY: the picture is initialised. What is freed is what libwebp allocated for it.
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

/// WEBP_MAX_DIMENSION of libwebp's encode.h.
const MAX_SIDE: c_int = 16_383;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_that_are_too_few_never_reach_libwebp() {
        let settings = Settings { width: 4, height: 3, quality: 85, method: 4 };
        assert_eq!(encode(&[0; 47], &settings).unwrap_err(), "expected 48 samples, got 47");
        let wide = Settings { width: 16_384, ..settings };
        assert!(encode(&vec![0; 16_384 * 12], &wide).is_err());
    }
}
