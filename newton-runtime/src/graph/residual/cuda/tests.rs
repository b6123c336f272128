//! The same tiny networks as on the CPU, against the same definition.

use std::sync::Arc;

use pulp::Arch;

use super::super::network::{Mode, Sizes};
use super::super::norm::Seen;
use super::super::tests::{Case, TOLERANCE, cases};
use super::convolve::{gradient_piece, piece};
use super::launch::{Kernels, Normed};
use super::plan::Plan;
use super::{COLUMNS, backward};
use crate::cuda::{Buffer, CudaError, Gpu, Slice};
use crate::graph::op::Op;
use crate::graph::reference::{Variance, deviation, wide};

/// None, and a line that says so, without a device, which is an error where one is expected.
fn gpu() -> Option<Gpu> {
    match Gpu::open(0) {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os("NEWTON_EXPECT_GPU").is_none() => {
            println!("skipped: no CUDA device ({error})");
            None
        }
        Err(error) => panic!("a device is expected: {error}"),
    }
}

fn uploaded(gpu: &Gpu, values: &[Vec<f32>]) -> Vec<Buffer<f32>> {
    values.iter().map(|v| gpu.upload(v).unwrap()).collect()
}

fn slices(buffers: &[Buffer<f32>]) -> Vec<Slice<'_, f32>> {
    buffers.iter().map(Buffer::slice).collect()
}

/// Output and gradients in training, in pieces of `most` floats.
fn run(gpu: &Gpu, case: &Case, most: usize) -> (Vec<f32>, Vec<Vec<f32>>) {
    let network = case.network(Arch::new(), Mode::Batch(Arc::default()));
    let inputs = uploaded(gpu, &case.inputs);
    let inputs = slices(&inputs);
    let mut out = gpu.dirty(case.grad_out.len()).unwrap();
    let saved = network.forward_cuda(gpu, &inputs, out.slice_mut(), most).unwrap().unwrap();
    // Gradients are added to what is there.
    let begin: Vec<Vec<f32>> = case.inputs[1..].iter().map(|v| vec![2.0; v.len()]).collect();
    let mut grads = uploaded(gpu, &begin);
    let mut slots: Vec<_> = grads.iter_mut().map(|g| Some(g.slice_mut())).collect();
    slots.insert(0, None);
    let grad_out = gpu.upload(&case.grad_out).unwrap();
    backward::backward(gpu, &saved, &inputs, grad_out.slice(), &mut slots).unwrap();
    drop(slots);
    let grads = grads.iter().map(|g| gpu.download(g.slice()).unwrap());
    (gpu.download(out.slice()).unwrap(), grads.map(|g| g.iter().map(|v| v - 2.0).collect()).collect())
}

#[test]
fn output_and_gradients_match_the_definition() {
    let Some(gpu) = gpu() else { return };
    for case in &cases() {
        let deviations = case.deviations(Variance::Biased, &run(&gpu, case, COLUMNS));
        assert!(deviations.iter().all(|d| *d < TOLERANCE), "{deviations:?}");
    }
    // Negative control.
    let case = &cases()[0];
    let deviations = case.deviations(Variance::Unbiased, &run(&gpu, case, COLUMNS));
    let (_, others) = deviations.split_last().unwrap();
    assert!(others.iter().all(|d| *d > 20.0 * TOLERANCE), "{deviations:?}");
}

/// With enough rows for several segments of a sum, and several products of a weight's gradient.
#[test]
fn pieces_give_what_the_whole_gives_and_so_does_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let case = Case::new(5, 6, 3, [41, 39], 3);
    let (whole, again) = (run(&gpu, &case, COLUMNS), run(&gpu, &case, COLUMNS));
    assert_eq!(whole, again);
    let close = |found: &(Vec<f32>, Vec<Vec<f32>>), expected: &(Vec<f32>, Vec<Vec<f32>>)| {
        let error = |f: &[f32], e: &[f32]| deviation(f, wide(e).into_iter().enumerate());
        let grads = found.1.iter().zip(&expected.1).map(|(f, e)| error(f, e));
        grads.fold(error(&found.0, &expected.0), f64::max)
    };
    let cpu = case.run(Arch::new());
    for most in [1, 10_000, 40_000] {
        let pieces = run(&gpu, &case, most);
        assert!(close(&pieces, &whole) < TOLERANCE, "{most}: {}", close(&pieces, &whole));
        assert!(close(&pieces, &cpu) < TOLERANCE, "{most}: {}", close(&pieces, &cpu));
    }
    // Negative control: a weight of the last layer that is a little larger.
    let mut other = Case::new(5, 6, 3, [41, 39], 3);
    other.inputs[13][0] += 0.01;
    assert!(close(&run(&gpu, &other, COLUMNS), &cpu) > 5.0 * TOLERANCE);
}

#[test]
fn pieces_are_as_small_as_they_are_said_to_be() {
    let sizes = Sizes::new(&[(3, 64, 7), (64, 64, 3), (64, 64, 3)], 96, 96, 12);
    let plan = Plan::new(&sizes, 700, COLUMNS).unwrap();
    for product in plan.products.iter().chain(&plan.turned) {
        let (forward, (rows, parts)) = (piece(product, COLUMNS), gradient_piece(product, COLUMNS));
        assert!(forward * product.columns() <= COLUMNS && forward < product.rows);
        assert!(rows * product.columns() + parts * product.weights() <= COLUMNS && rows < product.rows);
    }
}

#[test]
fn evaluation_in_pieces_is_the_cpus_and_a_nan_stays_in_its_image() {
    let Some(gpu) = gpu() else { return };
    let mut case = Case::new(5, 4, 7, [18, 15], 3);
    let seen: Arc<Seen> = Arc::default();
    let mut trained = vec![0.0; case.grad_out.len()];
    let inputs: Vec<&[f32]> = case.inputs.iter().map(|v| &v[..]).collect();
    case.network(Arch::new(), Mode::Batch(Arc::clone(&seen))).forward(&inputs, &mut trained, true);
    for moments in seen.host.get().unwrap() {
        let channels = 4;
        case.inputs.push(moments.mean[..channels].iter().map(|v| *v as f32).collect());
        case.inputs.push((0..channels).map(|c| moments.biased_variance(c) as f32).collect());
    }
    let image = 3 * 18 * 15;
    case.inputs[0][3 * image + 7] = f32::NAN;
    let inputs: Vec<&[f32]> = case.inputs.iter().map(|v| &v[..]).collect();
    let mut cpu = vec![0.0; case.grad_out.len()];
    case.network(Arch::new(), Mode::Running).forward(&inputs, &mut cpu, false);
    let buffers = uploaded(&gpu, &case.inputs);
    // All at once, and one image after the other.
    for most in [COLUMNS, 1] {
        let mut out = gpu.dirty(case.grad_out.len()).unwrap();
        let network = case.network(Arch::new(), Mode::Running);
        let saved = network.forward_cuda(&gpu, &slices(&buffers), out.slice_mut(), most).unwrap();
        assert!(saved.is_none());
        let found = gpu.download(out.slice()).unwrap();
        let mut numbers = 0;
        for (i, (f, e)) in found.iter().zip(&cpu).enumerate() {
            assert_eq!(f.is_nan(), e.is_nan(), "cell {i}");
            assert!(!f.is_nan() || i / 9 == 3, "cell {i}");
            numbers += usize::from(!f.is_nan());
            assert!(f.is_nan() || (f - e).abs() < 1e-5 * (1.0 + e.abs()), "cell {i}: {f} {e}");
        }
        assert!((36..45).contains(&numbers), "{numbers} cells are numbers");
    }
}

/// Moments as the CPU's, which adds up in another order.
#[test]
fn the_running_statistics_follow_what_the_cpu_sees() {
    let Some(gpu) = gpu() else { return };
    // A mean far from zero, for which a variance as a difference of squares would be worthless.
    let mut case = Case::new(4, 5, 3, [33, 31], 2);
    case.inputs[0].iter_mut().for_each(|v| *v += 1000.0);
    let (host, device): (Arc<Seen>, Arc<Seen>) = Default::default();
    let inputs: Vec<&[f32]> = case.inputs.iter().map(|v| &v[..]).collect();
    let mut out = vec![0.0; case.grad_out.len()];
    case.network(Arch::new(), Mode::Batch(Arc::clone(&host))).forward(&inputs, &mut out, true);
    let buffers = uploaded(&gpu, &case.inputs);
    let mut out = gpu.dirty(case.grad_out.len()).unwrap();
    let network = case.network(Arch::new(), Mode::Batch(Arc::clone(&device)));
    network.forward_cuda(&gpu, &slices(&buffers), out.slice_mut(), COLUMNS).unwrap();
    let all = device.device.get().unwrap();
    for (i, (moments, found)) in host.host.get().unwrap().iter().zip(all).enumerate() {
        let found = gpu.download(found.slice()).unwrap();
        let (mean, variance) = found.split_at(5);
        let expected = (0..5).map(|c| moments.mean[c]).enumerate();
        assert!(deviation(mean, expected) < TOLERANCE, "means of layer {i}");
        // The stem's numbers are differences of products around 1000.
        let expected = (0..5).map(|c| moments.unbiased_variance(c)).enumerate();
        let error = deviation(variance, expected);
        assert!(error < if i == 0 { 1e-3 } else { 1e-2 }, "variances of layer {i}: {error}");
    }
}

/// One channel that is normalised to itself: ties go to the first pixel, a NaN wins, what is not positive has no gradient.
#[test]
fn pooling_treats_ties_nan_and_zeros_like_pytorch() {
    let Some(gpu) = gpu() else { return };
    let kernels = Kernels::new(&gpu).unwrap();
    let upload = |values: &[f32]| gpu.upload(values).unwrap();
    // The stem's output is 2 x 4, two images; the pooling by threes gives 1 x 2 cells, of which the first sees columns 0 and 1, the second 1 to 3.
    let sizes = Sizes::new(&[(3, 1, 3), (1, 1, 3), (1, 1, 3)], 4, 8, 1);
    let plan = Plan::new(&sizes, 2, COLUMNS).unwrap();
    let nan = f32::NAN;
    let z = upload(&[1.0, 3.0, 3.0, 3.0, 3.0, 3.0, 2.0, 3.0, -1.0, 0.0, nan, 7.0, -2.0, -0.0, 1.0, 8.0]);
    let (norm, beta) = (upload(&[0.0, 1.0]), upload(&[0.0]));
    let normed = Normed { z: z.slice(), norm: norm.slice(), beta: beta.slice(), skip: None };
    let (mut out, mut winners) = (gpu.dirty(4).unwrap(), gpu.dirty(4).unwrap());
    kernels.pool(&plan.pool, normed, out.slice_mut(), winners.slice_mut()).unwrap();
    let maxima: Vec<f32> = gpu.download(out.slice()).unwrap();
    assert!(maxima[..3] == [3.0, 3.0, 0.0] && maxima[3].is_nan(), "{maxima:?}");
    assert_eq!(gpu.download(winners.slice()).unwrap(), [1, 0, 255, 1]);
    let mut gradient = gpu.dirty(16).unwrap();
    let pooled = upload(&[10.0, 20.0, 30.0, 40.0]);
    kernels.pool_gradient(&plan.pool, pooled.slice(), winners.slice(), gradient.slice_mut()).unwrap();
    let mut expected = [0.0; 16];
    (expected[1], expected[10]) = (30.0, 40.0);
    assert_eq!(gpu.download(gradient.slice()).unwrap(), expected);
    // The last layer's output is 1 x 2, which one cell sees whole; the block's input is added.
    let (z, skip) = (upload(&[1.0, 1.5, 2.0, -3.0]), upload(&[1.0, 0.5, -2.0, 3.0]));
    let normed = Normed { z: z.slice(), norm: norm.slice(), beta: beta.slice(), skip: Some(skip.slice()) };
    let (mut out, mut winners) = (gpu.dirty(2).unwrap(), gpu.dirty(2).unwrap());
    kernels.pool_adaptive(&plan.adaptive, normed, out.slice_mut(), winners.slice_mut()).unwrap();
    assert_eq!(gpu.download(out.slice()).unwrap(), [2.0, 0.0]);
    assert_eq!(gpu.download(winners.slice()).unwrap(), [0, 255]);
}

#[test]
fn sizes_that_kernels_cannot_count_are_refused() {
    let sizes = Sizes::new(&[(3, 64, 7), (64, 64, 3), (64, 64, 3)], 96, 96, 12);
    assert!(Plan::new(&sizes, 70, COLUMNS).is_ok());
    let error = Plan::new(&sizes, 1 << 16, COLUMNS).unwrap_err();
    assert!(matches!(error, CudaError::TooLarge { what: "a layer's output", .. }), "{error}");
    let sizes = Sizes::new(&[(3, 64, 7), (64, 1 << 22, 3), (1 << 22, 64, 3)], 8, 8, 2);
    assert!(matches!(Plan::new(&sizes, 1, COLUMNS), Err(CudaError::TooLarge { .. })));
}
