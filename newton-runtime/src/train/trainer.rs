//! One training step: forward, backward, update.

use std::time::{Duration, Instant};

use dfdx::nn::ZeroGrads;
use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::prelude::{AdamConfig, Cpu, Gradients, NoneTape, OwnedTape, Rank0, Tensor};

use super::across::average;
use super::{Optimizer, Rule, TrainError};
use crate::graph::{self, Backend, LayerError};
use crate::parallel::{Collective, several};

/// A loss on its tape.
pub type Loss<D = Cpu> = Tensor<Rank0, f32, D, OwnedTape<f32, D>>;

/// A network with the state of its optimizer, on the network's device.
///
/// ```
/// use dfdx::prelude::*;
/// use newton_runtime::{graph::{Linear, builder}, train::Trainer};
///
/// let device = Cpu::seed_from_u64(0);
/// let net: Linear<2, 1, f32, Cpu> = device.build_module::<builder::Linear<2, 1>, f32>();
/// let mut trainer = Trainer::new(net, AdamConfig { lr: 0.1, ..Default::default() });
/// let x = device.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
/// let mut losses = Vec::new();
/// for _ in 0..100 {
///     let step = trainer.step(|net, grads| Ok((net.try_forward(x.clone().traced(grads))? - 1.0).square().mean()))?;
///     losses.push(step.loss);
/// }
/// assert!(losses[99] < 0.1 * losses[0]);
/// # Ok::<(), newton_runtime::train::TrainError>(())
/// ```
#[derive(Debug)]
pub struct Trainer<N, D: Backend = Cpu> {
    network: N,
    optimizer: Optimizer<D>,
    /// Kept between steps, so that the buffers are made once.
    gradients: Option<Gradients<f32, D>>,
}

/// What a step has to say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// The batch-mean loss before the step (of the loss itself, not of the Newton loss).
    pub loss: f32,
    /// Wall time of forward, backward and update.
    pub time: Duration,
}

impl<D: Backend, N: TensorCollection<f32, D>> Trainer<N, D> {
    /// Trains `network` by Adam.
    pub fn new(network: N, adam: AdamConfig) -> Self {
        Self { network, optimizer: Optimizer::adam(adam), gradients: None }
    }

    /// Trains `network` by any rule.
    pub fn with_rule(network: N, rule: Rule, learning_rate: f64) -> Self {
        Self { network, optimizer: Optimizer::new(rule, learning_rate), gradients: None }
    }

    /// The network as it is now.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// Both, to save them or to put them where they were.
    pub(super) fn parts(&mut self) -> (&mut N, &mut Optimizer<D>) {
        (&mut self.network, &mut self.optimizer)
    }

    /// From the next step on; the optimizer's moments stay.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.optimizer.set_learning_rate(learning_rate);
    }

    /// One step on the loss that `forward` computes with the network, on a tape over the given gradients. Batch norm changes
    /// its running statistics in there; the parameters are changed afterwards.
    ///
    /// # Errors
    /// What `forward` says, what [`graph::backward`] says; the parameters are then unchanged. On a GPU, whose
    /// memory may run out in the update as well: some parameters may have been changed then.
    pub fn step(
        &mut self,
        forward: impl FnOnce(&mut N, Gradients<f32, D>) -> Result<Loss<D>, LayerError>,
    ) -> Result<StepReport, TrainError> {
        self.step_with(None, forward)
    }

    /// The same for a batch that several ranks share: this one has `samples` of it, and `forward` gives their mean loss. Gradients are
    /// averaged over the samples of all ranks, so that networks and optimizers that are equal on all ranks stay so, bit for bit.
    ///
    /// The loss is to be [`Across`](crate::parallel::Across) the same ranks, if it has a curvature. Batch norm normalises by the statistics
    /// of a rank's own samples, as is usual; its running statistics are averaged. The loss of the report is the mean over all samples.
    ///
    /// # Errors
    /// As [`Trainer::step`], and [`TrainError::Collective`]. What a loss [`Across`](crate::parallel::Across) ranks says, all of them are told; a
    /// rank that fails otherwise has to end the others.
    pub fn step_across(
        &mut self,
        ranks: &dyn Collective,
        samples: usize,
        forward: impl FnOnce(&mut N, Gradients<f32, D>) -> Result<Loss<D>, LayerError>,
    ) -> Result<StepReport, TrainError> {
        self.step_with(Some((ranks, samples)), forward)
    }

    fn step_with(
        &mut self,
        ranks: Option<(&dyn Collective, usize)>,
        forward: impl FnOnce(&mut N, Gradients<f32, D>) -> Result<Loss<D>, LayerError>,
    ) -> Result<StepReport, TrainError> {
        let start = Instant::now();
        let gradients = match self.gradients.take() {
            Some(gradients) => gradients,
            None => self.network.try_alloc_grads().map_err(Into::into)?,
        };
        let loss = D::guarded(|| forward(&mut self.network, gradients))?;
        let value = loss.retaped::<NoneTape>();
        let mut gradients = graph::backward(loss)?;
        let mean = match ranks.filter(|(ranks, _)| several(*ranks)) {
            None => None,
            Some((ranks, samples)) => {
                let mine = D::numbers(&value)?[0];
                Some(average(ranks, samples, &mut self.network, &mut gradients, mine)?)
            }
        };
        D::guarded(|| self.optimizer.update(&mut self.network, &mut gradients).map_err(Into::into))?;
        self.network.try_zero_grads(&mut gradients).map_err(Into::into)?;
        self.gradients = Some(gradients);
        let loss = match mean {
            Some(mean) => mean,
            // Here a GPU is waited for, with all its work of the step before it.
            None => D::numbers(&value)?[0],
        };
        Ok(StepReport { loss, time: start.elapsed() })
    }
}
