//! How a black box is smoothed.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Covariate, Noise, SmoothingError};

/// Noise, variance reduction, and which step comes next.
///
/// Noise is a function of (seed, step, sample): every evaluation of a training step moves on to the next step's noise, everything else
/// repeats the noise of the step it finds. A run that goes on at [`at_step`](Self::at_step) has the noise it would have had.
#[derive(Debug)]
pub struct Smoothing {
    /// What perturbs the argument.
    pub noise: Noise,
    /// What is subtracted from the values.
    pub covariate: Covariate,
    step: AtomicU64,
}

impl Smoothing {
    /// The noise of step 0, and the value at the unperturbed argument as covariate.
    pub fn new(noise: Noise) -> Self {
        Self { noise, covariate: Covariate::default(), step: AtomicU64::new(0) }
    }

    /// The same with something else subtracted from the values.
    #[must_use]
    pub fn covariate(self, covariate: Covariate) -> Self {
        Self { covariate, ..self }
    }

    /// The same at another step: how many training steps were made.
    #[must_use]
    pub fn at_step(self, step: u64) -> Self {
        self.set_step(step);
        self
    }

    /// How many training steps were made: the one whose noise comes next.
    pub fn step(&self) -> u64 {
        self.step.load(Ordering::Relaxed)
    }

    /// Goes to another step.
    pub fn set_step(&self, step: u64) {
        self.step.store(step, Ordering::Relaxed);
    }

    /// Whether it fits arguments of `dim` numbers.
    ///
    /// # Errors
    /// Those of [`Noise::validate`]; [`SmoothingError::Setting`] for leave-one-out of one alone.
    pub fn validate(&self, dim: usize) -> Result<(), SmoothingError> {
        self.noise.validate(dim)?;
        if self.covariate == Covariate::LeaveOneOut && self.noise.samples < 2 {
            let value = self.noise.samples as f64;
            return Err(SmoothingError::Setting {
                name: "samples",
                value,
                expected: "at least 2, to leave one out",
            });
        }
        Ok(())
    }
}

/// With a counter of its own.
impl Clone for Smoothing {
    fn clone(&self) -> Self {
        Self { noise: self.noise.clone(), covariate: self.covariate, step: AtomicU64::new(self.step()) }
    }
}

impl PartialEq for Smoothing {
    fn eq(&self, other: &Self) -> bool {
        self.noise == other.noise && self.covariate == other.covariate && self.step() == other.step()
    }
}
