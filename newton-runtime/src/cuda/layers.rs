//! The text of the layers' kernels.

/// In the order of inclusion.
const LAYERS: [&str; 4] = [
    include_str!("device/base.cuh"),
    include_str!("device/graph/columns.cuh"),
    include_str!("device/graph/residual_norm.cuh"),
    include_str!("device/graph/residual_pool.cuh"),
];

/// The kernels of networks, to be compiled as they are.
pub fn layers() -> String {
    LAYERS.join("\n")
}
