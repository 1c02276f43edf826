//! What is too much is refused from the header.

use super::*;
use crate::media::inspect;

#[test]
fn a_header_of_a_hundred_thousand_squared_is_refused_in_every_format() {
    let claims: [(&str, usize, &[u8]); 3] = [
        ("rgb.png", 16, &[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]),
        ("gray.jpg", at(&file("gray.jpg"), &[0xFF, 0xC0]) + 5, &[0xFF, 0xFF, 0xFF, 0xFF]),
        ("plain.gif", 6, &[0xFF, 0xFF, 0xFF, 0xFF]),
    ];
    for (name, at, claim) in claims {
        let mut bytes = file(name);
        bytes[at..at + claim.len()].copy_from_slice(claim);
        for limits in [MediaLimits::default(), limited(|limits| limits.max_side = u32::MAX)] {
            let error = inspect(&bytes, &limits).unwrap_err();
            assert_eq!(error.facts().details["kind"], "too_large", "{name}: {error}");
            assert_eq!(
                transform(&bytes, &Transform::fit(10, 10).limits(limits)).unwrap_err().to_string(),
                error.to_string()
            );
        }
    }
}

#[test]
fn each_limit_is_named_with_what_came() {
    let cases: [(&str, MediaLimits, &str); 8] = [
        (
            "rgb.png",
            limited(|l| l.max_input_bytes = 130),
            "the picture is too large: expected at most 130 bytes, got 131",
        ),
        ("rgb.png", limited(|l| l.max_side = 47), "png is too large: expected at most 47 px a side, got 48"),
        ("rgb.png", limited(|l| l.max_pixels = 1535), "png is too large: expected at most 1535 pixels, got 1536"),
        (
            "rgb.png",
            limited(|l| l.max_output_side = 47),
            "png is too large: expected at most 47 px a side of the result, got 48",
        ),
        (
            "rgba.png",
            limited(|l| l.max_allocation = 6143),
            "png is too large: expected at most 6143 bytes of memory, got 6144",
        ),
        ("progressive.jpg", limited(|l| l.max_scans = 5), "jpeg is too large: expected at most 5 scans, got 6"),
        (
            "icc.jpg",
            limited(|l| l.max_profile_bytes = 399),
            "jpeg is too large: expected at most 399 bytes of ICC profile, got ",
        ),
        (
            "icc.webp",
            limited(|l| l.max_profile_bytes = 399),
            "webp is too large: expected at most 399 bytes of ICC profile, got 400",
        ),
    ];
    for (name, limits, message) in cases {
        let error = transform(&file(name), &Transform::original().limits(limits)).unwrap_err();
        assert!(error.to_string().starts_with(message), "{name}: {error}");
        assert_eq!(error.facts().code, "media");
    }
}

#[test]
fn metadata_is_only_too_large_when_it_is_kept() {
    let limits = limited(|limits| limits.max_metadata_bytes = 10);
    let wish = Transform::original().limits(limits);
    assert!(transform(&file("orientation-6.jpg"), &wish).is_ok());
    let error = transform(&file("orientation-6.jpg"), &wish.keep_metadata(true)).unwrap_err();
    assert_eq!(error.facts().details["kind"], "too_large");
}

#[test]
fn metadata_that_is_not_kept_may_be_as_large_as_the_file() {
    let wish = Transform::original().format(Format::Png);
    let large = vec![b'x'; 20 << 20];
    let png = |chunk: &[u8]| {
        let mut bytes = file("rgb.png");
        // Behind the header chunk.
        bytes.splice(33..33, chunk.iter().copied());
        bytes
    };
    let chunk = |kind: &[u8; 4]| {
        let kind_and_data = [kind, &*large].concat();
        let sum = crc32fast::hash(&kind_and_data).to_be_bytes();
        [&u32::try_from(large.len()).unwrap().to_be_bytes(), &*kind_and_data, &sum].concat()
    };
    let expected = transform(&file("rgb.png"), &wish).unwrap().bytes;
    for kind in [b"eXIf", b"tEXt", b"abCd"] {
        assert!(transform(&png(&chunk(kind)), &wish).unwrap().bytes == expected, "{kind:?}");
    }
    let segment = [b"\xFF\xE1\xFF\xFFExif\0\0", &vec![b'x'; 0xFFFF - 8][..]].concat();
    let mut jpeg = file("gray.jpg");
    jpeg.splice(2..2, segment.repeat(300));
    assert!(transform(&jpeg, &wish).unwrap().bytes == transform(&file("gray.jpg"), &wish).unwrap().bytes);
    let mut ink = file("cmyk.jpg");
    ink.splice(2..2, segment.repeat(300));
    assert!(transform(&ink, &wish).unwrap().bytes == transform(&file("cmyk.jpg"), &wish).unwrap().bytes);
    for name in ["icc.webp", "lossless-alpha.webp", "lossy-alpha.webp", "animated.webp"] {
        let mut webp = file(name);
        for kind in [b"EXIF", b"XMP "] {
            let length = u32::try_from(large.len() / 2).unwrap();
            webp.extend([kind, &length.to_le_bytes(), &large[..large.len() / 2]].concat());
        }
        let length = u32::try_from(webp.len() - 8).unwrap();
        webp[4..8].copy_from_slice(&length.to_le_bytes());
        let flags = if webp[12..16] == *b"VP8X" { 0x0C } else { 0 };
        webp[20] |= flags;
        assert!(transform(&webp, &wish).unwrap().bytes == transform(&file(name), &wish).unwrap().bytes, "{name}");
    }
}

#[test]
fn a_jpeg_that_visits_its_coefficients_too_often_is_refused_where_they_matter() {
    let mut bytes = file("progressive.jpg");
    claim_96_million_pixels(&mut bytes);
    // The scan of coefficients 6 to 63 of luma, ten more times with next to nothing in it.
    let scan = at(&bytes, &[6, 63, 0x02]) - 7;
    let copy = bytes[scan..scan + 10].to_vec();
    bytes.splice(scan..scan, copy.repeat(10));
    let limits = limited(|limits| limits.max_allocation = u64::MAX);
    let error = transform(&bytes, &Transform::fit(4096, 4096).limits(limits.clone())).unwrap_err();
    let expected = "jpeg is too large: expected at most 1073741824 coefficients to visit, got ";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert!(
        transform(&bytes, &Transform::fit(10, 10).limits(limits)).is_ok(),
        "the means of blocks are in other scans"
    );
}

#[test]
fn scans_of_ink_that_visit_its_pixels_too_often_are_refused() {
    let mut bytes = ink(|encoder| encoder.set_progressive(true));
    claim_96_million_pixels(&mut bytes);
    let scan = at(&bytes, &[0xFF, 0xDA]);
    let length = usize::from(bytes[scan + 3]) + 2;
    let copy = bytes[scan..scan + length].to_vec();
    bytes.splice(scan..scan, copy.repeat(20));
    let limits = limited(|limits| limits.max_allocation = u64::MAX);
    let error = transform(&bytes, &Transform::fit(10, 10).limits(limits)).unwrap_err();
    let expected = "jpeg is too large: expected at most 1073741824 pixels in all scans, got ";
    assert!(error.to_string().starts_with(expected), "{error}");
}

/// Makes a progressive JPEG say that it has 12 000 x 8 000 pixels.
fn claim_96_million_pixels(bytes: &mut [u8]) {
    let frame = at(bytes, &[0xFF, 0xC2]);
    bytes[frame + 5..frame + 9].copy_from_slice(&[0x1F, 0x40, 0x2E, 0xE0]);
}

/// A JPEG of 32 x 32 pixels of ink.
fn ink(set: impl FnOnce(&mut jpeg_encoder::Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 85);
    set(&mut encoder);
    encoder.encode(&[200, 30, 30, 9].repeat(32 * 32), 32, 32, jpeg_encoder::ColorType::Cmyk).unwrap();
    bytes
}

#[test]
fn kinds_of_jpeg_that_are_not_taken_are_named() {
    for (marker, word) in [(0xC9, "arithmetic"), (0xC3, "lossless")] {
        let mut bytes = file("gray.jpg");
        let frame = at(&bytes, &[0xFF, 0xC0]);
        bytes[frame + 1] = marker;
        let error = transform(&bytes, &Transform::original()).unwrap_err();
        assert_eq!(error.facts().details["kind"], "unsupported");
        assert!(error.to_string().contains(word), "{error}");
        assert!(inspect(&bytes, &MediaLimits::default()).is_ok(), "its size is known all the same");
    }
    let mut bytes = file("gray.jpg");
    let frame = at(&bytes, &[0xFF, 0xC0]);
    bytes[frame + 4] = 12;
    let error = transform(&bytes, &Transform::original()).unwrap_err();
    assert_eq!(error.to_string(), "jpeg is unsupported: expected 8 bits a sample, got 12");
}

#[test]
fn colours_in_scans_of_their_own_are_kept() {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 85);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
    // Makes a scan of each component.
    encoder.set_optimized_huffman_tables(true);
    encoder.encode(&[200, 30, 30].repeat(32 * 32), 32, 32, jpeg_encoder::ColorType::Rgb).unwrap();
    assert!(close(pixel(&bytes, (16, 16)), [200, 30, 30, 255], 3));
}

#[test]
fn ink_that_would_be_lost_is_refused() {
    let bytes = ink(|encoder| {
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
        encoder.set_optimized_huffman_tables(true);
    });
    let error = transform(&bytes, &Transform::original()).unwrap_err();
    assert_eq!(error.to_string(), "jpeg is unsupported: subsampled colours in scans of their own are not taken");
}

fn at(bytes: &[u8], mark: &[u8]) -> usize {
    bytes.windows(mark.len()).position(|window| window == mark).expect("the mark")
}
