//! What a JPEG says about itself before its first code: enough for `inspect`, and for refusing in time.
//!
//! Source: ITU-T T.81 annex B (markers), CIPA DC-008 (EXIF), ICC.1 annex B.4 (profiles), Adobe TN 5116 (APP14).

use super::super::limits::MediaLimits;
use super::marker::{DHT, EOI, Markers, SOS, Segment};
use super::refusal::{Refusal, within};

/// The header of a JPEG of any kind, those included that only the general decoder reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    /// Pixels, before the orientation is applied.
    pub(crate) width: u32,
    /// Pixels, before the orientation is applied.
    pub(crate) height: u32,
    /// Bits a sample.
    pub(crate) precision: u8,
    pub(crate) coding: Coding,
    pub(crate) colour: Colour,
    /// One to four.
    pub(crate) components: Vec<Component>,
    /// Whether the first scan holds all components.
    pub(crate) interleaved: bool,
    /// Whether an Adobe application wrote it; those store ink inverted.
    pub(crate) adobe: bool,
    /// The TIFF block of its EXIF data.
    pub(crate) exif: Option<&'a [u8]>,
    /// The pieces of an ICC profile, as they stand in the file.
    profile: Vec<ProfilePiece<'a>>,
}

/// How coefficients or samples were turned into bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Every block at once, in Huffman codes.
    Sequential,
    /// Several scans that refine each other, in Huffman codes.
    Progressive,
    Lossless,
    /// Pictures that refine each other.
    Hierarchical,
    Arithmetic,
}

/// What the components mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Grey,
    YCbCr,
    Rgb,
    Cmyk,
    Ycck,
    /// Two components.
    Unknown,
}

/// One component, as the frame header describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) id: u8,
    /// Samples for the width of a unit that other components may fill with fewer; 1 to 4.
    pub(crate) across: u8,
    /// Samples for its height.
    pub(crate) down: u8,
    /// Which quantisation table it uses.
    pub(super) quantisation: u8,
}

/// One piece of an ICC profile, numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ProfilePiece<'a> {
    number: u8,
    count: u8,
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the markers up to the first scan, and nothing behind it.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] for bytes, pixels or a side over `limits`; [`Refusal::Corrupt`] when there is no
    /// header or none that makes sense; [`Refusal::Unsupported`] when the height is only told behind the picture.
    pub(crate) fn read(bytes: &'a [u8], limits: &MediaLimits) -> Result<Self, Refusal> {
        within("bytes", limits.max_input_bytes, bytes.len() as u64)?;
        let mut markers = Markers::new(bytes)?;
        let (mut frame, mut says) = (None, Says::default());
        let scan = loop {
            let Some(segment) = markers.next()? else { return Err(Refusal::Corrupt("it ends within its header")) };
            match segment.marker {
                EOI => return Err(Refusal::Corrupt("it holds no picture")),
                SOS => break segment,
                DHT | 0xC8 | 0xCC => {}
                0xC0..=0xCF if frame.is_some() => return Err(Refusal::Corrupt("it holds two frame headers")),
                0xC0..=0xCF => frame = Some(Frame::read(&segment, limits)?),
                _ => says.note(&segment),
            }
        };
        let Some(frame) = frame else { return Err(Refusal::Corrupt("a scan comes before the frame header")) };
        Ok(Self {
            colour: says.colour(&frame.components),
            width: frame.width,
            height: frame.height,
            precision: frame.precision,
            coding: frame.coding,
            interleaved: scan.payload.first().is_none_or(|count| usize::from(*count) >= frame.components.len()),
            components: frame.components,
            adobe: says.adobe,
            exif: says.exif,
            profile: says.profile,
        })
    }

    /// Whether the file names a colour profile.
    pub(crate) fn has_profile(&self) -> bool {
        !self.profile.is_empty()
    }

    /// The ICC profile, put together; none when there is none or a piece of it is missing.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] when it is larger than the limit.
    pub(crate) fn profile(&self, limits: &MediaLimits) -> Result<Option<Vec<u8>>, Refusal> {
        let count = self.profile.first().map_or(0, |piece| piece.count);
        let piece = |number| self.profile.iter().find(|piece| (piece.number, piece.count) == (number, count));
        let Some(pieces) = (1..=count).map(piece).collect::<Option<Vec<_>>>() else { return Ok(None) };
        let size = pieces.iter().map(|piece| piece.data.len() as u64).sum();
        within("bytes of ICC profile", limits.max_profile_bytes, size)?;
        let profile: Vec<u8> = pieces.iter().flat_map(|piece| piece.data).copied().collect();
        Ok(Some(profile).filter(|profile| !profile.is_empty()))
    }
}

/// What the frame header says.
struct Frame {
    width: u32,
    height: u32,
    precision: u8,
    coding: Coding,
    components: Vec<Component>,
}

impl Frame {
    fn read(segment: &Segment<'_>, limits: &MediaLimits) -> Result<Self, Refusal> {
        let coding = match segment.marker {
            0xC0 | 0xC1 => Coding::Sequential,
            0xC2 => Coding::Progressive,
            0xC3 => Coding::Lossless,
            0xC5..=0xC7 | 0xCD..=0xCF => Coding::Hierarchical,
            _ => Coding::Arithmetic,
        };
        let Some(([precision, y1, y0, x1, x0, count], rest)) = segment.payload.split_first_chunk() else {
            return Err(Refusal::Corrupt("the frame header is too short"));
        };
        let height = u32::from(u16::from_be_bytes([*y1, *y0]));
        let width = u32::from(u16::from_be_bytes([*x1, *x0]));
        within("px a side", u64::from(limits.max_side), u64::from(width.max(height)))?;
        within("pixels", limits.max_pixels, u64::from(width) * u64::from(height))?;
        if width == 0 {
            return Err(Refusal::Corrupt("it has no width"));
        }
        if height == 0 {
            return Err(Refusal::Unsupported("a height that comes behind the picture"));
        }
        let components: Vec<Component> =
            rest.as_chunks().0.iter().take(usize::from(*count)).map(Component::of).collect();
        let factors = components.iter().flat_map(|component| [component.across, component.down]);
        if components.len() != usize::from(*count) || !(1..=4).contains(count) {
            return Err(Refusal::Corrupt("the number of its components makes no sense"));
        }
        if !factors.into_iter().all(|factor| (1..=4).contains(&factor)) {
            return Err(Refusal::Corrupt("its sampling factors make no sense"));
        }
        Ok(Self { width, height, precision: *precision, coding, components })
    }
}

impl Component {
    fn of([id, factors, quantisation]: &[u8; 3]) -> Self {
        Self { id: *id, across: factors >> 4, down: factors & 15, quantisation: *quantisation }
    }
}

/// What the application segments say.
#[derive(Default)]
struct Says<'a> {
    jfif: bool,
    /// Adobe's word for the colours, which is right where JFIF is silent.
    transform: Option<u8>,
    adobe: bool,
    exif: Option<&'a [u8]>,
    profile: Vec<ProfilePiece<'a>>,
}

impl<'a> Says<'a> {
    fn note(&mut self, segment: &Segment<'a>) {
        match (segment.marker, segment.payload) {
            (0xE0, payload) if payload.starts_with(b"JFIF\0") => self.jfif = true,
            (0xE1, payload) => self.exif = self.exif.or_else(|| payload.strip_prefix(b"Exif\0\0")),
            // Pieces are numbered with a byte, so more than 255 are not pieces.
            (0xE2, payload) if self.profile.len() < 255 => {
                if let Some([number, count, data @ ..]) = payload.strip_prefix(b"ICC_PROFILE\0") {
                    self.profile.push(ProfilePiece { number: *number, count: *count, data });
                }
            }
            (0xEE, payload) if payload.starts_with(b"Adobe") => {
                (self.adobe, self.transform) = (true, payload.get(11).copied());
            }
            _ => {}
        }
    }

    /// The rules that all decoders share, since the standard has none.
    fn colour(&self, components: &[Component]) -> Colour {
        match (components, self.transform) {
            ([_], _) => Colour::Grey,
            ([_, _, _], _) if self.jfif => Colour::YCbCr,
            ([_, _, _], Some(0)) => Colour::Rgb,
            ([_, _, _], Some(_)) => Colour::YCbCr,
            ([r, g, b], None) if [r.id, g.id, b.id] == *b"RGB" => Colour::Rgb,
            ([_, _, _], None) => Colour::YCbCr,
            ([_, _, _, _], Some(2)) => Colour::Ycck,
            ([_, _, _, _], _) => Colour::Cmyk,
            _ => Colour::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::exif::orientation;
    use crate::media::jpeg::tests::fixtures;
    use crate::media::orientation::Orientation;

    #[test]
    fn a_header_is_read_without_a_byte_behind_it() {
        let bytes = fixtures::read("turned-profile.jpg");
        let start = bytes.windows(2).position(|pair| pair == [0xFF, SOS]).unwrap();
        let length = usize::from(u16::from_be_bytes([bytes[start + 2], bytes[start + 3]]));
        let header = Header::read(&bytes[..start + 2 + length], &MediaLimits::default()).unwrap();
        assert_eq!((header.width, header.height, header.precision), (67, 45, 8));
        assert_eq!((header.coding, header.colour), (Coding::Sequential, Colour::YCbCr));
        assert_eq!((header.exif.and_then(orientation), header.has_profile()), (Orientation::new(6), true));
        assert!(header.interleaved && !header.adobe);
        assert_eq!(header.profile(&MediaLimits::default()).unwrap().unwrap(), (0..100).collect::<Vec<u8>>());
        let refusal = header.profile(&MediaLimits { max_profile_bytes: 99, ..MediaLimits::default() }).unwrap_err();
        assert_eq!(refusal.to_string(), "bytes of ICC profile: at most 99, got 100");
    }

    #[test]
    fn a_profile_is_put_together_in_the_order_of_its_numbers_or_not_at_all() {
        let piece = |number, data: &[u8]| {
            let length = u8::try_from(2 + 14 + data.len()).unwrap();
            [&[0xFF, 0xE2, 0, length], &b"ICC_PROFILE\0"[..], &[number, 2], data].concat()
        };
        let profile = |pieces: &[Vec<u8>]| {
            let mut bytes = fixtures::read("grey.jpg");
            bytes.splice(2..2, pieces.concat());
            Header::read(&bytes, &MediaLimits::default()).unwrap().profile(&MediaLimits::default()).unwrap()
        };
        let (first, second) = (piece(1, b"one"), piece(2, b" two"));
        assert_eq!(profile(&[second.clone(), first.clone()]), Some(b"one two".to_vec()));
        assert_eq!(profile(&[second]), None);
        assert_eq!(profile(&[first]), None);
    }

    #[test]
    fn kinds_for_the_general_decoder_are_known_by_their_headers() {
        let limits = MediaLimits::default();
        let kind = |name: &str| {
            let bytes = fixtures::read(name);
            let header = Header::read(&bytes, &limits).unwrap();
            (header.coding, header.colour, header.components.len())
        };
        assert_eq!(kind("cmyk.jpg"), (Coding::Sequential, Colour::Cmyk, 4));
        assert_eq!(kind("rgb.jpg"), (Coding::Sequential, Colour::Rgb, 3));
        assert_eq!(kind("progressive-420.jpg"), (Coding::Progressive, Colour::YCbCr, 3));
        assert_eq!(kind("grey.jpg"), (Coding::Sequential, Colour::Grey, 1));
    }

    #[test]
    fn what_the_components_mean_is_jfif_before_adobe_before_their_names() {
        let colour = |name: &str, change: fn(&mut Vec<u8>)| {
            let mut bytes = fixtures::read(name);
            change(&mut bytes);
            Header::read(&bytes, &MediaLimits::default()).unwrap().colour
        };
        let jfif = |bytes: &mut Vec<u8>| drop(bytes.splice(2..2, *b"\xFF\xE0\0\x07JFIF\0"));
        assert_eq!(colour("rgb.jpg", jfif), Colour::YCbCr);
        assert_eq!(colour("rgb.jpg", |bytes| bytes[ADOBE] = 1), Colour::YCbCr);
        assert_eq!(colour("cmyk.jpg", |bytes| bytes[ADOBE] = 2), Colour::Ycck);
        // Without Adobe's segment the names are left, which are R, G and B.
        assert_eq!(colour("rgb.jpg", |bytes| drop(bytes.drain(2..18))), Colour::Rgb);
    }

    /// Where Adobe's word for the colours stands when its segment is the first.
    const ADOBE: usize = 17;

    #[test]
    fn a_side_and_an_area_over_the_limit_are_refused_from_the_header() {
        let mut bytes = fixtures::read("grey.jpg");
        let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        bytes[frame + 5..frame + 9].copy_from_slice(&[0x40, 0x01, 0x40, 0x00]);
        let refused = |limits| Header::read(&bytes, &limits).unwrap_err().to_string();
        assert_eq!(refused(MediaLimits::default()), "px a side: at most 16384, got 16385");
        let wide = MediaLimits { max_side: 20_000, ..MediaLimits::default() };
        assert_eq!(refused(wide), "pixels: at most 100000000, got 268451840");
    }
}
