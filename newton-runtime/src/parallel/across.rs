//! A loss whose batch is spread over ranks.

use std::fmt;
use std::sync::Arc;

use super::agreement::{agree, flags, settle};
use super::share::Counts;
use super::{Collective, several};
use crate::Error;
use crate::loss::{self, Derivatives, Evaluation, Gradients, NewtonLoss, Second};
use crate::newton::{self, Average, Curvature, Diagnostics, Newton, Step};
use crate::scalar::Float;
use crate::smoothing::Smoothing;

/// A loss whose batch is spread over the ranks of a [`Collective`]: each evaluates its own samples, and all take the step of the whole batch.
///
/// [`evaluate`](NewtonLoss::evaluate), [`z_star`](NewtonLoss::z_star), [`diagnose`](NewtonLoss::diagnose) and
/// [`batch_curvature`](NewtonLoss::batch_curvature) are calls that all ranks make together, each with its share: at least one sample, not
/// necessarily as many as the others. The curvature C, the mean of the losses, and the spectrum are those of the whole batch; values,
/// gradients, directions, z\* and norms are those of the rank's samples. All else is of the rank's samples alone, and asks nobody.
///
/// A loss under noise draws for each sample what it would draw for it in the whole batch, in the order of the ranks.
///
/// Without a collective, or with one of a single rank, it is the loss itself, on a GPU too. With several ranks the loss is evaluated on the
/// CPU, wherever the network is.
///
/// # Errors
/// What fails on one rank (a number that is not finite, a curvature that cannot be inverted) fails on all of them, with
/// [`Error::InRank`]; nobody is left waiting. What a graph node refuses before it evaluates (labels that do not fit the scores) is known to its own
/// rank only, which then has to end the others. See [the module](super) for an example.
#[derive(Clone)]
pub struct Across<L> {
    loss: L,
    ranks: Option<Arc<dyn Collective>>,
}

impl<L> Across<L> {
    /// The loss across all ranks of a collective.
    pub fn new(loss: L, ranks: Arc<dyn Collective>) -> Self {
        Self { loss, ranks: Some(ranks) }
    }

    /// The loss itself.
    pub fn alone(loss: L) -> Self {
        Self { loss, ranks: None }
    }

    /// From now on, across these ranks.
    pub fn set_ranks(&mut self, ranks: Arc<dyn Collective>) {
        self.ranks = Some(ranks);
    }

    /// The loss that it is made of.
    pub fn inner(&self) -> &L {
        &self.loss
    }

    /// Others to share a batch with.
    fn others(&self) -> Option<&dyn Collective> {
        self.ranks.as_deref().filter(|ranks| several(*ranks))
    }

    /// Who has how many samples; the noise then knows which are this rank's.
    fn counts<T: Float>(&self, ranks: &dyn Collective, samples: usize) -> Result<Counts, Error>
    where
        L: NewtonLoss<T>,
    {
        let counts = Counts::exchange(ranks, samples, self.loss.dim())?;
        if let Some(noise) = self.loss.noise() {
            noise.set_first_sample(counts.before as u64);
        }
        Ok(counts)
    }

    /// The rank's samples with the step of the whole batch, and the whole batch's curvature if there is one. All ranks succeed, or none.
    fn step_of_all<T: Float>(
        &self,
        ranks: &dyn Collective,
        predictions: &[T],
        labels: &[L::Label],
    ) -> Result<(Evaluation<T>, Option<Vec<f64>>), Error>
    where
        L: NewtonLoss<T>,
    {
        let (settings, dim) = (self.loss.newton(), self.loss.dim());
        let counts = self.counts::<T>(ranks, labels.len())?;
        // Divided by all samples at once: what is summed is the mean already, which cannot overflow where it does not.
        let weight = labels.len() as f64 / counts.total as f64;
        let mine = self.share(&settings, predictions, labels);
        let of_batch = settings.curvature != Curvature::None && settings.average == Average::Batch;

        let mut sums = flags(ranks, &mine);
        let mut own = vec![0.0; 1 + if of_batch { dim * dim } else { 0 }];
        if let Ok(Own { derivatives, curvature }) = &mine {
            own[0] = loss::sum(&derivatives.first.values) / counts.total as f64;
            own[1..].iter_mut().zip(curvature).for_each(|(own, mean)| *own = weight * mean);
        }
        sums.extend(own);
        ranks.sum(&mut sums)?;
        let (failed, sums) = sums.split_at(ranks.size());
        let Derivatives { first: Gradients { values, gradients }, second } =
            settle(ranks, mine, failed)?.derivatives;

        let curvature = of_batch.then(|| sums[1..].to_vec());
        let step = match &curvature {
            Some(curvature) => {
                newton::step_by(&settings, predictions, &gradients, dim, curvature, counts.total)
            }
            None => newton::step(&settings, predictions, &gradients, dim, second.hessians()),
        };
        let step: Step<T> = agree(ranks, step)?;
        Ok((Evaluation { mean: T::from_f64(sums[0]), values, gradients, step }, curvature))
    }

    /// What this rank's samples give.
    fn share<T: Float>(
        &self,
        settings: &Newton,
        predictions: &[T],
        labels: &[L::Label],
    ) -> Result<Own<T>, Error>
    where
        L: NewtonLoss<T>,
    {
        settings.validate()?;
        let dim = self.loss.dim();
        let mut derivatives = self.loss.derivatives(predictions, labels)?;
        let curvature = match (settings.average, settings.curvature) {
            (Average::Batch, Curvature::Fisher) => {
                newton::fisher(&derivatives.first.gradients, dim)?.into_vec()
            }
            (Average::Batch, Curvature::Hessian) => match &mut derivatives.second {
                Second::Mean(mean) => std::mem::take(mean),
                _ => self.loss.mean_hessian(predictions, labels)?,
            },
            _ => return Ok(Own { derivatives, curvature: Vec::new() }),
        };
        let why = "one m x m matrix";
        newton::input::same_length("mean Hessian", curvature.len(), dim * dim, why)?;
        Ok(Own { derivatives, curvature })
    }
}

/// A rank's derivatives and, if there is one, the curvature of its own samples, m x m.
struct Own<T> {
    derivatives: Derivatives<T>,
    curvature: Vec<f64>,
}

impl<L: fmt::Debug> fmt::Debug for Across<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranks = self.ranks.as_ref().map(|ranks| (ranks.rank(), ranks.size()));
        f.debug_struct("Across").field("loss", &self.loss).field("rank_of", &ranks).finish()
    }
}

impl<T: Float, L: NewtonLoss<T>> NewtonLoss<T> for Across<L> {
    type Label = L::Label;

    fn dim(&self) -> usize {
        self.loss.dim()
    }

    fn newton(&self) -> Newton {
        self.loss.newton()
    }

    fn gradients(&self, predictions: &[T], labels: &[L::Label]) -> Result<Gradients<T>, Error> {
        self.loss.gradients(predictions, labels)
    }

    fn hessians(&self, predictions: &[T], labels: &[L::Label]) -> Result<Vec<T>, Error> {
        self.loss.hessians(predictions, labels)
    }

    /// Over the rank's samples.
    fn mean_hessian(&self, predictions: &[T], labels: &[L::Label]) -> Result<Vec<f64>, Error> {
        self.loss.mean_hessian(predictions, labels)
    }

    fn hessian_vector_products(
        &self,
        predictions: &[T],
        labels: &[L::Label],
        vectors: &[T],
    ) -> Result<Vec<T>, Error> {
        self.loss.hessian_vector_products(predictions, labels, vectors)
    }

    fn values(&self, predictions: &[T], labels: &[L::Label]) -> Result<Vec<T>, Error> {
        self.loss.values(predictions, labels)
    }

    fn derivatives(&self, predictions: &[T], labels: &[L::Label]) -> Result<Derivatives<T>, Error> {
        self.loss.derivatives(predictions, labels)
    }

    fn noise(&self) -> Option<&Smoothing> {
        self.loss.noise()
    }

    /// None across ranks: the curvature has to be summed on the host.
    #[cfg(feature = "cuda")]
    fn on_device(
        &self,
        gpu: &crate::cuda::Gpu,
        predictions: crate::cuda::Slice<'_, T>,
        labels: &[L::Label],
        request: crate::cuda::Request,
    ) -> Result<Option<crate::cuda::Parts<T>>, Error> {
        match self.others() {
            Some(_) => Ok(None),
            None => self.loss.on_device(gpu, predictions, labels, request),
        }
    }

    #[cfg(feature = "cuda")]
    fn recorded(
        &self,
        gpu: &crate::cuda::Gpu,
        predictions: crate::cuda::Slice<'_, T>,
        labels: &[L::Label],
    ) -> Result<Option<crate::cuda::RecordedBatch<T>>, Error> {
        match self.others() {
            Some(_) => Ok(None),
            None => self.loss.recorded(gpu, predictions, labels),
        }
    }

    /// Of the whole batch.
    fn batch_curvature(&self, predictions: &[T], labels: &[L::Label]) -> Result<Option<Vec<f64>>, Error> {
        let Some(ranks) = self.others() else { return self.loss.batch_curvature(predictions, labels) };
        let counts = self.counts::<T>(ranks, labels.len())?;
        let mine = self.loss.batch_curvature(predictions, labels);
        let mut mean = agree(ranks, mine)?;
        if let Some(mean) = &mut mean {
            let weight = labels.len() as f64 / counts.total as f64;
            mean.iter_mut().for_each(|entry| *entry *= weight);
            ranks.sum(mean)?;
        }
        Ok(mean)
    }

    fn evaluate(&self, predictions: &[T], labels: &[L::Label]) -> Result<Evaluation<T>, Error> {
        let Some(ranks) = self.others() else { return self.loss.evaluate(predictions, labels) };
        let (all, _) = self.step_of_all(ranks, predictions, labels)?;
        if let Some(noise) = self.loss.noise() {
            noise.begin();
        }
        Ok(all)
    }

    fn z_star(&self, predictions: &[T], labels: &[L::Label]) -> Result<Vec<T>, Error> {
        let Some(ranks) = self.others() else { return self.loss.z_star(predictions, labels) };
        Ok(self.step_of_all(ranks, predictions, labels)?.0.step.z_star)
    }

    /// The spectrum is that of the whole batch, the norms are those of the rank's samples.
    fn diagnose(
        &self,
        predictions: &[T],
        labels: &[L::Label],
        exploding_factor: f64,
    ) -> Result<Diagnostics, Error> {
        let Some(ranks) = self.others() else {
            return self.loss.diagnose(predictions, labels, exploding_factor);
        };
        let (all, curvature) = self.step_of_all(ranks, predictions, labels)?;
        let curvature = match curvature {
            Some(curvature) => curvature,
            None => {
                let dim = self.loss.dim();
                self.batch_curvature(predictions, labels)?.unwrap_or_else(|| vec![0.0; dim * dim])
            }
        };
        all.diagnose(&self.loss.newton(), &curvature, self.loss.dim(), exploding_factor)
    }
}
