//! Pictures that were damaged: at random, but the same way each time, and where it hurts.

use fastrand::Rng;
use porteur::{Crop, Effort, Format, MediaLimits, Transform};

use super::judge::{Case, Costs};
use super::make::{FORMATS, fixtures, png};

pub(super) fn files_cut_off_at_every_tenth_byte_are_pictures_or_refused() {
    let (mut costs, wishes) = (Costs::default(), wishes());
    for format in FORMATS {
        for (name, bytes) in fixtures(format.ending) {
            for (round, end) in (0..bytes.len()).step_by(10).enumerate() {
                let case = Case::new(format!("{name} cut off at {end}"), bytes[..end].to_vec());
                costs.judge(&case, &wishes[round % wishes.len()..][..1]);
            }
        }
    }
    assert!(costs.files() > 5_000 && costs.pictures() > 1_000, "{} of {}", costs.pictures(), costs.files());
    costs.close("cut off");
}

pub(super) fn flipped_bits_and_bytes_are_pictures_or_refused() {
    let (mut costs, wishes, mut random) = (Costs::default(), wishes(), Rng::with_seed(1));
    for format in FORMATS {
        let files = fixtures(format.ending);
        for round in 0..500 {
            let (name, bytes) = &files[round % files.len()];
            let mut bytes = bytes.clone();
            for _ in 0..=round % 5 {
                let at = random.usize(..bytes.len());
                bytes[at] = if round % 2 == 0 { bytes[at] ^ 1 << random.u8(..8) } else { random.u8(..) };
            }
            costs.judge(
                &Case::new(format!("{name} flipped, round {round}"), bytes),
                &wishes[round % wishes.len()..][..1],
            );
        }
    }
    assert!(costs.pictures() > 300, "the damage was too large for decoders to be reached: {}", costs.pictures());
    costs.close("flipped");
}

/// Chunks, segments and blocks are dropped, doubled, swapped, borrowed from another file and changed inside; lengths
/// and checksums are made right again.
pub(super) fn pieces_of_files_that_change_places_are_pictures_or_refused() {
    let (mut costs, wishes, mut random) = (Costs::default(), wishes(), Rng::with_seed(2));
    for format in FORMATS {
        let files: Vec<(String, Vec<Vec<u8>>)> =
            fixtures(format.ending).into_iter().map(|(name, bytes)| (name, (format.pieces)(&bytes))).collect();
        for round in 0..600 {
            let (name, pieces) = &files[round % files.len()];
            let mut pieces = pieces.clone();
            for _ in 0..=round % 3 {
                let (_, others) = &files[random.usize(..files.len())];
                change(&mut pieces, others, &mut random);
            }
            let case = Case::new(format!("{name} in other pieces, round {round}"), (format.whole)(&pieces));
            costs.judge(&case, &wishes[round % wishes.len()..][..1]);
        }
    }
    assert!(costs.pictures() > 500, "{} of {}", costs.pictures(), costs.files());
    costs.close("pieces");
}

fn change(pieces: &mut Vec<Vec<u8>>, others: &[Vec<u8>], random: &mut Rng) {
    let at = random.usize(..pieces.len());
    match random.u8(..6) {
        0 if pieces.len() > 1 => drop(pieces.remove(at)),
        1 => pieces.insert(at, pieces[at].clone()),
        2 => {
            let other = random.usize(..pieces.len());
            pieces.swap(at, other);
        }
        3 => pieces.insert(at, others[random.usize(..others.len())].clone()),
        4 => pieces[at] = others[random.usize(..others.len())].clone(),
        _ => {
            for _ in 0..random.usize(1..4) {
                // More often in the first bytes, where the numbers are.
                let length = if random.bool() { pieces[at].len().min(24) } else { pieces[at].len() };
                let place = random.usize(..length.max(1));
                if let Some(byte) = pieces[at].get_mut(place) {
                    *byte = [0, 1, 0x7F, 0x80, 0xFF, random.u8(..)][random.usize(..6)];
                }
            }
        }
    }
}

pub(super) fn rows_of_a_png_that_nobody_filtered_that_way_are_pictures_or_refused() {
    let (mut costs, wishes, mut random) = (Costs::default(), wishes(), Rng::with_seed(3));
    for round in 0..600 {
        let (color, depths): (u8, &[u8]) =
            [(0, &[1, 2, 4, 8, 16][..]), (2, &[8, 16]), (3, &[1, 2, 4, 8]), (4, &[8, 16]), (6, &[8, 16])][round % 5];
        let (depth, interlaced) = (depths[random.usize(..depths.len())], random.bool());
        let (width, height) = (random.u32(1..40), random.u32(1..40));
        let bits = u32::from(depth) * [1, 1, 3, 1, 2, 1, 4, 1][usize::from(color)];
        let row = (width * bits).div_ceil(8) as usize + 1;
        // Some rows more, or a few bytes too few. There are five filters, and at times one that there is not.
        let count = row * height as usize + if round % 8 == 0 { 0 } else { 300 } - random.usize(..2);
        let filters = if round % 6 == 0 { 6 } else { 5 };
        // The passes of an interlaced picture have their filters elsewhere.
        let byte = |at: usize| if interlaced || at.is_multiple_of(row) { random.u8(..filters) } else { random.u8(..) };
        let rows: Vec<u8> = (0..count).map(byte).collect();
        let head = png::head(width, height, depth, color, interlaced);
        let colors: Vec<u8> = (0..random.usize(1..256) * 3).map(|_| random.u8(..)).collect();
        let data = png::zlib(&rows);
        let cut = random.usize(..data.len());
        let mut chunks: Vec<(&[u8; 4], &[u8])> = vec![(b"IHDR", &head)];
        if color == 3 || color == 2 && round % 7 == 0 {
            chunks.push((b"PLTE", &colors));
        }
        if round % 3 == 0 && color < 4 {
            chunks.push((b"tRNS", &colors[..random.usize(..=colors.len().min(260))]));
        }
        chunks.extend([(b"IDAT", &data[..cut]), (b"IDAT", &data[cut..]), (b"IEND", b"")] as [(&[u8; 4], &[u8]); 3]);
        costs.judge(
            &Case::new(format!("filtered rows, round {round}"), png::png(&chunks)),
            &wishes[round % wishes.len()..][..1],
        );
    }
    assert!(costs.pictures() > 100, "{} of {}", costs.pictures(), costs.files());
    costs.close("rows");
}

pub(super) fn heads_and_bodies_that_do_not_belong_together_are_pictures_or_refused() {
    let mut costs = Costs::default();
    let magic: [&[u8]; 6] = [
        b"\xFF\xD8\xFF",
        b"\x89PNG\r\n\x1A\n",
        b"GIF89a",
        b"GIF87a",
        b"RIFF\x10\0\0\0WEBP",
        b"RIFF\xFF\xFF\xFF\xFFWEBPVP8L",
    ];
    for format in FORMATS {
        for (name, bytes) in fixtures(format.ending) {
            for magic in magic {
                let over = [magic, bytes.get(magic.len()..).unwrap_or_default()].concat();
                let before = [magic, &bytes].concat();
                costs.judge(&Case::new(format!("{name} under another head"), over), &wishes()[..1]);
                costs.judge(&Case::new(format!("{name} behind another head"), before), &wishes()[..1]);
            }
        }
    }
    for bytes in [&b""[..], b"\0", b"\xFF", b"\xFF\xD8\xFF", b"GIF8", b"RIFF", b"\x89PNG\r\n\x1A\n", &[0; 5_000]] {
        let kinds = costs.judge(&Case::new(format!("{} bytes", bytes.len()), bytes.to_vec()), &wishes()[..1]);
        assert_ne!(kinds, ["picture"]);
    }
    costs.close("heads");
}

/// One after the other, so that each kind of damage meets each way through the house.
pub(super) fn wishes() -> Vec<Transform> {
    let wishes = [
        Transform::fit(300, 300).format(Format::WebP),
        Transform::cover(20, 9).crop(Crop::TopRight).format(Format::Jpeg),
        Transform::original().format(Format::Png).thumbnail(9),
        Transform::exact(3, 5),
        Transform::fit(16, 16).format(Format::Jpeg).quality(95),
        Transform::fit(20, 20).format(Format::WebP).animated(true),
    ];
    // A flipped bit makes a side of thousands of pixels; that is the matter of the bombs.
    let limits = MediaLimits { max_pixels: 1_000_000, max_allocation: 16 << 20, ..MediaLimits::default() };
    wishes.map(|wish| wish.effort(Effort::Fast).limits(limits.clone())).into()
}

/// What the oddities of one format share.
pub(super) fn judged(class: &str, cases: Vec<Case>) -> Vec<(String, Vec<String>)> {
    let (mut costs, wishes) = (Costs::default(), wishes());
    let kinds = cases.iter().map(|case| (case.name.clone(), costs.judge(case, &wishes))).collect();
    costs.close(class);
    kinds
}
