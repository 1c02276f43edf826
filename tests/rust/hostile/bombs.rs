//! Files that promise, inflate to or repeat more than anybody should work on. The limits are the defaults.

use porteur::{Effort, Format, Transform};

use super::judge::{Case, Costs};
use super::make::{fixture, gif, jpeg, png, webp};

pub(super) fn files_that_promise_too_much_are_refused_from_their_header() {
    let mut costs = Costs::default();
    let large = [
        Case::new("png of 100,000 x 100,000", png::png(&[(b"IHDR", &png::head(100_000, 100_000, 8, 2, false))])),
        Case::new("png of 20,000 x 20,000 zeros", png::zeros(20_000, 8, 2, 24, false)),
        Case::new("interlaced png of zeros", png::zeros(20_000, 8, 2, 24, true)),
        Case::new("gif of 65,535 x 65,535", gif::gif(65_535, 65_535, &[gif::image((0, 0), (9, 9), 2, &[])])),
        Case::new("gif of 20,000 x 20,000 zeros", zeros_gif((20_000, 20_000), (20_000, 20_000))),
        Case::new("gif of 9,900 x 9,900 zeros", zeros_gif((9_900, 9_900), (9_900, 9_900))),
        Case::new("a picture larger than its gif", zeros_gif((1, 1), (16_384, 16_384))),
        Case::new(
            "webp canvas of 2^24 a side",
            webp::webp(&[(b"VP8X", &webp::canvas(0, 1 << 24, 1 << 24)), (b"VP8L", &webp::lossless(16_384, 16_384))]),
        ),
        Case::new("webp of 16,384 x 16,384 zeros", webp::webp(&[(b"VP8L", &webp::lossless(16_384, 16_384))])),
        Case::new("webp of 9,900 x 9,900 zeros", webp::webp(&[(b"VP8L", &webp::lossless(9_900, 9_900))])),
        Case::new("jpeg of 65,535 x 65,535", jpeg::claiming(fixture("gray.jpg"), 65_535, 65_535)),
        Case::new("progressive of 65,535 x 65,535", jpeg::claiming(fixture("progressive.jpg"), 65_535, 65_535)),
        Case::new("5,000 scans", scans(5_000)),
        Case::new("lossless jpeg of 65,535 x 65,535", {
            let mut bytes = jpeg::claiming(fixture("gray.jpg"), 65_535, 65_535);
            let frame = jpeg::find(&bytes, &[0xC0]);
            bytes[frame + 1] = 0xC3;
            bytes
        }),
        Case::new(
            "profile of a mebibyte and more in a webp",
            webp::webp(&[
                (b"VP8X", &webp::canvas(0x20, 9, 9)),
                (b"ICCP", &vec![7; (1 << 20) + 1]),
                (b"VP8L", &webp::lossless(9, 9)),
            ]),
        ),
        Case::new("profile of a mebibyte and more in a jpeg", {
            let pieces: Vec<_> = (1..=17).map(|number| jpeg::profile_piece(number, 17, &[7; 65_500])).collect();
            jpeg::with(&fixture("gray.jpg"), &pieces.concat())
        }),
    ];
    for case in large {
        assert_eq!(costs.judge(&case, &[preview()]), ["too_large"], "{}", case.name);
    }
    costs.close("promises");
}

pub(super) fn files_that_inflate_are_pictures_or_refused() {
    let mut costs = Costs::default();
    let gibibyte = png::zlib_zeros(1 << 30);
    let text = [b"Comment\0\0".as_slice(), &gibibyte].concat();
    let international = [b"Comment\0\x01\0\0\0".as_slice(), &gibibyte].concat();
    let pixels = png::zlib(&[0; 9 * 28]);
    let around = |kind: &'static [u8; 4], data: &[u8]| {
        let head = png::head(9, 9, 8, 2, false);
        png::png(&[(b"IHDR", &head), (kind, data), (b"IDAT", &pixels), (b"IEND", b"")])
    };
    let head = |frames: u32| [frames.to_be_bytes(), [0; 4]].concat();
    let inflating = [
        Case::new("a gibibyte of zTXt", around(b"zTXt", &text)),
        Case::new("a gibibyte of iTXt", around(b"iTXt", &international)),
        Case::new("a gibibyte of iCCP", around(b"iCCP", &text)),
        Case::new("twenty mebibytes of text", around(b"tEXt", &vec![b'x'; 20 << 20])),
        Case::new("twenty mebibytes of EXIF", around(b"eXIf", &vec![b'x'; 20 << 20])),
        Case::new(
            "a gibibyte in a picture of one pixel",
            png::png(&[(b"IHDR", &png::head(1, 1, 8, 2, false)), (b"IDAT", &gibibyte), (b"IEND", b"")]),
        ),
        Case::new("two million empty chunks", {
            let mut pieces = vec![[b"IHDR".as_slice(), &png::head(9, 9, 8, 2, false)].concat()];
            pieces.resize(2_000_000, b"abCd".to_vec());
            png_of(pieces, &pixels)
        }),
        Case::new("a million empty pieces of picture", {
            let mut pieces = vec![[b"IHDR".as_slice(), &png::head(9, 9, 8, 2, false)].concat()];
            pieces.resize(1_000_000, b"IDAT".to_vec());
            png_of(pieces, &pixels)
        }),
        Case::new("100,000 frames in a png", {
            let mut pieces = vec![[b"IHDR".as_slice(), &png::head(9, 9, 8, 2, false)].concat()];
            pieces.push([b"acTL".as_slice(), &head(100_000)].concat());
            pieces.push([b"IDAT".as_slice(), &pixels].concat());
            for number in 0..100_000_u32 {
                pieces.push([b"fdAT".as_slice(), &number.to_be_bytes(), &pixels].concat());
            }
            png_of(pieces, &[])
        }),
        Case::new("100,000 frames in a gif", {
            let frame = gif::image((0, 0), (1, 1), 2, &gif::lzw_zeros(1));
            gif::gif(1, 1, &vec![frame; 100_000])
        }),
        Case::new("100,000 frames in a webp", {
            let frame = webp::frame((0, 0), (1, 1), &[(b"VP8L", &webp::lossless(1, 1))]);
            let mut chunks: Vec<(&[u8; 4], &[u8])> =
                vec![(b"VP8X", &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0]), (b"ANIM", &[0; 6])];
            chunks.resize(100_000, (b"ANMF", &frame));
            webp::webp(&chunks)
        }),
        Case::new(
            "a frame far outside its gif",
            gif::gif(5, 5, &[gif::image((60_000, 60_000), (5_000, 5_000), 2, &gif::lzw_zeros(25_000_000))]),
        ),
        Case::new(
            "clear codes without end",
            gif::gif(500, 500, &[gif::image((0, 0), (500, 500), 2, &vec![0x24; 20 << 20])]),
        ),
        Case::new("sub-blocks without end", gif::gif(5, 5, &vec![vec![b'!', 0xFE, 1, 0, 0]; 4_000_000])),
    ];
    for case in &inflating {
        let kinds = costs.judge(case, &[preview(), preview().animated(true)]);
        let counted = case.name.starts_with("100,000 frames") && !case.name.ends_with("png");
        assert!(!counted || kinds == ["picture", "too_large"], "{}: {kinds:?}", case.name);
    }
    costs.close("inflating");
}

pub(super) fn pictures_at_the_edge_of_the_limits_stay_within_the_memory() {
    let mut costs = Costs::default();
    let edges = [
        Case::new("png of 9,400 x 9,400 RGB", png::zeros(9_400, 8, 2, 24, false)),
        Case::new("png of 8,100 x 8,100 RGBA", png::zeros(8_100, 8, 6, 32, false)),
        Case::new("png of 5,700 x 5,700 RGBA of 16 bits", png::zeros(5_700, 16, 6, 64, false)),
        Case::new("interlaced png of 8,100 x 8,100 RGBA", png::zeros(8_100, 8, 6, 32, true)),
        Case::new("bilevel png of 9,900 x 9,900", png::zeros(9_900, 1, 0, 1, false)),
        Case::new("gif of 9,000 x 9,000", zeros_gif((9_000, 9_000), (9_000, 9_000))),
        Case::new("gif with a larger picture", zeros_gif((5, 5), (16_000, 16_000))),
        Case::new("lossless webp of 5,700 x 5,700", webp::webp(&[(b"VP8L", &webp::lossless(5_700, 5_700))])),
        Case::new("animated webp of 5,700 x 5,700", animated(&[(b"VP8L", &webp::lossless(5_700, 5_700))], 5_700)),
        Case::new("lossy webp of 16,000 x 6,200", webp::webp(&[(b"VP8 ", &lossy(16_000, 6_200))])),
        Case::new("jpeg of 16,000 x 6,200", jpeg::claiming(fixture("baseline-420.jpg"), 16_000, 6_200)),
        Case::new("grey jpeg of 16,000 x 6,200", jpeg::claiming(fixture("gray.jpg"), 16_000, 6_200)),
        Case::new("progressive jpeg of 8,000 x 6,000", jpeg::claiming(fixture("progressive.jpg"), 8_000, 6_000)),
        Case::new("ink of 8,000 x 8,000", jpeg::claiming(fixture("cmyk.jpg"), 8_000, 8_000)),
        Case::new("RGB jpeg of 9,000 x 9,000", jpeg::claiming(fixture("rgb.jpg"), 9_000, 9_000)),
        Case::new("a hundred scans of 9,000 x 9,000", jpeg::claiming(scans(90), 9_000, 9_000)),
    ];
    for case in &edges {
        costs.judge(case, &[preview()]);
    }
    let flat = Transform::exact(300, 1).format(Format::Png).effort(Effort::Fast);
    let narrow = Transform::exact(1, 300).format(Format::Png).effort(Effort::Fast);
    let large = Transform::exact(4_096, 4_096).format(Format::Jpeg);
    let wishes = [
        (Case::new("png of 4,096 x 16,384 RGBA", strip(4_096, 16_384, 6, 4)), &flat),
        (Case::new("png of 16,384 x 4,096 RGBA", strip(16_384, 4_096, 6, 4)), &narrow),
        (Case::new("png of 9,000 x 9,000 RGB", strip(9_000, 9_000, 2, 3)), &flat),
        (Case::new("png of 100 x 16,384 RGB", strip(100, 16_384, 2, 3)), &large),
        (Case::new("png of 16,384 x 1 RGB", strip(16_384, 1, 2, 3)), &narrow),
    ];
    for (case, wish) in wishes {
        assert_eq!(costs.judge(&case, std::slice::from_ref(wish)), ["picture"], "{}", case.name);
    }
    costs.close("edges");
}

pub(super) fn chunks_of_a_webp_that_disagree_are_refused_before_they_cost_anything() {
    let mut costs = Costs::default();
    let huge = lossy(16_383, 16_383);
    let small = lossy(48, 32);
    let alpha = [0; 64];
    let lies = [
        Case::new(
            "a picture larger than its canvas",
            webp::webp(&[(b"VP8X", &webp::canvas(0, 1, 1)), (b"VP8 ", &huge)]),
        ),
        Case::new("a picture larger than its frame", animated(&[(b"VP8 ", &huge)], 48)),
        Case::new("a picture larger than its alpha", animated(&[(b"ALPH", &alpha), (b"VP8 ", &huge)], 48)),
        Case::new("a picture by another name", animated(&[(b"ALPH", &alpha), (b"XXXX", &huge)], 48)),
        Case::new("a picture smaller than its frame", animated(&[(b"ALPH", &alpha), (b"VP8 ", &small)], 480)),
        Case::new(
            "a frame larger than its canvas",
            webp::webp(&[
                (b"VP8X", &webp::canvas(2, 1, 1)),
                (b"ANIM", &[0; 6]),
                (b"ANMF", &webp::frame((0, 0), (5_000, 5_000), &[(b"VP8L", &webp::lossless(5_000, 5_000))])),
            ]),
        ),
        Case::new("65,536 groups of codes", webp::webp(&[(b"VP8L", &webp::thousands_of_codes(65_536))])),
    ];
    for case in &lies {
        assert_ne!(costs.judge(case, &[preview()]), ["picture"], "{}", case.name);
    }
    costs.close("lies");
}

/// The wish of previews, and most often made.
fn preview() -> Transform {
    Transform::fit(300, 300).format(Format::WebP)
}

fn png_of(mut pieces: Vec<Vec<u8>>, pixels: &[u8]) -> Vec<u8> {
    pieces.push([b"IDAT".as_slice(), pixels].concat());
    pieces.push(b"IEND".to_vec());
    png::whole(&pieces)
}

/// A PNG of zeros in bytes of `channels` a pixel.
fn strip(width: u32, height: u32, color: u8, channels: u32) -> Vec<u8> {
    let zeros = png::zlib_zeros(u64::from(height) * u64::from(width * channels + 1));
    png::png(&[(b"IHDR", &png::head(width, height, 8, color, false)), (b"IDAT", &zeros), (b"IEND", b"")])
}

fn zeros_gif(canvas: (u16, u16), size: (u16, u16)) -> Vec<u8> {
    let data = gif::lzw_zeros(u64::from(size.0) * u64::from(size.1));
    gif::gif(canvas.0, canvas.1, &[gif::image((0, 0), size, 2, &data)])
}

/// A lossy picture that says it has this size.
fn lossy(width: u16, height: u16) -> Vec<u8> {
    let mut data = fixture("lossy.webp")[20..].to_vec();
    data[6..8].copy_from_slice(&width.to_le_bytes());
    data[8..10].copy_from_slice(&height.to_le_bytes());
    data
}

/// An animation with one frame of these chunks, as large as its canvas.
fn animated(chunks: &[(&[u8; 4], &[u8])], side: u32) -> Vec<u8> {
    let frame = webp::frame((0, 0), (side, side), chunks);
    webp::webp(&[(b"VP8X", &webp::canvas(0x12, side, side)), (b"ANIM", &[0; 6]), (b"ANMF", &frame)])
}

/// A progressive JPEG whose last scan comes so many times more.
fn scans(more: usize) -> Vec<u8> {
    let bytes = fixture("progressive.jpg");
    let start = bytes.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).expect("a scan");
    let (before, scan) = (&bytes[..start], &bytes[start..bytes.len() - 2]);
    [before, &scan.repeat(more + 1), &[0xFF, 0xD9]].concat()
}
