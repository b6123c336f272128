//! Pictures as addresses that hold them.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A page is to open on a phone: larger pictures are left out.
const LARGEST: u64 = 2 << 20;

/// A PNG file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub path: PathBuf,
    /// As a `data:` address.
    pub address: String,
    pub width: u32,
    pub height: u32,
}

impl Picture {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let reading = || format!("reading {}", path.display());
        let size = std::fs::metadata(path).with_context(reading)?.len();
        ensure!(size <= LARGEST, "{}: a picture of {size} bytes, expected at most {LARGEST}", path.display());
        let bytes = std::fs::read(path).with_context(reading)?;
        let header = png::Decoder::new(std::io::Cursor::new(&bytes))
            .read_info()
            .with_context(|| format!("{}: no PNG picture", path.display()))?;
        let (width, height) = (header.info().width, header.info().height);
        let address = format!("data:image/png;base64,{}", STANDARD.encode(&bytes));
        Ok(Self { path: path.into(), address, width, height })
    }
}
