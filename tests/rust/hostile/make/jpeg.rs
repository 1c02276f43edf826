//! JPEG: segments with right lengths, put between those of a picture.

/// A segment of this marker.
pub(in super::super) fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap();
    [&[0xFF, marker], &length.to_be_bytes()[..], payload].concat()
}

/// `bytes` with something put behind the start of the image.
pub(in super::super) fn with(bytes: &[u8], put_in: &[u8]) -> Vec<u8> {
    [&bytes[..2], put_in, &bytes[2..]].concat()
}

/// Where the first segment of one of these markers begins.
pub(in super::super) fn find(bytes: &[u8], markers: &[u8]) -> usize {
    let mut at = 2;
    while !markers.contains(&bytes[at + 1]) {
        at += 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
    }
    at
}

/// The same picture, said to be this large.
pub(in super::super) fn claiming(mut bytes: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let frame = find(&bytes, &[0xC0, 0xC1, 0xC2]);
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// An APP2 segment of a profile.
pub(in super::super) fn profile_piece(number: u8, count: u8, data: &[u8]) -> Vec<u8> {
    segment(0xE2, &[b"ICC_PROFILE\0".as_slice(), &[number, count], data].concat())
}

/// Cut into segments, the codes of a scan with its head.
pub(super) fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut pieces, mut at) = (Vec::new(), 2);
    while at + 4 <= bytes.len() {
        let marker = bytes[at + 1];
        let mut end = at + 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        if marker == 0xDA {
            let codes = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7);
            end += bytes[end..].windows(2).position(codes).unwrap_or(bytes.len() - end);
        }
        pieces.push(bytes[at + 1..end].to_vec());
        at = end;
    }
    pieces
}

/// Lengths are made right, but those of scan heads, behind which codes follow.
pub(super) fn whole(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8];
    for piece in pieces {
        match piece.as_slice() {
            [0xDA, ..] => bytes.extend([&[0xFF], piece.as_slice()].concat()),
            [marker, _, _, payload @ ..] => bytes.extend(segment(*marker, payload)),
            _ => {}
        }
    }
    bytes.extend([0xFF, 0xD9]);
    bytes
}
