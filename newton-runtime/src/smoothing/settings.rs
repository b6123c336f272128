//! How a black box is smoothed.

use std::sync::Arc;
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
    /// Shared with steps that were begun.
    step: Arc<AtomicU64>,
    /// Of a batch that is a part of a larger one.
    first_sample: AtomicU64,
}

impl Smoothing {
    /// The noise of step 0, and the value at the unperturbed argument as covariate.
    pub fn new(noise: Noise) -> Self {
        Self { noise, covariate: Covariate::default(), step: Arc::default(), first_sample: AtomicU64::new(0) }
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

    /// Begins a step: the next one to ask gets the one after it.
    pub(crate) fn begin(&self) -> u64 {
        self.step.fetch_add(1, Ordering::Relaxed)
    }

    /// The step failed, and can be tried again with the same noise, unless another has begun.
    pub(super) fn abandon(&self, step: u64) {
        abandon(&self.step, step);
    }

    /// Goes to another step.
    pub fn set_step(&self, step: u64) {
        self.step.store(step, Ordering::Relaxed);
    }

    /// Where in its batch the first sample stands: 0, unless several processes share the batch.
    pub fn first_sample(&self) -> u64 {
        self.first_sample.load(Ordering::Relaxed)
    }

    /// From now on, the samples that are evaluated on the CPU are those of a larger batch from the `first` on, and have the noise that they
    /// have there. [`Across`](crate::parallel::Across) says it.
    pub fn set_first_sample(&self, first: u64) {
        self.first_sample.store(first, Ordering::Relaxed);
    }

    /// Whether it fits arguments of `dim` numbers.
    ///
    /// # Errors
    /// Those of [`Noise::validate`]; [`SmoothingError::Setting`] for too few samples to leave one out.
    pub fn validate(&self, dim: usize) -> Result<(), SmoothingError> {
        self.noise.validate(dim)?;
        self.covariate.validate(&self.noise)
    }
}

fn abandon(counter: &AtomicU64, step: u64) {
    let _ = counter.compare_exchange(step + 1, step, Ordering::Relaxed, Ordering::Relaxed);
}

/// A step that was begun, of which it is not known yet whether it succeeds.
#[cfg(feature = "cuda")]
#[derive(Clone)]
pub(crate) struct Begun {
    step: u64,
    counter: Arc<AtomicU64>,
}

#[cfg(feature = "cuda")]
impl Begun {
    pub fn new(smoothing: &Smoothing) -> Self {
        Self { step: smoothing.begin(), counter: Arc::clone(&smoothing.step) }
    }

    pub fn step(&self) -> u64 {
        self.step
    }

    /// It failed, and can be tried again, unless another has begun.
    pub fn abandon(&self) {
        abandon(&self.counter, self.step);
    }
}

/// With a counter of its own, which begins where this one is: clones that are trained side by side have the same noise.
impl Clone for Smoothing {
    fn clone(&self) -> Self {
        Self {
            noise: self.noise.clone(),
            covariate: self.covariate,
            step: Arc::new(AtomicU64::new(self.step())),
            first_sample: AtomicU64::new(self.first_sample()),
        }
    }
}

/// Alike in what comes next: step and first sample count.
impl PartialEq for Smoothing {
    fn eq(&self, other: &Self) -> bool {
        let next = |of: &Self| (of.step(), of.first_sample());
        self.noise == other.noise && self.covariate == other.covariate && next(self) == next(other)
    }
}
