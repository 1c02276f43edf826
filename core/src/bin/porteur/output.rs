//! Files that the command writes.

use std::io::Write as _;
use std::path::Path;

use porteur::{Error, Result};
use tempfile::Builder;

/// Writes the file, or leaves what was there: it takes its name when it is whole.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut named = Builder::new();
    // As for every new file: what the umask of the caller leaves.
    #[cfg(unix)]
    named.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let written = named.tempfile_in(folder).and_then(|mut file| {
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    });
    written.map_err(|error| Error::File { action: "could not write", path: path.to_owned(), source: error.into() })
}
