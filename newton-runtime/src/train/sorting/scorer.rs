//! A network that scores images of numbers, whatever resolution it looks at.

use dfdx::nn::ToDevice;
use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::prelude::{Cpu, NoneTape, Tape, Tensor};

use crate::data::Shape;
use crate::graph::{Backend, LayerError};
use crate::models::{MnistCnn, SmallCnn};

/// Images on the device: (B, 1, height, width).
pub type Images<T, D = Cpu> = Tensor<(usize, usize, usize, usize), f32, D, T>;

/// Scores of sets on the device: (sets, n).
pub type Scores<T, D = Cpu> = Tensor<(usize, usize), f32, D, T>;

/// A network for sets of four-digit images.
pub trait Scorer: TensorCollection<f32, Self::Device> + Clone {
    /// Where the network is.
    type Device: Backend;

    /// As reports write it.
    const NAME: &'static str;

    /// Initialised from a seed: with the same weights on every device.
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    fn seeded(seed: u64, device: &Self::Device) -> Result<Self, LayerError>;

    /// The device.
    fn device(&self) -> &Self::Device;

    /// The images that the network sees, from pixels (B, 1, 28, 112).
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    fn images(pixels: Vec<f32>, device: &Self::Device) -> Result<Images<NoneTape, Self::Device>, LayerError>;

    /// Scores of sets of n: (N n, 1, height, width) to (N, n).
    ///
    /// # Errors
    /// [`LayerError`] if the images do not make whole sets.
    fn scores<T: Tape<f32, Self::Device>>(
        &self,
        images: Images<T, Self::Device>,
        n: usize,
    ) -> Result<Scores<T, Self::Device>, LayerError>;
}

impl<D: Backend> Scorer for MnistCnn<f32, D> {
    type Device = D;
    const NAME: &'static str = "the paper's CNN, 855 041 parameters";

    fn seeded(seed: u64, device: &D) -> Result<Self, LayerError> {
        let network = MnistCnn::new(&Cpu::seed_from_u64(seed))?;
        network.try_to_device(device).map_err(Into::into)
    }

    fn device(&self) -> &D {
        self.output.bias.device()
    }

    fn images(pixels: Vec<f32>, device: &D) -> Result<Images<NoneTape, D>, LayerError> {
        let shape = (pixels.len() / (Shape::HEIGHT * Shape::WIDTH), 1, Shape::HEIGHT, Shape::WIDTH);
        device.try_tensor_from_vec(pixels, shape).map_err(Into::into)
    }

    fn scores<T: Tape<f32, D>>(&self, images: Images<T, D>, n: usize) -> Result<Scores<T, D>, LayerError> {
        self.try_scores(images, n)
    }
}

impl<D: Backend> Scorer for SmallCnn<f32, D> {
    type Device = D;
    const NAME: &'static str = "a small CNN at half resolution, 99 393 parameters";

    fn seeded(seed: u64, device: &D) -> Result<Self, LayerError> {
        let network = SmallCnn::new(&Cpu::seed_from_u64(seed))?;
        network.try_to_device(device).map_err(Into::into)
    }

    fn device(&self) -> &D {
        self.output.bias.device()
    }

    fn images(pixels: Vec<f32>, device: &D) -> Result<Images<NoneTape, D>, LayerError> {
        let halves = halve(&pixels, Shape::WIDTH);
        let (height, width) = (Shape::HEIGHT / 2, Shape::WIDTH / 2);
        let count = halves.len() / (height * width);
        device.try_tensor_from_vec(halves, (count, 1, height, width)).map_err(Into::into)
    }

    fn scores<T: Tape<f32, D>>(&self, images: Images<T, D>, n: usize) -> Result<Scores<T, D>, LayerError> {
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
