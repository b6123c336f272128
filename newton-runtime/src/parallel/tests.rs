//! z\* of several ranks is z\* of one; what fails on one rank fails on all.

use std::ops::Range;
use std::sync::Arc;

use super::{Across, Collective, CollectiveError, Share, Threads};
use crate::Error;
use crate::error::Quantity;
use crate::loss::{Evaluation, Gradients, NewtonLoss};
use crate::losses::{SoftSort, descending};
use crate::newton::{Average, Curvature, Newton, OnIndefinite};
use crate::scalar::Float;
use crate::smoothing::{Noise, SmoothedLoss};

const N: usize = 4;
type Label<T> = [[T; N]; N];

/// Scores that are not in order, and the orders that they should be in.
fn batch<T: Float>(samples: usize) -> (Vec<T>, Vec<Label<f64>>) {
    let noise = Noise::gaussian(1.0, samples).draw(0, 0, 2 * N).expect("noise");
    let scores = noise.chunks_exact(2 * N).flat_map(|row| row[..N].iter().map(|x| T::from_f64(*x))).collect();
    let numbers = noise.chunks_exact(2 * N).map(|row| [row[4], row[5], row[6], row[7]]);
    (scores, numbers.map(|numbers| descending(&numbers)).collect())
}

/// Consecutive parts of so many samples each.
fn parts(counts: &[usize]) -> Vec<Range<usize>> {
    let mut end = 0;
    let part = |count: &usize| {
        end += count;
        end - count..end
    };
    counts.iter().map(part).collect()
}

/// What ranks with so many samples each make of a batch.
fn across<T: Float, L: NewtonLoss<T>>(
    loss: impl Fn() -> L + Sync,
    counts: &[usize],
    (scores, labels): (&[T], &[L::Label]),
) -> Vec<Result<Evaluation<T>, Error>> {
    let parts = parts(counts);
    Threads::run(counts.len(), |rank, ranks| {
        let Range { start, end } = parts[rank];
        let loss = Across::new(loss(), ranks);
        let dim = loss.dim();
        loss.evaluate(&scores[dim * start..dim * end], &labels[start..end])
    })
}

/// The largest difference of directions, z\*, Newton losses, gradients, values and mean from those of one rank.
fn difference<T: Float>(one: &Evaluation<T>, ranks: &[Result<Evaluation<T>, Error>]) -> f64 {
    let ranks: Vec<&Evaluation<T>> = ranks.iter().map(|of| of.as_ref().expect("no rank failed")).collect();
    let all = |pick: fn(&Evaluation<T>) -> &Vec<T>| -> f64 {
        let found: Vec<f64> = ranks.iter().flat_map(|of| pick(of)).map(|x| x.to_f64()).collect();
        let expected = pick(one);
        assert_eq!(found.len(), expected.len());
        found.iter().zip(expected).fold(0.0, |max, (a, b)| max.max((a - b.to_f64()).abs()))
    };
    let means = ranks.iter().map(|of| (of.mean.to_f64() - one.mean.to_f64()).abs());
    let lists = [
        all(|of| &of.step.directions),
        all(|of| &of.step.z_star),
        all(|of| &of.step.newton_losses),
        all(|of| &of.gradients),
        all(|of| &of.values),
    ];
    lists.into_iter().chain(means).fold(0.0, f64::max)
}

/// All kinds of steps.
fn settings() -> Vec<Newton> {
    let hessian = Newton::hessian(0.3);
    vec![
        hessian,
        hessian.on_indefinite(OnIndefinite::Abs),
        hessian.average(Average::Sample).on_indefinite(OnIndefinite::Clamp),
        Newton::fisher(0.1),
        Newton::fisher(0.1).average(Average::Sample),
        Newton::none(),
    ]
}

fn soft_sort(newton: Newton) -> SoftSort<N> {
    let loss = SoftSort::<N>::new(0.7).curvature(newton.curvature).lambda(newton.lambda);
    loss.average(newton.average).on_indefinite(newton.on_indefinite)
}

/// In batches with more samples than outputs, and with less.
const COUNTS: [&[usize]; 7] = [&[11], &[5, 6], &[1, 10], &[3, 1, 7], &[2, 4, 1, 4], &[1, 1], &[1, 1, 1]];

#[test]
fn several_ranks_take_the_step_of_one() {
    for newton in settings() {
        for counts in COUNTS {
            let samples = counts.iter().sum();
            let (scores, labels) = batch::<f64>(samples);
            let one = soft_sort(newton).evaluate(&scores, &labels).expect("one rank");
            let ranks = across(|| soft_sort(newton), counts, (&scores, &labels));
            let off = difference(&one, &ranks);
            assert!(off < 1e-12, "{newton:?} {counts:?}: {off:e}");

            let (scores, labels) = batch::<f32>(samples);
            let labels: Vec<Label<f32>> = labels.iter().map(|l| l.map(|row| row.map(|x| x as f32))).collect();
            let one = soft_sort(newton).evaluate(&scores, &labels).expect("one rank");
            let ranks = across(|| soft_sort(newton), counts, (&scores, &labels));
            let off = difference(&one, &ranks);
            assert!(off < 1e-5, "{newton:?} {counts:?} in f32: {off:e}");
        }
    }
}

#[test]
fn without_the_sum_of_the_curvature_it_is_another_step() {
    // Negative control: what several processes do that average gradients only.
    let (scores, labels) = batch::<f64>(11);
    for newton in [Newton::hessian(0.3), Newton::fisher(0.1)] {
        let one = soft_sort(newton).evaluate(&scores, &labels).expect("one rank");
        let own = parts(&[5, 6])
            .into_iter()
            .map(|rows| soft_sort(newton).evaluate(&scores[N * rows.start..N * rows.end], &labels[rows]));
        let own: Vec<_> = own.collect();
        let directions = own.iter().flat_map(|of| of.as_ref().expect("a step").step.directions.clone());
        let off = directions.zip(&one.step.directions).fold(0.0_f64, |max, (a, b)| max.max((a - b).abs()));
        assert!(off > 1e-3, "{newton:?}: {off:e}");
    }
}

#[test]
fn curvature_and_its_spectrum_are_those_of_the_whole_batch() {
    let (scores, labels) = batch::<f64>(11);
    for newton in settings() {
        let loss = soft_sort(newton);
        let one = loss.batch_curvature(&scores, &labels).expect("a curvature");
        let looked = loss.diagnose(&scores, &labels, 100.0).expect("numbers");
        let parts = parts(&[3, 1, 7]);
        let ranks = Threads::run(3, |rank, ranks| {
            let Range { start, end } = parts[rank];
            let (scores, labels) = (&scores[N * start..N * end], &labels[start..end]);
            let loss = Across::new(soft_sort(newton), ranks);
            let z_star = loss.z_star(scores, labels).expect("a step");
            assert_eq!(z_star, loss.evaluate(scores, labels).expect("a step").step.z_star);
            (loss.batch_curvature(scores, labels), loss.diagnose(scores, labels, 100.0))
        });
        for (curvature, diagnostics) in ranks {
            let curvature = curvature.expect("no rank failed");
            assert_eq!(curvature.is_some(), newton.curvature != Curvature::None);
            let pairs = curvature.iter().flatten().zip(one.iter().flatten());
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-13), "{newton:?}");
            let spectrum = diagnostics.expect("no rank failed").spectrum;
            assert!(spectrum.iter().zip(&looked.spectrum).all(|(a, b)| (a - b).abs() < 1e-12), "{newton:?}");
        }
    }
}

#[test]
fn alone_it_is_the_loss_itself() {
    let (scores, labels) = batch::<f64>(5);
    for newton in settings() {
        let expected = soft_sort(newton).evaluate(&scores, &labels);
        assert_eq!(Across::alone(soft_sort(newton)).evaluate(&scores, &labels), expected);
        let single: Arc<dyn Collective> = Arc::new(Threads::ranks(1).remove(0));
        assert_eq!(Across::new(soft_sort(newton), single).evaluate(&scores, &labels), expected);
    }
}

#[test]
fn noise_is_that_of_the_sample_in_the_whole_batch() {
    let wrong = |y: &[f64], label: &[bool; 3]| {
        y.iter().zip(label).filter(|(y, positive)| (**y > 0.0) != **positive).count() as f64
    };
    // A lambda that is far from the estimate's eigenvalues: rounding stays what it is.
    let loss = || SmoothedLoss::new(3, Noise::gaussian(0.5, 8), wrong).newton(Newton::hessian(50.0));
    let scores: Vec<f64> = (0..15).map(|i| 0.1 * f64::from(i % 7) - 0.3).collect();
    let labels = [[true, false, true]; 5];
    let one = loss();
    let steps: Vec<_> = (0..3).map(|_| one.evaluate(&scores, &labels).expect("a step")).collect();
    assert_ne!(steps[0], steps[1], "every step has its own noise");
    let parts = parts(&[2, 1, 2]);
    let ranks = Threads::run(3, |rank, ranks| {
        let Range { start, end } = parts[rank];
        let loss = Across::new(loss(), ranks);
        let step = || loss.evaluate(&scores[3 * start..3 * end], &labels[start..end]);
        [step(), step(), step()]
    });
    for at in 0..3 {
        let ranks: Vec<_> = ranks.iter().map(|steps| steps[at].clone()).collect();
        let off = difference(&steps[at], &ranks);
        assert!(off < 1e-12, "step {at}: {off:e}");
    }
    // Negative control: a rank that took its samples for the first of the batch would draw other noise.
    let other = loss().evaluate(&scores[6..9], &labels[2..3]).expect("a step");
    assert_ne!(other.gradients, steps[0].gradients[6..9]);
}

/// Fails on samples whose label says so.
struct Fails;

impl NewtonLoss<f64> for Fails {
    type Label = bool;

    fn dim(&self) -> usize {
        1
    }

    fn newton(&self) -> Newton {
        Newton::hessian(0.0)
    }

    fn gradients(&self, y: &[f64], fails: &[bool]) -> Result<Gradients<f64>, Error> {
        if let Some(sample) = fails.iter().position(|fails| *fails) {
            let (quantity, value) = (Quantity::Gradient, f64::NAN);
            return Err(Error::NonFinite { quantity, sample, entry: 0, value });
        }
        Ok(Gradients { values: y.to_vec(), gradients: y.to_vec() })
    }

    fn hessians(&self, y: &[f64], _: &[bool]) -> Result<Vec<f64>, Error> {
        Ok(y.to_vec())
    }
}

/// Directions that f32 cannot always hold.
impl NewtonLoss<f32> for Fails {
    type Label = bool;

    fn dim(&self) -> usize {
        1
    }

    fn newton(&self) -> Newton {
        Newton::hessian(0.0)
    }

    fn gradients(&self, y: &[f32], _: &[bool]) -> Result<Gradients<f32>, Error> {
        Ok(Gradients { values: y.to_vec(), gradients: y.to_vec() })
    }

    fn hessians(&self, y: &[f32], _: &[bool]) -> Result<Vec<f32>, Error> {
        Ok(vec![1e-20; y.len()])
    }
}

#[test]
fn what_fails_on_one_rank_fails_on_all() {
    let (y, good) = ([1.0, 2.0, 3.0], [false; 3]);
    let message = |found: Vec<Result<Evaluation<f64>, Error>>| -> Vec<String> {
        found.into_iter().map(|of| of.expect_err("all fail").to_string()).collect()
    };
    let bad = [false, false, true];
    let found = message(across(|| Fails, &[2, 1], (&y, &bad)));
    assert_eq!(found, ["rank 1: gradient of sample 0 is not finite at entry 0: NaN"; 2]);
    // The step itself: a Hessian that is 0 in the mean, though on neither rank.
    let found = message(across(|| Fails, &[1, 1], (&[1.0, -1.0], &[false; 2])));
    assert!(found[0].starts_with("rank 0: C + lambda I is singular") && found[0] == found[1], "{found:?}");
    // A direction that is too large on one rank only.
    let ranks = across(|| Fails, &[1, 1], (&[1.0_f32, 1e30], &[false; 2]));
    let found: Vec<String> = ranks.into_iter().map(|of| of.expect_err("all fail").to_string()).collect();
    assert_eq!(found, ["rank 1: Newton direction of sample 0 is not finite at entry 0: inf"; 2]);
    // They can go on after it.
    let both = Threads::run(2, |rank, ranks| {
        let loss = Across::new(Fails, ranks);
        let first = loss.evaluate(&y[rank..=rank], &[rank == 1]);
        (first.is_err(), loss.evaluate(&y[rank..=rank], &good[..1]).map(|of| of.mean))
    });
    assert_eq!(both, [(true, Ok(1.5)), (true, Ok(1.5))]);
}

#[test]
fn a_rank_without_samples_is_named_by_all() {
    let found = across(|| Fails, &[2, 0, 1], (&[1.0, 2.0, 3.0], &[false; 3]));
    let expected = Error::Collective(CollectiveError::NoSample { rank: 1, size: 3 });
    assert!(found.iter().all(|of| of.as_ref() == Err(&expected)), "{found:?}");
    assert_eq!(expected.to_string(), "rank 1 of 3 has no sample of the batch: every rank needs at least one");
}

#[test]
fn losses_on_different_numbers_are_refused() {
    let found = Threads::run(2, |rank, ranks| {
        let newton = Newton::none();
        if rank == 0 {
            let label = [descending(&[1.0, 2.0, 3.0, 4.0])];
            return Across::new(soft_sort(newton), ranks).z_star(&[0.1; N], &label);
        }
        let loss = SoftSort::<2>::new(0.7);
        Across::new(loss, ranks).z_star(&[0.1; 2], &[descending(&[1.0, 2.0])])
    });
    let expected = CollectiveError::Dim { rank: 1, found: 2, expected: 4 };
    assert_eq!(found, [Err(expected.clone().into()), Err(expected.into())]);
}

#[test]
fn a_rank_that_ends_is_not_waited_for() {
    let found = Threads::run(3, |rank, ranks| {
        if rank == 1 {
            return Ok(());
        }
        ranks.sum(&mut [1.0])
    });
    let left = || Err(CollectiveError::Left { rank: 1 });
    assert_eq!(found, [left(), Ok(()), left()]);
    // Neither is one that panics.
    let caught = std::panic::catch_unwind(|| {
        Threads::run(2, |rank, ranks| {
            assert!(rank == 0, "rank 1 breaks");
            ranks.broadcast(1, &mut Vec::new())
        })
    });
    assert!(caught.is_err());
}

#[test]
fn collectives() {
    let found = Threads::run(3, |rank, ranks| {
        let mut numbers = [rank as f64, 0.1, 1e16 * (rank as f64 - 1.0)];
        ranks.sum(&mut numbers).expect("all call");
        let mut narrow = [rank as f32 + 0.5];
        ranks.sum_f32(&mut narrow).expect("all call");
        let mut bytes = vec![rank as u8; rank];
        ranks.broadcast(2, &mut bytes).expect("all call");
        assert!(ranks.broadcast(3, &mut bytes).is_err());
        (numbers.map(f64::to_bits), narrow, bytes)
    });
    assert!(found.iter().all(|of| *of == found[0]), "the same bits on every rank");
    assert_eq!(f64::from_bits(found[0].0[0]), 3.0);
    assert_eq!((found[0].1, &found[0].2[..]), ([4.5], &[2, 2][..]));
    // Calls that do not belong together are named, by all.
    let found = Threads::run(2, |rank, ranks| ranks.sum(&mut [0.0, 0.0][rank..]));
    let says = "rank 1 does a sum of 1 numbers where rank 0 does a sum of 2 numbers";
    assert!(found.iter().all(|of| of.as_ref().is_err_and(|error| error.to_string() == says)), "{found:?}");
}

#[test]
fn shares_are_all_of_it_and_nearly_equal() {
    for size in 1..7 {
        for samples in [size, size + 1, 10, 100, 1003] {
            let ranks = Threads::ranks(size);
            let rows: Vec<_> = ranks.iter().map(|rank| Share::of(rank).rows(samples)).collect();
            assert_eq!((rows[0].start, rows[size - 1].end), (0, samples));
            assert!(rows.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(rows.iter().all(|rows| [samples / size, samples.div_ceil(size)].contains(&rows.len())));
        }
    }
    let ranks = Threads::ranks(3);
    assert_eq!(Share::of(&ranks[0]).check(3), Ok(()));
    let says = "a batch of 2 cannot be shared by 3 ranks: every rank needs at least one sample";
    assert_eq!(Share::of(&ranks[0]).check(2).expect_err("too small").to_string(), says);
}
