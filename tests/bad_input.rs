//! Input that cannot be trained on is refused by a typed error that names the culprit. Nothing panics.

use dfdx::prelude::*;
use newton_losses::error::{Error, Quantity};
use newton_losses::graph::{self, LayerError, inject_fisher, inject_fisher_of_sum};
use newton_losses::loss::Gradients;
use newton_losses::losses::{CauchyOddEven, LogisticOddEven, NeuralSort, SoftSort, descending, stable};
use newton_losses::newton::Newton;
use newton_losses::prelude::*;
use newton_losses::scalar::Float;

const N: usize = 5;
type Label<T> = [[T; N]; N];

fn loss() -> NeuralSort<N> {
    NeuralSort::<N>::new(1.0).lambda(0.1)
}

/// Three sets.
fn batch<T: Float>() -> (Vec<T>, Vec<Label<T>>) {
    let y = (0..3 * N).map(|i| T::from_f64((1.9 * i as f64).sin())).collect();
    let values = |i: usize| std::array::from_fn(|j| (2.3 * (i * N + j) as f64).cos());
    (y, (0..3).map(|i| descending(&values(i))).collect())
}

#[track_caller]
fn non_finite(error: Error, quantity: Quantity, sample: usize, entry: usize) {
    match &error {
        Error::NonFinite { quantity: q, sample: s, entry: e, value } => {
            assert_eq!((*q, *s, *e), (quantity, sample, entry), "{error}");
            assert!(!value.is_finite());
            let text = format!("{quantity} of sample {sample} is not finite at entry {entry}: {value}");
            assert_eq!(error.to_string(), text);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_empty_batch_has_no_mean() {
    let (y, q): (Vec<f32>, Vec<Label<f32>>) = (vec![], vec![]);
    assert_eq!(loss().evaluate(&y, &q), Err(Error::EmptyBatch));
    assert_eq!(loss().gradients(&y, &q), Err(Error::EmptyBatch));
    assert_eq!(loss().values(&y, &q), Err(Error::EmptyBatch));
    assert_eq!(loss().hessians(&y, &q), Err(Error::EmptyBatch));
    assert_eq!(loss().mean_hessian(&y, &q), Err(Error::EmptyBatch));
    assert_eq!(loss().hessian_vector_products(&y, &q, &y), Err(Error::EmptyBatch));
    assert_eq!(Error::EmptyBatch.to_string(), "the batch is empty: a mean loss needs at least one sample");

    let device = Cpu::default();
    let scores: Tensor<(usize, Const<N>), f32, Cpu> = device.zeros_like(&(0, Const));
    for error in [
        loss().apply(scores.leaky_trace(), &q).err(),
        loss().apply(scores.clone(), &q).err(),
        inject_fisher(scores.leaky_trace(), 1.0).err().or(None),
    ] {
        assert!(matches!(error, Some(LayerError::Loss(Error::EmptyBatch))), "{error:?}");
    }
}

#[test]
fn lengths_must_agree() {
    let (y, q) = batch::<f32>();
    let error = loss().evaluate(&y[1..], &q).unwrap_err();
    assert!(
        matches!(error, Error::Mismatch { what: "predictions", found: 14, expected: 15, .. }),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "predictions has 14 elements, expected 15: 3 labels, and `neural_sort` predicts 5 numbers per sample"
    );
    let error = loss().evaluate(&y, &q[1..]).unwrap_err();
    assert!(
        matches!(error, Error::Mismatch { what: "predictions", found: 15, expected: 10, .. }),
        "{error:?}"
    );
    let error = loss().hessian_vector_products(&y, &q, &y[..4]).unwrap_err();
    assert!(matches!(error, Error::Mismatch { what: "vectors", found: 4, expected: 15, .. }), "{error:?}");

    let device = Cpu::default();
    let scores = device.tensor_from_vec(y.clone(), (3, N));
    let error = loss().apply(scores, &q[1..]).unwrap_err();
    assert_eq!(error.to_string(), "labels has 2 elements, expected 3: one label for each row of the scores");
    // As many numbers, but four of them per sample.
    let scores = device.tensor_from_vec(vec![0.0; 12], (3, 4));
    let error = loss().apply(scores, &q).unwrap_err();
    assert!(
        matches!(
            &error,
            LayerError::Loss(Error::Mismatch { what: "predictions", found: 12, expected: 15, .. })
        ),
        "{error:?}"
    );
}

fn bad_numbers<T: Float>() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (mut y, q) = batch::<T>();
        y[N + 3] = T::from_f64(bad);
        non_finite(loss().evaluate(&y, &q).unwrap_err(), Quantity::Prediction, 1, 3);
        non_finite(loss().hessians(&y, &q).unwrap_err(), Quantity::Prediction, 1, 3);
        non_finite(loss().mean_hessian(&y, &q).unwrap_err(), Quantity::Prediction, 1, 3);
        non_finite(
            loss().curvature(Curvature::Fisher).z_star(&y, &q).unwrap_err(),
            Quantity::Prediction,
            1,
            3,
        );

        // The loss of sample 2 is computed from a bad label: the label is to blame.
        let (y, mut q) = batch::<T>();
        q[2][1][4] = T::from_f64(bad);
        non_finite(loss().evaluate(&y, &q).unwrap_err(), Quantity::Label, 2, N + 4);
        non_finite(loss().hessians(&y, &q).unwrap_err(), Quantity::Label, 2, N + 4);
        non_finite(loss().mean_hessian(&y, &q).unwrap_err(), Quantity::Label, 2, N + 4);
    }
    let (y, q) = batch::<T>();
    assert!(loss().evaluate(&y, &q).is_ok());
}

#[test]
fn numbers_that_are_not_finite_are_named() {
    bad_numbers::<f32>();
    bad_numbers::<f64>();

    let (mut y, q) = batch::<f32>();
    y[7] = f32::NAN;
    let scores = Cpu::default().tensor_from_vec(y, (3, N));
    match loss().apply(scores.leaky_trace(), &q) {
        Err(LayerError::Loss(error)) => non_finite(error, Quantity::Prediction, 1, 2),
        other => panic!("{:?}", other.map(|x| x.array())),
    }
}

#[test]
fn settings_are_checked() {
    let (y, q) = batch::<f32>();
    for bad in [f64::NAN, f64::INFINITY] {
        let error = NeuralSort::<N>::new(bad).lambda(0.1).evaluate(&y, &q).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "tau", .. }), "{error:?}");
        assert_eq!(error.to_string(), format!("`tau` is {bad}: a hyper-parameter must be finite"));
        let error = CauchyOddEven::<N>::new(bad).hessians(&y, &q).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "steepness", .. }), "{error:?}");
    }
    let scores = Cpu::default().tensor_from_vec(y.clone(), (3, N));
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        let text = format!("`lambda` is {bad}: the Tikhonov term must be finite and not negative");
        for curvature in [Curvature::Hessian, Curvature::Fisher] {
            let error = loss().curvature(curvature).lambda(bad).evaluate(&y, &q).unwrap_err();
            assert!(matches!(error, Error::Setting { name: "lambda", .. }), "{error:?}");
            assert_eq!(error.to_string(), text);
        }
        for error in [
            inject_fisher(scores.leaky_trace(), bad).map(drop),
            inject_fisher_of_sum(scores.leaky_trace(), bad).map(drop),
            loss().lambda(bad).apply(scores.leaky_trace(), &q).map(drop),
        ] {
            assert_eq!(error.unwrap_err().to_string(), text);
        }
    }
}

fn singular<T: Float>() {
    let (y, q) = batch::<T>();
    // At lambda = 0 a common shift of the scores has no curvature.
    for average in [Average::Batch, Average::Sample] {
        let error = loss().lambda(0.0).average(average).evaluate(&y, &q).unwrap_err();
        let text = error.to_string();
        let error = match error {
            Error::InSample { sample: 0, source } if average == Average::Sample => {
                assert!(text.starts_with("sample 0: C + lambda I is singular"), "{text}");
                *source
            }
            error => error,
        };
        match &error {
            Error::Singular { lambda: 0.0, dim: N, value, scale, hint, .. } => {
                assert!(value.abs() < 1e-4 * scale && hint.contains("ranking loss"), "{error}");
            }
            other => panic!("{average:?}: {other:?}"),
        }
        assert!(text.contains("singular at lambda = 0") && text.contains("use a larger lambda"), "{text}");
        assert!(text.contains("always needs lambda > 0"), "{text}");
    }
    // Fewer samples than outputs: their Fisher matrix has not full rank.
    let error = loss().curvature(Curvature::Fisher).lambda(0.0).evaluate(&y, &q).unwrap_err();
    assert!(matches!(error, Error::Singular { lambda: 0.0, dim: N, .. }), "{error:?}");
    assert!(error.to_string().contains("at most rank N"), "{error}");
    assert!(loss().lambda(1e-3).evaluate(&y, &q).is_ok());
}

#[test]
fn a_ranking_loss_needs_lambda() {
    singular::<f64>();
    singular::<f32>();
}

#[test]
fn negative_curvature_can_be_refused() {
    let (y, q) = batch::<f64>();
    let loss = SoftSort::<N>::new(0.1).on_indefinite(OnIndefinite::Error);
    let lowest = loss.clone().lambda(1e3).diagnose(&y, &q, 100.0).unwrap().spectrum[0];
    assert!(lowest < -0.05, "the test needs negative curvature, not {lowest}");
    let lambda = -0.5 * lowest;
    let error = loss.clone().lambda(lambda).evaluate(&y, &q).unwrap_err();
    match error {
        Error::Indefinite { negative, dim: N, lowest: found, lambda: at } => {
            assert!((1..N).contains(&negative) && at == lambda);
            assert!((found - lowest).abs() < 1e-9 * lowest.abs(), "{found} for {lowest}");
        }
        ref other => panic!("{other:?}"),
    }
    let text = error.to_string();
    assert!(text.contains("use a larger lambda, or on_indefinite = abs"), "{text}");
    // Both ways out work.
    assert!(loss.clone().lambda(-2.0 * lowest).evaluate(&y, &q).is_ok());
    assert!(loss.lambda(lambda).on_indefinite(OnIndefinite::Abs).evaluate(&y, &q).is_ok());
}

#[test]
fn gradients_that_come_back_are_checked() {
    let device = Cpu::default();
    let y = device.tensor_from_vec(batch::<f32>().0, (3, N));
    let mut weights = vec![1.0; 3 * N];
    weights[2 * N + 1] = f32::NAN;
    let weights: Tensor<(usize, usize), f32, Cpu> = device.tensor_from_vec(weights, (3, N));
    for inject in [inject_fisher, inject_fisher_of_sum] {
        let scores = inject(y.leaky_trace(), 0.1).unwrap();
        match graph::backward((scores * weights.clone()).mean()) {
            Err(LayerError::Loss(error)) => non_finite(error, Quantity::IncomingGradient, 2, 1),
            other => panic!("{:?}", other.map(drop)),
        }
        // The error of one backward pass is not that of the next.
        let scores = inject(y.leaky_trace(), 0.1).unwrap();
        assert!(graph::backward(scores.square().mean()).is_ok());
    }
    // Gradients of zero have a Fisher matrix of zero.
    let scores = inject_fisher(y.leaky_trace(), 0.0).unwrap();
    let error = graph::backward((scores * 0.0).mean()).map(drop).unwrap_err();
    assert!(matches!(error, LayerError::Loss(Error::Singular { lambda: 0.0, .. })), "{error:?}");
}

/// Each term c has gradient beta c and Hessian beta^2 c.
#[newton_loss(hessian, lambda = 1.0)]
fn steep<const N: usize>(y: &[f32; N], beta: f32) -> f32 {
    let mut loss = 0.0;
    for i in 0..N {
        loss += (beta * y[i]).exp();
    }
    loss
}

#[test]
fn a_hessian_that_overflows_is_named() {
    let loss = Steep::<3>::new(100.0);
    let mut y = vec![0.0_f32; 4 * 3];
    // e^84 = 3e36: the gradient still fits f32, the second derivative does not.
    y[2 * 3 + 1] = 0.84;
    let labels = [(); 4];
    let first = loss.gradients(&y, &labels).unwrap();
    assert_eq!(first.values[0], steep(&[0.0; 3], 100.0));
    assert!(first.gradients[7] > 3e38 && first.gradients[7].is_finite());
    for error in [
        loss.hessians(&y, &labels).map(drop),
        loss.mean_hessian(&y, &labels).map(drop),
        loss.evaluate(&y, &labels).map(drop),
        loss.clone().average(Average::Sample).evaluate(&y, &labels).map(drop),
    ] {
        non_finite(error.unwrap_err(), Quantity::Hessian, 2, 3 + 1);
    }
    // In f64 there is room; without curvature nothing overflows.
    let wide: Vec<f64> = y.iter().map(|x| f64::from(*x)).collect();
    assert!(loss.hessians(&wide, &labels).unwrap()[2 * 9 + 4] > 1e40);
    assert!(loss.clone().curvature(Curvature::None).evaluate(&y, &labels).is_ok());

    // One step further the gradient overflows, then the loss itself.
    y[7] = 0.86;
    non_finite(loss.evaluate(&y, &labels).unwrap_err(), Quantity::Gradient, 2, 1);
    y[7] = 0.95;
    non_finite(loss.evaluate(&y, &labels).unwrap_err(), Quantity::Loss, 2, 0);
}

/// Written by hand, without Hessians.
struct Hand(Newton);

impl NewtonLoss<f32> for Hand {
    type Label = [f32; 2];
    fn dim(&self) -> usize {
        2
    }
    fn newton(&self) -> Newton {
        self.0
    }
    fn gradients(&self, y: &[f32], t: &[[f32; 2]]) -> Result<Gradients<f32>, Error> {
        let gradients: Vec<f32> = y.iter().zip(t.as_flattened()).map(|(y, t)| y - t).collect();
        let values = gradients.chunks(2).map(|g| 0.5 * (g[0] * g[0] + g[1] * g[1])).collect();
        Ok(Gradients { values, gradients })
    }
}

#[test]
fn a_loss_without_hessians_says_so() {
    let (y, t) = ([1.0, 2.0, 3.0, -1.0], [[0.0, 0.0], [1.0, 1.0]]);
    let loss = Hand(Newton::hessian(1.0));
    assert_eq!(loss.evaluate(&y, &t), Err(Error::NoHessian));
    assert_eq!(Hand(Newton::hessian(1.0).average(Average::Sample)).evaluate(&y, &t), Err(Error::NoHessian));
    assert_eq!(loss.mean_hessian(&y, &t), Err(Error::NoHessian));
    assert_eq!(loss.hessian_vector_products(&y, &t, &y), Err(Error::NoHessian));
    let text = Error::NoHessian.to_string();
    assert!(text.contains("implement `NewtonLoss::hessians`") && text.contains("fisher"), "{text}");
    assert!(Hand(Newton::fisher(1.0)).evaluate(&y, &t).is_ok());
    assert_eq!(Hand(Newton::none()).z_star(&y, &t).unwrap(), [0.0, 0.0, 1.0, 1.0]);
    // Its own NaN is noticed as well.
    let nan = [f32::NAN, 2.0, 3.0, -1.0];
    assert!(matches!(Hand(Newton::fisher(1.0)).evaluate(&nan, &t), Err(Error::NonFinite { sample: 0, .. })));
}

/// Whatever comes in: an error, or numbers that are all finite.
fn hostile<T: Float, L: NewtonLoss<T, Label = Label<T>>>(
    loss: &L,
    errors: &mut usize,
    successes: &mut usize,
) {
    let big = if T::from_f64(1e300).to_f64().is_finite() { 1e300 } else { 1e38 };
    let tiny = if big > 1e100 { 1e-310 } else { 1e-42 };
    for x in [0.0, -0.0, 1.0, tiny, 30.0, -1e4, 1e18, big, -big, f64::NAN, f64::INFINITY] {
        for label in [0.0, 1.0, -5.0, big, f64::NAN] {
            for spread in [false, true] {
                let (mut y, mut q) = batch::<T>();
                for (j, y) in y[N..2 * N].iter_mut().enumerate() {
                    *y = if spread && j % 2 == 0 { T::from_f64(-x) } else { T::from_f64(x) };
                }
                q[1][2] = [T::from_f64(label); N];
                match loss.evaluate(&y, &q) {
                    Err(_) => *errors += 1,
                    Ok(all) => {
                        *successes += 1;
                        let finite = |values: &[T]| values.iter().all(|x| x.to_f64().is_finite());
                        assert!(
                            finite(&[all.mean])
                                && finite(&all.values)
                                && finite(&all.gradients)
                                && finite(&all.step.z_star)
                                && finite(&all.step.directions),
                            "scores {x:e}, labels {label:e}: {all:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_panics() {
    let (mut errors, mut successes) = (0, 0);
    for parameter in [1.0, 0.0, -1.0, 1e-300, 1e38, 10.0] {
        for lambda in [0.0, 0.1] {
            for curvature in [Curvature::Hessian, Curvature::Fisher, Curvature::None] {
                for policy in
                    [OnIndefinite::Keep, OnIndefinite::Clamp, OnIndefinite::Abs, OnIndefinite::Error]
                {
                    if curvature != Curvature::Hessian && policy != OnIndefinite::Keep {
                        continue;
                    }
                    macro_rules! all {
                        ($($loss:expr),*) => {$(
                            let loss = $loss.lambda(lambda).curvature(curvature).on_indefinite(policy);
                            hostile::<f32, _>(&loss, &mut errors, &mut successes);
                            hostile::<f64, _>(&loss, &mut errors, &mut successes);
                        )*};
                    }
                    all!(
                        NeuralSort::<N>::new(parameter),
                        SoftSort::<N>::new(parameter),
                        LogisticOddEven::<N>::new(parameter),
                        stable::NeuralSort::<N>::new(parameter)
                    );
                }
            }
        }
    }
    println!("{errors} errors, {successes} successes");
    assert!(errors > 1000 && successes > 1000);
}

/// Labels that lead out of an array, or divide by zero, name the sample; where the function would not go, nothing is wrong.
#[newton_loss(hessian, lambda = 0.1)]
fn labelled<const N: usize>(y: &[f32; N], class: &usize, of: &i32) -> f32 {
    let mut loss = 0.0;
    if *of >= 0 {
        loss += y[class / (*of as usize)] * y[0];
    }
    if *class < N {
        loss += y[*class].exp();
    }
    loss
}

#[test]
fn labels_that_lead_out_of_an_array_name_their_sample() {
    let loss = Labelled::<3>::new();
    let y = vec![0.5_f64; 3 * 12];
    let mut labels = vec![(1_usize, 1_i32); 12];
    // Not reached: no fault.
    labels[4] = (7, -1);
    assert!(loss.gradients(&y, &labels).is_ok());
    assert_eq!(loss.gradients(&y, &labels).unwrap().values[4], 0.0);
    labels[9] = (5, 1);
    labels[10] = (usize::MAX, 1);
    for found in [
        loss.gradients(&y, &labels).map(|_| ()),
        loss.hessians(&y, &labels).map(|_| ()),
        loss.mean_hessian(&y, &labels).map(|_| ()),
        loss.hessian_vector_products(&y, &labels, &y).map(|_| ()),
        loss.evaluate(&y, &labels).map(|_| ()),
    ] {
        let error = found.unwrap_err();
        assert!(matches!(error, Error::IndexOutOfRange { sample: 9, index: 5, len: 3, .. }), "{error}");
        assert_eq!(
            error.to_string(),
            "sample 9: in `labelled`, the index 5 is out of range for an array of 3"
        );
    }
    labels[2] = (1, 0);
    let error = loss.evaluate(&y, &labels).unwrap_err();
    assert_eq!(error.to_string(), "sample 2: in `labelled`, an integer is divided by zero");
    // The process goes on.
    assert!(loss.evaluate(&y, &[(1, 2); 12]).is_ok());
}

#[test]
fn shared_numbers_that_are_not_finite_are_named() {
    #[newton_loss(hessian, lambda = 0.1)]
    fn weighted<const N: usize>(y: &[f32; N], #[shared] weights: &[[f32; N]; 2]) -> f32 {
        let a: f32 = y.iter().zip(&weights[0]).map(|(y, w)| w * y * y).sum();
        a + dot(y, &weights[1])
    }
    let loss = Weighted::<2>::new([[1.0, 2.0], [3.0, f64::NAN]]);
    let error = loss.gradients(&[0.0_f64; 2], &[()]).unwrap_err();
    assert!(error.to_string().contains("`weights` is NaN"), "{error}");
}

#[test]
fn labels_that_ask_for_too_many_steps_name_their_sample() {
    const STEP: [f32; 3] = [1.0, 2.0, 3.0];
    #[newton_loss(hessian, lambda = 0.1)]
    fn prefix<const N: usize>(y: &[f32; N], len: &usize) -> f32 {
        let mut loss = 0.0;
        for t in 0..*len {
            let next = t + 1;
            loss += y[t] * y[next - 1] * STEP[t % 3];
        }
        loss
    }
    let loss = Prefix::<3>::new();
    let y = [0.5_f64; 3 * 10];
    let mut lens = [3, 0, 1, 2, 3, 3, 1, 2, 3, 0];
    assert!(loss.evaluate(&y, &lens).is_ok());
    lens[9] = 5;
    let error = loss.evaluate(&y, &lens).unwrap_err();
    assert!(matches!(error, Error::IndexOutOfRange { sample: 9, index: 3, len: 3, .. }), "{error}");
    lens[4] = usize::MAX;
    let error = loss.gradients(&y, &lens).unwrap_err();
    assert!(matches!(error, Error::IndexOutOfRange { sample: 4, .. }), "{error}");
}

#[newton_loss(hessian, lambda = 1.0)]
fn element(y: &[f32; 3], k: usize) -> f32 {
    y[k] * y[0]
}

/// As the plain function would panic.
#[test]
fn a_parameter_that_suits_no_array_is_an_error() {
    let y = [0.5; 300];
    for error in [
        Element::new(5).gradients(&y, &[(); 100]).unwrap_err(),
        Element::new(5).mean_hessian(&y, &[(); 100]).unwrap_err(),
    ] {
        assert!(matches!(&error, Error::Panicked { loss: "element", .. }), "{error}");
        assert!(error.to_string().contains("the index is 5"), "{error}");
    }
    // And the threads go on.
    assert_eq!(Element::new(1).gradients(&y, &[(); 100]).unwrap().gradients[..3], [0.5, 0.5, 0.0]);
}
