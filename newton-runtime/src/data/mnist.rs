//! The four files of MNIST: names, checksums, and a folder of them as [`Digits`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DataError, DigitImages, Digits, SIDE, idx};

/// One of the official files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Official {
    /// Its name, without `.gz`.
    pub name: &'static str,
    /// SHA-256 of the unpacked file.
    pub sha256: [u8; 32],
}

/// The official files: training images and labels, test images and labels.
pub const OFFICIAL_MNIST: [Official; 4] = [
    official("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    official("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    official("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    official("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
];

const fn official(name: &'static str, hex: &str) -> Official {
    let (digits, mut sha256) = (hex.as_bytes(), [0; 32]);
    let mut i = 0;
    while i < 64 {
        let nibble = if digits[i] < b'a' { digits[i] - b'0' } else { digits[i] - b'a' + 10 };
        sha256[i / 2] = sha256[i / 2] << 4 | nibble;
        i += 1;
    }
    Official { name, sha256 }
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of the unpacked file.
    pub sha256: [u8; 32],
    /// Whether that is the official file's.
    pub official: bool,
}

/// Where images come from. Its `Display` is one line for the head of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provenance {
    /// Files of a folder, in the order of [`OFFICIAL_MNIST`].
    Files(Vec<FileReport>),
    /// Drawn by [`Digits::synthetic`].
    Synthetic {
        /// The seed.
        seed: u64,
    },
}

impl Provenance {
    /// Whether these are the official MNIST files, all four, bit for bit.
    pub fn is_official_mnist(&self) -> bool {
        matches!(self, Self::Files(files) if files.len() == 4 && files.iter().all(|file| file.official))
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Synthetic { seed } => write!(f, "synthetic digits (not MNIST), seed {seed}"),
            _ if self.is_official_mnist() => f.write_str("MNIST, official files"),
            Self::Files(files) => {
                f.write_str("not the official MNIST:")?;
                for file in files.iter().filter(|file| !file.official) {
                    write!(f, " {}", file.path.display())?;
                }
                Ok(())
            }
        }
    }
}

/// Where the file lies, if it does, plain before gzip.
pub(super) fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.exists())
}

pub(super) fn load(folder: &Path) -> Result<Digits, DataError> {
    let [train_images, train_labels, test_images, test_labels] = &OFFICIAL_MNIST;
    let mut files = Vec::with_capacity(4);
    let mut train = read_pair(folder, train_images, train_labels, &mut files)?;
    let test = read_pair(folder, test_images, test_labels, &mut files)?;
    let valid = if train.len() == 60_000 { 5_000 } else { train.len() / 12 };
    if valid == 0 {
        return Err(DataError::TooFew { what: "training images", found: train.len(), expected: 12 });
    }
    let valid = train.split_off(train.len() - valid);
    Ok(Digits {
        train: Arc::new(train),
        valid: Arc::new(valid),
        test: Arc::new(test),
        provenance: Provenance::Files(files),
    })
}

fn read_pair(
    folder: &Path,
    images: &Official,
    labels: &Official,
    files: &mut Vec<FileReport>,
) -> Result<DigitImages, DataError> {
    let path_of = |file: &Official| {
        find(folder, file.name).ok_or(DataError::Missing { folder: folder.into(), name: file.name })
    };
    let (images_file, labels_file) = (path_of(images)?, path_of(labels)?);
    let (pictures, digits) = (idx::read_images(&images_file)?, idx::read_labels(&labels_file)?);
    let idx::IdxImages { count, rows, columns, pixels, sha256 } = pictures;
    if (rows, columns) != (SIDE, SIDE) {
        return Err(DataError::ImageSize { file: images_file, rows, columns });
    }
    if count != digits.labels.len() {
        return Err(DataError::Count {
            images_file,
            images: count,
            labels_file,
            labels: digits.labels.len(),
        });
    }
    files.push(FileReport { path: images_file, sha256, official: sha256 == images.sha256 });
    let sha256 = digits.sha256;
    files.push(FileReport { path: labels_file, sha256, official: sha256 == labels.sha256 });
    DigitImages::new(pixels, digits.labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, file: usize, dimensions: &[u32], data: &[u8]) {
        let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
        dimensions.iter().for_each(|d| bytes.extend(d.to_be_bytes()));
        bytes.extend(data);
        std::fs::write(folder.join(OFFICIAL_MNIST[file].name), bytes).expect("writable");
    }

    /// 24 training and 3 test images; image i is grey i, its label i mod 10.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (file, count) in [(0, 24u8), (2, 3)] {
            let pixels: Vec<u8> = (0..count).flat_map(|i| [i; 784]).collect();
            let labels: Vec<u8> = (0..count).map(|i| i % 10).collect();
            write(folder.path(), file, &[u32::from(count), 28, 28], &pixels);
            write(folder.path(), file + 1, &[u32::from(count)], &labels);
        }
        folder
    }

    #[test]
    fn the_last_twelfth_is_for_validation() {
        let folder = folder();
        let digits = Digits::load(folder.path()).expect("sound");
        assert_eq!([digits.train.len(), digits.valid.len(), digits.test.len()], [22, 2, 3]);
        assert_eq!((digits.train.image(21), digits.valid.image(0)), (&[21; 784][..], &[22; 784][..]));
        assert_eq!((digits.valid.labels(), digits.test.labels()), (&[2, 3][..], &[0, 1, 2][..]));
    }

    #[test]
    fn other_files_are_not_called_official() {
        let folder = folder();
        let mut provenance = Digits::load(folder.path()).expect("sound").provenance;
        assert!(!provenance.is_official_mnist());
        assert!(provenance.to_string().contains("t10k-labels-idx1-ubyte"), "{provenance}");
        let Provenance::Files(files) = &mut provenance else { panic!("{provenance}") };
        files.iter_mut().for_each(|file| file.official = true);
        assert!(provenance.is_official_mnist(), "the answer depends on the files");
        let synthetic = Provenance::Synthetic { seed: 7 };
        assert!(!synthetic.is_official_mnist() && synthetic.to_string().contains("not MNIST"));
        // The checksums are parsed as written.
        assert_eq!(OFFICIAL_MNIST[0].sha256[..3], [0xba, 0x89, 0x10]);
        assert_eq!(OFFICIAL_MNIST[3].sha256[29..], [0xec, 0x33, 0xf2]);
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused() {
        let folder = folder();
        let load = || Digits::load(folder.path()).expect_err("damaged");
        write(folder.path(), 3, &[2], &[0, 1]);
        assert!(matches!(load(), DataError::Count { images: 3, labels: 2, .. }), "{}", load());
        write(folder.path(), 2, &[2, 14, 56], &[0; 2 * 784]);
        assert!(matches!(load(), DataError::ImageSize { rows: 14, columns: 56, .. }), "{}", load());
        std::fs::remove_file(folder.path().join(OFFICIAL_MNIST[2].name)).expect("there");
        assert!(load().to_string().contains("neither `t10k-images-idx3-ubyte` nor"), "{}", load());
        write(folder.path(), 2, &[2, 28, 28], &[0; 2 * 784]);
        write(folder.path(), 0, &[11, 28, 28], &[0; 11 * 784]);
        write(folder.path(), 1, &[11], &[0; 11]);
        assert!(matches!(load(), DataError::TooFew { found: 11, expected: 12, .. }), "{}", load());
    }
}
