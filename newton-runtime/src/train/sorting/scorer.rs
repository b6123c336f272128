//! A network that scores images of numbers, whatever resolution it looks at.

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::prelude::{Cpu, CpuError, Tape, Tensor, TensorFromVec};

use crate::data::Shape;
use crate::graph::LayerError;
use crate::models::{MnistCnn, SmallCnn};

/// Images on the device: (B, 1, height, width).
pub type Images<T> = Tensor<(usize, usize, usize, usize), f32, Cpu, T>;

/// A network for sets of four-digit images.
pub trait Scorer: TensorCollection<f32, Cpu> + Clone {
    /// As reports write it.
    const NAME: &'static str;

    /// Initialised from a seed.
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    fn seeded(seed: u64) -> Result<Self, CpuError>;

    /// The images that the network sees, from pixels (B, 1, 28, 112).
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    fn images(pixels: &[f32]) -> Result<Images<dfdx::prelude::NoneTape>, CpuError>;

    /// Scores of sets of n: (N n, 1, height, width) to (N, n).
    ///
    /// # Errors
    /// [`LayerError`] if the images do not make whole sets.
    fn scores<T: Tape<f32, Cpu>>(
        &self,
        images: Images<T>,
        n: usize,
    ) -> Result<Tensor<(usize, usize), f32, Cpu, T>, LayerError>;
}

impl Scorer for MnistCnn {
    const NAME: &'static str = "the paper's CNN, 855 041 parameters";

    fn seeded(seed: u64) -> Result<Self, CpuError> {
        Self::new(&Cpu::seed_from_u64(seed))
    }

    fn images(pixels: &[f32]) -> Result<Images<dfdx::prelude::NoneTape>, CpuError> {
        let count = pixels.len() / (Shape::HEIGHT * Shape::WIDTH);
        Cpu::default().try_tensor_from_vec(pixels.to_vec(), (count, 1, Shape::HEIGHT, Shape::WIDTH))
    }

    fn scores<T: Tape<f32, Cpu>>(
        &self,
        images: Images<T>,
        n: usize,
    ) -> Result<Tensor<(usize, usize), f32, Cpu, T>, LayerError> {
        self.try_scores(images, n)
    }
}

impl Scorer for SmallCnn {
    const NAME: &'static str = "a small CNN at half resolution, 99 393 parameters";

    fn seeded(seed: u64) -> Result<Self, CpuError> {
        Self::new(&Cpu::seed_from_u64(seed))
    }

    fn images(pixels: &[f32]) -> Result<Images<dfdx::prelude::NoneTape>, CpuError> {
        let halves = halve(pixels, Shape::WIDTH);
        let (height, width) = (Shape::HEIGHT / 2, Shape::WIDTH / 2);
        let count = halves.len() / (height * width);
        Cpu::default().try_tensor_from_vec(halves, (count, 1, height, width))
    }

    fn scores<T: Tape<f32, Cpu>>(
        &self,
        images: Images<T>,
        n: usize,
    ) -> Result<Tensor<(usize, usize), f32, Cpu, T>, LayerError> {
        self.try_scores(images, n)
    }
}

/// Half the resolution: means of 2 x 2 pixels. Height and `width` are even.
fn halve(pixels: &[f32], width: usize) -> Vec<f32> {
    let mut halves = Vec::with_capacity(pixels.len() / 4);
    for rows in pixels.chunks_exact(2 * width) {
        let (upper, lower) = rows.split_at(width);
        let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        halves.extend(pairs.map(|([a, b], [c, d])| 0.25 * (a + b + c + d)));
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::halve;

    #[test]
    fn halving_averages_squares() {
        let pixels = [0.0, 4.0, 1.0, 1.0, 4.0, 0.0, 1.0, 1.0, 8.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0];
        assert_eq!(halve(&pixels, 4), [2.0, 1.0, 2.0, 1.0]);
    }
}
