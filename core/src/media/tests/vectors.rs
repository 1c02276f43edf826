//! tests/vectors/media.json, which every language runs: what goes in by name, and what comes out or why not.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::error::{Error, Result};
use crate::media::{Preview, SizeOptions, TargetSize, inspect, preview};

#[derive(Deserialize)]
struct Case {
    name: String,
    /// In tests/media/formats.
    file: Option<String>,
    /// Instead of a file.
    hex: Option<String>,
    /// How many bytes of the file are there.
    first: Option<usize>,
    call: String,
    options: Options,
    expect: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    max_width: Option<u32>,
    max_height: Option<u32>,
    cover: Option<(u32, u32)>,
    exact: Option<(u32, u32)>,
    format: Option<String>,
    quality: Option<u8>,
    effort: Option<String>,
    background: Option<[u8; 3]>,
    enlarge: Option<bool>,
    crop: Option<String>,
    keep_metadata: Option<bool>,
    animated: Option<bool>,
    thumbnail: Option<u32>,
    thumbnail_format: Option<String>,
    thumbnail_quality: Option<u8>,
    page: Option<u32>,
    #[serde(default)]
    limits: Limits,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    max_input_bytes: Option<u64>,
    max_pixels: Option<u64>,
    max_side: Option<u32>,
    max_output_side: Option<u32>,
    max_allocation: Option<u64>,
    max_frames: Option<u32>,
    max_scans: Option<u32>,
    isolation: Option<String>,
}

#[test]
fn what_comes_out_is_that_of_the_vectors() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../../../tests/vectors/media.json")).expect("the vector is JSON");
    assert!(cases.len() >= 40);
    for case in cases {
        let got = match case.run() {
            Ok(got) => got,
            Err(error) => json!({ "error": error.facts().code, "details": error.facts().details }),
        };
        assert!(holds(&got, &case.expect), "{}: {got}", case.name);
    }
}

impl Case {
    fn run(&self) -> Result<Value> {
        let (bytes, options) = (self.bytes(), &self.options);
        match self.call.as_str() {
            "inspect" => inspect(&bytes, &options.limits.limits()?).map(shown_info),
            "transform" => transform(&bytes, &options.transform()?).map(shown),
            "preview" => preview(&bytes, &options.preview()?).map(shown),
            other => panic!("{}: no call {other}", self.name),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let Some(name) = &self.file else {
            let digits = self.hex.as_ref().expect("a file or its bytes").as_bytes();
            let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            return digits.chunks(2).map(byte).collect();
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/formats");
        let mut bytes = std::fs::read(folder.join(name)).expect("a known file");
        bytes.truncate(self.first.unwrap_or(usize::MAX));
        bytes
    }
}

impl Options {
    fn transform(&self) -> Result<Transform> {
        let limits = self.limits.limits()?;
        let Self { max_width, max_height, cover, exact, .. } = *self;
        let mut wish =
            Transform::of(TargetSize::from_options(SizeOptions { max_width, max_height, cover, exact }, &limits)?);
        let named = |field, name: &Option<String>| name.as_ref().map(|name| Format::named(field, name)).transpose();
        wish.format = named("format", &self.format)?;
        wish.background = self.background;
        wish.thumbnail = self.thumbnail;
        set(&mut wish.quality, self.quality);
        set(&mut wish.effort, self.effort.as_ref().map(|effort| effort.parse()).transpose()?);
        set(&mut wish.enlarge, self.enlarge);
        set(&mut wish.crop, self.crop.as_ref().map(|crop| crop.parse()).transpose()?);
        set(&mut wish.keep_metadata, self.keep_metadata);
        set(&mut wish.animated, self.animated);
        set(&mut wish.thumbnail_format, named("thumbnail_format", &self.thumbnail_format)?);
        set(&mut wish.thumbnail_quality, self.thumbnail_quality);
        Ok(wish.limits(limits))
    }

    fn preview(&self) -> Result<Preview> {
        let mut wish = Preview { background: self.background, limits: self.limits.limits()?, ..Preview::default() };
        set(&mut wish.max_width, self.max_width);
        set(&mut wish.max_height, self.max_height);
        set(&mut wish.quality, self.quality);
        set(&mut wish.effort, self.effort.as_ref().map(|effort| effort.parse()).transpose()?);
        set(&mut wish.page, self.page);
        Ok(wish)
    }
}

impl Limits {
    fn limits(&self) -> Result<MediaLimits, Error> {
        let mut limits = MediaLimits::default();
        set(&mut limits.max_input_bytes, self.max_input_bytes);
        set(&mut limits.max_pixels, self.max_pixels);
        set(&mut limits.max_side, self.max_side);
        set(&mut limits.max_output_side, self.max_output_side);
        set(&mut limits.max_allocation, self.max_allocation);
        set(&mut limits.max_frames, self.max_frames);
        set(&mut limits.max_scans, self.max_scans);
        set(&mut limits.isolation, self.isolation.as_ref().map(|isolation| isolation.parse()).transpose()?);
        Ok(limits)
    }
}

fn set<T>(wish: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *wish = given;
    }
}

fn shown(out: Transformed) -> Value {
    let thumbnail = out.thumbnail.map(|small| {
        let (format, content_type) = (small.format.name(), small.format.content_type());
        json!({ "format": format, "content_type": content_type, "width": small.width, "height": small.height })
    });
    json!({
        "format": out.format.name(), "content_type": out.format.content_type(), "width": out.width,
        "height": out.height, "thumbnail": thumbnail, "source": shown_info(out.source),
    })
}

fn shown_info(info: crate::media::ImageInfo) -> Value {
    json!({
        "format": info.format.name(), "content_type": info.format.content_type(), "width": info.width,
        "height": info.height, "orientation": info.orientation, "frames": info.frames, "has_alpha": info.has_alpha,
        "has_icc": info.has_icc, "pdf_pages": info.pdf_pages,
    })
}

/// Whether `got` has every member of `expected`, however deep.
fn holds(got: &Value, expected: &Value) -> bool {
    match expected {
        Value::Object(members) => members.iter().all(|(name, value)| holds(&got[name], value)),
        other => got == other,
    }
}
