//! Pictures of samples.

use std::path::Path;

use anyhow::Context;
use newton_losses::train::files;

/// An RGB picture.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// In one colour.
    pub fn new(width: usize, height: usize, colour: [u8; 3]) -> Self {
        Self { width, height, pixels: colour.repeat(width * height) }
    }

    /// Sets a pixel; outside of the picture nothing happens.
    pub fn set(&mut self, x: usize, y: usize, colour: [u8; 3]) {
        if x < self.width && y < self.height {
            self.pixels[3 * (y * self.width + x)..][..3].copy_from_slice(&colour);
        }
    }

    /// Draws an image of `width` pixels across, `zoom` times as large.
    pub fn image(
        &mut self,
        at: (usize, usize),
        width: usize,
        zoom: usize,
        pixels: impl Iterator<Item = [u8; 3]>,
    ) {
        for (i, colour) in pixels.enumerate() {
            let (x, y) = (at.0 + i % width * zoom, at.1 + i / width * zoom);
            for (dx, dy) in (0..zoom * zoom).map(|k| (k % zoom, k / zoom)) {
                self.set(x + dx, y + dy, colour);
            }
        }
    }

    /// Writes a PNG file, whole or not at all.
    pub fn save(&self, file: &Path) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        files::replace(file, &bytes).with_context(|| format!("writing {}", file.display()))
    }
}
