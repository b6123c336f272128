//! Black boxes as losses: what they compute, that it can be had again, and what they say of bad input.

use newton_runtime::Error;
use newton_runtime::loss::NewtonLoss;
use newton_runtime::newton::{Average, Newton};
use newton_runtime::smoothing::*;

const DIM: usize = 3;
const BATCH: [f64; 6] = [0.4, -0.1, 0.3, 1.0, 0.2, -0.5];

fn noise() -> Noise {
    Noise { seed: 5, ..Noise::gaussian(0.6, 40) }
}

/// Not differentiable: how often two numbers are in the wrong order, and how far a rounded sum is off.
fn misorder(y: &[f64], label: &f64) -> f64 {
    let pairs = (0..DIM).flat_map(|i| (0..i).map(move |j| (j, i)));
    pairs.filter(|(j, i)| y[*j] < y[*i]).count() as f64 + (y.iter().sum::<f64>().round() - label).abs()
}

fn ranks(y: &[f64], _: &[f64; DIM]) -> [usize; DIM] {
    [0, 1, 2].map(|i| y.iter().filter(|other| **other > y[i]).count())
}

fn cheapest(y: &[f64], _: &[f64; DIM]) -> [bool; DIM] {
    let least = (0..DIM).min_by(|a, b| y[*a].total_cmp(&y[*b])).unwrap();
    std::array::from_fn(|i| i == least)
}

fn close(a: &[f64], b: &[f64], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() < 1e-12 * b.abs().max(1.0), "{what} at {i}: {a} and {b}");
    }
}

fn moved(noise: &Noise, drawn: &[f64], y: &[f64]) -> Vec<Vec<f64>> {
    let row = |z: &[f64]| y.iter().zip(z).map(|(y, z)| y + noise.scale * z).collect();
    drawn.chunks(DIM).map(row).collect()
}

/// A batch's values, gradients and mean Hessian are those of its samples' estimators.
#[test]
fn smoothed_losses_are_their_estimates() {
    for covariate in Covariate::ALL {
        let labels = [1.0, 0.0];
        let smoothing = Smoothing::new(noise()).covariate(covariate).at_step(9);
        let loss =
            SmoothedLoss::new(DIM, noise(), misorder).newton(Newton::hessian(50.0)).smoothed_by(smoothing);
        let all = loss.evaluate(&BATCH, &labels).unwrap();
        let (mut values, mut gradients, mut mean) = (vec![], vec![], vec![0.0; DIM * DIM]);
        for (i, label) in labels.iter().enumerate() {
            let y = &BATCH[i * DIM..][..DIM];
            let drawn = noise().draw(9, i as u64, DIM).unwrap();
            let found: Vec<f64> = moved(&noise(), &drawn, y).iter().map(|y| misorder(y, label)).collect();
            let noise = noise();
            let estimates = Evaluations::new(&noise, &drawn, &found, misorder(y, label)).unwrap();
            values.push(estimates.mean());
            gradients.extend(estimates.gradient(covariate));
            estimates.add_hessian(covariate, 0.5, &mut mean).unwrap();
        }
        close(&all.values, &values, "values");
        close(&all.gradients, &gradients, "gradients");
        let expected = newton_runtime::newton::step(
            &Newton::hessian(50.0),
            &BATCH,
            &gradients,
            DIM,
            Some(newton_runtime::newton::Hessians::Mean(&mean)),
        );
        close(&all.step.z_star, &expected.unwrap().z_star, "z*");
        loss.smoothing().set_step(9);
        close(&loss.mean_hessian(&BATCH, &labels).unwrap(), &mean, "mean Hessian");
        let each = loss.hessians(&BATCH, &labels).unwrap();
        let halves: Vec<f64> = (0..9).map(|i| 0.5 * (each[i] + each[9 + i])).collect();
        close(&halves, &mean, "Hessians");
        // Another step has other noise.
        loss.smoothing().set_step(8);
        assert_ne!(loss.mean_hessian(&BATCH, &labels).unwrap(), mean);
    }
}

#[test]
fn smoothed_algorithms_are_their_estimates() {
    let labels = [[0.0, 1.0, 2.0], [1.0, 0.0, 2.0]];
    let loss =
        SmoothedAlgorithm::new(DIM, noise(), ranks, MeanSquaredError::new(DIM)).newton(Newton::fisher(1.0));
    let all = loss.gradients(&BATCH, &labels).unwrap();
    for (i, label) in labels.iter().enumerate() {
        let y = &BATCH[i * DIM..][..DIM];
        let noise = noise();
        let drawn = noise.draw(0, i as u64, DIM).unwrap();
        let wide = |y: &[f64]| ranks(y, label).map(|r| r as f64);
        let found: Vec<f64> = moved(&noise, &drawn, y).iter().flat_map(|y| wide(y)).collect();
        let unperturbed = wide(y);
        let estimates = Solutions::new(&noise, &drawn, &found, &unperturbed).unwrap();
        let off: Vec<f64> = estimates.mean().iter().zip(label).map(|(mean, w)| mean - w).collect();
        let upstream: Vec<f64> = off.iter().map(|d| 2.0 * d / 3.0).collect();
        let gradient = estimates.gradient(Covariate::Unperturbed, &upstream).unwrap();
        close(&all.gradients[i * DIM..][..DIM], &gradient, "gradient");
        close(&all.values[i..=i], &[off.iter().map(|d| d * d / 3.0).sum()], "value");
    }
    let error = loss.newton(Newton::hessian(1.0)).evaluate(&BATCH, &labels).unwrap_err();
    assert!(
        error.to_string().starts_with("a smoothed algorithm has no Hessian estimate: it would be"),
        "{error}"
    );
}

/// With the noise held, the value's differences are the gradient, and for many samples the gradient's are the Hessian.
#[test]
fn fenchel_young_losses_belong_together() {
    let labels = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    let many = Noise { sampling: Sampling::LatinHypercube, ..Noise::gaussian(0.6, 100_000) };
    let loss = PerturbedOptimizer::new(DIM, many.clone(), cheapest).newton(Newton::hessian(1.0));
    let at = |i: usize, h: f64| {
        let mut y = BATCH;
        y[i] += h;
        loss.gradients(&y, &labels).unwrap()
    };
    let (gradients, hessians) = (at(0, 0.0).gradients, loss.hessians(&BATCH, &labels).unwrap());
    for i in 0..2 * DIM {
        let (up, down) = (at(i, 1e-6), at(i, -1e-6));
        let (sample, entry) = (i / DIM, i % DIM);
        let slope = (up.values[sample] - down.values[sample]) / 2e-6;
        assert!((slope - gradients[i]).abs() < 1e-6, "{i}: {slope} and {}", gradients[i]);
        // A step wide enough that many solutions change.
        let (up, down) = (at(i, 0.1), at(i, -0.1));
        for j in 0..DIM {
            let slope = (up.gradients[sample * DIM + j] - down.gradients[sample * DIM + j]) / 0.2;
            let h = hessians[sample * 9 + j * DIM + entry];
            assert!((slope - h).abs() < 0.03, "{i} {j}: {slope} and {h}");
        }
    }
    // What is maximised is what is minimised of the negative.
    let dearest = |y: &[f64], label: &[f64; DIM]| cheapest(&y.iter().map(|y| -y).collect::<Vec<_>>(), label);
    let maximal = PerturbedOptimizer::new(DIM, many, dearest).maximizing().newton(Newton::hessian(1.0));
    let best = maximal.gradients(&BATCH, &labels).unwrap();
    assert!(best.values.iter().all(|v| *v >= 0.0));
    assert!(best.gradients[0] < 0.0 && best.gradients[3] > 0.0);
    let trace = |h: &[f64]| h[0] + h[4] + h[8];
    assert!(trace(&maximal.mean_hessian(&BATCH, &labels).unwrap()) > 0.1);
    assert!(trace(&loss.mean_hessian(&BATCH, &labels).unwrap()) > 0.1);
}

/// One round of evaluations serves value, gradient and Hessian.
#[test]
fn evaluations_are_shared() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let counted = |y: &[f64], label: &f64| {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        misorder(y, label)
    };
    let loss = SmoothedLoss::new(DIM, Noise::gaussian(0.5, 10), counted).newton(Newton::hessian(50.0));
    loss.evaluate(&BATCH, &[0.0, 1.0]).unwrap();
    assert_eq!(count.swap(0, std::sync::atomic::Ordering::Relaxed), 2 * 11);
    let without = Smoothing::new(Noise::gaussian(0.5, 10)).covariate(Covariate::LeaveOneOut);
    loss.smoothed_by(without).evaluate(&BATCH, &[0.0, 1.0]).unwrap();
    assert_eq!(count.into_inner(), 2 * 10);
}

/// A run that is taken up again goes on as it would have, whatever the number of threads; looking changes nothing.
#[test]
fn runs_can_be_taken_up_again() {
    let loss = || SmoothedLoss::new(DIM, noise(), misorder).newton(Newton::fisher(1.0));
    let labels = [1.0, 0.0];
    let whole = loss();
    let steps: Vec<_> = (0..5).map(|_| whole.evaluate(&BATCH, &labels).unwrap()).collect();
    assert_ne!(steps[0], steps[1]);
    let again = loss().smoothed_by(Smoothing::new(noise()).at_step(3));
    again.diagnose(&BATCH, &labels, 10.0).unwrap();
    again.gradients(&BATCH, &labels).unwrap();
    assert_eq!(again.z_star(&BATCH, &labels).unwrap(), again.z_star(&BATCH, &labels).unwrap());
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(|| again.evaluate(&BATCH, &labels)).unwrap(), steps[3]);
    assert_eq!(again.evaluate(&BATCH, &labels).unwrap(), steps[4]);
    assert_eq!(again.smoothing().step(), 5);
    // A sample's noise does not depend on the others of its batch.
    again.smoothing().set_step(3);
    let alone = again.evaluate(&BATCH[..DIM], &labels[..1]).unwrap();
    assert_eq!(alone.gradients, steps[3].gradients[..DIM]);
}

/// Two threads that train at once take turns in the steps.
#[test]
fn no_step_is_lost() {
    let loss = SmoothedLoss::new(DIM, Noise::gaussian(0.1, 2), misorder).newton(Newton::fisher(1.0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..50).for_each(|_| drop(loss.evaluate(&BATCH, &[1.0, 0.0]).unwrap())));
        }
    });
    assert_eq!(loss.smoothing().step(), 100);
}

#[test]
fn solvers_that_take_all_in_one_call() {
    let labels = [1.0, 0.0];
    let together = batched(DIM, 1, |arguments: &Arguments<f64, f64>, results: &mut [f64]| {
        assert_eq!((arguments.len(), arguments.per_sample(), arguments.labels().len()), (2 * 41, 41, 2));
        for ((row, label), result) in arguments.iter().zip(results) {
            *result = misorder(row, label);
        }
        Ok(())
    });
    let newton = Newton::hessian(50.0).average(Average::Sample);
    let found =
        Smoothed::of(together, Smoothing::new(noise()), OfLoss).newton(newton).evaluate(&BATCH, &labels);
    let each = SmoothedLoss::new(DIM, noise(), misorder).newton(newton).evaluate(&BATCH, &labels);
    assert_eq!(found.unwrap(), each.unwrap());
}

fn message<T>(result: Result<T, Error>) -> String {
    result.err().expect("an error").to_string()
}

/// Every failure says where; the next batch is none the worse.
#[test]
fn black_boxes_that_fail() {
    let noise = Noise::gaussian(0.1, 4);
    let at = |of: fn(&[f64]) -> Vec<f64>| {
        let function = move |y: &[f64], _: &[f64; DIM]| if y[0] > 50.0 { of(y) } else { vec![0.0; DIM] };
        let loss = PerturbedOptimizer::new(DIM, noise.clone(), function);
        let labels = [[0.0; DIM]; 3];
        let said = message(loss.evaluate(&[0.0, 0.0, 0.0, 99.0, 0.0, 0.0, 99.0, 0.0, 0.0], &labels));
        // The step stays, for another try.
        assert_eq!(loss.smoothing().step(), 0);
        assert!(loss.evaluate(&[0.0; 9], &labels).is_ok());
        said
    };
    assert_eq!(
        at(|_| vec![0.0, f64::NAN, 1.0]),
        "sample 1, perturbation 0: the black box returned NaN at entry 1, expected finite numbers"
    );
    assert_eq!(
        at(|_| vec![0.0; 2]),
        "sample 1, perturbation 0: the black box returned 2 numbers, expected 3"
    );
    assert_eq!(
        at(|_| vec![0.0; 7]),
        "sample 1, perturbation 0: the black box returned 7 numbers, expected 3"
    );
    let panicked = at(|y| panic!("no path for {}", y.len()));
    assert_eq!(panicked, "sample 1, perturbation 0: the black box panicked: no path for 3");

    let infeasible = |y: &[f64], _: &f64| if y[0] > 50.0 { Err("infeasible") } else { Ok(y[0]) };
    let loss = SmoothedLoss::new(1, noise.clone(), infeasible);
    let said = message(loss.evaluate(&[0.0, 99.0], &[0.0, 0.0]));
    assert_eq!(said, "sample 1, perturbation 0: the black box failed: infeasible");

    // The argument itself comes last.
    let exactly = |y: &[f64], _: &f64| if y[0] == 1.0 { f64::INFINITY } else { 0.0 };
    let said = message(SmoothedLoss::new(1, noise.clone(), exactly).evaluate(&[0.0, 1.0], &[0.0, 0.0]));
    assert_eq!(said, "sample 1, unperturbed: the black box returned inf at entry 0, expected finite numbers");

    let whole = |fails: fn() -> Result<(), Failure>| {
        let solver = batched(1, 1, move |_: &Arguments<f64, f64>, _: &mut [f64]| fails());
        message(Smoothed::of(solver, Smoothing::new(noise.clone()), OfLoss).evaluate(&[0.0; 2], &[0.0; 2]))
    };
    assert_eq!(whole(|| Err(Failure::whole("no licence"))), "the black box failed: no licence");
    assert_eq!(whole(|| Err(Failure::at(7, "late"))), "sample 1, perturbation 2: the black box failed: late");
    assert_eq!(whole(|| panic!("gone")), "the black box panicked: gone");
    let unwritten =
        "sample 0, perturbation 0: the black box returned NaN at entry 0, expected finite numbers";
    assert_eq!(whole(|| Ok(())), unwritten);
}

#[test]
fn settings_that_do_not_fit() {
    let of = |noise: Noise| message(SmoothedLoss::new(DIM, noise, misorder).evaluate(&BATCH, &[0.0; 2]));
    assert_eq!(of(Noise::gaussian(0.0, 3)), "`sigma` is 0, expected a positive, finite number");
    assert_eq!(of(Noise::gaussian(0.1, 0)), "`samples` is 0, expected at least 1");
    let loss = SmoothedLoss::new(DIM, Noise::gaussian(0.1, 1), misorder);
    let alone = Smoothing::new(Noise::gaussian(0.1, 1)).covariate(Covariate::LeaveOneOut);
    assert_eq!(
        message(loss.smoothed_by(alone).evaluate(&BATCH, &[0.0; 2])),
        "`samples` is 1, expected at least 2, to leave one out"
    );
    let laplace = Noise { distribution: Distribution::Laplace, ..Noise::gaussian(0.1, 3) };
    let loss = SmoothedLoss::new(DIM, laplace, misorder).newton(Newton::hessian(1.0));
    assert!(message(loss.evaluate(&BATCH, &[0.0; 2])).starts_with("laplace noise has no Hessian estimate"));
    assert!(loss.newton(Newton::fisher(1.0)).evaluate(&BATCH, &[0.0; 2]).is_ok());

    let loss = || SmoothedLoss::new(DIM, noise(), misorder).newton(Newton::fisher(1.0));
    assert_eq!(
        message(loss().evaluate(&BATCH, &[0.0; 3])),
        "predictions has 6 elements, expected 9: 3 labels, and the black box predicts 3 numbers per sample"
    );
    assert_eq!(message(loss().evaluate(&[], &[])), message::<()>(Err(Error::EmptyBatch)));
    let bad = [0.0, 0.0, 0.0, 0.0, f64::NAN, 0.0];
    assert_eq!(
        message(loss().evaluate(&bad, &[0.0; 2])),
        "prediction of sample 1 is not finite at entry 1: NaN"
    );

    let nothing = |_: &[f64], _: &()| 0.0;
    let said = message(SmoothedLoss::new(0, noise(), nothing).evaluate(&[], &[()]));
    assert_eq!(said, "an argument: 0 numbers, expected 1");

    let short = |_: &[f64], _: &Vec<f64>| [0.0; DIM];
    let loss = PerturbedOptimizer::new(DIM, noise(), short);
    let said = message(loss.evaluate(&BATCH, &[vec![0.0; 3], vec![0.0; 2]]));
    assert_eq!(said, "the target of sample 1: it has 2 numbers, expected 3");
    let said = message(loss.evaluate(&BATCH, &[vec![0.0; 3], vec![0.0, f64::NAN, 0.0]]));
    assert_eq!(said, "label of sample 1 is not finite at entry 1: NaN");

    let wide = each(DIM, 2, |_: &[f64], _: &[f64; 2]| [0.0; 2]);
    let loss = Smoothed::of(wide, Smoothing::new(noise()), OfOptimizer::default());
    assert_eq!(message(loss.evaluate(&BATCH, &[[0.0; 2]; 2])), "a solution: 2 numbers, expected 3");
}

/// The mean squared error that is known to be one is that of a closure, and says which label does not fit.
#[test]
fn squared_errors_of_algorithms() {
    let order = || each(DIM, DIM, ranks);
    let error = |ranks: &[f64], label: &[f64; DIM]| {
        ranks.iter().zip(label).map(|(r, w)| (r - w) * (r - w)).sum::<f64>() / DIM as f64
    };
    let smoothing = Smoothing::new(noise());
    let closure = Smoothed::of(compared(order(), error), smoothing.clone(), OfLoss);
    let known = Smoothed::of(squared(order()), smoothing, OfLoss);
    let mut labels = [[0.0, 1.0, 2.0], [1.0, 0.0, 2.5]];
    assert_eq!(known.gradients(&BATCH, &labels).unwrap(), closure.gradients(&BATCH, &labels).unwrap());
    labels[1][2] = f64::INFINITY;
    let error = known.gradients(&BATCH, &labels).unwrap_err().to_string();
    assert!(error.ends_with("failed: label of sample 1 is not finite at entry 2: inf"), "{error}");
}
