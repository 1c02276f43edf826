//! What results are and what they do not hold.

use std::num::NonZeroUsize;
use std::task::Poll;
use std::time::Duration;

use super::*;
use crate::Error;
use crate::media::detect::detect;
use crate::media::{Crop, Effort, Preview, TargetSize, inspect, preview, transform_many};

#[test]
fn every_source_becomes_every_format_in_the_size_that_was_wished() {
    for (name, bytes) in files() {
        for format in [Format::Jpeg, Format::Png, Format::WebP] {
            for effort in [Effort::Fast, Effort::Best] {
                let wish = Transform::fit(20, 20).format(format).effort(effort).thumbnail(8);
                let out = transform(&bytes, &wish).unwrap_or_else(|error| panic!("{name} as {format:?}: {error}"));
                assert_eq!((out.width, out.height, out.format), (20, 13, format), "{name}");
                let info = inspect(&out.bytes, &MediaLimits::default()).unwrap();
                assert_eq!((info.width, info.height, info.format.name()), (20, 13, format.name()), "{name}");
                let small = out.thumbnail.unwrap();
                assert_eq!((small.width, small.height, detect(&small.bytes).unwrap().name()), (8, 5, "jpeg"), "{name}");
            }
        }
    }
}

#[test]
fn a_source_keeps_its_format_unless_another_is_asked_for() {
    for (name, format) in [("gray.jpg", Format::Jpeg), ("palette.png", Format::Png), ("lossless.webp", Format::WebP)] {
        assert_eq!(transform(&file(name), &Transform::original()).unwrap().format, format);
    }
    assert_eq!(transform(&file("plain.gif"), &Transform::original()).unwrap().format, Format::WebP);
}

#[test]
fn scaling_keeps_the_fields_in_place_in_every_format() {
    for name in ["baseline-420.jpg", "orientation-6.jpg", "orientation-7.jpg", "rgb.png", "lossy.webp", "odd.jpg"] {
        for format in [Format::Jpeg, Format::Png, Format::WebP] {
            let out = transform(&file(name), &Transform::exact(24, 24).format(format).quality(95)).unwrap();
            let fields = [(5, 5, [255, 0, 0]), (18, 5, [0, 255, 0]), (5, 18, [0, 0, 255]), (18, 18, [255, 255, 0])];
            for (x, y, [red, green, blue]) in fields {
                let got = pixel(&out.bytes, (x, y));
                assert!(close(got, [red, green, blue, 255], 25), "{name} {format:?} {x} {y}: {got:?}");
            }
        }
    }
}

#[test]
fn a_cover_keeps_the_side_that_was_asked_for() {
    let wish = Transform::cover(10, 32).crop(Crop::Right).format(Format::Png);
    let out = transform(&file("orientation-3.jpg"), &wish).unwrap();
    assert!(close(pixel(&out.bytes, (5, 8)), [0, 255, 0, 255], 12));
    assert!(close(pixel(&out.bytes, (5, 24)), [255, 255, 0, 255], 12));
}

#[test]
fn nothing_but_pixels_leaves_the_house_unless_exif_is_asked_for() {
    for name in ["orientation-6.jpg", "orientation-6.png", "orientation-6.webp", "icc.png", "icc.jpg", "icc.webp"] {
        let bytes = file(name);
        for format in [Format::Jpeg, Format::Png, Format::WebP] {
            let out = transform(&bytes, &Transform::original().format(format).thumbnail(20)).unwrap();
            for result in [&out.bytes, &out.thumbnail.unwrap().bytes] {
                for secret in
                    [b"test camera".as_slice(), b"secret", b"Exif", b"eXIf", b"EXIF", b"ICC", b"iCCP", b"rotated"]
                {
                    assert!(!result.windows(secret.len()).any(|window| window == secret), "{name} {format:?}");
                }
            }
        }
    }
}

#[test]
fn kept_exif_says_that_the_picture_stands_upright() {
    for name in ["orientation-6.jpg", "orientation-6.png", "orientation-6.webp"] {
        for format in [Format::Jpeg, Format::Png, Format::WebP] {
            let wish = Transform::original().format(format).keep_metadata(true).thumbnail(20);
            let out = transform(&file(name), &wish).unwrap();
            assert!(out.bytes.windows(11).any(|window| window == b"test camera"), "{name} {format:?}");
            let info = inspect(&out.bytes, &MediaLimits::default()).unwrap();
            assert_eq!((info.orientation, info.width, info.height), (1, 48, 32), "{name} {format:?}");
            assert!(close(pixel(&out.bytes, (8, 8)), [255, 0, 0, 255], 20), "{name} {format:?}");
            assert!(!out.thumbnail.unwrap().bytes.windows(11).any(|window| window == b"test camera"));
        }
    }
    let glass = transform(&file("rgba.png"), &Transform::original().format(Format::WebP)).unwrap();
    assert_eq!(glass.source.has_alpha, inspect(&glass.bytes, &MediaLimits::default()).unwrap().has_alpha);
}

#[test]
fn trailing_bytes_of_another_file_are_left_behind() {
    for name in ["baseline-420.jpg", "rgb.png", "plain.gif", "lossless.webp"] {
        let bytes = [file(name), b"<script>alert(1)</script>".to_vec()].concat();
        for format in [Format::Jpeg, Format::Png, Format::WebP] {
            let out = transform(&bytes, &Transform::original().format(format)).unwrap();
            assert!(!out.bytes.windows(7).any(|window| window == b"<script"), "{name}");
        }
    }
}

#[test]
fn a_wish_that_cannot_be_names_its_field() {
    let bytes = file("rgb.png");
    let wishes = [
        (Transform::fit(5000, 10), "invalid max_width: expected 1 to 4096 px, got 5000"),
        (Transform::fit(10, 0), "invalid max_height: expected 1 to 4096 px, got 0"),
        (Transform::cover(0, 1), "invalid width: expected 1 to 4096 px, got 0"),
        (Transform::exact(1, 4097), "invalid height: expected 1 to 4096 px, got 4097"),
        (Transform::original().quality(0), "invalid quality: expected 1 to 100, got 0"),
        (Transform::original().quality(101), "invalid quality: expected 1 to 100, got 101"),
        (Transform::original().thumbnail(0), "invalid thumbnail: expected 1 to 4096 px, got 0"),
        (Transform::original().thumbnail_quality(0), "invalid thumbnail_quality: expected 1 to 100, got 0"),
        (
            Transform::exact(17_000, 1).format(Format::WebP).limits(limited(|limits| limits.max_output_side = 20_000)),
            "invalid format: expected at most 16383 px a side for webp, got 17000",
        ),
    ];
    for (wish, message) in wishes {
        let error = transform(&bytes, &wish).unwrap_err();
        assert!(matches!(error, Error::InvalidInput { .. }), "{error:?}");
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_preview_is_a_small_webp() {
    let out = preview(&file("orientation-8.jpg"), &Preview::default().fit(24, 24)).unwrap();
    assert_eq!((out.format, out.width, out.height), (Format::WebP, 24, 16));
    let defaults = Preview::default();
    assert_eq!((defaults.max_width, defaults.max_height, defaults.quality), (300, 300, 85));
    let flat = preview(&file("clear.gif"), &Preview::default().background([9, 200, 9])).unwrap();
    assert!(!inspect(&flat.bytes, &MediaLimits::default()).unwrap().has_alpha);
}

#[test]
fn a_picture_may_grow_only_when_it_may() {
    let small = file("rgb.png");
    assert_eq!(transform(&small, &Transform::fit(96, 96)).unwrap().width, 48);
    assert_eq!(transform(&small, &Transform::fit(96, 96).enlarge(true)).unwrap().width, 96);
    assert_eq!(Transform::fit(1, 2).size, TargetSize::Fit { max_width: 1, max_height: 2 });
}

#[test]
fn many_pictures_come_back_in_their_order_with_their_own_failures() {
    let names = ["rgb.png", "gray.jpg", "plain.gif", "lossy.webp", "cmyk.jpg"];
    let mut sources: Vec<Vec<u8>> = (0..40).map(|at| file(names[at % names.len()])).collect();
    sources[17] = b"no picture".to_vec();
    let expected: Vec<_> = sources.iter().map(|bytes| outcome(transform(bytes, &Transform::fit(10, 10)))).collect();
    for threads in [1, 3] {
        let taken = std::cell::Cell::new(0);
        let watched = sources.clone().into_iter().inspect(|_| taken.set(taken.get() + 1));
        let mut results = transform_many(watched, Transform::fit(10, 10)).threads(NonZeroUsize::new(threads).unwrap());
        let first = outcome(results.next().unwrap());
        assert_eq!((&first, taken.get()), (&expected[0], 2 * threads), "sources are taken as they are needed");
        let rest: Vec<_> = results.by_ref().map(outcome).collect();
        assert_eq!(rest, expected[1..], "{threads} threads");
        assert!(results.next().is_none());
    }
    assert_eq!(transform_many(Vec::<Vec<u8>>::new(), Transform::original()).count(), 0);
}

#[test]
fn a_file_that_is_missing_is_the_failure_of_its_place_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    std::fs::write(&path, file("rgb.png")).unwrap();
    let sources = [path.clone(), folder.path().join("missing.png"), path];
    let codes: Vec<_> = transform_many(sources, Transform::fit(10, 10))
        .map(|result| result.map(|out| out.width).map_err(|error| error.facts().code))
        .collect();
    assert_eq!(codes, [Ok(10), Err("file"), Ok(10)]);
}

#[test]
fn whoever_loses_patience_asks_again_for_the_same_result() {
    let sources = ["rgb.png", "gray.jpg"].map(file);
    let expected: Vec<_> = sources.iter().map(|bytes| outcome(transform(bytes, &Transform::fit(10, 10)))).collect();
    let mut results = transform_many(sources, Transform::fit(10, 10));
    let mut patiently = || loop {
        if let Poll::Ready(next) = results.next_within(Duration::ZERO) {
            break next.map(outcome);
        }
        std::thread::yield_now();
    };
    assert_eq!([patiently(), patiently(), patiently()], [Some(expected[0].clone()), Some(expected[1].clone()), None]);
}

fn outcome(result: crate::Result<Transformed>) -> Result<(Vec<u8>, u32), String> {
    result.map(|out| (out.bytes.to_vec(), out.height)).map_err(|error| error.to_string())
}
