//! Files that are complete or not there: written under another name first, then renamed.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// A temporary file in `folder`, which is made if missing. In the same folder, so that renaming stays within one
/// file system; readable for others as any file is (temporary files are private by default).
pub(crate) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Less the user's umask.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Writes `contents` to `path`, replacing what is there. Whoever reads `path` meanwhile, or after a crash, sees all of
/// the old or all of the new.
///
/// # Errors
/// The system's; `path` is then as it was.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    replace_with(path, |file| file.write_all(contents))
}

/// As [`replace`], for contents that are too large to be held: `write` is given the file.
pub(crate) fn replace_with(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut file = temporary(folder)?;
    write(file.as_file_mut())?;
    // Before the new name points to it, or a power cut leaves an empty file under that name.
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The new name itself, without which a power cut brings the old one back.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_whole_files_and_leaves_no_others() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("runs/a.csv");
        for contents in [&b"long old contents"[..], b"new"] {
            replace(&path, contents).expect("writable");
            assert_eq!(std::fs::read(&path).expect("readable"), contents);
        }
        let names = std::fs::read_dir(path.parent().expect("runs")).expect("a folder");
        assert_eq!(names.count(), 1, "no temporary file stays behind");
        // A folder of that name is in the way: an error, and nothing left behind either.
        assert!(replace(&folder.path().join("runs"), b"x").is_err());
        // So does a writer that gives up halfway.
        let torn = replace_with(&path, |file| file.write_all(b"ha").and(Err(io::Error::other("gave up"))));
        assert!(torn.is_err() && std::fs::read(&path).expect("readable") == b"new");
        assert_eq!(std::fs::read_dir(path.parent().expect("runs")).expect("a folder").count(), 1);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
