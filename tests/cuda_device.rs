//! Losses on a device: what goes wrong there is named as on the CPU, frees its memory, and the next batch is as good as ever.
#![cfg(feature = "cuda")]

#[path = "support/cuda/mod.rs"]
mod cuda;

use cuda::compare::{assert_close, batch};
use cuda::device::{compare_single, gpu, parts};
use newton_losses::Error;
use newton_losses::cuda::{CudaError, Gpu, Request, Source, Want};
use newton_losses::kernel::Kernel;
use newton_losses::losses::SoftSort;
use newton_losses::prelude::*;
use newton_losses::scalar::{Real, Scalar, Tape};

/// A class's logit, and a quotient of integers.
#[newton_loss(none)]
fn picked(y: &[f32; 3], class: &usize, parts: &i32, weight: &f32) -> f32 {
    let share = 6 / *parts;
    y[*class] * y[0] * share as f32 + (y[1] + 2.0).ln() * weight
}

/// Loops as often as a label says, and saves something each time.
#[newton_loss(none)]
fn often(y: &[f32; 2], rounds: &usize) -> f32 {
    let mut x = y[0];
    for _ in 0..*rounds {
        x = (x * y[1]).sin();
    }
    x
}

type Label = (usize, i32, f64);

fn good(i: usize) -> (Vec<f64>, Label) {
    (vec![0.5 + i as f64, -0.25, 1.5], (i % 3, 1 + (i % 2) as i32, 1.0))
}

/// What the CPU and the device say of a batch with a sample replaced. Afterwards the device computes the good batch.
fn said(gpu: &Gpu, at: usize, wrong: (Vec<f64>, Label), want: Want) -> (Error, Error) {
    let loss = Picked::new();
    let (with, labels) = batch::<Picked>(19, |i| if i == at || i == 15 { wrong.clone() } else { good(i) });
    let y = gpu.upload(&with.predictions).unwrap();
    let request = Request { want, training: false };
    let enqueued = loss.on_device(gpu, y.slice(), &labels, request).unwrap().unwrap();
    let of_device = (enqueued.check)(gpu).unwrap_err();
    let of_cpu = match want {
        Want::MeanHessian => NewtonLoss::<f64>::gradients(&loss, &with.predictions, &labels)
            .map(drop)
            .and_then(|()| NewtonLoss::<f64>::mean_hessian(&loss, &with.predictions, &labels).map(drop)),
        _ => NewtonLoss::<f64>::gradients(&loss, &with.predictions, &labels).map(drop),
    };
    let (without, labels) = batch::<Picked>(19, good);
    let found = parts(&loss, gpu, &without.predictions, &labels, Want::Gradients);
    let expected = NewtonLoss::<f64>::gradients(&loss, &without.predictions, &labels).unwrap();
    let found_gradients = gpu.download(found.gradients.slice()).unwrap();
    assert_close("the next batch", 1e-12, &found_gradients, &expected.gradients);
    (found.check)(gpu).unwrap();
    (of_cpu.unwrap_err(), of_device)
}

/// Errors whose numbers are NaN are compared in words.
#[track_caller]
fn alike((of_cpu, of_device): (Error, Error)) {
    assert_eq!(of_cpu.to_string(), of_device.to_string());
}

#[test]
fn faults_and_numbers_that_are_not_finite() {
    let Some(gpu) = gpu() else { return };
    let y = vec![0.5; 3];
    for want in [Want::Values, Want::Gradients, Want::MeanHessian, Want::Hessians] {
        // A class that is none.
        let (of_cpu, of_device) = said(&gpu, 7, (y.clone(), (3, 1, 1.0)), want);
        assert!(matches!(of_cpu, Error::IndexOutOfRange { sample: 7, index: 3, len: 3, .. }));
        assert_eq!(of_cpu, of_device);
        // No parts.
        let (of_cpu, of_device) = said(&gpu, 3, (y.clone(), (0, 0, 1.0)), want);
        assert!(matches!(of_cpu, Error::DivisionByZero { sample: 3, .. }));
        assert_eq!(of_cpu, of_device);
        // The logarithm of something negative.
        alike(said(&gpu, 7, (vec![0.5, -2.5, 0.5], (0, 1, 1.0)), want));
        // A prediction, and a label.
        alike(said(&gpu, 4, (vec![0.5, f64::NAN, 0.5], (0, 1, 1.0)), want));
        alike(said(&gpu, 4, (vec![0.5, 0.5, f64::INFINITY], (0, 1, 1.0)), want));
        alike(said(&gpu, 4, (y.clone(), (0, 1, f64::INFINITY)), want));
    }
    // Negative control: the sample is the one that is wrong.
    let (_, of_device) = said(&gpu, 8, (y, (3, 1, 1.0)), Want::Gradients);
    assert!(matches!(of_device, Error::IndexOutOfRange { sample: 8, .. }));
}

/// `f32`, as networks have it: parameters, labels and tapes of four bytes each.
#[test]
fn single_precision() {
    let (batch, labels) = batch::<Picked>(33, good);
    let single: Vec<_> = labels.iter().map(|&(class, parts, weight)| (class, parts, weight as f32)).collect();
    compare_single("picked", &Picked::new(), &batch.predictions, &single, &labels);
    let y: Vec<f64> = (0..70).map(|i| (f64::from(i) * 0.7).sin()).collect();
    let rounds: Vec<usize> = (0..35).map(|i| i % 6).collect();
    compare_single("often", &Often::new(), &y, &rounds, &rounds);
    let order = |i: usize| std::array::from_fn(|row| std::array::from_fn(|col| (row + i) % 5 == col));
    let single: Vec<[[f32; 5]; 5]> =
        (0..14).map(|i| order(i).map(|row: [bool; 5]| row.map(f32::from))).collect();
    let double: Vec<[[f64; 5]; 5]> =
        (0..14).map(|i| order(i).map(|row: [bool; 5]| row.map(f64::from))).collect();
    compare_single("soft_sort", &SoftSort::<5>::new(1.0), &y, &single, &double);
}

/// Hessians that are not finite where values and gradients are.
#[newton_loss(none)]
fn rooted(y: &[f32; 2]) -> f32 {
    y[0] * (y[1] * y[1] * y[1]).sqrt()
}

#[test]
fn hessians_that_are_not_finite() {
    let Some(gpu) = gpu() else { return };
    let loss = Rooted::new();
    let y = [1.0, 2.0, 3.0, 1.0, 1.0, 1e-220];
    let labels = [(); 3];
    let of_cpu = NewtonLoss::<f64>::gradients(&loss, &y, &labels)
        .map(drop)
        .and_then(|()| NewtonLoss::<f64>::hessians(&loss, &y, &labels).map(drop));
    for want in [Want::MeanHessian, Want::Hessians] {
        let found = parts(&loss, &gpu, &y, &labels, want);
        let of_device = (found.check)(&gpu).unwrap_err();
        assert_eq!(of_cpu.clone().unwrap_err().to_string(), of_device.to_string());
    }
}

/// Tapes get as long as the longest sample needs: known from the first batch, or found out by a later attempt.
#[test]
fn tapes_grow() {
    let Some(gpu) = gpu() else { return };
    let loss = Often::new();
    for longest in [2, 5, 300, 700, 1, 20_000, 3000] {
        let (batch, labels) = batch::<Often>(40, |i| (vec![0.5, 1.75], longest * (i % 3) / 2));
        for want in [Want::Gradients, Want::MeanHessian] {
            let found = parts(&loss, &gpu, &batch.predictions, &labels, want);
            let gradients = gpu.download(found.gradients.slice()).unwrap();
            let expected = NewtonLoss::<f64>::gradients(&loss, &batch.predictions, &labels).unwrap();
            assert_close(&format!("{longest} rounds"), 1e-9, &gradients, &expected.gradients);
            (found.check)(&gpu).unwrap();
        }
    }
}

/// Batches that do not fit are refused before anything is enqueued.
#[test]
fn batches_that_do_not_fit() {
    let Some(gpu) = gpu() else { return };
    let loss = SoftSort::<3>::new(0.1);
    let request = Request { want: Want::Gradients, training: false };
    let refused = |y: &[f64], n: usize| {
        let y = gpu.upload(y).unwrap();
        loss.on_device(&gpu, y.slice(), &vec![[[0.0; 3]; 3]; n], request).err().unwrap()
    };
    assert!(matches!(
        refused(&[0.0; 5], 2),
        Error::Mismatch { what: "predictions", found: 5, expected: 6, .. }
    ));
    assert_eq!(refused(&[], 0), Error::EmptyBatch);
    let loss = SoftSort::<3>::new(f64::NAN);
    let y = gpu.upload(&[0.0_f64; 3]).unwrap();
    let error = loss.on_device(&gpu, y.slice(), &[[[0.0; 3]; 3]], request).err().unwrap();
    assert!(matches!(error, Error::Setting { name: "tau", .. }), "{error}");
}

/// A loss by hand, whose text is wrong.
struct Wrong;

impl Kernel for Wrong {
    type Label<T: newton_losses::scalar::Float> = ();
    const NAME: &'static str = "wrong";
    const DIM: usize = 2;

    fn newton(&self) -> Newton {
        Newton::none()
    }
    fn parameters(&self) -> impl Iterator<Item = (&'static str, f64)> {
        std::iter::empty()
    }
    fn size(&self) -> usize {
        2
    }
    fn value_and_gradient<S, P>(&self, y: &[S], _: &[P], _: &[P::Index], _: &mut [S], _: &mut Tape<S>) -> S
    where
        S: Scalar<Passive = P>,
        P: Real,
    {
        y[0]
    }
    fn cuda(&self) -> Option<Source> {
        Some(Source {
            name: "wrong",
            place: ("losses", 12, 3),
            parameters: Vec::new(),
            constants: Vec::new(),
            helpers: Vec::new(),
            declarations: "",
            code: "template <class S>\n__device__ S value_and_gradient() { return sigmund(1); }\n",
        })
    }
}

#[test]
fn texts_that_do_not_compile() {
    let Some(gpu) = gpu() else { return };
    let y = gpu.upload(&[0.0_f64; 2]).unwrap();
    let request = Request { want: Want::Gradients, training: false };
    let error = Wrong.on_device(&gpu, y.slice(), &[()], request).err().unwrap();
    let Error::Cuda(CudaError::Compile { name, location, log, architecture }) = &error else {
        panic!("{error}")
    };
    assert_eq!((&name[..], location), ("wrong", &Some(("losses".to_owned(), 12, 3))));
    assert!(log.contains("sigmund"), "{log}");
    assert!(architecture.starts_with("sm_"), "{architecture}");
    assert!(error.to_string().contains("`wrong` does not compile for sm_"), "{error}");
}

#[test]
fn devices_that_are_not_there() {
    let Some(_) = gpu() else { return };
    let count = Gpu::count().unwrap();
    let error = Gpu::open(count + 5).unwrap_err();
    assert_eq!(error, CudaError::NoDevice { ordinal: count + 5, count });
    assert_eq!(error.to_string(), format!("there is no CUDA device {}: this machine has {count}", count + 5));
}
