//! A network that tells the costs of a map's cells from its image.

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::nn::{Module, ModuleMut, ToDevice};
use dfdx::prelude::{Cpu, NoneTape, OwnedTape, Tensor};

use crate::graph::{Backend, LayerError, Maps};
use crate::models::CombResNet;

/// Images of maps: (B, 3, height, width), normalised.
pub type MapImages<T, D = Cpu> = Tensor<(usize, usize, usize, usize), f32, D, T>;

/// Costs of maps on their tape: (B, rows, columns).
pub type TapedMaps<D = Cpu> = Maps<OwnedTape<f32, D>, D>;

/// A network for maps, with batch norm: training and evaluation differ.
pub trait CostNetwork: TensorCollection<f32, Self::Device> + Clone {
    /// Where the network is.
    type Device: Backend;

    /// As reports write it.
    fn name() -> String;

    /// Initialised from a seed: with the same weights on every device.
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    fn seeded(seed: u64, device: &Self::Device) -> Result<Self, LayerError>;

    /// The device.
    fn device(&self) -> &Self::Device;

    /// Costs (B, rows, columns) in training.
    ///
    /// # Errors
    /// [`LayerError`] if the images do not fit.
    fn train(
        &mut self,
        images: MapImages<OwnedTape<f32, Self::Device>, Self::Device>,
    ) -> Result<TapedMaps<Self::Device>, LayerError>;

    /// Costs (B, rows, columns) in evaluation.
    ///
    /// # Errors
    /// [`LayerError`] if the images do not fit.
    fn costs(
        &self,
        images: MapImages<NoneTape, Self::Device>,
    ) -> Result<Maps<NoneTape, Self::Device>, LayerError>;
}

impl<const C: usize, const K: usize, const SIDE: usize, D: Backend> CostNetwork
    for CombResNet<C, K, SIDE, f32, D>
{
    type Device = D;

    fn name() -> String {
        // The stem, the four convolutions, and two numbers per channel of five batch norms.
        let parameters = 3 * K * K * C + 4 * 9 * C * C + 5 * 2 * C;
        let of = if (C, K, SIDE) == (64, 7, 12) { " (the paper's)" } else { "" };
        format!("first block of ResNet18 with {C} channels{of}, {parameters} parameters")
    }

    fn seeded(seed: u64, device: &D) -> Result<Self, LayerError> {
        let network = CombResNet::<C, K, SIDE>::new(&Cpu::seed_from_u64(seed))?;
        network.try_to_device(device).map_err(Into::into)
    }

    fn device(&self) -> &D {
        self.stem.weight.device()
    }

    fn train(&mut self, images: MapImages<OwnedTape<f32, D>, D>) -> Result<TapedMaps<D>, LayerError> {
        self.try_forward_mut(images)
    }

    fn costs(&self, images: MapImages<NoneTape, D>) -> Result<Maps<NoneTape, D>, LayerError> {
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
        let network = <CombResNet18>::seeded(0, &Cpu::default()).expect("memory");
        assert!(
            <CombResNet18>::name().ends_with(&format!(", {} parameters", network.num_trainable_params()))
        );
        assert!(<CombResNet18>::name().contains("157504"));
    }
}
