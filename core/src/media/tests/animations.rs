//! Animations that stay animations.

use std::io::Cursor;

use gif::{DisposalMethod, Encoder, Frame, Repeat};
use image_webp::{LoopCount, WebPDecoder};

use super::*;
use crate::media::inspect;

/// The pictures of an animated WebP as a decoder shows them, RGBA, each with its time.
fn shown(bytes: &[u8]) -> (Vec<(Vec<u8>, u32)>, LoopCount) {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).unwrap();
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let frames = (0..decoder.num_frames()).map(|_| {
        let mut samples = vec![0; decoder.output_buffer_size().unwrap()];
        let time = decoder.read_frame(&mut samples).unwrap();
        let pixel = |pixel: &[u8]| [pixel[0], pixel[1], pixel[2], pixel.get(3).copied().unwrap_or(255)];
        (samples.chunks_exact(channels).flat_map(pixel).collect(), time)
    });
    (frames.collect(), decoder.loop_count())
}

/// Red, green, blue and nothing.
const PALETTE: [u8; 12] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0];

/// A GIF of 32 x 16 px: red everywhere, then a green square of 8 px at (8, 4) that is gone in the way of `dispose`,
/// then a blue one at (20, 4).
fn gif(dispose: DisposalMethod, repeat: Option<Repeat>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 32, 16, &PALETTE).unwrap();
    if let Some(repeat) = repeat {
        encoder.set_repeat(repeat).unwrap();
    }
    let square = |left, color, dispose, delay| Frame {
        left,
        top: 4,
        width: 8,
        height: 8,
        buffer: vec![color; 64].into(),
        transparent: Some(3),
        dispose,
        delay,
        ..Frame::default()
    };
    let whole = Frame { width: 32, height: 16, buffer: vec![0; 512].into(), delay: 5, ..Frame::default() };
    for frame in [&whole, &square(8, 1, dispose, 20), &square(20, 2, DisposalMethod::Keep, 0)] {
        encoder.write_frame(frame).unwrap();
    }
    drop(encoder);
    bytes
}

fn animated(bytes: &[u8]) -> Transformed {
    transform(bytes, &Transform::original().animated(true).quality(95)).unwrap()
}

#[test]
fn a_picture_of_a_gif_goes_in_the_way_it_says() {
    let (red, green, blue, clear) = ([255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [0; 4]);
    for (dispose, after) in
        [(DisposalMethod::Keep, green), (DisposalMethod::Background, clear), (DisposalMethod::Previous, red)]
    {
        let (frames, _) = shown(&animated(&gif(dispose, None)).bytes);
        let at = |frame: usize, x: usize, y: usize| {
            let place = (y * 32 + x) * 4;
            let pixel: [u8; 4] = frames[frame].0[place..place + 4].try_into().unwrap();
            // What cannot be seen has any colour.
            if pixel[3] == 0 { clear } else { pixel }
        };
        let expected =
            [[(12, red), (24, red), (2, red)], [(12, green), (24, red), (2, red)], [(12, after), (24, blue), (2, red)]];
        for (frame, places) in expected.into_iter().enumerate() {
            for (x, wanted) in places {
                let got = at(frame, x, 8);
                assert!(close(got, wanted, 40), "{dispose:?}, picture {frame}, {x}: {got:?}, not {wanted:?}");
            }
        }
    }
}

#[test]
fn times_and_repetitions_are_kept_as_browsers_understand_them() {
    for (repeat, expected) in [
        (None, LoopCount::Times(1.try_into().unwrap())),
        (Some(Repeat::Infinite), LoopCount::Forever),
        (Some(Repeat::Finite(3)), LoopCount::Times(4.try_into().unwrap())),
    ] {
        let (frames, plays) = shown(&animated(&gif(DisposalMethod::Keep, repeat)).bytes);
        assert_eq!(format!("{plays:?}"), format!("{expected:?}"));
        // No time at all is a tenth of a second.
        assert_eq!(frames.iter().map(|(_, time)| *time).collect::<Vec<_>>(), [50, 200, 100]);
    }
}

#[test]
fn an_animation_is_scaled_in_every_picture_and_its_thumbnail_is_of_the_first() {
    for name in ["animated.gif", "animated.webp"] {
        let source = file(name);
        let frames = inspect(&source, &MediaLimits::default()).unwrap().frames;
        assert!(frames > 1, "{name}");
        let out = transform(&source, &Transform::fit(24, 24).animated(true).thumbnail(12)).unwrap();
        let info = inspect(&out.bytes, &MediaLimits::default()).unwrap();
        assert_eq!((info.format.name(), info.width, info.height), ("webp", 24, 16), "{name}");
        assert!(info.frames > 1 && info.frames <= frames, "{name}: {} of {frames}", info.frames);
        let still = transform(&source, &Transform::fit(24, 24).thumbnail(12)).unwrap();
        assert_eq!(inspect(&still.bytes, &MediaLimits::default()).unwrap().frames, 1, "{name}");
        let (first, small) = (&shown(&out.bytes).0[0].0, out.thumbnail.unwrap());
        assert!(close(first[..4].try_into().unwrap(), pixel(&still.bytes, (0, 0)), 12), "{name}");
        assert_eq!((small.width, small.height), (12, 8), "{name}");
    }
}

#[test]
fn what_does_not_move_stays_a_picture() {
    let wish = Transform::fit(20, 20).animated(true);
    for name in ["rgb.png", "plain.gif", "lossy.webp", "baseline-420.jpg"] {
        let out = transform(&file(name), &wish).unwrap();
        assert_eq!(inspect(&out.bytes, &MediaLimits::default()).unwrap().frames, 1, "{name}");
    }
    let error = transform(&file("animated.gif"), &wish.format(Format::Jpeg)).unwrap_err();
    assert_eq!(error.to_string(), "invalid animated: expected format webp, or none, got jpeg");
}

#[test]
fn pictures_are_counted_before_the_first_is_decoded() {
    let bytes = gif(DisposalMethod::Keep, None);
    let refused = |limits| {
        let wish = Transform::original().animated(true).limits(limits);
        transform(&bytes, &wish).unwrap_err().to_string()
    };
    let few = refused(limited(|limits| limits.max_frames = 2));
    assert_eq!(few, "gif is too large: expected at most 2 pictures of an animation, got 3");
    let small = refused(limited(|limits| limits.max_frame_pixels = 1535));
    assert_eq!(small, "gif is too large: expected at most 1535 pixels over all pictures of an animation, got 1536");
    // One picture of it costs nothing of that.
    assert!(transform(&bytes, &Transform::original().limits(limited(|limits| limits.max_frames = 1))).is_ok());
}

#[test]
fn an_animation_that_breaks_off_is_shown_up_to_there() {
    let bytes = gif(DisposalMethod::Keep, None);
    let out = animated(&bytes[..bytes.len() - 12]);
    assert_eq!(inspect(&out.bytes, &MediaLimits::default()).unwrap().frames, 2);
}

#[test]
fn exif_is_kept_in_an_animation_when_it_is_asked_for() {
    let wish = |kept| Transform::original().animated(true).keep_metadata(kept);
    let source = with_exif(&animated(&gif(DisposalMethod::Keep, None)).bytes);
    for kept in [true, false] {
        let out = transform(&source, &wish(kept)).unwrap();
        assert_eq!(out.bytes.windows(4).any(|window| window == b"EXIF"), kept);
        assert_eq!(shown(&out.bytes).0.len(), 3);
    }
}

/// The same file with an EXIF chunk that says nothing but its byte order.
fn with_exif(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = [bytes, b"EXIF\x0E\0\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"].concat();
    let length = u32::try_from(bytes.len() - 8).unwrap();
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes[20] |= 0x08;
    bytes
}
