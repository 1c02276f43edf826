//! Bytes that no encoder wrote: cut off, changed, or made to cost more than they may.

use proptest::prelude::*;

use super::*;

#[test]
fn a_file_that_is_cut_off_shows_what_came_before() {
    let bytes = fixtures::read("baseline-420.jpg");
    for scale in SCALES {
        let whole = decode(&bytes, scale, &MediaLimits::default()).unwrap();
        let cut = decode(&bytes[..bytes.len() * 2 / 3], scale, &MediaLimits::default()).unwrap();
        assert_eq!(cut.condition, Condition::Damaged);
        let same = whole.luma.rows().zip(cut.luma.rows()).take_while(|(whole, cut)| whole == cut).count();
        let (least, most) = (whole.luma.height / 4, whole.luma.height * 7 / 8);
        assert!((least..most).contains(&same), "{scale:?}: {same} of {} rows", whole.luma.height);
        assert!(cut.luma.rows().next_back().unwrap().iter().all(|sample| *sample == 128), "{scale:?}");
    }
}

#[test]
fn a_progressive_file_that_is_cut_off_is_coarse_but_complete() {
    let bytes = fixtures::read("progressive-420.jpg");
    let scans: Vec<usize> = (0..bytes.len() - 1).filter(|at| bytes[*at..*at + 2] == [0xFF, marker::SOS]).collect();
    assert_eq!(scans.len(), 10);
    let eighth = |bytes: &[u8]| decode(bytes, Scale::Eighth, &MediaLimits::default()).unwrap();
    let (whole, cut) = (eighth(&bytes), eighth(&bytes[..scans[2]]));
    assert_eq!((whole.condition, cut.condition), (Condition::Whole, Condition::Damaged));
    let off = |(whole, cut): (&u8, &u8)| whole.abs_diff(*cut);
    let worst = whole.luma.rows().flatten().zip(cut.luma.rows().flatten()).map(off).max();
    // The scan that is missing refines the means by their last bit, of a quantisation step of at most 5 eighths.
    assert!(worst <= Some(1), "{worst:?}");
}

#[test]
fn an_interval_that_is_lost_leaves_the_others_in_their_places() {
    let bytes = fixtures::read("restart-420.jpg");
    let whole = decode(&bytes, Scale::Full, &MediaLimits::default()).unwrap();
    let markers: Vec<usize> =
        (0..bytes.len() - 1).filter(|at| bytes[*at] == 0xFF && (0xD0..0xD8).contains(&bytes[at + 1])).collect();
    let mut less = bytes.clone();
    less.drain(markers[3]..markers[4]);
    let damaged = decode(&less, Scale::Full, &MediaLimits::default()).unwrap();
    assert_eq!(damaged.condition, Condition::Damaged);
    // Two units of 16 pixels an interval, six in a row: the lost one is the fifth, at row 16 and columns 32 to 63.
    for (y, (whole, damaged)) in whole.luma.rows().zip(damaged.luma.rows()).enumerate() {
        for (x, (whole, damaged)) in whole.iter().zip(damaged).enumerate() {
            let lost = (16..32).contains(&y) && (32..64).contains(&x);
            assert_eq!(*damaged, if lost { 128 } else { *whole }, "{x} {y}");
        }
    }
}

#[test]
fn what_is_not_for_the_fast_path_says_so() {
    let refused = |bytes: &[u8]| decode(bytes, Scale::Full, &MediaLimits::default()).unwrap_err().to_string();
    assert_eq!(refused(&fixtures::read("cmyk.jpg")), "a JPEG with four components is not for the fast path");
    assert_eq!(refused(&fixtures::read("rgb.jpg")), "a JPEG with RGB components is not for the fast path");
    let grey = fixtures::read("grey.jpg");
    let frame = grey.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let kind = |marker: u8, precision: u8| {
        let mut bytes = grey.clone();
        (bytes[frame + 1], bytes[frame + 4]) = (marker, precision);
        refused(&bytes)
    };
    assert_eq!(kind(0xC1, 12), "a JPEG with samples of other than 8 bits is not for the fast path");
    assert_eq!(kind(0xC3, 8), "a JPEG with lossless coding is not for the fast path");
    assert_eq!(kind(0xC9, 8), "a JPEG with arithmetic coding is not for the fast path");
    assert_eq!(kind(0xC5, 8), "a JPEG with hierarchical coding is not for the fast path");
    assert_eq!(refused(b"GIF89a"), "broken JPEG: it does not begin as one");
    assert_eq!(refused(&grey[..frame]), "broken JPEG: it ends within its header");
}

#[test]
fn what_would_cost_too_much_is_refused_before_it_costs_anything() {
    let bytes = fixtures::read("progressive-444.jpg");
    let refused = |scale, limits: MediaLimits| decode(&bytes, scale, &limits).unwrap_err().to_string();
    // 11 by 8 blocks of three channels: a byte a sample, and two a coefficient that is remembered.
    let limits = |allocation| MediaLimits { max_allocation: allocation, ..MediaLimits::default() };
    assert_eq!(refused(Scale::Full, limits(50_687)), "bytes of memory: at most 50687, got 50688");
    assert_eq!(refused(Scale::Eighth, limits(791)), "bytes of memory: at most 791, got 792");
    assert!(decode(&bytes, Scale::Eighth, &limits(792)).is_ok());
    let size = bytes.len() as u64;
    let limits = MediaLimits { max_input_bytes: size - 1, ..MediaLimits::default() };
    assert_eq!(refused(Scale::Full, limits), format!("bytes: at most {}, got {size}", size - 1));
}

#[test]
fn scans_without_an_end_are_counted() {
    let bytes = fixtures::read("grey-progressive.jpg");
    let start = bytes.windows(2).rposition(|pair| pair == [0xFF, marker::SOS]).unwrap();
    let mut many = bytes[..bytes.len() - 2].to_vec();
    for _ in 0..5000 {
        many.extend_from_slice(&bytes[start..bytes.len() - 2]);
    }
    let refusal = decode(&many, Scale::Full, &MediaLimits::default()).unwrap_err();
    assert_eq!(refusal, Refusal::TooLarge { what: "scans", limit: 100, actual: 101 });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// No panic, no more memory than allowed, and a picture of the size that the header names or a refusal.
    #[test]
    fn changed_bytes_give_a_picture_or_a_refusal(
        name in proptest::sample::select(fixtures::taken()),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..8_u32), 1..12),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        scale in proptest::sample::select(&SCALES[..]),
    ) {
        let mut bytes = fixtures::read(&name);
        for (place, bit) in changes {
            *place.get_mut(&mut bytes) ^= 1 << bit;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let limits = MediaLimits { max_allocation: 1 << 20, ..MediaLimits::default() };
        if let Ok(planes) = decode(&bytes, scale, &limits) {
            let header = Header::read(&bytes, &limits).unwrap();
            let side = |pixels: u32| (usize::try_from(pixels).unwrap() * scale.samples()).div_ceil(8);
            prop_assert_eq!((planes.luma.width, planes.luma.height), (side(header.width), side(header.height)));
            let planes: Vec<&Plane> = std::iter::once(&planes.luma).chain(planes.chroma.iter().flatten()).collect();
            prop_assert!(planes.iter().map(|plane| plane.samples.len()).sum::<usize>() <= 1 << 20);
            prop_assert!(planes.iter().all(|plane| plane.rows().len() == plane.height && plane.width <= plane.stride));
        }
    }

    /// Headers are read from any bytes that begin as one.
    #[test]
    fn any_bytes_have_a_header_or_a_refusal(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [&[0xFF, 0xD8, 0xFF][..], &tail].concat();
        let header = Header::read(&bytes, &MediaLimits::default());
        if let Ok(header) = header {
            prop_assert!(header.width > 0 && header.profile(&MediaLimits::default()).is_ok());
        }
    }
}

#[test]
fn every_place_to_cut_gives_a_picture_or_a_refusal() {
    for name in ["baseline-420.jpg", "progressive-420.jpg", "restart-progressive.jpg", "restart-grey.jpg"] {
        let bytes = fixtures::read(name);
        for end in 0..bytes.len() {
            for scale in [Scale::Full, Scale::Eighth] {
                let cut = decode(&bytes[..end], scale, &MediaLimits::default());
                // Only the end marker may be missing without a loss, and a sequential file does not need it.
                let whole = cut.is_ok_and(|planes| planes.condition == Condition::Whole);
                assert!(!whole || end + 2 >= bytes.len(), "{name} of {end} bytes");
            }
        }
    }
}

const SCALES: [Scale; 4] = [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth];
