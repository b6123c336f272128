//! The texts of the kernels of networks.

/// In the order of inclusion.
const LAYERS: [&str; 7] = [
    include_str!("device/base.cuh"),
    include_str!("device/graph/pointwise.cuh"),
    include_str!("device/graph/convolution.cuh"),
    include_str!("device/graph/pooling.cuh"),
    include_str!("device/graph/columns.cuh"),
    include_str!("device/graph/residual_norm.cuh"),
    include_str!("device/graph/residual_pool.cuh"),
];

/// The kernels of the layers of networks: all that is to be compiled.
pub(crate) fn layers() -> String {
    LAYERS.join("\n")
}

/// The kernels of a loss as a node of a graph, beside those of the loss and of its step.
pub(crate) fn node_text() -> String {
    [include_str!("device/base.cuh"), include_str!("device/node.cuh")].join("\n")
}
