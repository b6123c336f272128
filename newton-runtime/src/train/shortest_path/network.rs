//! A network that tells the costs of a map's cells from its image.

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::nn::{Module, ModuleMut};
use dfdx::prelude::{Cpu, CpuError, NoneTape, OwnedTape, Tensor};

use crate::graph::{LayerError, Maps};
use crate::models::CombResNet;

/// Images of maps: (B, 3, height, width), normalised.
pub type MapImages<T> = Tensor<(usize, usize, usize, usize), f32, Cpu, T>;

/// A network for maps, with batch norm: training and evaluation differ.
pub trait CostNetwork: TensorCollection<f32, Cpu> + Clone {
    /// As reports write it.
    fn name() -> String;

    /// Initialised from a seed.
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    fn seeded(seed: u64) -> Result<Self, CpuError>;

    /// Costs (B, rows, columns) in training.
    ///
    /// # Errors
    /// [`LayerError`] if the images do not fit.
    fn train(
        &mut self,
        images: MapImages<OwnedTape<f32, Cpu>>,
    ) -> Result<Maps<OwnedTape<f32, Cpu>>, LayerError>;

    /// Costs (B, rows, columns) in evaluation.
    ///
    /// # Errors
    /// [`LayerError`] if the images do not fit.
    fn costs(&self, images: MapImages<NoneTape>) -> Result<Maps<NoneTape>, LayerError>;
}

impl<const C: usize, const K: usize, const SIDE: usize> CostNetwork for CombResNet<C, K, SIDE> {
    fn name() -> String {
        // The stem, the four convolutions, and two numbers per channel of five batch norms.
        let parameters = 3 * K * K * C + 4 * 9 * C * C + 5 * 2 * C;
        let of = if (C, K, SIDE) == (64, 7, 12) { " (the paper's)" } else { "" };
        format!("first block of ResNet18 with {C} channels{of}, {parameters} parameters")
    }

    fn seeded(seed: u64) -> Result<Self, CpuError> {
        Self::new(&Cpu::seed_from_u64(seed))
    }

    fn train(
        &mut self,
        images: MapImages<OwnedTape<f32, Cpu>>,
    ) -> Result<Maps<OwnedTape<f32, Cpu>>, LayerError> {
        self.try_forward_mut(images)
    }

    fn costs(&self, images: MapImages<NoneTape>) -> Result<Maps<NoneTape>, LayerError> {
        self.try_forward(images)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::nn::NumParams;

    use super::*;
    use crate::models::CombResNet18;

    #[test]
    fn parameters_are_counted() {
        let network = CombResNet18::seeded(0).expect("memory");
        assert!(CombResNet18::name().ends_with(&format!(", {} parameters", network.num_trainable_params())));
        assert!(CombResNet18::name().contains("157504"));
    }
}
