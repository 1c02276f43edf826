//! What the targets of one format share: a wish for each input, and what its result has to be.

use porteur::{Crop, Effort, Error, Format, MediaLimits, Transform, inspect, transform};

/// Wishes something of `input`, whose last byte says what; `magic` makes the rest of it a file of one format.
///
/// A panic is a finding even where the core catches it: libFuzzer ends at the first one.
pub fn run(input: &[u8], magic: &[u8]) {
    let Some((wish, bytes)) = input.split_last() else { return };
    let mut bytes = bytes.to_vec();
    if bytes.len() < magic.len() {
        return;
    }
    // A nought in the magic bytes stands for any byte: RIFF has its length there.
    for (byte, magic) in bytes.iter_mut().zip(magic).filter(|(_, magic)| **magic != 0) {
        *byte = *magic;
    }
    let wish = wished(*wish);
    match transform(&bytes, &wish) {
        Ok(out) => {
            let info = inspect(&out.bytes, &MediaLimits::default()).expect("a result can be read");
            assert_eq!((info.width, info.height), (out.width, out.height));
            assert_eq!(info.format.name(), out.format.name());
            let again = transform(&out.bytes, &Transform::fit(8, 8)).expect("a result can be decoded");
            assert_eq!((again.source.width, again.source.height), (out.width, out.height));
        }
        Err(Error::Media { .. } | Error::InvalidInput { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
}

fn wished(which: u8) -> Transform {
    let wish = match which % 7 {
        0 => Transform::fit(30, 30),
        1 => Transform::cover(17, 5).crop(Crop::BottomRight),
        2 => Transform::exact(1, 40),
        3 => Transform::exact(64, 3),
        4 => Transform::fit(90, 90).enlarge(true).keep_metadata(true),
        5 => Transform::fit(25, 25).animated(true),
        _ => Transform::original().thumbnail(7),
    };
    let wish = match which / 7 % 3 {
        0 => wish.format(Format::Jpeg),
        1 => wish.format(Format::Png),
        _ => wish.format(Format::WebP),
    };
    // So that a run takes milliseconds, and memory beyond what is allowed shows.
    let limits =
        MediaLimits { max_pixels: 1 << 18, max_output_side: 512, max_allocation: 8 << 20, ..MediaLimits::default() };
    wish.effort(if which / 21 % 2 == 0 { Effort::Fast } else { Effort::Best }).limits(limits)
}
