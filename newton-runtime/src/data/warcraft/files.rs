//! The nine files of the benchmark: names, checksums, and a folder of them as [`Warcraft`].

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use md5::{Digest, Md5};
use rayon::prelude::*;

use super::maps::{check_costs, check_paths};
use super::{CHANNELS, GRID, SIDE, Warcraft, WarcraftMaps};
use crate::data::DataError;
use crate::data::npy::{self, NpyError, f16};

/// One of the official files, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficialFile {
    /// Its name.
    pub name: &'static str,
    /// Its length.
    pub bytes: u64,
    /// MD5 in hexadecimal digits; of the validation files only the first eight digits are known.
    pub md5: &'static str,
}

const fn official(name: &'static str, bytes: u64, md5: &'static str) -> OfficialFile {
    OfficialFile { name, bytes, md5 }
}

/// The official files: images, costs and paths of the three splits.
#[rustfmt::skip]
pub const OFFICIAL_WARCRAFT: [OfficialFile; 9] = [
    official("train_maps.npy", 276_480_128, "c31760c5fbd9d034b6e21a6612895e69"),
    official("train_vertex_weights.npy", 2_880_128, "761cc8098730504335efdefec3b221a6"),
    official("train_shortest_paths.npy", 1_440_128, "1483015985796f3bf9f3e5e00cb8e855"),
    official("val_maps.npy", 27_648_128, "cfe9288a"),
    official("val_vertex_weights.npy", 288_128, "452753f9"),
    official("val_shortest_paths.npy", 144_128, "95e81a2a"),
    official("test_maps.npy", 27_648_128, "a5c50ae11e4bd01cb1a2cd76e5849b22"),
    official("test_vertex_weights.npy", 288_128, "071dbcf2aa9d98fc255abdcb780151b1"),
    official("test_shortest_paths.npy", 144_128, "deae60b10d932e2a37271df4b44e295d"),
];

/// A file compared with the official one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCheck {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its MD5, 32 hexadecimal digits.
    pub md5: String,
    /// What it is compared with.
    pub official: OfficialFile,
}

impl FileCheck {
    /// Whether this is the official file, as far as that is known.
    pub fn is_official(&self) -> bool {
        self.bytes == self.official.bytes && self.md5.starts_with(self.official.md5)
    }
}

/// Where maps come from. Its `Display` is one line for the head of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provenance {
    /// Files of a folder, in the order of [`OFFICIAL_WARCRAFT`].
    Files(Vec<FileCheck>),
    /// Drawn by [`Warcraft::synthetic`].
    Synthetic {
        /// The seed.
        seed: u64,
    },
}

impl Provenance {
    /// Whether these are the official files, all nine.
    pub fn is_official(&self) -> bool {
        matches!(self, Self::Files(files) if files.len() == 9 && files.iter().all(FileCheck::is_official))
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Synthetic { seed } => write!(f, "synthetic maps (not the Warcraft benchmark), seed {seed}"),
            _ if self.is_official() => f.write_str("Warcraft maps, official files"),
            Self::Files(files) => {
                f.write_str("not the official Warcraft maps:")?;
                for file in files.iter().filter(|file| !file.is_official()) {
                    write!(f, " {}", file.path.display())?;
                }
                Ok(())
            }
        }
    }
}

/// Compares the nine files in `folder` (or where the archive puts them below it) with the official ones:
/// [`FileCheck::is_official`] says which differ.
///
/// # Errors
/// [`DataError::Io`] for a file that cannot be read.
pub fn verify(folder: &Path) -> Result<Vec<FileCheck>, DataError> {
    let folder = find(folder);
    OFFICIAL_WARCRAFT.par_iter().map(|official| check(folder.join(official.name), *official)).collect()
}

fn check(path: PathBuf, official: OfficialFile) -> Result<FileCheck, DataError> {
    let (mut hash, mut bytes) = (Md5::new(), 0);
    let mut read = || -> io::Result<()> {
        // Asked before opening: opening a named pipe would wait for its writer.
        if !std::fs::metadata(&path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let mut file = File::open(&path)?;
        let mut block = vec![0; 1 << 16];
        loop {
            match file.read(&mut block)? {
                0 => return Ok(()),
                n => {
                    hash.update(&block[..n]);
                    bytes += n as u64;
                }
            }
        }
    };
    let outcome = read();
    outcome.map_err(|source| DataError::Io { file: path.clone(), source })?;
    let md5 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(FileCheck { path, bytes, md5, official })
}

/// The folder with the files: this one, or the one the archive makes in it.
fn find(folder: &Path) -> PathBuf {
    let below = ["warcraft_shortest_path_oneskin/12x12", "12x12"].map(|below| folder.join(below));
    let there = below.into_iter().find(|folder| folder.join(OFFICIAL_WARCRAFT[0].name).exists());
    there.unwrap_or_else(|| folder.into())
}

pub(super) fn load(folder: &Path) -> Result<Warcraft, DataError> {
    let folder = find(folder);
    let read = |split| read_split(&folder, split).map(Arc::new);
    // Read before they are hashed: what is wrong with a file says more than that its checksum differs.
    let (train, valid, test) = (read("train")?, read("val")?, read("test")?);
    Ok(Warcraft { train, valid, test, provenance: Provenance::Files(verify(&folder)?) })
}

fn read_split(folder: &Path, split: &str) -> Result<WarcraftMaps, DataError> {
    let name = |what: &str| folder.join(format!("{split}_{what}.npy"));
    let grid = [None, Some(GRID), Some(GRID)];
    let images_file = name("maps");
    let images = npy::read::<u8>(&images_file, &[None, Some(SIDE), Some(SIDE), Some(CHANNELS)])?;
    let belongs = |file: &Path, count: usize| {
        if count == images.shape[0] {
            return Ok(());
        }
        let (file, reference) = (file.into(), images_file.clone());
        Err(DataError::MapCount { file, found: count, reference, expected: images.shape[0] })
    };

    let file = name("vertex_weights");
    let costs = npy::read::<f16>(&file, &grid)?;
    belongs(&file, costs.shape[0])?;
    let costs: Vec<f32> = costs.data.into_iter().map(f32::from).collect();
    check_costs(&file, &costs)?;

    let file = name("shortest_paths");
    let paths = npy::read::<u8>(&file, &grid)?;
    belongs(&file, paths.shape[0])?;
    check_paths(&file, &paths.data)?;
    Ok(WarcraftMaps::from_checked(images.data, costs, paths.data))
}

pub(super) fn save(maps: &Warcraft, folder: &Path) -> Result<(), DataError> {
    let folder = folder.join("12x12");
    for (split, maps) in [("train", &maps.train), ("val", &maps.valid), ("test", &maps.test)] {
        let name = |what: &str| folder.join(format!("{split}_{what}.npy"));
        let (images, costs, paths) = maps.parts();
        let costs: Vec<f16> = costs.iter().map(|&cost| f16::from_f32(cost)).collect();
        let write = || -> Result<(), NpyError> {
            npy::write(&name("maps"), &[maps.len(), SIDE, SIDE, CHANNELS], images)?;
            npy::write(&name("vertex_weights"), &[maps.len(), GRID, GRID], &costs)?;
            npy::write(&name("shortest_paths"), &[maps.len(), GRID, GRID], paths)
        };
        write()?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
