//! The texts of kernels that are the same for all losses: noise and estimates, shortest paths.

/// What kernels find, in the order of inclusion: integers, the numbers' types.
const BASE: &str = include_str!("device/base.cuh");

const SMOOTHING: [&str; 10] = [
    BASE,
    include_str!("device/smoothing/base.cuh"),
    include_str!("device/smoothing/chacha.cuh"),
    include_str!("device/smoothing/distribution.cuh"),
    include_str!("device/smoothing/noise.cuh"),
    include_str!("device/smoothing/covariate.cuh"),
    include_str!("device/smoothing/sums.cuh"),
    include_str!("device/smoothing/losses.cuh"),
    include_str!("device/smoothing/product.cuh"),
    include_str!("device/smoothing/kernels.cuh"),
];

const PATHS: [&str; 6] = [
    BASE,
    include_str!("device/paths/team.cuh"),
    include_str!("device/paths/grid.cuh"),
    include_str!("device/paths/sweeps.cuh"),
    include_str!("device/paths/dijkstra.cuh"),
    include_str!("device/paths/kernels.cuh"),
];

/// The kernels of black boxes under noise.
pub(super) fn smoothing() -> String {
    SMOOTHING.join("\n")
}

/// The kernels of shortest paths.
pub(super) fn paths() -> String {
    PATHS.join("\n")
}
