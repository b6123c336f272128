//! Products that may be rounded to TF32. In a process of its own: the permission is the process's.
#![cfg(all(feature = "cuda", feature = "dfdx"))]

mod cuda_graph_support;

use cuda_graph_support::{deviation, device, noise};
use dfdx::prelude::*;
use newton_runtime::graph::{allow_tf32, linear};

#[test]
fn tf32_is_near_and_gone_when_it_is_forbidden_again() {
    let Some(cuda) = device() else { return };
    let x = cuda.tensor_from_vec(noise(64 * 128, 1), (64, 128));
    let weight = cuda.tensor_from_vec(noise(32 * 128, 2), Rank2::<32, 128>::default());
    let bias = cuda.tensor_from_vec(noise(32, 3), Rank1::<32>::default());
    let product = || linear(x.clone(), &weight, &bias).expect("a product").as_vec();
    let exact = product();
    allow_tf32(true);
    let rounded = product();
    allow_tf32(false);
    assert!(deviation(&rounded, &exact) < 1e-2);
    assert_eq!(product(), exact);
}
