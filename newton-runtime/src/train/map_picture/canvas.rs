//! Pixels to draw on. Whatever lies outside is not drawn.

use super::font;

/// Red, green, blue.
pub(in crate::train) type Colour = [u8; 3];

pub(in crate::train) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    pub fn new(width: usize, height: usize, colour: Colour) -> Self {
        Self { width, height, pixels: colour.repeat(width * height) }
    }

    /// Fills `size` pixels from `corner` on; both are (across, down).
    pub fn rectangle(&mut self, corner: (usize, usize), size: (usize, usize), colour: Colour) {
        for y in corner.1..(corner.1 + size.1).min(self.height) {
            for x in corner.0..(corner.0 + size.0).min(self.width) {
                self.pixels[3 * (y * self.width + x)..][..3].copy_from_slice(&colour);
            }
        }
    }

    /// A line with round ends, of pixels less than `radius` away from it; a disc if it ends where it begins.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), radius: f32, colour: Colour) {
        let range =
            |a: f32, b: f32| (a.min(b) - radius).max(0.0) as usize..(a.max(b) + radius).max(0.0) as usize + 1;
        let along = (to.0 - from.0, to.1 - from.1);
        let length = along.0 * along.0 + along.1 * along.1;
        for y in range(from.1, to.1) {
            for x in range(from.0, to.0) {
                let (dx, dy) = (x as f32 + 0.5 - from.0, y as f32 + 0.5 - from.1);
                let nearest =
                    if length > 0.0 { ((dx * along.0 + dy * along.1) / length).clamp(0.0, 1.0) } else { 0.0 };
                let (dx, dy) = (dx - nearest * along.0, dy - nearest * along.1);
                if dx * dx + dy * dy < radius * radius {
                    self.rectangle((x, y), (1, 1), colour);
                }
            }
        }
    }

    /// Writes capitals and numbers, `size` times 5 x 7 pixels each, from the top left corner given.
    pub fn text(&mut self, text: &str, corner: (usize, usize), size: usize, colour: Colour) {
        for (i, letter) in text.chars().enumerate() {
            let left = corner.0 + i * font::ADVANCE * size;
            for (row, bits) in font::glyph(letter).into_iter().enumerate() {
                for column in (0..5).filter(|column| bits >> (4 - column) & 1 == 1) {
                    self.rectangle((left + column * size, corner.1 + row * size), (size, size), colour);
                }
            }
        }
    }

    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        // Below 2^16: a grid has at most 64 cells each way, a set at most 15 numbers.
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(file)
    }
}
