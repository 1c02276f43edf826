//! Colours: what a profile says they mean becomes sRGB; YCbCr, ink and transparency become RGB where an encoder asks.
//!
//! Profiles are read by moxcms without its `unsafe` kernels, on the pixels of the result, of which there are few.

use std::panic::{AssertUnwindSafe, catch_unwind};

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::picture::{Kind, Picture, Pixels, Plane, Planes};

/// The picture in sRGB. A profile that cannot be read, or is for another kind of picture, is passed over as browsers
/// do.
pub(super) fn to_srgb(picture: Picture, profile: Option<&[u8]>) -> Picture {
    match profile.and_then(|profile| Conversion::of(profile, &picture)) {
        Some(conversion) => Picture::Pixels(conversion.run(to_pixels(picture))),
        None => match picture {
            Picture::Pixels(pixels) if pixels.kind == Kind::Cmyk => Picture::Pixels(rgb_of_ink(&pixels)),
            Picture::Pixels(pixels) if pixels.kind == Kind::Ycc => Picture::Planes(planes_of_ycc(&pixels)),
            picture => picture,
        },
    }
}

/// The picture as interleaved pixels: gray, RGB or ink, with alpha if it has some.
pub(super) fn to_pixels(picture: Picture) -> Pixels {
    match picture {
        Picture::Pixels(pixels) if pixels.kind == Kind::Ycc => rgb_of_planes(&planes_of_ycc(&pixels)),
        Picture::Pixels(pixels) => pixels,
        Picture::Planes(planes) => rgb_of_planes(&planes),
    }
}

/// The picture on `background`, without alpha.
pub(super) fn flattened(picture: Picture, background: [u8; 3]) -> Picture {
    match picture {
        Picture::Pixels(pixels) if pixels.kind.has_alpha() => {
            let mut samples = Vec::with_capacity(pixels.samples.len());
            for pixel in pixels.samples.chunks_exact(pixels.kind.channels()) {
                let (color, alpha) = match *pixel {
                    [gray, alpha] => ([gray; 3], alpha),
                    [red, green, blue, alpha] => ([red, green, blue], alpha),
                    _ => ([0; 3], 0),
                };
                samples.extend(std::array::from_fn::<u8, 3, _>(|at| over(color[at], alpha, background[at])));
            }
            Picture::Pixels(Pixels { kind: Kind::Rgb, size: pixels.size, samples })
        }
        picture => picture,
    }
}

/// Red, green and blue of a JFIF colour. Source: ITU-T T.871, 7.
pub(super) fn rgb_of_ycc([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << SHIFT, i32::from(cb) - 128, i32::from(cr) - 128);
    let sample = |value: i32| clamped((value + ROUND) >> SHIFT);
    [sample(y + 91_881 * cr), sample(y - 22_554 * cb - 46_802 * cr), sample(y + 116_130 * cb)]
}

/// Half the size in both directions, each sample the mean of four: how chroma is stored.
pub(super) fn halved(plane: &Plane) -> Plane {
    let size = plane.size.halved();
    let width = plane.size.width as usize;
    let rows: Vec<&[u8]> = plane.samples.chunks_exact(width.max(1)).collect();
    let mut samples = Vec::with_capacity(usize::try_from(size.pixels()).unwrap_or(0));
    for pair in rows.chunks(2) {
        let (upper, lower) = (pair[0], pair[pair.len() - 1]);
        for (above, below) in upper.chunks(2).zip(lower.chunks(2)) {
            let sum = |side: &[u8]| u32::from(side[0]) + u32::from(side[side.len() - 1]);
            samples.push(u8::try_from((sum(above) + sum(below) + 2) / 4).unwrap_or(u8::MAX));
        }
    }
    Plane::whole(size, samples)
}

/// A profile as a way to sRGB.
struct Conversion {
    run: std::sync::Arc<moxcms::Transform8BitExecutor>,
}

impl Conversion {
    /// None for a profile that cannot be read. One that makes its reader panic is none either.
    fn of(profile: &[u8], picture: &Picture) -> Option<Self> {
        let read = || Self::new(&ColorProfile::new_from_slice(profile).ok()?, picture);
        catch_unwind(AssertUnwindSafe(read)).unwrap_or(None)
    }

    /// None when the profile does not belong to such a picture, or changes next to nothing.
    fn new(profile: &ColorProfile, picture: &Picture) -> Option<Self> {
        let (space, source) = match picture {
            Picture::Pixels(Pixels { kind: Kind::Gray | Kind::GrayAlpha, .. })
            | Picture::Planes(Planes { chroma: None, .. }) => (DataColorSpace::Gray, Layout::Gray),
            Picture::Pixels(Pixels { kind: Kind::Cmyk, .. }) => (DataColorSpace::Cmyk, Layout::Rgba),
            _ => (DataColorSpace::Rgb, Layout::Rgb),
        };
        if profile.color_space != space {
            return None;
        }
        let srgb = ColorProfile::new_srgb();
        let run = profile.create_transform_8bit(source, &srgb, Layout::Rgb, TransformOptions::default()).ok()?;
        let conversion = Self { run };
        (space == DataColorSpace::Cmyk || conversion.changes(source.channels())).then_some(conversion)
    }

    /// Whether any colour of a coarse cube moves by more than a viewer could see. Most profiles are sRGB by another
    /// name, and without them a picture may stay in the planes that it came in.
    fn changes(&self, channels: usize) -> bool {
        let colors: Vec<[u8; 3]> = match channels {
            1 => (0..=255).map(|level| [level; 3]).collect(),
            _ => (0..125_u8)
                .map(|n| [n / 25, n / 5 % 5, n % 5].map(|step| (step * 63).saturating_add(step / 4 * 3)))
                .collect(),
        };
        let source: Vec<u8> = colors.iter().flat_map(|color| color[..channels].iter().copied()).collect();
        let mut srgb = vec![0; colors.len() * 3];
        if !self.transform(&source, &mut srgb) {
            return false;
        }
        colors.as_flattened().iter().zip(&srgb).any(|(before, after)| before.abs_diff(*after) > INVISIBLE)
    }

    /// Whether it went well: the tables that it looks up are a stranger's.
    fn transform(&self, source: &[u8], srgb: &mut [u8]) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.run.transform(source, srgb).is_ok())).unwrap_or(false)
    }

    fn run(&self, pixels: Pixels) -> Pixels {
        let Pixels { kind, size, samples } = pixels;
        let channels = kind.channels();
        let colors = if kind.has_alpha() { channels - 1 } else { channels };
        // Adobe stores ink inverted, profiles do not.
        let ink = |sample: u8| if kind == Kind::Cmyk { 255 - sample } else { sample };
        let source: Vec<u8> = samples
            .chunks_exact(channels)
            .flat_map(|pixel| pixel[..colors].iter().map(|sample| ink(*sample)))
            .collect();
        let mut srgb = vec![0; samples.len() / channels * 3];
        if !self.transform(&source, &mut srgb) {
            return if kind == Kind::Cmyk {
                rgb_of_ink(&Pixels { kind, size, samples })
            } else {
                Pixels { kind, size, samples }
            };
        }
        let (rgb, _) = srgb.as_chunks::<3>();
        // Gray stays gray: the three are equal but for rounding.
        let kept = if matches!(kind, Kind::Gray | Kind::GrayAlpha) { 1..2 } else { 0..3 };
        let mut converted = Vec::with_capacity(rgb.len() * 4);
        for (color, pixel) in rgb.iter().zip(samples.chunks_exact(channels)) {
            converted.extend_from_slice(&color[kept.clone()]);
            converted.extend_from_slice(if kind.has_alpha() { &pixel[colors..] } else { &[] });
        }
        Pixels { kind: if kind == Kind::Cmyk { Kind::Rgb } else { kind }, size, samples: converted }
    }
}

/// Ink on paper without a profile: what each ink leaves over, darkened by what black leaves over.
fn rgb_of_ink(pixels: &Pixels) -> Pixels {
    let (inks, _) = pixels.samples.as_chunks::<4>();
    let samples = inks
        .iter()
        .flat_map(|[cyan, magenta, yellow, black]| [cyan, magenta, yellow].map(|left| over(*left, *black, 0)));
    Pixels { kind: Kind::Rgb, size: pixels.size, samples: samples.collect() }
}

fn planes_of_ycc(pixels: &Pixels) -> Planes {
    let (colors, _) = pixels.samples.as_chunks::<3>();
    let plane = |at: usize| Plane::whole(pixels.size, colors.iter().map(|color| color[at]).collect());
    Planes { luma: plane(0), chroma: Some([plane(1), plane(2)]) }
}

/// Chroma of half the size is repeated: whoever wants more of it asks for whole planes when resizing.
fn rgb_of_planes(planes: &Planes) -> Pixels {
    let size = planes.luma.size;
    let Some([blue, red]) = &planes.chroma else {
        return Pixels { kind: Kind::Gray, size, samples: planes.luma.samples.clone() };
    };
    let width = size.width as usize;
    let step = if blue.size == size { 1 } else { 2 };
    let row = |plane: &Plane, y: usize| {
        let width = plane.size.width as usize;
        (y / step * width, width)
    };
    let mut samples = Vec::with_capacity(planes.luma.samples.len() * 3);
    for (y, luma) in planes.luma.samples.chunks_exact(width.max(1)).enumerate() {
        let (at, length) = row(blue, y);
        let (blue, red) = (&blue.samples[at..at + length], &red.samples[at..at + length]);
        for (x, luma) in luma.iter().enumerate() {
            samples.extend(rgb_of_ycc([*luma, blue[x / step], red[x / step]]));
        }
    }
    Pixels { kind: Kind::Rgb, size, samples }
}

/// `color` with `alpha` over `behind`, rounded.
fn over(color: u8, alpha: u8, behind: u8) -> u8 {
    let (color, alpha, behind) = (u32::from(color), u32::from(alpha), u32::from(behind));
    u8::try_from((color * alpha + behind * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

fn clamped(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX)
}

/// Fixed point with 16 bits behind it: the factors are those of the standard times 65 536.
const SHIFT: i32 = 16;
const ROUND: i32 = 1 << (SHIFT - 1);
/// Steps of 255. Versions of sRGB differ by as much in their darkest colours.
const INVISIBLE: u8 = 3;

#[cfg(test)]
mod tests {
    use super::super::picture::Size;
    use super::*;

    #[test]
    fn the_corners_of_the_colour_cube_come_out_of_ycc() {
        // White, black, and the primaries as T.871 places them, rounded.
        let corners = [
            ([255, 128, 128], [255, 255, 255]),
            ([0, 128, 128], [0, 0, 0]),
            ([76, 85, 255], [254, 0, 0]),
            ([150, 44, 21], [0, 255, 1]),
            ([29, 255, 107], [0, 0, 254]),
        ];
        for (ycc, rgb) in corners {
            assert_eq!(rgb_of_ycc(ycc), rgb, "{ycc:?}");
        }
    }

    #[test]
    fn chroma_of_an_odd_side_is_halved_to_its_edge() {
        let plane = Plane::whole(Size { width: 3, height: 3 }, vec![0, 4, 8, 4, 8, 12, 20, 20, 40]);
        let half = halved(&plane);
        assert_eq!((half.size, half.samples), (Size { width: 2, height: 2 }, vec![4, 10, 20, 40]));
    }

    #[test]
    fn transparency_shows_the_background() {
        let size = Size { width: 2, height: 1 };
        let samples = vec![200, 100, 0, 255, 200, 100, 0, 0];
        let picture = Picture::Pixels(Pixels { kind: Kind::Rgba, size, samples });
        let Picture::Pixels(flat) = flattened(picture, [1, 2, 3]) else { panic!("pixels") };
        assert_eq!(flat.samples, [200, 100, 0, 1, 2, 3]);
    }

    #[test]
    fn a_profile_that_is_srgb_by_another_name_changes_nothing() {
        let profile = ColorProfile::new_srgb().encode().unwrap();
        let size = Size { width: 1, height: 1 };
        let picture = Picture::Pixels(Pixels { kind: Kind::Ycc, size, samples: vec![90, 100, 200] });
        let Picture::Planes(planes) = to_srgb(picture, Some(&profile)) else { panic!("went through RGB") };
        assert_eq!(planes.luma.samples, [90]);
    }
}
