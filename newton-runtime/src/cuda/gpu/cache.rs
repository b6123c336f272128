//! Compiled kernels on disk.
//!
//! A file is found by a hash, and holds what was hashed: two texts with the same hash are told apart. It is written to another name and
//! renamed, so that programs that run side by side never see half of one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Gpu;

/// The folder of compiled kernels.
pub(super) struct Cache {
    folder: PathBuf,
}

/// A file of it.
pub(super) struct Entry {
    path: PathBuf,
    /// What it was compiled from, and how.
    source: Vec<u8>,
}

const MAGIC: &[u8; 8] = b"nlcubin1";

impl Gpu {
    /// Where compiled kernels are kept between runs: `$NEWTON_CUDA_CACHE`, or `newton-losses/cuda` below `$XDG_CACHE_HOME` or `~/.cache`.
    /// None with an empty `NEWTON_CUDA_CACHE`, or without a home. It may be deleted at any time.
    pub fn cache_folder() -> Option<PathBuf> {
        if let Some(folder) = std::env::var_os("NEWTON_CUDA_CACHE") {
            return (!folder.is_empty()).then(|| folder.into());
        }
        let of = |name| std::env::var_os(name).filter(|x| !x.is_empty()).map(PathBuf::from);
        let caches = of("XDG_CACHE_HOME").or_else(|| of("HOME").map(|home| home.join(".cache")))?;
        Some(caches.join("newton-losses").join("cuda"))
    }
}

impl Cache {
    pub fn new() -> Option<Cache> {
        Gpu::cache_folder().map(|folder| Cache { folder })
    }

    pub fn entry(&self, parts: &[&str]) -> Entry {
        let source = parts.join("\n").into_bytes();
        let hash = source.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
        Entry { path: self.folder.join(format!("{hash:016x}.cubin")), source }
    }
}

impl Entry {
    /// What was kept, if it is of this source and whole.
    pub fn read(&self) -> Option<Vec<u8>> {
        let bytes = std::fs::read(&self.path).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?;
        let (length, rest) = rest.split_at_checked(16)?;
        let number = |at: usize| {
            let bytes: [u8; 8] = length[at..at + 8].try_into().ok()?;
            usize::try_from(u64::from_le_bytes(bytes)).ok()
        };
        let (source, image) = rest.split_at_checked(number(0)?)?;
        (source == self.source && image.len() == number(8)?).then(|| image.to_vec())
    }

    /// Keeps an image.
    pub fn write(&self, image: &[u8]) -> std::io::Result<()> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("new-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let fresh = self.path.with_file_name(name);
        let written = self.write_to(&fresh, image).and_then(|()| std::fs::rename(&fresh, &self.path));
        written.inspect_err(|_| {
            let _ = std::fs::remove_file(&fresh);
        })
    }

    fn write_to(&self, path: &Path, image: &[u8]) -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = std::fs::File::create(path)?;
        file.write_all(MAGIC)?;
        for length in [self.source.len(), image.len()] {
            file.write_all(&(length as u64).to_le_bytes())?;
        }
        file.write_all(&self.source)?;
        file.write_all(image)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_of_their_source_and_whole() {
        let folder = std::env::temp_dir().join(format!("newton-cuda-cache-{}", std::process::id()));
        let cache = Cache { folder: folder.clone() };
        let entry = cache.entry(&["13.0", "sm_90", "text"]);
        assert_eq!(entry.read(), None);
        entry.write(b"image").unwrap();
        assert_eq!(entry.read().as_deref(), Some(&b"image"[..]));
        // Another architecture has a file of its own; the same file of another source is not taken.
        let mut other = cache.entry(&["13.0", "sm_80", "text"]);
        assert_eq!(other.read(), None);
        other.path.clone_from(&entry.path);
        assert_eq!(other.read(), None);
        let bytes = std::fs::read(&entry.path).unwrap();
        for end in 0..bytes.len() {
            std::fs::write(&entry.path, &bytes[..end]).unwrap();
            assert_eq!(entry.read(), None, "{end} bytes");
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
