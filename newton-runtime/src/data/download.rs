//! Fetching MNIST from its public mirrors into a folder that [`Digits::load`](super::Digits::load) reads.
//!
//! What is there and right is left alone; what comes is believed only if the checksum of its unpacked content is the
//! official one, and only then gets its name. A file of that name with *other* digits in it is never overwritten.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::mnist::find;
use super::{DataError, OFFICIAL_MNIST, Official, idx};
use crate::train::files;

/// Where the files are offered, each as `<mirror>/<name>.gz`.
pub const MIRRORS: [&str; 2] =
    ["https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist"];

/// The largest of the files has 9.9 MB; a server that sends more than this sends something else.
const LARGEST: u64 = 64 << 20;

/// Why the files are not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// No mirror had the file, or there is no network.
    #[error(
        "could not fetch {name}.gz:{}\nWithout a network: put the four files ({}), packed or not, into {}; \
         or run without MNIST, on synthetic digits.",
        listed(attempts), names(), folder.display()
    )]
    NoMirror {
        /// Name of the file, without `.gz`.
        name: &'static str,
        /// The folder it is for.
        folder: PathBuf,
        /// Each address tried, and why it failed.
        attempts: Vec<Attempt>,
    },
    /// A sound file of that name is there, but with other content.
    #[error(
        "{} is not the official MNIST file; it is left as it is: move it away, or choose another folder",
        file.display()
    )]
    Occupied {
        /// The file.
        file: PathBuf,
    },
    /// The folder cannot be written to.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// An address that was tried in vain.
#[derive(Debug)]
pub struct Attempt {
    /// The address.
    pub url: String,
    /// What went wrong.
    pub error: AttemptError,
}

/// What went wrong with one mirror.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttemptError {
    /// No connection, an error status, a broken transfer.
    #[error("{0}")]
    Network(#[from] Box<ureq::Error>),
    /// The transfer broke off, or the file could not be written.
    #[error("{0}")]
    Transfer(#[from] io::Error),
    /// What came is no IDX file.
    #[error("what came is damaged: {0}")]
    Damaged(Box<DataError>),
    /// What came is an IDX file, but not the official one.
    #[error("checksum {found}, expected {expected}")]
    Checksum {
        /// SHA-256 of what came, unpacked.
        found: String,
        /// SHA-256 of the official file.
        expected: String,
    },
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was there.
    Present(PathBuf),
    /// It was fetched.
    Fetched {
        /// Where it lies now.
        path: PathBuf,
        /// Where it came from.
        url: String,
    },
}

/// Fetches the official files.
#[derive(Debug, Clone)]
pub struct Downloader {
    mirrors: Vec<String>,
    files: Vec<Official>,
    agent: ureq::Agent,
}

impl Default for Downloader {
    fn default() -> Self {
        Self::new()
    }
}

impl Downloader {
    /// From [`MIRRORS`], each tried in turn; honours the usual proxy variables of the environment.
    pub fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_global(Some(Duration::from_secs(600)))
            .build();
        let mirrors = MIRRORS.iter().map(|&mirror| mirror.to_owned()).collect();
        Self { mirrors, files: OFFICIAL_MNIST.to_vec(), agent: config.new_agent() }
    }

    /// Other mirrors instead: addresses of folders that hold the four `.gz` files.
    pub fn mirrors<M: Into<String>>(mut self, mirrors: impl IntoIterator<Item = M>) -> Self {
        self.mirrors =
            mirrors.into_iter().map(|mirror| mirror.into().trim_end_matches('/').to_owned()).collect();
        self
    }

    /// Sees to it that `folder`, made if missing, holds the four official files. Safe to interrupt and to repeat.
    ///
    /// # Errors
    /// [`DownloadError`]; files fetched before the error stay.
    pub fn fetch(&self, folder: &Path) -> Result<Vec<Outcome>, DownloadError> {
        self.files.iter().map(|file| self.fetch_one(file, folder)).collect()
    }

    fn fetch_one(&self, file: &Official, folder: &Path) -> Result<Outcome, DownloadError> {
        let mut target = folder.join(format!("{}.gz", file.name));
        if let Some(present) = find(folder, file.name) {
            match checksum(&present, file) {
                Ok(sha256) if sha256 == file.sha256 => return Ok(Outcome::Present(present)),
                Ok(_) => return Err(DownloadError::Occupied { file: present }),
                // A folder in the way, or no right to read: nothing that a download repairs.
                Err(DataError::Io { file: path, source }) => return Err(DownloadError::Io { path, source }),
                Err(DataError::NotAFile { file }) => return Err(DownloadError::Occupied { file }),
                // Damaged, as by an interrupted copy: replaced under its own name, which is the one looked for first.
                Err(_) => target = present,
            }
        }
        let mut attempts = Vec::new();
        for mirror in &self.mirrors {
            let url = format!("{mirror}/{}.gz", file.name);
            let temporary = files::temporary(folder)
                .map_err(|source| DownloadError::Io { path: folder.into(), source })?;
            match self.attempt(&url, file, &temporary) {
                Ok(()) => {
                    let persisted = temporary.persist(&target);
                    persisted.map_err(|e| DownloadError::Io { path: target.clone(), source: e.error })?;
                    return Ok(Outcome::Fetched { path: target, url });
                }
                Err(error) => attempts.push(Attempt { url, error }),
            }
        }
        Err(DownloadError::NoMirror { name: file.name, folder: folder.into(), attempts })
    }

    /// Fetches into `temporary` and checks what came.
    fn attempt(
        &self,
        url: &str,
        file: &Official,
        temporary: &tempfile::NamedTempFile,
    ) -> Result<(), AttemptError> {
        let response = self.agent.get(url).call().map_err(Box::new)?;
        let mut body = response.into_body().into_with_config().limit(LARGEST).reader();
        io::copy(&mut body, &mut temporary.as_file())?;
        temporary.as_file().sync_all()?;
        let found =
            checksum(temporary.path(), file).map_err(|error| AttemptError::Damaged(Box::new(error)))?;
        if found != file.sha256 {
            return Err(AttemptError::Checksum { found: hex(&found), expected: hex(&file.sha256) });
        }
        Ok(())
    }
}

fn checksum(path: &Path, file: &Official) -> Result<[u8; 32], DataError> {
    if file.name.contains("images") {
        Ok(idx::read_images(path)?.sha256)
    } else {
        Ok(idx::read_labels(path)?.sha256)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn listed(attempts: &[Attempt]) -> String {
    attempts.iter().map(|attempt| format!("\n  {}: {}", attempt.url, attempt.error)).collect()
}

fn names() -> String {
    OFFICIAL_MNIST.map(|file| file.name).join(", ")
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
