//! The small pictures of `tests/media/jpeg`, whose provenance is in `make.py` beside them.

use std::path::PathBuf;

/// The bytes of a fixture.
pub(in crate::media) fn read(name: &str) -> Vec<u8> {
    let path = folder().join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of all fixtures that the fast path takes.
pub(in crate::media) fn taken() -> Vec<String> {
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let refused = ["cmyk.jpg", "rgb.jpg"];
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".jpg") && !refused.contains(&name.as_str())).collect();
    names.sort();
    names
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/media/jpeg"))
}
