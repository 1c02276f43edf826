//! Files as an attacker writes them: each format's blocks, put together with right lengths and checksums around
//! whatever is in them.

pub(super) mod gif;
pub(super) mod jpeg;
pub(super) mod png;
pub(super) mod webp;

use std::path::Path;

/// The names and bytes of the small pictures of tests/media, the endings told apart.
pub(super) fn fixtures(ending: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for folder in ["formats", "jpeg", "webp"] {
        let folder = Path::new(crate::support::WORKSPACE).join("tests/media").join(folder);
        for entry in std::fs::read_dir(folder).expect("a folder of pictures") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(ending) {
                files.push((name, std::fs::read(path).expect("a picture")));
            }
        }
    }
    files.sort();
    assert!(files.len() > 3, "{} files", files.len());
    files
}

/// One of them.
pub(super) fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(crate::support::WORKSPACE).join("tests/media/formats").join(name);
    std::fs::read(path).expect("a known picture")
}

/// A file in pieces and back, so that changes meet decoders and not their checks of lengths and sums.
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) ending: &'static str,
    pub(super) pieces: fn(&[u8]) -> Vec<Vec<u8>>,
    pub(super) whole: fn(&[Vec<u8>]) -> Vec<u8>,
}

pub(super) const FORMATS: [Format; 4] = [
    Format { ending: ".png", pieces: png::pieces, whole: png::whole },
    Format { ending: ".webp", pieces: webp::pieces, whole: webp::whole },
    Format { ending: ".jpg", pieces: jpeg::pieces, whole: jpeg::whole },
    Format { ending: ".gif", pieces: gif::pieces, whole: gif::whole },
];

/// Bits, the lowest first, as GIF and lossless WebP have them.
#[derive(Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    pub(super) fn put(&mut self, value: u64, count: u32) {
        self.held |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.bytes
    }
}
