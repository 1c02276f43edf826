//! Our decoder against another one: the same planes to the last bit.

use image_webp::vp8::Vp8Decoder;

use super::{Smooth, decode, size};
use crate::media::riff::chunks;

/// The key frames of tests/media/webp, each with what is special about it as its name.
fn frames() -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/webp");
    let files = std::fs::read_dir(folder).expect("the folder of key frames").map(|entry| entry.unwrap().path());
    let frames = files.filter(|path| path.extension().is_some_and(|ending| ending == "webp")).map(|path| {
        let bytes = std::fs::read(&path).unwrap();
        let data = chunks(&bytes).find(|chunk| chunk.kind == b"VP8 ").unwrap().data.to_vec();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), data)
    });
    let frames: Vec<_> = frames.collect();
    assert!(frames.len() >= 14, "{} files", frames.len());
    frames
}

/// The planes that image-webp makes: luma, and both of chroma.
fn expected(data: &[u8]) -> Option<[Vec<u8>; 3]> {
    let frame = std::panic::catch_unwind(|| Vp8Decoder::decode_frame(data)).ok()?.ok()?;
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    let stride = width.next_multiple_of(16);
    let cropped = |plane: &[u8], stride: usize, width: usize, height: usize| {
        plane.chunks_exact(stride).take(height).flat_map(|row| row[..width].to_vec()).collect()
    };
    let half = |plane: &[u8]| cropped(plane, stride / 2, width.div_ceil(2), height.div_ceil(2));
    Some([cropped(&frame.ybuf, stride, width, height), half(&frame.ubuf), half(&frame.vbuf)])
}

#[test]
fn planes_are_those_of_another_decoder_to_the_last_bit() {
    for (name, data) in frames() {
        let planes = decode(&data, Smooth::Edges).unwrap();
        let [luma, blue, red] = expected(&data).expect("a picture");
        let first = |a: &[u8], b: &[u8]| a.iter().zip(b).position(|(a, b)| a != b);
        assert_eq!(planes.luma.len(), luma.len(), "{name}");
        assert_eq!(first(&planes.luma, &luma), None, "{name}: luma");
        assert_eq!(first(&planes.chroma[0], &blue), None, "{name}: blue");
        assert_eq!(first(&planes.chroma[1], &red), None, "{name}: red");
    }
}

#[test]
fn edges_that_are_not_smoothed_change_pixels_a_little_and_only_there() {
    let (_, data) = frames().into_iter().find(|(name, _)| name == "usual").unwrap();
    let (smooth, bare) = (decode(&data, Smooth::Edges).unwrap(), decode(&data, Smooth::Nothing).unwrap());
    let differences = smooth.luma.iter().zip(&bare.luma).filter(|(a, b)| a != b).count();
    assert!(differences > 0 && differences < smooth.luma.len() / 2, "{differences} of {}", smooth.luma.len());
}

#[test]
fn a_frame_that_is_cut_off_is_damaged_unless_nothing_of_the_picture_is_missing() {
    for (name, data) in frames() {
        let whole = decode(&data, Smooth::Edges).unwrap();
        for end in (0..data.len().saturating_sub(8)).step_by(data.len() / 40 + 1) {
            if let Ok(cut) = decode(&data[..end], Smooth::Edges) {
                assert!(cut.luma == whole.luma && cut.chroma == whole.chroma, "{name} up to {end}");
            }
        }
    }
}

#[test]
fn changed_bytes_give_damage_or_the_picture_that_another_decoder_makes_of_them() {
    let mut random = fastrand::Rng::with_seed(7);
    let (mut same, mut refused) = (0, 0);
    for (name, data) in frames() {
        for _ in 0..40 {
            let mut data = data.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(10.min(data.len() - 1)..data.len());
                data[at] = random.u8(..);
            }
            assert!(size(&data).is_some());
            let Ok(planes) = decode(&data, Smooth::Edges) else {
                refused += 1;
                continue;
            };
            // What is written there by nobody may overflow differently.
            if expected(&data).is_some_and(|[luma, ..]| luma == planes.luma) {
                same += 1;
            }
            assert!(!planes.luma.is_empty(), "{name}");
        }
    }
    assert!(same > 300, "{same} the same, {refused} refused");
}
