//! Each variety of each format shows its four fields.

use super::*;
use crate::media::inspect;

#[test]
fn every_variety_shows_its_four_fields_where_they_belong() {
    for (name, bytes) in files() {
        if name == "offset.gif" {
            continue;
        }
        let gray = name.starts_with("gray") || name.starts_with("bilevel");
        let (tolerance, strict) = if name.ends_with("jpg") || name.contains("loss") { (12, true) } else { (3, !gray) };
        let expected = expected(&name);
        for (place, wanted) in [(8, 8), (36, 8), (8, 24), (36, 24)].into_iter().zip(expected) {
            let got = pixel(&bytes, place);
            let blind = wanted[3] == 0;
            let alpha = if blind || name.contains("rgba") || name.contains("alpha") { got[3] } else { wanted[3] };
            let wanted = if gray { gray_of(wanted, &name) } else { wanted };
            let wanted = [wanted[0], wanted[1], wanted[2], alpha];
            let hidden = got[3] < 40;
            assert!(
                hidden || close(got, wanted, tolerance.max(if strict { 0 } else { 3 })),
                "{name} {place:?}: {got:?} {wanted:?}"
            );
        }
    }
}

/// The four fields, as far as the name says that they are others.
fn expected(name: &str) -> [[u8; 4]; 4] {
    let (red, green, blue) = ([255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]);
    let (yellow, cyan) = ([255, 255, 0, 255], [0, 255, 255, 255]);
    match name {
        // Its profile calls red what is green, green what is blue, blue what is red.
        name if name.starts_with("icc") => [green, blue, red, cyan],
        name if name.contains("clear") => [[0; 4], green, blue, yellow],
        _ => [red, green, blue, yellow],
    }
}

fn gray_of([red, green, blue, alpha]: [u8; 4], name: &str) -> [u8; 4] {
    let level = (f64::from(red) * 0.299 + f64::from(green) * 0.587 + f64::from(blue) * 0.114).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a level of 0 to 255")]
    let level = level as u8;
    let level = if name.starts_with("bilevel") { if level > 100 { 255 } else { 0 } } else { level };
    [level, level, level, alpha]
}

#[test]
fn fields_of_glass_keep_their_alpha() {
    for name in ["rgba.png", "rgba16.png", "gray-alpha.png", "lossless-alpha.webp", "lossy-alpha.webp"] {
        let bytes = file(name);
        let left = pixel(&bytes, (4, 8))[3];
        let right = pixel(&bytes, (43, 8))[3];
        assert!(left.abs_diff(right) > 150, "{name}: {left} {right}");
        let webp = transform(&bytes, &Transform::original().format(Format::WebP)).unwrap();
        assert!(pixel(&webp.bytes, (4, 8))[3].abs_diff(left) <= 8, "{name}");
        let jpeg = transform(&bytes, &Transform::original().format(Format::Jpeg).background([0, 0, 255])).unwrap();
        let faint = if left < right { (4, 8) } else { (43, 8) };
        assert!(pixel(&jpeg.bytes, faint)[2] > 200, "{name}: no background");
    }
}

#[test]
fn the_first_picture_of_an_animation_lies_on_its_canvas() {
    let bytes = file("offset.gif");
    let info = inspect(&bytes, &MediaLimits::default()).unwrap();
    assert_eq!((info.width, info.height, info.has_alpha), (48, 32, true));
    assert_eq!((pixel(&bytes, (8, 8)), pixel(&bytes, (36, 24))), ([0; 4], [255, 0, 255, 255]));
}

#[test]
fn what_inspect_says_is_in_the_header() {
    for (name, bytes) in files() {
        let info = inspect(&bytes, &MediaLimits::default()).unwrap();
        let ending = name.rsplit('.').next().unwrap().replace("jpg", "jpeg");
        assert_eq!(info.format.name(), ending, "{name}");
        let size = if name == "odd.jpg" { (47, 31) } else { (48, 32) };
        assert_eq!((info.width, info.height), size, "{name}");
        let number = name.strip_prefix("orientation-").map_or(1, |rest| rest[..1].parse().unwrap());
        assert_eq!(info.orientation, number, "{name}");
        assert_eq!(info.frames, if name.starts_with("animated") { 3 } else { 1 }, "{name}");
        assert_eq!(info.has_icc, name.starts_with("icc") || name == "bombs.png", "{name}");
        let clear = ["rgba", "alpha", "clear", "offset"].iter().any(|word| name.contains(word));
        assert_eq!(info.has_alpha, clear, "{name}");
        assert_eq!(info.pdf_pages, None);
    }
}
