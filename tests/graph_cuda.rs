//! Losses as nodes of a dfdx graph on a GPU: the same values and gradients as on the CPU, and the same errors, which come with the end
//! of the backward pass.
#![cfg(feature = "cuda")]

use dfdx::prelude::{AsArray, Cpu, Cuda, Rank1, Rank2, Tensor, TensorFrom, Trace};
use newton_losses::cuda::{DeviceEvaluation, Gpu, RecordedNode};
use newton_losses::error::Quantity;
use newton_losses::graph::{self, LayerError, cuda_device};
use newton_losses::loss::Gradients;
use newton_losses::losses::{LogisticOddEven, SoftSort};
use newton_losses::prelude::*;
use newton_losses::{Error, newton};

/// The device to test on; none where there is none, unless one is expected.
fn device() -> Option<Cuda> {
    match cuda_device(0, 0) {
        Ok(device) => Some(device),
        Err(error) => {
            assert!(std::env::var_os("NEWTON_EXPECT_GPU").is_none(), "{error}");
            println!("skipped: {error}");
            None
        }
    }
}

const N: usize = 5;
const SAMPLES: usize = 7;

fn noise(i: usize) -> f32 {
    ((i * 104_729 + 13) as f64 * 0.618_033_988_749).fract() as f32 * 2.0 - 1.0
}

fn scores() -> [[f32; N]; SAMPLES] {
    std::array::from_fn(|i| std::array::from_fn(|j| noise(i * N + j)))
}

fn labels() -> Vec<[[f32; N]; N]> {
    (0..SAMPLES)
        .map(|i| std::array::from_fn(|j| std::array::from_fn(|k| f32::from(k == (j * (1 + i % 2) + i) % N))))
        .collect()
}

fn rows(flat: &[f32]) -> [[f32; N]; SAMPLES] {
    std::array::from_fn(|i| std::array::from_fn(|j| flat[i * N + j]))
}

/// Value and gradient of `3 l`, and of the scores before a scale of 2, as a training step has them.
fn on<D>(
    device: &D,
    loss: &impl NewtonLoss<f32, Label = [[f32; N]; N]>,
    scores: [[f32; N]; SAMPLES],
    labels: &[[[f32; N]; N]],
) -> Result<(f32, [[f32; N]; SAMPLES]), LayerError>
where
    D: graph::Backend + TensorFrom<[[f32; N]; SAMPLES], Rank2<SAMPLES, N>, f32>,
{
    let x: Tensor<Rank2<SAMPLES, N>, f32, D> = device.tensor(scores);
    let value = loss.apply(x.leaky_trace() * 2.0, labels)?;
    let shown = value.as_vec()[0];
    let gradients = graph::backward(value * 3.0)?;
    Ok((shown, rows(&gradients.get(&x).as_vec())))
}

#[track_caller]
fn close(what: &str, found: &[[f32; N]], expected: &[[f32; N]]) {
    let scale = expected.as_flattened().iter().fold(1e-6_f32, |m, x| m.max(x.abs()));
    for (f, e) in found.as_flattened().iter().zip(expected.as_flattened()) {
        assert!((f - e).abs() <= 1e-3 * scale, "{what}: {found:?} is not {expected:?}");
    }
}

fn settings() -> Vec<Newton> {
    let mut all = vec![Newton::none(), Newton::fisher(0.1), Newton::hessian(0.5)];
    all.push(Newton { average: Average::Sample, ..Newton::hessian(0.5) });
    all.push(Newton { average: Average::Sample, ..Newton::fisher(0.5) });
    for on_indefinite in [OnIndefinite::Abs, OnIndefinite::Clamp] {
        all.push(Newton { on_indefinite, ..Newton::hessian(0.5) });
    }
    all
}

fn soft_sort(newton: &Newton) -> SoftSort<N> {
    SoftSort::new(0.5)
        .curvature(newton.curvature)
        .lambda(newton.lambda)
        .average(newton.average)
        .on_indefinite(newton.on_indefinite)
}

#[test]
fn nodes_are_those_of_the_cpu() {
    let Some(cuda) = device() else { return };
    let gpu = Gpu::open(0).unwrap();
    let cpu = Cpu::default();
    for recorded in [false, true] {
        gpu.record_nodes(recorded);
        for newton in settings() {
            let loss = soft_sort(&newton);
            let (value, expected) = on(&cpu, &loss, scores(), &labels()).unwrap();
            // Twice: what was recorded is used again, with other batches in between.
            for _ in 0..2 {
                let (shown, found) = on(&cuda, &loss, scores(), &labels()).unwrap();
                assert!((shown - value).abs() <= 1e-5 * value.abs(), "{newton:?}: {shown} is not {value}");
                close(&format!("{newton:?}, recorded: {recorded}"), &found, &expected);
                // Negative control.
                let (_, other) = on(&cuda, &loss, scores().map(|row| row.map(|x| -x)), &labels()).unwrap();
                let most = other.as_flattened().iter().zip(expected.as_flattened());
                assert!(most.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) > 1e-3);
            }
        }
    }
    gpu.record_nodes(false);
}

/// Two nodes of one loss in one graph do not share what was recorded.
#[test]
fn two_nodes_at_once() {
    let Some(cuda) = device() else { return };
    let gpu = Gpu::open(0).unwrap();
    let loss = LogisticOddEven::<N>::new(2.0).curvature(Curvature::Hessian).lambda(0.3);
    let mut found = Vec::new();
    for recorded in [false, true] {
        gpu.record_nodes(recorded);
        for _ in 0..2 {
            let x: Tensor<Rank2<SAMPLES, N>, f32, _> = cuda.tensor(scores());
            let y: Tensor<Rank2<SAMPLES, N>, f32, _> = cuda.tensor(scores().map(|row| row.map(|x| 0.5 - x)));
            let first = loss.apply(x.leaky_trace(), &labels()).unwrap();
            let second = loss.apply(y.leaky_trace(), &labels()).unwrap();
            let gradients = graph::backward(first + second).unwrap();
            found.push((gradients.get(&x).array(), gradients.get(&y).array()));
        }
    }
    gpu.record_nodes(false);
    for other in &found[1..] {
        assert_eq!(&found[0], other);
    }
    assert_ne!(found[0].0, found[0].1);
}

#[test]
fn errors_are_those_of_the_cpu() {
    let Some(cuda) = device() else { return };
    let gpu = Gpu::open(0).unwrap();
    let cpu = Cpu::default();
    let (good, labels) = (scores(), labels());
    let mut nan = good;
    nan[3][2] = f32::NAN;
    let mut infinite = labels.clone();
    infinite[4][1][1] = f32::INFINITY;
    let hessian = soft_sort(&Newton::hessian(0.5));
    let strict =
        |lambda| soft_sort(&Newton { on_indefinite: OnIndefinite::Error, ..Newton::hessian(lambda) });
    let mut kinds = [0; 3];
    for recorded in [false, true] {
        gpu.record_nodes(recorded);
        let mut cases = vec![(hessian.clone(), nan, &labels), (hessian.clone(), good, &infinite)];
        for factor in [0.0, 0.1, 0.5, 1.0, 3.0] {
            let scores = good.map(|row| row.map(|x| factor * x));
            cases.push((soft_sort(&Newton::hessian(0.0)), scores, &labels));
            cases.push((strict(1e-4), scores, &labels));
        }
        for (loss, scores, labels) in cases {
            let of_cpu = on(&cpu, &loss, scores, labels);
            let of_cuda = on(&cuda, &loss, scores, labels);
            match (&of_cpu, &of_cuda) {
                (Ok(_), Ok(_)) => {}
                // The same failure; its numbers are rounded differently.
                (
                    Err(LayerError::Loss(Error::Singular { .. })),
                    Err(LayerError::Loss(Error::Singular { .. })),
                ) => {
                    kinds[0] += 1;
                }
                (
                    Err(LayerError::Loss(Error::Indefinite { negative, .. })),
                    Err(LayerError::Loss(Error::Indefinite { negative: found, .. })),
                ) => {
                    assert_eq!(negative, found);
                    kinds[1] += 1;
                }
                (Err(of_cpu), Err(of_cuda)) => {
                    assert_eq!(of_cpu.to_string(), of_cuda.to_string());
                    kinds[2] += 1;
                }
                _ => panic!("{of_cpu:?} is not {of_cuda:?}"),
            }
            // The next step is as good as ever.
            let (_, found) = on(&cuda, &hessian, good, &self::labels()).unwrap();
            let (_, expected) = on(&cpu, &hessian, good, &self::labels()).unwrap();
            close("the next step", &found, &expected);
        }
    }
    assert!(kinds.iter().all(|kind| *kind >= 2), "{kinds:?}");
    gpu.record_nodes(false);
    // Too few labels are seen at once.
    let x: Tensor<Rank2<SAMPLES, N>, f32, _> = cuda.tensor(good);
    let error = soft_sort(&Newton::none()).apply(x, &labels[1..]).unwrap_err();
    assert!(matches!(error, LayerError::Loss(Error::Mismatch { what: "labels", .. })), "{error}");
}

/// Who does not ask must not train on a step that failed.
#[test]
fn failed_gradients_are_not_numbers() {
    let Some(cuda) = device() else { return };
    let loss = soft_sort(&Newton::hessian(0.5));
    let mut nan = scores();
    nan[3][2] = f32::NAN;
    let x: Tensor<Rank2<SAMPLES, N>, f32, _> = cuda.tensor(nan);
    let value = loss.apply(x.leaky_trace(), &labels()).unwrap();
    let gradients = dfdx::prelude::Backward::backward(value);
    assert!(gradients.get(&x).array().as_flattened().iter().all(|g| g.is_nan()));
}

#[test]
fn values_without_a_tape() {
    let Some(cuda) = device() else { return };
    let loss = soft_sort(&Newton::hessian(0.5));
    let x: Tensor<Rank2<SAMPLES, N>, f32, _> = cuda.tensor(scores());
    let found = loss.apply(x, &labels()).unwrap().array();
    let values = loss.values(scores().as_flattened(), &labels()).unwrap();
    let expected = values.iter().sum::<f32>() / SAMPLES as f32;
    assert!((found - expected).abs() <= 1e-5 * expected);
    let mut nan = scores();
    nan[1][0] = f32::NAN;
    let x: Tensor<Rank2<SAMPLES, N>, f32, _> = cuda.tensor(nan);
    let error = loss.apply(x, &labels()).unwrap_err();
    let LayerError::Loss(Error::NonFinite { quantity, sample, entry, .. }) = error else { panic!("{error}") };
    assert_eq!((quantity, sample, entry), (Quantity::Prediction, 1, 0));
}

/// A loss by hand has no form for devices: it is evaluated by the CPU.
struct Square;

impl NewtonLoss<f32> for Square {
    type Label = [f32; 1];
    fn dim(&self) -> usize {
        1
    }
    fn newton(&self) -> Newton {
        Newton::hessian(1.0)
    }
    fn gradients(&self, y: &[f32], labels: &[[f32; 1]]) -> Result<Gradients<f32>, Error> {
        let gradients: Vec<f32> = y.iter().zip(labels).map(|(y, t)| y - t[0]).collect();
        Ok(Gradients { values: gradients.iter().map(|d| d * d / 2.0).collect(), gradients })
    }
    fn hessians(&self, y: &[f32], _: &[[f32; 1]]) -> Result<Vec<f32>, Error> {
        Ok(vec![1.0; y.len()])
    }
}

#[test]
fn losses_by_hand() {
    let Some(cuda) = device() else { return };
    let x: Tensor<Rank1<2>, f32, _> = cuda.tensor([5.0, 1.0]);
    let value = Square.apply(x.leaky_trace(), &[[3.0], [0.0]]).unwrap();
    assert_eq!(value.array(), 1.25);
    // Half of the gradient (H = 1, lambda = 1), over two samples.
    assert_eq!(graph::backward(value).unwrap().get(&x).array(), [0.5, 0.25]);
}

/// The paper's Algorithm 2 in front of a loss of dfdx's.
#[test]
fn inject_fisher_on_the_device() {
    fn gradient<D>(device: &D, lambda: f64, factor: f32) -> Result<[[f32; N]; SAMPLES], LayerError>
    where
        D: graph::Backend + TensorFrom<[[f32; N]; SAMPLES], Rank2<SAMPLES, N>, f32>,
    {
        let x: Tensor<Rank2<SAMPLES, N>, f32, D> = device.tensor(scores());
        let y = graph::inject_fisher(x.leaky_trace(), lambda)?;
        let value = dfdx::prelude::MeanTo::mean(y.square() * factor);
        Ok(rows(&graph::backward(value)?.get(&x).as_vec()))
    }
    let Some(cuda) = device() else { return };
    let cpu = Cpu::default();
    for lambda in [0.01, 1.0, 100.0] {
        close("inject_fisher", &gradient(&cuda, lambda, 1.0).unwrap(), &gradient(&cpu, lambda, 1.0).unwrap());
    }
    let of_cpu = gradient(&cpu, 1.0, f32::INFINITY).unwrap_err();
    let of_cuda = gradient(&cuda, 1.0, f32::INFINITY).unwrap_err();
    assert_eq!(of_cpu.to_string(), of_cuda.to_string());
    assert!(matches!(
        gradient(&cuda, -1.0, 1.0),
        Err(LayerError::Loss(Error::Setting { name: "lambda", .. }))
    ));
}

/// Without dfdx: the same numbers as the CPU's, in f64; recorded, the same bits.
#[test]
fn evaluations_on_plain_memory() {
    let Some(_) = device() else { return };
    let gpu = Gpu::open(0).unwrap();
    let y: Vec<f64> = scores().as_flattened().iter().map(|x| f64::from(*x)).collect();
    let labels: Vec<[[f64; N]; N]> = labels().iter().map(|l| l.map(|row| row.map(f64::from))).collect();
    for newton in settings() {
        let loss = soft_sort(&newton);
        let expected = NewtonLoss::<f64>::evaluate(&loss, &y, &labels).unwrap();
        let predictions = gpu.upload(&y).unwrap();
        let found = DeviceEvaluation::of(&loss, &gpu, predictions.slice(), &labels).unwrap().unwrap();
        let z_star = gpu.download(found.step().z_star()).unwrap();
        for (f, e) in z_star.iter().zip(&expected.step.z_star) {
            assert!(
                (f - e).abs() < 1e-9 * e.abs().max(1.0),
                "{newton:?}: {z_star:?} is not {:?}",
                expected.step.z_star
            );
        }
        let values = gpu.download(found.values()).unwrap();
        found.check(&gpu).unwrap();

        let other: Vec<f64> = y.iter().map(|x| x * 0.5 + 0.1).collect();
        let others = gpu.upload(&other).unwrap();
        let mut node = RecordedNode::new(&loss, &gpu, others.slice(), &labels).unwrap().unwrap();
        node.check().unwrap();
        assert_ne!(gpu.download(node.step().z_star()).unwrap(), z_star);
        node.enqueue(predictions.slice()).unwrap();
        node.check().unwrap();
        assert_eq!(gpu.download(node.step().z_star()).unwrap(), z_star, "{newton:?}");
        assert_eq!(gpu.download(node.values()).unwrap(), values);
        let turned: Vec<_> = labels.iter().rev().copied().collect();
        node.set_labels(&turned).unwrap();
        node.enqueue(predictions.slice()).unwrap();
        assert_ne!(gpu.download(node.values()).unwrap(), values);
        assert!(matches!(node.set_labels(&labels[1..]), Err(Error::Mismatch { what: "labels", .. })));
        assert!(matches!(node.enqueue(predictions.slice().range(0, N)), Err(Error::Mismatch { .. })));
    }
    let _ = newton::Newton::none();
}
