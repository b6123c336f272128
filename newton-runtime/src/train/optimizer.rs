//! Adam and SGD whose state can be seen, saved and restored: dfdx's own keep it to themselves.
//!
//! The arithmetic is dfdx's ([`AdamConfig::try_update`], [`SgdConfig::try_update`]), so that every bit is the same; only
//! the buffers are ours.

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName,
};
use dfdx::optim::{Momentum, SgdConfig};
use dfdx::prelude::{
    AdamConfig, Backward, Device, Gradients, Rank0, Shape, Storage, SumTo, Tensor, Trace, TryMul,
};

use super::checkpoint::{Arrays, CheckpointError};

/// How gradients become steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Adam with torch's defaults: betas 0.9 and 0.999, eps 1e-8.
    Adam,
    /// The gradient, with momentum as torch has it (`v = momentum v + g`, a step of `v`); 0 is plain gradient descent.
    Sgd {
        /// From 0 to below 1.
        momentum: f64,
    },
}

impl Rule {
    /// As options write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::Sgd { .. } => "sgd",
        }
    }
}

/// A rule with its state: the moments of every parameter, and how many steps were made.
#[derive(Debug)]
pub struct Optimizer<D: Storage<f32>> {
    rule: Rule,
    learning_rate: f64,
    adam: AdamConfig,
    steps: i32,
    /// Adam's first moment, SGD's velocity; kept by parameter.
    first: Gradients<f32, D>,
    /// Adam's second moment.
    second: Gradients<f32, D>,
}

impl<D: Device<f32>> Optimizer<D> {
    /// At its beginning.
    pub fn new(rule: Rule, learning_rate: f64) -> Self {
        Self::with_adam(rule, AdamConfig { lr: learning_rate, ..AdamConfig::default() })
    }

    /// Adam with other settings than torch's.
    pub fn adam(config: AdamConfig) -> Self {
        Self::with_adam(Rule::Adam, config)
    }

    fn with_adam(rule: Rule, adam: AdamConfig) -> Self {
        let (first, second) = (Gradients::leaky(), Gradients::leaky());
        Self { rule, learning_rate: adam.lr, adam, steps: 0, first, second }
    }

    /// Which rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Steps made.
    pub fn steps(&self) -> u64 {
        self.steps.unsigned_abs().into()
    }

    /// From the next step on; the moments stay.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    /// One step against the gradients; parameters without one stay where they are.
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    pub fn update<N: TensorCollection<f32, D>>(
        &mut self,
        network: &mut N,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        // Beyond two thousand million steps the correction of the moments has long been 1.
        self.steps = self.steps.saturating_add(1);
        N::iter_tensors(&mut RecursiveWalker { m: network, f: &mut Update { optimizer: self, gradients } })
            .map(|_| ())
    }

    /// Copies the moments of a network's parameters into `arrays`, as `<prefix>/first/<parameter>` and `<prefix>/second/<parameter>`.
    pub(super) fn save<N: TensorCollection<f32, D>>(
        &mut self,
        network: &mut N,
        prefix: &str,
        arrays: &mut Arrays,
    ) -> Result<(), D::Err> {
        let mut save = Save { optimizer: self, prefix, arrays };
        N::iter_tensors(&mut RecursiveWalker { m: (network, String::new()), f: &mut save }).map(|_| ())
    }

    /// Goes to the state that [`Optimizer::save`] has left after `steps` steps.
    pub(super) fn restore<N: TensorCollection<f32, D>>(
        &mut self,
        network: &mut N,
        prefix: &str,
        arrays: &Arrays,
        steps: u64,
    ) -> Result<(), CheckpointError>
    where
        D::Err: std::fmt::Display,
    {
        self.steps = i32::try_from(steps).unwrap_or(i32::MAX);
        (self.first, self.second) = (Gradients::leaky(), Gradients::leaky());
        let mut restore = Restore { optimizer: self, prefix, arrays };
        N::iter_tensors(&mut RecursiveWalker { m: (network, String::new()), f: &mut restore }).map(|_| ())
    }

    /// Whether the rule has a second moment.
    fn has_second(&self) -> bool {
        self.rule == Rule::Adam
    }
}

struct Update<'a, D: Storage<f32>> {
    optimizer: &'a mut Optimizer<D>,
    gradients: &'a mut Gradients<f32, D>,
}

impl<D: Device<f32>> TensorVisitor<f32, D> for Update<'_, D> {
    type Viewer = ViewTensorMut;
    type Err = D::Err;
    type E2 = f32;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, D>,
        parameter: &mut Tensor<S, f32, D>,
    ) -> Result<Option<Tensor<S, f32, D>>, D::Err> {
        if !options.do_gradient_update {
            return Ok(None);
        }
        let Optimizer { rule, learning_rate, adam, steps, first, second } = &mut *self.optimizer;
        let first = first.get_or_alloc_mut(parameter)?;
        let gradient = self.gradients.get_or_alloc_mut(parameter)?;
        match *rule {
            Rule::Adam => {
                let second = second.get_or_alloc_mut(parameter)?;
                let config = AdamConfig { lr: *learning_rate, ..*adam };
                config.try_update(*steps, parameter, first, second, gradient)?;
            }
            Rule::Sgd { momentum } => {
                let momentum = (momentum != 0.0).then_some(Momentum::Classic(momentum));
                let config = SgdConfig { lr: *learning_rate, momentum, weight_decay: None };
                config.try_update(parameter, first, gradient)?;
            }
        }
        Ok(None)
    }
}

struct Save<'a, D: Storage<f32>> {
    optimizer: &'a mut Optimizer<D>,
    prefix: &'a str,
    arrays: &'a mut Arrays,
}

impl<D: Device<f32>> TensorVisitor<f32, D> for Save<'_, D> {
    type Viewer = (ViewTensorMut, ViewTensorName);
    type Err = D::Err;
    type E2 = f32;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, D>,
        (parameter, name): (&mut Tensor<S, f32, D>, String),
    ) -> Result<Option<Tensor<S, f32, D>>, D::Err> {
        if !options.do_gradient_update {
            return Ok(None);
        }
        let parameter = &*parameter;
        let second = self.optimizer.has_second().then_some(("second", &mut self.optimizer.second));
        for (which, moments) in [("first", &mut self.optimizer.first)].into_iter().chain(second) {
            // Zeros, before the first step.
            moments.try_alloc_for(parameter)?;
            self.arrays.put(&format!("{}/{which}/{name}", self.prefix), &moments.get(parameter));
        }
        Ok(None)
    }
}

struct Restore<'a, D: Storage<f32>> {
    optimizer: &'a mut Optimizer<D>,
    prefix: &'a str,
    arrays: &'a Arrays,
}

impl<D: Device<f32>> TensorVisitor<f32, D> for Restore<'_, D>
where
    D::Err: std::fmt::Display,
{
    type Viewer = (ViewTensorMut, ViewTensorName);
    type Err = CheckpointError;
    type E2 = f32;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, D>,
        (parameter, name): (&mut Tensor<S, f32, D>, String),
    ) -> Result<Option<Tensor<S, f32, D>>, CheckpointError> {
        if !options.do_gradient_update {
            return Ok(None);
        }
        let second = self.optimizer.has_second().then_some(("second", &mut self.optimizer.second));
        for (which, moments) in [("first", &mut self.optimizer.first)].into_iter().chain(second) {
            // A tensor of its own: a clone would be the same parameter to dfdx.
            let zeros = parameter.device().try_zeros_like(&*parameter);
            let mut moment = zeros.map_err(|error| CheckpointError::Device(error.to_string()))?;
            self.arrays.get(&format!("{}/{which}/{name}", self.prefix), &mut moment)?;
            fill(moments, parameter, moment).map_err(|error| CheckpointError::Device(error.to_string()))?;
        }
        Ok(None)
    }
}

/// Makes `values` the buffer of `parameter`: as the gradient of the product of both, which every device of dfdx can compute.
pub(super) fn fill<S: Shape, D: Device<f32>>(
    moments: &mut Gradients<f32, D>,
    parameter: &Tensor<S, f32, D>,
    values: Tensor<S, f32, D>,
) -> Result<(), D::Err> {
    let product = parameter.clone().leaky_traced().try_mul(values)?;
    let mut gradients = product.try_sum::<Rank0, _>()?.try_backward()?;
    std::mem::swap(moments.get_or_alloc_mut(parameter)?, gradients.get_or_alloc_mut(parameter)?);
    Ok(())
}

#[cfg(test)]
#[path = "optimizer_tests.rs"]
mod tests;
