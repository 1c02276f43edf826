//! What holds for any picture and any wish: sizes, orientation, transparency, metadata.

use proptest::prelude::*;

use super::*;
use crate::media::orientation::Orientation;
use crate::media::picture::Size;
use crate::media::{Crop, Effort, TargetSize, inspect};

/// A PNG made of arithmetic, as it is stored.
#[derive(Debug, Clone)]
struct Source {
    size: Size,
    channels: usize,
    orientation: u32,
    samples: Vec<u8>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn a_result_keeps_what_was_promised(source in source(), wish in wish()) {
        let bytes = source.png();
        let info = inspect(&bytes, &MediaLimits::default()).unwrap();
        let upright = Orientation::new(source.orientation).unwrap().turned(source.size);
        prop_assert_eq!((info.width, info.height), (upright.width, upright.height));

        let out = transform(&bytes, &wish).unwrap();
        let seen = inspect(&out.bytes, &MediaLimits::default()).unwrap();
        prop_assert_eq!((seen.width, seen.height, seen.orientation), (out.width, out.height, 1));
        match wish.size {
            TargetSize::Original => prop_assert_eq!((out.width, out.height), (info.width, info.height)),
            TargetSize::Exact { width, height } => prop_assert_eq!((out.width, out.height), (width, height)),
            TargetSize::Fit { max_width, max_height } => {
                prop_assert!(out.width <= max_width && out.height <= max_height);
                prop_assert!(wish.enlarge || out.width <= info.width && out.height <= info.height);
                // One side is as long as it may be.
                let most = |side: u32, own: u32| if wish.enlarge { side } else { side.min(own) };
                let (width, height) = (most(max_width, info.width), most(max_height, info.height));
                prop_assert!(out.width == width || out.height == height);
            }
            TargetSize::Cover { width, height } => {
                prop_assert!(out.width <= width && out.height <= height);
                prop_assert!(wish.enlarge || out.width <= info.width && out.height <= info.height);
                prop_assert!(!wish.enlarge || (out.width, out.height) == (width, height));
            }
        }

        // Transparency stays where it can, and comes from nowhere.
        let can = source.channels % 2 == 0 && out.format != Format::Jpeg && wish.background.is_none();
        prop_assert!(!seen.has_alpha || can);
        let clear = source.samples.iter().skip(source.channels - 1).step_by(source.channels).all(|alpha| *alpha < 200);
        prop_assert!(seen.has_alpha || !can || !clear);

        if let Some(small) = &out.thumbnail {
            let width = wish.thumbnail.unwrap_or_default();
            prop_assert!(small.width == width.min(out.width) && small.height <= out.height);
            prop_assert_eq!(inspect(&small.bytes, &MediaLimits::default()).unwrap().width, small.width);
            prop_assert!(!holds(&small.bytes, SECRET));
        }
        prop_assert_eq!(holds(&out.bytes, SECRET), wish.keep_metadata);
        prop_assert!(!holds(&out.bytes, COMMENT));
    }

    #[test]
    fn turning_a_picture_moves_its_pixels_and_changes_none(source in source()) {
        let (width, channels, samples) = pixels(&source.png());
        let orientation = Orientation::new(source.orientation).unwrap();
        prop_assert_eq!(width, usize::try_from(orientation.turned(source.size).width).unwrap());
        // A channel of alpha that says nothing is left out.
        if channels == source.channels {
            prop_assert_eq!(samples, orientation.turn(source.samples.clone(), source.size, source.channels));
        }
    }
}

fn source() -> impl Strategy<Value = Source> {
    (1..50_u32, 1..50_u32, 1..=4_usize, 1..=8_u32, any::<u64>()).prop_map(
        |(width, height, channels, orientation, seed)| {
            let size = Size { width, height };
            let mut random = fastrand::Rng::with_seed(seed);
            let samples = (0..width as usize * height as usize * channels).map(|_| random.u8(..)).collect();
            Source { size, channels, orientation, samples }
        },
    )
}

fn wish() -> impl Strategy<Value = Transform> {
    let side = 1..80_u32;
    let size = prop_oneof![
        Just(TargetSize::Original),
        (side.clone(), side.clone()).prop_map(|(max_width, max_height)| TargetSize::Fit { max_width, max_height }),
        (side.clone(), side.clone()).prop_map(|(width, height)| TargetSize::Cover { width, height }),
        (side.clone(), side).prop_map(|(width, height)| TargetSize::Exact { width, height }),
    ];
    let formats = [Format::Jpeg, Format::Png, Format::WebP];
    let crops = [Crop::Center, Crop::TopLeft, Crop::Right, Crop::Bottom];
    let options = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        proptest::option::of(any::<[u8; 3]>()),
        proptest::option::of(1..90_u32),
    );
    let kinds = (proptest::sample::select(formats.to_vec()), proptest::sample::select(formats.to_vec()));
    (size, kinds.clone(), proptest::sample::select(crops.to_vec()), options).prop_map(
        |(size, (format, small), crop, (enlarge, keep, fast, background, thumbnail))| {
            let mut wish = Transform::of(size).format(format).thumbnail_format(small).crop(crop);
            (wish.enlarge, wish.keep_metadata) = (enlarge, keep);
            (wish.background, wish.thumbnail) = (background, thumbnail);
            wish.effort(if fast { Effort::Fast } else { Effort::Best })
        },
    )
}

impl Source {
    fn png(&self) -> Vec<u8> {
        // One entry, which says how it was held, and then where.
        let held = u16::try_from(self.orientation).unwrap().to_be_bytes();
        let exif = [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".as_slice(), &held, &[0; 6], SECRET].concat();
        let mut info = png::Info::with_size(self.size.width, self.size.height);
        info.bit_depth = png::BitDepth::Eight;
        info.color_type =
            [png::ColorType::Grayscale, png::ColorType::GrayscaleAlpha, png::ColorType::Rgb, png::ColorType::Rgba]
                [self.channels - 1];
        info.exif_metadata = Some(exif.into());
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::with_info(&mut bytes, info).unwrap();
        encoder.add_text_chunk("Comment".to_owned(), String::from_utf8_lossy(COMMENT).into_owned()).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&self.samples).unwrap();
        writer.finish().unwrap();
        bytes
    }
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

const SECRET: &[u8] = b"48.1372 N 11.5756 E";
const COMMENT: &[u8] = b"only for our eyes";
