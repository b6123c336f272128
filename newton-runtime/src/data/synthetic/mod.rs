//! Handwritten-like digits for whoever has no MNIST at hand: same sizes, same type, another distribution.
//!
//! A digit is one of several ways to write it (`glyphs`), bent, slanted, turned, fitted into 20 x 20 pixels as MNIST's
//! are, and drawn with a soft pen (`pen`). Image i of a split depends on (seed, split, i) alone. Results on these
//! digits are results on these digits: no report may call them MNIST ([`Provenance`](super::Provenance) says which).

mod glyphs;
mod pen;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::random::Random;
use super::{DigitImages, PIXELS, SIDE, Split};
use glyphs::GLYPHS;

/// Draws the first `count` images of a split; classes are uniform.
pub fn draw(seed: u64, split: Split, count: usize) -> DigitImages {
    let (mut pixels, mut labels) = (vec![0; count * PIXELS], vec![0; count]);
    pixels.par_chunks_exact_mut(PIXELS).zip(&mut labels).enumerate().for_each(|(i, (image, label))| {
        let mut random = Random::new(b"synth-28", seed, split, i as u64);
        let digit = random.index(10);
        *label = digit as u8;
        write(digit, &mut random, image);
    });
    DigitImages::from_generator(pixels, labels)
}

/// Writes one digit into an empty image.
fn write(digit: usize, random: &mut Random, image: &mut [u8]) {
    let variants = GLYPHS[digit];
    let glyph = variants[random.index(variants.len())];
    let hand = Hand::new(random);
    let mut strokes: Vec<Vec<(f32, f32)>> =
        glyph.iter().map(|points| pen::smooth(points).into_iter().map(|p| hand.place(p)).collect()).collect();
    fit(&mut strokes, random);

    let pen = pen::Pen::new(random);
    let mut ink = [0.0; PIXELS];
    for stroke in &strokes {
        pen.draw(stroke, &mut ink);
    }
    let noise = random.between(0.0, 14.0);
    for (to, ink) in image.iter_mut().zip(ink) {
        *to = (ink * pen.darkness + noise * random.bell()).clamp(0.0, 255.0) as u8;
    }
}

/// How a particular hand bends every shape it writes.
struct Hand {
    width: f32,
    slant: f32,
    cos: f32,
    sin: f32,
    /// Waves (direction, phase, displacement) that move points; smooth, so strokes that meet still meet.
    waves: [Wave; 3],
}

struct Wave {
    along: (f32, f32),
    phase: f32,
    by: (f32, f32),
}

impl Hand {
    fn new(random: &mut Random) -> Self {
        let angle = 0.11 * random.bell();
        Self {
            width: random.between(0.55, 0.95),
            slant: 0.16 + 0.17 * random.bell(),
            // libm's, so that the same seed gives the same image on every platform.
            cos: libm::cosf(angle),
            sin: libm::sinf(angle),
            waves: std::array::from_fn(|_| Wave {
                along: (2.6 * random.bell(), 2.6 * random.bell()),
                phase: random.between(0.0, std::f32::consts::TAU),
                by: (0.045 * random.bell(), 0.045 * random.bell()),
            }),
        }
    }

    /// From the glyph's unit square to a plane of no particular scale.
    fn place(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (mut u, mut v) = (x - 0.5, y - 0.5);
        for wave in &self.waves {
            let s = libm::sinf(wave.along.0 * x + wave.along.1 * y + wave.phase);
            u += wave.by.0 * s;
            v += wave.by.1 * s;
        }
        let u = self.width * u - self.slant * v;
        (self.cos * u - self.sin * v, self.sin * u + self.cos * v)
    }
}

/// Scales the strokes to about 20 pixels, as MNIST does, and puts them near the middle.
fn fit(strokes: &mut [Vec<(f32, f32)>], random: &mut Random) {
    let (mut low, mut high) = ((f32::MAX, f32::MAX), (f32::MIN, f32::MIN));
    for &(x, y) in strokes.iter().flatten() {
        low = (low.0.min(x), low.1.min(y));
        high = (high.0.max(x), high.1.max(y));
    }
    let size = random.between(15.5, 19.5) / (high.0 - low.0).max(high.1 - low.1);
    let middle = SIDE as f32 / 2.0;
    let (dx, dy) = (middle + 0.9 * random.bell(), middle + 0.9 * random.bell());
    for (x, y) in strokes.iter_mut().flatten() {
        *x = (*x - (low.0 + high.0) / 2.0) * size + dx;
        *y = (*y - (low.1 + high.1) / 2.0) * size + dy;
    }
}
