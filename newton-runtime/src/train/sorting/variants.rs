//! The sorting losses computed otherwise than in the paper: in f64, with a stable cross-entropy, on scaled scores.

use std::sync::Arc;

use dfdx::prelude::{OwnedTape, Tensor, TryMul};

use super::loss::Ranking;
use super::{RankingLoss, SortingLoss};
use crate::Error;
use crate::graph::{Backend, LayerError};
use crate::loss::{Gradients, NewtonLoss};
use crate::losses::{self, CAUCHY, CauchyOddEven, LOGISTIC, LogisticOddEven, NeuralSort, SoftSort, stable};
use crate::newton::{Diagnostics, Newton};
use crate::parallel::{Across, Collective, CollectiveError};
use crate::train::{Loss, TrainError, check};

impl SortingLoss {
    /// As [`SortingLoss::sized`], with a numerically stable cross-entropy: without the explosions of the paper's setting.
    ///
    /// # Errors
    /// As [`SortingLoss::sized`].
    pub fn stable<const N: usize, D: Backend>(
        self,
        temperature: f64,
        newton: Newton,
    ) -> Result<Box<dyn RankingLoss<D>>, TrainError> {
        check::positive(self.temperature_name(), temperature)?;
        newton.validate()?;
        macro_rules! ranking {
            ($loss:ty, $order:ident) => {{
                let loss = <$loss>::new(temperature)
                    .curvature(newton.curvature)
                    .lambda(newton.lambda)
                    .average(newton.average)
                    .on_indefinite(newton.on_indefinite);
                Box::new(Ranking { loss: Across::alone(loss), order: losses::$order::<f32, N> })
            }};
        }
        Ok(match self {
            Self::NeuralSort => ranking!(stable::NeuralSort<N>, descending),
            Self::SoftSort => ranking!(stable::SoftSort<N>, descending),
            Self::LogisticDsn => ranking!(stable::OddEven<N, LOGISTIC>, ascending),
            Self::CauchyDsn => ranking!(stable::OddEven<N, CAUCHY>, ascending),
        })
    }

    /// As [`SortingLoss::sized`], computed in f64 on the network's f32 scores: PyTorch's cross-entropy then saturates only far out.
    ///
    /// # Errors
    /// As [`SortingLoss::sized`].
    pub fn wide<const N: usize, D: Backend>(
        self,
        temperature: f64,
        newton: Newton,
    ) -> Result<Box<dyn RankingLoss<D>>, TrainError> {
        check::positive(self.temperature_name(), temperature)?;
        newton.validate()?;
        macro_rules! ranking {
            ($loss:ident, $order:ident) => {{
                let loss = $loss::<N>::new(temperature)
                    .curvature(newton.curvature)
                    .lambda(newton.lambda)
                    .average(newton.average)
                    .on_indefinite(newton.on_indefinite);
                Box::new(Ranking { loss: Across::alone(Wide(loss)), order: losses::$order::<f32, N> })
            }};
        }
        Ok(match self {
            Self::NeuralSort => ranking!(NeuralSort, descending),
            Self::SoftSort => ranking!(SoftSort, descending),
            Self::LogisticDsn => ranking!(LogisticOddEven, ascending),
            Self::CauchyDsn => ranking!(CauchyOddEven, ascending),
        })
    }
}

/// A loss on f64 where f32 is asked for.
struct Wide<L>(L);

impl<L> Wide<L> {
    fn labels<const N: usize>(labels: &[[[f32; N]; N]]) -> Vec<[[f64; N]; N]> {
        labels.iter().map(|label| label.map(|row| row.map(f64::from))).collect()
    }
}

fn widened(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

fn narrowed(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}

impl<const N: usize, L: NewtonLoss<f64, Label = [[f64; N]; N]>> NewtonLoss<f32> for Wide<L> {
    type Label = [[f32; N]; N];

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn newton(&self) -> Newton {
        self.0.newton()
    }

    fn gradients(&self, predictions: &[f32], labels: &[Self::Label]) -> Result<Gradients<f32>, Error> {
        let all = self.0.gradients(&widened(predictions), &Self::labels(labels))?;
        Ok(Gradients { values: narrowed(all.values), gradients: narrowed(all.gradients) })
    }

    fn hessians(&self, predictions: &[f32], labels: &[Self::Label]) -> Result<Vec<f32>, Error> {
        self.0.hessians(&widened(predictions), &Self::labels(labels)).map(narrowed)
    }

    fn mean_hessian(&self, predictions: &[f32], labels: &[Self::Label]) -> Result<Vec<f64>, Error> {
        self.0.mean_hessian(&widened(predictions), &Self::labels(labels))
    }
}

/// The loss of `factor` times the scores, as if the network were that much surer from the beginning. Its Newton step is taken in the scaled
/// scores.
///
/// # Errors
/// [`TrainError::Setting`] for a factor that is not positive.
pub fn scaled<D: Backend>(
    loss: Box<dyn RankingLoss<D>>,
    factor: f64,
) -> Result<Box<dyn RankingLoss<D>>, TrainError> {
    check::positive("score_scale", factor)?;
    Ok(if factor == 1.0 { loss } else { Box::new(Scaled { loss, factor: factor as f32 }) })
}

struct Scaled<D: Backend> {
    loss: Box<dyn RankingLoss<D>>,
    factor: f32,
}

impl<D: Backend> RankingLoss<D> for Scaled<D> {
    fn n(&self) -> usize {
        self.loss.n()
    }

    fn apply(
        &self,
        scores: Tensor<(usize, usize), f32, D, OwnedTape<f32, D>>,
        numbers: &[u32],
    ) -> Result<Loss<D>, LayerError> {
        self.loss.apply(scores.try_mul(self.factor).map_err(Into::into)?, numbers)
    }

    fn diagnose(&self, scores: &[f32], numbers: &[u32]) -> Result<Diagnostics, Error> {
        let scores: Vec<f32> = scores.iter().map(|score| score * self.factor).collect();
        self.loss.diagnose(&scores, numbers)
    }

    fn newton(&self) -> Newton {
        self.loss.newton()
    }

    fn set_ranks(&mut self, ranks: Arc<dyn Collective>) -> Result<(), CollectiveError> {
        self.loss.set_ranks(ranks)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{AsArray, Cpu, TensorFromVec, Trace};

    use super::*;
    use crate::newton::OnIndefinite;

    /// What goes back into the scores of one set of three.
    fn gradient(loss: &dyn RankingLoss, scores: [f32; 3]) -> Vec<f32> {
        let leaf = Cpu::default().tensor_from_vec(scores.to_vec(), (1, 3));
        let value = loss.apply(leaf.leaky_trace(), &[20, 10, 30]).expect("a loss");
        assert!(value.array().is_finite());
        crate::graph::backward(value).expect("a gradient").get(&leaf).as_vec()
    }

    #[test]
    fn variants_agree_where_nothing_saturates_and_differ_where_f32_does() {
        let newton = Newton::none();
        for loss in SortingLoss::ALL {
            let t = loss.temperature(5);
            let of_paper = loss.sized::<3>(t, newton).expect("a loss");
            let wide = loss.wide::<3, Cpu>(t, newton).expect("a loss");
            let stable = loss.stable::<3, Cpu>(t, newton).expect("a loss");
            let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-4);
            let tame = [0.05, -0.02, 0.03];
            assert!(near(&gradient(&*of_paper, tame), &gradient(&*wide, tame)), "{loss}");
            assert!(near(&gradient(&*of_paper, tame), &gradient(&*stable, tame)), "{loss}");
        }
        // The first score belongs above the second one; a little below it, an entry saturates in f32.
        let newton = Newton::none();
        let largest = |loss: Box<dyn RankingLoss>| {
            let sweep = (0..200).flat_map(|i| gradient(&*loss, [2.0 + 0.01 * i as f32, 4.0, 8.0]));
            sweep.fold(0.0_f32, |max, g| max.max(g.abs()))
        };
        let loss = SortingLoss::SoftSort;
        let of_paper = largest(loss.sized::<3>(0.1, newton).expect("a loss"));
        let wide = largest(loss.wide::<3, Cpu>(0.1, newton).expect("a loss"));
        let stable = largest(loss.stable::<3, Cpu>(0.1, newton).expect("a loss"));
        assert!(of_paper > 100.0 * wide.max(stable), "{of_paper} {wide} {stable}");
    }

    #[test]
    fn the_stable_cross_entropy_has_a_hessian_however_far_scores_are_spread() {
        let numbers = [20, 10, 30, 5, 40, 7];
        for loss in SortingLoss::ALL {
            for scale in [1.0, 30.0, 300.0, 3000.0] {
                let scores = [0.3, -0.2, 0.9, 0.5, 0.4, -0.7].map(|score: f32| scale * score);
                let newton = Newton::hessian(1.0).on_indefinite(OnIndefinite::Abs);
                let stable = loss.stable::<3, Cpu>(loss.temperature(3), newton).expect("a loss");
                let found = stable.diagnose(&scores, &numbers);
                assert!(found.is_ok(), "{loss}, scores of {scale}: {found:?}");
            }
        }
    }

    #[test]
    fn scaled_scores_are_those_of_a_surer_network() {
        let loss = || SortingLoss::NeuralSort.sized::<3>(1.0, Newton::hessian(0.1)).expect("a loss");
        let by_hand: Vec<f32> = gradient(&*loss(), [0.4, -0.8, 1.2]).iter().map(|g| 4.0 * g).collect();
        let scaled_loss = scaled(loss(), 4.0).expect("a factor");
        assert_eq!(gradient(&*scaled_loss, [0.1, -0.2, 0.3]), by_hand);
        assert_ne!(gradient(&*loss(), [0.1, -0.2, 0.3]), by_hand);
        assert!(scaled(loss(), 0.0).is_err());
    }
}
