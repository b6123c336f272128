//! Where a command that makes one table puts it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use newton_losses::train::files;

/// `out` is the file if its name ends in `.csv`, otherwise the directory that it is to lie in.
pub fn path(out: &Path, name: &str) -> PathBuf {
    let is_file = out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    if is_file && !out.is_dir() { out.into() } else { out.join(name) }
}

/// Writes the table, whole or not at all; where it lies then.
pub fn write(out: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let file = path(out, name);
    files::replace(&file, text.as_bytes()).with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_or_a_file() {
        assert_eq!(path(Path::new("runs/paper"), "table9.csv"), Path::new("runs/paper/table9.csv"));
        assert_eq!(path(Path::new("runs/v1.2"), "table9.csv"), Path::new("runs/v1.2/table9.csv"));
        assert_eq!(path(Path::new("a.CSV"), "table9.csv"), Path::new("a.CSV"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let odd = folder.path().join("folder.csv");
        std::fs::create_dir(&odd).expect("writable");
        assert_eq!(path(&odd, "table9.csv"), odd.join("table9.csv"));
    }
}
