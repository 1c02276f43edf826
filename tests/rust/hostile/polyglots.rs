//! Files that are two things at once, and what else travels in a picture: none of it leaves the house.

use porteur::{Format, Transform, transform};

use super::judge::{Case, Costs};
use super::make::{fixture, gif, jpeg, png, webp};

pub(super) fn results_hold_nothing_of_what_else_a_file_carried() {
    let mut costs = Costs::default();
    let cases = carriers();
    for case in &cases {
        let found = |bytes: &[u8], secret: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        assert!(SECRETS.iter().any(|secret| found(&case.bytes, secret)), "{} carries nothing", case.name);
        for format in [Format::Jpeg, Format::Png, Format::WebP] {
            let wish = Transform::original().format(format).thumbnail(16).thumbnail_format(format);
            assert_eq!(costs.judge(case, std::slice::from_ref(&wish)), ["picture"], "{}", case.name);
            // Metadata that is kept is EXIF, and nothing else.
            for wish in [wish.clone(), wish.keep_metadata(!case.name.contains("EXIF"))] {
                let out = transform(&case.bytes, &wish).expect("it was one");
                for bytes in [&out.bytes, &out.thumbnail.expect("it was asked for").bytes] {
                    let left = SECRETS.iter().find(|secret| found(bytes, secret));
                    assert!(left.is_none(), "{} as {format:?}: {:?}", case.name, left.map(|left| left.escape_ascii()));
                }
            }
        }
    }
    costs.close("polyglots");
}

/// Each format with each secret in each place that takes one.
fn carriers() -> Vec<Case> {
    let mut cases = Vec::new();
    for secret in SECRETS {
        let say = secret.escape_ascii();
        for name in [
            "baseline-420.jpg",
            "progressive.jpg",
            "rgb.png",
            "palette.png",
            "plain.gif",
            "lossy.webp",
            "lossless.webp",
        ] {
            cases.push(Case::new(format!("{name} and then {say}"), [&fixture(name), *secret].concat()));
        }
        for (name, marker, before) in [
            ("a comment", 0xFE, &b""[..]),
            ("XMP", 0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
            ("EXIF", 0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"),
            ("IPTC", 0xED, b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x40"),
            ("JFIF", 0xE0, b"JFXX\0\x10"),
            ("a segment of nobody", 0xEF, b""),
        ] {
            let bytes = jpeg::with(&fixture("baseline-420.jpg"), &jpeg::segment(marker, &[before, *secret].concat()));
            cases.push(Case::new(format!("jpeg with {say} in {name}"), bytes));
        }
        let (head, pixels) = (png::head(48, 32, 8, 3, false), png::zlib(&[0; 49 * 32]));
        let mut colors = [&[1, 2, 3][..], secret].concat();
        colors.resize(colors.len().next_multiple_of(3), 0);
        let text = [b"Comment\0".as_slice(), secret].concat();
        let international = [b"Comment\0\0\0\0\0".as_slice(), secret].concat();
        let exif = [b"II*\0\x08\0\0\0\0\0\0\0\0\0", *secret].concat();
        for (kind, data) in [
            (b"tEXt", &text),
            (b"iTXt", &international),
            (b"eXIf", &exif),
            (b"prVt", &secret.to_vec()),
            // Colours that no pixel has.
            (b"PLTE", &colors),
        ] {
            let mut chunks: Vec<(&[u8; 4], &[u8])> = vec![(b"IHDR", &head), (kind, data)];
            if kind != b"PLTE" {
                chunks.push((b"PLTE", &[9, 9, 9]));
            }
            chunks.extend([(b"IDAT", &pixels[..]), (b"IEND", &b""[..])] as [(&[u8; 4], &[u8]); 2]);
            let name = if kind == b"eXIf" { "EXIF" } else { "a chunk" };
            cases.push(Case::new(format!("png with {say} in {name}, {}", kind.escape_ascii()), png::png(&chunks)));
        }
        let image = gif::image((0, 0), (48, 32), 2, &gif::lzw_zeros(48 * 32));
        for label in [0xFE, 0xFF, 0x01, 0x77] {
            let extension = [&[b'!', label][..], &gif::sub_blocks(secret)].concat();
            let bytes = gif::gif(48, 32, &[extension.clone(), image.clone(), extension]);
            cases.push(Case::new(format!("gif with {say} in extension {label:X}"), bytes));
        }
        let still = webp::lossless(48, 32);
        for (kind, flags) in [(b"XMP ", 4), (b"EXIF", 8), (b"prVt", 0)] {
            let canvas = webp::canvas(flags, 48, 32);
            let chunks: [(&[u8; 4], &[u8]); 3] = [(b"VP8X", &canvas), (b"VP8L", &still), (kind, secret)];
            cases.push(Case::new(format!("webp with {say} in {}", kind.escape_ascii()), webp::webp(&chunks)));
        }
    }
    cases
}

/// The beginnings of what browsers, interpreters and mail servers would make something else of.
const SECRETS: &[&[u8]] = &[
    b"<script>alert(document.cookie)</script>",
    b"<?php __HALT_COMPILER(); ?>\r\n\x01\0\0\0",
    b"PK\x03\x04\x14\0\0\0\x08\0evil.jar",
    b"%PDF-1.7\n1 0 obj<</OpenAction",
    b"GPSLatitude=48.8566 GPSLongitude=2.3522",
    b"#!/bin/sh\nrm -rf $HOME\n",
];
