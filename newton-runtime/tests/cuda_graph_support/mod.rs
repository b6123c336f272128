//! The same computation on the CPU and on a GPU.

use dfdx::prelude::*;
use newton_runtime::graph::{self, cuda_device};

/// The first GPU; `None`, and a word about it, if there is none and none is expected.
pub fn device() -> Option<Cuda> {
    match cuda_device(0, 0) {
        Ok(device) => Some(device),
        Err(error) if std::env::var_os("NEWTON_EXPECT_GPU").is_some() => panic!("{error}"),
        Err(error) => {
            eprintln!("skipped: no CUDA device ({error})");
            None
        }
    }
}

/// Numbers in [-1, 1) without a pattern.
pub fn noise(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / 2.0_f32.powi(31) - 1.0
    };
    // The first numbers of near seeds are near each other.
    (0..8).for_each(|_| {
        next();
    });
    (0..len).map(|_| next()).collect()
}

/// The largest difference, as a share of the largest number.
pub fn deviation(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(f32::MIN_POSITIVE, |m, v| m.max(v.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    // NaN is far off.
    differences.fold(0.0, |m, d| if d > m || d.is_nan() { d } else { m }) / largest
}

/// Output and gradients of one device.
#[derive(Debug, Clone, PartialEq)]
pub struct Results(pub Vec<Vec<f32>>);

impl Results {
    /// The output `y`, and the gradients of `parameters` for a loss that is the dot product of `y` with noise.
    pub fn of<S: Shape, D: graph::Backend>(
        y: Tensor<S, f32, D, OwnedTape<f32, D>>,
        parameters: &[&dyn Fn(&Gradients<f32, D>) -> Vec<f32>],
    ) -> Self {
        let n = y.shape().num_elements();
        let mut all = vec![y.as_vec()];
        let weights = y.device().tensor_from_vec(noise(n, 77), (n,));
        let loss = (y.reshape_like(&(n,)) * weights).sum();
        let gradients = graph::backward(loss).expect("a backward pass");
        all.extend(parameters.iter().map(|of| of(&gradients)));
        Self(all)
    }

    /// All numbers are near each other; the negative control is that what is a little off is not.
    pub fn assert_near(&self, expected: &Self, tolerance: f32, what: &str) {
        assert_eq!(self.0.len(), expected.0.len());
        for (i, (found, expected)) in self.0.iter().zip(&expected.0).enumerate() {
            let off = deviation(found, expected);
            assert!(off < tolerance, "{what}: result {i} is off by {off:e}");
            let mut wrong = expected.clone();
            let largest = (0..wrong.len()).max_by(|&a, &b| wrong[a].abs().total_cmp(&wrong[b].abs()));
            wrong[largest.expect("numbers")] *= 1.0 + 3.0 * tolerance;
            assert!(deviation(&wrong, expected) > tolerance, "{what}: result {i} is compared with nothing");
        }
    }
}

/// A tensor's gradient, for [`Results::of`].
macro_rules! gradient {
    ($tensor:expr) => {
        &|gradients| gradients.get(&$tensor).as_vec()
    };
}
pub(crate) use gradient;
