//! The same losses as CUDA, on the host, against the CPU's f64.

#[cfg(not(feature = "cuda"))]
use super::cuda::compare::compare;
use super::expected::{self, Sample};
use newton_losses::kernel::Kernel;

/// A loss from a file, with its label.
pub fn check<L: Kernel>(name: &str, build: impl Fn(&Sample) -> L, label: impl Fn(&Sample) -> L::Label<f64>) {
    // Not where the corpus runs again as a child, to compare threads.
    if std::env::var_os(super::expected_test::PRINT).is_some() {
        return;
    }
    let samples = expected::samples(&expected::file(&format!("tests/corpus/expected/{name}.json")));
    // In an order that puts different samples side by side.
    let sample = |i: usize| {
        let sample = &samples[(i * i + i / 3) % samples.len()];
        (sample.numbers("y"), label(sample))
    };
    let loss = build(&samples[0]);
    // Where there is a device, by way of the driver; else the kernels alone.
    #[cfg(feature = "cuda")]
    super::cuda::device::compare(name, &loss, sample);
    #[cfg(not(feature = "cuda"))]
    compare(name, &loss, sample);
}
