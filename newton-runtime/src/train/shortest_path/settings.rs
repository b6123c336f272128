//! What a comparison is run with.

use super::{PathLoss, PerturbedSettings, Smoothed};
use crate::newton::OnIndefinite;
use crate::train::{Method, TrainError, check};

/// Maps in a batch of validation and test; no result depends on it.
pub const EVALUATION_MAPS: usize = 50;

/// Everything that decides the numbers of a run, except data and network.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The relaxation.
    pub loss: PathLoss,
    /// What to compare, each method once; all start from the same weights and see the same batches.
    pub methods: Vec<MethodSettings>,
    /// What the Hessian method does with negative curvature.
    pub on_indefinite: OnIndefinite,
    /// Passes over the training maps.
    pub epochs: u64,
    /// Maps in a training batch; the last one of an epoch is what is left.
    pub batch: usize,
    /// Of weights and of the order of the maps.
    pub seed: u64,
    /// Epochs between validations. One is made after the last in any case.
    pub validate_every: u64,
}

/// What every method is tuned in on its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MethodSettings {
    /// The method.
    pub method: Method,
    /// Its Tikhonov term, above 0; nothing to the baseline.
    pub lambda: f64,
    /// Adam's at the beginning, a tenth of it after three fifths of the epochs, a hundredth after four fifths; its other
    /// settings are torch's defaults.
    pub learning_rate: f64,
}

impl Settings {
    /// The paper's: 50 epochs in batches of 70 maps, its lambda, Adam, its learning rate divided by 10 after epochs 30 and 40.
    ///
    /// The paper chose the first learning rate for every loss from 1, 0.33, 0.1, ... 0.001; for Bellman-Ford it does not say which.
    pub fn paper(loss: PathLoss) -> Self {
        let learning_rate = loss.learning_rate();
        let of =
            |method: &Method| MethodSettings { method: *method, lambda: loss.lambda(*method), learning_rate };
        Self {
            loss,
            methods: loss.methods().iter().map(of).collect(),
            on_indefinite: OnIndefinite::Keep,
            epochs: 50,
            batch: 70,
            seed: 0,
            validate_every: 1,
        }
    }

    /// A short run on few maps. Lambda and learning rates were searched, as `examples/README.md` says: with the paper's lambda, which is
    /// larger than all eigenvalues of the curvature, a step is the gradient over lambda. Smoothed losses and algorithms learn slowly, and
    /// get four times the epochs.
    pub fn quick(loss: PathLoss) -> Self {
        use Smoothed::{Algorithm, Loss, Optimizer};
        let (hessian, fisher, learning_rate, epochs) = match loss {
            PathLoss::BellmanFord(_) => (0.3, 0.01, 0.01, 6),
            PathLoss::Perturbed(PerturbedSettings { smoothed: Optimizer, .. }) => (3.0, 0.1, 0.01, 6),
            PathLoss::Perturbed(PerturbedSettings { smoothed: Loss | Algorithm, .. }) => {
                (1.0, 0.001, 0.003, 24)
            }
        };
        let of = |method: &Method| {
            let lambda = match method {
                Method::Baseline => 0.0,
                Method::Hessian => hessian,
                Method::Fisher => fisher,
            };
            MethodSettings { method: *method, lambda, learning_rate }
        };
        Self {
            methods: loss.methods().iter().map(of).collect(),
            on_indefinite: OnIndefinite::Abs,
            epochs,
            batch: 32,
            ..Self::paper(loss)
        }
    }

    /// A method's share of the learning rate that it begins with, in an epoch counted from 0.
    pub fn decay(&self, epoch: u64) -> f64 {
        let passed = |fifths| 5 * epoch >= fifths * self.epochs;
        if passed(4) {
            0.01
        } else if passed(3) {
            0.1
        } else {
            1.0
        }
    }

    /// # Errors
    /// [`TrainError::Setting`] for what would train nothing, validate never or compare nothing. The loss has a look at
    /// its own part when it is built.
    pub fn validate(&self) -> Result<(), TrainError> {
        check::methods(&self.methods.iter().map(|of| of.method).collect::<Vec<_>>())?;
        check::at_least_one(&[
            ("epochs", self.epochs),
            ("batch", self.batch as u64),
            ("validate_every", self.validate_every),
        ])?;
        check::at_most("epochs", self.epochs, 1_000_000, "at most 1 000 000")?;
        check::at_most("batch", self.batch as u64, 100_000, "at most 100 000 maps")?;
        for of in &self.methods {
            // Without it nothing can be inverted: the first cell's cost has no influence on the path.
            if of.method != Method::Baseline || of.lambda != 0.0 {
                check::positive("lambda", of.lambda)?;
            }
            check::positive("learning_rate", of.learning_rate)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_falls_when_the_paper_s_does() {
        let paper = Settings::paper(PathLoss::default());
        assert_eq!([0, 29, 30, 39, 40, 49].map(|epoch| paper.decay(epoch)), [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]);
        let one = Settings { epochs: 1, ..paper };
        assert_eq!(one.decay(0), 1.0);
    }
}
