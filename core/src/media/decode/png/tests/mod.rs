//! What our own decoder takes is what the png crate decodes, sample by sample, and it takes nothing that the crate does
//! not.

use fastrand::Rng;
use png::{BitDepth, ColorType, Encoder, Filter};

use super::*;

/// Colour type and depth of what ours takes.
const TAKEN: [(ColorType, BitDepth); 11] = [
    (ColorType::Grayscale, BitDepth::One),
    (ColorType::Grayscale, BitDepth::Two),
    (ColorType::Grayscale, BitDepth::Four),
    (ColorType::Grayscale, BitDepth::Eight),
    (ColorType::GrayscaleAlpha, BitDepth::Eight),
    (ColorType::Rgb, BitDepth::Eight),
    (ColorType::Rgba, BitDepth::Eight),
    (ColorType::Indexed, BitDepth::One),
    (ColorType::Indexed, BitDepth::Two),
    (ColorType::Indexed, BitDepth::Four),
    (ColorType::Indexed, BitDepth::Eight),
];

fn both(bytes: &[u8]) -> [Option<Vec<u8>>; 2] {
    by_each_decoder(bytes, &MediaLimits { max_allocation: 4 << 20, ..MediaLimits::default() })
}

/// A picture with rows of every filter, in any order.
fn picture((color, depth): (ColorType, BitDepth), (width, height): (u32, u32), random: &mut Rng) -> Vec<u8> {
    let length = (width as usize * color.samples() * depth as usize).div_ceil(8);
    let mut rows = Vec::new();
    let soft = random.bool();
    for _ in 0..height {
        rows.push(if random.u8(..3) == 0 { 4 } else { random.u8(..5) });
        // Differences of photographs are small; any others are possible.
        rows.extend((0..length).map(|_| if soft { random.u8(..7).wrapping_sub(3) } else { random.u8(..) }));
    }
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth as u8, color as u8, 0, 0, 0]].concat();
    chunk(&mut bytes, b"IHDR", &head);
    if color == ColorType::Indexed {
        // Fewer colours than values, so that some values lead beyond them.
        let colors = 1 + random.usize(..1 << (depth as u8).min(7));
        let palette: Vec<u8> = (0..3 * colors).map(|_| random.u8(..)).collect();
        chunk(&mut bytes, b"PLTE", &palette);
        if random.bool() {
            let alpha: Vec<u8> = (0..=random.usize(..colors + 1)).map(|_| random.u8(..)).collect();
            chunk(&mut bytes, b"tRNS", &alpha);
        }
    }
    let data = fdeflate::compress_to_vec(&rows);
    for part in data.chunks(1 + random.usize(..data.len())) {
        chunk(&mut bytes, b"IDAT", part);
    }
    chunk(&mut bytes, b"IEND", b"");
    bytes
}

fn chunk(bytes: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
    let start = bytes.len();
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(data);
    let sum = crc32fast::hash(&bytes[start..]);
    bytes.extend(sum.to_be_bytes());
}

#[test]
fn every_kind_size_and_mix_of_filters_comes_out_as_from_the_png_crate() {
    let mut random = Rng::with_seed(1);
    for kind in TAKEN {
        for round in 0..140 {
            let size = if round < 70 { (round + 1, 1 + random.u32(..70)) } else { (1 + random.u32(..70), round - 69) };
            let [ours, theirs] = both(&picture(kind, size, &mut random));
            assert!(ours.is_some(), "{kind:?} {size:?} is left to the crate");
            assert!(ours == theirs, "{kind:?} {size:?}");
        }
    }
}

#[test]
fn pictures_larger_than_the_window_come_out_as_from_the_png_crate() {
    let mut random = Rng::with_seed(2);
    for kind in TAKEN {
        for size in [(16_000, 40), (700, 900)] {
            let [ours, theirs] = both(&picture(kind, size, &mut random));
            assert!(ours.is_some() && ours == theirs, "{kind:?} {size:?}");
        }
    }
}

/// fdeflate writes few kinds of codes; another compressor writes the rest.
#[test]
fn what_the_png_crate_compresses_best_comes_out_again() {
    let mut random = Rng::with_seed(3);
    let (width, height) = (211, 97);
    let samples: Vec<u8> =
        (0..width * height * 3).map(|at: u32| (at / 40).to_le_bytes()[0].wrapping_add(random.u8(..4))).collect();
    for filter in [Filter::NoFilter, Filter::Sub, Filter::Up, Filter::Avg, Filter::Paeth, Filter::Adaptive] {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, width, height);
        encoder.set_color(ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(filter);
        encoder.write_header().unwrap().write_image_data(&samples).unwrap();
        assert_eq!(both(&bytes)[0].as_deref(), Some(&*samples), "{filter:?}");
    }
}

#[test]
fn the_files_of_the_other_tests_come_out_as_from_the_png_crate() {
    let mut taken = 0;
    for (name, bytes) in crate::media::tests::files() {
        if let ([Some(ours), theirs], true) = (both(&bytes), name.ends_with("png")) {
            assert!(Some(ours) == theirs, "{name}");
            taken += 1;
        }
    }
    assert!(taken >= 8, "{taken}");
}

#[test]
fn a_damaged_file_is_taken_only_where_the_png_crate_takes_it() {
    let mut random = Rng::with_seed(4);
    let mut taken = 0;
    for round in 0..6_000 {
        let size = (1 + random.u32(..40), 1 + random.u32(..40));
        let mut bytes = picture(TAKEN[round % TAKEN.len()], size, &mut random);
        match round % 4 {
            0 => bytes.truncate(random.usize(..bytes.len())),
            1 => {
                let at = random.usize(33..bytes.len());
                bytes.drain(at..(at + 1 + random.usize(..9)).min(bytes.len()));
            }
            _ => {
                for _ in 0..=random.u8(..3) {
                    let at = random.usize(..bytes.len());
                    bytes[at] ^= 1 << random.u8(..8);
                }
            }
        }
        // Damage that no checksum gives away gets to the data itself.
        if round % 2 == 0 {
            mended(&mut bytes);
        }
        let [ours, theirs] = both(&bytes);
        taken += u32::from(ours.is_some());
        assert!(ours.is_none() || ours == theirs, "round {round}");
    }
    assert!(taken > 100, "{taken} were still pictures");
}

/// Makes the checksums right as far as the lengths of the chunks lead.
fn mended(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4).map(|length| u32::from_be_bytes(length.try_into().unwrap()) as usize)
    {
        let Some(covered) = bytes.get(at + 4..at + 8 + length) else { return };
        let sum = crc32fast::hash(covered).to_be_bytes();
        let Some(place) = bytes.get_mut(at + 8 + length..at + 12 + length) else { return };
        place.copy_from_slice(&sum);
        at += 12 + length;
    }
}

#[test]
fn a_file_without_the_chunk_behind_its_data_is_left_to_the_crate() {
    let bytes = picture((ColorType::Rgb, BitDepth::Eight), (9, 9), &mut Rng::with_seed(5));
    let [ours, theirs] = both(&bytes[..bytes.len() - 12]);
    assert_eq!((ours, theirs), (None, None));
}

/// A picture of 2 x 2 pixels, interlaced so that the crate decodes it, with these chunks before its pixels.
fn with_chunks(color: ColorType, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut bytes, b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 2, 8, color as u8, 0, 0, 1]);
    for (kind, data) in chunks {
        chunk(&mut bytes, kind, data);
    }
    // Rows of one, one and two pixels in the passes that a picture of this size has.
    let row = |pixels: usize| vec![0; 1 + pixels * color.samples()];
    chunk(&mut bytes, b"IDAT", &fdeflate::compress_to_vec(&[row(1), row(1), row(2)].concat()));
    chunk(&mut bytes, b"IEND", b"");
    bytes
}

fn decoded(bytes: &[u8], limits: &MediaLimits) -> Result<Decoded> {
    decode(bytes, &Header::read(bytes, limits).unwrap(), limits)
}

#[test]
fn a_palette_that_ends_within_a_colour_is_refused_before_the_crate_panics() {
    let limits = MediaLimits::default();
    for length in [0, 1, 2, 4, 5, 13, 767, 769, 771] {
        let bytes = with_chunks(ColorType::Indexed, &[(b"PLTE", &vec![7; length])]);
        let error = decoded(&bytes, &limits).unwrap_err();
        assert_eq!(error.facts().details["kind"], "corrupt", "{length}: {error}");
    }
    let bytes = with_chunks(ColorType::Indexed, &[(b"PLTE", &[7; 13])]);
    let error = decoded(&bytes, &limits).unwrap_err();
    assert_eq!(error.to_string(), "png is corrupt: expected 3 bytes a colour of its palette, got 13 bytes");
    assert!(decoded(&with_chunks(ColorType::Indexed, &[]), &limits).is_err());
    for (color, length) in [(ColorType::Indexed, 3), (ColorType::Indexed, 768), (ColorType::Rgb, 13)] {
        let bytes = with_chunks(color, &[(b"PLTE", &vec![7; length])]);
        assert!(decoded(&bytes, &limits).is_ok(), "{color:?}: nobody looks up a colour beyond {length} bytes");
    }
}

#[test]
fn exif_costs_nothing_that_the_profile_could_need() {
    let exif = vec![b'x'; 20 << 20];
    let mut profile = b"name\0\0".to_vec();
    let mut random = Rng::with_seed(6);
    profile.extend(fdeflate::compress_to_vec(&(0..1 << 20).map(|_| random.u8(..)).collect::<Vec<u8>>()));
    let limits = MediaLimits { max_metadata_bytes: 0, ..MediaLimits::default() };
    let decoded = decoded(
        &with_chunks(ColorType::Rgb, &[(b"eXIf", &exif), (b"iCCP", &profile), (b"eXIf", b""), (b"eXIf", &exif[..9])]),
        &limits,
    );
    assert_eq!(decoded.unwrap().profile.map(|profile| profile.len()), Some(1 << 20));
}
