//! Training on a GPU against training on the CPU.
#![cfg(all(feature = "cuda", feature = "train"))]

mod cuda_graph_support;

use cuda_graph_support::{deviation, device, noise};
use dfdx::nn::ToDevice;
use dfdx::prelude::*;
use newton_runtime::data::Digits;
use newton_runtime::data::warcraft::Warcraft;
use newton_runtime::graph::{self, Apply, Backend, inject_fisher};
use newton_runtime::losses::{SoftSort, descending};
use newton_runtime::models::{CombResNet, SmallCnn};
use newton_runtime::newton::{Curvature, Newton};
use newton_runtime::train::shortest_path::{self, PathLoss};
use newton_runtime::train::sorting::{Scorer, Settings, SortingLoss, compare_on};
use newton_runtime::train::{Method, TrainError, Trainer};

const SETS: usize = 4;
const STEPS: u64 = 6;

/// Trains on noise: the losses of all steps, and the network.
fn trained<D: Backend>(device: &D, curvature: Curvature) -> (Vec<f32>, SmallCnn<f32, D>) {
    let network = SmallCnn::<f32, D>::seeded(3, device).expect("memory");
    let mut trainer = Trainer::new(network, AdamConfig::default());
    let loss = SoftSort::<3>::new(0.1).curvature(curvature).lambda(1.0);
    let targets: Vec<_> =
        noise(SETS * 3, 5).as_chunks::<3>().0.iter().map(|set| descending(&set.map(f64::from))).collect();
    let images = device.tensor_from_vec(noise(SETS * 3 * 14 * 56, 6), (SETS * 3, 1, 14, 56));
    let losses = (0..STEPS).map(|_| {
        let step = trainer
            .step(|network, gradients| {
                let scores = network.scores(images.clone().traced(gradients), 3)?;
                loss.apply(scores, &targets)
            })
            .expect("a step");
        step.loss
    });
    (losses.collect(), trainer.network().clone())
}

#[test]
fn a_network_trained_on_both_devices_stays_together() {
    let Some(cuda) = device() else { return };
    for curvature in [Curvature::None, Curvature::Hessian, Curvature::Fisher] {
        let (expected, on_cpu) = trained(&Cpu::default(), curvature);
        let (found, on_cuda) = trained(&cuda, curvature);
        // Adam divides a gradient by its size: at first, rounding of what is nearly zero becomes whole steps.
        assert!(deviation(&found, &expected) < 2e-3, "{curvature:?}: {found:?}, {expected:?}");
        assert!(expected[0] - expected[1] > 0.02, "a step changes more than devices do: {expected:?}");
        let back: SmallCnn = on_cuda.to_device(&Cpu::default());
        let start = SmallCnn::<f32, Cpu>::seeded(3, &Cpu::default()).expect("memory");
        let weights: [fn(&SmallCnn) -> Vec<f32>; 3] = [
            |network| network.convs.first.weight.as_vec(),
            |network| network.convs.second.weight.as_vec(),
            |network| network.hidden.weight.as_vec(),
        ];
        for (i, of) in weights.iter().enumerate() {
            let apart = distance(&of(&back), &of(&on_cpu));
            let moved = distance(&of(&start), &of(&on_cpu));
            assert!(apart < 0.1 * moved, "{curvature:?}, weight {i}: {apart} apart, {moved} from the start");
        }
    }
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
}

#[test]
fn injected_fisher_is_the_cpu_s() {
    let Some(cuda) = device() else { return };
    fn gradient<D: Backend>(device: &D) -> Vec<f32> {
        let scores = device.tensor_from_vec(noise(20 * 3, 1), (20, 3));
        let injected = inject_fisher(scores.leaky_trace(), 0.1).expect("an op");
        let gradients = graph::backward(injected.square().mean()).expect("a backward pass");
        gradients.get(&scores).as_vec()
    }
    assert!(deviation(&gradient(&cuda), &gradient(&Cpu::default())) < 1e-5);
    // A failure is told, as it is there.
    let scores = cuda.tensor_from_vec(vec![f32::NAN; 6], (2, 3));
    let injected = inject_fisher(scores.leaky_trace(), 0.1).expect("an op");
    let error = graph::backward(injected.square().mean()).expect_err("no Fisher matrix");
    assert!(matches!(error, graph::LayerError::Loss(newton_runtime::Error::NonFinite { .. })), "{error}");
}

#[test]
fn the_sorting_benchmark_runs_on_a_gpu_as_on_the_cpu() {
    let Some(cuda) = device() else { return };
    fn compared<D: Backend>(device: &D) -> Vec<f64>
    where
        SmallCnn<f32, D>: Scorer<Device = D>,
    {
        let settings = Settings {
            methods: vec![Method::Baseline, Method::Fisher],
            steps: 3,
            batch: 4,
            valid_batches: 1,
            test_batches: 1,
            ..Settings::quick(SortingLoss::SoftSort, 3)
        };
        let build = |newton: Newton| settings.loss.sized_on::<3, D>(settings.temperature, newton);
        let digits = Digits::synthetic(0);
        let outcome: Result<_, TrainError> =
            compare_on::<SmallCnn<f32, D>>(device, &settings, &digits, build, &mut ());
        let comparison = outcome.expect("a run");
        assert!(comparison.outcomes.iter().all(|o| o.steps == 3 && o.last.is_some()), "{comparison}");
        comparison.history.curves("loss").expect("losses").iter().map(|c| c.points[0].value).collect()
    }
    let (found, expected) = (compared(&cuda), compared(&Cpu::default()));
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-4 * expected, "{found}, {expected}");
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn the_shortest_path_benchmark_runs_on_a_gpu_as_on_the_cpu() {
    let Some(cuda) = device() else { return };
    fn compared<D: Backend>(device: &D) -> Vec<f64> {
        let settings = shortest_path::Settings {
            epochs: 2,
            batch: 4,
            ..shortest_path::Settings::quick(PathLoss::default())
        };
        let build = |newton: Newton| settings.loss.sized_on::<12, 12, D>(newton);
        let maps = Warcraft::synthetic_sized(1, 8, 4, 6);
        let outcome = shortest_path::compare_on::<CombResNet<8, 7, 12, f32, D>>(
            device,
            &settings,
            &maps,
            build,
            &mut (),
        );
        let comparison = outcome.expect("a run");
        assert!(comparison.outcomes.iter().all(|o| o.steps == 4 && o.last.is_some()), "{comparison}");
        comparison.history.curves("loss").expect("losses").iter().map(|c| c.points[0].value).collect()
    }
    let (found, expected) = (compared(&cuda), compared(&Cpu::default()));
    assert_eq!((found.len(), expected.len()), (3, 3));
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-3 * expected, "{found}, {expected}");
    }
}
