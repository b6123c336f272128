//! What a loss is to the runtime: the trait that `#[newton_loss]` implements and that a hand-written loss can.
//!
//! Shapes: a batch has N samples; predictions and gradients are row-major N x m slices of `T` = `f32` or `f64`, labels a slice
//! of N. Scale: `l_i`, `g_i`, `H_i` are per sample, the batch loss is the mean of the `l_i`.

use crate::Error;
use crate::error::{Quantity, quoted};
use crate::kernel::{self, Kernel};
use crate::newton::{self, Average, Curvature, Diagnostics, Hessians, Newton, Step};
use crate::scalar::{Data, Float};
use crate::smoothing::Smoothing;

/// Values and gradients of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients<T> {
    /// `l_i`, one per sample.
    pub values: Vec<T>,
    /// `g_i`, row-major N x m.
    pub gradients: Vec<T>,
}

/// What a Newton step is made of: see [`NewtonLoss::derivatives`].
#[derive(Debug, Clone, PartialEq)]
pub struct Derivatives<T> {
    /// `l_i` and `g_i`.
    pub first: Gradients<T>,
    /// What the settings ask for.
    pub second: Second<T>,
}

/// Second derivatives of a batch, row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum Second<T> {
    /// None: the curvature is made of gradients, or there is none.
    Unused,
    /// `1/N sum_i H_i`, m x m.
    Mean(Vec<f64>),
    /// All `H_i`, N x m x m.
    PerSample(Vec<T>),
}

impl<T> Second<T> {
    /// As the step takes them.
    pub fn hessians(&self) -> Option<Hessians<'_, T>> {
        match self {
            Self::Unused => None,
            Self::Mean(mean) => Some(Hessians::WideMean(mean)),
            Self::PerSample(all) => Some(Hessians::PerSample(all)),
        }
    }
}

/// A batch's values, gradients and Newton step.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<T> {
    /// Mean of the `l_i`.
    pub mean: T,
    /// `l_i`, one per sample.
    pub values: Vec<T>,
    /// `g_i`, row-major N x m.
    pub gradients: Vec<T>,
    /// Directions `d_i = (C + lambda I)^-1 g_i`, `z*_i = y_i - d_i` and Newton losses.
    pub step: Step<T>,
}

impl<T: Float> Evaluation<T> {
    /// From values, gradients and, for [`Curvature::Hessian`], Hessians.
    ///
    /// # Errors
    /// Those of [`newton::step()`].
    pub fn of(
        settings: &Newton,
        predictions: &[T],
        Gradients { values, gradients }: Gradients<T>,
        dim: usize,
        hessians: Option<Hessians<'_, T>>,
    ) -> Result<Self, Error> {
        let step = newton::step(settings, predictions, &gradients, dim, hessians)?;
        let mean = sum(&values) / values.len() as f64;
        Ok(Self { mean: T::from_f64(mean), values, gradients, step })
    }

    /// What the step did to the gradients, with the batch's curvature C.
    pub(crate) fn diagnose(
        &self,
        settings: &Newton,
        curvature: &[f64],
        dim: usize,
        exploding_factor: f64,
    ) -> Result<Diagnostics, Error> {
        // The mean is wide, its summands are not: what counts as rounding depends on their type.
        let curvature: Vec<T> = curvature.iter().map(|x| T::from_f64(*x)).collect();
        let directions = &self.step.directions;
        Diagnostics::of(settings, &curvature, dim, &self.gradients, directions, exploding_factor)
    }
}

/// A loss on predictions of `dim` numbers.
///
/// `#[newton_loss]` implements it for `f32` and `f64`. By hand, [`dim`](Self::dim), [`newton`](Self::newton) and
/// [`gradients`](Self::gradients) suffice for Fisher curvature; [`hessians`](Self::hessians) adds the Hessian's.
///
/// ```
/// use newton_runtime::loss::{Gradients, NewtonLoss};
/// use newton_runtime::{Error, newton::Newton};
///
/// /// l(y) = 1/2 ||y - t||^2 for predictions of two numbers.
/// struct Mse;
///
/// impl NewtonLoss<f64> for Mse {
///     type Label = [f64; 2];
///     fn dim(&self) -> usize {
///         2
///     }
///     fn newton(&self) -> Newton {
///         Newton::hessian(1.0)
///     }
///     fn gradients(&self, y: &[f64], t: &[[f64; 2]]) -> Result<Gradients<f64>, Error> {
///         let gradients: Vec<f64> = y.iter().zip(t.as_flattened()).map(|(y, t)| y - t).collect();
///         let values = gradients.chunks(2).map(|g| 0.5 * (g[0] * g[0] + g[1] * g[1])).collect();
///         Ok(Gradients { values, gradients })
///     }
///     fn hessians(&self, _y: &[f64], t: &[[f64; 2]]) -> Result<Vec<f64>, Error> {
///         Ok([1.0, 0.0, 0.0, 1.0].repeat(t.len()))
///     }
/// }
///
/// // H = I and lambda = 1: z* is half-way between prediction and target.
/// assert_eq!(Mse.z_star(&[0.0, 4.0], &[[2.0, 2.0]])?, [1.0, 3.0]);
/// # Ok::<(), Error>(())
/// ```
pub trait NewtonLoss<T: Float>: Sync {
    /// The reference of one sample (a permutation matrix, a path, ...).
    type Label: Sync;

    /// m: how many numbers one prediction has.
    fn dim(&self) -> usize;

    /// Curvature, lambda and policies.
    fn newton(&self) -> Newton;

    /// `l_i` and `g_i`.
    fn gradients(&self, predictions: &[T], labels: &[Self::Label]) -> Result<Gradients<T>, Error>;

    /// All `H_i`, row-major N x m x m.
    fn hessians(&self, predictions: &[T], labels: &[Self::Label]) -> Result<Vec<T>, Error> {
        let _ = (predictions, labels);
        Err(Error::NoHessian)
    }

    /// `1/N sum_i H_i`, m x m, summed in `f64`.
    fn mean_hessian(&self, predictions: &[T], labels: &[Self::Label]) -> Result<Vec<f64>, Error> {
        let all = self.hessians(predictions, labels)?;
        let mut mean = vec![0.0; self.dim() * self.dim()];
        for hessian in all.chunks_exact(mean.len().max(1)) {
            for (mean, h) in mean.iter_mut().zip(hessian) {
                *mean += h.to_f64() / labels.len() as f64;
            }
        }
        Ok(mean)
    }

    /// `H_i v_i` for one vector per sample, row-major N x m.
    fn hessian_vector_products(
        &self,
        predictions: &[T],
        labels: &[Self::Label],
        vectors: &[T],
    ) -> Result<Vec<T>, Error> {
        let dim = self.dim();
        same_length("vectors", vectors.len(), predictions.len())?;
        let all = self.hessians(predictions, labels)?;
        let row = |(row, v): (&[T], &[T])| {
            T::from_f64(row.iter().zip(v).map(|(h, v)| h.to_f64() * v.to_f64()).sum::<f64>())
        };
        let rows = all.chunks_exact(dim.max(1)).enumerate();
        Ok(rows.map(|(i, h)| row((h, &vectors[i / dim * dim..][..dim]))).collect())
    }

    /// `l_i`, one per sample.
    fn values(&self, predictions: &[T], labels: &[Self::Label]) -> Result<Vec<T>, Error> {
        Ok(self.gradients(predictions, labels)?.values)
    }

    /// What the loss gives for a batch that lies on a GPU, enqueued there; none if it has no form for GPUs: it is then evaluated on the CPU.
    ///
    /// # Errors
    /// As [`gradients`](Self::gradients) for what can be seen without waiting; [`Parts::check`](crate::cuda::Parts) waits for the rest.
    #[cfg(feature = "cuda")]
    fn on_device(
        &self,
        gpu: &crate::cuda::Gpu,
        predictions: crate::cuda::Slice<'_, T>,
        labels: &[Self::Label],
        request: crate::cuda::Request,
    ) -> Result<Option<crate::cuda::Parts<T>>, Error> {
        let _ = (gpu, predictions, labels, request);
        Ok(None)
    }

    /// The same with the Newton step, recorded once and enqueued as one launch; none for losses that cannot be recorded.
    ///
    /// # Errors
    /// As [`on_device`](Self::on_device).
    #[cfg(feature = "cuda")]
    #[doc(hidden)]
    fn recorded(
        &self,
        gpu: &crate::cuda::Gpu,
        predictions: crate::cuda::Slice<'_, T>,
        labels: &[Self::Label],
    ) -> Result<Option<crate::cuda::RecordedBatch<T>>, Error> {
        let _ = (gpu, predictions, labels);
        Ok(None)
    }

    /// The batch's curvature C, m x m, without lambda: the mean Hessian, the Fisher matrix, or nothing.
    fn batch_curvature(&self, predictions: &[T], labels: &[Self::Label]) -> Result<Option<Vec<f64>>, Error> {
        match self.newton().curvature {
            Curvature::Hessian => self.mean_hessian(predictions, labels).map(Some),
            Curvature::Fisher => {
                let gradients = self.gradients(predictions, labels)?.gradients;
                Ok(Some(newton::fisher(&gradients, self.dim())?.into_vec()))
            }
            Curvature::None => Ok(None),
        }
    }

    /// Values, gradients and the second derivatives that the settings ask for: what [`evaluate`](Self::evaluate) makes its step of. Of a loss
    /// under noise, that of the step at hand, which stays.
    fn derivatives(&self, predictions: &[T], labels: &[Self::Label]) -> Result<Derivatives<T>, Error> {
        let settings = self.newton();
        let first = self.gradients(predictions, labels)?;
        let second = match (settings.curvature, settings.average) {
            (Curvature::Hessian, Average::Batch) => Second::Mean(self.mean_hessian(predictions, labels)?),
            (Curvature::Hessian, Average::Sample) => Second::PerSample(self.hessians(predictions, labels)?),
            _ => Second::Unused,
        };
        Ok(Derivatives { first, second })
    }

    /// The noise that the loss is evaluated under, if there is any.
    fn noise(&self) -> Option<&Smoothing> {
        None
    }

    /// Values, gradients and Newton step: all that a training step needs.
    fn evaluate(&self, predictions: &[T], labels: &[Self::Label]) -> Result<Evaluation<T>, Error> {
        let settings = self.newton();
        settings.validate()?;
        let Derivatives { first, second } = self.derivatives(predictions, labels)?;
        Evaluation::of(&settings, predictions, first, self.dim(), second.hessians())
    }

    /// `z*_i = y_i - (C + lambda I)^-1 g_i`, row-major N x m.
    fn z_star(&self, predictions: &[T], labels: &[Self::Label]) -> Result<Vec<T>, Error> {
        Ok(self.evaluate(predictions, labels)?.step.z_star)
    }

    /// Spectrum of C and gradient norms before and after, for [`Average::Batch`]. A sample whose gradient norm exceeds
    /// `exploding_factor` times the batch's median counts as exploding.
    fn diagnose(
        &self,
        predictions: &[T],
        labels: &[Self::Label],
        exploding_factor: f64,
    ) -> Result<Diagnostics, Error> {
        let dim = self.dim();
        let curvature = self.batch_curvature(predictions, labels)?.unwrap_or_else(|| vec![0.0; dim * dim]);
        let all = self.evaluate(predictions, labels)?;
        all.diagnose(&self.newton(), &curvature, dim, exploding_factor)
    }
}

impl<T: Float, K: Kernel> NewtonLoss<T> for K {
    type Label = K::Label<T>;

    fn dim(&self) -> usize {
        K::DIM
    }

    fn newton(&self) -> Newton {
        Kernel::newton(self)
    }

    fn gradients(&self, predictions: &[T], labels: &[K::Label<T>]) -> Result<Gradients<T>, Error> {
        check_inputs(self, predictions, labels)?;
        let out = kernel::gradients(self, predictions, labels)?;
        find_culprit(Quantity::Loss, &out.values, 1, labels)?;
        find_culprit(Quantity::Gradient, &out.gradients, K::DIM, labels)?;
        Ok(out)
    }

    fn hessians(&self, predictions: &[T], labels: &[K::Label<T>]) -> Result<Vec<T>, Error> {
        check_inputs(self, predictions, labels)?;
        let all = kernel::hessians(self, predictions, labels)?;
        find_culprit(Quantity::Hessian, &all, K::DIM * K::DIM, labels)?;
        Ok(all)
    }

    fn mean_hessian(&self, predictions: &[T], labels: &[K::Label<T>]) -> Result<Vec<f64>, Error> {
        check_inputs(self, predictions, labels)?;
        let mean = kernel::mean_hessian(self, predictions, labels)?;
        match mean.iter().position(|x| !x.is_finite()) {
            None => Ok(mean),
            // The mean cannot tell which sample it was.
            Some(entry) => {
                NewtonLoss::<T>::hessians(self, predictions, labels)?;
                Err(Error::NonFiniteMean { quantity: Quantity::Hessian, entry, value: mean[entry] })
            }
        }
    }

    fn hessian_vector_products(
        &self,
        predictions: &[T],
        labels: &[K::Label<T>],
        vectors: &[T],
    ) -> Result<Vec<T>, Error> {
        check_inputs(self, predictions, labels)?;
        same_length("vectors", vectors.len(), predictions.len())?;
        let products = kernel::hessian_vector_products(self, predictions, labels, vectors)?;
        find_culprit(Quantity::Hessian, &products, K::DIM, labels)?;
        Ok(products)
    }

    #[cfg(feature = "cuda")]
    fn on_device(
        &self,
        gpu: &crate::cuda::Gpu,
        predictions: crate::cuda::Slice<'_, T>,
        labels: &[K::Label<T>],
        request: crate::cuda::Request,
    ) -> Result<Option<crate::cuda::Parts<T>>, Error> {
        crate::cuda::compiled::parts(self, gpu, predictions, labels, request)
    }

    #[cfg(feature = "cuda")]
    fn recorded(
        &self,
        gpu: &crate::cuda::Gpu,
        predictions: crate::cuda::Slice<'_, T>,
        labels: &[K::Label<T>],
    ) -> Result<Option<crate::cuda::RecordedBatch<T>>, Error> {
        let lease = crate::cuda::recorded::Lease::take(self, gpu, predictions, labels)?;
        Ok(lease.map(crate::cuda::RecordedBatch))
    }
}

/// In `f64`.
pub(crate) fn sum<T: Float>(values: &[T]) -> f64 {
    values.iter().map(|v| v.to_f64()).sum()
}

fn same_length(what: &'static str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Mismatch { what, found, expected, why: "as many as the predictions".to_owned() })
}

fn check_inputs<T: Float, K: Kernel>(
    kernel: &K,
    predictions: &[T],
    labels: &[K::Label<T>],
) -> Result<(), Error> {
    check_batch(K::NAME, K::DIM, predictions, labels.len())?;
    check_parameters(kernel)
}

/// Hyper-parameters that are finite.
pub(crate) fn check_parameters<K: Kernel>(kernel: &K) -> Result<(), Error> {
    for (name, value) in kernel.parameters() {
        if !value.is_finite() {
            return Err(Error::Setting { name, value, expected: "a hyper-parameter must be finite" });
        }
    }
    Ok(())
}

/// A batch that fits a loss on `dim` numbers.
pub(crate) fn check_batch<T: Float>(
    name: &str,
    dim: usize,
    predictions: &[T],
    labels: usize,
) -> Result<(), Error> {
    check_lengths(name, dim, predictions.len(), labels)?;
    newton::check_finite(Quantity::Prediction, predictions, dim)
}

/// Numbers of predictions, and of labels, that fit a loss on `dim` numbers.
pub(crate) fn check_lengths(name: &str, dim: usize, predictions: usize, labels: usize) -> Result<(), Error> {
    if predictions != labels * dim {
        return Err(Error::Mismatch {
            what: "predictions",
            found: predictions,
            expected: labels * dim,
            why: format!("{labels} labels, and {} predicts {dim} numbers per sample", quoted(name)),
        });
    }
    if labels == 0 {
        return Err(Error::EmptyBatch);
    }
    Ok(())
}

/// Names the first number that is not finite; a label that is not finite is to blame before anything computed from it.
fn find_culprit<T: Float, L: Data<T>>(
    quantity: Quantity,
    values: &[T],
    per_sample: usize,
    labels: &[L],
) -> Result<(), Error> {
    let Some(at) = values.iter().position(|x| !Float::is_finite(*x)) else { return Ok(()) };
    let mut label = vec![T::default(); L::LEN];
    labels[at / per_sample].write(&mut label, &mut vec![0; L::INTEGERS]);
    if let Some(entry) = label.iter().position(|x| !Float::is_finite(*x)) {
        let sample = at / per_sample;
        return Err(Error::NonFinite {
            quantity: Quantity::Label,
            sample,
            entry,
            value: label[entry].to_f64(),
        });
    }
    newton::check_finite(quantity, values, per_sample)
}
