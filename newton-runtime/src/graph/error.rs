//! The error of the layers: which op, which size, and what it should have been.

use dfdx::prelude::{CpuError, Dim, HasShape, Tensor};

use super::Backend;

/// Why an op refused its input.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// A dimension does not fit the layer.
    #[error("{op}: {what} is {found}, expected {expected}")]
    Size {
        /// The op.
        op: &'static str,
        /// Which size is wrong.
        what: &'static str,
        /// What it is.
        found: usize,
        /// What it must be.
        expected: usize,
    },
    /// A size is larger than the op can handle.
    #[error("{op}: {what} is {found}, but at most {most} is possible")]
    Limit {
        /// The op.
        op: &'static str,
        /// Which size is too large.
        what: &'static str,
        /// What it is.
        found: usize,
        /// The largest that is allowed.
        most: usize,
    },
    /// The images do not make whole sets.
    #[error("{images} images are not a whole number of sets of {n}")]
    Sets {
        /// How many images there are.
        images: usize,
        /// How many belong to a set.
        n: usize,
    },
    /// The image is too small for the kernel, or the batch is empty: nothing would come out.
    #[error("{op}: the output would be empty, {why} (input shape {shape:?})")]
    Empty {
        /// The op.
        op: &'static str,
        /// Which rule was broken.
        why: &'static str,
        /// Shape of the input.
        shape: Vec<usize>,
    },
    /// Batch norm cannot train on one value per channel: it has no variance.
    #[error("{op}: statistics of a batch need at least 2 values of a channel, not {values}")]
    Statistics {
        /// The op.
        op: &'static str,
        /// Values of a channel: images times pixels.
        values: usize,
    },
    /// The loss or its curvature failed.
    #[error(transparent)]
    Loss(#[from] crate::Error),
    /// dfdx failed on the CPU (out of memory).
    #[error("dfdx: {0}")]
    Device(CpuError),
    /// The GPU failed.
    #[error(transparent)]
    Cuda(#[from] crate::cuda::CudaError),
    /// An op that the CPU has and a GPU has not.
    #[error("{op} cannot run on a GPU: it has no CUDA form")]
    NoCuda {
        /// The op's type.
        op: &'static str,
    },
}

impl From<CpuError> for LayerError {
    fn from(error: CpuError) -> Self {
        Self::Device(error)
    }
}

/// `Err` unless `found == expected`.
pub(crate) fn same(
    op: &'static str,
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), LayerError> {
    if found == expected { Ok(()) } else { Err(LayerError::Size { op, what, found, expected }) }
}

/// Sizes of a batch of images.
pub(crate) fn dims<D: Backend, B: Dim, C: Dim, H: Dim, W: Dim, T>(
    images: &Tensor<(B, C, H, W), f32, D, T>,
) -> [usize; 4] {
    let (b, c, h, w) = images.shape();
    [b.size(), c.size(), h.size(), w.size()]
}
