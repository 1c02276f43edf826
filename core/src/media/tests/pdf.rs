//! Pages of tests/media/pdf as pictures, in this process.

use std::path::Path;

use super::*;
use crate::media::{ImageInfo, Isolation, Preview, inspect, preview};

#[test]
fn the_facts_of_a_pdf_are_those_of_its_first_page_upright_and_in_points() {
    let facts = |name| {
        let ImageInfo { width, height, pdf_pages, frames, .. } = inspect(&pdf(name), &here()).unwrap();
        (width, height, pdf_pages, frames)
    };
    assert_eq!(facts("pages.pdf"), (240, 160, Some(3), 1));
    assert_eq!(facts("letter.pdf"), (595, 842, Some(1), 1));
}

#[test]
fn a_page_stands_upright_whatever_its_corners_and_its_rotation() {
    let first = preview(&pdf("pages.pdf"), &wish()).unwrap();
    assert_eq!((first.width, first.height), (300, 200));
    corners(&first, [RED, GREEN, BLUE, YELLOW]);
    let turned = preview(&pdf("pages.pdf"), &wish().page(2)).unwrap();
    assert_eq!((turned.width, turned.height), (200, 300));
    corners(&turned, [BLUE, RED, YELLOW, GREEN]);
    assert_eq!((turned.source.width, turned.source.height), (240, 160), "the facts are those of the first page");
}

#[test]
fn a_page_may_be_measured_in_other_units_than_points() {
    // 5 x 2.5 tenths of an inch.
    let small = preview(&pdf("pages.pdf"), &wish().page(3).dpi(100)).unwrap();
    assert_eq!((small.width, small.height), (50, 25));
}

#[test]
fn a_page_has_no_pixels_and_fills_its_box_unless_dots_an_inch_give_it_some() {
    let size = |wish: &Preview| {
        let out = preview(&pdf("pages.pdf"), wish).unwrap();
        (out.width, out.height)
    };
    assert_eq!(size(&wish().fit(1200, 1200)), (1200, 800));
    assert_eq!(size(&wish().fit(1200, 1200).dpi(72)), (240, 160));
    assert_eq!(size(&wish().fit(1200, 1200).dpi(144)), (480, 320));
    assert_eq!(size(&wish().dpi(144)), (300, 200));
    assert_eq!(size(&wish().dpi(1)), (3, 2));
}

#[test]
fn dots_an_inch_are_as_many_as_the_limits_have_room_for() {
    let limits = MediaLimits { max_pixels: 10_000, ..here() };
    let out = preview(&pdf("pages.pdf"), &wish().dpi(600).limits(limits)).unwrap();
    assert!(out.width <= 122 && out.height <= 82, "{} x {}", out.width, out.height);
    corners(&out, [RED, GREEN, BLUE, YELLOW]);
}

#[test]
fn paper_is_white_unless_another_background_is_wanted() {
    let letter = pdf("letter.pdf");
    let plain = preview(&letter, &wish()).unwrap();
    assert!(close(pixel(&plain.bytes, (3, 3)), [255; 4], 2));
    let rose = preview(&letter, &wish().background([250, 200, 210])).unwrap();
    assert!(close(pixel(&rose.bytes, (3, 3)), [250, 200, 210, 255], 4));
}

#[test]
fn text_lines_shadings_glass_and_photographs_are_drawn() {
    let page = preview(&pdf("letter.pdf"), &wish().fit(595, 842)).unwrap();
    let (width, channels, samples) = pixels(&page.bytes);
    let dark = |left: usize, top: usize, right: usize, bottom: usize| {
        let rows = samples.chunks(width * channels).take(bottom).skip(top);
        rows.flat_map(|row| row.chunks(channels).take(right).skip(left)).filter(|pixel| pixel[0] < 128).count()
    };
    assert!(dark(60, 55, 200, 75) > 200, "the heading");
    assert!(dark(60, 100, 500, 115) > 200, "the first line of text");
    assert!(close(pixel(&page.bytes, (65, 500)), [250, 252, 0, 255], 24), "the beginning of the shading");
    assert!(close(pixel(&page.bytes, (300, 520)), [230, 128, 128, 255], 30), "red glass on paper");
    assert!(dark(320, 580, 530, 720) > 1_000, "the photograph");
}

#[test]
fn a_page_that_is_not_there_is_named() {
    for (page, message) in [(0, "expected 1 to 3, got 0"), (4, "expected 1 to 3, got 4")] {
        let error = preview(&pdf("pages.pdf"), &wish().page(page)).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid page: {message}"));
    }
    let error = preview(&file("rgb.png"), &wish().page(2)).unwrap_err();
    assert_eq!(error.to_string(), "invalid page: expected 1 to 1, got 2");
    let error = preview(&pdf("pages.pdf"), &wish().dpi(601)).unwrap_err();
    assert_eq!(error.to_string(), "invalid dpi: expected 1 to 600, got 601");
}

#[test]
fn a_pdf_is_refused_where_no_program_is_known_for_it() {
    let error = preview(&pdf("pages.pdf"), &Preview::default()).unwrap_err();
    assert_eq!(error.facts().details["field"], "isolation");
    assert!(error.to_string().contains("be_media_child"), "{error}");
    assert!(preview(&file("rgb.png"), &Preview::default()).is_ok(), "a picture needs none");
}

#[test]
fn a_damaged_pdf_is_an_error_or_a_picture_and_never_a_panic() {
    let mut random = fastrand::Rng::with_seed(2_026);
    for name in ["letter.pdf", "pages.pdf", "guarded.pdf"] {
        let bytes = pdf(name);
        for _ in 0..150 {
            let mut damaged = bytes.clone();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(..damaged.len());
                damaged[at] ^= 1 << random.u8(..8);
            }
            if let Err(error) = preview(&damaged, &wish().fit(30, 30)) {
                assert_eq!(error.facts().code, "media", "{name}: {error}");
                assert!(!error.to_string().contains("gave up"), "{name}: {error}");
            }
        }
    }
}

/// Red, green, blue, yellow near the corners: upper left, upper right, lower left, lower right.
fn corners(out: &Transformed, colors: [[u8; 4]; 4]) {
    let (right, bottom) = (out.width - 3, out.height - 3);
    for (place, color) in [(2, 2), (right, 2), (2, bottom), (right, bottom)].into_iter().zip(colors) {
        let found = pixel(&out.bytes, place);
        assert!(close(found, color, 12), "{place:?}: expected {color:?}, got {found:?}");
    }
}

fn pdf(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/pdf").join(name)).expect("a PDF")
}

fn here() -> MediaLimits {
    limited(|limits| limits.isolation = Isolation::Nothing)
}

fn wish() -> Preview {
    Preview::default().limits(here())
}

const RED: [u8; 4] = [254, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 254, 255];
const YELLOW: [u8; 4] = [255, 255, 0, 255];
