//! A decoded picture on its way from decoder to encoder, in the form in which it costs least to go on.

use super::orientation::Orientation;

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A part of a picture, in pixels and fractions of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A decoded picture.
#[derive(Debug, Clone)]
pub(super) enum Picture {
    /// Pixel after pixel, the samples of each side by side.
    Pixels(Pixels),
    /// One plane for each of Y, Cb and Cr, as JPEG and WebP store them. They are resized as they are and go to the
    /// encoder without a way through RGB.
    Planes(Planes),
}

/// Interleaved samples of 8 bits.
#[derive(Debug, Clone)]
pub(super) struct Pixels {
    pub(super) kind: Kind,
    pub(super) size: Size,
    pub(super) samples: Vec<u8>,
}

/// What the samples of a pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
    /// Y, Cb and Cr of the full range, as JFIF defines them.
    Ycc,
    /// Cyan, magenta, yellow and black, where 255 is no ink: as Adobe stores them.
    Cmyk,
}

/// Y of the whole picture, and Cb and Cr of the same or of half the size; the full range of JFIF.
#[derive(Debug, Clone)]
pub(super) struct Planes {
    pub(super) luma: Plane,
    /// None when the picture is gray.
    pub(super) chroma: Option<[Plane; 2]>,
}

/// One sample a place.
#[derive(Debug, Clone)]
pub(super) struct Plane {
    pub(super) size: Size,
    /// How much of the plane the picture covers, in samples: a decoder that reduces, or halves an odd side, ends in
    /// samples that belong to the picture only in part.
    pub(super) extent: (f64, f64),
    pub(super) samples: Vec<u8>,
}

impl Size {
    pub(super) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Half of both sides, rounded up: what chroma is stored in.
    pub(super) fn halved(self) -> Self {
        Self { width: self.width.div_ceil(2), height: self.height.div_ceil(2) }
    }
}

impl Rect {
    /// The whole of a picture.
    pub(super) fn of(size: Size) -> Self {
        Self { left: 0.0, top: 0.0, width: size.width.into(), height: size.height.into() }
    }
}

impl Kind {
    /// Samples of a pixel, which are bytes too.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb | Self::Ycc => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }

    pub(super) fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }
}

impl Picture {
    pub(super) fn size(&self) -> Size {
        match self {
            Self::Pixels(pixels) => pixels.size,
            Self::Planes(planes) => planes.luma.size,
        }
    }

    pub(super) fn has_alpha(&self) -> bool {
        matches!(self, Self::Pixels(pixels) if pixels.kind.has_alpha())
    }

    /// Turned as `orientation` says.
    pub(super) fn turned(self, orientation: Orientation) -> Self {
        match self {
            Self::Pixels(Pixels { kind, size, samples }) => Self::Pixels(Pixels {
                kind,
                size: orientation.turned(size),
                samples: orientation.turn(samples, size, kind.channels()),
            }),
            Self::Planes(Planes { luma, chroma }) => Self::Planes(Planes {
                luma: luma.turned(orientation),
                chroma: chroma.map(|planes| planes.map(|plane| plane.turned(orientation))),
            }),
        }
    }
}

impl Pixels {
    /// The same picture without its alpha, if that says nothing: many files have a channel of nothing but 255.
    pub(super) fn without_idle_alpha(self) -> Self {
        match self.kind {
            Kind::GrayAlpha => self.if_opaque::<2>(Kind::Gray),
            Kind::Rgba => self.if_opaque::<4>(Kind::Rgb),
            _ => self,
        }
    }

    fn if_opaque<const N: usize>(mut self, kind: Kind) -> Self {
        let (pixels, _) = self.samples.as_chunks::<N>();
        // A whole row at a time, so that the look is made of wide instructions.
        let row = (self.size.width as usize).max(1);
        if !pixels.chunks(row).all(|row| row.iter().fold(255, |all, pixel| all & pixel[N - 1]) == 255) {
            return self;
        }
        let count = pixels.len();
        for at in 0..count {
            // Pixel by pixel of a known size: copying within takes a call for each.
            for sample in 0..N - 1 {
                self.samples[at * (N - 1) + sample] = self.samples[at * N + sample];
            }
        }
        self.samples.truncate(count * (N - 1));
        Self { kind, ..self }
    }
}

impl Plane {
    /// A plane that the picture covers to its last sample.
    pub(super) fn whole(size: Size, samples: Vec<u8>) -> Self {
        Self { size, extent: (size.width.into(), size.height.into()), samples }
    }

    fn turned(self, orientation: Orientation) -> Self {
        Self::whole(orientation.turned(self.size), orientation.turn(self.samples, self.size, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_goes_only_when_every_pixel_is_opaque() {
        let size = Size { width: 2, height: 1 };
        let rgba = |alpha| Pixels { kind: Kind::Rgba, size, samples: vec![1, 2, 3, 255, 4, 5, 6, alpha] };
        let opaque = rgba(255).without_idle_alpha();
        assert_eq!((opaque.kind, opaque.samples), (Kind::Rgb, vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(rgba(254).without_idle_alpha().kind, Kind::Rgba);
    }
}
