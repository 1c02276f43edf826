//! EXIF: which way up the camera was held. The rest of it is dropped, or kept as it is.

use super::orientation::Orientation;

/// The orientation that a TIFF block (what stands behind `Exif\0\0`) names, if it names one.
///
/// Nothing else is read or trusted. Source: CIPA DC-008, 4.6.4 (tag 274) on top of TIFF 6.0, section 2.
pub(super) fn orientation(tiff: &[u8]) -> Option<Orientation> {
    let (order, at) = entry(tiff)?;
    let value = tiff.get(at + 8..)?;
    // The value stands in the first bytes of its field; some writers make it a long.
    let value = match order.short(tiff.get(at + 2..)?)? {
        SHORT => u32::from(order.short(value)?),
        LONG => order.long(value)?,
        _ => return None,
    };
    Orientation::new(value)
}

/// The same block for pixels that stand upright now: a viewer must not turn them again.
pub(super) fn upright(tiff: &[u8]) -> Vec<u8> {
    let mut upright = tiff.to_vec();
    if let Some((order, at)) = entry(tiff)
        && let Some(field) = upright.get_mut(at + 2..at + 12)
    {
        let written: &[u8; 10] = match order {
            Order::LittleEndian => &[3, 0, 1, 0, 0, 0, 1, 0, 0, 0],
            Order::BigEndian => &[0, 3, 0, 0, 0, 1, 0, 1, 0, 0],
        };
        field.copy_from_slice(written);
    }
    upright
}

/// Where the entry of the orientation begins in the first directory, and how numbers are written.
fn entry(tiff: &[u8]) -> Option<(Order, usize)> {
    let order = match tiff.get(..4)? {
        b"II*\0" => Order::LittleEndian,
        b"MM\0*" => Order::BigEndian,
        _ => return None,
    };
    let directory = usize::try_from(order.long(tiff.get(4..)?)?).ok()?;
    let count = usize::from(order.short(tiff.get(directory..)?)?);
    let first = directory.checked_add(2)?;
    let mut entries = tiff.get(first..)?.chunks_exact(ENTRY).take(count);
    let index = entries.position(|entry| order.short(entry) == Some(ORIENTATION))?;
    Some((order, first + index * ENTRY))
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

/// Bytes of a directory entry: tag, type, count, value.
const ENTRY: usize = 12;
const ORIENTATION: u16 = 274;
const SHORT: u16 = 3;
const LONG: u16 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: &[u8] = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
    const BIG: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x08";

    #[test]
    fn both_byte_orders_and_both_types_are_read() {
        assert_eq!(orientation(LITTLE), Orientation::new(6));
        assert_eq!(orientation(BIG), Orientation::new(8));
    }

    #[test]
    fn what_is_kept_stands_upright() {
        for block in [LITTLE, BIG] {
            let kept = upright(block);
            assert_eq!((orientation(&kept), kept.len()), (Orientation::new(1), block.len()));
        }
    }

    #[test]
    fn what_is_cut_off_or_out_of_range_names_nothing() {
        let wrong = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0";
        for end in 0..=wrong.len() {
            assert_eq!(orientation(&wrong[..end]), None, "{end} bytes");
            assert_eq!(upright(&LITTLE[..end.min(LITTLE.len() - 1)]).len(), end.min(LITTLE.len() - 1));
        }
        assert_eq!(orientation(b"II*\0\xFF\xFF\xFF\xFF\x01\0"), None);
    }
}
