//! What standards allow and nobody writes, and what they forbid and somebody wrote.

use super::judge::Case;
use super::make::{fixture, gif, jpeg, png, webp};
use super::mutations::judged;

pub(super) fn odd_jpegs_are_pictures_or_refused() {
    let base = fixture("baseline-420.jpg");
    let (frame, scan) = (jpeg::find(&base, &[0xC0]), jpeg::find(&base, &[0xDA]));
    let changed = |at: usize, value: &[u8]| {
        let mut bytes = base.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        bytes
    };
    let mut cases = vec![
        Case::new("a height that comes later", changed(frame + 5, &[0, 0])),
        Case::new("no width", changed(frame + 7, &[0, 0])),
        Case::new("12 bits", changed(frame + 4, &[12])),
        Case::new("no components", changed(frame + 9, &[0])),
        Case::new("255 components", changed(frame + 9, &[255])),
        Case::new("a component twice", changed(frame + 13, &base[frame + 10..frame + 11])),
        Case::new("two frames", [&base[..scan], &base[frame..frame + 19], &base[scan..]].concat()),
        Case::new("a height behind the picture", [&base[..base.len() - 2], b"\xFF\xDC\0\x04\0\x20\xFF\xD9"].concat()),
        Case::new("a picture in a picture", jpeg::with(&base, &jpeg::segment(0xE1, &base))),
        Case::new("fill bytes without end", jpeg::with(&base, &vec![0xFF; 1 << 20])),
        Case::new("starts without end", jpeg::with(&base, &b"\xFF\xD8".repeat(1 << 19))),
        Case::new("empty comments without end", jpeg::with(&base, &b"\xFF\xFE\0\x02".repeat(1 << 18))),
        Case::new("a segment of no length", jpeg::with(&base, b"\xFF\xFE\0\0")),
        Case::new("a segment beyond the end", jpeg::with(&base[..scan], b"\xFF\xFE\xFF\xFF")),
        Case::new("tables without end", jpeg::with(&base, &jpeg::segment(0xC4, &huffman_table()).repeat(2_000))),
        Case::new("a scan of a component that there is not", changed(scan + 5, &[77])),
        Case::new("a scan of tables that there are not", changed(scan + 6, &[0x33])),
        Case::new("two thousand scans", [&base[..base.len() - 2], &base[scan..].repeat(2_000)].concat()),
    ];
    for marker in (0xC1..=0xCF).filter(|marker| !matches!(marker, 0xC4 | 0xC8 | 0xCC)) {
        cases.push(Case::new(format!("coding {marker:X}"), changed(frame + 1, &[marker])));
        cases.push(Case::new(format!("ink in coding {marker:X}"), {
            let mut bytes = fixture("cmyk.jpg");
            let frame = jpeg::find(&bytes, &[0xC0]);
            bytes[frame + 1] = marker;
            bytes
        }));
    }
    // Sampling factors of each component, those included that are too large together.
    for factors in [0x00, 0x11, 0x12, 0x21, 0x22, 0x14, 0x41, 0x31, 0x33, 0x44, 0x55, 0xFF] {
        for component in 0..3 {
            let at = frame + 11 + 3 * component;
            cases.push(Case::new(format!("sampling {factors:X} of {component}"), changed(at, &[factors])));
        }
        for name in ["cmyk.jpg", "rgb.jpg", "gray.jpg", "progressive.jpg"] {
            let mut bytes = fixture(name);
            let frame = jpeg::find(&bytes, &[0xC0, 0xC2]);
            for at in (frame + 11..).step_by(3).take(usize::from(bytes[frame + 9])) {
                bytes[at] = factors;
            }
            cases.push(Case::new(format!("sampling {factors:X} of {name}"), bytes));
        }
    }
    for units in [0_u16, 1, 2, 5, 6, 7, 65_535] {
        cases.push(Case::new(
            format!("restarts every {units}"),
            jpeg::with(&base, &jpeg::segment(0xDD, &units.to_be_bytes())),
        ));
    }
    for exif in exifs() {
        cases.push(Case::new(
            "EXIF that goes wrong",
            jpeg::with(&base, &jpeg::segment(0xE1, &[b"Exif\0\0", &exif[..]].concat())),
        ));
        let head = png::head(3, 3, 8, 0, false);
        let chunks: [(&[u8; 4], &[u8]); 4] =
            [(b"IHDR", &head), (b"eXIf", &exif), (b"IDAT", &png::zlib(&[0; 12])), (b"IEND", b"")];
        cases.push(Case::new("EXIF of a png that goes wrong", png::png(&chunks)));
    }
    let kinds = judged("odd jpegs", cases);
    for name in ["no width", "no components", "255 components"] {
        let (_, found) = kinds.iter().find(|(known, _)| known == name).expect("a case");
        assert!(found.iter().all(|kind| kind == "corrupt"), "{name}: {found:?}");
    }
}

/// Directories that lead to themselves, beyond the end, or hold more than there is.
fn exifs() -> Vec<Vec<u8>> {
    let tiff = |offset: u32, entries: &[u8]| [b"II*\0".as_slice(), &offset.to_le_bytes(), entries].concat();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let directory = |entries: &[Vec<u8>], next: u32| {
        let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
        [&count[..], &entries.concat(), &next.to_le_bytes()].concat()
    };
    vec![
        tiff(0, &[]),
        tiff(u32::MAX, &[]),
        tiff(8, &directory(&[entry(274, 3, u32::MAX, 6)], 8)),
        tiff(8, &directory(&[entry(0x8769, 4, 1, 8), entry(274, 4, 1, 8)], 8)),
        tiff(8, &directory(&vec![entry(0x0111, 4, u32::MAX, u32::MAX); 5_000], 8)),
        tiff(8, &[0xFF, 0xFF]),
        tiff(8, &directory(&[entry(274, 3, 1, 0x0001_0000)], 0)),
        tiff(8, &directory(&[entry(274, 7, 1, 6)], 0)),
    ]
}

fn huffman_table() -> Vec<u8> {
    [&[0x13, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1][..], &[1; 16]].concat()
}

pub(super) fn odd_gifs_are_pictures_or_refused() {
    let data = gif::lzw_zeros(100);
    let image = |place, size| gif::image(place, size, 2, &data);
    let mut cases = vec![
        Case::new("no picture", gif::gif(10, 10, &[])),
        Case::new("a picture of no size", gif::gif(10, 10, &[image((0, 0), (0, 0))])),
        Case::new("a canvas of no size", gif::gif(0, 0, &[image((0, 0), (10, 10))])),
        Case::new("a picture outside its canvas", gif::gif(10, 10, &[image((65_535, 65_535), (10, 10))])),
        Case::new("a picture larger than its canvas", gif::gif(3, 3, &[image((0, 0), (10, 10))])),
        Case::new("a picture that hangs over", gif::gif(10, 10, &[image((5, 5), (10, 10))])),
        Case::new("too few pixels", gif::gif(50, 50, &[image((0, 0), (50, 50))])),
        Case::new("too many pixels", gif::gif(2, 2, &[image((0, 0), (2, 2))])),
        Case::new("no pixels", gif::gif(10, 10, &[gif::image((0, 0), (10, 10), 2, &[])])),
        Case::new("extensions alone", gif::gif(10, 10, &vec![b"!\xF9\x04\x01\0\0\0\0".to_vec(); 10_000])),
        Case::new(
            "an extension that is too short",
            gif::gif(10, 10, &[b"!\xF9\x01\x01\0".to_vec(), image((0, 0), (10, 10))]),
        ),
        Case::new("a block of no kind", gif::gif(10, 10, &[vec![0x77; 50], image((0, 0), (10, 10))])),
    ];
    for bits in 0..=16 {
        cases.push(Case::new(
            format!("codes of {bits} bits"),
            gif::gif(10, 10, &[gif::image((0, 0), (10, 10), bits, &data)]),
        ));
    }
    for byte in [0x00, 0x24, 0x49, 0x55, 0x92, 0xAA, 0xFF] {
        let codes = vec![byte; 3_000];
        cases.push(Case::new(
            format!("codes of {byte:X}"),
            gif::gif(10, 10, &[gif::image((0, 0), (10, 10), 2, &codes)]),
        ));
    }
    judged("odd gifs", cases);
}

pub(super) fn odd_pngs_and_webps_are_pictures_or_refused() {
    let head = |depth, color| png::head(5, 5, depth, color, false);
    let pixels = png::zlib(&[0; 200]);
    let mut cases = Vec::new();
    for (depth, color) in (0..=17).flat_map(|depth| (0..=7).map(move |color| (depth, color))) {
        let chunks: [(&[u8; 4], &[u8]); 4] =
            [(b"IHDR", &head(depth, color)), (b"PLTE", &[1, 2, 3]), (b"IDAT", &pixels), (b"IEND", b"")];
        cases.push(Case::new(format!("colour {color} of {depth} bits"), png::png(&chunks)));
    }
    let still = webp::lossless(9, 9);
    let frame = webp::frame((0, 0), (9, 9), &[(b"VP8L", &still)]);
    let outside = webp::frame((8, 8), (9, 9), &[(b"VP8L", &still)]);
    let nested = webp::frame((0, 0), (9, 9), &[(b"ANMF", &frame)]);
    let [plain, moving, clear] = [0, 2, 16].map(|flags| webp::canvas(flags, 9, 9));
    let chunks: [(&str, Chunks<'_>); 10] = [
        ("still", vec![(b"VP8X", &plain), (b"VP8L", &still)]),
        ("two pictures", vec![(b"VP8X", &plain), (b"VP8L", &still), (b"VP8L", &still)]),
        ("a picture and a frame", vec![(b"VP8X", &plain), (b"ANMF", &frame), (b"VP8L", &still)]),
        ("an animation without frames", vec![(b"VP8X", &moving), (b"ANIM", &[0; 6])]),
        ("a frame without an animation", vec![(b"VP8X", &moving), (b"ANMF", &frame)]),
        ("a frame outside", vec![(b"VP8X", &moving), (b"ANIM", &[0; 6]), (b"ANMF", &outside)]),
        ("a frame in a frame", vec![(b"VP8X", &moving), (b"ANIM", &[0; 6]), (b"ANMF", &nested)]),
        ("an empty frame", vec![(b"VP8X", &moving), (b"ANIM", &[0; 6]), (b"ANMF", &[0; 16])]),
        ("alpha of nothing", vec![(b"VP8X", &clear), (b"ALPH", &[]), (b"VP8L", &still)]),
        ("a canvas alone", vec![(b"VP8X", &plain)]),
    ];
    for (name, chunks) in chunks {
        let bytes = webp::webp(&chunks);
        for length in [0, 4, 12, 0xFFFF_FFFF_u32] {
            let mut lying = bytes.clone();
            lying[4..8].copy_from_slice(&length.to_le_bytes());
            cases.push(Case::new(format!("{name}, a file of {length} bytes"), lying));
        }
        for length in [0, 9, 11, 0x7FFF_FFFF, 0xFFFF_FFFF_u32] {
            let mut lying = bytes.clone();
            lying[16..20].copy_from_slice(&length.to_le_bytes());
            cases.push(Case::new(format!("{name}, a chunk of {length} bytes"), lying));
        }
        cases.push(Case::new(name, bytes));
    }
    for bits in 0..=15 {
        let mut code = webp::lossless_head(9, 9);
        code.put(0, 1);
        code.put(1, 1);
        code.put(bits, 4);
        code.put(0, 1);
        for _ in 0..5 {
            code.put(0b0001, 4);
        }
        cases.push(Case::new(format!("a colour cache of {bits} bits"), webp::webp(&[(b"VP8L", &code.finish())])));
    }
    judged("odd pngs and webps", cases);
}

/// Kinds and data.
type Chunks<'a> = Vec<(&'a [u8; 4], &'a [u8])>;

pub(super) fn profiles_that_lie_are_passed_over() {
    let base = fixture("gray.jpg");
    let icc = fixture("icc.jpg");
    let at = jpeg::find(&icc, &[0xE2]);
    let profile = &icc[at + 18..at + 2 + usize::from(u16::from_be_bytes([icc[at + 2], icc[at + 3]]))];
    let color = fixture("baseline-444.jpg");
    let mut random = fastrand::Rng::with_seed(5);
    let mut cases = vec![
        Case::new("piece 1 of 255", jpeg::with(&base, &jpeg::profile_piece(1, 255, profile))),
        Case::new("piece 0 of 0", jpeg::with(&base, &jpeg::profile_piece(0, 0, profile))),
        Case::new("piece 9 of 1", jpeg::with(&base, &jpeg::profile_piece(9, 1, profile))),
        Case::new("pieces without end", jpeg::with(&base, &jpeg::profile_piece(1, 1, &[]).repeat(100_000))),
    ];
    for round in 0..600 {
        let mut profile = if round % 2 == 0 { profile.to_vec() } else { table_profile(&mut random) };
        for _ in 0..=round % 6 {
            // Numbers stand in the first bytes: sizes, the list of tags, the grid of a table.
            let length = if random.bool() { profile.len().min(330) } else { profile.len() };
            let at = random.usize(..length);
            profile[at] = [0, 1, 0x7F, 0xFF, random.u8(..)][random.usize(..5)];
        }
        if round % 5 == 0 {
            profile.truncate(random.usize(..profile.len()));
        }
        let source = match round % 3 {
            0 => jpeg::with(&color, &jpeg::profile_piece(1, 1, &profile)),
            1 => jpeg::with(&fixture("cmyk.jpg"), &jpeg::profile_piece(1, 1, &profile)),
            _ => {
                let head = png::head(3, 3, 8, if round % 2 == 0 { 2 } else { 0 }, false);
                let compressed = [b"x\0\0".as_slice(), &png::zlib(&profile)].concat();
                let chunks: [(&[u8; 4], &[u8]); 4] =
                    [(b"IHDR", &head), (b"iCCP", &compressed), (b"IDAT", &png::zlib(&[0; 40])), (b"IEND", b"")];
                png::png(&chunks)
            }
        };
        cases.push(Case::new(format!("profile, round {round}"), source));
    }
    let kinds = judged("profiles", cases);
    let pictures = kinds.iter().filter(|(_, kinds)| kinds.iter().any(|kind| kind == "picture")).count();
    assert!(pictures > 500, "a profile that makes no sense is no reason to refuse a picture: {pictures}");
}

/// A profile whose colours stand in a table of two or three steps a channel. Source: ICC.1, 10.10 and 10.11.
fn table_profile(random: &mut fastrand::Rng) -> Vec<u8> {
    let (space, channels) = [(b"RGB ", 3), (b"CMYK", 4), (b"GRAY", 1)][random.usize(..3)];
    let wide = random.bool();
    let grid = random.u8(2..4);
    let mut table = if wide { b"mft2\0\0\0\0".to_vec() } else { b"mft1\0\0\0\0".to_vec() };
    table.extend([channels, 3, grid, 0]);
    for one in [1_u32, 0, 0, 0, 1, 0, 0, 0, 1] {
        table.extend((one << 16).to_be_bytes());
    }
    let entries = usize::from(grid).pow(channels.into()) * 3;
    let (ramp, size) = if wide {
        table.extend([0, 2, 0, 2]);
        (vec![0, 0, 0xFF, 0xFF], 2)
    } else {
        ((0..=255).collect(), 1)
    };
    table.extend(ramp.repeat(channels.into()));
    table.extend((0..entries * size).map(|_| random.u8(..)));
    table.extend(ramp.repeat(3));
    let start = 128 + 4 + 12;
    let size = u32::try_from(start + table.len()).unwrap();
    let mut profile =
        [&size.to_be_bytes()[..], &[0; 4], &[2, 0x10, 0, 0], b"prtr", space, b"Lab ", &[0; 12], b"acsp"].concat();
    profile.resize(68, 0);
    profile.extend([0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D]);
    profile.resize(128, 0);
    profile.extend(1_u32.to_be_bytes());
    profile.extend(b"A2B0");
    profile.extend(u32::try_from(start).unwrap().to_be_bytes());
    profile.extend(u32::try_from(table.len()).unwrap().to_be_bytes());
    profile.extend(table);
    profile
}
