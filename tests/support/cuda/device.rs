//! Losses on a device, by way of the driver: what a training step enqueues.

use super::compare::{BATCHES, EXACT, SINGLE, assert_close, batch, deviation};
use newton_losses::cuda::{DeviceHessians, Gpu, Parts, Request, Want};
use newton_losses::kernel::Kernel;
use newton_losses::loss::NewtonLoss;
use newton_losses::scalar::Float;

/// The device to test on; none where there is none, unless one is expected.
pub fn gpu() -> Option<Gpu> {
    match Gpu::open(0) {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            assert!(std::env::var_os("NEWTON_EXPECT_GPU").is_none(), "{error}");
            println!("skipped: {error}");
            None
        }
    }
}

/// Enqueues a batch that was checked to have a form for devices.
pub fn parts<T: Float, L: NewtonLoss<T>>(
    loss: &L,
    gpu: &Gpu,
    y: &[T],
    labels: &[L::Label],
    want: Want,
) -> Parts<T> {
    let predictions = gpu.upload(y).unwrap();
    let request = Request { want, training: false };
    let parts = loss.on_device(gpu, predictions.slice(), labels, request);
    parts.unwrap().expect("it has a form for devices")
}

fn wide<T: Float>(numbers: &[T]) -> Vec<f64> {
    numbers.iter().map(|x| x.to_f64()).collect()
}

/// Values, gradients, Hessians and their mean of ragged batches, against the CPU's f64.
pub fn compare<K: Kernel>(name: &str, loss: &K, sample: impl Fn(usize) -> (Vec<f64>, K::Label<f64>)) {
    let Some(gpu) = gpu() else { return };
    for n in BATCHES {
        let what = |of: &str| format!("{name} on the device, {n} samples, {of}");
        let (batch, labels) = batch::<K>(n, &sample);
        let y = &batch.predictions;
        let gradients = loss.gradients(y, &labels).unwrap();
        let hessians = loss.hessians(y, &labels).unwrap();
        let mean = loss.mean_hessian(y, &labels).unwrap();

        let found = parts(loss, &gpu, y, &labels, Want::MeanHessian);
        let read = |parts: &Parts<f64>| gpu.download(parts.gradients.slice()).unwrap();
        assert_close(&what("values"), EXACT, &gpu.download(found.values.slice()).unwrap(), &gradients.values);
        assert_close(&what("gradients"), EXACT, &read(&found), &gradients.gradients);
        let Some(DeviceHessians::Mean(of_device)) = &found.hessians else { panic!("{}", what("no mean")) };
        let of_device = gpu.download(of_device.slice()).unwrap();
        assert_close(&what("mean Hessian"), EXACT, &of_device, &mean);
        (found.check)(&gpu).unwrap();
        // Negative control: one entry slightly wrong.
        let mut wrong = of_device;
        let middle = wrong.len() / 2;
        wrong[middle] += 1e-8 * mean.iter().fold(1e-3_f64, |m, x| m.max(x.abs()));
        assert!(deviation(&wrong, &mean) > EXACT);

        let found = parts(loss, &gpu, y, &labels, Want::Hessians);
        let Some(DeviceHessians::PerSample(all)) = &found.hessians else { panic!("{}", what("none")) };
        assert_close(&what("Hessians"), EXACT, &gpu.download(all.slice()).unwrap(), &hessians);
        (found.check)(&gpu).unwrap();

        let found = parts(loss, &gpu, y, &labels, Want::Values);
        assert_eq!(found.gradients.len(), 0);
        assert_close(
            &what("values alone"),
            EXACT,
            &gpu.download(found.values.slice()).unwrap(),
            &gradients.values,
        );
        (found.check)(&gpu).unwrap();
    }
}

/// The same in f32. A batch's labels come in both types.
pub fn compare_single<K: Kernel>(
    name: &str,
    loss: &K,
    y: &[f64],
    single_labels: &[K::Label<f32>],
    labels: &[K::Label<f64>],
) {
    let Some(gpu) = gpu() else { return };
    let single: Vec<f32> = y.iter().map(|x| *x as f32).collect();
    let gradients = loss.gradients(y, labels).unwrap();
    let mean = loss.mean_hessian(y, labels).unwrap();
    let found = parts(loss, &gpu, &single, single_labels, Want::MeanHessian);
    let values = wide(&gpu.download(found.values.slice()).unwrap());
    assert_close(&format!("{name}, values in float"), SINGLE[0], &values, &gradients.values);
    let of_device = wide(&gpu.download(found.gradients.slice()).unwrap());
    assert_close(&format!("{name}, gradients in float"), SINGLE[1], &of_device, &gradients.gradients);
    let Some(DeviceHessians::Mean(of_device)) = &found.hessians else { panic!("{name}") };
    let of_device = gpu.download(of_device.slice()).unwrap();
    assert_close(&format!("{name}, mean Hessian in float"), SINGLE[2], &of_device, &mean);
    (found.check)(&gpu).unwrap();
}
