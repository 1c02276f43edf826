//! Pictures for attachments that bring none: a gradient as a PNG, the same every time.

use bytes::Bytes;

/// A PNG of this size; both sides are at least 1.
pub(super) fn png(width: u32, height: u32) -> Bytes {
    let mut rows = Vec::with_capacity((width as usize * 3 + 1) * height as usize);
    for y in 0..height {
        // The filter that takes what is to the left: what is left of a gradient is next to nothing.
        rows.push(1);
        let mut left = [0; 3];
        for x in 0..width {
            let pixel = [share(x, width), share(y, height), share(x + y, width + height)];
            rows.extend(pixel.iter().zip(left).map(|(sample, left)| sample.wrapping_sub(left)));
            left = pixel;
        }
    }
    let mut header = Vec::from(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // 8 bits a sample, RGB, and the only ways there are to compress, filter and interlace.
    header.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1A\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", fdeflate::compress_to_vec(&rows)), (b"IEND", Vec::new())] {
        let length = u32::try_from(data.len()).expect("settings allow 64 million pixels at most");
        png.extend(length.to_be_bytes());
        let chunk = [kind.as_slice(), &data].concat();
        png.extend(&chunk);
        png.extend(crc32fast::hash(&chunk).to_be_bytes());
    }
    png.into()
}

/// The width and height in the header of a PNG.
pub(super) fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1A\n")?.get(8..16)?;
    let (width, height) = header.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(height.try_into().ok()?)))
}

fn share(part: u32, whole: u32) -> u8 {
    u8::try_from(u64::from(part) * 255 / u64::from(whole)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_has_the_size_that_it_says() {
        assert_eq!(png_size(&png(7, 300)), Some((7, 300)));
        assert_eq!(png_size(b"GIF89a"), None);
    }
}
