//! What may lie beside runs: gradients (`newton figure6`), losses (`newton table9`), pictures.

mod gradients;
mod losses;
mod picture;

use std::path::Path;

use anyhow::Context;

pub use gradients::{Gradients, Sweep};
pub use losses::{Curve, Losses};
pub use picture::Picture;

/// A CSV file that is told by its first line.
#[derive(Debug)]
pub enum Table {
    Gradients(Gradients),
    Losses(Losses),
}

impl Table {
    /// `None` if it is none of ours.
    pub fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let ours = [gradients::HEADER, losses::HEADER];
        if !ours.iter().any(|header| bytes.starts_with(header.as_bytes())) {
            return Ok(None);
        }
        let text = String::from_utf8(bytes).with_context(|| format!("{}: no UTF-8", path.display()))?;
        Ok(Some(if text.starts_with(losses::HEADER) {
            Self::Losses(Losses::parse(path, &text)?)
        } else {
            Self::Gradients(Gradients::parse(path, &text)?)
        }))
    }
}
