//! How a camera was held: the one number of EXIF that a decoder needs.

/// The orientation (1 to 8) that the payload of an APP1 segment names, if it is EXIF and names one.
///
/// The rest of EXIF is neither read nor trusted. Source: CIPA DC-008, 4.6.4 (tag 274) on top of TIFF 6.0.
pub(super) fn orientation(payload: &[u8]) -> Option<u8> {
    let tiff = payload.strip_prefix(b"Exif\0\0")?;
    let order = match tiff.get(..4)? {
        b"II*\0" => Order::LittleEndian,
        b"MM\0*" => Order::BigEndian,
        _ => return None,
    };
    let directory = tiff.get(usize::try_from(order.long(tiff.get(4..)?)?).ok()?..)?;
    let count = usize::from(order.short(directory)?);
    let entries = directory.get(2..)?.chunks_exact(12).take(count);
    let entry = entries.into_iter().find(|entry| order.short(entry) == Some(ORIENTATION))?;
    // The value of a short stands in the first bytes of the field; some writers make it a long.
    let value = match order.short(&entry[2..])? {
        SHORT => u32::from(order.short(&entry[8..])?),
        LONG => order.long(&entry[8..])?,
        _ => return None,
    };
    u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
}

#[derive(Clone, Copy)]
enum Order {
    LittleEndian,
    BigEndian,
}

impl Order {
    fn short(self, bytes: &[u8]) -> Option<u16> {
        let bytes = *bytes.first_chunk()?;
        Some(match self {
            Self::LittleEndian => u16::from_le_bytes(bytes),
            Self::BigEndian => u16::from_be_bytes(bytes),
        })
    }

    fn long(self, bytes: &[u8]) -> Option<u32> {
        let bytes = *bytes.first_chunk()?;
        Some(match self {
            Self::LittleEndian => u32::from_le_bytes(bytes),
            Self::BigEndian => u32::from_be_bytes(bytes),
        })
    }
}

const ORIENTATION: u16 = 274;
const SHORT: u16 = 3;
const LONG: u16 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_are_read() {
        let little = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        let big = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0";
        assert_eq!((orientation(little), orientation(big)), (Some(6), Some(8)));
    }

    #[test]
    fn what_is_cut_off_or_out_of_range_names_nothing() {
        let whole = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0";
        for end in 0..=whole.len() {
            assert_eq!(orientation(&whole[..end]), None, "{end} bytes");
        }
        assert_eq!(orientation(b"Exif\0\0II*\0\xFF\xFF\xFF\xFF\x01\0"), None);
    }
}
